//! One vocabulary for what a model server does, in either protocol, and a conversation with it.
//!
//! The contract tests are written in it; what only one protocol has is not here.

use std::time::Duration;

use kai::model::{
    Conversation, Finished, Message, Model, ModelError, ModelEvent, Ready, Timing, ToolSpec,
    ollama::{self, Ollama},
    openai::{self, OpenAi},
};
use serde_json::{Value, json};

use super::{
    ollama as ollama_wire, openai as openai_wire,
    server::{Script, Server, Step, status},
};

/// The model that every stand-in has.
pub(crate) const MODEL: &str = "tiny:1b";

const PATIENCE: Duration = Duration::from_secs(30);
const TICK: Duration = Duration::from_millis(40);
const PAUSE: Duration = Duration::from_millis(10);

/// Both protocols.
pub(crate) const KINDS: [Kind; 2] = [Kind::Ollama, Kind::OpenAi];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Ollama,
    OpenAi,
}

/// One thing that a server does while it answers.
#[derive(Debug, Clone)]
pub(crate) enum Say {
    Think(&'static str),
    Text(String),
    /// A call of this tool with these arguments.
    Call(&'static str, Value),
    /// The end, for this reason.
    End(&'static str),
    /// A report of a failure.
    Error(&'static str),
    /// Bytes as they are.
    Raw(&'static str),
    Pause(Duration),
    Hang,
    Cut,
}

pub(crate) fn text(text: &str) -> Say {
    Say::Text(text.to_owned())
}

/// What a server sends for it.
pub(crate) fn script(kind: Kind, says: &[Say]) -> Script {
    let mut out = vec![Step::Head(200)];
    let mut index = 0;
    for say in says {
        let bytes = match (kind, say) {
            (_, Say::Pause(time)) => {
                out.push(Step::Pause(*time));
                continue;
            }
            (_, Say::Hang) => {
                out.push(Step::Hang);
                continue;
            }
            (_, Say::Cut) => {
                out.push(Step::Cut);
                continue;
            }
            (_, Say::Raw(raw)) => (*raw).to_owned(),
            (Kind::Ollama, Say::Think(thought)) => ollama_wire::thinking(thought),
            (Kind::Ollama, Say::Text(text)) => ollama_wire::line(text),
            (Kind::Ollama, Say::Call(name, arguments)) => ollama_wire::calls(&[ollama_wire::call(name, arguments)]),
            (Kind::Ollama, Say::End(reason)) => ollama_wire::done(reason),
            (Kind::Ollama, Say::Error(words)) => ollama_wire::error(words),
            (Kind::OpenAi, Say::Think(thought)) => openai_wire::thinking(thought),
            (Kind::OpenAi, Say::Text(text)) => openai_wire::text(text),
            (Kind::OpenAi, Say::Call(name, arguments)) => {
                index += 1;
                openai_wire::call(index - 1, &format!("id{index}"), name, &arguments.to_string())
            }
            (Kind::OpenAi, Say::End(reason)) => openai_wire::done(reason),
            (Kind::OpenAi, Say::Error(words)) => format!("data: {}\n\n", openai_wire::error(words)),
        };
        out.push(Step::Bytes(bytes.into_bytes()));
    }
    out
}

/// The bytes of an answer, in one.
pub(crate) fn bytes(kind: Kind, says: &[Say]) -> String {
    let parts = script(kind, says).into_iter().filter_map(|step| match step {
        Step::Bytes(bytes) => Some(String::from_utf8(bytes).expect("text")),
        Step::Head(_) | Step::Pause(_) | Step::Hang | Step::Cut => None,
    });
    parts.collect()
}

/// A request that is not accepted.
pub(crate) fn refuse(kind: Kind, code: u16, words: &str) -> Script {
    match kind {
        Kind::Ollama => status(code, &ollama_wire::error(words)),
        Kind::OpenAi => status(code, &openai_wire::error(words)),
    }
}

/// A server with one model that answers with these scripts.
pub(crate) struct Stand {
    pub(crate) kind: Kind,
    pub(crate) server: Server,
    pub(crate) model: Box<dyn Model>,
}

/// What a conversation with it came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) result: Result<Finished, ModelError>,
    pub(crate) text: String,
    pub(crate) thinking: String,
    pub(crate) events: Vec<ModelEvent>,
}

impl Stand {
    pub(crate) async fn start(kind: Kind, chats: Vec<Script>) -> Self {
        Self::patient(kind, PATIENCE, chats).await
    }

    /// With a client that waits this long for the next byte.
    pub(crate) async fn patient(kind: Kind, patience: Duration, chats: Vec<Script>) -> Self {
        let server = match kind {
            Kind::Ollama => Server::with_model(MODEL, &["completion", "tools"], chats).await,
            Kind::OpenAi => Server::openai(MODEL, chats).await,
        };
        let model = model_of(kind, &server.url, None, patience);
        Self { kind, server, model }
    }

    /// The bodies of the chats that were asked for.
    pub(crate) fn sent(&self) -> Vec<Value> {
        self.server.seen(match self.kind {
            Kind::Ollama => "/api/chat",
            Kind::OpenAi => openai_wire::CHAT,
        })
    }

    /// Asks for a reply to this conversation, without looking at the model first.
    pub(crate) async fn chat(&self, conversation: &Conversation) -> Outcome {
        chat(self.model.as_ref(), &ready(), conversation).await
    }
}

pub(crate) async fn chat(model: &dyn Model, ready: &Ready, conversation: &Conversation) -> Outcome {
    let mut events = Vec::new();
    let result = model.chat(ready, conversation, &mut |event| events.push(event)).await;
    let (mut text, mut thinking) = (String::new(), String::new());
    for event in &events {
        match event {
            ModelEvent::Text(piece) => text.push_str(piece),
            ModelEvent::Thinking(piece) => thinking.push_str(piece),
            ModelEvent::Waiting { .. } => {}
        }
    }
    Outcome { result, text, thinking, events }
}

/// The stand-ins' model, as [`Model::prepare`] would find it.
pub(crate) fn ready() -> Ready {
    Ready { name: MODEL.into(), context_tokens: 8192, answer_tokens: 1024, can_think: false, can_call_tools: true }
}

/// A client that waits long: a busy machine is slow too.
pub(crate) fn model(kind: Kind, url: &str, name: Option<&str>) -> Box<dyn Model> {
    model_of(kind, url, name, PATIENCE)
}

pub(crate) fn model_of(kind: Kind, url: &str, name: Option<&str>, patience: Duration) -> Box<dyn Model> {
    model_with(kind, url, name, patience, patience)
}

/// The same with limits for the first word and for the next.
pub(crate) fn model_with(kind: Kind, url: &str, name: Option<&str>, first: Duration, idle: Duration) -> Box<dyn Model> {
    let name = name.map(str::to_owned);
    let timing = Timing { first, idle, ..timing() };
    match kind {
        Kind::Ollama => {
            let settings = ollama::Settings { model: name, timing, ..ollama_settings(url) };
            Box::new(Ollama::new(settings).expect("a client"))
        }
        Kind::OpenAi => {
            let settings = openai::Settings { model: name, timing, ..openai_settings(url) };
            Box::new(OpenAi::new(settings).expect("a client"))
        }
    }
}

fn timing() -> Timing {
    Timing { idle: PATIENCE, tick: TICK, retry_pause: PAUSE, ..Timing::default() }
}

pub(crate) fn ollama_settings(url: &str) -> ollama::Settings {
    ollama::Settings {
        timing: timing(),
        ..ollama::Settings::new(ollama::address::parse(url).expect("a valid address"))
    }
}

pub(crate) fn openai_settings(url: &str) -> openai::Settings {
    openai::Settings {
        timing: timing(),
        ..openai::Settings::new(openai::address::parse(url).expect("a valid address"))
    }
}

pub(crate) fn tools() -> Vec<ToolSpec> {
    let parameters = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "image": {"$ref": "#/$defs/VmName"},
            "count": {"type": ["integer", "null"], "format": "uint32", "minimum": 1, "default": 1},
        },
        "required": ["image"],
        "additionalProperties": false,
        "$defs": {"VmName": {"type": "string", "description": "A VM.", "pattern": "^[a-z]"}},
    });
    vec![
        ToolSpec { name: "kvm_clone".into(), description: "Clone a VM.".into(), parameters },
        ToolSpec { name: "kvm_list".into(), description: "List VMs.".into(), parameters: json!({"type": "object"}) },
    ]
}

/// One question, with tools.
pub(crate) fn question() -> Conversation {
    Conversation {
        system: "Rules.".into(),
        turns: vec![Message::User("Clone golden.".into())],
        tools: tools(),
        ..Conversation::default()
    }
}
