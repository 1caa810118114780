//! The measures, as pure functions of what was ranked and what was right.
//!
//! Every formula stands in the comment of its function. Nothing here knows of questions, pages or
//! indexes, and nothing reads a clock: the same input always gives the same figure, the resampled
//! intervals included.
//!
//! Ranked lists are slices of "is this one right", best first.

use serde::Serialize;

/// The 97.5 % point of the normal distribution: two-sided 95 % intervals.
const Z: f64 = 1.959_963_984_540_054;

/// Resamples of a bootstrap. The ends of a 95 % interval move by less than a tenth of its width
/// between two runs of this size.
const RESAMPLES: usize = 2_000;

/// A figure, the 95 % interval around it, and what it was taken from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// The figure itself.
    pub value: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end of the 95 % interval.
    pub high: f64,
    /// How many questions (or pairs of groups) it rests on.
    pub n: usize,
}

/// Whether one of the first `k` is right.
#[must_use]
pub fn hit_at(right: &[bool], k: usize) -> bool {
    right.iter().take(k).any(|r| *r)
}

/// Reciprocal rank: `1 / rank` of the first right one among the first `k`, else 0.
#[must_use]
pub fn reciprocal_rank_at(right: &[bool], k: usize) -> f64 {
    right.iter().take(k).position(|r| *r).map_or(0.0, |at| 1.0 / (at as f64 + 1.0))
}

/// Normalised discounted cumulated gain with binary gains:
///
/// `DCG = Σ_{i=1..k} right_i / log2(i + 1)`, `nDCG = DCG / DCG of the best order`,
///
/// where the best order has its `min(all_right, k)` right ones in front. 0 if nothing could be
/// right. `all_right` counts everything that is right, ranked or not; where the list holds more
/// than that, the longer count is taken, so that the result never exceeds 1.
#[must_use]
pub fn ndcg_at(right: &[bool], all_right: usize, k: usize) -> f64 {
    let discount = |at: usize| 1.0 / (at as f64 + 2.0).log2();
    let found = right.iter().filter(|r| **r).count();
    let best: f64 = (0..all_right.max(found).min(k)).map(discount).sum();
    if best == 0.0 {
        return 0.0;
    }
    right.iter().take(k).enumerate().filter(|(_, r)| **r).map(|(at, _)| discount(at)).sum::<f64>() / best
}

/// Area under the ROC curve: the probability that a score drawn from `yes` lies above one drawn
/// from `no`, ties counting half. `None` if either group is empty.
///
/// 1 tells the groups apart perfectly, 0.5 not at all.
#[must_use]
pub fn roc_auc(yes: &[f64], no: &[f64]) -> Option<f64> {
    if yes.is_empty() || no.is_empty() {
        return None;
    }
    let wins: f64 = yes
        .iter()
        .flat_map(|y| no.iter().map(move |n| (y, n)))
        .map(|(y, n)| match y.total_cmp(n) {
            std::cmp::Ordering::Greater => 1.0,
            std::cmp::Ordering::Equal => 0.5,
            std::cmp::Ordering::Less => 0.0,
        })
        .sum();
    Some(wins / (yes.len() as f64 * no.len() as f64))
}

/// The `q`-quantile (0 to 1) by the nearest-rank rule: the smallest value with at least `q` of all
/// values at or below it. `None` of nothing.
#[must_use]
pub fn quantile(values: &[f64], q: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (q.clamp(0.0, 1.0) * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied()
}

/// The middle value, or the mean of the two in the middle. `None` of nothing.
#[must_use]
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    sorted.get(sorted.len() / 2 - 1).map(|lower| f64::midpoint(*lower, upper))
}

/// A share with Wilson's score interval. With `p = successes / n` and `z = 1.96`:
///
/// `centre = (p + z²/2n) / (1 + z²/n)`, `half = z / (1 + z²/n) · √(p(1−p)/n + z²/4n²)`.
///
/// Unlike `p ± z·√(p(1−p)/n)` it stays within 0 and 1 and does not shrink to a point at the ends,
/// which matters with a dozen questions in a category. `None` of nothing.
#[must_use]
pub fn wilson(successes: usize, n: usize) -> Option<Estimate> {
    if n == 0 {
        return None;
    }
    let count = n as f64;
    let p = successes.min(n) as f64 / count;
    let scale = 1.0 + Z * Z / count;
    let centre = (p + Z * Z / (2.0 * count)) / scale;
    let half = Z / scale * (p * (1.0 - p) / count + Z * Z / (4.0 * count * count)).sqrt();
    Some(Estimate { value: p, low: (centre - half).clamp(0.0, p), high: (centre + half).clamp(p, 1.0), n })
}

/// A mean with its percentile-bootstrap interval: the 2.5 % and 97.5 % quantiles of the means of
/// 2,000 resamples, drawn with replacement by a generator that always starts alike. `None` of
/// nothing.
#[must_use]
pub fn mean(values: &[f64]) -> Option<Estimate> {
    if values.is_empty() {
        return None;
    }
    let average = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let mut random = Random::default();
    let means: Vec<f64> = (0..RESAMPLES).map(|_| average(&random.resample(values))).collect();
    Some(between(average(values), &means, values.len()))
}

/// [`roc_auc`] with its percentile-bootstrap interval, both groups resampled. `None` if either is
/// empty.
#[must_use]
pub fn auc(yes: &[f64], no: &[f64]) -> Option<Estimate> {
    let value = roc_auc(yes, no)?;
    let mut random = Random::default();
    let areas: Vec<f64> = (0..RESAMPLES).filter_map(|_| roc_auc(&random.resample(yes), &random.resample(no))).collect();
    Some(between(value, &areas, yes.len() + no.len()))
}

/// The interval that the middle 95 % of `resampled` span, around `value`.
fn between(value: f64, resampled: &[f64], n: usize) -> Estimate {
    let end = |q| quantile(resampled, q).unwrap_or(value);
    Estimate { value, low: end(0.025).min(value), high: end(0.975).max(value), n }
}

/// SplitMix64 (Steele, Lea, Flood 2014): enough for resampling, the same on every machine, and not
/// worth a dependency.
#[derive(Debug)]
struct Random(u64);

impl Default for Random {
    fn default() -> Self {
        Self(0x6b61_692d_6576_616c)
    }
}

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// As many values as there are, each drawn from all of them.
    fn resample(&mut self, values: &[f64]) -> Vec<f64> {
        let len = values.len() as u64;
        values.iter().filter_map(|_| values.get((self.next() % len) as usize).copied()).collect()
    }
}
