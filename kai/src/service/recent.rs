//! Answers of searches that were given lately, as long as the same version of the index is open: the same
//! question costs next to nothing the second time. Bounded by the bytes of its texts.

use std::sync::Arc;

use kai_indexer::search::{Found, Query};
use kai_tools::with_causes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use serde_json::json;

use crate::turn::Audience;

/// So many bytes at most.
const BYTES: u64 = 32 << 20;
/// About so many questions fit.
const QUESTIONS: usize = 2000;

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
        let mut answer = json!(found);
        if let Some(fields) = answer.as_object_mut() {
            fields.remove("took_ms");
        }
        let missing = found.problem.as_ref();
        answer["note"] =
            json!(missing.map(|problem| Audience::Callers.told("searched by words alone", with_causes(problem))));
        let answer = Written::from(answer.to_string());
        if missing.is_none() {
            self.0.insert(query.clone(), Written::clone(&answer));
        }
        answer
    }
}
