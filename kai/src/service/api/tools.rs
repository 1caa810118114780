//! The tools, with the schemas of their arguments.

use axum::Json;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::super::access::Scope;
use super::Endpoint;

pub(super) fn endpoints() -> Vec<Endpoint> {
    let about = "What can be done, and the JSON Schema of each tool's arguments.";
    vec![Endpoint::get("/v1/tools", about, tools).needs(Scope::Ask).json::<Tools>(200, "The tools.")]
}

#[derive(Debug, Serialize, JsonSchema)]
struct Tools {
    tools: Vec<Offered>,
}

/// A tool.
#[derive(Debug, Serialize, JsonSchema)]
struct Offered {
    name: &'static str,
    description: &'static str,
    /// Whether this version can carry it out.
    available: bool,
    /// The JSON Schema of its arguments.
    schema: &'static Value,
}

async fn tools() -> Json<Tools> {
    let tools = kai_tools::request::tools().iter().map(|tool| Offered {
        name: tool.name,
        description: &tool.description,
        available: tool.available,
        schema: &tool.schema,
    });
    Json(Tools { tools: tools.collect() })
}
