//! Answers of searches that were given lately, as long as the same version of the index is open: the same
//! question costs next to nothing the second time. Bounded by the bytes of its texts.

use std::sync::Arc;

use kai_indexer::search::{Found, Hit, Mode, Query};
use kai_tools::with_causes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use crate::turn::Audience;

/// So many bytes at most.
const BYTES: u64 = 32 << 20;
/// About so many questions fit.
const QUESTIONS: usize = 2000;

/// What a search has found, best first.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Found")]
pub(super) struct Searched<'a> {
    /// The question as it was asked.
    query: &'a str,
    hits: Vec<Passage<'a>>,
    /// What the ranking went by: `words`, `partial` or `hybrid`.
    #[schemars(with = "String")]
    mode: Mode,
    /// Whether the pages seem to hold an answer.
    answerable: bool,
    /// How sure that is, 0 to 1.
    answerable_score: f32,
    /// Why vectors were not used, although the index has some.
    note: Option<String>,
    /// How long it took; each answer has its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "f64")]
    took_ms: Option<f64>,
}

/// One passage.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Hit")]
struct Passage<'a> {
    /// The page's name within its source.
    page: &'a str,
    title: &'a str,
    /// The headings above it, outermost first.
    heading: &'a str,
    source: &'a str,
    /// 0 to 1, comparable within one answer only.
    score: f32,
    text: &'a str,
    /// Where a person can open it.
    url: &'a str,
}

impl<'a> From<&'a Hit> for Passage<'a> {
    fn from(hit: &'a Hit) -> Self {
        let Hit { page, title, heading, source, score, text, url } = hit;
        Self { page, title, heading, source, score: *score, text, url }
    }
}

/// An answer as it is written, but for how long it took.
pub(super) type Written = Arc<str>;

#[derive(Debug, Clone)]
struct Bytes;

impl Weighter<Query, Written> for Bytes {
    fn weight(&self, query: &Query, answer: &Written) -> u64 {
        (query.text.len() + answer.len()) as u64
    }
}

/// The latest answers of one version of an index.
#[derive(Debug)]
pub(super) struct Recent(Cache<Query, Written, Bytes>);

impl Default for Recent {
    fn default() -> Self {
        Self(Cache::with_weighter(QUESTIONS, BYTES, Bytes))
    }
}

impl Recent {
    /// What that question found.
    pub(super) fn get(&self, query: &Query) -> Option<Written> {
        self.0.get(query)
    }

    /// The answer for what was found, kept unless something was missing that may be there the next time.
    pub(super) fn answer(&self, query: &Query, found: &Found) -> Written {
        let missing = found.problem.as_ref();
        let answer = Searched {
            query: &found.query,
            hits: found.hits.iter().map(Passage::from).collect(),
            mode: found.mode,
            answerable: found.answerable,
            answerable_score: found.answerable_score,
            note: missing.map(|problem| Audience::Callers.told("searched by words alone", with_causes(problem))),
            took_ms: None,
        };
        let answer = Written::from(json!(answer).to_string());
        if missing.is_none() {
            self.0.insert(query.clone(), Written::clone(&answer));
        }
        answer
    }
}
