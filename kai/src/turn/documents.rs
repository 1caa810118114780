//! The documents of a turn: passages for a question, and what the tools `docs_search` and `docs_read`
//! return.

use kai_indexer::search::{Found, Query};
use kai_tools::request::Request;

use crate::ask::{Passage, Question};
use crate::library::Library;

/// An open index, and how much of it a question gets.
#[derive(Debug)]
pub struct Documents {
    /// The index.
    pub library: Library,
    /// So many passages a question.
    pub passages: usize,
    /// Only pages of this source.
    pub source: Option<String>,
}

/// So much of one passage is told to a model that looked it up.
const TOLD: usize = 1200;

impl Documents {
    async fn find(&self, text: &str, limit: usize, source: Option<String>) -> Result<Found, String> {
        let query = Query { text: text.to_owned(), limit, source, words_only: false };
        self.library.searcher.search(&query).await.map_err(|error| super::event::with_causes(&error))
    }

    /// A question with its passages.
    pub(super) async fn question(&self, text: &str) -> Result<Question, String> {
        Ok(question(self.find(text, self.passages, self.source.clone()).await?))
    }

    /// What a look-up finds.
    ///
    /// # Errors
    /// If the index cannot be searched; in words.
    pub async fn look_up(&self, request: &Request) -> Result<Vec<Passage>, String> {
        if let Request::DocsSearch(asked) = request {
            let limit = usize::from(asked.limit.clamp(1, 50));
            return Ok(question(self.find(&asked.query, limit, asked.source.clone()).await?).passages);
        }
        let Request::DocsRead(asked) = request else { return Ok(Vec::new()) };
        // The page's name is its own best query; only its passages are kept.
        let words = format!("{} {}", asked.page, asked.heading.clone().unwrap_or_default());
        let found = question(self.find(&words, 50, None).await?).passages;
        let page = plain(&asked.page);
        let heading = asked.heading.as_deref().map(plain);
        let fits = |passage: &Passage| {
            let named = plain(&passage.title) == page || plain(&passage.page).ends_with(&page);
            named && heading.as_ref().is_none_or(|heading| plain(&passage.heading).contains(heading))
        };
        Ok(found.into_iter().filter(fits).collect())
    }

    /// The same for a model, as text.
    pub(super) async fn told(&self, request: &Request) -> String {
        match self.look_up(request).await {
            Err(error) => format!("the documents cannot be searched: {error}"),
            Ok(passages) if passages.is_empty() => "nothing was found".to_owned(),
            Ok(passages) => {
                let line = |passage: &Passage| {
                    let text: String = passage.text.chars().take(TOLD).collect();
                    format!("{} > {}\n{text}", passage.title, passage.heading)
                };
                passages.iter().map(line).collect::<Vec<_>>().join("\n\n")
            }
        }
    }
}

/// `zfs-send(8)`, `zfs-send.8.gz` and `ZFS-SEND 8` are the same page.
fn plain(text: &str) -> String {
    let text = text.to_lowercase();
    let text = text.trim_end_matches(".gz").trim_end_matches(".html").trim_end_matches(".md");
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Passages of a search as a question has them.
#[must_use]
pub fn question(found: Found) -> Question {
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
    }
}
