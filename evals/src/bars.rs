//! What the figures are held against.
//!
//! The bars of retrieval were set on the development question set over the 1,674 pages of Debian's
//! packages; other sets and other pages are easier or harder, and the report says so.

use serde::Serialize;

use crate::report::{Table, mark};
use crate::retrieval::{Mode, Ranking};

/// A figure and the least, or the most, that it may be.
#[derive(Debug, Clone, Serialize)]
pub struct Bar {
    /// What is measured, unit included.
    pub what: String,
    /// What was measured; nothing if it could not be, which does not pass.
    pub got: Option<f64>,
    /// Where the bar lies.
    pub bar: f64,
    /// Whether more is better.
    pub at_least: bool,
    /// Whether the figure reaches the bar.
    pub pass: bool,
}

impl Bar {
    /// A figure that must reach `bar`.
    #[must_use]
    pub fn at_least(what: &str, got: Option<f64>, bar: f64) -> Self {
        Self { what: what.to_owned(), got, bar, at_least: true, pass: got.is_some_and(|got| rounded(got) >= bar) }
    }

    /// A figure that must stay below `bar`.
    #[must_use]
    pub fn below(what: &str, got: Option<f64>, bar: f64) -> Self {
        Self { what: what.to_owned(), got, bar, at_least: false, pass: got.is_some_and(|got| got < bar) }
    }
}

/// The bars were published with three digits, 33 of 80 questions as 0.412: figures are compared at
/// that precision.
fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

/// What retrieval must reach, by what it ranked by.
#[must_use]
pub fn retrieval(mode: Mode, all: &Ranking) -> Vec<Bar> {
    let value = |estimate: Option<crate::metrics::Estimate>| estimate.map(|estimate| estimate.value);
    match mode {
        Mode::Auto => vec![
            Bar::at_least("nDCG@10", value(all.ndcg_10), 0.680),
            Bar::at_least("recall@5", value(all.recall_5), 0.800),
            Bar::at_least("facts@5", value(all.facts_5), 0.570),
        ],
        Mode::Words => vec![
            Bar::at_least("recall@1", value(all.recall_1), 0.412),
            Bar::at_least("recall@5", value(all.recall_5), 0.625),
            Bar::at_least("MRR@10", value(all.mrr_10), 0.524),
            Bar::at_least("nDCG@10", value(all.ndcg_10), 0.549),
            Bar::at_least("facts@5", value(all.facts_5), 0.500),
        ],
    }
}

/// The bars as a table.
#[must_use]
pub fn table(bars: &[Bar]) -> String {
    let mut table = Table::new(&["bar", "wanted", "got", ""]);
    for bar in bars {
        let sign = if bar.at_least { ">=" } else { "<" };
        let got = bar.got.map_or_else(|| "-".to_owned(), |got| format!("{got:.3}"));
        table.row([bar.what.clone(), format!("{sign} {:.3}", bar.bar), got, mark(bar.pass).to_owned()]);
    }
    table.render()
}
