//! Candidates for an answer: pieces of passages that can stand alone.
//!
//! Cutting only. Which of them answer the question is decided in `select`.

use super::{
    blocks::{Block, blocks, sentences},
    words,
};
use crate::ask::Passage;

/// Prose is cut into windows of about this many characters, at sentence ends.
const WINDOW: usize = 300;
/// An explanation of a term is shown up to about this many characters.
const EXPLANATION: usize = 320;
/// Longer code is left to the page itself: cutting it would make it wrong.
const CODE_CHARS: usize = 900;
/// Rows of a long table that are considered together. A short table is one piece.
const TABLE_ROWS: usize = 3;
const SMALL_TABLE: usize = 8;

/// What kind of piece it is; decides how it is shown and how a question's kind favours it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape<'a> {
    Prose,
    /// The term goes in front of the explanation.
    Definition {
        term: &'a str,
    },
    /// The sentence that announces the code, if there is one.
    Code {
        lead: Option<&'a str>,
    },
    /// The header row.
    Table {
        header: &'a str,
    },
}

/// One candidate.
#[derive(Debug, Clone)]
pub(crate) struct Unit<'a> {
    /// Index of its passage.
    pub(crate) passage: usize,
    /// Place within the passage, for keeping the order.
    pub(crate) place: usize,
    pub(crate) shape: Shape<'a>,
    /// Consecutive slices of the passage: sentences, rows, or one block of code.
    pub(crate) pieces: Vec<&'a str>,
    /// Content stems of everything that would be shown.
    pub(crate) stems: Vec<String>,
    /// Whether text of the explanation was left out before the first piece.
    pub(crate) skipped: bool,
    /// Whether text of it was left out behind the last piece.
    pub(crate) cut: bool,
}

impl Unit<'_> {
    /// How many characters it takes to show.
    pub(crate) fn chars(&self) -> usize {
        let pieces: usize = self.pieces.iter().map(|piece| piece.chars().count() + 1).sum();
        pieces
            + match self.shape {
                Shape::Prose => 0,
                Shape::Definition { term } => term.chars().count() + 4,
                Shape::Code { lead } => lead.map_or(0, |lead| lead.chars().count()) + 8,
                Shape::Table { header } => header.chars().count() + 8,
            }
    }

    /// The shown text, for literal matches.
    pub(crate) fn text(&self) -> String {
        let mut out = match self.shape {
            Shape::Prose | Shape::Code { lead: None } => String::new(),
            Shape::Definition { term } => format!("{term}\n"),
            Shape::Code { lead: Some(lead) } => format!("{lead}\n"),
            Shape::Table { header } => format!("{header}\n"),
        };
        out.push_str(&self.pieces.join(" "));
        out
    }
}

/// All candidates of all passages, in order.
pub(crate) fn units(passages: &[Passage]) -> Vec<Unit<'_>> {
    let mut out = Vec::new();
    for (passage, source) in passages.iter().enumerate() {
        let before = out.len();
        let list = blocks(&source.text);
        for (index, block) in list.iter().enumerate() {
            let previous = index.checked_sub(1).and_then(|i| list.get(i));
            cut(passage, *block, previous.copied(), &mut out);
        }
        for (place, unit) in out.iter_mut().skip(before).enumerate() {
            unit.place = place;
            unit.stems = words::content(&unit.text());
        }
    }
    out
}

fn cut<'a>(passage: usize, block: Block<'a>, previous: Option<Block<'a>>, out: &mut Vec<Unit<'a>>) {
    let unit = |shape, pieces, skipped, cut| Unit { passage, place: 0, shape, pieces, stems: Vec::new(), skipped, cut };
    match block {
        Block::Prose(text) => {
            for pieces in windows(&sentences(text), WINDOW) {
                out.push(unit(Shape::Prose, pieces, false, false));
            }
        }
        Block::Definition { term, body } => {
            let all = windows(&sentences(body), EXPLANATION);
            let last = all.len().saturating_sub(1);
            for (index, pieces) in all.into_iter().enumerate() {
                out.push(unit(Shape::Definition { term }, pieces, index > 0, index < last));
            }
        }
        Block::Code(code) => {
            if code.chars().count() <= CODE_CHARS {
                out.push(unit(Shape::Code { lead: lead(previous) }, vec![code], false, false));
            }
        }
        Block::Table(table) => {
            let mut rows = table.lines().map(str::trim);
            let header = rows.next().unwrap_or_default();
            let rows: Vec<&str> = rows.collect();
            for chunk in rows.chunks(if rows.len() <= SMALL_TABLE { SMALL_TABLE } else { TABLE_ROWS }) {
                out.push(unit(Shape::Table { header }, chunk.to_vec(), false, false));
            }
        }
    }
}

/// The sentence that announces a block of code: the last one before it, if it ends with a colon or
/// is short.
fn lead(previous: Option<Block<'_>>) -> Option<&str> {
    let text = match previous? {
        Block::Prose(text) => text,
        Block::Definition { body, .. } => body,
        Block::Code(_) | Block::Table(_) => return None,
    };
    let last = sentences(text).pop()?;
    let length = last.chars().count();
    (length <= 240 && (last.ends_with(':') || length <= 120)).then_some(last)
}

/// Groups consecutive sentences so that a group has about `limit` characters; one sentence that is
/// longer stands alone.
fn windows<'a>(sentences: &[&'a str], limit: usize) -> Vec<Vec<&'a str>> {
    let mut out: Vec<Vec<&'a str>> = Vec::new();
    let mut size = 0;
    for sentence in sentences {
        let length = sentence.chars().count();
        match out.last_mut() {
            Some(group) if size + length <= limit => {
                group.push(sentence);
                size += length + 1;
            }
            Some(_) | None => {
                out.push(vec![sentence]);
                size = length;
            }
        }
    }
    out
}
