//! The documents of a turn: passages for a question, and what the tools `docs_search` and `docs_read`
//! return.

use std::sync::Arc;

use kai_indexer::search::{Found, Hit, Query};
use kai_indexer::store::PageRow;
use kai_tools::request::Request;
use kai_tools::tool::DocsRead;
use schemars::JsonSchema;
use serde::Serialize;

use super::audience::Audience;
use super::event::Refused;
use crate::ask::{Passage, Question};
use crate::library::Library;

/// An open index, and how much of it a question gets.
#[derive(Debug, Clone)]
pub struct Documents {
    /// The index.
    pub library: Arc<Library>,
    /// So many passages a question.
    pub passages: usize,
    /// Only pages of this source.
    pub source: Option<String>,
}

/// What a look-up finds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Looked {
    /// Best first.
    pub passages: Vec<Passage>,
    /// What a person should know about the search: that it went by words alone, say.
    pub note: Option<String>,
}

impl Documents {
    async fn find(
        &self,
        text: &str,
        limit: usize,
        source: Option<String>,
        audience: Audience,
    ) -> Result<Found, Refused> {
        let query = Query { text: text.to_owned(), limit, source, words_only: false };
        let found = self.library.searcher.search(&query).await;
        found.map_err(|error| audience.refused("the documents cannot be searched", kai_tools::with_causes(&error)))
    }

    /// A question with its passages.
    pub(super) async fn question(&self, text: &str, audience: Audience) -> Result<Question, Refused> {
        Ok(question(self.find(text, self.passages, self.source.clone(), audience).await?, audience))
    }

    /// What a look-up finds, with what a person should know about the search.
    ///
    /// # Errors
    /// If the index cannot be searched.
    pub async fn look(&self, request: &Request, audience: Audience) -> Result<Looked, Refused> {
        if let Request::DocsSearch(asked) = request {
            let limit = usize::from(asked.limit);
            let found = self.find(&asked.query, limit, asked.source.clone(), audience).await?;
            return Ok(looked(found, audience));
        }
        let Request::DocsRead(asked) = request else { return Ok(Looked::default()) };
        self.read(asked, audience).await
    }

    /// A page, or what stands under one of its headings, in its own order.
    async fn read(&self, asked: &DocsRead, audience: Audience) -> Result<Looked, Refused> {
        let is_meant = |page: &PageRow| is_page(&asked.page, &page.title) || is_page(&asked.page, &page.name);
        let found = self.library.searcher.read(is_meant).await;
        let found =
            found.map_err(|error| audience.refused("the documents cannot be read", kai_tools::with_causes(&error)))?;
        let passages: Vec<Passage> = found.into_iter().map(passage).collect();
        let pages = passages.chunk_by(|a, b| (&a.source, &a.page) == (&b.source, &b.page));
        let pages = pages.map(|page| match &asked.heading {
            Some(heading) => under(heading, page),
            None => page.to_vec(),
        });
        let mut pages = pages.filter(|page| !page.is_empty());
        let passages = pages.next().unwrap_or_default();
        let others: Vec<String> =
            pages.filter_map(|page| page.first().map(|first| format!("{} ({})", first.page, first.source))).collect();
        let note = (!others.is_empty()).then(|| format!("other pages are called so, too: {}", others.join(", ")));
        Ok(Looked { passages, note })
    }
}

/// What stands under a heading. A short section may lie in the passage before it, where the heading is a line.
fn under(heading: &str, page: &[Passage]) -> Vec<Passage> {
    let heading = plain(heading);
    let keep = |is: &dyn Fn(&Passage) -> bool| page.iter().filter(|passage| is(passage)).cloned().collect::<Vec<_>>();
    let headed = keep(&|passage| plain(&passage.heading).contains(&heading));
    if headed.is_empty() { keep(&|passage| passage.text.lines().any(|line| plain(line) == heading)) } else { headed }
}

fn looked(found: Found, audience: Audience) -> Looked {
    let Question { passages, notes, .. } = question(found, audience);
    Looked { passages, note: notes.into_iter().next() }
}

/// Whether a page is the one that was asked for, by its name or the last parts of its path.
fn is_page(asked: &str, page: &str) -> bool {
    let parts = |path: &str| -> Vec<String> { path.split('/').rev().map(plain).skip_while(String::is_empty).collect() };
    let (asked, page) = (parts(asked), parts(page));
    !asked.is_empty() && page.starts_with(&asked)
}

/// `zfs-send(8)`, `zfs-send.8.gz` and `ZFS-SEND 8` are the same page.
fn plain(text: &str) -> String {
    let text = text.to_lowercase();
    let text = text.trim_end_matches(".gz").trim_end_matches(".html").trim_end_matches(".md");
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

fn passage(hit: Hit) -> Passage {
    Passage {
        page: hit.page,
        title: hit.title,
        heading: hit.heading,
        source: hit.source,
        url: Some(hit.url),
        text: hit.text,
        score: hit.score,
    }
}

/// Passages of a search as a question has them.
#[must_use]
pub fn question(found: Found, audience: Audience) -> Question {
    let note = |problem| audience.told("searched by words alone", kai_tools::with_causes(&problem));
    let notes = found.problem.map(note).into_iter().collect();
    Question {
        passages: found.hits.into_iter().map(passage).collect(),
        answerable: found.answerable,
        answerable_score: found.answerable_score,
        text: found.query,
        notes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_named_by_whole_parts_of_its_path() {
        for (asked, page) in [
            ("zfs-send(8)", "zfs-send(8)"),
            ("zfs-send(8)", "man8/zfs-send.8.gz"),
            ("ZFS-SEND 8", "zfs-send.8.html"),
            ("man8/zfs-send.8", "https://docs.example/man8/zfs-send.8.html"),
            ("vm/clone.md", "handbook/vm/clone.md"),
            ("vm/clone/", "handbook/vm/clone"),
        ] {
            assert!(is_page(asked, page), "{asked} {page}");
        }
        for (asked, page) in [
            ("send(8)", "zfs-send(8)"),
            ("send(8)", "man8/zfs-send.8"),
            ("8", "zfs-send(8)"),
            ("", "zfs-send(8)"),
            ("/", "a/"),
            ("pods/clone.md", "handbook/vm/clone.md"),
            ("x/handbook/vm/clone.md", "vm/clone.md"),
        ] {
            assert!(!is_page(asked, page), "{asked} {page}");
        }
    }
}
