//! The weights: `model.safetensors`, memory-mapped, every tensor checked against the config.
//!
//! Knows names, shapes and where each tensor lies. Nothing is copied and nothing is computed.

use std::fs::File;
use std::ops::Range;
use std::path::Path;

use memmap2::Mmap;
use pulp::bytemuck;
use safetensors::{Dtype, SafeTensors};

use super::config::Config;
use super::{EmbedError, unusable};

const FILE: &str = "model.safetensors";

/// Bytes of a tensor within the mapped file.
type Span = Range<usize>;

/// A mapped weights file whose tensors are all there, `f32`, and of the right shape.
#[derive(Debug)]
pub(crate) struct Weights {
    map: Mmap,
    words: Span,
    positions: Span,
    token_types: Span,
    norm: [Span; 2],
    layers: Vec<LayerSpans>,
}

#[derive(Debug)]
struct LayerSpans {
    query: [Span; 2],
    key: [Span; 2],
    value: [Span; 2],
    output: [Span; 2],
    output_norm: [Span; 2],
    up: [Span; 2],
    down: [Span; 2],
    down_norm: [Span; 2],
}

/// A weight matrix (row-major, one row an output) and its bias; or the scale and shift of a norm.
pub(crate) type Pair<'a> = (&'a [f32], &'a [f32]);

/// One encoder layer's weights.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layer<'a> {
    pub(crate) query: Pair<'a>,
    pub(crate) key: Pair<'a>,
    pub(crate) value: Pair<'a>,
    pub(crate) output: Pair<'a>,
    pub(crate) output_norm: Pair<'a>,
    pub(crate) up: Pair<'a>,
    pub(crate) down: Pair<'a>,
    pub(crate) down_norm: Pair<'a>,
}

/// Looks tensors up by name, with the prefix that some files carry.
struct Finder<'a> {
    folder: &'a Path,
    tensors: SafeTensors<'a>,
    base: usize,
    prefix: &'static str,
}

impl Finder<'_> {
    fn span(&self, name: &str, shape: &[usize]) -> Result<Span, EmbedError> {
        let name = format!("{}{name}", self.prefix);
        let refuse = |reason: String| Err(unusable(self.folder, format!("{FILE}: {reason}")));
        let Ok(tensor) = self.tensors.tensor(&name) else {
            return refuse(format!("there is no tensor {name}"));
        };
        if tensor.dtype() != Dtype::F32 {
            return refuse(format!("tensor {name} holds {:?}; F32 is needed", tensor.dtype()));
        }
        if tensor.shape() != shape {
            return refuse(format!("tensor {name} has the shape {:?}; config.json asks for {shape:?}", tensor.shape()));
        }
        if bytemuck::try_cast_slice::<u8, f32>(tensor.data()).is_err() {
            return refuse(format!("tensor {name} is not aligned to 4 bytes"));
        }
        let start = tensor.data().as_ptr() as usize - self.base;
        Ok(start..start + tensor.data().len())
    }

    fn linear(&self, name: &str, outputs: usize, inputs: usize) -> Result<[Span; 2], EmbedError> {
        Ok([self.span(&format!("{name}.weight"), &[outputs, inputs])?, self.span(&format!("{name}.bias"), &[outputs])?])
    }

    fn norm(&self, name: &str, width: usize) -> Result<[Span; 2], EmbedError> {
        Ok([self.span(&format!("{name}.weight"), &[width])?, self.span(&format!("{name}.bias"), &[width])?])
    }
}

impl Weights {
    /// Maps the file and finds every tensor that `config` calls for.
    pub(crate) fn open(folder: &Path, config: &Config) -> Result<Weights, EmbedError> {
        let file =
            File::open(folder.join(FILE)).map_err(|err| unusable(folder, format!("{FILE} cannot be opened: {err}")))?;
        // SAFETY: the map is read-only and private to this struct. The file must not change while it
        // is mapped: models are put in place by renaming a finished folder and are never rewritten.
        let map =
            unsafe { Mmap::map(&file) }.map_err(|err| unusable(folder, format!("{FILE} cannot be mapped: {err}")))?;
        let tensors = SafeTensors::deserialize(&map)
            .map_err(|err| unusable(folder, format!("{FILE} is damaged or cut short: {err}")))?;
        const WORDS: &str = "embeddings.word_embeddings.weight";
        let prefix = if tensors.tensor(WORDS).is_err() && tensors.tensor(&format!("bert.{WORDS}")).is_ok() {
            "bert."
        } else {
            ""
        };
        let find = Finder { folder, tensors, base: map.as_ptr() as usize, prefix };

        let Config { hidden, intermediate, .. } = *config;
        let words = find.span(WORDS, &[config.vocabulary, hidden])?;
        let positions = find.span("embeddings.position_embeddings.weight", &[config.positions, hidden])?;
        let token_types = find.span("embeddings.token_type_embeddings.weight", &[config.token_types, hidden])?;
        let norm = find.norm("embeddings.LayerNorm", hidden)?;
        let mut layers = Vec::with_capacity(config.layers);
        for index in 0..config.layers {
            let name = |part: &str| format!("encoder.layer.{index}.{part}");
            layers.push(LayerSpans {
                query: find.linear(&name("attention.self.query"), hidden, hidden)?,
                key: find.linear(&name("attention.self.key"), hidden, hidden)?,
                value: find.linear(&name("attention.self.value"), hidden, hidden)?,
                output: find.linear(&name("attention.output.dense"), hidden, hidden)?,
                output_norm: find.norm(&name("attention.output.LayerNorm"), hidden)?,
                up: find.linear(&name("intermediate.dense"), intermediate, hidden)?,
                down: find.linear(&name("output.dense"), hidden, intermediate)?,
                down_norm: find.norm(&name("output.LayerNorm"), hidden)?,
            });
        }
        Ok(Weights { map, words, positions, token_types, norm, layers })
    }

    fn floats(&self, span: &Span) -> &[f32] {
        // `Finder::span` has checked length and alignment, so the cast cannot fail.
        bytemuck::cast_slice(&self.map[span.clone()])
    }

    fn pair(&self, spans: &[Span; 2]) -> Pair<'_> {
        (self.floats(&spans[0]), self.floats(&spans[1]))
    }

    /// The word table, one row a token id.
    pub(crate) fn words(&self) -> &[f32] {
        self.floats(&self.words)
    }

    /// The position table.
    pub(crate) fn positions(&self) -> &[f32] {
        self.floats(&self.positions)
    }

    /// The token type table.
    pub(crate) fn token_types(&self) -> &[f32] {
        self.floats(&self.token_types)
    }

    /// The norm after the sum of the three tables.
    pub(crate) fn norm(&self) -> Pair<'_> {
        self.pair(&self.norm)
    }

    /// The layers, in order.
    pub(crate) fn layers(&self) -> impl Iterator<Item = Layer<'_>> {
        self.layers.iter().map(|spans| Layer {
            query: self.pair(&spans.query),
            key: self.pair(&spans.key),
            value: self.pair(&spans.value),
            output: self.pair(&spans.output),
            output_norm: self.pair(&spans.output_norm),
            up: self.pair(&spans.up),
            down: self.pair(&spans.down),
            down_norm: self.pair(&spans.down_norm),
        })
    }

    /// Feeds what tells this file from another of the same shape: its length, its head, and 8
    /// blocks spread over it. Hashing all of it would cost more than the rest of opening.
    pub(crate) fn digest(&self, hasher: &mut blake3::Hasher) {
        const BLOCK: usize = 4096;
        const BLOCKS: usize = 8;
        let length = self.map.len();
        hasher.update(&(length as u64).to_le_bytes());
        hasher.update(&self.map[..length.min(4 * BLOCK)]);
        for index in 1..=BLOCKS {
            let end = (length * index / BLOCKS) & !(BLOCK - 1);
            hasher.update(&self.map[end.saturating_sub(BLOCK)..end]);
        }
        hasher.update(&self.map[length.saturating_sub(BLOCK)..]);
    }
}
