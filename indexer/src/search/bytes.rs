//! Vectors in bytes: half the room of `f32`, and a quarter of what every search has to read.
//!
//! A vector is scaled by its own largest element. One byte of each element says where it lies to
//! half a 127th of that, and is read by every search; errors of elements mostly cancel each other out
//! in a product. A second byte, 256 times as fine, is read for the highest products alone: those are
//! as good as products of `f32`. A question keeps 16 bits, or as many as sums of 32 bits have room
//! for. Plain loops, compiled for each instruction set.

use pulp::{Arch, Simd, WithSimd};

use super::highest::highest;

/// The largest byte on either side of 0.
const MOST: f32 = 127.0;
/// How many steps of the second byte make one of the first.
const PARTS: f32 = 256.0;
/// So many products are made from both bytes.
const FINE: usize = 1024;

/// Vectors of one width, one after the other.
#[derive(Debug)]
pub(super) struct ByteVectors {
    arch: Arch,
    width: usize,
    first: Vec<i8>,
    second: Vec<i8>,
    /// For each vector, what one step of its first bytes is worth.
    steps: Vec<f32>,
}

impl ByteVectors {
    pub(super) fn new(width: usize) -> Self {
        Self { arch: Arch::new(), width, first: Vec::new(), second: Vec::new(), steps: Vec::new() }
    }

    /// Adds one. A vector that holds anything but finite numbers is kept as one of zeros.
    ///
    /// # Panics
    /// If it is of another width.
    pub(super) fn push(&mut self, vector: &[f32]) {
        assert_eq!(vector.len(), self.width, "the width of a vector");
        let start = self.first.len();
        self.first.resize(start + self.width, 0);
        self.second.resize(start + self.width, 0);
        let (first, second) = (&mut self.first[start..], &mut self.second[start..]);
        self.steps.push(self.arch.dispatch(ToBytes { vector, first, second }));
    }

    /// Gives back the room that was taken in advance.
    pub(super) fn shrink(&mut self) {
        self.first.shrink_to_fit();
        self.second.shrink_to_fit();
        self.steps.shrink_to_fit();
    }

    /// The product of each vector with a question's; nothing where that is of another width.
    pub(super) fn products(&self, question: &[f32]) -> Vec<f32> {
        if question.len() != self.width || self.width == 0 {
            return Vec::new();
        }
        let (question, step) = whole(question);
        let mut products = vec![0.0; self.steps.len()];
        self.arch.dispatch(Coarse { vectors: self, question: &question, step, products: &mut products });
        let places = highest(&products, f32::NEG_INFINITY, FINE);
        self.arch.dispatch(Fine { vectors: self, question: &question, step, places: &places, products: &mut products });
        products
    }
}

/// A question's vector in whole numbers, and what one of their steps is worth: as fine as can be without
/// a sum of products with bytes ever leaving 32 bits.
fn whole(question: &[f32]) -> (Vec<i16>, f32) {
    let room = i32::MAX / 128 / i32::try_from(question.len()).unwrap_or(i32::MAX);
    let most = room.min(i32::from(i16::MAX)) as f32;
    let largest = largest(question);
    if largest == 0.0 || most < 1.0 {
        return (vec![0; question.len()], 0.0);
    }
    let step = f64::from(largest) / f64::from(most);
    let whole = |value: &f32| (f64::from(*value) / step).round_ties_even() as i16;
    (question.iter().map(whole).collect(), step as f32)
}

/// The largest distance from 0; 0 where there is none, or one that is not finite.
#[inline(always)]
fn largest(vector: &[f32]) -> f32 {
    // The bits of numbers without a sign are ordered as the numbers are, with infinity and NaN on top.
    let bits = vector.iter().map(|value| value.to_bits() & 0x7FFF_FFFF).fold(0, u32::max);
    let largest = f32::from_bits(bits);
    if largest.is_finite() { largest } else { 0.0 }
}

#[inline(always)]
fn product(bytes: &[i8], question: &[i16]) -> f32 {
    bytes.iter().zip(question).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum::<i32>() as f32
}

struct ToBytes<'a> {
    vector: &'a [f32],
    first: &'a mut [i8],
    second: &'a mut [i8],
}

impl WithSimd for ToBytes<'_> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f32 {
        let step = largest(self.vector) / MOST;
        // So near to 0 a step is no number to divide by.
        if step < f32::MIN_POSITIVE {
            return 0.0;
        }
        for ((first, second), value) in self.first.iter_mut().zip(self.second).zip(self.vector) {
            let steps = value / step;
            let whole = steps.round_ties_even();
            *first = whole as i8;
            *second = ((steps - whole) * PARTS).round_ties_even() as i8;
        }
        step
    }
}

struct Coarse<'a> {
    vectors: &'a ByteVectors,
    question: &'a [i16],
    step: f32,
    products: &'a mut [f32],
}

impl WithSimd for Coarse<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let rows = self.vectors.first.chunks_exact(self.question.len());
        for ((out, step), row) in self.products.iter_mut().zip(&self.vectors.steps).zip(rows) {
            *out = product(row, self.question) * (step * self.step);
        }
    }
}

struct Fine<'a> {
    vectors: &'a ByteVectors,
    question: &'a [i16],
    step: f32,
    places: &'a [usize],
    products: &'a mut [f32],
}

impl WithSimd for Fine<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let width = self.question.len();
        for &at in self.places {
            let row = at * width..(at + 1) * width;
            let first = product(&self.vectors.first[row.clone()], self.question);
            let second = product(&self.vectors.second[row], self.question);
            self.products[at] = (first + second / PARTS) * (self.vectors.steps[at] * self.step);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use proptest::prelude::*;
    use proptest::test_runner::TestCaseError;

    use super::*;

    fn of(vectors: &[Vec<f32>], width: usize) -> ByteVectors {
        let mut bytes = ByteVectors::new(width);
        vectors.iter().for_each(|vector| bytes.push(vector));
        bytes
    }

    fn vectors(widths: Range<usize>, counts: Range<usize>) -> impl Strategy<Value = (Vec<Vec<f32>>, Vec<f32>)> {
        (widths, counts).prop_flat_map(|(width, count)| {
            let vector = || prop::collection::vec(-1.0_f32..1.0, width);
            (prop::collection::vec(vector(), count), vector())
        })
    }

    /// That a product is right when each element is off by at most that part of a step.
    fn near(product: f32, vector: &[f32], question: &[f32], part: f64) -> Result<(), TestCaseError> {
        let size = |vector: &[f32]| vector.iter().map(|x| f64::from(x.abs())).sum::<f64>();
        let want: f64 = vector.iter().zip(question).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
        let (mine, theirs) = (f64::from(largest(vector)) / 127.0 * part, f64::from(largest(question)) / 32_767.0 / 2.0);
        let bound = mine * size(question) + theirs * (size(vector) + mine * question.len() as f64);
        // And what `f32` itself is off by.
        let bound = bound * 1.001 + size(vector) * f64::from(largest(question)) * 1e-6 + f64::from(f32::MIN_POSITIVE);
        prop_assert!((f64::from(product) - want).abs() <= bound, "{product} for {want}, at most {bound}");
        Ok(())
    }

    proptest! {
        #[test]
        fn products_of_both_bytes_are_off_by_a_512th_of_a_step(
            (vectors, question) in vectors(1..500, 0..5),
            size in -30_i32..30,
        ) {
            let vectors: Vec<_> = vectors.iter().map(|v| v.iter().map(|x| x * 2.0_f32.powi(size)).collect()).collect();
            let products = of(&vectors, question.len()).products(&question);
            prop_assert_eq!(products.len(), vectors.len());
            for (product, vector) in products.iter().zip(&vectors) {
                // A 256th at the very ends, where the second byte has no 128.
                near(*product, vector, &question, 1.0 / 256.0)?;
            }
        }

        #[test]
        fn other_products_are_off_by_half_a_step((vectors, question) in vectors(1..4, FINE..2 * FINE)) {
            let products = of(&vectors, question.len()).products(&question);
            for (product, vector) in products.iter().zip(&vectors) {
                near(*product, vector, &question, 1.0 / 2.0)?;
            }
        }

        #[test]
        fn any_numbers_give_finite_products(vector in prop::collection::vec(any::<f32>(), 1..40), by in -1.0_f32..1.0) {
            let question = vec![by; vector.len()];
            let products = of(std::slice::from_ref(&vector), vector.len()).products(&question);
            let bound = vector.iter().map(|x| f64::from(x.abs())).sum::<f64>() * 1.2;
            if bound.is_finite() && bound < f64::from(f32::MAX) {
                prop_assert!(products[0].is_finite());
                prop_assert!(f64::from(products[0].abs()) <= bound + f64::from(f32::MIN_POSITIVE));
            }
            let products = of(&[question], vector.len()).products(&vector);
            prop_assert!(!products[0].is_nan());
        }
    }

    #[test]
    fn sums_of_the_largest_numbers_have_room() {
        for width in [1, 384, 1024, 4096, 100_000] {
            let ones = vec![1.0; width];
            let product = of(&[ones.clone(), ones.iter().map(|one: &f32| -one).collect()], width).products(&ones);
            let off = |product: f32| (product.abs() / width as f32 - 1.0).abs();
            assert!(off(product[0]) < 1e-5 && off(product[1]) < 1e-5, "{product:?} of {width}");
            assert!(product[0] > 0.0 && product[1] < 0.0);
        }
    }

    #[test]
    fn what_is_no_vector_is_far_from_everything() {
        let zeros = vec![0.0; 3];
        for other in [zeros.clone(), vec![f32::NAN, 1.0, 0.0], vec![1.0, f32::INFINITY, 0.0], vec![1e-45; 3]] {
            assert_eq!(of(std::slice::from_ref(&other), 3).products(&[1.0, 0.0, 0.0]), [0.0], "{other:?}");
        }
        for question in [zeros, vec![f32::NAN, 1.0, 0.0], vec![f32::NEG_INFINITY, 0.0, 0.0]] {
            assert_eq!(of(&[vec![1.0, 2.0, 3.0]], 3).products(&question), [0.0], "{question:?}");
        }
    }

    #[test]
    fn another_width_and_nothing_at_all_give_no_products() {
        assert!(of(&[vec![1.0, 0.0]], 2).products(&[1.0]).is_empty());
        assert!(of(&[], 2).products(&[1.0, 0.0]).is_empty());
        assert!(of(&[vec![]], 0).products(&[]).is_empty());
    }
}
