//! The interface of kldload's question service, as its programs use it: `/health`, `/query`, `/index` and
//! `/index-url`. Bodies are JSON whatever their type says, errors are `{"error": …}`, an answer is plain
//! text as it is written, and indexing answers when it is done.
//!
//! Nothing else of kai is reached from here: no host, no plan.

use std::convert::Infallible;

use axum::body::Body as ResponseBody;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use futures::StreamExt;
use serde::Deserialize;
use serde_json::{Value, json};

use super::access::{Caller, Scope};
use super::api::{Question, address, begin, folder};
use super::body::{parse, read};
use super::problem::Problem;
use super::stream::each;
use super::{Service, indexing, plain};
use crate::ask::Engines;

/// Of what a client says of its host, this much is told to a model.
const CONTEXT: usize = 8 << 10;

pub(super) fn routes(service: &Service) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/query", post(query))
        .route("/index", post(index))
        .route("/index-url", post(index_url))
        .with_state(service.clone())
}

/// An error as those programs know it.
struct Failed(Problem);

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        // What they sent wrong is 400 there, whatever is wrong with it.
        let status = match self.0.status {
            StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
            status => status,
        };
        (status, Json(json!({ "error": self.0.detail, "hints": self.0.hints }))).into_response()
    }
}

async fn health(State(service): State<Service>) -> Json<Value> {
    let chunks = service.0.shelf.manifest().map_or(0, |manifest| manifest.passages);
    Json(json!({ "status": "ok", "chunks": chunks, "ollama": matches!(*service.0.engines, Engines::Model(_)) }))
}

#[derive(Deserialize)]
struct Query {
    #[serde(default)]
    question: String,
    #[serde(default)]
    system_context: String,
}

async fn query(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Response, Failed> {
    let asked: Query = parse(&read(request, &service).await?)?;
    if asked.question.trim().is_empty() {
        return Err(Problem::bad_request("missing 'question'").into());
    }
    if !caller.may(Scope::Ask) {
        return Err(Problem::needs(Scope::Ask).into());
    }
    // Those programs have no plans to show: whatever they may do otherwise, here they only ask.
    let caller = Caller::asking_only(caller);
    let told: String = asked.system_context.chars().take(CONTEXT).collect();
    let question = Question { question: asked.question, told, ..Question::default() };
    let events = begin(&service, &caller, question).await?;
    let text = each(events).filter_map(|told| async move { plain::text(&told).map(Ok::<_, Infallible>) });
    let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    Ok((kind, ResponseBody::from_stream(text)).into_response())
}

#[derive(Deserialize)]
struct Folder {
    #[serde(default)]
    source_dir: String,
}

#[derive(Deserialize)]
struct Addresses {
    #[serde(default)]
    urls: Vec<String>,
}

async fn index(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Json<Value>, Failed> {
    may_index(&service, &caller)?;
    let asked: Folder = parse(&read(request, &service).await?)?;
    let place = folder(&asked.source_dir)?;
    if !std::path::Path::new(&place).is_dir() {
        return Err(Problem::bad_request(format!("invalid source_dir: {place}: it is no folder")).into());
    }
    run(&service, vec![place]).await
}

async fn index_url(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Json<Value>, Failed> {
    may_index(&service, &caller)?;
    let asked: Addresses = parse(&read(request, &service).await?)?;
    if asked.urls.is_empty() {
        return Err(Problem::bad_request("missing 'urls'").into());
    }
    let places = asked.urls.iter().map(|url| address(url)).collect::<Result<Vec<_>, _>>()?;
    run(&service, places).await
}

/// kldload's programs have no token: that they may index has to be said when the service is started.
fn may_index(service: &Service, caller: &Caller) -> Result<(), Problem> {
    let opened = service.settings().open_index && caller.peer.is_here() && caller.name.is_none();
    if opened || caller.may(Scope::Admin) {
        return Ok(());
    }
    Err(Problem::unauthorized("indexing needs a token with the scope admin")
        .hint("`kai serve --open-index` lets programs on this machine index without one, as kldload's did"))
}

async fn run(service: &Service, places: Vec<String>) -> Result<Json<Value>, Failed> {
    service.0.indexing.start(places)?;
    let run = service.0.indexing.ended().await;
    if run.state == indexing::State::Failed {
        return Err(Problem::conflict(run.message.unwrap_or_default()).into());
    }
    Ok(Json(json!({ "status": "ok", "pages": run.pages, "chunks": run.passages })))
}
