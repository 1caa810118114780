//! What a model's folder says about itself: the shape of the encoder, the pooling, the window.
//!
//! Reads the small JSON files and refuses what the forward pass cannot do. No weights, no words.

use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{EmbedError, unusable};

/// The shape of a BERT-class encoder, checked.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// Floats in a token's state, and in a vector.
    pub(crate) hidden: usize,
    /// Encoder layers.
    pub(crate) layers: usize,
    /// Attention heads; `hidden` is a multiple of it.
    pub(crate) heads: usize,
    /// Floats in the feed-forward layer's middle.
    pub(crate) intermediate: usize,
    /// Rows of the word table.
    pub(crate) vocabulary: usize,
    /// Rows of the position table.
    pub(crate) positions: usize,
    /// Rows of the token type table.
    pub(crate) token_types: usize,
    /// Added to the variance in layer normalisation.
    pub(crate) epsilon: f32,
    /// Tokens that a text may have, the two special ones included.
    pub(crate) window: usize,
    /// The files' bytes, for the digest.
    pub(crate) raw: Vec<u8>,
}

#[derive(Deserialize)]
struct Encoder {
    model_type: Option<String>,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    vocab_size: usize,
    max_position_embeddings: usize,
    #[serde(default = "one")]
    type_vocab_size: usize,
    #[serde(default = "gelu")]
    hidden_act: String,
    #[serde(default = "epsilon")]
    layer_norm_eps: f64,
    position_embedding_type: Option<String>,
}

fn one() -> usize {
    1
}

fn gelu() -> String {
    "gelu".to_owned()
}

fn epsilon() -> f64 {
    1e-12
}

#[derive(Deserialize)]
struct Pooling {
    #[serde(default)]
    pooling_mode_cls_token: bool,
    #[serde(default)]
    pooling_mode_mean_tokens: bool,
    #[serde(default)]
    pooling_mode_max_tokens: bool,
    #[serde(default)]
    pooling_mode_mean_sqrt_len_tokens: bool,
}

#[derive(Deserialize)]
struct Sentence {
    max_seq_length: Option<usize>,
}

/// Reads and parses one file of the folder.
fn read<T: DeserializeOwned>(folder: &Path, name: &str, raw: &mut Vec<u8>) -> Result<T, EmbedError> {
    let bytes =
        std::fs::read(folder.join(name)).map_err(|err| unusable(folder, format!("{name} cannot be read: {err}")))?;
    raw.extend_from_slice(&bytes);
    serde_json::from_slice(&bytes)
        .map_err(|err| unusable(folder, format!("{name} is not the JSON that was expected: {err}")))
}

/// The same for a file that may be absent.
fn read_optional<T: DeserializeOwned>(folder: &Path, name: &str, raw: &mut Vec<u8>) -> Result<Option<T>, EmbedError> {
    if folder.join(name).exists() { read(folder, name, raw).map(Some) } else { Ok(None) }
}

impl Config {
    /// Reads `config.json`, `1_Pooling/config.json` and `sentence_bert_config.json`; the last two
    /// may be absent (mean pooling, and the window that the position table allows, up to 256).
    pub(crate) fn read(folder: &Path) -> Result<Config, EmbedError> {
        let refuse = |reason: String| Err(unusable(folder, reason));
        let mut raw = Vec::new();
        let encoder: Encoder = read(folder, "config.json", &mut raw)?;
        let pooling: Option<Pooling> = read_optional(folder, "1_Pooling/config.json", &mut raw)?;
        let sentence: Option<Sentence> = read_optional(folder, "sentence_bert_config.json", &mut raw)?;

        if let Some(kind) = encoder.model_type.as_deref().filter(|kind| *kind != "bert") {
            return refuse(format!("config.json: model_type is {kind:?}; only \"bert\" can be run"));
        }
        if encoder.hidden_act != "gelu" {
            return refuse(format!("config.json: hidden_act is {:?}; only \"gelu\" can be run", encoder.hidden_act));
        }
        if let Some(kind) = encoder.position_embedding_type.as_deref().filter(|kind| *kind != "absolute") {
            return refuse(format!("config.json: position_embedding_type is {kind:?}; only \"absolute\" can be run"));
        }
        // The upper bounds only keep a nonsensical file from turning into an allocation.
        for (field, value, most) in [
            ("hidden_size", encoder.hidden_size, 1 << 14),
            ("num_hidden_layers", encoder.num_hidden_layers, 1 << 8),
            ("num_attention_heads", encoder.num_attention_heads, 1 << 8),
            ("intermediate_size", encoder.intermediate_size, 1 << 16),
            ("vocab_size", encoder.vocab_size, 1 << 22),
            ("max_position_embeddings", encoder.max_position_embeddings, 1 << 16),
            ("type_vocab_size", encoder.type_vocab_size, 1 << 8),
        ] {
            if value == 0 || value > most {
                return refuse(format!("config.json: {field} is {value}; it must be between 1 and {most}"));
            }
        }
        if !encoder.hidden_size.is_multiple_of(encoder.num_attention_heads) {
            return refuse(format!(
                "config.json: hidden_size {} is not a multiple of num_attention_heads {}",
                encoder.hidden_size, encoder.num_attention_heads
            ));
        }
        let epsilon = encoder.layer_norm_eps as f32;
        if !(epsilon.is_finite() && epsilon >= 0.0) {
            return refuse(format!("config.json: layer_norm_eps is {}", encoder.layer_norm_eps));
        }
        if let Some(modes) = pooling
            && (!modes.pooling_mode_mean_tokens
                || modes.pooling_mode_cls_token
                || modes.pooling_mode_max_tokens
                || modes.pooling_mode_mean_sqrt_len_tokens)
        {
            return refuse("1_Pooling/config.json: only mean pooling can be run".to_owned());
        }
        let window = match sentence.and_then(|sentence| sentence.max_seq_length) {
            Some(length) => length,
            None => encoder.max_position_embeddings.min(256),
        };
        if window < 8 || window > encoder.max_position_embeddings {
            return refuse(format!(
                "the window of {window} tokens must be between 8 and max_position_embeddings ({})",
                encoder.max_position_embeddings
            ));
        }
        Ok(Config {
            hidden: encoder.hidden_size,
            layers: encoder.num_hidden_layers,
            heads: encoder.num_attention_heads,
            intermediate: encoder.intermediate_size,
            vocabulary: encoder.vocab_size,
            positions: encoder.max_position_embeddings,
            token_types: encoder.type_vocab_size,
            epsilon,
            window,
            raw,
        })
    }
}
