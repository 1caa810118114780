//! A BERT-class encoder run in this process: any folder in the shape that sentence-transformers
//! writes, with mean pooling and vectors of unit length.
//!
//! `config`, `weights` and `tokens` read the folder; `forward` runs it on `kernels`, `linear` and
//! `int8`; `windows` cuts long texts. Knows no network and never writes to the folder.

mod config;
mod forward;
mod int8;
mod kernels;
mod linear;
mod tokens;
mod vocabulary;
mod weights;
mod windows;

use std::path::Path;
use std::sync::{Arc, OnceLock};

use futures::FutureExt;
use futures::future::BoxFuture;
use pulp::Arch;
use rayon::prelude::*;

use super::{EmbedError, Embedder, EmbedderId};
use config::Config;
use forward::{ByteLayer, Encoder, Workspace};
use tokens::Tokens;
use weights::Weights;

/// Tokens in a batch: enough that a walk over the weights pays off, few enough that the states
/// stay near the processor and that the work spreads evenly.
const BATCH: usize = 512;
/// No smaller batches are made just to give every core one.
const SMALL_BATCH: usize = 64;
/// So few texts are cut into tokens on one thread.
const FEW_TEXTS: usize = 8;

/// In what numbers the products are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Precision {
    /// Weights and activations in bytes: only where the processor multiplies them fast.
    Bytes,
    /// `f32`, on every processor.
    Float,
}

/// A model in a folder, opened.
#[derive(Debug, Clone)]
pub struct LocalModel {
    id: EmbedderId,
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    folder: String,
    config: Config,
    tokens: Tokens,
    weights: Weights,
    precision: Precision,
    /// The weights in bytes, made when they are first needed.
    bytes: OnceLock<Vec<ByteLayer>>,
}

/// The error for a folder that cannot be used.
fn unusable(folder: &Path, reason: String) -> EmbedError {
    EmbedError::Model { folder: folder.display().to_string(), reason }
}

impl LocalModel {
    /// Opens the model in `folder`: `config.json`, `model.safetensors`, `tokenizer.json`, and, if
    /// there, `1_Pooling/config.json` and `sentence_bert_config.json`.
    ///
    /// # Errors
    /// [`EmbedError::Model`] names the folder and what is missing, damaged or not supported.
    pub fn open(folder: &Path) -> Result<LocalModel, EmbedError> {
        LocalModel::open_with(folder, if int8::available() { Precision::Bytes } else { Precision::Float })
    }

    /// Under the name that the caller finds it by, where that is not its folder's own.
    #[must_use]
    pub fn named(self, name: String) -> LocalModel {
        LocalModel { id: EmbedderId { name, ..self.id }, ..self }
    }

    /// Opens it with all products in `f32` even where the processor is faster with bytes: what the
    /// faster way is measured against.
    ///
    /// # Errors
    /// As for [`LocalModel::open`].
    pub fn open_in_floats(folder: &Path) -> Result<LocalModel, EmbedError> {
        LocalModel::open_with(folder, Precision::Float)
    }

    fn open_with(folder: &Path, precision: Precision) -> Result<LocalModel, EmbedError> {
        let config = Config::read(folder)?;
        let mut hasher = blake3::Hasher::new();
        hasher.update(&config.raw);
        let tokens = Tokens::open(folder, config.vocabulary, &mut hasher)?;
        let weights = Weights::open(folder, &config)?;
        weights.digest(&mut hasher);
        let name = match folder.file_name() {
            Some(name) => name.to_string_lossy().into_owned(),
            None => folder.display().to_string(),
        };
        let id = EmbedderId {
            name: format!("local:{name}"),
            digest: hasher.finalize().to_hex().to_string(),
            dimensions: config.hidden,
        };
        let folder = folder.display().to_string();
        let inner = Inner { folder, config, tokens, weights, precision, bytes: OnceLock::new() };
        Ok(LocalModel { id, inner: Arc::new(inner) })
    }

    /// Whether products are made in bytes; otherwise they are in `f32`.
    pub fn in_bytes(&self) -> bool {
        self.inner.precision == Precision::Bytes
    }

    /// Tokens that a text may have, the two special ones included; what is beyond is not read.
    pub fn window(&self) -> usize {
        self.inner.config.window
    }

    /// The token ids of `text` as they go into the model, cut to the window.
    pub fn token_ids(&self, text: &str) -> Vec<u32> {
        self.inner.tokens.ids(text, self.inner.config.window)
    }

    /// One vector a text, in order, on this thread and the cores' worker threads.
    ///
    /// # Errors
    /// [`EmbedError::Model`] if the weights give numbers that are not finite.
    pub fn embed_blocking(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        self.inner.embed(texts)
    }
}

impl Inner {
    fn encoder(&self) -> Encoder<'_> {
        let arch = Arch::new();
        let bytes = match self.precision {
            Precision::Float => None,
            Precision::Bytes => Some(self.bytes.get_or_init(|| {
                let layers: Vec<_> = self.weights.layers().collect();
                layers.par_iter().map(|layer| ByteLayer::new(arch, layer, &self.config)).collect()
            })),
        };
        Encoder { config: &self.config, weights: &self.weights, bytes: bytes.map(Vec::as_slice), arch }
    }

    fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let window = self.config.window;
        let ids = |text: &String| self.tokens.ids(text, window);
        let ids: Vec<Vec<u32>> = if texts.len() <= FEW_TEXTS {
            texts.iter().map(ids).collect()
        } else {
            texts.par_iter().with_min_len(FEW_TEXTS).map(ids).collect()
        };
        let ids: Vec<&[u32]> = ids.iter().map(Vec::as_slice).collect();
        let encoder = self.encoder();
        let vectors: Vec<Vec<f32>> = match batches(&ids).as_slice() {
            // A question: nothing to share out, and other threads have questions of their own.
            [batch] => encoder.run(batch, &mut Workspace::default()),
            batches => {
                let run = |work: &mut Workspace, batch: &&[&[u32]]| encoder.run(batch, work);
                let vectors: Vec<Vec<Vec<f32>>> =
                    batches.par_iter().with_max_len(1).map_init(Workspace::default, run).collect();
                vectors.into_iter().flatten().collect()
            }
        };
        if vectors.iter().flatten().any(|value| !value.is_finite()) {
            return Err(EmbedError::Model {
                folder: self.folder.clone(),
                reason: "its weights give numbers that are not finite".to_owned(),
            });
        }
        Ok(vectors)
    }
}

/// Neighbouring texts in batches of about [`BATCH`] tokens, or fewer where that would leave a core idle.
fn batches<'a>(texts: &'a [&'a [u32]]) -> Vec<&'a [&'a [u32]]> {
    let total: usize = texts.iter().map(|ids| ids.len()).sum();
    let most = total.div_ceil(rayon::current_num_threads()).clamp(SMALL_BATCH, BATCH);
    let mut batches = Vec::new();
    let (mut first, mut tokens) = (0, 0);
    for (index, ids) in texts.iter().enumerate() {
        if index > first && tokens + ids.len() > most {
            batches.push(&texts[first..index]);
            (first, tokens) = (index, 0);
        }
        tokens += ids.len();
    }
    if first < texts.len() {
        batches.push(&texts[first..]);
    }
    batches
}

impl Embedder for LocalModel {
    fn id(&self) -> &EmbedderId {
        &self.id
    }

    fn windows(&self, context: &str, text: &str) -> Vec<String> {
        windows::windows(&self.inner.tokens, self.inner.config.window, context, text)
    }

    fn embed(&self, texts: Vec<String>) -> BoxFuture<'_, Result<Vec<Vec<f32>>, EmbedError>> {
        let inner = Arc::clone(&self.inner);
        async move {
            let folder = inner.folder.clone();
            match tokio::task::spawn_blocking(move || inner.embed(&texts)).await {
                Ok(vectors) => vectors,
                Err(err) => Err(EmbedError::Model { folder, reason: format!("embedding broke off: {err}") }),
            }
        }
        .boxed()
    }
}
