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
use axum::{Extension, Json};
use futures::StreamExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::access::{Caller, Scope};
use super::api::{Endpoint, Errors, Question, address, begin, folder};
use super::body::{parse, read};
use super::problem::Problem;
use super::stream::each;
use super::{Service, indexing, plain};
use crate::ask::Engines;

/// Of what a client says of its host, this much is told to a model.
const CONTEXT: usize = 8 << 10;

pub(super) fn endpoints() -> Vec<Endpoint> {
    let all = [
        Endpoint::get("/health", "For kldload's programs: that it runs, and how much it knows.", health)
            .json::<Health>(200, "How it is."),
        Endpoint::post("/query", "For kldload's programs: an answer as plain text, as it is written.", query)
            .body::<Query>()
            .text(200, "text/plain; charset=utf-8", "The answer."),
        Endpoint::post("/index", "For kldload's programs: index a folder, and wait.", index)
            .body::<Folder>()
            .json::<Indexed>(200, "What can be found now."),
        Endpoint::post("/index-url", "For kldload's programs: index addresses, and wait.", index_url)
            .body::<Addresses>()
            .json::<Indexed>(200, "What can be found now."),
    ];
    all.into_iter().map(|endpoint| endpoint.errors(Errors::Kldload)).collect()
}

/// An error as those programs know it.
struct Failed(Problem);

/// An error as it is written.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "KldloadError")]
pub(super) struct Mistake {
    error: String,
    /// What to do next.
    hints: Vec<String>,
}

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
        (status, Json(Mistake { error: self.0.detail, hints: self.0.hints })).into_response()
    }
}

/// How it is.
#[derive(Debug, Serialize, JsonSchema)]
struct Health {
    status: &'static str,
    /// Passages that can be found.
    chunks: u64,
    /// Whether a model server writes the answers.
    ollama: bool,
}

async fn health(State(service): State<Service>) -> Json<Health> {
    let chunks = service.0.shelf.manifest().map_or(0, |manifest| manifest.passages);
    Json(Health { status: "ok", chunks, ollama: matches!(*service.0.engines, Engines::Model(_)) })
}

/// A question. What is null is as if it were not there.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "KldloadQuery")]
struct Query {
    #[serde(default)]
    question: Option<String>,
    /// What the client says of its host.
    #[serde(default)]
    system_context: Option<String>,
}

async fn query(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Response, Failed> {
    let asked: Query = parse(&read(request, &service).await?)?;
    let question = asked.question.unwrap_or_default();
    if question.trim().is_empty() {
        return Err(Problem::bad_request("missing 'question'").into());
    }
    if !caller.may(Scope::Ask) {
        return Err(Problem::needs(Scope::Ask).into());
    }
    // Those programs have no plans to show: whatever they may do otherwise, here they only ask.
    let caller = Caller::asking_only(caller);
    let told: String = asked.system_context.unwrap_or_default().chars().take(CONTEXT).collect();
    let question = Question { question, told, ..Question::default() };
    let events = begin(&service, &caller, question).await?;
    let text = each(events).filter_map(|told| async move { plain::text(&told).map(Ok::<_, Infallible>) });
    let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    Ok((kind, ResponseBody::from_stream(text)).into_response())
}

/// A folder of this machine.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "KldloadFolder")]
struct Folder {
    #[serde(default)]
    source_dir: Option<String>,
}

/// Addresses of pages.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "KldloadAddresses")]
struct Addresses {
    #[serde(default)]
    urls: Option<Vec<String>>,
}

/// What was indexed.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "KldloadIndexed")]
struct Indexed {
    status: &'static str,
    pages: u64,
    chunks: u64,
}

async fn index(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Json<Indexed>, Failed> {
    may_index(&service, &caller)?;
    let asked: Folder = parse(&read(request, &service).await?)?;
    let place = folder(&asked.source_dir.unwrap_or_default())?;
    if !std::path::Path::new(&place).is_dir() {
        return Err(Problem::bad_request(format!("invalid source_dir: {place}: it is no folder")).into());
    }
    run(&service, vec![place]).await
}

async fn index_url(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Json<Indexed>, Failed> {
    may_index(&service, &caller)?;
    let asked: Addresses = parse(&read(request, &service).await?)?;
    let urls = asked.urls.unwrap_or_default();
    if urls.is_empty() {
        return Err(Problem::bad_request("missing 'urls'").into());
    }
    let places = urls.iter().map(|url| address(url)).collect::<Result<Vec<_>, _>>()?;
    run(&service, places).await
}

/// kldload's programs have no token: that they may index has to be said when the service is started.
fn may_index(service: &Service, caller: &Caller) -> Result<(), Problem> {
    let opened = service.settings().open_index && caller.peer.is_here() && caller.name.is_none();
    if opened || caller.may(Scope::Admin) {
        return Ok(());
    }
    if caller.name.is_some() {
        return Err(Problem::needs(Scope::Admin));
    }
    Err(Problem::unauthorized("indexing needs a token with the scope admin")
        .hint("`kai serve --open-index` lets programs on this machine index without one, as kldload's did"))
}

async fn run(service: &Service, places: Vec<String>) -> Result<Json<Indexed>, Failed> {
    service.0.indexing.start(places)?;
    let run = service.0.indexing.ended().await;
    if run.state == indexing::State::Failed {
        return Err(Problem::new(run.status, run.message.unwrap_or_default()).into());
    }
    Ok(Json(Indexed { status: "ok", pages: run.pages, chunks: run.passages }))
}
