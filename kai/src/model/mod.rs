//! Models that write answers and ask for tools: one trait, two servers that speak it.
//!
//! [`ollama`] and [`openai`] are the implementations; what they share - the conversation, the errors,
//! the reading of streams and of replies - lies beside them. What a prompt says, what becomes of a
//! reply and whether a tool is run is not known here. Nothing here prints, and nothing reads the
//! environment.

mod address;
mod arguments;
mod conversation;
mod error;
mod lines;
mod link;
pub mod ollama;
pub mod openai;
mod printed;
mod reply;
mod schema;
mod shown;
pub mod stream;
mod talk;
mod thoughts;
mod wait;
mod wishes;

use std::{fmt, time::Duration};

use futures::future::BoxFuture;

pub use conversation::{Conversation, Message, ToolCall, ToolSpec};
pub use error::{ModelError, Server, ServerKind};
pub use link::Timing;
pub use wishes::{Choice, Wishes};

/// A server that turns a conversation into text and tool calls.
pub trait Model: Send + Sync + fmt::Debug {
    /// Finds out which model will answer and what it can do. Asks the server; cheap.
    ///
    /// # Errors
    /// The server cannot be reached, or has no model that can answer.
    fn prepare<'a>(&'a self, sink: ModelSink<'a>) -> BoxFuture<'a, Result<Ready, ModelError>>;

    /// Writes the next reply, handing out its text as it comes. Its calls come with [`Finished`],
    /// because a call is worth acting on only when the whole reply arrived.
    ///
    /// Where tools are offered, text that may turn out to be a printed call is held back until it
    /// is known.
    ///
    /// # Errors
    /// Whatever keeps the reply from being complete. Text that was handed out before stays with
    /// the caller.
    fn chat<'a>(
        &'a self,
        ready: &'a Ready,
        conversation: &'a Conversation,
        sink: ModelSink<'a>,
    ) -> BoxFuture<'a, Result<Finished, ModelError>>;

    /// Whether the server can be told that a tool has to be called.
    fn can_demand_calls(&self) -> bool {
        false
    }
}

/// Receives what a model says while it works.
pub type ModelSink<'a> = &'a mut (dyn FnMut(ModelEvent) + Send);

/// What a model says while it works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelEvent {
    /// Nothing came for a while; sent about once a second.
    Waiting {
        /// What is being waited for.
        what: Wait,
        /// Since when.
        elapsed: Duration,
    },
    /// A piece of the model's reasoning. Never part of the answer.
    Thinking(String),
    /// A piece of the answer.
    Text(String),
}

/// What is being waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// The server's answer to a short question (which models are there, what can this one do).
    Server,
    /// The first piece of the answer: the model is being loaded, or reads the prompt.
    FirstWord,
    /// The next piece.
    NextWord,
    /// The server was busy; the request is sent again after a pause.
    Retry,
    /// A tool call could not be read; the model is asked to write it again.
    Again,
    /// The next report on a model that is being fetched.
    Pull,
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Server => "the model server",
            Self::FirstWord => "the model to load and to read the documents",
            Self::NextWord => "the model's next words",
            Self::Retry => "a busy model server",
            Self::Again => "the model to write its request again",
            Self::Pull => "the model server to fetch the model",
        })
    }
}

/// A model that is known to be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// Its name on the server.
    pub name: String,
    /// The context it will run with, in tokens: conversation and reply together.
    pub context_tokens: usize,
    /// The most tokens that it will write.
    pub answer_tokens: usize,
    /// Whether it can be told to reason, or not to, before it answers.
    pub can_think: bool,
    /// Whether tools may be offered to it. Servers that do not say get the benefit of the doubt; see
    /// [`Finished::without_tools`]. A caller that sets this to `false` is believed.
    pub can_call_tools: bool,
}

/// A complete reply: its calls and its figures. The text was handed out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Finished {
    /// The calls, in the order in which they came. Their arguments are JSON objects; nothing else
    /// about them was checked.
    pub calls: Vec<ToolCall>,
    /// The conversation offered tools and the model was asked without them, because the server
    /// refused them or [`Ready::can_call_tools`] said so. A caller that needs a call falls back.
    pub without_tools: bool,
    /// It ends where the limit was reached; only where [`Wishes::as_it_is`] allows that.
    pub cut_off: bool,
    /// Tokens that the server counted in the conversation, if it said so.
    pub prompt_tokens: Option<u64>,
    /// Tokens that it wrote.
    pub answer_tokens: Option<u64>,
}
