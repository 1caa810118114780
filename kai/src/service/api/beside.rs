//! What is served beside this interface and has routes of its own: described, so that whoever reads the
//! description finds it.

use axum::http::Method;
use serde_json::{Map, Value};

use super::super::access::Scope;
use super::Endpoint;

const PLAIN: &str = "text/plain";

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::elsewhere(Method::POST, "/mcp", "The Model Context Protocol over streamable HTTP.")
            .needs(Scope::Ask)
            .body::<Map<String, Value>>()
            .json::<Map<String, Value>>(200, "A reply of JSON-RPC.")
            .nothing(202)
            .json::<Map<String, Value>>(400, "An error of JSON-RPC.")
            .text(406, PLAIN, "Both application/json and text/event-stream have to be accepted.")
            .text(415, PLAIN, "The body has to be application/json."),
        Endpoint::elsewhere(Method::GET, "/livez", "Whether it runs.").text(200, PLAIN, "ok"),
        Endpoint::elsewhere(Method::GET, "/readyz", "Whether there is an index and it is not stopping.")
            .text(200, PLAIN, "ok"),
        Endpoint::elsewhere(Method::GET, "/metrics", "Counts and times, for Prometheus.").text(
            200,
            "application/openmetrics-text",
            "Metrics.",
        ),
    ]
}
