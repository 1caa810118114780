//! The interface's own description, held against what is served.

use serde_json::{Value, json};

use super::{Place, answer, runtime};

/// A schema with its reference followed.
fn followed<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(to) => document.pointer(to.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

/// The schema of what comes back with that status.
fn given<'a>(document: &'a Value, method: &str, path: &str, status: &str) -> &'a Value {
    let response = &document["paths"][path][method]["responses"][status];
    followed(document, &response["content"]["application/json"]["schema"])
}

#[test]
fn everything_that_is_served_is_described() {
    let place = Place::new();
    let token = place.token("ops", "ask,plan");
    let served = place.serve(&[]);
    runtime().block_on(async {
        let (_, document) = answer(served.get("/v1/openapi.json")).await;
        for (method, path) in [
            ("get", "/v1/models"),
            ("get", "/v1/models/{id}"),
            ("post", "/v1/chat/completions"),
            ("post", "/v1/embeddings"),
            ("get", "/health"),
            ("post", "/query"),
            ("post", "/index"),
            ("post", "/index-url"),
            ("post", "/mcp"),
            ("get", "/livez"),
            ("get", "/readyz"),
            ("get", "/metrics"),
        ] {
            assert!(document["paths"][path][method]["summary"].is_string(), "{method} {path}");
        }
        let body = |path: &str| document["paths"][path]["post"]["requestBody"]["required"].clone();
        assert_eq!((body("/v1/index"), body("/v1/ask")), (json!(false), json!(true)));
        let errors = |path: &str, method: &str| document["paths"][path][method]["responses"]["default"]["$ref"].clone();
        assert_eq!(errors("/v1/models", "get"), "#/components/responses/openai");
        assert_eq!(errors("/query", "post"), "#/components/responses/kldload");
        assert_eq!(errors("/v1/ask", "post"), "#/components/responses/problem");

        // What comes has the fields that are described, and all of those that have to be there.
        let plan = json!({ "request": { "tool": "kvm_snap", "args": { "vm": "web1" } } });
        let look = json!({ "request": { "tool": "kvm_list", "args": {} } });
        for (method, path, status, request) in [
            ("get", "/v1/search", "200", served.get("/v1/search?q=scrub")),
            ("get", "/v1/page", "200", served.get("/v1/page?page=hold.md")),
            ("get", "/v1/me", "200", served.get("/v1/me")),
            ("get", "/v1/tools", "200", served.get("/v1/tools")),
            ("get", "/v1/host", "200", served.get("/v1/host")),
            ("get", "/v1/index", "200", served.get("/v1/index")),
            ("post", "/v1/sessions", "201", served.post("/v1/sessions", &json!({}))),
            ("get", "/v1/sessions", "200", served.get("/v1/sessions")),
            ("post", "/v1/plans", "201", served.post("/v1/plans", &plan)),
            ("post", "/v1/plans", "200", served.post("/v1/plans", &look)),
            ("get", "/v1/plans", "200", served.get("/v1/plans")),
            ("get", "/v1/operations", "200", served.get("/v1/operations")),
            ("post", "/v1/ask", "200", served.post("/v1/ask", &json!({ "question": "how do I hold a snapshot?" }))),
            ("get", "/health", "200", served.get("/health")),
        ] {
            let (came, value) = answer(request.bearer_auth(&token)).await;
            assert_eq!(came.to_string(), status, "{path}: {value}");
            let schema = given(&document, method, path, status);
            let known = schema["properties"].as_object().unwrap_or_else(|| panic!("{path}: {schema}"));
            let unknown = value.as_object().unwrap().keys().find(|field| !known.contains_key(*field));
            assert_eq!(unknown, None, "{path}");
            for field in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                assert!(value.get(field).is_some(), "{path}: {field}");
            }
        }
    });
}
