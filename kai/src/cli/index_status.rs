//! `kai index status`: what is in the index.

use kai_indexer::run;
use kai_indexer::store::{Manifest, Reader, StoreError};
use serde::Serialize;

use super::{Context, Failure, Outcome};
use crate::ui::Ui;

#[derive(Debug, Serialize)]
struct Status<'a> {
    #[serde(flatten)]
    manifest: &'a Manifest,
    /// Passages that have vectors of the embedder in use.
    with_vectors: usize,
    /// Whether a run is writing at this moment.
    being_written: bool,
    disk_bytes: u64,
}

pub(super) async fn run(context: &Context) -> Result<Outcome, Failure> {
    let folder = context.home.index();
    let manifest = Reader::manifest_of(&folder)?.ok_or_else(|| StoreError::Absent(folder.clone()))?;
    let reader = Reader::open(&folder).await?;
    let with_vectors = match &manifest.embedder {
        Some(embedder) => run::with_vectors(&reader, embedder).await?,
        None => 0,
    };
    let status = Status {
        manifest: &manifest,
        with_vectors,
        being_written: Reader::is_being_written(&folder),
        disk_bytes: size_of(&folder),
    };
    if context.ui.wants_json() {
        context.ui.json(&status);
    } else {
        show(&context.ui, &status);
    }
    Ok(Outcome::Done)
}

fn show(ui: &Ui, status: &Status<'_>) {
    let manifest = status.manifest;
    ui.line(&format!("{:<20} {:>8} {:>12}  {}", "source", "pages", "indexed", "from"));
    for source in &manifest.sources {
        let age = crate::ui::age(source.indexed_at);
        ui.line(&format!("{:<20} {:>8} {age:>12}  {}", source.name, source.pages, source.location));
    }
    ui.line("");
    ui.line(&format!(
        "{} pages, {} passages, {:.1} MB",
        manifest.pages,
        manifest.passages,
        status.disk_bytes as f64 / 1e6
    ));
    match &manifest.embedder {
        Some(embedder) => ui.line(&format!(
            "vectors by {} ({} floats): {} of {} passages",
            embedder.name, embedder.dimensions, status.with_vectors, manifest.passages
        )),
        None => ui.line("no vectors: search goes by words"),
    }
    if let Some(next) = &manifest.next_embedder {
        ui.line(&format!("being replaced by {}; `kai index` goes on with it", next.name));
    }
    if status.being_written {
        ui.line("a run is writing at this moment");
    }
}

fn size_of(folder: &std::path::Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => size_of(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}
