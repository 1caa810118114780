//! Models that write answers: one trait, and what can go wrong with them.
//!
//! What a prompt says and what becomes of a reply is not known here; that is `ask`'s. Nothing here
//! prints.

pub mod ollama;

use std::{fmt, time::Duration};

use futures::future::BoxFuture;

/// A server that turns messages into text.
pub trait Model: Send + Sync + fmt::Debug {
    /// Finds out which model will answer and what it can do. Asks the server; cheap.
    ///
    /// # Errors
    /// The server cannot be reached, or has no model that can answer.
    fn prepare<'a>(&'a self, sink: ModelSink<'a>) -> BoxFuture<'a, Result<Ready, ModelError>>;

    /// Writes an answer, handing out its pieces as they come.
    ///
    /// # Errors
    /// Whatever keeps the answer from being complete. Text that was handed out before stays with
    /// the caller.
    fn chat<'a>(
        &'a self,
        ready: &'a Ready,
        messages: &'a Messages,
        sink: ModelSink<'a>,
    ) -> BoxFuture<'a, Result<Finished, ModelError>>;
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
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Server => "the model server",
            Self::FirstWord => "the model to load and to read the documents",
            Self::NextWord => "the model's next words",
            Self::Retry => "a busy model server",
        })
    }
}

/// A model that is known to be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// Its name on the server.
    pub name: String,
    /// The context it will run with, in tokens: messages and answer together.
    pub context_tokens: usize,
    /// The most tokens that it will write.
    pub answer_tokens: usize,
    /// Whether it can reason before it answers.
    pub can_think: bool,
}

/// What is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Messages {
    /// The rules.
    pub system: String,
    /// The documents and the question.
    pub user: String,
}

/// A complete answer's figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Finished {
    /// Tokens that the server counted in the messages, if it said so.
    pub prompt_tokens: Option<u64>,
    /// Tokens that it wrote.
    pub answer_tokens: Option<u64>,
}

/// Why a model gave no complete answer.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The configured address cannot be used.
    #[error("`{text}` is no address of a model server: {reason}")]
    Address {
        /// As configured.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The HTTP client could not be set up (certificates, mostly).
    #[error("the HTTP client could not be set up")]
    Client(#[source] reqwest::Error),
    /// Nobody listens, or the way there is blocked.
    #[error("no model server answers at {url}")]
    Unreachable {
        /// Its address.
        url: String,
        /// The network's reason.
        #[source]
        source: reqwest::Error,
    },
    /// A connection that broke, or a reply that could not be read.
    #[error("the connection to {url} broke while {doing}")]
    Broken {
        /// The server's address.
        url: String,
        /// What was being done.
        doing: &'static str,
        /// The network's reason.
        #[source]
        source: reqwest::Error,
    },
    /// The server took the request and then said nothing.
    #[error("{url} was silent for {seconds} s while {doing}")]
    Silent {
        /// The server's address.
        url: String,
        /// What was being done.
        doing: &'static str,
        /// How long it was given.
        seconds: u64,
    },
    /// A model that the server does not have.
    #[error("the server at {url} has no model `{model}`")]
    Missing {
        /// The server's address.
        url: String,
        /// The model asked for.
        model: String,
        /// Those it has.
        installed: Vec<String>,
    },
    /// No installed model can write answers.
    #[error("the server at {url} has no model that can answer")]
    NoneInstalled {
        /// The server's address.
        url: String,
        /// What it has instead (embedding models).
        installed: Vec<String>,
    },
    /// A model that does something else.
    #[error("the model `{model}` cannot answer: it does {capabilities}")]
    NotForChat {
        /// The model.
        model: String,
        /// What it says that it can do.
        capabilities: String,
    },
    /// The queue is full, and was still full at the second attempt.
    #[error("the model server at {url} is busy")]
    Busy {
        /// The server's address.
        url: String,
    },
    /// The messages do not fit.
    #[error("the documents do not fit the context of `{model}`: {message}")]
    TooLong {
        /// The model.
        model: String,
        /// The server's words.
        message: String,
    },
    /// The server refused or failed.
    #[error("the model server at {url} answered {status}: {message}")]
    Refused {
        /// The server's address.
        url: String,
        /// The HTTP status.
        status: u16,
        /// The server's words.
        message: String,
    },
    /// The server reported a failure in the middle of the answer.
    #[error("the model failed while answering: {message}")]
    MidAnswer {
        /// The server's words.
        message: String,
    },
    /// The answer stopped without its end mark.
    #[error("the answer broke off: the server ended it without saying that it was complete")]
    CutOff,
    /// The answer reached the limit of its length.
    #[error("the answer broke off at its limit of {tokens} tokens")]
    LengthLimit {
        /// The limit.
        tokens: usize,
    },
    /// A complete reply with no text in it.
    #[error("the model `{model}` gave an empty answer")]
    Empty {
        /// The model.
        model: String,
    },
    /// Something that is not the protocol.
    #[error("the server at {url} sent something that is no answer: `{line}`")]
    Garbled {
        /// The server's address.
        url: String,
        /// The beginning of what it sent.
        line: String,
    },
}

impl ModelError {
    /// What a person can do about it, if anything.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Address { .. } => Some("set OLLAMA_HOST to HOST, HOST:PORT or http://HOST:PORT".to_owned()),
            Self::Unreachable { .. } => {
                Some("start it (`systemctl start ollama`) or set OLLAMA_HOST to where it runs".to_owned())
            }
            Self::Silent { .. } => Some("a smaller model answers sooner; `ollama ps` shows what is loaded".to_owned()),
            Self::Missing { model, installed, .. } => Some(if installed.is_empty() {
                format!("`ollama pull {model}`")
            } else {
                format!("`ollama pull {model}`, or choose one that is there: {}", installed.join(", "))
            }),
            Self::NoneInstalled { .. } => Some("`ollama pull qwen3:4b`, for example".to_owned()),
            Self::NotForChat { .. } => Some("choose a model that can chat".to_owned()),
            Self::Busy { .. } => Some("ask again in a moment".to_owned()),
            Self::TooLong { .. } => Some("configure a larger context, or a model that has one".to_owned()),
            Self::LengthLimit { .. } => Some("ask for one thing at a time".to_owned()),
            Self::Refused { .. } | Self::MidAnswer { .. } | Self::CutOff => {
                Some("its own log says more: `journalctl -u ollama`".to_owned())
            }
            Self::Client(_) | Self::Broken { .. } | Self::Empty { .. } | Self::Garbled { .. } => None,
        }
    }
}
