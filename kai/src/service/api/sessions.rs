//! Conversations: what is said in one is understood by what was said before.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use schemars::JsonSchema;
use serde::Serialize;

use super::super::Service;
use super::super::access::{Caller, Scope};
use super::super::body::At;
use super::super::problem::Answer;
use super::super::sessions::Summary;
use super::Endpoint;
use crate::turn::Entry;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/v1/sessions", "Begin a conversation.", begin)
            .needs(Scope::Ask)
            .json::<Begun>(201, "Its number."),
        Endpoint::get("/v1/sessions", "The conversations of this token.", list)
            .needs(Scope::Ask)
            .json::<Sessions>(200, "The latest first."),
        Endpoint::get("/v1/sessions/{id}", "What was said in a conversation.", show)
            .needs(Scope::Ask)
            .json::<Said>(200, "What was said, oldest first."),
        Endpoint::delete("/v1/sessions/{id}", "End a conversation, and forget it.", end).needs(Scope::Ask).nothing(204),
    ]
}

/// A conversation that has begun.
#[derive(Debug, Serialize, JsonSchema)]
struct Begun {
    id: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Sessions {
    sessions: Vec<Summary>,
}

/// A conversation.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Conversation")]
struct Said {
    id: String,
    entries: Vec<Entry>,
}

async fn begin(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
) -> Answer<(StatusCode, Json<Begun>)> {
    service.0.rates.ask(&caller)?;
    Ok((StatusCode::CREATED, Json(Begun { id: service.0.sessions.begin(&caller)? })))
}

async fn list(State(service): State<Service>, Extension(caller): Extension<Caller>) -> Json<Sessions> {
    Json(Sessions { sessions: service.0.sessions.list(&caller) })
}

async fn show(State(service): State<Service>, Extension(caller): Extension<Caller>, At(id): At) -> Answer<Json<Said>> {
    let conversation = service.0.sessions.find(&id, &caller)?.hold()?;
    Ok(Json(Said { id, entries: conversation.entries.clone() }))
}

async fn end(State(service): State<Service>, Extension(caller): Extension<Caller>, At(id): At) -> Answer<StatusCode> {
    service.0.sessions.end(&id, &caller)?;
    Ok(StatusCode::NO_CONTENT)
}
