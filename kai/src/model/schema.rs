//! JSON Schemas as tool servers understand them.
//!
//! Ollama keeps only `type`, `description`, `enum`, `items`, `anyOf`, `properties` and `required` of a
//! property and knows no references; llama.cpp makes a grammar of a schema and fails on what it does
//! not know. So a schema is reduced to those words, with references written out. What falls away
//! (`minimum`, `pattern`, `default` …) is checked when the tool reads its arguments.

use serde_json::{Map, Value, json};

use super::ToolSpec;

/// A tool as both protocols describe it.
pub(super) fn tool(tool: &ToolSpec) -> Value {
    json!({
        "type": "function",
        "function": {
            "name": tool.name,
            "description": tool.description,
            "parameters": reduce(&tool.parameters),
        },
    })
}

/// References inside references are written out to this depth; a schema that contains itself ends
/// there.
const DEPTH: usize = 16;

type Object = Map<String, Value>;

/// The arguments of a tool: always an object with properties.
pub(super) fn reduce(schema: &Value) -> Value {
    let reduced = Reducer { root: schema }.reduce(schema, DEPTH);
    let mut out = Object::new();
    let mut properties = Object::new();
    let mut required = reduced.get("required").cloned();
    // A tool whose arguments come in one of several forms: their properties, of which only the
    // common ones are required.
    for form in reduced.get("anyOf").and_then(Value::as_array).into_iter().flatten() {
        properties.extend(form.get("properties").and_then(Value::as_object).cloned().unwrap_or_default());
    }
    properties.extend(reduced.get("properties").and_then(Value::as_object).cloned().unwrap_or_default());
    if let Some(names) = required.as_mut().and_then(Value::as_array_mut) {
        names.retain(|name| name.as_str().is_some_and(|name| properties.contains_key(name)));
    }
    out.insert("type".into(), "object".into());
    out.insert("properties".into(), properties.into());
    if let Some(required) = required {
        out.insert("required".into(), required);
    }
    out.into()
}

struct Reducer<'s> {
    root: &'s Value,
}

impl Reducer<'_> {
    fn reduce(&self, schema: &Value, depth: usize) -> Value {
        // `true` allows anything and `false` nothing; neither says more to a model.
        let (Some(fields), true) = (schema.as_object(), depth > 0) else {
            return json!({});
        };
        let fields = self.written_out(fields, depth);
        let mut out = Object::new();
        if let Some(text) = fields.get("description").and_then(Value::as_str) {
            out.insert("description".into(), text.into());
        }
        if let Some(kind) = fields.get("type") {
            out.insert("type".into(), one_type(kind));
        }
        if let Some(value) = fields.get("const") {
            out.insert("enum".into(), json!([value]));
        } else if let Some(values) = fields.get("enum").and_then(Value::as_array) {
            out.insert("enum".into(), values.iter().filter(|value| !value.is_null()).cloned().collect());
        }
        if let Some(items) = fields.get("items") {
            out.insert("items".into(), self.reduce(items, depth - 1));
        }
        if let Some(properties) = fields.get("properties").and_then(Value::as_object) {
            let properties: Object =
                properties.iter().map(|(name, schema)| (name.clone(), self.reduce(schema, depth - 1))).collect();
            out.insert("properties".into(), properties.into());
        }
        if let Some(required) = fields.get("required").filter(|names| names.as_array().is_some_and(|n| !n.is_empty())) {
            out.insert("required".into(), required.clone());
        }
        for key in ["anyOf", "oneOf"] {
            if let Some(forms) = fields.get(key).and_then(Value::as_array) {
                let forms: Vec<Value> = forms.iter().map(|form| self.reduce(form, depth - 1)).collect();
                merge_forms(&mut out, forms);
            }
        }
        out.into()
    }

    /// The fields with `$ref` and `allOf` written out; what stands beside them wins.
    fn written_out(&self, fields: &Object, depth: usize) -> Object {
        let named =
            fields.get("$ref").and_then(Value::as_str).and_then(|name| self.root.pointer(name.strip_prefix('#')?));
        let parts = fields.get("allOf").and_then(Value::as_array).into_iter().flatten();
        let mut out = Object::new();
        for part in named.into_iter().chain(parts).filter_map(Value::as_object) {
            if depth > 1 {
                merge(&mut out, self.written_out(part, depth - 1));
            }
        }
        merge(&mut out, fields.clone());
        out
    }
}

/// Adds fields; properties and required names add up.
fn merge(out: &mut Object, fields: Object) {
    for (key, value) in fields {
        match (out.get_mut(&key), value) {
            (Some(Value::Object(known)), Value::Object(more)) if key == "properties" => known.extend(more),
            (Some(Value::Array(known)), Value::Array(more)) if key == "required" => known.extend(more),
            (_, value) => {
                out.insert(key, value);
            }
        }
    }
}

/// `["string", "null"]` is a string: that it may be missing is said by `required`.
fn one_type(kind: &Value) -> Value {
    let Some(kinds) = kind.as_array() else {
        return kind.clone();
    };
    let kinds: Vec<&Value> = kinds.iter().filter(|kind| kind.as_str() != Some("null")).collect();
    match kinds.as_slice() {
        [kind] => (*kind).clone(),
        kinds => kinds.iter().map(|kind| (*kind).clone()).collect(),
    }
}

/// One of several forms. No value is no form; constants become one list; a single form is taken in.
fn merge_forms(out: &mut Object, mut forms: Vec<Value>) {
    forms.retain(|form| form.get("type").and_then(Value::as_str) != Some("null"));
    if let [Value::Object(form)] = forms.as_slice() {
        for (key, value) in form {
            // The description of the field says more than that of its type.
            out.entry(key.clone()).or_insert_with(|| value.clone());
        }
        return;
    }
    let values: Option<Vec<&Vec<Value>>> =
        forms.iter().map(|form| form.get("enum").and_then(Value::as_array)).collect();
    let Some(values) = values.filter(|values| !values.is_empty()) else {
        if !forms.is_empty() {
            out.insert("anyOf".into(), forms.into());
        }
        return;
    };
    let list: Vec<Value> = values.into_iter().flatten().cloned().collect();
    let explained: Vec<String> = forms
        .iter()
        .filter_map(|form| {
            let [value] = form.get("enum")?.as_array()?.as_slice() else { return None };
            Some(format!("{}: {}", value.as_str()?, form.get("description")?.as_str()?))
        })
        .collect();
    if let Some(kind) = forms.first().and_then(|form| form.get("type")) {
        out.insert("type".into(), kind.clone());
    }
    out.insert("enum".into(), list.into());
    if !explained.is_empty() {
        let about = out.get("description").and_then(Value::as_str).map(|text| format!("{text}\n")).unwrap_or_default();
        out.insert("description".into(), format!("{about}{}", explained.join("\n")).into());
    }
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod tests;
