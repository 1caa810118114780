//! Ollama's answer stream: bytes in, events out.
//!
//! One JSON object a line; calls come whole, in any of them. No network and no clock here.

use serde::Deserialize;
use serde_json::Value;

pub use crate::model::stream::{Done, StreamEvent};

use crate::model::{
    ToolCall, arguments,
    lines::{Line, Lines},
    link::words_of,
    stream::{Decode, garbage},
};

/// The lines as they come over the wire. All fields may be missing.
#[derive(Debug, Default, Deserialize)]
struct Wire {
    message: Option<WireMessage>,
    #[serde(default)]
    done: bool,
    done_reason: Option<String>,
    error: Option<Value>,
    prompt_eval_count: Option<u64>,
    eval_count: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
struct WireMessage {
    content: Option<String>,
    thinking: Option<String>,
    tool_calls: Option<Vec<WireCall>>,
}

#[derive(Debug, Deserialize)]
struct WireCall {
    id: Option<String>,
    function: WireFunction,
}

#[derive(Debug, Deserialize)]
struct WireFunction {
    #[serde(default)]
    name: String,
    #[serde(default)]
    arguments: Value,
}

/// Puts lines together and reads them.
#[derive(Debug, Default)]
pub struct Reader {
    lines: Lines,
    ended: bool,
}

impl Decode for Reader {
    fn push(&mut self, bytes: &[u8]) -> Vec<StreamEvent> {
        let mut out = Vec::new();
        let Self { lines, ended } = self;
        lines.push(bytes, |line| read(ended, &line, &mut out));
        out
    }

    fn end(&mut self) -> Vec<StreamEvent> {
        let mut out = Vec::new();
        let Self { lines, ended } = self;
        lines.finish(|line| read(ended, &line, &mut out));
        out
    }
}

fn read(ended: &mut bool, line: &Line, out: &mut Vec<StreamEvent>) {
    let (wire, line) = match line {
        Line::Whole(line) => (serde_json::from_slice::<Wire>(line).ok(), line.trim_ascii()),
        Line::TooLong(line) => (None, line.as_slice()),
    };
    if *ended || line.is_empty() {
        return;
    }
    let Some(wire) = wire else {
        *ended = true;
        out.push(garbage(line));
        return;
    };
    if let Some(error) = wire.error {
        *ended = true;
        out.push(StreamEvent::Error(words_of(&error)));
        return;
    }
    let known = wire.message.is_some() || wire.done;
    if let Some(message) = wire.message {
        if let Some(text) = message.thinking.filter(|text| !text.is_empty()) {
            out.push(StreamEvent::Thinking(text));
        }
        if let Some(text) = message.content.filter(|text| !text.is_empty()) {
            out.push(StreamEvent::Text(text));
        }
        out.extend(message.tool_calls.into_iter().flatten().map(call));
    }
    if wire.done {
        *ended = true;
        out.push(StreamEvent::Done(Done {
            reason: wire.done_reason,
            prompt_tokens: wire.prompt_eval_count,
            answer_tokens: wire.eval_count,
        }));
    } else if !known {
        *ended = true;
        out.push(garbage(line));
    }
}

fn call(WireCall { id, function: WireFunction { name, arguments } }: WireCall) -> StreamEvent {
    if name.is_empty() {
        return StreamEvent::BadCall("it names no tool".to_owned());
    }
    match arguments::object(arguments) {
        Ok(arguments) => StreamEvent::Call(ToolCall { id: id.filter(|id| !id.is_empty()), name, arguments }),
        Err(error) => StreamEvent::BadCall(format!("`{name}`: {error}")),
    }
}
