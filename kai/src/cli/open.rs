//! What `kai ask` and the chat open before they begin: documents, engine, host.

use std::sync::Arc;

use kai_tools::face::HostOptions;
use kai_tools::operator::{Operator, Target};

use super::engine::EngineArgs;
use super::{Context, EmbedderArg, Failure};
use crate::library::Library;
use crate::turn::{Assistant, Audience, Documents, Machine, Stop};

/// Exit status: something is missing from what was said.
pub(super) const ASKED_BACK: u8 = 5;

/// What is wanted.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    pub(super) engine: &'a EngineArgs,
    pub(super) embedder: &'a EmbedderArg,
    pub(super) passages: u16,
    pub(super) source: Option<String>,
    pub(super) host: &'a HostOptions,
}

/// Opens it. That there is no index yet does not keep anybody from working on the host.
pub(super) async fn assistant(context: &Context, wanted: &Wanted<'_>) -> Result<Assistant, Failure> {
    let documents = if Library::is_there(&context.home)? {
        let library = Library::open(&context.home, &wanted.embedder.embedder).await?;
        library.notes.iter().for_each(|note| context.ui.note(note));
        Some(Documents {
            library: Arc::new(library),
            passages: usize::from(wanted.passages),
            source: wanted.source.clone(),
        })
    } else {
        None
    };
    Ok(Assistant {
        documents,
        engines: Arc::new(wanted.engine.engines().await),
        operator: Some(Arc::new(operator(context, &wanted.host.target(), wanted.host.vm_root.clone())?)),
        no_host: "no host was named to carry this out on",
        machine: if wanted.host.is_here() { Machine::here() } else { Machine::default() },
        told: String::new(),
        audience: Audience::Keeper,
    })
}

/// A host with its journal.
pub(super) fn operator(
    context: &Context,
    target: &Target,
    vm_root: Option<kai_tools::names::DatasetName>,
) -> Result<Operator, Failure> {
    let data = context.named_data.as_deref();
    Operator::open(target, data, vm_root).map_err(|error| Failure::new("the host cannot be used").because(&error))
}

/// The command that applies a plan; its digest follows.
pub(super) fn apply_command(context: &Context, host: &HostOptions) -> String {
    let option = |name: &str, value: Option<String>| {
        value.map_or(String::new(), |value| format!(" {name} {}", kai_tools::host::quoted(&value)))
    };
    format!(
        "kai{} op{}{}{}{} apply",
        option("--data-dir", context.named_data.as_ref().map(|data| data.display().to_string())),
        option("--sim", host.sim.as_ref().map(|file| file.display().to_string())),
        option("--host", host.host.as_ref().map(ToString::to_string)),
        option("--executor", host.executor.as_ref().map(|socket| socket.display().to_string())),
        option("--vm-root", host.vm_root.as_ref().map(ToString::to_string)),
    )
}

/// Runs a turn until it ends or Ctrl-C stops it. An execution is asked to stop at its next safe place
/// and waited for; everything else ends at once, and `None` comes back.
pub(super) async fn until_stopped<T>(turn: impl Future<Output = T>, stop: &Stop) -> Option<T> {
    tokio::pin!(turn);
    loop {
        tokio::select! {
            done = &mut turn => return Some(done),
            pressed = tokio::signal::ctrl_c() => {
                if pressed.is_err() || !stop.request() {
                    return None;
                }
            }
        }
    }
}
