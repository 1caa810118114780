//! Fills in the vectors that are missing, in small steps that are each kept.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::{Cancel, Event, Observer, RunError};
use crate::embed::{Embedder, EmbedderId};
use crate::store::{Key, Manifest, PassageHead, PassageRow, Reader, Writer};

/// Passages that are embedded in one go: a few seconds' work.
const STEP: usize = 64;

/// Vectors are written at least this often, so that a killed run loses no more.
const KEEP_EVERY: Duration = Duration::from_secs(15);
const KEEP_AT: usize = 2048;

/// What was embedded.
#[derive(Debug, Default, Clone, Copy, PartialEq, Serialize)]
pub struct VectorsReport {
    /// Passages that had their vectors already.
    pub kept: usize,
    /// Passages that got them now.
    pub embedded: usize,
    /// Vectors made now: a long passage has several.
    pub vectors: usize,
    /// How long it took, in seconds.
    pub seconds: f64,
}

/// Embeds every passage that has no vector of `embedder` yet.
///
/// With `replace`, another embedder's vectors are used until all new ones exist, and then dropped.
///
/// # Errors
/// [`RunError::Embedder`] if the index has another embedder's vectors and `replace` is false; else
/// what could not be embedded, read or written. What was embedded before that is kept.
pub async fn vectors(
    writer: &mut Writer,
    embedder: &dyn Embedder,
    replace: bool,
    cancel: &Cancel,
    observer: Observer<'_>,
) -> Result<VectorsReport, RunError> {
    if writer.manifest().words_version == 0 {
        // Nothing was ever published: there are no passages, and no tables that a manifest could name.
        return Ok(VectorsReport::default());
    }
    let start = Instant::now();
    let id = embedder.id().clone();
    announce(writer, &id, replace)?;
    let reader = writer.reader().await?;
    let done = writer.vector_keys(&id).await?;
    let missing = missing(reader.heads().await?, &done);
    observer(Event::Missing { passages: missing.len() });
    let mut report = VectorsReport {
        kept: usize::try_from(reader.manifest().passages).unwrap_or(usize::MAX) - missing.len(),
        ..VectorsReport::default()
    };
    let outcome = fill(writer, &reader, embedder, &missing, cancel, observer, &mut report).await;
    if outcome.is_ok() {
        settle(writer, &id).await?;
    }
    // Whoever has the index open looks at its manifest alone, and learns so that there is more to read.
    if report.vectors > 0 {
        let Manifest { embedder, next_embedder, .. } = writer.manifest().clone();
        writer.publish_embedder(embedder, next_embedder)?;
    }
    report.seconds = start.elapsed().as_secs_f64();
    outcome.map(|()| report)
}

/// How many passages of an index have vectors of `embedder`.
///
/// # Errors
/// If the tables cannot be read.
pub async fn with_vectors(reader: &Reader, embedder: &EmbedderId) -> Result<usize, RunError> {
    let done = reader.vector_keys(embedder).await?;
    Ok(reader.heads().await?.iter().filter(|head| done.contains(&head.key)).count())
}

/// Notes in the manifest whose vectors are coming.
fn announce(writer: &mut Writer, id: &EmbedderId, replace: bool) -> Result<(), RunError> {
    let Manifest { embedder, next_embedder, .. } = writer.manifest().clone();
    match embedder {
        None => writer.publish_embedder(Some(id.clone()), None)?,
        Some(now) if now == *id => {}
        // A rebuild that was interrupted goes on without being asked for again.
        Some(now) if replace || next_embedder.as_ref() == Some(id) => {
            if next_embedder.as_ref() != Some(id) {
                writer.publish_embedder(Some(now), Some(id.clone()))?;
            }
        }
        Some(now) => {
            return Err(RunError::Embedder { made_with: Box::new(now), asked: Box::new(id.clone()) });
        }
    }
    Ok(())
}

/// All vectors exist: they are the ones that search uses from now on, and the others go.
async fn settle(writer: &mut Writer, id: &EmbedderId) -> Result<(), RunError> {
    let Manifest { embedder, next_embedder, .. } = writer.manifest().clone();
    let gone: Vec<EmbedderId> =
        [embedder.clone(), next_embedder.clone()].into_iter().flatten().filter(|e| e != id).collect();
    if embedder.as_ref() != Some(id) || next_embedder.is_some() {
        writer.publish_embedder(Some(id.clone()), None)?;
    }
    for old in gone {
        writer.drop_vectors(&old).await?;
    }
    Ok(writer.tidy_vectors(id).await?)
}

/// First passages first: they stand for their pages. One of each text.
fn missing(mut heads: Vec<PassageHead>, done: &HashSet<Key>) -> Vec<PassageHead> {
    heads.retain(|head| !done.contains(&head.key));
    heads.sort_by_key(|head| (head.place > 0, head.id));
    let mut seen = HashSet::new();
    heads.retain(|head| seen.insert(head.key));
    heads
}

async fn fill(
    writer: &Writer,
    reader: &Reader,
    embedder: &dyn Embedder,
    missing: &[PassageHead],
    cancel: &Cancel,
    observer: Observer<'_>,
    report: &mut VectorsReport,
) -> Result<(), RunError> {
    let mut held: Vec<(Key, Vec<f32>)> = Vec::new();
    let mut kept_at = Instant::now();
    let mut outcome = Ok(());
    for step in missing.chunks(STEP) {
        if cancel.is_requested() {
            outcome = Err(RunError::Cancelled);
            break;
        }
        let rows = reader.passages(&step.iter().map(|head| head.row).collect::<Vec<_>>()).await?;
        match embed(embedder, &rows).await {
            Ok(vectors) => held.extend(vectors),
            Err(error) => {
                outcome = Err(error);
                break;
            }
        }
        report.embedded += rows.len();
        observer(Event::Embedded { passages: rows.len() });
        if held.len() >= KEEP_AT || kept_at.elapsed() > KEEP_EVERY {
            report.vectors += held.len();
            writer.add_vectors(embedder.id(), &std::mem::take(&mut held)).await?;
            kept_at = Instant::now();
        }
    }
    if !held.is_empty() {
        report.vectors += held.len();
        writer.add_vectors(embedder.id(), &held).await?;
    }
    outcome
}

async fn embed(embedder: &dyn Embedder, rows: &[PassageRow]) -> Result<Vec<(Key, Vec<f32>)>, RunError> {
    let (mut keys, mut texts) = (Vec::new(), Vec::new());
    for row in rows {
        for window in embedder.windows(&row.context(), &row.text) {
            keys.push(row.key);
            texts.push(window);
        }
    }
    let vectors = embedder.embed(texts).await?;
    Ok(keys.into_iter().zip(vectors).collect())
}
