//! The built-in engine: the sentences, definitions and code blocks that answer a question, taken
//! from the passages word for word.
//!
//! No model, no network, no clock: the same question and passages always give the same answer.
//! Nothing is written here that does not stand in a passage, besides Markdown around it.

mod blocks;
mod query;
mod select;
mod unit;
pub mod words;

use crate::ask::Passage;
use query::Query;
use unit::{Shape, Unit};

pub(crate) use blocks::sentences;

/// One piece of the answer, as Markdown around a place for its citation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Index of the passage it was taken from.
    pub passage: usize,
    /// The Markdown before the citation.
    pub head: String,
    /// The Markdown after it: a code block or a table, or nothing.
    pub tail: String,
    /// The first sentence of it, word for word: what a reader can search the page for.
    pub quote: String,
}

/// Answers from the passages: at most six pieces, about 900 characters. Pages come in the order of
/// their best piece, pieces of one passage in the passage's order. Empty if no passage shares a
/// word with the question.
#[must_use]
pub fn extract(question: &str, passages: &[Passage]) -> Vec<Part> {
    let units = unit::units(passages);
    let stems: Vec<Vec<String>> = units.iter().map(|unit| unit.stems.clone()).collect();
    let query = Query::new(question, &stems);
    let chosen = select::select(&query, passages, &units);
    let page = |unit: &Unit<'_>| passages.get(unit.passage).map(|p| p.page.as_str()).unwrap_or_default();
    let mut pages: Vec<&str> = Vec::new();
    for unit in &chosen {
        if !pages.contains(&page(unit)) {
            pages.push(page(unit));
        }
    }
    let mut ordered = chosen;
    ordered.sort_by_key(|unit| (pages.iter().position(|known| *known == page(unit)), unit.passage, unit.place));
    ordered.into_iter().map(part).collect()
}

fn part(unit: &Unit<'_>) -> Part {
    let text = unit.pieces.join(" ");
    let quote = unit.pieces.first().map(|piece| (*piece).to_owned()).unwrap_or_default();
    let (head, tail) = match unit.shape {
        Shape::Prose => (text, String::new()),
        Shape::Definition { term } => {
            let from = if unit.skipped { "… " } else { "" };
            let to = if unit.cut { " …" } else { "" };
            (format!("{}: {from}{text}{to}", code_span(term)), String::new())
        }
        Shape::Code { lead } => (lead.unwrap_or_default().to_owned(), fenced(&text)),
        Shape::Table { header } => (String::new(), table(header, &unit.pieces)),
    };
    Part { passage: unit.passage, head, tail, quote }
}

/// Inline code, with a fence that the text itself does not contain.
fn code_span(text: &str) -> String {
    if text.contains('`') { text.to_owned() } else { format!("`{text}`") }
}

/// A code block, with a fence longer than any run of backticks in it.
fn fenced(code: &str) -> String {
    let longest = code.split(|c: char| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}\n{code}\n{fence}")
}

fn table(header: &str, rows: &[&str]) -> String {
    let columns = header.split(" | ").count();
    let mut out = format!("| {header} |\n|{}\n", "---|".repeat(columns));
    for row in rows {
        out.push_str(&format!("| {row} |\n"));
    }
    out.trim_end().to_owned()
}
