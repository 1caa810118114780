//! Ollama: its models, its chat, and fetching models.
//!
//! The crate's own streaming loses errors, HTTP statuses and characters that a chunk splits, so only
//! its types are used; the streams have readers of our own. No prompt is written here and no answer
//! judged.

pub mod address;
pub mod pull;
mod request;
pub mod stream;

use futures::future::BoxFuture;
use ollama_rs::models::ModelInfo;
use reqwest::RequestBuilder;
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::{
    Conversation, Finished, Model, ModelError, ModelSink, Ready, ServerKind,
    link::{Link, Refusal, Timing},
    stream::Decode,
    talk::{self, Attempt, Wire},
};
use stream::Reader;

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
    /// How long things may take.
    pub timing: Timing,
}

impl Settings {
    /// The usual settings for a server.
    #[must_use]
    pub fn new(url: Url) -> Self {
        Self { url, model: None, context_tokens: 8192, answer_tokens: 1024, think: false, timing: Timing::default() }
    }
}

/// An Ollama server.
#[derive(Debug)]
pub struct Ollama {
    settings: Settings,
    link: Link,
}

/// The list of installed models; of each, its name is all that is used.
#[derive(Debug, Deserialize)]
struct Tags {
    #[serde(default)]
    models: Vec<Tag>,
}

#[derive(Debug, Deserialize)]
struct Tag {
    name: String,
}

impl Ollama {
    /// Sets up a client; nothing is sent yet.
    ///
    /// # Errors
    /// [`ModelError::Client`] if TLS cannot be set up.
    pub fn new(settings: Settings) -> Result<Self, ModelError> {
        let link = Link::new(ServerKind::Ollama, settings.url.clone(), settings.timing, None)?;
        Ok(Self { settings, link })
    }

    /// Names of the installed models, the latest first.
    ///
    /// # Errors
    /// The server cannot be reached, is silent, or does not speak this protocol.
    pub async fn installed(&self, sink: ModelSink<'_>) -> Result<Vec<String>, ModelError> {
        let (status, body) = self.link.ask("listing its models", self.link.get("api/tags"), sink).await?;
        if !status.is_success() {
            return Err(self.link.refused("", status.as_u16(), self.link.message_of(&body)));
        }
        let tags: Tags = serde_json::from_slice(&body).map_err(|error| self.link.garbled(error.to_string()))?;
        Ok(tags.models.into_iter().map(|model| model.name).collect())
    }

    /// What the server says about a model; `None` if it does not have it.
    async fn show(&self, model: &str, sink: ModelSink<'_>) -> Result<Option<ModelInfo>, ModelError> {
        // Not `ollama_rs`' own: it drops the status, and 404 is an answer here.
        let request = self.link.post("api/show", &json!({ "model": model }));
        let (status, body) = self.link.ask("describing its model", request, sink).await?;
        if status == reqwest::StatusCode::NOT_FOUND {
            return Ok(None);
        }
        if !status.is_success() {
            return Err(self.link.refused(model, status.as_u16(), self.link.message_of(&body)));
        }
        serde_json::from_slice(&body).map(Some).map_err(|error| self.link.garbled(error.to_string()))
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
        let can = |what: &str| info.capabilities.iter().any(|known| known == what);
        Ready {
            name: name.to_owned(),
            context_tokens,
            answer_tokens: self.settings.answer_tokens.min(context_tokens / 2),
            can_think: can("thinking"),
            // Servers before capabilities were introduced list none.
            can_call_tools: info.capabilities.is_empty() || can("tools"),
        }
    }

    async fn find(&self, sink: ModelSink<'_>) -> Result<Ready, ModelError> {
        if let Some(model) = &self.settings.model {
            let Some(info) = self.show(model, sink).await? else {
                // The list is for the hint only; without it the message still says what is wrong.
                let installed = self.installed(sink).await.unwrap_or_default();
                return Err(self.link.missing(model, &installed));
            };
            if !can_chat(model, &info) {
                return Err(ModelError::NotForChat {
                    model: model.clone(),
                    capabilities: self.link.clean(&info.capabilities.join(", ")),
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
        Err(self.link.none_installed(&installed))
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

/// The field that asks a model to reason or not to.
const THINK: &str = "think";

impl Wire for Ollama {
    fn link(&self) -> &Link {
        &self.link
    }

    fn request(
        &self,
        ready: &Ready,
        conversation: &Conversation,
        attempt: &Attempt,
    ) -> Result<RequestBuilder, ModelError> {
        let think = (ready.can_think && attempt.has(THINK)).then_some(self.settings.think);
        let body = request::body(ready, conversation, think, attempt.again)
            .map_err(|error| self.link.garbled(error.to_string()))?;
        Ok(self.link.post("api/chat", &body))
    }

    fn decoder(&self) -> Box<dyn Decode> {
        Box::new(Reader::default())
    }

    fn concede(&self, attempt: &mut Attempt, refusal: &Refusal) -> bool {
        if refusal.status != 400 {
            return false;
        }
        if refusal.message.contains("thinking") {
            return attempt.omit(THINK);
        }
        refusal.message.contains("does not support tools") && std::mem::take(&mut attempt.tools)
    }

    fn lacks_model(&self, refusal: &Refusal) -> bool {
        refusal.status == 404
    }

    fn listed<'a>(&'a self, sink: ModelSink<'a>) -> BoxFuture<'a, Vec<String>> {
        Box::pin(async { self.installed(sink).await.unwrap_or_default() })
    }
}

impl Model for Ollama {
    fn prepare<'a>(&'a self, sink: ModelSink<'a>) -> BoxFuture<'a, Result<Ready, ModelError>> {
        Box::pin(self.find(sink))
    }

    fn chat<'a>(
        &'a self,
        ready: &'a Ready,
        conversation: &'a Conversation,
        sink: ModelSink<'a>,
    ) -> BoxFuture<'a, Result<Finished, ModelError>> {
        Box::pin(talk::chat(self, ready, conversation, sink))
    }
}
