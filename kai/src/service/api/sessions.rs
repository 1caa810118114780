//! Conversations: what is said in one is understood by what was said before.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::super::Service;
use super::super::access::{Caller, Scope};
use super::super::body::At;
use super::super::problem::Answer;
use super::{Endpoint, Gives};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/v1/sessions", "Begin a conversation.", begin).needs(Scope::Ask).gives(201, Gives::Json("id")),
        Endpoint::get("/v1/sessions", "The conversations of this token.", list)
            .needs(Scope::Ask)
            .gives(200, Gives::Json("sessions")),
        Endpoint::get("/v1/sessions/{id}", "What was said in a conversation.", show)
            .needs(Scope::Ask)
            .gives(200, Gives::Json("id, entries")),
        Endpoint::delete("/v1/sessions/{id}", "End a conversation, and forget it.", end)
            .needs(Scope::Ask)
            .gives(204, Gives::Nothing),
    ]
}

async fn begin(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
) -> Answer<(StatusCode, Json<Value>)> {
    service.0.rates.ask(&caller)?;
    Ok((StatusCode::CREATED, Json(json!({ "id": service.0.sessions.begin(&caller)? }))))
}

async fn list(State(service): State<Service>, Extension(caller): Extension<Caller>) -> Json<Value> {
    Json(json!({ "sessions": service.0.sessions.list(&caller) }))
}

async fn show(State(service): State<Service>, Extension(caller): Extension<Caller>, At(id): At) -> Answer<Json<Value>> {
    let conversation = service.0.sessions.find(&id, &caller)?.hold()?;
    Ok(Json(json!({ "id": id, "entries": conversation.entries })))
}

async fn end(State(service): State<Service>, Extension(caller): Extension<Caller>, At(id): At) -> Answer<StatusCode> {
    service.0.sessions.end(&id, &caller)?;
    Ok(StatusCode::NO_CONTENT)
}
