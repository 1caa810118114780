//! Calls that a model prints instead of making them.
//!
//! Some models write `<tool_call>{"name":…,"arguments":…}</tool_call>`, a bare JSON object, or one
//! in a code fence, and the server takes it for text. It is a call only if the **whole** reply is
//! that; JSON in an explanation stays text. Without a tag, the name must be that of a tool that was
//! offered. Used only where tools were offered.

use serde_json::{Map, Value};

use super::{ToolCall, ToolSpec, arguments, stream::beginning};

/// What models put around a call, and after it.
const TAGS: [(&str, &str); 5] = [
    ("<tool_call>", "</tool_call>"),
    ("<function_call>", "</function_call>"),
    ("<|tool_call|>", "<|/tool_call|>"),
    ("<|python_tag|>", ""),
    ("[TOOL_CALLS]", ""),
];
const FENCE: &str = "```";
/// What may follow a fence.
const INFOS: [&str; 4] = ["", "json", "tool_call", "tool_calls"];

/// Holds text back while it may be a call.
#[derive(Debug)]
pub(super) struct Printed<'t> {
    tools: &'t [ToolSpec],
    held: String,
    /// It is text; nothing is held back any more.
    text: bool,
    /// The length at which the held text is looked at again. It grows in proportion, so that a long
    /// reply is not read once for each of its words.
    next: usize,
}

/// What a whole reply was.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Text; this part of it was not shown yet.
    Text(String),
    /// Calls and nothing else.
    Calls(Vec<ToolCall>),
    /// Meant as a call and not readable; what is wrong.
    Malformed(String),
}

impl<'t> Printed<'t> {
    /// For a reply to a conversation that offered these tools.
    pub(super) fn new(tools: &'t [ToolSpec]) -> Self {
        Self { tools, held: String::new(), text: false, next: 0 }
    }

    /// Takes the next text and returns what may be shown of it.
    pub(super) fn push(&mut self, text: &str) -> String {
        if self.text {
            return text.to_owned();
        }
        self.held.push_str(text);
        if self.held.len() < self.next {
            return String::new();
        }
        self.next = self.held.len() + self.held.len() / 4 + 1;
        if look(&self.held, self.tools, false) != Look::Text {
            return String::new();
        }
        self.text = true;
        std::mem::take(&mut self.held)
    }

    /// The end of the reply.
    pub(super) fn finish(self) -> Verdict {
        if self.text {
            return Verdict::Text(self.held);
        }
        match look(&self.held, self.tools, true) {
            Look::Calls(calls) => Verdict::Calls(calls),
            Look::Malformed(message) => Verdict::Malformed(message),
            Look::Text | Look::Open => Verdict::Text(self.held),
        }
    }
}

/// What a reply looks like so far.
#[derive(Debug, PartialEq, Eq)]
enum Look {
    /// It may become anything. Not given at the end.
    Open,
    Text,
    Calls(Vec<ToolCall>),
    Malformed(String),
}

fn look(text: &str, tools: &[ToolSpec], ended: bool) -> Look {
    let text = text.trim();
    let unclear = if ended { Look::Text } else { Look::Open };
    if let Some(tag) = TAGS.iter().find(|(open, _)| text.starts_with(open)) {
        return tagged(text, *tag, ended);
    }
    if let Some(fenced) = text.strip_prefix(FENCE) {
        return match fenced.split_once('\n') {
            Some((info, body)) if INFOS.contains(&info.trim()) => bare(body, FENCE, tools, ended),
            None if INFOS.iter().any(|known| known.starts_with(fenced)) => unclear,
            Some(_) | None => Look::Text,
        };
    }
    // An empty text is the beginning of all of them.
    if FENCE.starts_with(text) || TAGS.iter().any(|(open, _)| open.starts_with(text)) {
        return unclear;
    }
    if text.starts_with(['{', '[']) { bare(text, "", tools, ended) } else { Look::Text }
}

/// JSON up to the closing mark and nothing after it.
fn bare(body: &str, close: &str, tools: &[ToolSpec], ended: bool) -> Look {
    let read = read(body);
    let known = |call: &ToolCall| tools.iter().any(|tool| tool.name == call.name);
    let Some(calls) = calls_of(&read.values, true).ok().filter(|calls| calls.iter().all(known)) else {
        return Look::Text;
    };
    // A closing mark may be missing at the end, or be on its way.
    let closed = read.rest.strip_prefix(close).is_some_and(|after| after.trim().is_empty());
    match read.end {
        End::Clean if !ended && (closed || close.starts_with(read.rest)) => Look::Open,
        End::Clean if ended && !calls.is_empty() && (closed || read.rest.is_empty()) => Look::Calls(calls),
        End::Cut if !ended => Look::Open,
        End::Clean | End::Cut | End::Wrong(_) => Look::Text,
    }
}

/// Calls in tags, one after the other.
fn tagged(text: &str, (open, close): (&str, &str), ended: bool) -> Look {
    let mut calls = Vec::new();
    let mut rest = text;
    while let Some(body) = rest.strip_prefix(open) {
        let body = body.trim_start();
        // Somebody who writes *about* the tag goes on in words.
        if !(body.is_empty() || body.starts_with(['{', '[', '<'])) {
            return Look::Text;
        }
        let read = read(body);
        let problem = match read.end {
            End::Wrong(error) => Some(error),
            End::Cut => Some("it breaks off".to_owned()),
            End::Clean if read.values.is_empty() => Some("it is no JSON".to_owned()),
            End::Clean if read.rest.starts_with(close) || close.starts_with(read.rest) => {
                match calls_of(&read.values, false) {
                    Ok(more) => {
                        calls.extend(more);
                        None
                    }
                    Err(error) => Some(error),
                }
            }
            End::Clean => Some("something follows the JSON".to_owned()),
        };
        match problem {
            _ if !ended && !read.rest.starts_with(close) => return Look::Open,
            Some(problem) => {
                return if ended {
                    Look::Malformed(format!("{problem}: `{}`", beginning(text.as_bytes())))
                } else {
                    Look::Open
                };
            }
            None => rest = read.rest.strip_prefix(close).unwrap_or_default().trim_start(),
        }
    }
    match (rest.is_empty(), ended) {
        (true, true) => Look::Calls(calls),
        (_, false) if open.starts_with(rest) => Look::Open,
        _ => Look::Text,
    }
}

/// How a run of JSON values ended.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// After a value.
    Clean,
    /// In the middle of one.
    Cut,
    /// At something that is no JSON.
    Wrong(String),
}

struct Read<'b> {
    values: Vec<Value>,
    /// What follows the last whole value.
    rest: &'b str,
    end: End,
}

/// Reads objects and arrays for as long as there are any.
fn read(body: &str) -> Read<'_> {
    let mut values = Vec::new();
    let mut rest = body.trim_start();
    while rest.starts_with(['{', '[']) {
        let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        match stream.next() {
            Some(Ok(value)) => values.push(value),
            Some(Err(error)) if error.is_eof() => return Read { values, rest, end: End::Cut },
            Some(Err(error)) => return Read { values, rest, end: End::Wrong(error.to_string()) },
            None => break,
        }
        rest = rest.get(stream.byte_offset()..).unwrap_or_default().trim_start();
    }
    Read { values, rest, end: End::Clean }
}

/// The calls that these values are; an error if one of them is none. `strict`: nothing else may be in
/// it, and arguments must be.
fn calls_of(values: &[Value], strict: bool) -> Result<Vec<ToolCall>, String> {
    let mut calls = Vec::new();
    for value in values {
        match value {
            Value::Array(items) => calls.extend(calls_of(items, strict)?),
            Value::Object(fields) => match fields.get("tool_calls") {
                Some(Value::Array(items)) if fields.len() == 1 => calls.extend(calls_of(items, strict)?),
                _ => calls.push(call_of(fields, strict)?),
            },
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                return Err("it is no JSON object".to_owned());
            }
        }
    }
    Ok(calls)
}

fn call_of(fields: &Map<String, Value>, strict: bool) -> Result<ToolCall, String> {
    const NAME: [&str; 2] = ["name", "tool"];
    const ARGUMENTS: [&str; 3] = ["arguments", "parameters", "args"];
    const BESIDE: [&str; 3] = ["id", "type", "index"];
    let id = fields.get("id").and_then(Value::as_str).filter(|id| !id.is_empty()).map(str::to_owned);
    let inner = fields.get("function").and_then(Value::as_object).unwrap_or(fields);
    let first = |keys: &[&str]| keys.iter().find_map(|key| inner.get(*key));
    let Some(name) = first(&NAME).and_then(Value::as_str).filter(|name| !name.is_empty()) else {
        return Err("it names no tool".to_owned());
    };
    let given = first(&ARGUMENTS);
    let expected = |key: &String| [&NAME[..], &ARGUMENTS, &BESIDE].concat().contains(&key.as_str());
    if strict && (given.is_none() || !inner.keys().all(expected)) {
        return Err("it is more than a call".to_owned());
    }
    let arguments = arguments::object(given.cloned().unwrap_or_default())?;
    Ok(ToolCall { id, name: name.to_owned(), arguments })
}

#[cfg(test)]
#[path = "printed_tests.rs"]
mod tests;
