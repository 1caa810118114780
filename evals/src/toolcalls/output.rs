//! What a planner said: one JSON object with a kind, and every request that stands anywhere in it.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value};

use super::case::Call;

/// What a planner says that its output is. Only a claim: requests count wherever they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// One request.
    Call,
    /// Several.
    Calls,
    /// A question back.
    Ask,
    /// Words.
    Answer,
    /// No.
    Refuse,
}

/// An output that can be judged.
#[derive(Debug, Clone)]
pub struct Output {
    /// What it claims to be.
    pub kind: Kind,
    fields: Map<String, Value>,
}

/// Why an output cannot be judged.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// It is not one JSON value.
    #[error("the output is not one JSON object")]
    Json(#[from] serde_json::Error),
    /// It is another value, or has another kind.
    #[error("the output is no object with a kind out of call, calls, ask, answer, refuse")]
    Kind,
}

impl Output {
    /// The output in `text`, which holds nothing else.
    ///
    /// # Errors
    /// If it is not one JSON object with a known kind.
    pub fn parse(text: &str) -> Result<Self, OutputError> {
        Self::from_value(serde_json::from_str(text)?)
    }

    /// The output that a value is.
    ///
    /// # Errors
    /// If it is no object with a known kind.
    pub fn from_value(value: Value) -> Result<Self, OutputError> {
        let Value::Object(fields) = value else { return Err(OutputError::Kind) };
        let kind = match fields.get("kind").and_then(Value::as_str) {
            Some("call") => Kind::Call,
            Some("calls") => Kind::Calls,
            Some("ask") => Kind::Ask,
            Some("answer") => Kind::Answer,
            Some("refuse") => Kind::Refuse,
            Some(_) | None => return Err(OutputError::Kind),
        };
        Ok(Self { kind, fields })
    }

    /// The requests that it says it proposes: those under `call`, or under `calls`.
    #[must_use]
    pub fn said(&self) -> Vec<Call> {
        let place = match self.kind {
            Kind::Call => "call",
            Kind::Calls => "calls",
            Kind::Ask | Kind::Answer | Kind::Refuse => return Vec::new(),
        };
        self.fields.get(place).map(requests).unwrap_or_default()
    }

    /// Every request anywhere in it, whatever its kind claims.
    #[must_use]
    pub fn proposed(&self) -> Vec<Call> {
        let mut found = Vec::new();
        collect_from(&self.fields, &mut found);
        found
    }

    /// The arguments that it asks for.
    #[must_use]
    pub fn asked(&self) -> BTreeSet<&str> {
        match self.fields.get("ask") {
            Some(Value::String(one)) => BTreeSet::from([one.as_str()]),
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            Some(Value::Object(named)) => named.keys().map(String::as_str).collect(),
            Some(Value::Null | Value::Bool(_) | Value::Number(_)) | None => BTreeSet::new(),
        }
    }

    /// It as it came.
    #[must_use]
    pub fn to_json(&self) -> String {
        Value::Object(self.fields.clone()).to_string()
    }
}

/// Every request in a value.
fn requests(value: &Value) -> Vec<Call> {
    let mut found = Vec::new();
    collect(value, &mut found);
    found
}

fn collect(value: &Value, found: &mut Vec<Call>) {
    match value {
        Value::Object(fields) => collect_from(fields, found),
        Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// An object whose `tool` is a text is a request. What stands beside the tool and its arguments is
/// searched as well, so that no request hides behind another; the arguments are the request's own.
fn collect_from(fields: &Map<String, Value>, found: &mut Vec<Call>) {
    let tool = fields.get("tool").and_then(Value::as_str);
    let args = fields.get("args").and_then(Value::as_object).filter(|_| tool.is_some());
    if let Some(tool) = tool {
        found.push(Call { tool: tool.to_owned(), args: args.cloned().unwrap_or_default() });
    }
    for (name, value) in fields {
        if !(name == "args" && args.is_some()) {
            collect(value, found);
        }
    }
}
