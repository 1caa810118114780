//! One question, what was served for it, and the verdict.
//!
//! Pure: passages in, an [`Outcome`] out. The measures are defined here and in
//! [`metrics`](crate::metrics); nothing here adds anything up.

use std::collections::HashSet;

use serde::Serialize;

use crate::metrics::{hit_at, ndcg_at, reciprocal_rank_at};
use crate::set::Question;
use crate::target::{Answered, Passage};

/// How one question went. Measures are `None` where they mean nothing: ranking for a question that
/// no page answers, facts for one that asks for none.
#[derive(Debug, Clone, Serialize)]
pub struct Outcome {
    /// The question's id.
    pub id: String,
    /// The question itself.
    pub question: String,
    /// The question's category.
    pub category: String,
    /// Whether a page answers it.
    pub answerable: bool,
    /// Whether the index said so.
    pub flagged_answerable: bool,
    /// How sure the index was, 0 to 1.
    pub answerable_score: f64,
    /// The first passage is from a gold page.
    pub recall_1: Option<bool>,
    /// One of the first five passages is from a gold page.
    pub recall_5: Option<bool>,
    /// 1 / rank of the first gold page among the first ten pages, else 0.
    pub reciprocal_rank: Option<f64>,
    /// nDCG of the first ten pages.
    pub ndcg: Option<f64>,
    /// Every fact stands in the text of a gold page's passage among the first five.
    pub facts_5: Option<bool>,
    /// The same among the first eight.
    pub facts_8: Option<bool>,
    /// As `facts_5`, titles and headings of those passages counted in.
    pub facts_5_with_headings: Option<bool>,
    /// The pages of the first five passages, for reading.
    pub served: Vec<String>,
    /// What the index ranked by.
    pub mode: &'static str,
    /// Wall time of the search, in milliseconds.
    pub took_ms: f64,
}

/// Judges one question.
///
/// `served` are passages as a person gets them (ten are enough), `ranked` a longer list that holds
/// at least ten different pages where there are so many.
///
/// - recall@k is over **passages**: one of the first k served is from a gold page.
/// - MRR@10 and nDCG@10 are over **pages**: `ranked`, each page kept at its best passage, the first
///   ten of them. A page has gain 1 if it is a gold page; several pages that match one gold entry
///   (the same path in two sources) count once, at the best rank; the best order has all gold pages
///   of the question in front, alternatives included.
/// - facts@k: each of the question's `must` expressions is found in the **text** of at least one
///   gold page's passage among the first k served.
#[must_use]
pub fn judge(question: &Question, served: &Answered, ranked: &[Passage]) -> Outcome {
    let gold: Vec<bool> = served.passages.iter().map(|passage| is_gold(question, passage)).collect();
    let pages = right_pages(question, ranked);
    let answerable = question.is_answerable();
    let has_facts = answerable && !question.must.is_empty();
    let facts = |k, part: fn(&Passage) -> String| {
        has_facts.then(|| {
            let texts: Vec<String> =
                served.passages.iter().zip(&gold).take(k).filter(|(_, gold)| **gold).map(|(p, _)| part(p)).collect();
            question.must.iter().all(|fact| texts.iter().any(|text| fact.is_match(text)))
        })
    };
    let text_only = |passage: &Passage| passage.text.clone();
    let with_headings = |passage: &Passage| format!("{}\n{}\n{}", passage.title, passage.heading, passage.text);
    Outcome {
        id: question.id.clone(),
        question: question.text.clone(),
        category: question.category.clone(),
        answerable,
        flagged_answerable: served.answerable,
        answerable_score: served.answerable_score,
        recall_1: answerable.then(|| hit_at(&gold, 1)),
        recall_5: answerable.then(|| hit_at(&gold, 5)),
        reciprocal_rank: answerable.then(|| reciprocal_rank_at(&pages, 10)),
        ndcg: answerable.then(|| ndcg_at(&pages, gold_pages(question), 10)),
        facts_5: facts(5, text_only),
        facts_8: facts(8, text_only),
        facts_5_with_headings: facts(5, with_headings),
        served: served.passages.iter().take(5).map(|passage| passage.page.clone()).collect(),
        mode: served.mode,
        took_ms: served.took.as_secs_f64() * 1e3,
    }
}

fn is_gold(question: &Question, passage: &Passage) -> bool {
    question.gold.iter().any(|gold| gold.is(&passage.source, &passage.page))
}

/// How many different pages the question names: entries that differ in their section only are one.
fn gold_pages(question: &Question) -> usize {
    question.gold.iter().map(|gold| (&gold.source, &gold.page)).collect::<HashSet<_>>().len()
}

/// The ranked pages, each once, as "is it a gold page that no better one stood for already".
fn right_pages(question: &Question, ranked: &[Passage]) -> Vec<bool> {
    let mut seen = HashSet::new();
    let mut taken = HashSet::new();
    ranked
        .iter()
        .filter(|passage| seen.insert((passage.source.as_str(), passage.page.as_str())))
        .map(|passage| {
            // A page that matches several entries stands for all of them, so each is tried.
            let before = taken.len();
            taken.extend(
                question
                    .gold
                    .iter()
                    .filter(|gold| gold.is(&passage.source, &passage.page))
                    .map(|gold| (&gold.source, &gold.page)),
            );
            taken.len() > before
        })
        .collect()
}
