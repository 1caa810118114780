//! Formulas: hand-computed examples, and what must hold of any input.

use kai_evals::metrics::{auc, hit_at, mean, median, ndcg_at, quantile, reciprocal_rank_at, roc_auc, wilson};
use proptest::prelude::*;

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9
}

#[test]
fn a_hit_counts_only_within_the_cut() {
    let right = [false, false, true];
    assert!(!hit_at(&right, 2));
    assert!(hit_at(&right, 3));
    assert!(!hit_at(&[], 5));
}

#[test]
fn reciprocal_rank_is_one_over_the_first_right_place() {
    assert!(close(reciprocal_rank_at(&[false, true, true], 10), 0.5));
    assert!(close(reciprocal_rank_at(&[false, true], 1), 0.0));
    assert!(close(reciprocal_rank_at(&[true], 10), 1.0));
}

#[test]
fn ndcg_of_two_right_pages_at_first_and_third_place() {
    // DCG = 1/log2(2) + 1/log2(4) = 1.5; best = 1/log2(2) + 1/log2(3) = 1.630929753571457
    assert!(close(ndcg_at(&[true, false, true], 2, 10), 1.5 / 1.630_929_753_571_457));
    // Alone at second place: 1/log2(3).
    assert!(close(ndcg_at(&[false, true], 1, 10), 0.630_929_753_571_457_4));
    // A right page that was never ranked still costs.
    assert!(close(ndcg_at(&[true], 2, 10), 1.0 / 1.630_929_753_571_457));
}

#[test]
fn ndcg_needs_no_more_than_the_cut_can_show() {
    assert!(close(ndcg_at(&[true, true], 7, 2), 1.0));
    assert!(close(ndcg_at(&[true], 0, 0), 0.0));
    assert!(close(ndcg_at(&[], 3, 10), 0.0));
}

#[test]
fn auc_counts_pairs_and_halves_ties() {
    // Of six pairs: 0.9 wins three; 0.4 wins one, ties one, loses one: 4.5 / 6.
    assert_eq!(roc_auc(&[0.9, 0.4], &[0.1, 0.4, 0.6]), Some(0.75));
    assert_eq!(roc_auc(&[1.0], &[0.0]), Some(1.0));
    assert_eq!(roc_auc(&[], &[0.0]), None);
}

#[test]
fn quantiles_are_values_that_were_there() {
    let values = [40.0, 10.0, 30.0, 20.0];
    assert_eq!(quantile(&values, 0.5), Some(20.0));
    assert_eq!(quantile(&values, 0.95), Some(40.0));
    assert_eq!(quantile(&values, 0.0), Some(10.0));
    assert_eq!(quantile(&[], 0.5), None);
    assert_eq!(median(&values), Some(25.0));
    assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
    assert_eq!(median(&[]), None);
}

#[test]
fn wilson_matches_a_published_example() {
    // Newcombe 1998, table I, method 3: 81/263 and 15/148.
    let share = wilson(81, 263).expect("not empty");
    assert!((share.low - 0.2553).abs() < 5e-4 && (share.high - 0.3662).abs() < 5e-4, "{share:?}");
    let share = wilson(15, 148).expect("not empty");
    assert!((share.low - 0.0624).abs() < 5e-4 && (share.high - 0.1605).abs() < 5e-4, "{share:?}");
    assert!(wilson(0, 0).is_none());
}

#[test]
fn wilson_stays_honest_at_the_ends() {
    let none = wilson(0, 10).expect("not empty");
    assert!(close(none.low, 0.0) && none.high > 0.2);
    let all = wilson(10, 10).expect("not empty");
    assert!(close(all.high, 1.0) && all.low < 0.8);
}

#[test]
fn the_same_values_give_the_same_interval() {
    let values: Vec<f64> = (0..40).map(|at| f64::from(at % 3)).collect();
    assert_eq!(mean(&values), mean(&values));
    assert_eq!(mean(&[2.0, 2.0]).map(|e| (e.low, e.value, e.high)), Some((2.0, 2.0, 2.0)));
    assert!(mean(&[]).is_none());
}

#[test]
fn the_bootstrap_is_about_as_wide_as_the_normal_interval() {
    // 50 zeros and 50 ones: the standard error is 0.05, so the interval is about 0.4 to 0.6.
    let values: Vec<f64> = (0..100).map(|at| f64::from(at % 2)).collect();
    let estimate = mean(&values).expect("not empty");
    assert!((estimate.low - 0.402).abs() < 0.02 && (estimate.high - 0.598).abs() < 0.02, "{estimate:?}");
}

proptest! {
    #[test]
    fn ranking_measures_lie_between_0_and_1(right in prop::collection::vec(any::<bool>(), 0..30), all in 0usize..40, k in 0usize..20) {
        for value in [ndcg_at(&right, all, k), reciprocal_rank_at(&right, k)] {
            prop_assert!((0.0..=1.0 + 1e-12).contains(&value), "{value}");
        }
    }

    #[test]
    fn a_deeper_cut_never_loses_a_hit(right in prop::collection::vec(any::<bool>(), 0..30), k in 0usize..20) {
        prop_assert!(!hit_at(&right, k) || hit_at(&right, k + 1));
        prop_assert!(reciprocal_rank_at(&right, k) <= reciprocal_rank_at(&right, k + 1));
        prop_assert_eq!(hit_at(&right, k), reciprocal_rank_at(&right, k) > 0.0);
    }

    #[test]
    fn moving_a_right_page_up_never_hurts(mut right in prop::collection::vec(any::<bool>(), 2..20), at in any::<prop::sample::Index>(), all in 0usize..20) {
        let at = 1 + at.index(right.len() - 1);
        (right[at - 1], right[at]) = (false, true);
        let mut better = right.clone();
        better.swap(at, at - 1);
        prop_assert!(ndcg_at(&better, all, 10) >= ndcg_at(&right, all, 10) - 1e-12);
        prop_assert!(reciprocal_rank_at(&better, 10) >= reciprocal_rank_at(&right, 10));
    }

    #[test]
    fn the_best_order_is_worth_1(all in 1usize..15, k in 1usize..15) {
        prop_assert!(close(ndcg_at(&vec![true; all], all, k), 1.0));
    }

    #[test]
    fn auc_turned_round_is_one_minus_auc(yes in prop::collection::vec(-5i8..5, 1..20), no in prop::collection::vec(-5i8..5, 1..20)) {
        let (yes, no): (Vec<f64>, Vec<f64>) = (yes.into_iter().map(f64::from).collect(), no.into_iter().map(f64::from).collect());
        let area = roc_auc(&yes, &no).expect("both groups have members");
        prop_assert!((0.0..=1.0).contains(&area));
        prop_assert!(close(area + roc_auc(&no, &yes).expect("both groups have members"), 1.0));
        let louder: Vec<f64> = yes.iter().map(|y| y + 1.0).collect();
        prop_assert!(roc_auc(&louder, &no).expect("both groups have members") >= area);
        let around = auc(&yes, &no).expect("both groups have members");
        prop_assert!(around.low <= area && area <= around.high);
    }

    #[test]
    fn wilson_brackets_the_share(n in 1usize..500, part in 0usize..500) {
        let share = wilson(part.min(n), n).expect("not empty");
        prop_assert!(0.0 <= share.low && share.low <= share.value && share.value <= share.high && share.high <= 1.0);
        let tenfold = wilson(part.min(n) * 10, n * 10).expect("not empty");
        prop_assert!(tenfold.high - tenfold.low < share.high - share.low);
    }

    #[test]
    fn quantiles_grow_with_their_share(values in prop::collection::vec(-1e6..1e6f64, 1..50), a in 0.0..1.0f64, b in 0.0..1.0f64) {
        let (low, high) = (a.min(b), a.max(b));
        prop_assert!(quantile(&values, low) <= quantile(&values, high));
        prop_assert!(values.contains(&quantile(&values, a).expect("not empty")));
    }
}
