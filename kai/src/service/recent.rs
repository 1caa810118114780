//! Answers of searches that were given lately, as long as the same version of the index is open: the same
//! question costs next to nothing the second time. Bounded by the bytes of its texts.

use std::sync::Arc;

use kai_indexer::search::{Found, Query};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use serde_json::{Value, json};

/// So many bytes at most.
const BYTES: u64 = 32 << 20;
/// About so many questions fit.
const QUESTIONS: usize = 2000;

/// An answer with about its size.
#[derive(Debug, Clone)]
struct Kept {
    answer: Arc<Value>,
    bytes: u64,
}

#[derive(Debug, Clone)]
struct Bytes;

impl Weighter<Query, Kept> for Bytes {
    fn weight(&self, query: &Query, kept: &Kept) -> u64 {
        kept.bytes + query.text.len() as u64
    }
}

/// The latest answers of one version of an index.
#[derive(Debug)]
pub(super) struct Recent(Cache<Query, Kept, Bytes>);

impl Default for Recent {
    fn default() -> Self {
        Self(Cache::with_weighter(QUESTIONS, BYTES, Bytes))
    }
}

impl Recent {
    /// What that question found.
    pub(super) fn get(&self, query: &Query) -> Option<Arc<Value>> {
        self.0.get(query).map(|kept| kept.answer)
    }

    /// The answer for what was found, kept unless something was missing that may be there the next time.
    pub(super) fn answer(&self, query: &Query, found: &Found) -> Arc<Value> {
        let mut answer = json!(found);
        let missing = found.problem.as_ref();
        answer["note"] = json!(missing.map(|_| "searched by words alone: the embedder does not answer"));
        let answer = Arc::new(answer);
        if missing.is_none() {
            let texts = found.hits.iter().map(|hit| hit.text.len() + hit.heading.len() + 2 * hit.page.len());
            // Names of fields and the tree around them take about as much again as the short ones.
            let bytes = texts.sum::<usize>() + 1000 * (1 + found.hits.len());
            self.0.insert(query.clone(), Kept { answer: Arc::clone(&answer), bytes: bytes as u64 });
        }
        answer
    }
}
