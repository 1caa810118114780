//! The texts that embedding is timed on: what indexing would give the model, from real passages.

use std::collections::BTreeSet;

use super::BenchError;
use crate::set::Question;
use crate::target::{Index, Model};

/// Passages taken for each question.
const A_QUESTION: usize = 100;

/// `count` different texts that indexing would embed, or as many as there are: windows of the
/// passages that the questions find by words, every n-th in alphabetical order, so that the same
/// index always gives the same sample.
///
/// # Errors
/// If a search fails.
pub async fn texts(
    index: &Index,
    model: &Model,
    questions: &[Question],
    count: usize,
) -> Result<Vec<String>, BenchError> {
    let mut all = BTreeSet::new();
    for question in questions {
        for passage in index.search(&question.text, A_QUESTION, true).await?.passages {
            all.extend(model.windows(&passage));
        }
    }
    Ok(every_nth(all.into_iter().collect(), count))
}

/// `count` of `all`, evenly spread, in order.
#[must_use]
pub fn every_nth(all: Vec<String>, count: usize) -> Vec<String> {
    let len = all.len();
    if len <= count {
        return all;
    }
    // The i-th of the sample stands at i * len / count: no two at one place, since len > count.
    let mut wanted = (0..count).map(|at| at * len / count).peekable();
    all.into_iter().enumerate().filter(|(at, _)| wanted.next_if_eq(at).is_some()).map(|(_, text)| text).collect()
}
