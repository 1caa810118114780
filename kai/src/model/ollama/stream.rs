//! Ollama's answer stream: bytes in, events out.
//!
//! No network and no clock here. A chunk of bytes may end anywhere, inside a character too, so
//! lines are put together as bytes and read as UTF-8 only when they are whole.

use serde::Deserialize;

/// No line of an answer is this long; a server that sends one is not speaking this protocol.
const MAX_LINE: usize = 4 << 20;
/// How much of a line that makes no sense is kept for the message.
const SHOWN: usize = 120;

/// What one line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamEvent {
    /// A piece of reasoning.
    Thinking(String),
    /// A piece of the answer.
    Text(String),
    /// The end. Nothing after it is read.
    Done(Done),
    /// The server's own report of a failure; the HTTP status was 200 all the same.
    Error(String),
    /// A line that is no JSON of this protocol; its beginning.
    Garbage(String),
}

/// What the last line says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Done {
    /// `stop`, `length`, `load` or `unload`.
    pub reason: Option<String>,
    /// Tokens counted in the prompt.
    pub prompt_eval_count: Option<u64>,
    /// Tokens written.
    pub eval_count: Option<u64>,
}

/// The lines as they come over the wire. All fields may be missing.
#[derive(Debug, Default, Deserialize)]
struct Wire {
    message: Option<WireMessage>,
    #[serde(default)]
    done: bool,
    done_reason: Option<String>,
    error: Option<serde_json::Value>,
    prompt_eval_count: Option<u64>,
    eval_count: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
struct WireMessage {
    content: Option<String>,
    thinking: Option<String>,
}

/// Puts lines together and reads them.
#[derive(Debug, Default)]
pub struct Reader {
    pending: Vec<u8>,
    ended: bool,
}

impl Reader {
    /// Takes the next bytes and returns what they complete.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<StreamEvent> {
        let mut out = Vec::new();
        let mut rest = bytes;
        while let Some(at) = rest.iter().position(|b| *b == b'\n') {
            let (line, after) = rest.split_at(at);
            self.pending.extend_from_slice(line);
            rest = after.get(1..).unwrap_or_default();
            let line = std::mem::take(&mut self.pending);
            self.line(&line, &mut out);
        }
        self.pending.extend_from_slice(rest);
        if self.pending.len() > MAX_LINE {
            let line = std::mem::take(&mut self.pending);
            self.ended |= !self.ended && {
                out.push(garbage(&line));
                true
            };
        }
        out
    }

    /// The end of the bytes: what is left may be a last line without a line break.
    pub fn finish(mut self) -> Vec<StreamEvent> {
        let mut out = Vec::new();
        let line = std::mem::take(&mut self.pending);
        self.line(&line, &mut out);
        out
    }

    fn line(&mut self, line: &[u8], out: &mut Vec<StreamEvent>) {
        let line = line.trim_ascii();
        if self.ended || line.is_empty() {
            return;
        }
        let Ok(wire) = serde_json::from_slice::<Wire>(line) else {
            self.ended = true;
            out.push(garbage(line));
            return;
        };
        if let Some(error) = wire.error {
            self.ended = true;
            out.push(StreamEvent::Error(error.as_str().map_or_else(|| error.to_string(), str::to_owned)));
            return;
        }
        let known = wire.message.is_some() || wire.done;
        if let Some(message) = wire.message {
            for (text, event) in [
                (message.thinking, StreamEvent::Thinking as fn(String) -> StreamEvent),
                (message.content, StreamEvent::Text),
            ] {
                if let Some(text) = text.filter(|text| !text.is_empty()) {
                    out.push(event(text));
                }
            }
        }
        if wire.done {
            self.ended = true;
            out.push(StreamEvent::Done(Done {
                reason: wire.done_reason,
                prompt_eval_count: wire.prompt_eval_count,
                eval_count: wire.eval_count,
            }));
        } else if !known {
            self.ended = true;
            out.push(garbage(line));
        }
    }
}

fn garbage(line: &[u8]) -> StreamEvent {
    let text = String::from_utf8_lossy(line.get(..SHOWN.min(line.len())).unwrap_or_default());
    StreamEvent::Garbage(text.chars().filter(|c| !c.is_control()).collect())
}
