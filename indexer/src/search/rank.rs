//! One order from three opinions: the words, the passage's vectors, the page's first vector.
//!
//! Scores are rescaled so that they can be added: BM25F divided by its maximum, cosines between
//! their median and their maximum over the index.

use super::found::Mode;
use super::resident::Resident;
use super::{answerable, cosine};
use crate::words::Bm25f;

const WORDS: f32 = 0.4;
const PASSAGE: f32 = 0.4;
const PAGE: f32 = 0.2;

/// More passages of one page than this crowd out the others.
const PER_PAGE: usize = 2;

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
    let best_word = words.scores.iter().copied().fold(0.0, f32::max);
    let by_words = |at: usize| if best_word > 0.0 { words.scores[at] / best_word } else { 0.0 };

    let cosines = vector.map(|vector| cosine::by_passage(resident, vector));
    let (mut scores, mode): (Vec<f32>, Mode) = match &cosines {
        None => ((0..resident.passages()).map(by_words).collect(), Mode::Words),
        Some(cosines) => {
            let scale = cosine::Scale::of(cosines);
            let meaning = |at: usize| scale.apply(cosines[at]);
            let score = |at: usize| {
                let page = meaning(resident.first_of_page[at] as usize);
                match (meaning(at), page) {
                    (Some(passage), page) => {
                        WORDS * by_words(at) + PASSAGE * passage + PAGE * page.unwrap_or(passage)
                    }
                    // Its vector is still to come: the words speak for it.
                    (None, page) => (WORDS + PASSAGE) * by_words(at) + PAGE * page.unwrap_or_else(|| by_words(at)),
                }
            };
            let mode = if resident.vector_share() < 1.0 { Mode::Partial } else { Mode::Hybrid };
            ((0..resident.passages()).map(score).collect(), mode)
        }
    };
    if let Some(source) = source {
        for (at, score) in scores.iter_mut().enumerate() {
            if !resident.is_from(at, source) {
                *score = 0.0;
            }
        }
    }
    let best = best(resident, &scores, limit);
    let top: Vec<usize> = best.iter().take(answerable::LOOKED_AT).map(|&(at, _)| at).collect();
    let answerable_score = answerable::score(&top, &words, cosines.as_deref());
    Ranking { best, answerable_score, mode }
}

/// The highest scores above zero, at most [`PER_PAGE`] of a page.
fn best(resident: &Resident, scores: &[f32], limit: usize) -> Vec<(usize, f32)> {
    let mut order: Vec<usize> = (0..scores.len()).filter(|&at| scores[at] > 0.0).collect();
    let by_score = |a: &usize, b: &usize| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b));
    // Enough to fill the limit even if one page holds the first places.
    let pool = (limit * 8).max(64);
    if order.len() > pool {
        order.select_nth_unstable_by(pool, by_score);
        order.truncate(pool);
    }
    order.sort_unstable_by(by_score);
    let mut best: Vec<(usize, f32)> = Vec::with_capacity(limit);
    let mut held_back = Vec::new();
    for at in order {
        let page = resident.head(at).page_id;
        if best.iter().filter(|(other, _)| resident.head(*other).page_id == page).count() < PER_PAGE {
            best.push((at, scores[at]));
            if best.len() == limit {
                return best;
            }
        } else {
            held_back.push((at, scores[at]));
        }
    }
    best.extend(held_back.into_iter().take(limit - best.len()));
    best
}
