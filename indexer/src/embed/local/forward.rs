//! The encoder's forward pass over a packed batch: texts of any length one after the other, no padding.
//!
//! Everything but attention treats the batch as one matrix of tokens. Knows ids and weights, not text.

use pulp::Arch;

use super::config::Config;
use super::int8::{Bytes, Matrix};
use super::kernels;
use super::linear::{Linear, Target, View, multiply};
use super::weights::{Layer, Weights};

/// Tokens whose feed-forward middle is held at once: few enough that it stays in the cache, enough
/// to spread the cost of walking over the weights. Products in `f32` copy their weights every time.
const BYTE_BLOCK: usize = 96;
const FLOAT_BLOCK: usize = 512;

/// A layer's four matrices in bytes.
#[derive(Debug)]
pub(super) struct ByteLayer {
    attention: Matrix,
    output: Matrix,
    up: Matrix,
    down: Matrix,
}

impl ByteLayer {
    pub(super) fn new(arch: Arch, layer: &Layer<'_>, config: &Config) -> ByteLayer {
        let Config { hidden, intermediate, .. } = *config;
        ByteLayer {
            attention: Matrix::new(arch, &[layer.query.0, layer.key.0, layer.value.0], hidden),
            output: Matrix::new(arch, &[layer.output.0], hidden),
            up: Matrix::new(arch, &[layer.up.0], hidden),
            down: Matrix::new(arch, &[layer.down.0], intermediate),
        }
    }
}

/// A model ready to run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Encoder<'a> {
    pub(super) config: &'a Config,
    pub(super) weights: &'a Weights,
    /// The layers in bytes, if that is how the products are to be made.
    pub(super) bytes: Option<&'a [ByteLayer]>,
    pub(super) arch: Arch,
}

/// Room for what lies between steps, kept from batch to batch.
#[derive(Debug, Default)]
pub(super) struct Workspace {
    states: Vec<f32>,
    wide: Vec<f32>,
    mixed: Vec<f32>,
    change: Vec<f32>,
    scores: Vec<f32>,
    bytes: Bytes,
}

impl Encoder<'_> {
    /// One vector of unit length for each list of ids.
    ///
    /// # Panics
    /// If an id is not below `config.vocabulary`, or a list is longer than `config.positions`.
    pub(super) fn run(&self, texts: &[&[u32]], work: &mut Workspace) -> Vec<Vec<f32>> {
        let hidden = self.config.hidden;
        self.embed(texts, &mut work.states);
        for (index, layer) in self.weights.layers().enumerate() {
            let bytes = self.bytes.and_then(|layers| layers.get(index));
            self.attend(&layer, bytes, texts, work);
            self.feed_forward(&layer, bytes, work);
        }
        let mut rest = work.states.as_slice();
        texts
            .iter()
            .map(|ids| {
                let (rows, after) = rest.split_at(ids.len() * hidden);
                rest = after;
                kernels::mean_unit(self.arch, rows, hidden)
            })
            .collect()
    }

    /// The sum of the word's, the position's and the type's row, normalised.
    fn embed(&self, texts: &[&[u32]], states: &mut Vec<f32>) {
        let hidden = self.config.hidden;
        let kind = &self.weights.token_types()[..hidden];
        let words = self.weights.words();
        states.clear();
        states.reserve(texts.iter().map(|ids| ids.len()).sum::<usize>() * hidden);
        for ids in texts {
            for (id, position) in ids.iter().zip(self.weights.positions().chunks_exact(hidden)) {
                let word = &words[*id as usize * hidden..][..hidden];
                states
                    .extend(word.iter().zip(position).zip(kind).map(|((word, position), kind)| word + position + kind));
            }
        }
        kernels::layer_norm(self.arch, states, self.weights.norm(), self.config.epsilon);
    }

    fn attend(&self, layer: &Layer<'_>, bytes: Option<&ByteLayer>, texts: &[&[u32]], work: &mut Workspace) {
        let Config { hidden, heads, epsilon, .. } = *self.config;
        let tokens = work.states.len() / hidden;
        work.wide.resize(tokens * 3 * hidden, 0.0);
        work.mixed.resize(tokens * hidden, 0.0);
        work.change.resize(tokens * hidden, 0.0);

        let parts = [layer.query.0, layer.key.0, layer.value.0];
        Linear { parts: &parts, inputs: hidden, bytes: bytes.map(|layer| &layer.attention) }.apply(
            self.arch,
            &work.states,
            &mut work.wide,
            &mut work.bytes,
        );
        let bias = [layer.query.1, layer.key.1, layer.value.1].concat();
        kernels::add_bias(self.arch, &mut work.wide, &bias);

        let width = hidden / heads;
        let stride = 3 * hidden;
        let scale = 1.0 / (width as f32).sqrt();
        let mut first = 0;
        for length in texts.iter().map(|ids| ids.len()) {
            let rows = &work.wide[first * stride..][..length * stride];
            let out = &mut work.mixed[first * hidden..][..length * hidden];
            work.scores.resize(length * length, 0.0);
            for head in (0..hidden).step_by(width) {
                multiply(
                    [length, length, width],
                    Target { values: &mut work.scores, stride: length },
                    View { values: &rows[head..], row: stride, column: 1 },
                    View { values: &rows[hidden + head..], row: 1, column: stride },
                );
                kernels::softmax(self.arch, &mut work.scores, length, scale);
                multiply(
                    [length, width, length],
                    Target { values: &mut out[head..], stride: hidden },
                    View { values: &work.scores, row: length, column: 1 },
                    View { values: &rows[2 * hidden + head..], row: stride, column: 1 },
                );
            }
            first += length;
        }

        Linear { parts: &[layer.output.0], inputs: hidden, bytes: bytes.map(|layer| &layer.output) }.apply(
            self.arch,
            &work.mixed,
            &mut work.change,
            &mut work.bytes,
        );
        kernels::residual_norm(self.arch, &mut work.states, &work.change, layer.output.1, layer.output_norm, epsilon);
    }

    fn feed_forward(&self, layer: &Layer<'_>, bytes: Option<&ByteLayer>, work: &mut Workspace) {
        let Config { hidden, intermediate, epsilon, .. } = *self.config;
        let up = [layer.up.0];
        let up = Linear { parts: &up, inputs: hidden, bytes: bytes.map(|layer| &layer.up) };
        let down = [layer.down.0];
        let down = Linear { parts: &down, inputs: intermediate, bytes: bytes.map(|layer| &layer.down) };
        let block = if bytes.is_some() { BYTE_BLOCK } else { FLOAT_BLOCK };
        for states in work.states.chunks_mut(block * hidden) {
            let tokens = states.len() / hidden;
            work.wide.resize(tokens * intermediate, 0.0);
            work.change.resize(tokens * hidden, 0.0);
            up.apply(self.arch, states, &mut work.wide, &mut work.bytes);
            kernels::gelu(self.arch, &mut work.wide, layer.up.1);
            down.apply(self.arch, &work.wide, &mut work.change, &mut work.bytes);
            kernels::residual_norm(self.arch, states, &work.change, layer.down.1, layer.down_norm, epsilon);
        }
    }
}
