//! The index of documents: what is in it, and making it anew.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::Service;
use super::super::access::{Caller, Scope};
use super::super::body::MaybeBody;
use super::super::problem::{Answer, Problem};
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

async fn status(State(service): State<Service>, Extension(caller): Extension<Caller>) -> Json<Value> {
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
        "run": service.0.indexing.run().for_caller(&caller),
    }))
}

async fn start(
    State(service): State<Service>,
    MaybeBody(places): MaybeBody<Places>,
) -> Answer<(StatusCode, Json<Value>)> {
    let Places { source_dir, urls } = places;
    let folder = source_dir.map(|path| folder(&path)).transpose()?;
    let places = folder.into_iter().chain(urls.iter().map(|url| address(url)).collect::<Answer<Vec<_>>>()?);
    service.0.indexing.start(places.collect())?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "run": service.0.indexing.run() }))))
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
