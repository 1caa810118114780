//! OpenAI's interface, as far as clients of chats use it: models, chats, embeddings. The model `kai` answers
//! from the documents; with tools of the client's own, a request goes on to the model server behind kai.
//!
//! Fields that kai does not know are left out of account, as those clients expect, and so is the name of the
//! model that is asked: what is answered says who answered.

mod chat;
mod embeddings;
mod error;
mod passed;
mod reply;
mod request;

use axum::Json;
use serde_json::{Map, Value, json};

use super::access::Scope;
use super::api::{Endpoint, Errors};
use super::body::At;
use super::problem::{Answer, Problem};
pub(super) use error::{Mistake, errors};

/// The model that answers from the documents.
const MODEL: &str = "kai";

type Object = Map<String, Value>;

pub(super) fn endpoints() -> Vec<Endpoint> {
    let own = [
        Endpoint::get("/v1/models", "The models that OpenAI's clients can choose: kai.", models)
            .json::<Object>(200, "object, data"),
        Endpoint::get("/v1/models/{id}", "One of them.", model).json::<Object>(200, "id, object, created, owned_by"),
        Endpoint::post("/v1/chat/completions", "A chat as OpenAI's clients have it.", chat::chat)
            .body::<request::Chat>()
            .json::<Object>(200, "id, object, created, model, choices, usage")
            .events(200, "With `stream`: chunks of the reply, last [DONE]."),
        Endpoint::post("/v1/embeddings", "Vectors of texts, of the index's embedder.", embeddings::embeddings)
            .body::<embeddings::Texts>()
            .json::<Object>(200, "object, data, model, usage"),
    ];
    own.into_iter().map(|endpoint| endpoint.needs(Scope::Ask).errors(Errors::OpenAi)).collect()
}

fn described() -> Value {
    json!({ "id": MODEL, "object": "model", "created": 0, "owned_by": "kai" })
}

async fn models() -> Json<Value> {
    Json(json!({ "object": "list", "data": [described()] }))
}

async fn model(At(id): At) -> Answer<Json<Value>> {
    if id == MODEL {
        return Ok(Json(described()));
    }
    let shown: String = id.chars().take(100).collect();
    Err(Problem::not_found(format!("there is no model {shown}; the only one is {MODEL}")).of("model"))
}
