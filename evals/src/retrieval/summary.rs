//! Outcomes added up: over the whole run and by category.

use std::collections::BTreeMap;

use serde::Serialize;

use super::judge::Outcome;
use crate::metrics::{Estimate, auc, mean, quantile, wilson};

/// Ranking and facts over one group of questions that some page answers.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Ranking {
    /// Questions in the group.
    pub questions: usize,
    /// Share with a gold page's passage in first place (Wilson).
    pub recall_1: Option<Estimate>,
    /// Share with one among the first five (Wilson).
    pub recall_5: Option<Estimate>,
    /// Mean reciprocal rank over ten pages (bootstrap).
    pub mrr_10: Option<Estimate>,
    /// Mean nDCG over ten pages (bootstrap).
    pub ndcg_10: Option<Estimate>,
    /// Share with every fact in the first five passages (Wilson).
    pub facts_5: Option<Estimate>,
    /// Share with every fact in the first eight (Wilson).
    pub facts_8: Option<Estimate>,
    /// As `facts_5`, titles and headings counted in (Wilson).
    pub facts_5_with_headings: Option<Estimate>,
}

/// How well questions that no page answers are told apart.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Covered {
    /// Questions that a page answers.
    pub answerable: usize,
    /// Questions that none does.
    pub unanswerable: usize,
    /// Area under the ROC curve of `answerable_score` (bootstrap); needs questions of both kinds.
    pub auc: Option<Estimate>,
    /// Share of all questions whose `answerable` flag is right (Wilson).
    pub accuracy: Option<Estimate>,
    /// Share of the answerable ones that were flagged answerable (Wilson).
    pub kept: Option<Estimate>,
    /// Share of the others that were flagged not answerable (Wilson).
    pub refused: Option<Estimate>,
}

/// Wall time of a search, in milliseconds, seen from the caller.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Latency {
    /// Half of the searches were at least this fast.
    pub p50_ms: f64,
    /// 95 % were.
    pub p95_ms: f64,
}

/// Ranking by category, and over all.
#[must_use]
pub fn ranking(outcomes: &[Outcome]) -> (Ranking, BTreeMap<String, Ranking>) {
    let mut groups: BTreeMap<String, Vec<&Outcome>> = BTreeMap::new();
    for outcome in outcomes.iter().filter(|outcome| outcome.answerable) {
        groups.entry(outcome.category.clone()).or_default().push(outcome);
    }
    let all: Vec<&Outcome> = groups.values().flatten().copied().collect();
    (rank_group(&all), groups.iter().map(|(name, group)| (name.clone(), rank_group(group))).collect())
}

fn rank_group(group: &[&Outcome]) -> Ranking {
    let shares = |of: fn(&Outcome) -> Option<bool>| share(group.iter().filter_map(|outcome| of(outcome)));
    let means =
        |of: fn(&Outcome) -> Option<f64>| mean(&group.iter().filter_map(|outcome| of(outcome)).collect::<Vec<_>>());
    Ranking {
        questions: group.len(),
        recall_1: shares(|o| o.recall_1),
        recall_5: shares(|o| o.recall_5),
        mrr_10: means(|o| o.reciprocal_rank),
        ndcg_10: means(|o| o.ndcg),
        facts_5: shares(|o| o.facts_5),
        facts_8: shares(|o| o.facts_8),
        facts_5_with_headings: shares(|o| o.facts_5_with_headings),
    }
}

/// How well the two kinds of question are told apart.
#[must_use]
pub fn covered(outcomes: &[Outcome]) -> Covered {
    let (yes, no): (Vec<&Outcome>, Vec<&Outcome>) = outcomes.iter().partition(|outcome| outcome.answerable);
    let scores = |group: &[&Outcome]| group.iter().map(|outcome| outcome.answerable_score).collect::<Vec<_>>();
    let right = |outcome: &&Outcome| outcome.answerable == outcome.flagged_answerable;
    Covered {
        answerable: yes.len(),
        unanswerable: no.len(),
        auc: auc(&scores(&yes), &scores(&no)),
        accuracy: share(yes.iter().chain(&no).map(right)),
        kept: share(yes.iter().map(right)),
        refused: share(no.iter().map(right)),
    }
}

/// The latency of the searches that were served. `None` of nothing.
#[must_use]
pub fn latency(outcomes: &[Outcome]) -> Option<Latency> {
    let times: Vec<f64> = outcomes.iter().map(|outcome| outcome.took_ms).collect();
    Some(Latency { p50_ms: quantile(&times, 0.5)?, p95_ms: quantile(&times, 0.95)? })
}

fn share(right: impl IntoIterator<Item = bool>) -> Option<Estimate> {
    let (n, successes) =
        right.into_iter().fold((0, 0), |(n, successes), right| (n + 1, successes + usize::from(right)));
    wilson(successes, n)
}
