//! Questions and orders: one turn, as events while it goes on or as one object at its end.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use futures::StreamExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::mpsc;

use super::super::access::{Caller, Scope, Scopes, TokenName};
use super::super::body::Body;
use super::super::problem::{Answer, Problem};
use super::super::sessions::Held;
use super::super::stream::{self, Asked, Told};
use super::super::{Service, sessions};
use super::Endpoint;
use crate::turn::Written;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/v1/ask", "Ask a question, or say what is to be done.", ask)
            .needs(Scope::Ask)
            .body::<Question>()
            .events(200, EVENTS)
            .json::<Written<'_>>(200, "What the event `done` carries; else the events, as they come."),
        Endpoint::get("/v1/me", "Who the caller is and may do, and what answers here.", me)
            .json::<Me>(200, "The caller, and what answers."),
    ]
}

/// A question is at most so long.
const LONGEST: usize = 65_536;

const EVENTS: &str = "working, understood, passages, engine, waiting, thinking, token, citation, fallback, asks, \
refused, found, plan, note; last done, or problem";

/// A question.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::service) struct Question {
    /// What is asked, or what is to be done. An order becomes a plan, which waits to be approved.
    #[schemars(length(min = 1, max = LONGEST))]
    pub(in crate::service) question: String,
    /// The conversation that it belongs to.
    #[serde(default)]
    pub(in crate::service) session: Option<String>,
    /// Only pages of this source.
    #[serde(default)]
    pub(in crate::service) source: Option<String>,
    /// How many passages the answer may rest on.
    #[serde(default)]
    #[schemars(range(min = 1, max = 50))]
    pub(in crate::service) passages: Option<usize>,
    /// What the caller says of a host of its own.
    #[serde(skip)]
    pub(in crate::service) told: String,
}

async fn ask(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Body(asked): Body<Question>,
) -> Answer<Response> {
    let as_events = wants_events(&headers)?;
    let events = begin(&service, &caller, asked).await?;
    if as_events {
        return Ok(stream::sse(stream::each(events)));
    }
    Ok(Json(done(events).await?).into_response())
}

/// Begins the turn of a question, in the conversation that it belongs to.
pub(in crate::service) async fn begin(
    service: &Service,
    caller: &Caller,
    asked: Question,
) -> Answer<mpsc::Receiver<Told>> {
    let talk = match &asked.session {
        Some(id) => service.0.sessions.find(id, caller)?.hold()?,
        None => sessions::once()?,
    };
    begin_in(service, caller, asked, talk).await
}

/// Checks a question and begins its turn.
pub(in crate::service) async fn begin_in(
    service: &Service,
    caller: &Caller,
    asked: Question,
    talk: Held,
) -> Answer<mpsc::Receiver<Told>> {
    if asked.question.trim().is_empty() {
        return Err(Problem::unprocessable("the question is empty"));
    }
    if asked.question.chars().count() > LONGEST {
        return Err(Problem::unprocessable(format!("a question has at most {LONGEST} characters"))
            .hint("put it into a file and have that indexed"));
    }
    if asked.passages.is_some_and(|passages| !(1..=50).contains(&passages)) {
        return Err(Problem::unprocessable("passages is from 1 to 50"));
    }
    service.0.rates.ask(caller)?;
    let mut assistant = service.assistant(caller);
    assistant.told = asked.told;
    if let Some(documents) = &mut assistant.documents {
        documents.passages = asked.passages.unwrap_or(documents.passages);
        if let Some(source) = asked.source {
            service.knows_source(&source)?;
            documents.source = Some(source);
        }
    }
    let place = service.turn_of(&service.0.answers).await?;
    let asked = Asked { text: asked.question, by: caller.called() };
    Ok(stream::turn(service.clone(), assistant, talk, asked, place))
}

/// The end of a turn.
pub(in crate::service) async fn done(events: mpsc::Receiver<Told>) -> Answer<Value> {
    let last = stream::each(events).fold(None, |_, told| async { Some(told) }).await;
    match last {
        Some(Told { name: "done", data }) => Ok(data),
        Some(_) | None => Err(Problem::busy("the answer was broken off")),
    }
}

/// Whether the caller wants to see the answer as it comes.
fn wants_events(headers: &HeaderMap) -> Answer<bool> {
    let Some(accept) = headers.get(header::ACCEPT) else { return Ok(false) };
    let accept = accept.to_str().unwrap_or_default().to_ascii_lowercase();
    let kinds: Vec<&str> = accept.split(',').map(|kind| kind.split(';').next().unwrap_or_default().trim()).collect();
    if kinds.contains(&"text/event-stream") {
        return Ok(true);
    }
    if kinds.iter().any(|kind| matches!(*kind, "application/json" | "application/*" | "*/*" | "")) {
        return Ok(false);
    }
    Err(Problem::new(StatusCode::NOT_ACCEPTABLE, "an answer comes as text/event-stream or as application/json"))
}

/// Who calls, and what answers.
#[derive(Debug, Serialize, JsonSchema)]
struct Me {
    /// The token's name; none for who brought none.
    name: Option<TokenName>,
    scopes: Scopes,
    /// The host that operations are for, if the caller may see it.
    host: Option<String>,
    version: &'static str,
    /// What writes answers.
    engine: String,
}

async fn me(State(service): State<Service>, Extension(caller): Extension<Caller>) -> Json<Me> {
    let operator = service.0.operator.as_ref().filter(|_| caller.may(Scope::Plan));
    Json(Me {
        host: operator.map(|operator| operator.host_name()),
        name: caller.name,
        scopes: caller.scopes,
        version: env!("CARGO_PKG_VERSION"),
        engine: service.0.engines.name(),
    })
}
