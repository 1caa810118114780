//! Runs a question set against an index and adds up how it went.
//!
//! Knows the index only through [`target`](crate::target). Prints nothing.

mod judge;
mod summary;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

pub use judge::{Outcome, judge};
pub use summary::{Covered, Latency, Ranking, covered, latency, ranking};
pub use text::{per_question, render};

use crate::bars::{self, Bar};
use crate::set::Question;
use crate::target::{Index, TargetError};

/// Passages asked for as a person would be served them.
const SERVED: usize = 10;

/// Passages asked for when ranking pages: enough for ten different ones.
const RANKED: usize = 50;

/// What the index may rank by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Everything that the index has.
    Auto,
    /// Words alone.
    Words,
}

/// A whole run.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// What the index was told to rank by.
    pub mode: Mode,
    /// What it says it ranked by.
    pub ranked_by: BTreeSet<&'static str>,
    /// Ranking and facts over all answerable questions.
    pub all: Ranking,
    /// The same by category.
    pub categories: BTreeMap<String, Ranking>,
    /// How well unanswerable questions are told apart.
    pub covered: Covered,
    /// How long searches took; nothing if nothing was asked.
    pub latency: Option<Latency>,
    /// Figures against bars.
    pub bars: Vec<Bar>,
    /// Every question, where asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub questions: Option<Vec<Outcome>>,
}

/// Asks every question and judges what comes back.
///
/// The first question is asked once before, unmeasured: the first search of a process pays for
/// reading the model and the index.
///
/// # Errors
/// If a search fails: a run that skips questions would compare with nothing.
pub async fn run(index: &Index, questions: &[Question], mode: Mode) -> Result<Vec<Outcome>, TargetError> {
    let words_only = mode == Mode::Words;
    if let Some(first) = questions.first() {
        index.search(&first.text, SERVED, words_only).await?;
    }
    let mut outcomes = Vec::with_capacity(questions.len());
    for question in questions {
        let served = index.search(&question.text, SERVED, words_only).await?;
        let ranked = if question.is_answerable() {
            index.search(&question.text, RANKED, words_only).await?.passages
        } else {
            Vec::new()
        };
        outcomes.push(judge(question, &served, &ranked));
    }
    Ok(outcomes)
}

/// Adds the outcomes up.
#[must_use]
pub fn report(mode: Mode, outcomes: Vec<Outcome>, keep_questions: bool) -> Report {
    let (all, categories) = ranking(&outcomes);
    Report {
        mode,
        ranked_by: outcomes.iter().map(|outcome| outcome.mode).collect(),
        all,
        categories,
        covered: covered(&outcomes),
        latency: latency(&outcomes),
        bars: bars::retrieval(mode, &all),
        questions: keep_questions.then_some(outcomes),
    }
}
