//! The answer stream of `chat/completions`: bytes in, events out.
//!
//! Calls arrive in pieces: the arguments are a text in fragments that belong together by `index`.
//! Servers disagree about the rest, so ids and names have a say too. No network and no clock here.

use serde::Deserialize;
use serde_json::Value;

pub use crate::model::stream::{Done, StreamEvent};

use super::sse::{DONE, Event, Events};
use crate::model::{
    ToolCall, arguments,
    link::words_of,
    stream::{Decode, beginning, garbage},
};

/// One piece of the answer. All fields may be missing.
#[derive(Debug, Deserialize)]
struct Chunk {
    choices: Option<Vec<Choice>>,
    usage: Option<Usage>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    #[serde(default)]
    index: u64,
    delta: Option<Delta>,
    /// Instead of `delta` from a server that does not stream.
    message: Option<Delta>,
    finish_reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Delta {
    content: Option<Value>,
    reasoning_content: Option<Value>,
    reasoning: Option<Value>,
    refusal: Option<Value>,
    tool_calls: Option<Vec<Fragment>>,
}

#[derive(Debug, Deserialize)]
struct Fragment {
    index: Option<u64>,
    id: Option<Value>,
    function: Option<Function>,
}

#[derive(Debug, Default, Deserialize)]
struct Function {
    name: Option<String>,
    arguments: Option<Value>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct Usage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
}

/// A call in the making.
#[derive(Debug, Default)]
struct Partial {
    index: Option<u64>,
    id: String,
    name: String,
    arguments: String,
}

/// Reads an answer.
#[derive(Debug, Default)]
pub struct Reader {
    events: Events,
    answer: Answer,
}

#[derive(Debug, Default)]
struct Answer {
    partials: Vec<Partial>,
    reason: Option<String>,
    usage: Option<Usage>,
    ended: bool,
}

impl Decode for Reader {
    fn push(&mut self, bytes: &[u8]) -> Vec<StreamEvent> {
        let mut out = Vec::new();
        let Self { events, answer } = self;
        events.push(bytes, |event| answer.event(&event, &mut out));
        out
    }

    fn end(&mut self) -> Vec<StreamEvent> {
        let mut out = Vec::new();
        let Self { events, answer } = self;
        events.finish(|event| answer.event(&event, &mut out));
        if answer.reason.is_some() {
            answer.done(&mut out);
        }
        out
    }
}

impl Answer {
    fn event(&mut self, event: &Event, out: &mut Vec<StreamEvent>) {
        if self.ended {
            return;
        }
        match event {
            Event::Data(data) if data.trim_ascii() == DONE => self.done(out),
            Event::Data(data) | Event::Body(data) => match serde_json::from_slice(data) {
                Ok(value) => self.value(value, data, out),
                Err(_) => self.stop(garbage(data), out),
            },
            Event::Error(data) => {
                let words = serde_json::from_slice::<Value>(data)
                    .map(|value| words_of(value.get("error").unwrap_or(&value)))
                    .unwrap_or_else(|_| beginning(data));
                self.stop(StreamEvent::Error(words), out);
            }
            Event::Garbage(line) => self.stop(garbage(line), out),
        }
    }

    fn value(&mut self, value: Value, data: &[u8], out: &mut Vec<StreamEvent>) {
        if let Some(error) = value.get("error").filter(|error| !error.is_null()) {
            return self.stop(StreamEvent::Error(words_of(error)), out);
        }
        if value.get("object").and_then(Value::as_str) == Some("error") {
            return self.stop(StreamEvent::Error(words_of(&value)), out);
        }
        let Some(chunk) = value.is_object().then(|| serde_json::from_value::<Chunk>(value).ok()).flatten() else {
            return self.stop(garbage(data), out);
        };
        self.usage = chunk.usage.or(self.usage);
        for choice in chunk.choices.into_iter().flatten().filter(|choice| choice.index == 0) {
            if let Some(delta) = choice.delta.or(choice.message) {
                self.delta(delta, out);
            }
            self.reason = choice.finish_reason.or(self.reason.take());
        }
    }

    fn delta(&mut self, delta: Delta, out: &mut Vec<StreamEvent>) {
        // A server that sends both says the same twice.
        let thought = delta.reasoning_content.map(text_of).filter(|text| !text.is_empty());
        let thought = thought.or(delta.reasoning.map(text_of).filter(|text| !text.is_empty()));
        out.extend(thought.map(StreamEvent::Thinking));
        for text in [delta.content, delta.refusal].into_iter().flatten().map(text_of) {
            if !text.is_empty() {
                out.push(StreamEvent::Text(text));
            }
        }
        for fragment in delta.tool_calls.into_iter().flatten() {
            self.fragment(fragment);
        }
    }

    fn fragment(&mut self, fragment: Fragment) {
        let id = fragment.id.map(text_of).unwrap_or_default();
        let function = fragment.function.unwrap_or_default();
        let name = function.name.unwrap_or_default();
        let arguments = match function.arguments {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text,
            // Not as it should be, and clear.
            Some(other) => other.to_string(),
        };
        let index = fragment.index;
        let known = self.partials.iter_mut().rev().find(|partial| index.is_none() || partial.index == index);
        match known.filter(|partial| !begins(partial, &id, &name, index)) {
            Some(partial) => {
                if partial.id.is_empty() {
                    partial.id = id;
                }
                // A name that is repeated is not longer for it.
                if partial.name != name {
                    partial.name.push_str(&name);
                }
                partial.arguments.push_str(&arguments);
            }
            None => self.partials.push(Partial { index, id, name, arguments }),
        }
    }

    fn done(&mut self, out: &mut Vec<StreamEvent>) {
        if self.ended {
            return;
        }
        let reason = self.reason.take();
        // A call that the limit cut off is no malformed one.
        if reason.as_deref() != Some("length") {
            out.extend(self.partials.drain(..).map(call));
        }
        let usage = self.usage;
        let done = Done {
            reason,
            prompt_tokens: usage.and_then(|usage| usage.prompt_tokens),
            answer_tokens: usage.and_then(|usage| usage.completion_tokens),
        };
        self.stop(StreamEvent::Done(done), out);
    }

    fn stop(&mut self, event: StreamEvent, out: &mut Vec<StreamEvent>) {
        self.ended = true;
        out.push(event);
    }
}

/// Whether a fragment is the beginning of another call than the one that its index points to: some
/// servers give every call the index 0, or none.
fn begins(partial: &Partial, id: &str, name: &str, index: Option<u64>) -> bool {
    if !id.is_empty() && !partial.id.is_empty() {
        return id != partial.id;
    }
    let whole = || serde_json::from_str::<Value>(&partial.arguments).is_ok_and(|value| value.is_object());
    !name.is_empty() && !partial.name.is_empty() && id.is_empty() && (index.is_none() || whole())
}

fn call(partial: Partial) -> StreamEvent {
    let Partial { id, name, arguments, .. } = partial;
    if name.is_empty() {
        return StreamEvent::BadCall("it names no tool".to_owned());
    }
    match arguments::from_text(&arguments) {
        Ok(arguments) => StreamEvent::Call(ToolCall { id: Some(id).filter(|id| !id.is_empty()), name, arguments }),
        Err(error) => StreamEvent::BadCall(format!("`{name}`: {error}")),
    }
}

/// A text, or a list of parts with a text each.
fn text_of(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Array(parts) => parts.into_iter().map(text_of).collect(),
        Value::Object(mut part) => part.remove("text").map(text_of).unwrap_or_default(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) => String::new(),
    }
}
