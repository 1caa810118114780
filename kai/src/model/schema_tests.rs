//! Schemas as schemars writes them, and what is left of them.

use serde_json::json;

use super::*;

/// What becomes of the schema of one property `p`.
fn property(schema: Value, defs: Value) -> Value {
    let whole = json!({"type": "object", "properties": {"p": schema}, "$defs": defs});
    reduce(&whole)["properties"]["p"].clone()
}

#[test]
fn the_whole() {
    let given = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "KvmClone",
        "description": "Clone a VM.",
        "type": "object",
        "properties": {
            "name": {"type": "string", "description": "Its name.", "pattern": "^[a-z]+$", "maxLength": 63},
            "count": {"type": "integer", "format": "uint32", "minimum": 0, "default": 1},
            "type": {"type": "string"},
        },
        "required": ["name", "gone"],
        "additionalProperties": false,
    });
    let expected = json!({
        "type": "object",
        "properties": {
            "name": {"type": "string", "description": "Its name."},
            "count": {"type": "integer"},
            "type": {"type": "string"},
        },
        "required": ["name"],
    });
    assert_eq!(reduce(&given), expected);
    for nothing in [json!({}), json!(null), json!(true), json!({"type": "object"}), json!([])] {
        assert_eq!(reduce(&nothing), json!({"type": "object", "properties": {}}), "{nothing}");
    }
}

#[test]
fn properties() {
    let defs = json!({
        "Size": {"type": "string", "description": "A size: 20G.", "pattern": "x"},
        "Mode": {"oneOf": [
            {"type": "string", "const": "on", "description": "Start it."},
            {"type": "string", "const": "off", "description": "Stop it."},
        ]},
        "Plain": {"type": "string", "enum": ["a", "b"]},
        "Tree": {"type": "object", "properties": {"kids": {"type": "array", "items": {"$ref": "#/$defs/Tree"}}}},
        "Base": {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
    });
    for (given, expected) in [
        (json!({"$ref": "#/$defs/Size"}), json!({"type": "string", "description": "A size: 20G."})),
        // What the field says of itself wins.
        (
            json!({"$ref": "#/$defs/Size", "description": "Its disk.", "default": "20G"}),
            json!({"type": "string", "description": "Its disk."}),
        ),
        (
            json!({"anyOf": [{"$ref": "#/$defs/Size"}, {"type": "null"}], "description": "Its disk."}),
            json!({"type": "string", "description": "Its disk."}),
        ),
        (json!({"type": ["string", "null"], "default": null}), json!({"type": "string"})),
        (json!({"type": ["string", "integer"]}), json!({"type": ["string", "integer"]})),
        (
            json!({"$ref": "#/$defs/Mode", "description": "What to do."}),
            json!({"type": "string", "enum": ["on", "off"],
                "description": "What to do.\non: Start it.\noff: Stop it."}),
        ),
        (
            json!({"anyOf": [{"$ref": "#/$defs/Plain"}, {"type": "null"}]}),
            json!({"type": "string", "enum": ["a", "b"]}),
        ),
        (json!({"type": ["string", "null"], "enum": ["a", null]}), json!({"type": "string", "enum": ["a"]})),
        (json!({"const": 3}), json!({"enum": [3]})),
        (
            json!({"type": "array", "items": {"$ref": "#/$defs/Size"}, "minItems": 1, "uniqueItems": true}),
            json!({"type": "array", "items": {"type": "string", "description": "A size: 20G."}}),
        ),
        (
            json!({"oneOf": [{"type": "string"}, {"type": "integer", "format": "int64"}]}),
            json!({"anyOf": [{"type": "string"}, {"type": "integer"}]}),
        ),
        (
            json!({"allOf": [{"$ref": "#/$defs/Base"}, {"properties": {"b": {"type": "string", "format": "x"}}, "required": ["b"]}]}),
            json!({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "required": ["a", "b"]}),
        ),
        (json!({"$ref": "#/$defs/Nowhere"}), json!({})),
        (json!({"$ref": "elsewhere.json", "type": "string"}), json!({"type": "string"})),
        (json!(true), json!({})),
    ] {
        assert_eq!(property(given.clone(), defs.clone()), expected, "{given}");
    }
    // One that contains itself ends.
    let tree = property(json!({"$ref": "#/$defs/Tree"}), defs);
    assert_eq!(tree["properties"]["kids"]["items"]["properties"]["kids"]["type"], "array");
}

#[test]
fn a_reference_to_itself_ends() {
    let given = json!({"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}, "B": {"allOf": [{"$ref": "#"}]}}});
    assert_eq!(reduce(&given), json!({"type": "object", "properties": {}}));
}

#[test]
fn several_forms_at_the_top_become_one() {
    let given = json!({
        "type": "object",
        "properties": {"vm": {"type": "string"}},
        "required": ["vm"],
        "oneOf": [
            {"type": "object", "properties": {"to": {"type": "string"}}, "required": ["to"]},
            {"type": "object", "properties": {"at": {"type": "string"}}, "required": ["at"]},
        ],
    });
    let expected = json!({
        "type": "object",
        "properties": {"vm": {"type": "string"}, "to": {"type": "string"}, "at": {"type": "string"}},
        "required": ["vm"],
    });
    assert_eq!(reduce(&given), expected);
}
