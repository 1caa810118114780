//! The tools, with the schemas of their arguments.

use axum::Json;
use serde_json::{Value, json};

use super::super::access::Scope;
use super::{Endpoint, Gives};

pub(super) fn endpoints() -> Vec<Endpoint> {
    let about = "What can be done, and the JSON Schema of each tool's arguments.";
    vec![Endpoint::get("/v1/tools", about, tools).needs(Scope::Ask).gives(200, Gives::Json("tools"))]
}

async fn tools() -> Json<Value> {
    let tools = kai_tools::request::tools().iter().map(|tool| {
        json!({
            "name": tool.name, "description": tool.description, "available": tool.available, "schema": tool.schema,
        })
    });
    Json(json!({ "tools": tools.collect::<Vec<_>>() }))
}
