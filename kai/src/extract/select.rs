//! Which candidates answer the question: scores, and a choice that covers it without repeating
//! itself.
//!
//! Numbers only; nothing is rendered here. The weights were set on development questions over real
//! manual pages, none for a single question.

use std::collections::HashSet;

use super::{
    query::{Kind, Query, count},
    unit::{Shape, Unit},
    words,
};
use crate::ask::Passage;

/// An answer has at most this many pieces …
const MAX_UNITS: usize = 6;
/// … of about this many characters together. The first piece is shown whatever its length.
const MAX_CHARS: usize = 900;
/// Pieces that score below this share of the best one are left out.
const FLOOR: f32 = 0.3;
/// What a heading's or a title's word counts beside one in the text.
const HEADING: f32 = 0.4;
/// How much of a piece's score depends on how well its whole passage matches.
const PASSAGE: f32 = 0.3;
/// What one place further down in the search's order costs.
const RANK: f32 = 0.15;
/// What a part of the question that no chosen piece covers yet is worth.
const FRESH: f32 = 0.7;
/// What a piece loses by being like one that is chosen already.
const LIKENESS: f32 = 0.5;
/// The share of a neighbour's score that a piece is lent.
const SPREAD: f32 = 0.1;
/// What two words of the question in a row are worth.
const PAIR: f32 = 0.1;
/// How strongly the length of a piece counts against it.
const LENGTH: f32 = 0.5;

/// A candidate with its score, and the share of the question that its text covers.
#[derive(Debug, Clone)]
struct Scored<'u, 'a> {
    unit: &'u Unit<'a>,
    score: f32,
    matched: HashSet<usize>,
    stems: HashSet<&'u str>,
}

/// Chooses candidates, best first. Empty if none of them shares a word with the question.
pub(crate) fn select<'u, 'a>(query: &Query, passages: &[Passage], units: &'u [Unit<'a>]) -> Vec<&'u Unit<'a>> {
    let headings: Vec<HashSet<String>> = passages
        .iter()
        .map(|p| words::content(&p.title).into_iter().chain(words::content(&p.heading)).collect())
        .collect();
    let covers: Vec<f32> = passages
        .iter()
        .zip(&headings)
        .map(|(passage, heading)| {
            let stems: HashSet<String> = words::content(&passage.text).into_iter().collect();
            query
                .weights
                .iter()
                .filter(|(stem, _)| stems.contains(stem) || heading.contains(stem))
                .map(|(_, weight)| weight)
                .sum()
        })
        .collect();
    let mut candidates: Vec<Scored<'_, '_>> =
        units.iter().filter_map(|unit| score(query, &headings, &covers, passages, unit)).collect();
    spread(&mut candidates);
    let best = candidates.iter().map(|c| c.score).fold(0.0, f32::max);
    let mut chosen: Vec<Scored<'_, '_>> = Vec::new();
    let mut covered: HashSet<usize> = HashSet::new();
    let mut chars = 0;
    while chosen.len() < MAX_UNITS {
        let mut next: Option<(usize, f32)> = None;
        for (index, candidate) in candidates.iter().enumerate() {
            let fits = chosen.is_empty() || chars + candidate.unit.chars() <= MAX_CHARS;
            if !fits || candidate.score < best * FLOOR {
                continue;
            }
            let fresh: f32 = candidate
                .matched
                .difference(&covered)
                .filter_map(|i| query.weights.get(*i))
                .map(|(_, weight)| weight)
                .sum();
            let likeness = chosen.iter().map(|c| likeness(&c.stems, &candidate.stems)).fold(0.0, f32::max);
            if likeness > 0.75 {
                continue;
            }
            let value = candidate.score * (1.0 - LIKENESS * likeness) + FRESH * fresh * candidate.score.min(1.0);
            if next.is_none_or(|(_, known)| value > known) {
                next = Some((index, value));
            }
        }
        let Some((index, _)) = next else { break };
        let candidate = candidates.swap_remove(index);
        chars += candidate.unit.chars();
        covered.extend(&candidate.matched);
        chosen.push(candidate);
    }
    chosen.into_iter().map(|c| c.unit).collect()
}

fn score<'u, 'a>(
    query: &Query,
    headings: &[HashSet<String>],
    covers: &[f32],
    passages: &[Passage],
    unit: &'u Unit<'a>,
) -> Option<Scored<'u, 'a>> {
    let stems: HashSet<&str> = unit.stems.iter().map(String::as_str).collect();
    let heading = headings.get(unit.passage)?;
    let mut text = 0.0;
    let mut above = 0.0;
    let mut matched = HashSet::new();
    for (index, (stem, weight)) in query.weights.iter().enumerate() {
        if stems.contains(stem.as_str()) {
            text += weight;
            matched.insert(index);
        } else if heading.contains(stem) {
            above += weight * HEADING;
        }
    }
    let lower = unit.text().to_lowercase();
    let literals = query.literals.iter().filter(|literal| lower.contains(literal.as_str())).count();
    if matched.is_empty() && literals == 0 && above == 0.0 {
        return None;
    }
    let pairs = query
        .pairs
        .iter()
        .filter(|(a, b)| unit.stems.windows(2).any(|w| matches!(w, [x, y] if x == a && y == b)))
        .count();
    let length = count(unit.chars());
    // Short pieces match by accident, long ones by sheer length.
    let pivot = 1.0 / (1.0 - LENGTH + LENGTH * (length / 260.0).max(0.4));
    let base = (text + above) * pivot + PAIR * count(pairs.min(3)) + 0.25 * count(literals.min(2));
    let prior = 1.0 / (1.0 + RANK * count(unit.passage));
    let around = 1.0 - PASSAGE + PASSAGE * covers.get(unit.passage).copied().unwrap_or(0.0);
    let score = base * form(query.kind, unit, passages) * prior * around;
    Some(Scored { unit, score, matched, stems })
}

/// How well the form of a piece suits the kind of the question.
fn form(kind: Kind, unit: &Unit<'_>, passages: &[Passage]) -> f32 {
    let has_option = || {
        let text = unit.text();
        !words::options(&text).is_empty() || text.contains('=') || text.contains('_')
    };
    let heading = passages.get(unit.passage).map(|p| p.heading.to_lowercase()).unwrap_or_default();
    // Lists of references and of people answer nothing.
    let boiler = ["see also", "authors", "author", "copyright", "history", "bugs", "reporting bugs", "colophon"]
        .iter()
        .any(|name| heading == *name || heading.ends_with(&format!("> {name}")));
    let base = match (kind, unit.shape) {
        (Kind::Action, Shape::Code { .. }) => 1.2,
        (Kind::Action, Shape::Definition { .. }) => 1.2,
        (Kind::Action, Shape::Prose) => {
            if has_option() {
                1.1
            } else {
                1.0
            }
        }
        (Kind::Action, Shape::Table { .. }) => 0.8,
        (Kind::Explanation, Shape::Code { .. }) => 0.7,
        (Kind::Explanation, Shape::Definition { .. }) => 1.15,
        (Kind::Explanation, Shape::Prose) => 1.1,
        (Kind::Explanation, Shape::Table { .. }) => 0.8,
    };
    let base = if heading.ends_with("synopsis") || heading.ends_with("examples") { base * 1.15 } else { base };
    if boiler { base * 0.4 } else { base }
}

/// Lends a piece some of its neighbours' score: the sentence after the one that names the subject
/// is often the one that says what to do.
fn spread(candidates: &mut [Scored<'_, '_>]) {
    let scores: Vec<(usize, usize, f32)> = candidates.iter().map(|c| (c.unit.passage, c.unit.place, c.score)).collect();
    for index in 0..candidates.len() {
        let near = |i: Option<usize>| -> f32 {
            let (Some(here), Some(there)) = (scores.get(index), i.and_then(|i| scores.get(i))) else {
                return 0.0;
            };
            if here.0 == there.0 && here.1.abs_diff(there.1) == 1 { there.2 } else { 0.0 }
        };
        let lent = SPREAD * near(index.checked_sub(1)).max(near(index.checked_add(1)));
        if let Some(candidate) = candidates.get_mut(index) {
            candidate.score += lent;
        }
    }
}

/// The share of the smaller set that the two have in common.
fn likeness(a: &HashSet<&str>, b: &HashSet<&str>) -> f32 {
    let smaller = a.len().min(b.len());
    if smaller == 0 {
        return 0.0;
    }
    count(a.intersection(b).count()) / count(smaller)
}
