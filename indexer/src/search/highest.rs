//! The highest of many numbers, without sorting the others.

/// The places of the highest numbers above `bar`, at most so many, best first; of equal ones the first.
pub(super) fn highest(numbers: &[f32], mut bar: f32, most: usize) -> Vec<usize> {
    let order = |a: &usize, b: &usize| numbers[*b].total_cmp(&numbers[*a]).then(a.cmp(b));
    let mut places: Vec<usize> = Vec::with_capacity(2 * most);
    for (at, &number) in numbers.iter().enumerate() {
        if number > bar {
            places.push(at);
            if places.len() == 2 * most {
                let (_, last, _) = places.select_nth_unstable_by(most - 1, order);
                // What comes later must be better than this: there are enough that are no worse.
                bar = numbers[*last];
                places.truncate(most);
            }
        }
    }
    places.sort_unstable_by(order);
    places.truncate(most);
    places
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::highest;

    proptest! {
        #[test]
        fn the_highest_are_the_first_of_all_sorted(
            numbers in prop::collection::vec(prop_oneof![3 => -1.0_f32..1.0, 1 => Just(0.5), 1 => any::<f32>()], 0..300),
            bar in prop_oneof![Just(0.0_f32), Just(f32::NEG_INFINITY)],
            most in 1_usize..40,
        ) {
            let mut all: Vec<usize> = (0..numbers.len()).filter(|&at| numbers[at] > bar).collect();
            all.sort_by(|&a, &b| numbers[b].total_cmp(&numbers[a]));
            all.truncate(most);
            prop_assert_eq!(highest(&numbers, bar, most), all);
        }
    }
}
