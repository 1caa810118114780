//! Takes a source out of the index.

use super::RunError;
use crate::store::{SourceEntry, Writer};

/// Removes a source and all its pages. Returns how many pages went, or `None` if the index has no
/// source of that name.
///
/// # Errors
/// If the store cannot be written.
pub async fn forget(writer: &mut Writer, source: &str) -> Result<Option<usize>, RunError> {
    let (gone, kept): (Vec<SourceEntry>, Vec<SourceEntry>) =
        writer.manifest().sources.iter().cloned().partition(|entry| entry.name == source);
    if gone.is_empty() {
        return Ok(None);
    }
    let ids: Vec<u32> =
        writer.pages().await?.into_iter().filter(|page| page.source == source).map(|page| page.id).collect();
    writer.remove(&ids, true).await?;
    writer.publish(kept).await?;
    Ok(Some(ids.len()))
}
