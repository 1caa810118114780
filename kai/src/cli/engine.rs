//! Who answers: the options that `kai ask` and the chat share.

use std::time::Duration;

use clap::Args;

use super::Failure;
use crate::ask::Engines;
use crate::model::ollama::pull::PullEvent;
use crate::model::{Model, ModelError, ollama, openai};
use crate::ui::Ui;

/// Options of the commands that answer.
#[derive(Debug, Clone, Args)]
pub(super) struct EngineArgs {
    /// Who answers: auto (a model if there is a server), built-in, ollama, or openai (any server that
    /// speaks its protocol).
    #[arg(long, value_enum, default_value_t = EngineChoice::Auto, env = "KAI_ENGINE")]
    pub(super) engine: EngineChoice,
    /// The model; else the first one on the server that can chat.
    #[arg(long, value_name = "NAME", env = "KAI_MODEL")]
    pub(super) model: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum EngineChoice {
    /// The server at KAI_OPENAI_URL if that is set, else Ollama if it answers, else the built-in engine.
    Auto,
    /// The built-in engine.
    BuiltIn,
    /// An Ollama server; the built-in engine, with the reason, if it fails.
    Ollama,
    /// A server with OpenAI's protocol: llama.cpp, vLLM, LM Studio.
    Openai,
}

/// A server, as the options and the environment have it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Chosen {
    BuiltIn,
    Ollama { host: Option<String> },
    OpenAi { url: Option<String>, key: Option<String> },
}

/// What the environment says. What is empty there is not set.
#[derive(Debug, Default)]
struct Environment {
    host: Option<String>,
    url: Option<String>,
    key: Option<String>,
}

impl Environment {
    fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name| variable(name).and_then(|value| filled(&value).map(str::to_owned));
        Self { host: set("OLLAMA_HOST"), url: set(openai::URL_VARIABLE), key: set(openai::KEY_VARIABLE) }
    }

    fn here() -> Self {
        Self::of(|name| std::env::var(name).ok())
    }
}

fn filled(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

impl EngineArgs {
    fn model(&self) -> Option<&str> {
        self.model.as_deref().and_then(filled)
    }

    /// The one place that decides which server is meant. With `auto`, a server that is not there is no
    /// news: the built-in engine answers at once.
    async fn chosen(&self, said: Environment, is_listening: impl Future<Output = bool>) -> Chosen {
        let choice = match self.engine {
            EngineChoice::Auto if said.url.is_some() => EngineChoice::Openai,
            EngineChoice::Auto if self.model().is_some() || said.host.is_some() || is_listening.await => {
                EngineChoice::Ollama
            }
            EngineChoice::Auto => EngineChoice::BuiltIn,
            chosen @ (EngineChoice::BuiltIn | EngineChoice::Ollama | EngineChoice::Openai) => chosen,
        };
        match choice {
            EngineChoice::Auto | EngineChoice::BuiltIn => Chosen::BuiltIn,
            EngineChoice::Ollama => Chosen::Ollama { host: said.host },
            EngineChoice::Openai => Chosen::OpenAi { url: said.url, key: said.key },
        }
    }

    /// Who answers.
    pub(super) async fn engines(&self) -> Engines {
        match self.chosen(Environment::here(), is_listening()).await {
            Chosen::BuiltIn => Engines::BuiltIn,
            Chosen::Ollama { host } => Engines::ollama(host.as_deref(), self.model()),
            Chosen::OpenAi { url, key } => Engines::openai(url.as_deref(), key.as_deref(), self.model()),
        }
    }

    /// A model that was named and that the Ollama server does not have yet is fetched, if the person
    /// agrees.
    ///
    /// # Errors
    /// If the model cannot be used, or is not fetched.
    pub(super) async fn pull_if_wanted(&self, ui: &Ui, mut agree: impl FnMut(&str) -> bool) -> Result<(), Failure> {
        let Some(model) = self.model() else { return Ok(()) };
        let Chosen::Ollama { host } = self.chosen(Environment::here(), is_listening()).await else { return Ok(()) };
        let url = ollama::address::parse(host.as_deref().unwrap_or_default()).map_err(unusable)?;
        let settings = ollama::Settings { model: Some(model.to_owned()), ..ollama::Settings::new(url) };
        let server = ollama::Ollama::new(settings).map_err(unusable)?;
        let Err(error) = server.prepare(&mut |_| {}).await else { return Ok(()) };
        let Some(model) = error.pullable().map(str::to_owned) else { return Err(unusable(error)) };
        if !agree(&format!("The server does not have {model} yet. Fetch it? [y/N] ")) {
            return Err(unusable(error));
        }
        pull(ui, &server, &model).await
    }
}

fn unusable(error: ModelError) -> Failure {
    let hints = error.hint().into_iter().collect();
    Failure { hints, ..Failure::new("the model cannot be used").because(&error) }
}

/// Fetches a model, with progress. Ctrl-C stops; what has arrived is kept by the server.
async fn pull(ui: &Ui, server: &ollama::Ollama, model: &str) -> Result<(), Failure> {
    let progress = ui.progress("bytes");
    let mut part = None;
    let mut sink = |event| {
        let PullEvent::Progress(now) = event else { return };
        if now.digest != part || now.total.is_none() {
            part.clone_from(&now.digest);
            progress.start_bytes(&now.status, now.total);
        }
        progress.set(now.completed.unwrap_or(0));
    };
    let pulled = tokio::select! {
        pulled = server.pull(model, &mut sink) => pulled.map_err(unusable),
        _ = tokio::signal::ctrl_c() => {
            Err(Failure::stopped(format!("{model} was not fetched; the next try goes on from here")))
        }
    };
    progress.finish();
    pulled
}

/// Whether something listens where Ollama usually is. On this host that shows at once.
async fn is_listening() -> bool {
    let Ok(url) = ollama::address::parse("") else { return false };
    let Some(address) = url.host_str().zip(url.port_or_known_default()) else { return false };
    let connect = tokio::net::TcpStream::connect(address);
    tokio::time::timeout(Duration::from_millis(300), connect).await.is_ok_and(|connected| connected.is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is chosen where Ollama listens.
    fn chosen(engine: EngineChoice, model: Option<&str>, set: &[(&str, &str)], listening: bool) -> Chosen {
        let args = EngineArgs { engine, model: model.map(str::to_owned) };
        let variable = |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(args.chosen(Environment::of(variable), std::future::ready(listening)))
    }

    #[test]
    fn auto_takes_what_is_set_then_what_is_there() {
        use EngineChoice::{Auto, BuiltIn, Ollama, Openai};
        let (url, key, host) = (("KAI_OPENAI_URL", "gpu1:8000"), ("KAI_OPENAI_KEY", "sk-1"), ("OLLAMA_HOST", "gpu2"));
        let open_ai = || Chosen::OpenAi { url: Some("gpu1:8000".into()), key: Some("sk-1".into()) };
        let ollama = |host: Option<&str>| Chosen::Ollama { host: host.map(str::to_owned) };
        // A named model changes nothing about the server: nothing is fetched for OpenAI's protocol.
        assert_eq!(chosen(Auto, Some("m"), &[url, key, host], true), open_ai());
        assert_eq!(chosen(Auto, None, &[url, key], false), open_ai());
        assert_eq!(chosen(Auto, None, &[host], false), ollama(Some("gpu2")));
        assert_eq!(chosen(Auto, Some("m"), &[], false), ollama(None));
        assert_eq!(chosen(Auto, None, &[], true), ollama(None));
        assert_eq!(chosen(Auto, None, &[key], false), Chosen::BuiltIn);
        assert_eq!(chosen(BuiltIn, Some("m"), &[url, host], true), Chosen::BuiltIn);
        assert_eq!(chosen(Ollama, None, &[url, host], false), ollama(Some("gpu2")));
        assert_eq!(chosen(Openai, None, &[host], true), Chosen::OpenAi { url: None, key: None });
    }

    #[test]
    fn what_is_empty_is_not_set() {
        use EngineChoice::{Auto, Openai};
        let empty = [("KAI_OPENAI_URL", ""), ("KAI_OPENAI_KEY", " "), ("OLLAMA_HOST", "\t")];
        assert_eq!(chosen(Auto, Some(""), &empty, false), Chosen::BuiltIn);
        assert_eq!(chosen(Auto, None, &empty, true), Chosen::Ollama { host: None });
        assert_eq!(chosen(Openai, None, &empty, true), Chosen::OpenAi { url: None, key: None });
    }
}
