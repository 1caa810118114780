//! One page: bytes to rows. Pure of the store, so that many can be made at once.

use crate::chunk::{self, Lengths};
use crate::parse::{self, Limits, Parsed};
use crate::problem::Problem;
use crate::store::PassageRow;

/// A page that was read and cut, before it has ids.
#[derive(Debug)]
pub(super) struct Cut {
    pub(super) title: String,
    pub(super) passages: Vec<CutPassage>,
}

#[derive(Debug)]
pub(super) struct CutPassage {
    pub(super) heading: String,
    pub(super) anchor: Option<String>,
    pub(super) text: String,
}

/// Reads and cuts a page; `None` for one that only names another.
pub(super) fn cut(what: &str, format_name: &str, bytes: &[u8], limit: u64) -> Result<Option<Cut>, Problem> {
    let limits = Limits { page_bytes: limit, ..Limits::default() };
    match parse::parse(format_name, bytes, &limits) {
        Err(error) => Err(Problem::because(what, &error)),
        Ok(Parsed::Alias(_)) => Ok(None),
        Ok(Parsed::Page(document)) => {
            let chunks = chunk::chunks(&document, Lengths::default());
            if chunks.is_empty() {
                return Err(Problem::new(what, "no text in it"));
            }
            let passage = |chunk: chunk::Chunk| CutPassage {
                heading: chunk.headings.join(" > "),
                anchor: chunk.anchor,
                text: chunk.text,
            };
            Ok(Some(Cut { title: document.title, passages: chunks.into_iter().map(passage).collect() }))
        }
    }
}

/// The rows of a cut page.
pub(super) fn rows(cut: Cut, ids: (u32, u32), source: &str, page: &str, url: &str) -> Vec<PassageRow> {
    let (page_id, first) = ids;
    let row = |(place, passage): (u32, CutPassage)| PassageRow {
        id: first + place,
        page_id,
        place,
        source: source.to_owned(),
        page: page.to_owned(),
        title: cut.title.clone(),
        url: passage.anchor.map_or_else(|| url.to_owned(), |anchor| format!("{url}#{anchor}")),
        key: PassageRow::key_of(&cut.title, &passage.heading, &passage.text),
        heading: passage.heading,
        text: passage.text,
    };
    (0_u32..).zip(cut.passages).map(row).collect()
}
