//! Matrix products: in `f32` through `gemm`, or in bytes where the model was quantised.
//!
//! The only place that calls `gemm`. Bias and activation are the caller's.

use gemm::Parallelism;
use pulp::Arch;

use super::int8::{Bytes, Matrix};
use super::kernels;

/// Up to so many rows, `gemm` would spend longer on rearranging the weights than on the product.
const FEW: usize = 24;

/// A matrix within a slice: the first element, and how far apart rows and columns lie.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) values: &'a [f32],
    pub(super) row: usize,
    pub(super) column: usize,
}

/// Where a product goes: rows of contiguous columns, `stride` apart.
#[derive(Debug)]
pub(super) struct Target<'a> {
    pub(super) values: &'a mut [f32],
    pub(super) stride: usize,
}

/// The end of a matrix of `rows` by `columns` within its slice.
fn extent(rows: usize, columns: usize, row: usize, column: usize) -> usize {
    if rows == 0 || columns == 0 { 0 } else { (rows - 1) * row + (columns - 1) * column + 1 }
}

/// `target = left * right`, with `shape` the rows of `left`, the columns of `right`, and what they share.
///
/// # Panics
/// If a matrix reaches beyond its slice.
pub(super) fn multiply(shape: [usize; 3], target: Target<'_>, left: View<'_>, right: View<'_>) {
    let [rows, columns, shared] = shape;
    assert!(extent(rows, columns, target.stride, 1) <= target.values.len(), "the product reaches beyond its slice");
    assert!(
        extent(rows, shared, left.row, left.column) <= left.values.len(),
        "the left matrix reaches beyond its slice"
    );
    assert!(
        extent(shared, columns, right.row, right.column) <= right.values.len(),
        "the right matrix reaches beyond its slice"
    );
    // SAFETY: every element of the three matrices lies within its slice, as was just asserted, and
    // the target is borrowed mutably, so it overlaps neither source. It is written, not read.
    unsafe {
        gemm::gemm(
            rows,
            columns,
            shared,
            target.values.as_mut_ptr(),
            1,
            target.stride as isize,
            false,
            left.values.as_ptr(),
            left.column as isize,
            left.row as isize,
            right.values.as_ptr(),
            right.column as isize,
            right.row as isize,
            0.0_f32,
            1.0_f32,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

/// One linear layer without its bias: weights stacked from one or more matrices of one row an output.
#[derive(Debug, Clone, Copy)]
pub(super) struct Linear<'a> {
    pub(super) parts: &'a [&'a [f32]],
    pub(super) inputs: usize,
    /// The same weights in bytes, which are then what is used.
    pub(super) bytes: Option<&'a Matrix>,
}

impl Linear<'_> {
    /// Outputs of the layer.
    pub(super) fn outputs(&self) -> usize {
        self.parts.iter().map(|part| part.len() / self.inputs).sum()
    }

    /// Fills `out` with the outputs for each row.
    pub(super) fn apply(&self, arch: Arch, rows: &[f32], out: &mut [f32], scratch: &mut Bytes) {
        if let Some(matrix) = self.bytes {
            scratch.fill(arch, rows, self.inputs);
            matrix.multiply(scratch, out);
            return;
        }
        let stride = self.outputs();
        let count = rows.len() / self.inputs;
        let mut first = 0;
        for part in self.parts {
            let outputs = part.len() / self.inputs;
            if count <= FEW {
                kernels::few_rows(arch, rows, part, self.inputs, &mut out[first..], stride);
                first += outputs;
                continue;
            }
            multiply(
                [count, outputs, self.inputs],
                Target { values: &mut out[first..], stride },
                View { values: rows, row: self.inputs, column: 1 },
                View { values: part, row: 1, column: self.inputs },
            );
            first += outputs;
        }
    }
}
