//! The index of documents: what is in it, and making it anew.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::Service;
use super::super::access::Scope;
use super::super::body::MaybeBody;
use super::super::problem::Answer;
use super::{Endpoint, Gives};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/v1/index", "What is in the index, and how far a run is.", status)
            .needs(Scope::Ask)
            .gives(200, Gives::Json("sources, pages, passages, vectors, embedder, run")),
        Endpoint::post("/v1/index", "Index a folder or addresses; everything that is known, if none are given.", start)
            .needs(Scope::Admin)
            .body::<Places>()
            .gives(202, Gives::Json("run")),
    ]
}

/// What is to be indexed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Places {
    /// A folder or file of this machine.
    #[serde(default)]
    source_dir: Option<String>,
    /// Addresses of pages or sitemaps.
    #[serde(default)]
    urls: Vec<String>,
}

async fn status(State(service): State<Service>) -> Json<Value> {
    let (manifest, documents) = (service.0.shelf.manifest(), service.0.shelf.documents());
    let vectors = match &documents {
        Some(documents) => documents.library.searcher.vector_share().await,
        None => 0.0,
    };
    let sources = manifest.iter().flat_map(|manifest| &manifest.sources);
    Json(json!({
        "sources": sources.collect::<Vec<_>>(),
        "pages": manifest.as_ref().map_or(0, |manifest| manifest.pages),
        "passages": manifest.as_ref().map_or(0, |manifest| manifest.passages),
        "vectors": vectors,
        "embedder": manifest.as_ref().and_then(|manifest| manifest.embedder.as_ref()).map(|id| &id.name),
        "run": service.0.indexing.run(),
    }))
}

async fn start(
    State(service): State<Service>,
    MaybeBody(places): MaybeBody<Places>,
) -> Answer<(StatusCode, Json<Value>)> {
    let Places { source_dir, urls } = places;
    let places = source_dir.into_iter().chain(urls.iter().map(|url| address(url)).collect::<Answer<Vec<_>>>()?);
    service.0.indexing.start(places.collect())?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "run": service.0.indexing.run() }))))
}

/// What is given as an address is one, and not a file of this machine.
pub(in crate::service) fn address(given: &str) -> Answer<String> {
    let web = ["http://", "https://"].iter().any(|scheme| given.to_ascii_lowercase().starts_with(scheme));
    if web {
        return Ok(given.to_owned());
    }
    let shown: String = given.chars().take(100).collect();
    Err(super::super::problem::Problem::unprocessable(format!("{shown:?} is no http or https address")))
}
