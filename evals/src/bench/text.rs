//! A benchmark report as text.

use super::embedding::Embedding;
use super::{Measured, Report};
use crate::bars;
use crate::report::Table;

/// The whole report.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut text = format!("{} pages, {} threads\n\n", report.pages, report.threads);
    text.push_str(&measured(report));
    if let Some(embedding) = &report.embedding {
        text.push('\n');
        text.push_str(&vectors(embedding));
    }
    text.push_str("\nBars (for 1,674 pages on two cores without a GPU)\n");
    text.push_str(&bars::table(&report.bars));
    text
}

fn measured(report: &Report) -> String {
    let mut table =
        Table::new(&["index", "made in s", "pages/s", "peak MiB", "warm p50 ms", "p95 ms", "cold ms", "ranked by"]);
    let kinds = [("words alone", Some(&report.words)), ("with vectors", report.vectors.as_ref())];
    for (name, measured) in kinds {
        if let Some(measured) = measured {
            table.row(row(name, measured));
        }
    }
    table.render()
}

fn row(name: &str, measured: &Measured) -> [String; 8] {
    let indexing = &measured.indexing;
    let stopped = if indexing.stopped { " (stopped)" } else { "" };
    [
        name.to_owned(),
        format!("{:.1}{stopped}", indexing.seconds),
        format!("{:.1}", indexing.pages_per_second),
        indexing.peak_bytes.map_or_else(dash, |bytes| (bytes / 1_048_576).to_string()),
        number(measured.warm.p50_ms),
        number(measured.warm.p95_ms),
        number(measured.cold_ms),
        measured.warm.ranked_by.join("+"),
    ]
}

fn vectors(embedding: &Embedding) -> String {
    let mut table = Table::new(&["vectors per second", "kai", "onnxruntime", "ratio"]);
    for (at, round) in embedding.rounds.iter().enumerate() {
        let ratio = round.theirs.map(|theirs| round.ours / theirs);
        table.row([format!("round {}", at + 1), number(Some(round.ours)), number(round.theirs), number(ratio)]);
    }
    table.row(["median".to_owned(), number(embedding.ours), number(embedding.theirs), number(embedding.ratio)]);
    let mut text = format!("{} texts a round\n{}", embedding.texts, table.render());
    if let Some(version) = &embedding.version {
        text.push_str(&format!("compared with: {version}\n"));
    }
    if let Some(missing) = &embedding.missing {
        text.push_str(&format!("not compared: {missing}\n"));
    }
    text
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(dash, |value| format!("{value:.2}"))
}

fn dash() -> String {
    "-".to_owned()
}
