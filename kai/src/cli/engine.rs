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

impl EngineArgs {
    /// With `auto`, a server that is not there is no news: the built-in engine answers at once.
    pub(super) async fn engines(&self) -> Engines {
        let model = self.model.as_deref();
        let url = std::env::var(openai::URL_VARIABLE).ok();
        let host = std::env::var("OLLAMA_HOST").ok();
        let choice = match self.engine {
            EngineChoice::Auto if url.is_some() => EngineChoice::Openai,
            EngineChoice::Auto if model.is_some() || host.is_some() || is_listening().await => EngineChoice::Ollama,
            EngineChoice::Auto => EngineChoice::BuiltIn,
            chosen @ (EngineChoice::BuiltIn | EngineChoice::Ollama | EngineChoice::Openai) => chosen,
        };
        match choice {
            EngineChoice::Auto | EngineChoice::BuiltIn => Engines::BuiltIn,
            EngineChoice::Ollama => Engines::ollama(host.as_deref(), model),
            EngineChoice::Openai => {
                let key = std::env::var(openai::KEY_VARIABLE).ok();
                Engines::openai(url.as_deref(), key.as_deref(), model)
            }
        }
    }
}

impl EngineArgs {
    /// A model that was named and that the Ollama server does not have yet is fetched, if the person
    /// agrees.
    ///
    /// # Errors
    /// If the model cannot be used, or is not fetched.
    pub(super) async fn pull_if_wanted(&self, ui: &Ui, mut agree: impl FnMut(&str) -> bool) -> Result<(), Failure> {
        if self.model.is_none() || matches!(self.engine, EngineChoice::BuiltIn | EngineChoice::Openai) {
            return Ok(());
        }
        let url = ollama::address::parse(&std::env::var("OLLAMA_HOST").unwrap_or_default()).map_err(unusable)?;
        let settings = ollama::Settings { model: self.model.clone(), ..ollama::Settings::new(url) };
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
