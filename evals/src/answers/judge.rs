//! One answer and the verdict. Pure: a question and a [`Reply`] in, a [`Verdict`] out.

use serde::Serialize;

use crate::set::Question;

/// What was answered, whoever answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The answer as a person reads it.
    pub text: String,
    /// The pages that it cites, each as source and page, in the order of their numbers.
    pub citations: Vec<(String, String)>,
    /// Whether it claims to rest on the documents. If not, it is a refusal.
    pub grounded: bool,
    /// Who answered, in its own words.
    pub engine: String,
    /// Wall time in milliseconds.
    pub took_ms: f64,
}

/// How one answer went. Measures are `None` where they mean nothing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// The question's id.
    pub id: String,
    /// The question's category.
    pub category: String,
    /// Whether a page answers the question.
    pub answerable: bool,
    /// Whether the answer says that the documents do not hold it.
    pub refused: bool,
    /// Every `must` expression is found in the answer, which is no refusal.
    pub facts: Option<bool>,
    /// At least one citation points to a gold page.
    pub cites_gold: Option<bool>,
    /// Share of the citations that point to a gold page; nothing without citations.
    pub citations_gold: Option<f64>,
    /// Sources cited.
    pub citations: usize,
    /// Length of the answer in bytes.
    pub bytes: usize,
    /// Who answered.
    pub engine: String,
    /// Wall time in milliseconds.
    pub took_ms: f64,
}

/// Judges one answer.
#[must_use]
pub fn judge(question: &Question, reply: &Reply) -> Verdict {
    let answerable = question.is_answerable();
    let is_gold = |(source, page): &&(String, String)| question.gold.iter().any(|gold| gold.is(source, page));
    let gold = reply.citations.iter().filter(is_gold).count();
    let has_facts = answerable && !question.must.is_empty();
    Verdict {
        id: question.id.clone(),
        category: question.category.clone(),
        answerable,
        refused: !reply.grounded,
        facts: has_facts.then(|| reply.grounded && question.must.iter().all(|fact| fact.is_match(&reply.text))),
        cites_gold: answerable.then_some(reply.grounded && gold > 0),
        citations_gold: (answerable && !reply.citations.is_empty()).then(|| gold as f64 / reply.citations.len() as f64),
        citations: reply.citations.len(),
        bytes: reply.text.len(),
        engine: reply.engine.clone(),
        took_ms: reply.took_ms,
    }
}
