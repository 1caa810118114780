//! Documents: passages for a question, and whole pages.

use std::time::Instant;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use kai_indexer::search::{Query, SearchError};
use kai_tools::request::Request;
use kai_tools::tool::{DocsRead, LONGEST_QUERY, MOST_PASSAGES};
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::Service;
use super::super::access::Scope;
use super::super::body::{Body, Params};
use super::super::problem::{Answer, Problem};
use super::super::recent::Searched;
use super::Endpoint;
use crate::turn::{Audience, Looked};

pub(super) fn endpoints() -> Vec<Endpoint> {
    const FOUND: &str = "Passages, best first.";
    vec![
        Endpoint::get("/v1/search", "The passages that answer a question best.", search_by_query)
            .needs(Scope::Ask)
            .query::<Search>()
            .json::<Searched<'_>>(200, FOUND),
        Endpoint::post("/v1/search", "The passages that answer a question best.", search_by_body)
            .needs(Scope::Ask)
            .body::<Search>()
            .json::<Searched<'_>>(200, FOUND),
        Endpoint::get("/v1/page", "A page's passages, or those under one heading.", page)
            .needs(Scope::Ask)
            .query::<Page>()
            .json::<Looked>(200, FOUND),
    ]
}

/// A search.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Search {
    /// The question, or some words.
    #[schemars(length(min = 1, max = 4096))]
    q: String,
    /// At most this many passages.
    #[serde(default = "eight")]
    #[schemars(range(min = 1, max = 200))]
    limit: usize,
    /// Only pages of this source.
    #[serde(default)]
    source: Option<String>,
}

fn eight() -> usize {
    8
}

async fn search_by_query(State(service): State<Service>, Params(asked): Params<Search>) -> Answer<Response> {
    search(&service, asked).await
}

async fn search_by_body(State(service): State<Service>, Body(asked): Body<Search>) -> Answer<Response> {
    search(&service, asked).await
}

async fn search(service: &Service, asked: Search) -> Answer<Response> {
    if asked.q.trim().is_empty() {
        return Err(Problem::unprocessable("q is empty"));
    }
    if asked.q.len() > LONGEST_QUERY {
        return Err(Problem::unprocessable(format!("q is longer than {LONGEST_QUERY} bytes")));
    }
    if !(1..=usize::from(MOST_PASSAGES)).contains(&asked.limit) {
        return Err(Problem::unprocessable(format!("limit is from 1 to {MOST_PASSAGES}")));
    }
    let start = Instant::now();
    let (documents, recent) = service.0.shelf.searched().ok_or_else(Problem::no_index)?;
    let query = Query { text: asked.q, limit: asked.limit, source: asked.source, words_only: false };
    let answer = match recent.get(&query) {
        Some(answer) => answer,
        None => {
            let _turn = service.turn_of(&service.0.searches).await?;
            let found = documents.library.searcher.search(&query).await.map_err(not_searched)?;
            recent.answer(&query, &found)
        }
    };
    let took = start.elapsed().as_secs_f64() * 1000.0;
    let fields = answer.strip_prefix('{').unwrap_or_default();
    Ok(([(header::CONTENT_TYPE, "application/json")], format!("{{\"took_ms\":{took},{fields}")).into_response())
}

fn not_searched(error: SearchError) -> Problem {
    match error {
        SearchError::Source { .. } => Problem::unprocessable(error.to_string()),
        SearchError::Store(_) | SearchError::Embedder { .. } => Problem::internal("searching", &error),
    }
}

impl Service {
    /// What stands in the documents, as it is.
    pub(in crate::service) async fn look(&self, request: &Request) -> Answer<Looked> {
        let documents = self.0.shelf.documents().ok_or_else(Problem::no_index)?;
        let _turn = self.turn_of(&self.0.searches).await?;
        let looked = documents.look(request, Audience::Callers).await;
        looked.map_err(|refused| Problem::busy(refused.message))
    }

    /// A question about pages of a source that is none is no question.
    pub(super) fn knows_source(&self, source: &str) -> Answer<()> {
        let manifest = self.0.shelf.manifest().ok_or_else(Problem::no_index)?;
        if manifest.sources.iter().any(|known| known.name == source) {
            return Ok(());
        }
        let known: Vec<&str> = manifest.sources.iter().map(|known| known.name.as_str()).collect();
        Err(not_searched(SearchError::Source { asked: source.to_owned(), known: known.join(", ") }))
    }
}

/// A page.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Page {
    /// `zfs-send(8)`, `zfs-send.8`, or its name in the index.
    #[schemars(length(min = 1, max = 1024))]
    page: String,
    /// Only what stands under this heading.
    #[serde(default)]
    heading: Option<String>,
}

async fn page(State(service): State<Service>, Params(asked): Params<Page>) -> Answer<Json<Looked>> {
    let heading = asked.heading.filter(|heading| !heading.is_empty());
    let request = Request::DocsRead(DocsRead { page: asked.page, heading });
    let looked = service.look(&request).await?;
    if looked.passages.is_empty() {
        return Err(Problem::not_found("the index has no such page, or no such heading in it"));
    }
    Ok(Json(looked))
}
