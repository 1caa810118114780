//! The one file that says which table versions are the index.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::embed::EmbedderId;

const FORMAT: u32 = 1;
const NAME: &str = "manifest.json";

/// What an index is made of, as of its last complete run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The layout of the tables; another one is not read.
    pub format: u32,
    /// Grows by one with each publication.
    pub generation: u64,
    /// Version of the table of pages.
    pub pages_version: u64,
    /// Version of the table of passages.
    pub passages_version: u64,
    /// Version of the full-text index.
    pub words_version: u64,
    /// Pages that can be found.
    pub pages: u64,
    /// Passages that can be found.
    pub passages: u64,
    /// The id that the next page and the next passage get.
    pub next_page: u32,
    /// See `next_page`.
    pub next_passage: u32,
    /// Whose vectors search uses.
    pub embedder: Option<EmbedderId>,
    /// Whose vectors are being made to take the place of `embedder`'s.
    pub next_embedder: Option<EmbedderId>,
    /// Where the pages come from.
    pub sources: Vec<SourceEntry>,
    /// When this was published, in seconds since 1970.
    pub written_at: u64,
}

/// A folder, file, site or pack that was indexed and is looked at again by `kai index`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceEntry {
    /// What `--source` names it by.
    pub name: String,
    /// How its pages are found.
    pub kind: SourceKind,
    /// The folder or file's absolute path, or the address.
    pub location: String,
    /// Its pages in the index.
    pub pages: u64,
    /// When it was last looked at in full, in seconds since 1970.
    pub indexed_at: u64,
}

/// How a source's pages are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// Every page below a folder.
    Folder,
    /// One file.
    File,
    /// One page at an address.
    Url,
    /// Every page that a sitemap lists.
    Sitemap,
    /// A pack that `kai corpus sync` fetched.
    Pack,
    /// The pages that come with kai.
    Handbook,
}

impl Manifest {
    /// An index with nothing in it.
    pub(super) fn empty() -> Self {
        Self {
            format: FORMAT,
            generation: 0,
            pages_version: 0,
            passages_version: 0,
            words_version: 0,
            pages: 0,
            passages: 0,
            next_page: 1,
            next_passage: 1,
            embedder: None,
            next_embedder: None,
            sources: Vec::new(),
            written_at: 0,
        }
    }

    /// Reads the manifest in `folder`; `None` if nothing was ever published there.
    pub(super) fn read(folder: &Path) -> Result<Option<Self>, StoreError> {
        let path = folder.join(NAME);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(StoreError::File { action: "cannot read", path, source }),
        };
        let manifest: Self = serde_json::from_slice(&bytes)
            .map_err(|error| StoreError::Manifest { path: path.clone(), reason: error.to_string() })?;
        if manifest.format != FORMAT {
            let reason = format!("its format is {}, this version reads {FORMAT}", manifest.format);
            return Err(StoreError::Manifest { path, reason });
        }
        Ok(Some(manifest))
    }

    /// Puts this manifest in the place of the one before, all or nothing.
    pub(super) fn publish(&mut self, folder: &Path) -> Result<(), StoreError> {
        self.generation += 1;
        self.written_at = now();
        let path = folder.join(NAME);
        let fresh = folder.join("manifest.json.new");
        let failed = |source| StoreError::File { action: "cannot write", path: path.clone(), source };
        let json = serde_json::to_vec_pretty(self).map_err(|error| failed(error.into()))?;
        let mut file = File::create(&fresh).map_err(failed)?;
        file.write_all(&json).and_then(|()| file.sync_all()).map_err(failed)?;
        std::fs::rename(&fresh, &path).map_err(failed)?;
        // Without this the rename itself may be lost with the power.
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
    }
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
