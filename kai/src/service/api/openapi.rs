//! The OpenAPI document, from the list of endpoints and the types that they read and write.

use std::sync::LazyLock;

use axum::Json;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::super::problem::Written;
use super::super::{kldload, openai};
use super::endpoint::{Endpoint, Errors, Gives};

pub(super) fn endpoints() -> Vec<Endpoint> {
    let about = "This interface, described as OpenAPI 3.1.";
    vec![Endpoint::get("/v1/openapi.json", about, document).json::<Map<String, Value>>(200, "An OpenAPI document.")]
}

async fn document() -> Json<&'static Value> {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(|| made_from(&super::endpoints()));
    Json(&DOCUMENT)
}

fn made_from(endpoints: &[Endpoint]) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let problem = generator.subschema_for::<Written>();
    let openai = generator.subschema_for::<openai::Mistake>();
    let kldload = generator.subschema_for::<kldload::Mistake>();
    let mut paths = Map::new();
    for endpoint in endpoints {
        let path = paths.entry(endpoint.path).or_insert_with(|| json!({}));
        path[endpoint.method.as_str().to_ascii_lowercase()] = operation(endpoint, &mut generator);
    }
    let mut schemas = Map::new();
    for (name, schema) in generator.take_definitions(true) {
        schemas.insert(name, schema);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "kai",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Questions answered from a host's documentation, and operations on the host: proposed \
    as plans, carried out when somebody with that right has approved the digest of what was shown.",
            "license": { "name": "BSD-3-Clause", "identifier": "BSD-3-Clause" },
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "responses": {
                "problem": {
                    "description": "What went wrong, and what to do next (RFC 9457).",
                    "content": { "application/problem+json": { "schema": problem } },
                },
                "openai": {
                    "description": "What went wrong, as OpenAI's clients know it.",
                    "content": { "application/json": { "schema": openai } },
                },
                "kldload": {
                    "description": "What went wrong, as kldload's programs know it.",
                    "content": { "application/json": { "schema": kldload } },
                },
            },
        },
    })
}

fn operation(endpoint: &Endpoint, generator: &mut SchemaGenerator) -> Value {
    let mut operation = json!({
        "summary": endpoint.about,
        "operationId": id(endpoint),
        "responses": responses(endpoint, generator),
    });
    let parameters = parameters(endpoint, generator);
    if !parameters.is_empty() {
        operation["parameters"] = json!(parameters);
    }
    if let Some(body) = endpoint.body {
        let schema = (body.schema)(generator);
        operation["requestBody"] =
            json!({ "required": body.required, "content": { "application/json": { "schema": schema } } });
    }
    if let Some(scope) = endpoint.scope {
        operation["security"] = json!([{ "token": [scope.as_str()] }]);
        operation["description"] = json!(format!("Needs the scope `{}`.", scope.as_str()));
    }
    operation
}

/// `post_v1_plans_id_approve`.
fn id(endpoint: &Endpoint) -> String {
    let path = endpoint.path.trim_start_matches('/').replace(['/', '.'], "_").replace(['{', '}'], "");
    format!("{}_{path}", endpoint.method.as_str().to_ascii_lowercase())
}

fn parameters(endpoint: &Endpoint, generator: &mut SchemaGenerator) -> Vec<Value> {
    let in_path = endpoint.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut parameters: Vec<Value> = in_path
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    let Some(query) = endpoint.query else { return parameters };
    let schema = query(generator).to_value();
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        parameters.push(json!({
            "name": name, "in": "query", "required": required.contains(&name.as_str()),
            "description": property["description"], "schema": property,
        }));
    }
    parameters
}

fn responses(endpoint: &Endpoint, generator: &mut SchemaGenerator) -> Value {
    let mut responses = Map::new();
    for (status, gives) in &endpoint.gives {
        let response = responses.entry(status.to_string()).or_insert_with(|| json!({ "description": "Done." }));
        let (kind, schema, about) = match gives {
            Gives::Nothing => continue,
            Gives::Json(schema, about) => ("application/json", json!(schema(generator)), *about),
            Gives::Events(about) => ("text/event-stream", json!({ "type": "string" }), *about),
            Gives::Text(kind, about) => (*kind, json!({ "type": "string" }), *about),
        };
        response["description"] = json!(about);
        response["content"][kind] = json!({ "schema": schema });
    }
    let errors = match endpoint.errors {
        Errors::Problem => "problem",
        Errors::OpenAi => "openai",
        Errors::Kldload => "kldload",
    };
    responses.insert("default".to_owned(), json!({ "$ref": format!("#/components/responses/{errors}") }));
    Value::Object(responses)
}
