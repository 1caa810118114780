//! What the answer streams of both protocols say, in one vocabulary.
//!
//! The readers themselves are [`super::ollama::stream`] and [`super::openai::stream`]. No network and
//! no clock here.

use super::ToolCall;
use crate::ui::clean::clean;

/// How much of something that makes no sense is kept for the message.
const SHOWN: usize = 120;

/// What a piece of the stream says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamEvent {
    /// A piece of reasoning.
    Thinking(String),
    /// A piece of the answer.
    Text(String),
    /// A whole call.
    Call(ToolCall),
    /// A call that cannot be read; what is wrong with it.
    BadCall(String),
    /// The end. Nothing after it is read.
    Done(Done),
    /// The server's own report of a failure; the HTTP status was 200 all the same. Ends the stream.
    Error(String),
    /// Something that is not of this protocol; its beginning. Ends the stream.
    Garbage(String),
}

/// What the end of a stream says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Done {
    /// `stop`, `length`, `tool_calls`, `load` …
    pub reason: Option<String>,
    /// Tokens counted in the prompt.
    pub prompt_tokens: Option<u64>,
    /// Tokens written.
    pub answer_tokens: Option<u64>,
}

/// A reader of one protocol: puts pieces of a stream together and reads them.
pub trait Decode: Send {
    /// Takes the next bytes and returns what they complete.
    fn push(&mut self, bytes: &[u8]) -> Vec<StreamEvent>;
    /// The end of the bytes; what is left may be whole without its end mark.
    fn end(&mut self) -> Vec<StreamEvent>;
}

/// The report on a line that makes no sense.
pub(super) fn garbage(line: &[u8]) -> StreamEvent {
    StreamEvent::Garbage(beginning(line))
}

/// The beginning of something, fit for a message.
pub(super) fn beginning(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes.get(..SHOWN.min(bytes.len())).unwrap_or_default());
    // Whole sequences go, as long as their first character is still there to tell them.
    clean(&text).chars().filter(|c| !c.is_control()).collect()
}
