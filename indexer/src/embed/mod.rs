//! Text to vectors. One trait, several embedders: a local model in this process, an Ollama server.
//!
//! An embedder knows nothing of pages, stores or ranking. Vectors that leave here have unit length.

mod local;
mod ollama;

use futures::future::BoxFuture;

pub use local::LocalModel;
pub use ollama::OllamaEmbedder;

/// Which embedder made a vector: two vectors may be compared only if these are equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct EmbedderId {
    /// `local:all-MiniLM-L6-v2`, `ollama:nomic-embed-text`: what a person would name it by.
    pub name: String,
    /// What tells two models of one name apart: a digest of the weights, or the server's own digest.
    pub digest: String,
    /// Floats in a vector.
    pub dimensions: usize,
}

/// Turns texts into vectors of unit length.
pub trait Embedder: Send + Sync + std::fmt::Debug {
    /// Which embedder this is.
    fn id(&self) -> &EmbedderId;

    /// Cuts `text` into pieces that fit the model's window, each to be embedded behind `context`
    /// (page title and heading path). Never empty; a short text is one piece.
    fn windows(&self, context: &str, text: &str) -> Vec<String>;

    /// One vector a text, in order. Blocking work is done off the async threads.
    fn embed(&self, texts: Vec<String>) -> BoxFuture<'_, Result<Vec<Vec<f32>>, EmbedError>>;
}

/// Why a text got no vector.
#[derive(Debug, thiserror::Error)]
pub enum EmbedError {
    /// The model's folder lacks a file or holds one that cannot be used.
    #[error("the model in {folder} cannot be used: {reason}")]
    Model {
        /// The folder that was looked in.
        folder: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The server could not be reached or broke off.
    #[error("the embedding server at {url} did not answer: {reason}")]
    Server {
        /// Where it was expected.
        url: String,
        /// What happened on the wire.
        reason: String,
    },
    /// The server answered, and refused.
    #[error("{url} refused to embed with model {model}: {reason}")]
    Refused {
        /// The server's address.
        url: String,
        /// The model that was asked for.
        model: String,
        /// The server's own words.
        reason: String,
    },
}
