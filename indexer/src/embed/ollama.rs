//! Vectors from an Ollama server.

use std::time::Duration;

use futures::future::BoxFuture;
use ollama_rs::generation::embeddings::request::{EmbeddingsInput, GenerateEmbeddingsRequest};
use reqwest::Client;
use serde::Deserialize;
use url::Url;

use super::{EmbedError, Embedder, EmbedderId};
use crate::chunk;

/// Estimated tokens of one window: well inside the 512 that the smallest embedding models take.
const WINDOW: usize = 380;

/// A model may have to be loaded from disk before it answers.
const TIMEOUT: Duration = Duration::from_secs(180);

/// An embedding model on an Ollama server.
#[derive(Debug)]
pub struct OllamaEmbedder {
    client: Client,
    url: Url,
    model: String,
    id: EmbedderId,
}

#[derive(Deserialize)]
struct Embeddings {
    embeddings: Vec<Vec<f32>>,
}

#[derive(Deserialize)]
struct Tags {
    models: Vec<Tag>,
}

#[derive(Deserialize)]
struct Tag {
    name: String,
    #[serde(default)]
    digest: String,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

impl OllamaEmbedder {
    /// Asks the server for the model and for one vector, so that its name, digest and width are known.
    ///
    /// # Errors
    /// If the server does not answer, lacks the model, or the model does not embed.
    pub async fn connect(url: &Url, model: &str) -> Result<Self, EmbedError> {
        let server = |reason: String| EmbedError::Server { url: url.to_string(), reason };
        let client = Client::builder()
            .connect_timeout(Duration::from_secs(3))
            .timeout(TIMEOUT)
            // A model server is on this host or this network; a proxy would only be in the way.
            .no_proxy()
            .build()
            .map_err(|error| server(error.to_string()))?;
        let tags = url.join("api/tags").map_err(|error| server(error.to_string()))?;
        let response = client.get(tags).send().await.map_err(|error| server(reason(&error)))?;
        let tags: Tags = response.json().await.map_err(|error| server(reason(&error)))?;
        let full = format!("{model}:latest");
        let tag = tags.models.into_iter().find(|tag| tag.name == model || tag.name == full);
        let tag = tag.ok_or_else(|| EmbedError::Refused {
            url: url.to_string(),
            model: model.to_owned(),
            reason: "the server does not have this model".to_owned(),
        })?;
        let id = EmbedderId { name: format!("ollama:{model}"), digest: tag.digest, dimensions: 0 };
        let mut embedder = Self { client, url: url.clone(), model: model.to_owned(), id };
        let probe = embedder.request(&["dimensions".to_owned()], false).await?;
        embedder.id.dimensions = probe.first().map_or(0, Vec::len);
        if embedder.id.dimensions == 0 {
            return Err(embedder.refused("it gave a vector of no length"));
        }
        Ok(embedder)
    }

    /// One bad text fails the whole batch, so a batch that is refused is halved until the bad one
    /// is alone; that one is cut by the server.
    async fn all(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, EmbedError> {
        let mut out: Vec<Vec<f32>> = Vec::with_capacity(texts.len());
        let mut waiting: Vec<&[String]> = texts.chunks(32).rev().collect();
        while let Some(batch) = waiting.pop() {
            match self.request(batch, false).await {
                Ok(vectors) => out.extend(vectors),
                Err(EmbedError::Refused { .. }) if batch.len() > 1 => {
                    let (first, second) = batch.split_at(batch.len() / 2);
                    waiting.extend([second, first]);
                }
                Err(EmbedError::Refused { .. }) => out.extend(self.request(batch, true).await?),
                Err(error) => return Err(error),
            }
        }
        Ok(out)
    }

    async fn request(&self, texts: &[String], truncate: bool) -> Result<Vec<Vec<f32>>, EmbedError> {
        let server = |reason: String| EmbedError::Server { url: self.url.to_string(), reason };
        let request = GenerateEmbeddingsRequest::new(self.model.clone(), EmbeddingsInput::Multiple(texts.to_vec()))
            .truncate(truncate);
        let address = self.url.join("api/embed").map_err(|error| server(error.to_string()))?;
        let response = self.client.post(address).json(&request).send().await.map_err(|error| server(reason(&error)))?;
        let status = response.status();
        let body = response.bytes().await.map_err(|error| server(reason(&error)))?;
        if status.is_server_error() {
            return Err(server(format!("it answered {status}{}", said(&body))));
        }
        if !status.is_success() {
            return Err(self.refused(&format!("it answered {status}{}", said(&body))));
        }
        let answer: Embeddings =
            serde_json::from_slice(&body).map_err(|error| server(format!("its answer is not one: {error}")))?;
        let width = self.id.dimensions;
        let fits = |vector: &Vec<f32>| (width == 0 || vector.len() == width) && vector.iter().all(|x| x.is_finite());
        if answer.embeddings.len() != texts.len() || !answer.embeddings.iter().all(fits) {
            return Err(server("it gave vectors of another number or length than was asked for".to_owned()));
        }
        Ok(answer.embeddings.into_iter().map(unit).collect())
    }

    fn refused(&self, reason: &str) -> EmbedError {
        EmbedError::Refused { url: self.url.to_string(), model: self.model.clone(), reason: reason.to_owned() }
    }
}

impl Embedder for OllamaEmbedder {
    fn id(&self) -> &EmbedderId {
        &self.id
    }

    fn windows(&self, context: &str, text: &str) -> Vec<String> {
        let pieces = chunk::split_lines(text, WINDOW);
        if pieces.is_empty() {
            return vec![context.to_owned()];
        }
        pieces.into_iter().map(|piece| format!("{context}\n{piece}")).collect()
    }

    fn embed(&self, texts: Vec<String>) -> BoxFuture<'_, Result<Vec<Vec<f32>>, EmbedError>> {
        Box::pin(self.all(texts))
    }
}

fn said(body: &[u8]) -> String {
    serde_json::from_slice::<Refusal>(body).map_or_else(|_| String::new(), |refusal| format!(": {}", refusal.error))
}

fn reason(error: &reqwest::Error) -> String {
    let mut source: &dyn std::error::Error = error;
    while let Some(cause) = source.source() {
        source = cause;
    }
    source.to_string()
}

fn unit(mut vector: Vec<f32>) -> Vec<f32> {
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|x| *x /= length);
    }
    vector
}
