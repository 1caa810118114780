//! The arguments of a call: whatever form they came in, an object comes out.
//!
//! Only the form is looked at; whether the tool knows these arguments is the tool's matter.

use serde_json::{Map, Value};

use super::stream::beginning;

/// Arguments that came as a JSON value. Nothing at all means no arguments; some models put their
/// object into a string.
///
/// # Errors
/// What they are instead of an object.
pub(super) fn object(value: Value) -> Result<Value, String> {
    match value {
        Value::Object(_) => Ok(value),
        Value::Null => Ok(Value::Object(Map::new())),
        Value::String(text) => from_text(&text),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            Err(format!("its arguments are no JSON object: `{}`", beginning(value.to_string().as_bytes())))
        }
    }
}

/// Arguments that came as text.
///
/// # Errors
/// What is wrong with them.
pub(super) fn from_text(text: &str) -> Result<Value, String> {
    if text.trim().is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    match serde_json::from_str(text) {
        // A string in a string is shorter than the one around it, so this ends.
        Ok(value) => object(value),
        Err(error) => Err(format!("{error} in its arguments `{}`", beginning(text.as_bytes()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_object_in_many_forms() {
        for (given, expected) in [
            (json!({"a": 1}), json!({"a": 1})),
            (json!(null), json!({})),
            (json!(""), json!({})),
            (json!(" {} "), json!({})),
            (json!("{\"a\":1}"), json!({"a": 1})),
            (json!("\"{\\\"a\\\":1}\""), json!({"a": 1})),
            (json!("null"), json!({})),
        ] {
            assert_eq!(object(given.clone()), Ok(expected), "{given}");
        }
    }

    #[test]
    fn anything_else_is_named() {
        for (given, expected) in [
            (json!([1]), "`[1]`"),
            (json!(3), "`3`"),
            (json!("{\"a\":"), "EOF"),
            (json!("{\"a\":\"\"/b\"}"), "expected"),
            (json!("vm1"), "`vm1`"),
        ] {
            let error = object(given.clone());
            assert!(error.as_ref().is_err_and(|e| e.contains(expected)), "{given}: {error:?}");
        }
    }
}
