//! What can go wrong with a model server, and what a person can do about it.
//!
//! A variant names the failing object; the hint depends on the kind of server. No API key gets here.

use std::fmt;

use super::openai;

/// Which protocol a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerKind {
    /// Ollama's own.
    Ollama,
    /// OpenAI's, as llama.cpp, vLLM, LM Studio and others speak it.
    OpenAi,
}

/// A server, for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// The protocol.
    pub kind: ServerKind,
    /// Its address, without a password.
    pub url: String,
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

/// Why a model gave no complete answer.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The configured address cannot be used.
    #[error("`{text}` is no address of a model server: {reason}")]
    Address {
        /// What kind of server it should have been.
        kind: ServerKind,
        /// As configured.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The configured API key cannot be sent. It is not shown.
    #[error("the API key cannot be used: {reason}")]
    ApiKey {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The HTTP client could not be set up (certificates, mostly).
    #[error("the HTTP client could not be set up")]
    Client(#[source] reqwest::Error),
    /// Nobody listens, or the way there is blocked.
    #[error("no model server answers at {server}")]
    Unreachable {
        /// The server.
        server: Server,
        /// The network's reason.
        #[source]
        source: reqwest::Error,
    },
    /// A connection that broke, or a reply that could not be read.
    #[error("the connection to {server} broke while {doing}")]
    Broken {
        /// The server.
        server: Server,
        /// What was being done.
        doing: &'static str,
        /// The network's reason.
        #[source]
        source: reqwest::Error,
    },
    /// The server took the request and then said nothing.
    #[error("{server} was silent for {seconds} s while {doing}")]
    Silent {
        /// The server.
        server: Server,
        /// What was being done.
        doing: &'static str,
        /// How long it was given.
        seconds: u64,
    },
    /// A model that the server does not have.
    #[error("the server at {server} has no model `{model}`")]
    Missing {
        /// The server.
        server: Server,
        /// The model asked for.
        model: String,
        /// Those it has.
        installed: Vec<String>,
    },
    /// No installed model can write answers.
    #[error("the server at {server} has no model that can answer")]
    NoneInstalled {
        /// The server.
        server: Server,
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
    /// The server wants a key, or another one.
    #[error("the model server at {server} does not let us in ({status}): {message}")]
    Unauthorized {
        /// The server.
        server: Server,
        /// 401 or 403.
        status: u16,
        /// The server's words.
        message: String,
    },
    /// The queue is full, and was still full at the second attempt.
    #[error("the model server at {server} is busy")]
    Busy {
        /// The server.
        server: Server,
    },
    /// The conversation does not fit.
    #[error("the documents do not fit the context of `{model}`: {message}")]
    TooLong {
        /// The model.
        model: String,
        /// The server's words.
        message: String,
    },
    /// The server refused or failed.
    #[error("the model server at {server} answered {status}: {message}")]
    Refused {
        /// The server.
        server: Server,
        /// The HTTP status.
        status: u16,
        /// The server's words.
        message: String,
    },
    /// The server reported a failure in the middle of the answer.
    #[error("the model failed while answering: {message}")]
    MidAnswer {
        /// The server.
        server: Server,
        /// The server's words.
        message: String,
    },
    /// The model asked for a tool in a form that cannot be read, and did so again.
    #[error("the model `{model}` asked for a tool in a form that cannot be read: {message}")]
    MalformedCall {
        /// The model.
        model: String,
        /// What was wrong, with the beginning of what it wrote.
        message: String,
    },
    /// The answer stopped without its end mark.
    #[error("the answer broke off: the server ended it without saying that it was complete")]
    CutOff {
        /// The server.
        server: Server,
    },
    /// The answer reached the limit of its length.
    #[error("the answer broke off at its limit of {tokens} tokens")]
    LengthLimit {
        /// The limit.
        tokens: usize,
    },
    /// The reply did not end where the server was told to end it.
    #[error("the server at {server} did not stop after {kib} KiB of an answer")]
    Endless {
        /// The server.
        server: Server,
        /// How much was read.
        kib: usize,
    },
    /// The model called tools until it had no more chances, and wrote no answer.
    #[error("the model `{model}` called tools again and again without coming to an answer")]
    NoAnswer {
        /// The model.
        model: String,
    },
    /// What was asked leaves no room in the context for an answer from the documents.
    #[error("the question does not fit the context of `{model}` ({tokens} tokens) beside the documents")]
    NoRoom {
        /// The model.
        model: String,
        /// Its context.
        tokens: usize,
    },
    /// A complete reply with no text and no call in it.
    #[error("the model `{model}` gave an empty answer")]
    Empty {
        /// The model.
        model: String,
    },
    /// Something that is not the protocol.
    #[error("the server at {server} sent something that is no answer: `{line}`")]
    Garbled {
        /// The server.
        server: Server,
        /// The beginning of what it sent.
        line: String,
    },
    /// A model could not be fetched.
    #[error("the model `{model}` could not be fetched: {message}")]
    PullFailed {
        /// The model.
        model: String,
        /// The server's words.
        message: String,
    },
    /// The reports on a fetch ended before it was done.
    #[error("fetching the model `{model}` broke off before it was complete")]
    PullCutOff {
        /// The model.
        model: String,
    },
}

impl ModelError {
    /// The model that could be pulled to make it work, with [`super::ollama::Ollama::pull`].
    #[must_use]
    pub fn pullable(&self) -> Option<&str> {
        if let Self::Missing { server, model, .. } = self
            && server.kind == ServerKind::Ollama
        {
            return Some(model);
        }
        None
    }

    /// What a person can do about it, if anything.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Address { kind: ServerKind::Ollama, .. } => {
                "set OLLAMA_HOST to HOST, HOST:PORT or http://HOST:PORT".to_owned()
            }
            Self::Address { kind: ServerKind::OpenAi, .. } => {
                format!("set {} to the server's base URL, such as {}", openai::URL_VARIABLE, openai::EXAMPLE)
            }
            Self::ApiKey { .. } => format!("set {} to the key alone, on one line", openai::KEY_VARIABLE),
            Self::Unreachable { server, .. } => match server.kind {
                ServerKind::Ollama => {
                    "start it (`systemctl start ollama`) or set OLLAMA_HOST to where it runs".to_owned()
                }
                ServerKind::OpenAi => {
                    format!("start it, or set {} to where it runs, such as {}", openai::URL_VARIABLE, openai::EXAMPLE)
                }
            },
            Self::Silent { server, .. } => match server.kind {
                ServerKind::Ollama => "a smaller model answers sooner; `ollama ps` shows what is loaded".to_owned(),
                ServerKind::OpenAi => "a smaller model answers sooner; the server's own log says more".to_owned(),
            },
            Self::Missing { server, model, installed } => match (server.kind, installed.is_empty()) {
                (ServerKind::Ollama, true) => format!("`ollama pull {model}`"),
                (ServerKind::Ollama, false) => {
                    format!("`ollama pull {model}`, or choose one that is there: {}", installed.join(", "))
                }
                (ServerKind::OpenAi, true) => "start the server with a model".to_owned(),
                (ServerKind::OpenAi, false) => format!("choose one that is there: {}", installed.join(", ")),
            },
            Self::NoneInstalled { server, .. } => match server.kind {
                ServerKind::Ollama => "`ollama pull qwen3:4b`, for example".to_owned(),
                ServerKind::OpenAi => "start the server with a model that can chat".to_owned(),
            },
            Self::NotForChat { .. } => "choose a model that can chat".to_owned(),
            Self::Unauthorized { server, .. } => match server.kind {
                ServerKind::Ollama => {
                    "a proxy before the server wants a login; OLLAMA_HOST may go around it".to_owned()
                }
                ServerKind::OpenAi => format!("set {} to a key that this server accepts", openai::KEY_VARIABLE),
            },
            Self::Busy { .. } => "ask again in a moment".to_owned(),
            Self::TooLong { .. } | Self::NoRoom { .. } => {
                "ask in fewer words, or choose a model with a larger context".to_owned()
            }
            Self::LengthLimit { .. } => "ask for one thing at a time".to_owned(),
            Self::MalformedCall { .. } | Self::NoAnswer { .. } => {
                "ask in other words, or choose a model that is better with tools".to_owned()
            }
            Self::Refused { server, status, .. } => match server.kind {
                ServerKind::OpenAi if matches!(status, 404 | 405) => {
                    format!("the base URL in {} usually ends in /v1, as in {}", openai::URL_VARIABLE, openai::EXAMPLE)
                }
                ServerKind::Ollama | ServerKind::OpenAi => log_of(server),
            },
            Self::MidAnswer { server, .. } | Self::CutOff { server } | Self::Endless { server, .. } => log_of(server),
            Self::PullFailed { .. } => "check the name at https://ollama.com/library, and the way there".to_owned(),
            Self::PullCutOff { .. } => "pull it again: it goes on where it stopped".to_owned(),
            Self::Client(_) | Self::Broken { .. } | Self::Empty { .. } | Self::Garbled { .. } => return None,
        };
        Some(hint)
    }
}

fn log_of(server: &Server) -> String {
    match server.kind {
        ServerKind::Ollama => "its own log says more: `journalctl -u ollama`".to_owned(),
        ServerKind::OpenAi => "the server's own log says more".to_owned(),
    }
}
