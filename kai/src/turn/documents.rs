//! The documents of a turn: passages for a question, and what the tools `docs_search` and `docs_read`
//! return.

use std::sync::Arc;

use kai_indexer::search::{Found, Query};
use kai_tools::request::Request;
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
        // The page's name is its own best query; only its passages are kept.
        let words = format!("{} {}", asked.page, asked.heading.clone().unwrap_or_default());
        let mut found = looked(self.find(&words, 50, None, audience).await?, audience);
        let heading = asked.heading.as_deref().map(plain);
        found.passages.retain(|passage| {
            let named = is_page(&asked.page, &passage.title) || is_page(&asked.page, &passage.page);
            named && heading.as_ref().is_none_or(|heading| plain(&passage.heading).contains(heading))
        });
        Ok(found)
    }
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

/// Passages of a search as a question has them.
#[must_use]
pub fn question(found: Found, audience: Audience) -> Question {
    let note = |problem| audience.told("searched by words alone", kai_tools::with_causes(&problem));
    let notes = found.problem.map(note).into_iter().collect();
    let passages = found.hits.into_iter().map(|hit| Passage {
        page: hit.page,
        title: hit.title,
        heading: hit.heading,
        source: hit.source,
        url: Some(hit.url),
        text: hit.text,
        score: hit.score,
    });
    Question {
        passages: passages.collect(),
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
