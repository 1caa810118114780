//! A question's vector against every vector of the index.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::resident::Resident;

/// No vector yet.
const NONE: f32 = f32::NEG_INFINITY;

/// The highest cosine of each passage's vectors, by ordinal; negative infinity where it has none.
pub(super) fn by_passage(resident: &Resident, query: &[f32]) -> Vec<f32> {
    let vectors = resident.vectors();
    let mut out = vec![NONE; resident.passages()];
    if vectors.dimensions != query.len() || query.is_empty() {
        return out;
    }
    let mut cosines = vec![0.0_f32; vectors.keys.len()];
    let part = cosines.len().div_ceil(rayon::current_num_threads()).max(1);
    let floats = vectors.floats.par_chunks(part * query.len());
    cosines.par_chunks_mut(part).zip(floats).for_each(|(cosines, floats)| {
        Arch::new().dispatch(Dots { query, floats, cosines });
    });
    for (cosine, &(from, to)) in cosines.iter().zip(&resident.owner_ranges) {
        for &owner in &resident.owners[from as usize..to as usize] {
            let best = &mut out[owner as usize];
            *best = best.max(*cosine);
        }
    }
    out
}

struct Dots<'a> {
    query: &'a [f32],
    floats: &'a [f32],
    cosines: &'a mut [f32],
}

impl WithSimd for Dots<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (query, query_tail) = S::as_simd_f32s(self.query);
        for (cosine, row) in self.cosines.iter_mut().zip(self.floats.chunks_exact(self.query.len())) {
            let (row, row_tail) = S::as_simd_f32s(row);
            let mut sums = [simd.splat_f32s(0.0); 4];
            let mut quads = query.chunks_exact(4).zip(row.chunks_exact(4));
            for (a, b) in quads.by_ref() {
                for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
                    *sum = simd.mul_add_f32s(*a, *b, *sum);
                }
            }
            let rest = query.chunks_exact(4).remainder().iter().zip(row.chunks_exact(4).remainder());
            for (a, b) in rest {
                sums[0] = simd.mul_add_f32s(*a, *b, sums[0]);
            }
            let sum = simd.add_f32s(simd.add_f32s(sums[0], sums[1]), simd.add_f32s(sums[2], sums[3]));
            let tail: f32 = query_tail.iter().zip(row_tail).map(|(a, b)| a * b).sum();
            *cosine = simd.reduce_sum_f32s(sum) + tail;
        }
    }
}

/// Cosines made comparable with other scores: the median becomes 0, the maximum 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    median: f32,
    maximum: f32,
}

impl Scale {
    pub(super) fn of(cosines: &[f32]) -> Self {
        let mut known: Vec<f32> = cosines.iter().copied().filter(|cosine| cosine.is_finite()).collect();
        if known.is_empty() {
            return Self { median: 0.0, maximum: 0.0 };
        }
        let middle = known.len() / 2;
        let (_, median, above) = known.select_nth_unstable_by(middle, f32::total_cmp);
        let median = *median;
        Self { median, maximum: above.iter().copied().fold(median, f32::max) }
    }

    /// 0 at the median and below, 1 at the maximum; `None` where there is no vector.
    pub(super) fn apply(self, cosine: f32) -> Option<f32> {
        let width = self.maximum - self.median;
        cosine.is_finite().then(|| if width > 0.0 { ((cosine - self.median) / width).max(0.0) } else { 0.0 })
    }
}
