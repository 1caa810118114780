//! A question's vector against every vector of the index.

use super::resident::Resident;

/// No vector yet.
const NONE: f32 = f32::NEG_INFINITY;

/// The highest cosine of each passage's vectors, by ordinal; negative infinity where it has none.
///
/// On this thread alone: several searches at a time share the cores better than parts of one do.
pub(super) fn by_passage(resident: &Resident, query: &[f32]) -> Vec<f32> {
    let mut out = vec![NONE; resident.passages()];
    for (cosine, owners) in resident.vectors().products(query).into_iter().zip(resident.owners()) {
        for &owner in owners {
            let best = &mut out[owner as usize];
            *best = best.max(cosine);
        }
    }
    out
}

/// Cosines made comparable with other scores: the median becomes 0, the maximum 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    median: f32,
    maximum: f32,
}

impl Scale {
    pub(super) fn of(cosines: &[f32]) -> Self {
        const PARTS: usize = 2048;
        // Near enough in size for a first look: what stands in one part is ordered among itself.
        let part = |cosine: f32| (((cosine + 1.0) * (PARTS as f32 / 2.0)) as usize).min(PARTS - 1);
        let known = || cosines.iter().copied().filter(|cosine| cosine.is_finite());
        let mut counts = [0_usize; PARTS];
        let mut maximum = NONE;
        for cosine in known() {
            counts[part(cosine)] += 1;
            maximum = maximum.max(cosine);
        }
        let mut middle = counts.iter().sum::<usize>() / 2;
        let at = counts.iter().position(|&count| match middle.checked_sub(count) {
            Some(rest) => {
                middle = rest;
                false
            }
            None => true,
        });
        let Some(at) = at else { return Self { median: 0.0, maximum: 0.0 } };
        let mut about: Vec<f32> = known().filter(|&cosine| part(cosine) == at).collect();
        let (_, median, _) = about.select_nth_unstable_by(middle, f32::total_cmp);
        Self { median: *median, maximum }
    }

    /// 0 at the median and below, 1 at the maximum; `None` where there is no vector.
    pub(super) fn apply(self, cosine: f32) -> Option<f32> {
        let width = self.maximum - self.median;
        cosine.is_finite().then(|| if width > 0.0 { ((cosine - self.median) / width).max(0.0) } else { 0.0 })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_scale_is_that_of_the_sorted_numbers(cosines in prop::collection::vec(prop_oneof![
            4 => -1.0_f32..1.0,
            1 => Just(0.25),
            1 => -9.0_f32..9.0,
            1 => any::<f32>(),
            1 => Just(NONE),
        ], 0..200)) {
            let scale = Scale::of(&cosines);
            let mut known: Vec<f32> = cosines.into_iter().filter(|cosine| cosine.is_finite()).collect();
            known.sort_by(f32::total_cmp);
            prop_assert_eq!(scale.median, known.get(known.len() / 2).copied().unwrap_or(0.0));
            prop_assert_eq!(scale.maximum, known.last().copied().unwrap_or(0.0));
        }
    }
}
