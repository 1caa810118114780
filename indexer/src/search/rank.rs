//! One order from several opinions: what the words say of the passage and of its page, and what the
//! vectors say of both.
//!
//! Scores are rescaled so that they can be added: BM25 divided by its maximum, cosines between their
//! median and their maximum over the index. The weights were set on a development set of questions
//! over 1,674 pages; around these values they change little.

use std::collections::HashMap;

use super::found::Mode;
use super::highest::highest;
use super::resident::Resident;
use super::{answerable, cosine};
use crate::words::Bm25f;

/// The words' part of the score, and within it the page's.
const WORDS: f32 = 0.4;
const PAGE_WORDS: f32 = 0.7;

/// The parts of the passage's own vector and of its page's first passage's, which says what the page
/// is about.
const PASSAGE: f32 = 0.6;
const PAGE_FIRST: f32 = 0.15;

/// More passages of one page than this come after all others.
const PER_PAGE: i32 = 4;

/// What a second passage of a page keeps of its score: the first ones of other pages come before
/// it unless it is clearly better. Words alone set pages further apart than words and vectors
/// together do, so that less is enough there.
const AGAIN_BY_WORDS: f32 = 0.97;
const AGAIN: f32 = 0.92;

/// The best passages by ordinal, with their scores.
#[derive(Debug)]
pub(super) struct Ranking {
    pub(super) best: Vec<(usize, f32)>,
    pub(super) answerable_score: f32,
    pub(super) mode: Mode,
}

/// Ranks the passages of one source, or of all, for a question's terms and vector.
pub(super) fn rank(
    resident: &Resident,
    terms: &[String],
    vector: Option<&[f32]>,
    source: Option<u16>,
    limit: usize,
) -> Ranking {
    let words = Bm25f::default().score(&resident.lexicon, terms);
    let by_words = by_words(resident, &words.scores, terms);
    let cosines = vector.map(|vector| cosine::by_passage(resident, vector));
    let (mut scores, again, mode) = match &cosines {
        None => (by_words, AGAIN_BY_WORDS, Mode::Words),
        Some(cosines) => {
            let mode = if resident.vector_share() < 1.0 { Mode::Partial } else { Mode::Hybrid };
            (with_meaning(resident, &by_words, cosines), AGAIN, mode)
        }
    };
    if let Some(source) = source {
        for (at, score) in scores.iter_mut().enumerate() {
            if !resident.is_from(at, source) {
                *score = 0.0;
            }
        }
    }
    let best = best(resident, &scores, again, limit);
    let top: Vec<usize> = best.iter().take(answerable::LOOKED_AT).map(|&(at, _)| at).collect();
    let answerable_score = answerable::score(&top, &words, cosines.as_deref());
    Ranking { best, answerable_score, mode }
}

/// The words' opinion, 0 to 1: the passage's score, and the whole page's for passages that have any
/// of the words themselves.
fn by_words(resident: &Resident, passages: &[f32], terms: &[String]) -> Vec<f32> {
    let pages = resident.page_words.score(&resident.lexicon, terms);
    let peak = |scores: &[f32]| scores.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
    let (best_passage, best_page) = (peak(passages), peak(&pages));
    let combined = |(at, score): (usize, &f32)| {
        if *score <= 0.0 {
            return 0.0;
        }
        let page = pages[resident.page_words.first_of_page(at)] / best_page;
        (1.0 - PAGE_WORDS) * score / best_passage + PAGE_WORDS * page
    };
    let mut combined: Vec<f32> = passages.iter().enumerate().map(combined).collect();
    let best = peak(&combined);
    combined.iter_mut().for_each(|score| *score /= best);
    combined
}

/// The words' and the vectors' opinions together. Where a vector is still to come, the words speak
/// for it.
fn with_meaning(resident: &Resident, by_words: &[f32], cosines: &[f32]) -> Vec<f32> {
    let scale = cosine::Scale::of(cosines);
    let total = WORDS + PASSAGE + PAGE_FIRST;
    let score = |at: usize| {
        let first = resident.page_words.first_of_page(at);
        let passage = scale.apply(cosines[at]).unwrap_or(by_words[at]);
        let page_first = scale.apply(cosines[first]).unwrap_or(passage);
        let sum = WORDS * by_words[at] + PASSAGE * passage + PAGE_FIRST * page_first;
        sum / total
    };
    (0..cosines.len()).map(score).collect()
}

/// The highest scores above zero, further passages of one page held back.
fn best(resident: &Resident, scores: &[f32], again: f32, limit: usize) -> Vec<(usize, f32)> {
    let limit = limit.min(scores.len());
    if limit == 0 {
        return Vec::new();
    }
    // Enough to fill the limit even if one page holds the first places.
    let order = highest(scores, 0.0, (limit * 8).max(64));
    let mut of_page: HashMap<u32, i32> = HashMap::new();
    let mut ranked: Vec<(bool, usize, f32)> = order
        .into_iter()
        .map(|at| {
            let before = of_page.entry(resident.head(at).page_id).or_insert(0);
            let score = scores[at] * again.powi(*before);
            *before += 1;
            (*before > PER_PAGE, at, score)
        })
        .collect();
    ranked.sort_by(|a, b| a.0.cmp(&b.0).then(b.2.total_cmp(&a.2)));
    ranked.into_iter().take(limit).map(|(_, at, score)| (at, score)).collect()
}
