//! Any server that speaks OpenAI's protocol: llama.cpp, vLLM, LM Studio and others.
//!
//! Only `models` and `chat/completions`; no model is loaded or fetched here. No prompt is written and
//! no answer judged.

pub mod address;
mod key;
mod request;
mod sse;
pub mod stream;

use futures::future::BoxFuture;
use reqwest::RequestBuilder;
use serde::Deserialize;
use url::Url;

use super::{
    Conversation, Finished, Model, ModelError, ModelSink, Ready, ServerKind,
    link::{Link, Refusal, Timing},
    stream::Decode,
    talk::{self, Attempt, Wire},
};
pub use key::ApiKey;
use stream::Reader;

/// The variable in which a person says where the server is. Read by the caller; named in hints.
pub const URL_VARIABLE: &str = "KAI_OPENAI_URL";
/// The variable in which a person gives the key. Read by the caller; named in hints.
pub const KEY_VARIABLE: &str = "KAI_OPENAI_KEY";
/// A base URL, for messages: llama.cpp's.
pub const EXAMPLE: &str = "http://127.0.0.1:8080/v1";

/// How the server is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The base URL, from [`address::parse`].
    pub url: Url,
    /// The key, if the server wants one.
    pub key: Option<ApiKey>,
    /// The model; without one, the first that the server lists and that can chat by its name.
    pub model: Option<String>,
    /// The context in tokens. The protocol has no field for it: this is how much is sent at most. A
    /// server that says that it has less is believed.
    pub context_tokens: usize,
    /// The most tokens an answer may have.
    pub answer_tokens: usize,
    /// Whether the model should reason; `None` leaves that to the server. There is no standard for
    /// it; what vLLM, SGLang and llama.cpp understand is sent.
    pub think: Option<bool>,
    /// How long things may take.
    pub timing: Timing,
}

impl Settings {
    /// The usual settings for a server.
    #[must_use]
    pub fn new(url: Url) -> Self {
        Self {
            url,
            key: None,
            model: None,
            context_tokens: 8192,
            answer_tokens: 1024,
            think: None,
            timing: Timing::default(),
        }
    }
}

/// An OpenAI-compatible server.
#[derive(Debug)]
pub struct OpenAi {
    settings: Settings,
    link: Link,
}

/// The list of models.
#[derive(Debug, Deserialize)]
struct Models {
    data: Vec<Listed>,
}

/// One of them. Beside its name, servers say in different places how long its context is.
#[derive(Debug, Default, Deserialize)]
struct Listed {
    id: String,
    /// vLLM.
    max_model_len: Option<u64>,
    /// Several gateways.
    context_length: Option<u64>,
    /// llama.cpp.
    meta: Option<Meta>,
}

#[derive(Debug, Default, Deserialize)]
struct Meta {
    n_ctx: Option<u64>,
    n_ctx_train: Option<u64>,
}

impl OpenAi {
    /// Sets up a client; nothing is sent yet.
    ///
    /// # Errors
    /// [`ModelError::Client`] if TLS cannot be set up.
    pub fn new(settings: Settings) -> Result<Self, ModelError> {
        let link = Link::new(ServerKind::OpenAi, settings.url.clone(), settings.timing, settings.key.clone())?;
        Ok(Self { settings, link })
    }

    /// Names of the models that the server lists.
    ///
    /// # Errors
    /// The server cannot be reached, is silent, wants a key, or does not speak this protocol.
    pub async fn installed(&self, sink: ModelSink<'_>) -> Result<Vec<String>, ModelError> {
        Ok(self.models(sink).await?.into_iter().map(|model| model.id).collect())
    }

    async fn models(&self, sink: ModelSink<'_>) -> Result<Vec<Listed>, ModelError> {
        let (status, body) = self.link.ask("listing its models", self.link.get("models"), sink).await?;
        if !status.is_success() {
            return Err(self.link.refused("", status.as_u16(), self.link.message_of(&body)));
        }
        let models: Models = serde_json::from_slice(&body).map_err(|error| self.link.garbled(error.to_string()))?;
        Ok(models.data)
    }

    fn ready(&self, model: &Listed) -> Ready {
        let meta = model.meta.as_ref();
        let said = [
            model.max_model_len,
            model.context_length,
            meta.and_then(|meta| meta.n_ctx),
            meta.and_then(|meta| meta.n_ctx_train),
        ];
        let own = said.into_iter().flatten().filter(|tokens| *tokens > 0).min();
        let own = own.and_then(|tokens| usize::try_from(tokens).ok());
        let context_tokens = own.map_or(self.settings.context_tokens, |own| own.min(self.settings.context_tokens));
        Ready {
            name: model.id.clone(),
            context_tokens,
            answer_tokens: self.settings.answer_tokens.min(context_tokens / 2),
            can_think: self.settings.think.is_some(),
            can_call_tools: true,
        }
    }

    async fn find(&self, sink: ModelSink<'_>) -> Result<Ready, ModelError> {
        let models = match (self.models(sink).await, &self.settings.model) {
            (Ok(models), _) => models,
            // A gateway without a list; whether there is such a model shows when it is asked.
            (Err(ModelError::Refused { status: 404 | 405 | 501, .. }), Some(model)) => {
                return Ok(self.ready(&Listed { id: model.clone(), ..Listed::default() }));
            }
            (Err(error), _) => return Err(error),
        };
        let names = || models.iter().map(|model| model.id.clone()).collect::<Vec<_>>();
        match &self.settings.model {
            Some(wanted) => match models.iter().find(|model| model.id == *wanted) {
                Some(model) => Ok(self.ready(model)),
                None => Err(self.link.missing(wanted, &names())),
            },
            None => match models.iter().find(|model| can_chat(&model.id)) {
                Some(model) => Ok(self.ready(model)),
                None => Err(self.link.none_installed(&names())),
            },
        }
    }
}

/// The list does not say what a model does; its name mostly does.
fn can_chat(model: &str) -> bool {
    let name = model.to_lowercase();
    !["embed", "minilm", "bge-", "rerank", "whisper", "tts"].iter().any(|other| name.contains(other))
}

impl Wire for OpenAi {
    fn link(&self) -> &Link {
        &self.link
    }

    fn request(
        &self,
        ready: &Ready,
        conversation: &Conversation,
        attempt: &Attempt,
    ) -> Result<RequestBuilder, ModelError> {
        Ok(self.link.post("chat/completions", &request::body(&self.settings, ready, conversation, attempt)))
    }

    fn decoder(&self) -> Box<dyn Decode> {
        Box::new(Reader::default())
    }

    fn concede(&self, attempt: &mut Attempt, refusal: &Refusal) -> bool {
        let message = refusal.message.to_lowercase();
        if matches!(refusal.status, 400 | 422) {
            let fields = [request::STREAM_OPTIONS, request::TEMPLATE, request::MAX_TOKENS, request::TEMPERATURE_FIELD];
            for field in fields {
                // Whoever says that `max_tokens` is too large does not want another field.
                let meant = message.contains(field)
                    && (field != request::MAX_TOKENS || message.contains("max_completion_tokens"));
                if meant && attempt.omit(field) {
                    return true;
                }
            }
        }
        // llama.cpp says so with 500, vLLM with 400.
        matches!(refusal.status, 400 | 422 | 500 | 501)
            && message.contains("tool")
            && std::mem::take(&mut attempt.tools)
    }

    fn lacks_model(&self, refusal: &Refusal) -> bool {
        refusal.status == 404 && refusal.message.to_lowercase().contains("model")
    }

    fn listed<'a>(&'a self, sink: ModelSink<'a>) -> BoxFuture<'a, Vec<String>> {
        Box::pin(async { self.installed(sink).await.unwrap_or_default() })
    }
}

impl Model for OpenAi {
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

    fn can_demand_calls(&self) -> bool {
        true
    }
}
