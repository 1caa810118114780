//! Whether answers hold the facts, cite the right pages, and refuse what no page answers.
//!
//! Knows who answers only through [`target`](crate::target). Prints nothing.

mod judge;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

pub use judge::{Reply, Verdict, judge};

use crate::metrics::{Estimate, mean, quantile, wilson};
use crate::report::{Table, figure, interval};
use crate::set::Question;
use crate::target::{Index, TargetError};

/// Answers to one group of questions.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Group {
    /// Questions that some page answers.
    pub answerable: usize,
    /// Share of these whose answer holds every fact (Wilson).
    pub facts: Option<Estimate>,
    /// Share of these whose answer cites a gold page (Wilson).
    pub cites_gold: Option<Estimate>,
    /// Mean share of an answer's citations that point to a gold page (bootstrap).
    pub citations_gold: Option<Estimate>,
    /// Share of these that were refused all the same (Wilson).
    pub wrongly_refused: Option<Estimate>,
    /// Share of the questions that no page answers that were refused (Wilson).
    pub rightly_refused: Option<Estimate>,
}

/// A whole run.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Who answered.
    pub engines: BTreeSet<String>,
    /// Everything.
    pub all: Group,
    /// By category.
    pub categories: BTreeMap<String, Group>,
    /// Median length of an answer that is no refusal, in bytes.
    pub median_bytes: Option<f64>,
    /// Half of the answers took at most this long, in milliseconds.
    pub p50_ms: Option<f64>,
    /// 95 % did.
    pub p95_ms: Option<f64>,
    /// Every answer, where asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub questions: Option<Vec<Verdict>>,
}

/// Asks every question and judges the answers.
///
/// # Errors
/// If a search fails.
pub async fn run(index: &Index, questions: &[Question]) -> Result<Vec<Verdict>, TargetError> {
    let mut verdicts = Vec::with_capacity(questions.len());
    for question in questions {
        verdicts.push(judge(question, &index.answer(&question.text).await?));
    }
    Ok(verdicts)
}

/// Adds the verdicts up.
#[must_use]
pub fn report(verdicts: Vec<Verdict>, keep_questions: bool) -> Report {
    let mut groups: BTreeMap<String, Vec<&Verdict>> = BTreeMap::new();
    for verdict in &verdicts {
        groups.entry(verdict.category.clone()).or_default().push(verdict);
    }
    let lengths: Vec<f64> = verdicts.iter().filter(|v| !v.refused).map(|v| v.bytes as f64).collect();
    let times: Vec<f64> = verdicts.iter().map(|v| v.took_ms).collect();
    Report {
        engines: verdicts.iter().map(|v| v.engine.clone()).collect(),
        all: group(&verdicts.iter().collect::<Vec<_>>()),
        categories: groups.iter().map(|(name, members)| (name.clone(), group(members))).collect(),
        median_bytes: quantile(&lengths, 0.5),
        p50_ms: quantile(&times, 0.5),
        p95_ms: quantile(&times, 0.95),
        questions: keep_questions.then_some(verdicts),
    }
}

fn group(verdicts: &[&Verdict]) -> Group {
    let (yes, no): (Vec<&Verdict>, Vec<&Verdict>) = verdicts.iter().partition(|v| v.answerable);
    let precision: Vec<f64> = yes.iter().filter_map(|v| v.citations_gold).collect();
    Group {
        answerable: yes.len(),
        facts: share(yes.iter().filter_map(|v| v.facts)),
        cites_gold: share(yes.iter().filter_map(|v| v.cites_gold)),
        citations_gold: mean(&precision),
        wrongly_refused: share(yes.iter().map(|v| v.refused)),
        rightly_refused: share(no.iter().map(|v| v.refused)),
    }
}

fn share(right: impl IntoIterator<Item = bool>) -> Option<Estimate> {
    let (n, successes) = right.into_iter().fold((0, 0), |(n, sum), right| (n + 1, sum + usize::from(right)));
    wilson(successes, n)
}

/// The whole report as text.
#[must_use]
pub fn render(report: &Report) -> String {
    let engines: Vec<&str> = report.engines.iter().map(String::as_str).collect();
    let mut text = format!("answered by: {}\n\n", engines.join(", "));
    let mut table = Table::new(&["measure", "value", "95 % interval", "n"]);
    let all = &report.all;
    for (name, estimate) in [
        ("answer holds every fact", all.facts),
        ("cites a gold page", all.cites_gold),
        ("share of citations to gold pages", all.citations_gold),
        ("answerable, refused", all.wrongly_refused),
        ("unanswerable, refused", all.rightly_refused),
    ] {
        let n = estimate.map_or(0, |e| e.n).to_string();
        table.row([name.to_owned(), figure(estimate), interval(estimate), n]);
    }
    text.push_str(&table.render());
    let mut table = Table::new(&["category", "n", "facts", "cites gold", "refused"]);
    for (name, group) in report.categories.iter().filter(|(_, group)| group.answerable > 0) {
        let cells = [figure(group.facts), figure(group.cites_gold), figure(group.wrongly_refused)];
        table.row([name.clone(), group.answerable.to_string()].into_iter().chain(cells));
    }
    text.push('\n');
    text.push_str(&table.render());
    let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.1}"));
    text.push_str(&format!(
        "\nanswers: median {} bytes, p50 {} ms, p95 {} ms\n",
        number(report.median_bytes),
        number(report.p50_ms),
        number(report.p95_ms),
    ));
    text
}

/// One line a question.
#[must_use]
pub fn per_question(verdicts: &[Verdict]) -> String {
    let mut table = Table::new(&["id", "facts", "cites gold", "citations", "refused", "bytes", "ms"]);
    let sign = |right: Option<bool>| right.map_or("-", |right| if right { "yes" } else { "no" }).to_owned();
    for verdict in verdicts {
        table.row([
            verdict.id.clone(),
            sign(verdict.facts),
            sign(verdict.cites_gold),
            verdict.citations.to_string(),
            sign(Some(verdict.refused)),
            verdict.bytes.to_string(),
            format!("{:.1}", verdict.took_ms),
        ]);
    }
    table.render()
}
