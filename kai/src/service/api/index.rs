//! The index of documents: what is in it, and making it anew.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use kai_indexer::store::{SourceEntry, SourceKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::Service;
use super::super::access::{Caller, Scope};
use super::super::body::MaybeBody;
use super::super::indexing::Run;
use super::super::problem::{Answer, Problem};
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

async fn status(State(service): State<Service>, Extension(caller): Extension<Caller>) -> Json<Index> {
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
        run: service.0.indexing.run().for_caller(&caller),
    })
}

async fn start(
    State(service): State<Service>,
    MaybeBody(places): MaybeBody<Places>,
) -> Answer<(StatusCode, Json<Started>)> {
    let Places { source_dir, urls } = places;
    let folder = source_dir.map(|path| folder(&path)).transpose()?;
    let places = folder.into_iter().chain(urls.iter().map(|url| address(url)).collect::<Answer<Vec<_>>>()?);
    service.0.indexing.start(places.collect())?;
    Ok((StatusCode::ACCEPTED, Json(Started { run: service.0.indexing.run() })))
}

/// What is given as a place on this machine is one that can hold documents: whoever may index is not to
/// read the kernel's own files, or what lies where the service happened to be started.
pub(in crate::service) fn folder(given: &str) -> Answer<String> {
    const NONE: [&str; 3] = ["/proc", "/sys", "/dev"];
    let shown: String = given.chars().take(200).collect();
    let bad = |what: &str| Problem::unprocessable(format!("invalid source_dir: {shown}: {what}"));
    let path = std::path::Path::new(given);
    if !path.is_absolute() {
        return Err(bad("the whole path is needed, from /"));
    }
    let path = path.canonicalize().map_err(|_| bad("there is no such folder or file"))?;
    if NONE.iter().any(|none| path.starts_with(none)) {
        return Err(bad("there are no documents"));
    }
    path.into_os_string().into_string().map_err(|_| bad("its name is not UTF-8"))
}

/// What is given as an address is one, and not a file of this machine.
pub(in crate::service) fn address(given: &str) -> Answer<String> {
    let web = ["http://", "https://"].iter().any(|scheme| given.to_ascii_lowercase().starts_with(scheme));
    if web {
        return Ok(given.to_owned());
    }
    let shown: String = given.chars().take(100).collect();
    Err(Problem::unprocessable(format!("{shown:?} is no http or https address")))
}
