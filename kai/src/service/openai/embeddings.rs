//! `POST /v1/embeddings`: vectors of the embedder that the index was made with.

use axum::extract::State;
use axum::{Extension, Json};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::Service;
use super::super::access::Caller;
use super::super::body::Body;
use super::super::problem::{Answer, Problem};

/// Texts in one request.
const MOST: usize = 256;

/// Texts that are to get a vector each.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Texts {
    input: Input,
    #[serde(default)]
    encoding_format: Option<Format>,
    /// The embedder's own number, if any.
    #[serde(default)]
    dimensions: Option<u64>,
}

/// A text, or several.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Input {
    One(String),
    Several(Vec<String>),
    #[schemars(skip)]
    Other(Value),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Format {
    Float,
    /// The floats' bytes, the lowest first.
    Base64,
}

fn texts(input: Input) -> Answer<Vec<String>> {
    let texts = match input {
        Input::One(text) => vec![text],
        Input::Several(texts) => texts,
        Input::Other(Value::Array(tokens)) if tokens.iter().all(|token| token.is_u64() || token.is_array()) => {
            let why = "input is token numbers, which another model counts by: send text";
            return Err(Problem::bad_request(why).of("input"));
        }
        Input::Other(_) => return Err(Problem::unprocessable("input is text, or a list of texts").of("input")),
    };
    if texts.is_empty() || texts.len() > MOST || texts.iter().any(|text| text.trim().is_empty()) {
        let why = format!("input is from 1 to {MOST} texts that are not empty");
        return Err(Problem::unprocessable(why).of("input"));
    }
    Ok(texts)
}

pub(super) async fn embeddings(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    Body(wanted): Body<Texts>,
) -> Answer<Json<Value>> {
    let texts = texts(wanted.input)?;
    let documents = service.0.shelf.documents().ok_or_else(Problem::no_index)?;
    let embedder = documents.library.searcher.embedder();
    let embedder =
        embedder.ok_or_else(|| Problem::unprocessable("the index has no vectors, so there is no embedder"))?;
    let own = embedder.id().dimensions;
    if wanted.dimensions.is_some_and(|dimensions| usize::try_from(dimensions) != Ok(own)) {
        return Err(Problem::bad_request(format!("vectors have {own} dimensions here, and no others")).of("dimensions"));
    }
    service.0.rates.ask(&caller)?;
    let turn = service.turn_of(&service.0.answers).await?;
    let bytes: usize = texts.iter().map(String::len).sum();
    let worker = std::sync::Arc::clone(&embedder);
    // The place is taken as long as the work goes on.
    let vectors = tokio::spawn(async move {
        let _turn = turn;
        worker.embed(texts).await
    });
    let vectors = vectors.await.map_err(|error| Problem::internal("embedding", &error))?;
    let vectors = vectors.map_err(|error| Problem::internal("embedding", &error))?;
    let base64 = wanted.encoding_format == Some(Format::Base64);
    let data = vectors.into_iter().enumerate().map(|(index, vector)| {
        let embedding = if base64 {
            let bytes: Vec<u8> = vector.iter().flat_map(|value| value.to_le_bytes()).collect();
            json!(BASE64_STANDARD.encode(bytes))
        } else {
            json!(vector)
        };
        json!({ "object": "embedding", "index": index, "embedding": embedding })
    });
    // Nobody counts tokens here: about four bytes make one.
    let tokens = bytes.div_ceil(4);
    Ok(Json(json!({
        "object": "list", "model": embedder.id().name, "data": data.collect::<Vec<_>>(),
        "usage": { "prompt_tokens": tokens, "total_tokens": tokens },
    })))
}
