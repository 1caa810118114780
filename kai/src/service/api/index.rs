//! The index of documents: what is in it, and making it anew.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use kai_indexer::store::{SourceEntry, SourceKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::Service;
use super::super::access::Scope;
use super::super::body::MaybeBody;
use super::super::indexing::Run;
use super::super::problem::Answer;
use super::Endpoint;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/v1/index", "What is in the index, and how far a run is.", status)
            .needs(Scope::Ask)
            .json::<Index>(200, "What can be found, and the last run."),
        Endpoint::post("/v1/index", "Index a folder or addresses; everything that is known, if none are given.", start)
            .needs(Scope::Admin)
            .maybe_body::<Places>()
            .json::<Started>(202, "The run that has begun."),
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

/// What is in the index.
#[derive(Debug, Serialize, JsonSchema)]
struct Index {
    sources: Vec<Indexed>,
    /// Pages that can be found.
    pages: u64,
    /// Passages that can be found.
    passages: u64,
    /// The share of passages that have a vector, 0 to 1.
    vectors: f32,
    /// Whose vectors they are.
    embedder: Option<String>,
    run: Run,
}

/// Where pages come from.
#[derive(Debug, Serialize, JsonSchema)]
struct Indexed {
    name: String,
    /// How its pages are found.
    #[schemars(with = "String")]
    kind: SourceKind,
    /// A path or an address.
    location: String,
    /// Its pages in the index.
    pages: u64,
    /// When it was last looked at in full, in seconds since 1970.
    indexed_at: u64,
}

impl From<&SourceEntry> for Indexed {
    fn from(source: &SourceEntry) -> Self {
        let SourceEntry { name, kind, location, pages, indexed_at } = source.clone();
        Self { name, kind, location, pages, indexed_at }
    }
}

/// A run that has begun.
#[derive(Debug, Serialize, JsonSchema)]
struct Started {
    run: Run,
}

async fn status(State(service): State<Service>) -> Json<Index> {
    let (manifest, documents) = (service.0.shelf.manifest(), service.0.shelf.documents());
    let vectors = match &documents {
        Some(documents) => documents.library.searcher.vector_share().await,
        None => 0.0,
    };
    let sources = manifest.iter().flat_map(|manifest| &manifest.sources);
    Json(Index {
        sources: sources.map(Indexed::from).collect(),
        pages: manifest.as_ref().map_or(0, |manifest| manifest.pages),
        passages: manifest.as_ref().map_or(0, |manifest| manifest.passages),
        vectors,
        embedder: manifest.as_ref().and_then(|manifest| manifest.embedder.as_ref()).map(|id| id.name.clone()),
        run: service.0.indexing.run(),
    })
}

async fn start(
    State(service): State<Service>,
    MaybeBody(places): MaybeBody<Places>,
) -> Answer<(StatusCode, Json<Started>)> {
    let Places { source_dir, urls } = places;
    let places = source_dir.into_iter().chain(urls.iter().map(|url| address(url)).collect::<Answer<Vec<_>>>()?);
    service.0.indexing.start(places.collect())?;
    Ok((StatusCode::ACCEPTED, Json(Started { run: service.0.indexing.run() })))
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
