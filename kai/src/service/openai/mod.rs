//! OpenAI's interface, as far as clients of chats use it: models, chats, embeddings. The model `kai` answers
//! from the documents; with tools of the client's own, a request goes on to the model server behind kai.
//!
//! Fields that kai does not know are left out of account, as those clients expect.

mod chat;
mod embeddings;
mod request;

use axum::extract::State;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::access::Scope;
use super::problem::Problem;
use super::{Service, gate};

/// The only model that is served.
const MODEL: &str = "kai";

pub(super) fn routes(service: &Service) -> Router {
    Router::new()
        .route("/v1/models", get(models))
        .route("/v1/models/{id}", get(model))
        .route("/v1/chat/completions", post(chat::chat))
        .route("/v1/embeddings", post(embeddings::embeddings))
        .layer(from_fn_with_state(Scope::Ask, gate::needs))
        .with_state(service.clone())
}

/// An error as those clients know it.
struct Failed(Problem);

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let status = self.0.status;
        let kind = if status.is_server_error() { "server_error" } else { "invalid_request_error" };
        let error = json!({ "message": self.0.detail, "type": kind, "param": null, "code": null });
        (status, Json(json!({ "error": error }))).into_response()
    }
}

fn described() -> Value {
    json!({ "id": MODEL, "object": "model", "created": 0, "owned_by": "kai" })
}

async fn models() -> Json<Value> {
    Json(json!({ "object": "list", "data": [described()] }))
}

async fn model(State(_): State<Service>, super::body::At(id): super::body::At) -> Result<Json<Value>, Failed> {
    if id == MODEL { Ok(Json(described())) } else { Err(Problem::not_found(format!("there is no model {id}")).into()) }
}
