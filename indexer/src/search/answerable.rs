//! Whether the pages seem to hold an answer at all.
//!
//! Two signs: how much of the question's weight in words the best passages cover, and how near the
//! nearest is in meaning. Good for "the documents may not cover this", never for a hard refusal.

use crate::words::WordScores;

/// From this score on, an answer is expected.
pub(super) const THRESHOLD: f32 = 0.5;

/// How many of the best passages are looked at.
pub(super) const LOOKED_AT: usize = 5;

/// The score, 0 to 1, from the best passages' ordinals.
pub(super) fn score(best: &[usize], words: &WordScores, cosines: Option<&[f32]>) -> f32 {
    let covered = best.iter().map(|&at| words.covered(at)).fold(0.0, f32::max);
    let nearest = cosines.map(|cosines| best.iter().map(|&at| cosines[at]).fold(-1.0, f32::max));
    match nearest.filter(|nearest| nearest.is_finite()) {
        Some(nearest) => logistic(6.0 * covered + 8.0 * nearest - 6.5),
        None => logistic(8.0 * covered - 4.0),
    }
}

fn logistic(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}
