//! Matrix products with weights of one byte: unsigned activations, signed weights, 32-bit sums.
//!
//! Used where the processor has a dot-product instruction for bytes (AVX-512 VNNI); elsewhere the
//! `f32` products are taken and nothing here runs. The only file with processor intrinsics.

use pulp::Arch;

use super::kernels::{self, Scale};

/// Columns in a panel: four vectors of sixteen 32-bit sums.
const COLUMNS: usize = 64;
/// Rows taken at once: with four vectors a row, 24 of the 32 registers hold sums.
const ROWS: usize = 6;
/// Inputs that one instruction multiplies and sums.
const DEPTH: usize = 4;

/// Whether this processor can run the products below.
pub(super) fn available() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        std::arch::is_x86_feature_detected!("avx512f")
            && std::arch::is_x86_feature_detected!("avx512bw")
            && std::arch::is_x86_feature_detected!("avx512vnni")
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        false
    }
}

/// A weight matrix in bytes, one scale an output, laid out in panels of [`COLUMNS`] outputs.
#[derive(Debug)]
pub(super) struct Matrix {
    inputs: usize,
    outputs: usize,
    /// `panel[depth / 4][column][depth % 4]`, panel after panel, padded with zeros.
    panels: Vec<i8>,
    /// For each output: a weight's step, and the sum of its weights.
    steps: Vec<f32>,
    sums: Vec<i32>,
}

/// Rows of bytes made from rows of `f32`, ready to be multiplied; kept to be used again.
#[derive(Debug, Default)]
pub(super) struct Bytes {
    bytes: Vec<u8>,
    scales: Vec<Scale>,
    stride: usize,
}

impl Bytes {
    /// Fills `self` from rows of `width` floats.
    pub(super) fn fill(&mut self, arch: Arch, rows: &[f32], width: usize) {
        let count = rows.len() / width;
        self.stride = width.next_multiple_of(DEPTH);
        self.bytes.resize(count * self.stride, 0);
        self.scales.resize(count, Scale::default());
        kernels::quantise(arch, rows, width, &mut self.bytes, self.stride, &mut self.scales);
    }
}

impl Matrix {
    /// Quantises matrices of `inputs` columns, one row an output, stacked on one another.
    pub(super) fn new(arch: Arch, parts: &[&[f32]], inputs: usize) -> Matrix {
        let outputs = parts.iter().map(|part| part.len() / inputs).sum::<usize>();
        let depth = inputs.next_multiple_of(DEPTH);
        let padded = outputs.next_multiple_of(COLUMNS);
        let mut matrix = Matrix {
            inputs,
            outputs,
            panels: vec![0; padded * depth],
            steps: vec![0.0; padded],
            sums: vec![0; padded],
        };
        let mut row = vec![0_i8; depth];
        for (output, weights) in parts.iter().flat_map(|part| part.chunks_exact(inputs)).enumerate() {
            let (step, sum) = kernels::quantise_weights(arch, weights, &mut row);
            matrix.steps[output] = step;
            matrix.sums[output] = sum;
            let start = (output / COLUMNS) * COLUMNS * depth + (output % COLUMNS) * DEPTH;
            let panel = &mut matrix.panels[start..];
            for (group, values) in row.as_chunks::<DEPTH>().0.iter().enumerate() {
                panel[group * COLUMNS * DEPTH..][..DEPTH].copy_from_slice(values);
            }
        }
        matrix
    }

    /// `out = rows * weights`, one row of `outputs` floats for each row of bytes.
    ///
    /// # Panics
    /// If the shapes do not match, or where [`available`] says no.
    pub(super) fn multiply(&self, rows: &Bytes, out: &mut [f32]) {
        let count = rows.scales.len();
        assert_eq!(rows.stride, self.inputs.next_multiple_of(DEPTH), "the width of the rows");
        assert_eq!(rows.bytes.len(), count * rows.stride, "the bytes of the rows");
        assert_eq!(out.len(), count * self.outputs, "the room for the product");
        assert!(available(), "this processor has no dot products of bytes");
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the processor has the features, as was just asserted.
        unsafe {
            x86::multiply(self, rows, out);
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m512i, _mm512_add_epi32, _mm512_cvtepi32_ps, _mm512_dpbusd_epi32, _mm512_loadu_epi32, _mm512_loadu_ps,
        _mm512_mask_storeu_ps, _mm512_mul_ps, _mm512_mullo_epi32, _mm512_set1_epi32, _mm512_set1_ps,
        _mm512_setzero_si512,
    };

    use super::{Bytes, COLUMNS, DEPTH, Matrix, ROWS};

    const VECTOR: usize = 16;
    const VECTORS: usize = COLUMNS / VECTOR;

    /// Panel by panel, so that one panel stays in the nearest cache while all rows pass over it.
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    pub(super) fn multiply(matrix: &Matrix, rows: &Bytes, out: &mut [f32]) {
        let count = rows.scales.len();
        for first_column in (0..matrix.outputs).step_by(COLUMNS) {
            let mut row = 0;
            while row < count {
                let taken = match count - row {
                    1 => tile::<1>(matrix, rows, out, first_column, row),
                    2 => tile::<2>(matrix, rows, out, first_column, row),
                    3 => tile::<3>(matrix, rows, out, first_column, row),
                    4 => tile::<4>(matrix, rows, out, first_column, row),
                    5 => tile::<5>(matrix, rows, out, first_column, row),
                    _ => tile::<ROWS>(matrix, rows, out, first_column, row),
                };
                row += taken;
            }
        }
    }

    /// One panel times `N` rows from `first_row` on; says how many rows that was.
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    #[inline]
    fn tile<const N: usize>(
        matrix: &Matrix,
        rows: &Bytes,
        out: &mut [f32],
        first_column: usize,
        first_row: usize,
    ) -> usize {
        let stride = rows.stride;
        let panel = &matrix.panels[first_column * stride..][..COLUMNS * stride];
        let bytes = &rows.bytes[first_row * stride..][..N * stride];
        let mut sums = [[_mm512_setzero_si512(); VECTORS]; N];
        for (group, weights) in panel.as_chunks::<{ COLUMNS * DEPTH }>().0.iter().enumerate() {
            let mut columns = [_mm512_setzero_si512(); VECTORS];
            for (vector, column) in columns.iter_mut().enumerate() {
                // SAFETY: `weights` has 4 * 64 bytes, and `vector` is below 4.
                *column = unsafe { _mm512_loadu_epi32(weights.as_ptr().add(vector * 64).cast()) };
            }
            for (row, sums) in sums.iter_mut().enumerate() {
                // SAFETY: `bytes` holds N rows of `stride` bytes, a multiple of 4, and there are
                // `stride / 4` groups.
                let four = unsafe { bytes.as_ptr().add(row * stride + group * DEPTH).cast::<i32>().read_unaligned() };
                let four = _mm512_set1_epi32(four);
                for (sum, column) in sums.iter_mut().zip(columns) {
                    *sum = _mm512_dpbusd_epi32(*sum, four, column);
                }
            }
        }
        let width = (matrix.outputs - first_column).min(COLUMNS);
        for (row, sums) in sums.iter().enumerate() {
            let scale = rows.scales[first_row + row];
            let start = (first_row + row) * matrix.outputs + first_column;
            let out = &mut out[start..][..width];
            store(matrix, sums, scale.step, scale.zero, first_column, out);
        }
        N
    }

    /// Takes the zero point's share off the sums and brings them back to `f32`.
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    #[inline]
    fn store(matrix: &Matrix, sums: &[__m512i; VECTORS], step: f32, zero: i32, first_column: usize, out: &mut [f32]) {
        let steps = &matrix.steps[first_column..][..COLUMNS];
        let totals = &matrix.sums[first_column..][..COLUMNS];
        for (vector, sum) in sums.iter().enumerate() {
            let at = vector * VECTOR;
            if at >= out.len() {
                break;
            }
            let kept = (out.len() - at).min(VECTOR);
            let mask = (((1_u32 << kept) - 1) & 0xFFFF) as u16;
            // SAFETY: `steps` and `totals` have 64 elements and `at` is at most 48; the mask keeps
            // the store within `out`.
            unsafe {
                let total = _mm512_loadu_epi32(totals.as_ptr().add(at));
                let sum = _mm512_add_epi32(*sum, _mm512_mullo_epi32(total, _mm512_set1_epi32(-zero)));
                let factor = _mm512_mul_ps(_mm512_loadu_ps(steps.as_ptr().add(at)), _mm512_set1_ps(step));
                let value = _mm512_mul_ps(_mm512_cvtepi32_ps(sum), factor);
                _mm512_mask_storeu_ps(out.as_mut_ptr().add(at), mask, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same product, one number at a time, from the same bytes.
    fn naive(matrix: &Matrix, rows: &Bytes) -> Vec<f32> {
        let depth = rows.stride;
        let mut out = Vec::new();
        for (row, scale) in rows.bytes.chunks(depth).zip(&rows.scales) {
            for output in 0..matrix.outputs {
                let panel = &matrix.panels[(output / COLUMNS) * COLUMNS * depth..];
                let mut sum = 0_i64;
                for (at, byte) in row.iter().enumerate() {
                    let weight = panel[at / DEPTH * COLUMNS * DEPTH + (output % COLUMNS) * DEPTH + at % DEPTH];
                    sum += (i64::from(*byte) - i64::from(scale.zero)) * i64::from(weight);
                }
                out.push(sum as f32 * (matrix.steps[output] * scale.step));
            }
        }
        out
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn products_of_bytes_are_exact_and_near_those_of_floats(
            (inputs, outputs, count) in (1_usize..80, 1_usize..150, 1_usize..16),
            seed in any::<u64>(),
        ) {
            prop_assume!(available());
            let mut state = seed | 1;
            let mut next = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
            };
            let weights: Vec<f32> = (0..inputs * outputs).map(|_| next()).collect();
            let rows: Vec<f32> = (0..inputs * count).map(|_| next() * 3.0 + 0.5).collect();
            let arch = Arch::new();
            let matrix = Matrix::new(arch, &[&weights], inputs);
            let mut bytes = Bytes::default();
            bytes.fill(arch, &rows, inputs);
            let mut out = vec![0.0; outputs * count];
            matrix.multiply(&bytes, &mut out);
            for (got, want) in out.iter().zip(naive(&matrix, &bytes)) {
                prop_assert!((got - want).abs() <= 1e-5 * want.abs().max(1.0), "{got} for {want}");
            }
            for (at, got) in out.iter().enumerate() {
                let (row, column) = (&rows[at / outputs * inputs..][..inputs], &weights[at % outputs * inputs..][..inputs]);
                let want: f64 = row.iter().zip(column).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
                // Half a step on either side of each factor.
                let bound = inputs as f64 * (3.5 * 0.5 / 127.0 + 0.5 * 7.1 / 255.0 + 0.001);
                prop_assert!((f64::from(*got) - want).abs() <= bound, "{got} for {want}");
            }
        }
    }
}
