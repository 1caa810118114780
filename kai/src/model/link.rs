//! The connection to a model server: requests with patience, and its failures by name.
//!
//! Which paths there are and what they say is the protocol's matter.

use std::time::Duration;

use reqwest::{RequestBuilder, Response, StatusCode, header};
use url::Url;

use super::{ModelError, ModelEvent, ModelSink, Server, ServerKind, Wait, openai::ApiKey, shown, wait::Patience};
use crate::ui::clean::clean;

/// Short questions involve no model; they get no more than this.
const SHORT: Duration = Duration::from_secs(10);
/// How much of a server's message is shown.
const MESSAGE: usize = 300;

/// How long things may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// How long a connection may take.
    pub connect: Duration,
    /// The longest silence before the first word: a large model is loaded from a slow disk, a long
    /// prompt is read without a GPU. Signs of life are given meanwhile.
    pub first: Duration,
    /// The longest silence after it.
    pub idle: Duration,
    /// How often a sign of life is given.
    pub tick: Duration,
    /// The pause before a busy server is asked again.
    pub retry_pause: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(2),
            first: Duration::from_secs(600),
            idle: Duration::from_secs(120),
            tick: Duration::from_secs(1),
            retry_pause: Duration::from_secs(2),
        }
    }
}

/// A connection to one server.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) server: Server,
    base: Url,
    timing: Timing,
    client: reqwest::Client,
    key: Option<ApiKey>,
}

/// A request that the server did not accept.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) message: String,
}

impl Link {
    /// Sets up a client; nothing is sent yet. The base ends in a slash.
    ///
    /// # Errors
    /// [`ModelError::Client`] if TLS cannot be set up.
    pub(super) fn new(kind: ServerKind, base: Url, timing: Timing, key: Option<ApiKey>) -> Result<Self, ModelError> {
        // An answer that a proxy compresses arrives in one piece at the end.
        let mut builder = reqwest::Client::builder().connect_timeout(timing.connect).no_gzip();
        if is_loopback(&base) {
            builder = builder.no_proxy();
            // Reading the machine's certificates takes longer than asking a server that needs none.
            builder = builder.tls_built_in_root_certs(base.scheme() == "https");
        }
        if let Some(key) = &key {
            builder = builder.default_headers(header::HeaderMap::from_iter([(header::AUTHORIZATION, key.header())]));
        }
        let client = builder.build().map_err(ModelError::Client)?;
        let server = Server { kind, url: shown::url(&base) };
        Ok(Self { server, base, timing, client, key })
    }

    pub(super) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.base))
    }

    pub(super) fn post(&self, path: &str, body: &serde_json::Value) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.base)).json(body)
    }

    fn patience(&self, limit: Duration) -> Patience {
        Patience { limit, tick: self.timing.tick }
    }

    /// How long is waited for a piece of a stream.
    fn long(&self, what: Wait) -> Patience {
        self.patience(match what {
            Wait::FirstWord => self.timing.first,
            Wait::Server | Wait::NextWord | Wait::Retry | Wait::Again | Wait::Pull => self.timing.idle,
        })
    }

    fn short(&self) -> Patience {
        self.patience(self.timing.idle.min(SHORT))
    }

    fn silent(&self, doing: &'static str, patience: Patience) -> ModelError {
        ModelError::Silent { server: self.server.clone(), doing, seconds: patience.limit.as_secs() }
    }

    fn network(&self, doing: &'static str, source: reqwest::Error) -> ModelError {
        // The address is in the message already, without what must not be shown.
        let source = source.without_url();
        let server = self.server.clone();
        if source.is_connect() {
            ModelError::Unreachable { server, source }
        } else {
            ModelError::Broken { server, doing, source }
        }
    }

    pub(super) fn garbled(&self, line: impl AsRef<str>) -> ModelError {
        ModelError::Garbled { server: self.server.clone(), line: self.clean(line.as_ref()) }
    }

    /// The error for a model that is not there.
    pub(super) fn missing(&self, model: &str, installed: &[String]) -> ModelError {
        ModelError::Missing { server: self.server.clone(), model: model.to_owned(), installed: self.names(installed) }
    }

    /// The error for a server without a model that can answer.
    pub(super) fn none_installed(&self, installed: &[String]) -> ModelError {
        ModelError::NoneInstalled { server: self.server.clone(), installed: self.names(installed) }
    }

    fn names(&self, installed: &[String]) -> Vec<String> {
        installed.iter().map(|name| self.clean(name)).collect()
    }

    /// Asks a short question; the answer with its status, whatever it is.
    ///
    /// # Errors
    /// The server cannot be reached, breaks off or is silent.
    pub(super) async fn ask(
        &self,
        doing: &'static str,
        request: RequestBuilder,
        sink: ModelSink<'_>,
    ) -> Result<(StatusCode, Vec<u8>), ModelError> {
        let exchange = async {
            let response = request.send().await?;
            let status = response.status();
            Ok((status, response.bytes().await?.to_vec()))
        };
        self.short()
            .wait(Wait::Server, sink, exchange)
            .await
            .ok_or_else(|| self.silent(doing, self.short()))?
            .map_err(|source| self.network(doing, source))
    }

    /// Sends a request whose answer is a stream.
    ///
    /// # Errors
    /// The server cannot be reached, breaks off or is silent. That it refuses is no error here.
    pub(super) async fn open(
        &self,
        (doing, what): (&'static str, Wait),
        request: RequestBuilder,
        sink: ModelSink<'_>,
    ) -> Result<Result<Response, Refusal>, ModelError> {
        let long = self.long(what);
        let response = long
            .wait(what, sink, request.send())
            .await
            .ok_or_else(|| self.silent(doing, long))?
            .map_err(|source| self.network(doing, source))?;
        let status = response.status();
        if status.is_success() {
            return Ok(Ok(response));
        }
        let body =
            self.short().wait(Wait::Server, sink, response.bytes()).await.and_then(Result::ok).unwrap_or_default();
        Ok(Err(Refusal { status: status.as_u16(), message: self.message_of(&body) }))
    }

    /// The next bytes of a stream; `None` at its end. Silence of `patient` times the usual length is
    /// waited out.
    ///
    /// # Errors
    /// The stream breaks off or is silent.
    pub(super) async fn chunk(
        &self,
        (doing, what, patient): (&'static str, Wait, u32),
        response: &mut Response,
        sink: ModelSink<'_>,
    ) -> Result<Option<Vec<u8>>, ModelError> {
        let usual = self.long(what);
        let long = Patience { limit: usual.limit.saturating_mul(patient), ..usual };
        let chunk = long
            .wait(what, sink, response.chunk())
            .await
            .ok_or_else(|| self.silent(doing, long))?
            // A body that ends before its time is what a server that was killed leaves behind.
            .map_err(|source| self.network(doing, source))?;
        Ok(chunk.map(|bytes| bytes.to_vec()))
    }

    /// The pause before a busy server is asked again.
    pub(super) async fn pause(&self, sink: ModelSink<'_>) {
        sink(ModelEvent::Waiting { what: Wait::Retry, elapsed: Duration::ZERO });
        let pause = self.patience(self.timing.retry_pause);
        let _elapsed: Option<()> = pause.wait(Wait::Retry, sink, std::future::pending()).await;
    }

    /// The error for a request that was not accepted, or for a report in mid-answer (status 200).
    pub(super) fn refused(&self, model: &str, status: u16, message: String) -> ModelError {
        let lower = message.to_lowercase();
        let server = self.server.clone();
        if matches!(status, 401 | 403) {
            ModelError::Unauthorized { server, status, message }
        } else if is_busy(status, &message) {
            ModelError::Busy { server }
        } else if lower.contains("context") && (lower.contains("exceed") || lower.contains("length")) {
            ModelError::TooLong { model: model.to_owned(), message }
        } else if status == 200 {
            ModelError::MidAnswer { server, message }
        } else {
            ModelError::Refused { server, status, message }
        }
    }

    /// The server's words in an error body, on one line, without our key.
    pub(super) fn message_of(&self, body: &[u8]) -> String {
        let text = serde_json::from_slice::<serde_json::Value>(body)
            .ok()
            .and_then(|value| value.get("error").or_else(|| value.get("detail")).or(value.get("message")).map(words_of))
            .unwrap_or_else(|| String::from_utf8_lossy(body).into_owned());
        self.clean(&text)
    }

    /// What a server said, fit for a message: on one line, not too long, without our key and without
    /// anything that a terminal would obey. All words of a server that are shown come through here.
    pub(super) fn clean(&self, text: &str) -> String {
        let text = clean(text);
        let line: Vec<&str> = text.split_whitespace().collect();
        let mut line = line.join(" ");
        if let Some(key) = &self.key {
            line = key.redact(&line);
        }
        match line.char_indices().nth(MESSAGE) {
            Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default()),
            None if line.is_empty() => "(no reason given)".to_owned(),
            None => line,
        }
    }
}

/// Whether another attempt after a pause may succeed. An account without money stays without.
pub(super) fn is_busy(status: u16, message: &str) -> bool {
    status == 503 || (status == 429 && !message.to_lowercase().contains("quota"))
}

/// The words in an error value: a string, or an object with a message.
pub(super) fn words_of(error: &serde_json::Value) -> String {
    let message = error.get("message").unwrap_or(error);
    message.as_str().map_or_else(|| message.to_string(), str::to_owned)
}

/// Whether the server is this machine: such requests never go through a proxy.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}
