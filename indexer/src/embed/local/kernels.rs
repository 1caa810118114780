//! The element-wise steps of the encoder, compiled once for each instruction set and chosen when run.
//!
//! Plain loops in a form that the compiler turns into vectors: sixteen independent sums for every
//! reduction, no branches in loop bodies. Matrix products live elsewhere; nothing here allocates.

use std::marker::PhantomData;

use pulp::{Arch, Simd, WithSimd};

/// Makes a function whose body is compiled for each instruction set; it takes the [`Arch`] first.
///
/// The body sits in a trait method that is always inlined. In a closure it would not do: large ones
/// are compiled on their own, for the oldest processor.
macro_rules! vectorised {
    ($(#[$doc:meta])* fn $name:ident<$life:lifetime>($($arg:ident: $kind:ty),*) -> $out:ty $body:block) => {
        $(#[$doc])*
        pub(super) fn $name<$life>(arch: Arch, $($arg: $kind),*) -> $out {
            struct Call<$life> {
                $($arg: $kind,)*
                life: PhantomData<&$life ()>,
            }
            impl<$life> WithSimd for Call<$life> {
                type Output = $out;

                #[inline(always)]
                fn with_simd<S: Simd>(self, _: S) -> $out {
                    let Call { $($arg,)* life: _ } = self;
                    $body
                }
            }
            arch.dispatch(Call { $($arg,)* life: PhantomData })
        }
    };
}

/// Sums kept side by side, so that a reduction has no chain from one element to the next.
const LANES: usize = 16;

#[inline(always)]
fn fold(values: &[f32], start: f32, step: impl Fn(f32, f32) -> f32, join: impl Fn(f32, f32) -> f32) -> f32 {
    let mut sums = [start; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for lane in 0..LANES {
            sums[lane] = step(sums[lane], chunk[lane]);
        }
    }
    for (sum, value) in sums.iter_mut().zip(rest) {
        *sum = step(*sum, *value);
    }
    let mut width = LANES;
    while width > 1 {
        width /= 2;
        for lane in 0..width {
            sums[lane] = join(sums[lane], sums[lane + width]);
        }
    }
    sums[0]
}

#[inline(always)]
fn add(a: f32, b: f32) -> f32 {
    a + b
}

#[inline(always)]
fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

#[inline(always)]
fn smaller(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

/// Adding it leaves a small number's nearest integer in the low bits of the mantissa.
const ROUND: f32 = 12_582_912.0;

/// e to the x, to about two units in the last place, for x of at most 88; below -80 it is e^-80.
#[inline(always)]
fn exp(x: f32) -> f32 {
    // ln 2 in two parts, the first short enough that its multiples are exact.
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    let x = larger(x, -80.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let whole = shifted - ROUND;
    let rest = (x - whole * LN2_HIGH) - whole * LN2_LOW;
    // The Taylor series: |rest| is below 0.35, where its next term is about 1e-7.
    let mut power = 1.0 / 720.0;
    power = power * rest + 1.0 / 120.0;
    power = power * rest + 1.0 / 24.0;
    power = power * rest + 1.0 / 6.0;
    power = power * rest + 0.5;
    power = power * rest + 1.0;
    power = power * rest + 1.0;
    // The whole part goes into the exponent; the bits of ROUND itself fall off the top.
    f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3F80_0000)) * power
}

/// x times the normal distribution's integral up to x (Hendrycks and Gimpel 2016), by formula
/// 7.1.26 of Abramowitz and Stegun for erf, which is right to 1.5e-7.
#[inline(always)]
fn gelu_one(x: f32) -> f32 {
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let mut series = 1.061_405_4;
    series = series * t - 1.453_152;
    series = series * t + 1.421_413_7;
    series = series * t - 0.284_496_74;
    series = series * t + 0.254_829_6;
    let tail = 0.5 * series * t * exp(-(z * z)) * x;
    if x < 0.0 { tail } else { x - tail }
}

vectorised! {
    /// Adds the bias to each row, then applies GELU.
    fn gelu<'a>(rows: &'a mut [f32], bias: &'a [f32]) -> () {
        for row in rows.chunks_exact_mut(bias.len()) {
        for (value, bias) in row.iter_mut().zip(bias) {
            *value = gelu_one(*value + *bias);
        }
        }
    }
}

vectorised! {
    /// Adds the bias to each row.
    fn add_bias<'a>(rows: &'a mut [f32], bias: &'a [f32]) -> () {
        for row in rows.chunks_exact_mut(bias.len()) {
        for (value, bias) in row.iter_mut().zip(bias) {
            *value += *bias;
        }
        }
    }
}

#[inline(always)]
fn normalise_row(row: &mut [f32], scale: &[f32], shift: &[f32], epsilon: f32) {
    let width = row.len() as f32;
    let mean = fold(row, 0.0, add, add) / width;
    let variance = fold(row, 0.0, |sum, value| sum + (value - mean) * (value - mean), add) / width;
    let factor = 1.0 / (variance + epsilon).sqrt();
    for ((value, scale), shift) in row.iter_mut().zip(scale).zip(shift) {
        *value = (*value - mean) * factor * *scale + *shift;
    }
}

vectorised! {
    /// Normalises each row to mean 0 and variance 1, then scales and shifts it.
    fn layer_norm<'a>(rows: &'a mut [f32], norm: (&'a [f32], &'a [f32]), epsilon: f32) -> () {
        for row in rows.chunks_exact_mut(norm.0.len()) {
        normalise_row(row, norm.0, norm.1, epsilon);
        }
    }
}

vectorised! {
    /// `rows = layer_norm(rows + change + bias)`.
    fn residual_norm<'a>(rows: &'a mut [f32], change: &'a [f32], bias: &'a [f32], norm: (&'a [f32], &'a [f32]), epsilon: f32) -> () {
        let width = norm.0.len();
        for (row, change) in rows.chunks_exact_mut(width).zip(change.chunks_exact(width)) {
        for ((value, change), bias) in row.iter_mut().zip(change).zip(bias) {
            *value += *change + *bias;
        }
        normalise_row(row, norm.0, norm.1, epsilon);
        }
    }
}

vectorised! {
    /// Softmax of `scale` times each row, in place.
    fn softmax<'a>(rows: &'a mut [f32], width: usize, scale: f32) -> () {
        for row in rows.chunks_exact_mut(width) {
        let most = fold(row, f32::NEG_INFINITY, larger, larger);
        for value in row.iter_mut() {
            *value = exp((*value - most) * scale);
        }
        let factor = 1.0 / fold(row, 0.0, add, add);
        for value in row.iter_mut() {
            *value *= factor;
        }
        }
    }
}

vectorised! {
    /// The mean of the rows, scaled to unit length.
    fn mean_unit<'a>(rows: &'a [f32], width: usize) -> Vec<f32> {
        let mut mean = vec![0.0; width];
        for row in rows.chunks_exact(width) {
        for (sum, value) in mean.iter_mut().zip(row) {
            *sum += *value;
        }
        }
        let length = fold(&mean, 0.0, |sum, value| sum + value * value, add).sqrt();
        // A vector of zeros stays one rather than becoming NaN.
        let factor = 1.0 / larger(length, f32::MIN_POSITIVE);
        for value in &mut mean {
        *value *= factor;
        }
        mean
    }
}

vectorised! {
    /// `out = rows * weights` for a handful of rows, one row of `weights` an output, rows of `out`
    /// `stride` apart. Reads the weights once, where they lie; with few rows that is all the cost.
    fn few_rows<'a>(rows: &'a [f32], weights: &'a [f32], width: usize, out: &'a mut [f32], stride: usize) -> () {
        const TOGETHER: usize = 4;
        for (output, weights) in weights.chunks_exact(width).enumerate() {
            let (lanes, tail) = weights.as_chunks::<LANES>();
            for (group, rows) in rows.chunks(TOGETHER * width).enumerate() {
                let mut sums = [[0.0; LANES]; TOGETHER];
                for (row, sums) in rows.chunks_exact(width).zip(&mut sums) {
                    let (chunks, rest) = row.as_chunks::<LANES>();
                    for (chunk, weights) in chunks.iter().zip(lanes) {
                        for lane in 0..LANES {
                            sums[lane] += chunk[lane] * weights[lane];
                        }
                    }
                    for ((sum, value), weight) in sums.iter_mut().zip(rest).zip(tail) {
                        *sum += value * weight;
                    }
                }
                let count = rows.len() / width;
                for (row, sums) in sums.iter().take(count).enumerate() {
                    out[(group * TOGETHER + row) * stride + output] = fold(sums, 0.0, add, add);
                }
            }
        }
    }
}

/// How a row of `f32` was turned into bytes: `value = (byte - zero) * step`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Scale {
    pub(super) step: f32,
    pub(super) zero: i32,
}

vectorised! {
    /// Turns each row into unsigned bytes over the row's own range, which always includes 0.
    /// `bytes` has `stride` bytes a row, at least `width`; what is beyond `width` is not touched.
    fn quantise<'a>(rows: &'a [f32], width: usize, bytes: &'a mut [u8], stride: usize, scales: &'a mut [Scale]) -> () {
        for ((row, out), scale) in rows.chunks_exact(width).zip(bytes.chunks_exact_mut(stride)).zip(scales) {
        let low = fold(row, 0.0, smaller, smaller);
        let high = fold(row, 0.0, larger, larger);
        let step = larger((high - low) / 255.0, f32::MIN_POSITIVE);
        let inverse = 1.0 / step;
        let zero = (-low * inverse + 0.5).floor();
        for (byte, value) in out.iter_mut().zip(row) {
            let level = smaller(larger(*value * inverse + zero, 0.0), 255.0);
            *byte = (level + ROUND).to_bits() as u8;
        }
        *scale = Scale { step, zero: zero as i32 };
        }
    }
}

vectorised! {
    /// Turns one output's weights into signed bytes about 0; gives a weight's step and the bytes' sum.
    /// `bytes` is at least as long as `weights`.
    fn quantise_weights<'a>(weights: &'a [f32], bytes: &'a mut [i8]) -> (f32, i32) {
        let most = fold(weights, 0.0, |most, weight| larger(most, weight.abs()), larger);
        let step = larger(most / 127.0, f32::MIN_POSITIVE);
        let inverse = 1.0 / step;
        let mut sum = 0;
        for (byte, weight) in bytes.iter_mut().zip(weights) {
        let level = (*weight * inverse + ROUND).to_bits() as u8 as i8;
        *byte = level;
        sum += i32::from(level);
        }
        (step, sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_and_gelu_are_right_to_a_millionth() {
        for step in -80_000..=80_000 {
            let x = step as f32 / 1000.0;
            let want = f64::from(x).exp();
            let error = (f64::from(exp(x)) - want).abs() / want;
            assert!(error < 1e-6, "exp({x}) is off by {error}");
        }
        for step in -8_000..=8_000 {
            let x = f64::from(step) / 1000.0;
            let want = x * normal_integral(x);
            let error = (f64::from(gelu_one(x as f32)) - want).abs();
            assert!(error < 1e-6 * x.abs().max(1.0), "gelu({x}) is off by {error}");
        }
    }

    /// The normal distribution's integral by its Taylor series about 0, in `f64`.
    fn normal_integral(x: f64) -> f64 {
        let (mut term, mut sum) = (x, x);
        for n in 1..200 {
            term *= x * x / f64::from(2 * n + 1);
            sum += term;
        }
        0.5 + sum * (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt()
    }
}
