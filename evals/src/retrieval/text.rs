//! A retrieval report as text.

use super::{Outcome, Ranking, Report};
use crate::bars;
use crate::metrics::Estimate;
use crate::report::{Table, figure, interval};

/// The whole report.
#[must_use]
pub fn render(report: &Report) -> String {
    let ranked_by: Vec<&str> = report.ranked_by.iter().copied().collect();
    let mut text = format!(
        "{} questions ({} that pages answer, {} that none does), ranked by: {}\n\n",
        report.covered.answerable + report.covered.unanswerable,
        report.covered.answerable,
        report.covered.unanswerable,
        ranked_by.join(", "),
    );
    text.push_str(&measures(&report.all));
    text.push('\n');
    text.push_str(&categories(report));
    text.push('\n');
    text.push_str(&told_apart(report));
    if let Some(latency) = report.latency {
        text.push_str(&format!("\nsearch: p50 {:.2} ms, p95 {:.2} ms\n", latency.p50_ms, latency.p95_ms));
    }
    text.push_str("\nBars (set on the development questions over 1,674 pages; other sets differ)\n");
    text.push_str(&bars::table(&report.bars));
    text
}

fn measures(all: &Ranking) -> String {
    let mut table = Table::new(&["measure", "value", "95 % interval", "n"]);
    let rows = [
        ("recall@1", all.recall_1),
        ("recall@5", all.recall_5),
        ("MRR@10", all.mrr_10),
        ("nDCG@10", all.ndcg_10),
        ("facts@5", all.facts_5),
        ("facts@5, headings counted", all.facts_5_with_headings),
        ("facts@8", all.facts_8),
    ];
    for (name, estimate) in rows {
        table.row(line(name, estimate));
    }
    table.render()
}

fn line(name: &str, estimate: Option<Estimate>) -> [String; 4] {
    [name.to_owned(), figure(estimate), interval(estimate), estimate.map_or(0, |e| e.n).to_string()]
}

fn categories(report: &Report) -> String {
    let mut table =
        Table::new(&["category", "n", "R@1", "R@5", "MRR@10", "nDCG@10", "facts@5", "facts@8", "R@5 interval"]);
    for (name, group) in &report.categories {
        table.row([
            name.clone(),
            group.questions.to_string(),
            figure(group.recall_1),
            figure(group.recall_5),
            figure(group.mrr_10),
            figure(group.ndcg_10),
            figure(group.facts_5),
            figure(group.facts_8),
            interval(group.recall_5),
        ]);
    }
    table.render()
}

fn told_apart(report: &Report) -> String {
    let covered = &report.covered;
    let mut table = Table::new(&["answerable or not", "value", "95 % interval", "n"]);
    table.row(line("ROC-AUC of the score", covered.auc));
    table.row(line("flag is right", covered.accuracy));
    table.row(line("answerable, flagged so", covered.kept));
    table.row(line("unanswerable, flagged so", covered.refused));
    table.render()
}

/// One line a question: what was found, what was missed.
#[must_use]
pub fn per_question(outcomes: &[Outcome]) -> String {
    let mut table = Table::new(&["id", "R@1", "R@5", "1/rank", "nDCG", "facts@5", "score", "ms", "first page"]);
    let sign = |right: Option<bool>| right.map_or("-", |right| if right { "yes" } else { "no" }).to_owned();
    let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"));
    for outcome in outcomes {
        table.row([
            outcome.id.clone(),
            sign(outcome.recall_1),
            sign(outcome.recall_5),
            number(outcome.reciprocal_rank),
            number(outcome.ndcg),
            sign(outcome.facts_5),
            format!("{:.2}", outcome.answerable_score),
            format!("{:.1}", outcome.took_ms),
            outcome.served.first().cloned().unwrap_or_default(),
        ]);
    }
    table.render()
}
