//! Ollama: requests with `ollama-rs`' types, the answer stream with a reader of our own.
//!
//! The crate's own streaming loses errors, HTTP statuses and characters that a chunk splits, so only
//! its requests, its model list and its model description are used. No prompt is written here and no
//! answer judged.

pub mod address;
mod http;
pub mod stream;

use std::time::Duration;

use futures::future::BoxFuture;
use ollama_rs::{
    generation::{
        chat::{ChatMessage, request::ChatMessageRequest},
        parameters::{KeepAlive, ThinkType, TimeUnit},
    },
    models::{ModelInfo, ModelOptions},
};
use url::Url;

use super::{Finished, Messages, Model, ModelError, ModelEvent, ModelSink, Ready, Wait};
use http::{Patience, message_of};
use stream::{Reader, StreamEvent};

/// How Ollama is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The server.
    pub url: Url,
    /// The model; without one, the first installed that can chat.
    pub model: Option<String>,
    /// The context in tokens. Kept constant: another value would make the server load the model
    /// again.
    pub context_tokens: usize,
    /// The most tokens an answer may have.
    pub answer_tokens: usize,
    /// Whether a model that can reason should.
    pub think: bool,
    /// The longest silence that is waited out: loading a large model from a slow disk is one.
    pub idle_timeout: Duration,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How often a sign of life is given.
    pub tick: Duration,
    /// The pause before a busy server is asked again.
    pub retry_pause: Duration,
}

impl Settings {
    /// The usual settings for a server.
    #[must_use]
    pub fn new(url: Url) -> Self {
        Self {
            url,
            model: None,
            context_tokens: 8192,
            answer_tokens: 1024,
            think: false,
            idle_timeout: Duration::from_secs(120),
            connect_timeout: Duration::from_secs(2),
            tick: Duration::from_secs(1),
            retry_pause: Duration::from_secs(2),
        }
    }
}

/// An Ollama server.
#[derive(Debug)]
pub struct Ollama {
    settings: Settings,
    client: reqwest::Client,
    api: ollama_rs::Ollama,
}

impl Ollama {
    /// Sets up a client; nothing is sent yet.
    ///
    /// # Errors
    /// [`ModelError::Client`] if TLS cannot be set up.
    pub fn new(settings: Settings) -> Result<Self, ModelError> {
        // An answer that a proxy compresses arrives in one piece at the end.
        let mut builder = reqwest::Client::builder().connect_timeout(settings.connect_timeout).no_gzip();
        if address::is_loopback(&settings.url) {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(ModelError::Client)?;
        let api = ollama_rs::Ollama::builder().url(settings.url.clone()).reqwest_client(client.clone()).build();
        Ok(Self { settings, client, api })
    }

    fn url(&self) -> String {
        self.settings.url.to_string()
    }

    fn endpoint(&self, path: &str) -> String {
        format!("{}{path}", self.settings.url)
    }

    /// How long short questions may take: they involve no model.
    fn short(&self) -> Patience {
        Patience { limit: self.settings.idle_timeout.min(Duration::from_secs(10)), tick: self.settings.tick }
    }

    fn long(&self) -> Patience {
        Patience { limit: self.settings.idle_timeout, tick: self.settings.tick }
    }

    fn silent(&self, doing: &'static str, patience: Patience) -> ModelError {
        ModelError::Silent { url: self.url(), doing, seconds: patience.limit.as_secs() }
    }

    /// Names of the installed models, the latest first.
    ///
    /// # Errors
    /// The server cannot be reached, is silent, or does not speak this protocol.
    pub async fn installed(&self, sink: ModelSink<'_>) -> Result<Vec<String>, ModelError> {
        const DOING: &str = "listing its models";
        let listed = self
            .short()
            .wait(Wait::Server, sink, self.api.list_local_models())
            .await
            .ok_or_else(|| self.silent(DOING, self.short()))?;
        match listed {
            Ok(models) => Ok(models.into_iter().map(|model| model.name).collect()),
            Err(ollama_rs::error::OllamaError::ReqwestError(source)) => Err(self.network(DOING, source)),
            Err(other) => Err(ModelError::Garbled { url: self.url(), line: other.to_string() }),
        }
    }

    fn network(&self, doing: &'static str, source: reqwest::Error) -> ModelError {
        if source.is_connect() {
            ModelError::Unreachable { url: self.url(), source }
        } else {
            ModelError::Broken { url: self.url(), doing, source }
        }
    }

    /// What the server says about a model; `None` if it does not have it.
    async fn show(&self, model: &str, sink: ModelSink<'_>) -> Result<Option<ModelInfo>, ModelError> {
        const DOING: &str = "describing its model";
        // Not `Ollama::show_model_info`: it drops the status, and 404 is an answer here.
        let exchange = async {
            let response =
                self.client.post(self.endpoint("api/show")).json(&serde_json::json!({ "model": model })).send().await?;
            let status = response.status();
            Ok((status, response.bytes().await?))
        };
        let (status, body) = self
            .short()
            .wait(Wait::Server, sink, exchange)
            .await
            .ok_or_else(|| self.silent(DOING, self.short()))?
            .map_err(|source| self.network(DOING, source))?;
        if status == reqwest::StatusCode::NOT_FOUND {
            return Ok(None);
        }
        if !status.is_success() {
            return Err(self.refused(model, status.as_u16(), message_of(&body)));
        }
        match serde_json::from_slice(&body) {
            Ok(info) => Ok(Some(info)),
            Err(error) => Err(ModelError::Garbled { url: self.url(), line: error.to_string() }),
        }
    }

    fn refused(&self, model: &str, status: u16, message: String) -> ModelError {
        let lower = message.to_lowercase();
        if status == 503 {
            ModelError::Busy { url: self.url() }
        } else if lower.contains("context") && (lower.contains("exceed") || lower.contains("length")) {
            ModelError::TooLong { model: model.to_owned(), message }
        } else {
            ModelError::Refused { url: self.url(), status, message }
        }
    }

    fn ready(&self, name: &str, info: &ModelInfo) -> Ready {
        let own = info
            .model_info
            .iter()
            .find(|(key, _)| key.ends_with(".context_length"))
            .and_then(|(_, value)| value.as_u64())
            .and_then(|tokens| usize::try_from(tokens).ok())
            .filter(|tokens| *tokens > 0);
        let context_tokens = own.map_or(self.settings.context_tokens, |own| own.min(self.settings.context_tokens));
        Ready {
            name: name.to_owned(),
            context_tokens,
            answer_tokens: self.settings.answer_tokens.min(context_tokens / 2),
            can_think: info.capabilities.iter().any(|c| c == "thinking"),
        }
    }

    async fn find(&self, sink: ModelSink<'_>) -> Result<Ready, ModelError> {
        if let Some(model) = &self.settings.model {
            let Some(info) = self.show(model, sink).await? else {
                // The list is for the hint only; without it the message still says what is wrong.
                let installed = self.installed(sink).await.unwrap_or_default();
                return Err(ModelError::Missing { url: self.url(), model: model.clone(), installed });
            };
            if !can_chat(model, &info) {
                return Err(ModelError::NotForChat {
                    model: model.clone(),
                    capabilities: info.capabilities.join(", "),
                });
            }
            return Ok(self.ready(model, &info));
        }
        let installed = self.installed(sink).await?;
        for model in &installed {
            // A model removed since the list was made is no reason to stop.
            if let Some(info) = self.show(model, sink).await?
                && can_chat(model, &info)
            {
                return Ok(self.ready(model, &info));
            }
        }
        Err(ModelError::NoneInstalled { url: self.url(), installed })
    }

    /// The request as JSON. `truncate` and `stream` are set here: the crate's type has no field for
    /// the one and keeps the other to itself.
    fn request(
        &self,
        ready: &Ready,
        messages: &Messages,
        think: Option<bool>,
    ) -> Result<serde_json::Value, ModelError> {
        let options = ModelOptions::default()
            .num_ctx(u64::try_from(ready.context_tokens).unwrap_or(u64::MAX))
            .num_predict(i32::try_from(ready.answer_tokens).unwrap_or(i32::MAX))
            .temperature(0.1);
        let mut request = ChatMessageRequest::new(
            ready.name.clone(),
            vec![ChatMessage::system(messages.system.clone()), ChatMessage::user(messages.user.clone())],
        )
        .options(options)
        .keep_alive(KeepAlive::Until { time: 15, unit: TimeUnit::Minutes });
        if let Some(think) = think {
            request = request.think(if think { ThinkType::True } else { ThinkType::False });
        }
        let mut value = serde_json::to_value(&request)
            .map_err(|error| ModelError::Garbled { url: self.url(), line: error.to_string() })?;
        value["stream"] = true.into();
        value["truncate"] = false.into();
        Ok(value)
    }

    /// Sends the request until it is accepted: once more without `think` if the model turns out not
    /// to know it, once more after a pause if the server is busy.
    async fn open(
        &self,
        ready: &Ready,
        messages: &Messages,
        sink: ModelSink<'_>,
    ) -> Result<reqwest::Response, ModelError> {
        const DOING: &str = "loading the model";
        let mut think = ready.can_think.then_some(self.settings.think);
        let mut busy = false;
        loop {
            let request = self.request(ready, messages, think)?;
            let send = self.client.post(self.endpoint("api/chat")).json(&request).send();
            let response = self
                .long()
                .wait(Wait::FirstWord, sink, send)
                .await
                .ok_or_else(|| self.silent(DOING, self.long()))?
                .map_err(|source| self.network(DOING, source))?;
            let status = response.status();
            if status.is_success() {
                return Ok(response);
            }
            let body =
                self.short().wait(Wait::Server, sink, response.bytes()).await.and_then(Result::ok).unwrap_or_default();
            let message = message_of(&body);
            if status.as_u16() == 404 {
                let installed = self.installed(sink).await.unwrap_or_default();
                return Err(ModelError::Missing { url: self.url(), model: ready.name.clone(), installed });
            }
            if status.as_u16() == 400 && think.is_some() && message.contains("thinking") {
                think = None;
            } else if status.as_u16() == 503 && !busy {
                busy = true;
                sink(ModelEvent::Waiting { what: Wait::Retry, elapsed: Duration::ZERO });
                let pause = Patience { limit: self.settings.retry_pause, tick: self.settings.tick };
                let _elapsed: Option<()> = pause.wait(Wait::Retry, sink, std::future::pending()).await;
            } else {
                return Err(self.refused(&ready.name, status.as_u16(), message));
            }
        }
    }

    async fn answer(&self, ready: &Ready, messages: &Messages, sink: ModelSink<'_>) -> Result<Finished, ModelError> {
        const DOING: &str = "answering";
        let mut response = self.open(ready, messages, sink).await?;
        let mut reader = Reader::default();
        let mut spoke = false;
        loop {
            let what = if spoke { Wait::NextWord } else { Wait::FirstWord };
            let chunk = self
                .long()
                .wait(what, sink, response.chunk())
                .await
                .ok_or_else(|| self.silent(DOING, self.long()))?
                // A body that ends before its time is what a server that was killed leaves behind.
                .map_err(|source| self.network(DOING, source))?;
            let ended = chunk.is_none();
            let events = match chunk {
                Some(bytes) => reader.push(&bytes),
                None => std::mem::take(&mut reader).finish(),
            };
            for event in events {
                match event {
                    StreamEvent::Thinking(text) => sink(ModelEvent::Thinking(text)),
                    StreamEvent::Text(text) => {
                        spoke = true;
                        sink(ModelEvent::Text(text));
                    }
                    StreamEvent::Error(message) => return Err(self.mid_answer(ready, message)),
                    StreamEvent::Garbage(line) => {
                        return Err(ModelError::Garbled { url: self.url(), line });
                    }
                    StreamEvent::Done(done) => {
                        if done.reason.as_deref() == Some("length") {
                            return Err(ModelError::LengthLimit { tokens: ready.answer_tokens });
                        }
                        if !spoke {
                            return Err(ModelError::Empty { model: ready.name.clone() });
                        }
                        return Ok(Finished { prompt_tokens: done.prompt_eval_count, answer_tokens: done.eval_count });
                    }
                }
            }
            if ended {
                return Err(ModelError::CutOff);
            }
        }
    }

    fn mid_answer(&self, ready: &Ready, message: String) -> ModelError {
        let error = self.refused(&ready.name, 200, message);
        if let ModelError::Refused { message, .. } = error { ModelError::MidAnswer { message } } else { error }
    }
}

/// Servers before capabilities were introduced list none; there the name has to do.
fn can_chat(model: &str, info: &ModelInfo) -> bool {
    if info.capabilities.is_empty() {
        !model.contains("embed") && !model.contains("minilm")
    } else {
        info.capabilities.iter().any(|c| c == "completion")
    }
}

impl Model for Ollama {
    fn prepare<'a>(&'a self, sink: ModelSink<'a>) -> BoxFuture<'a, Result<Ready, ModelError>> {
        Box::pin(self.find(sink))
    }

    fn chat<'a>(
        &'a self,
        ready: &'a Ready,
        messages: &'a Messages,
        sink: ModelSink<'a>,
    ) -> BoxFuture<'a, Result<Finished, ModelError>> {
        Box::pin(self.answer(ready, messages, sink))
    }
}
