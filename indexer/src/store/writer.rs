//! Writes the next version of an index beside the one that readers see.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use arrow_array::{RecordBatch, StringArray};
use lancedb::Table;
use rayon::prelude::*;

use super::lance::{self, Tables, damaged};
use super::lock::WriteLock;
use super::manifest::{Manifest, SourceEntry};
use super::rows::{self, Columns, Key, PageRow, PassageRow};
use super::{Reader, StoreError};
use crate::embed::EmbedderId;
use crate::words::{self, Fields, Lexicon, LexiconBuilder};

/// The one writer of an index. What it writes shows when it is published.
#[derive(Debug)]
pub struct Writer {
    folder: PathBuf,
    manifest: Manifest,
    tables: Tables,
    pages: Table,
    passages: Table,
    _lock: WriteLock,
}

impl Writer {
    /// Takes the write lock of the index in `folder` and starts from what was last published;
    /// an unfinished run's rows are dropped.
    ///
    /// # Errors
    /// [`StoreError::Locked`] if another process writes; else what could not be read or written.
    pub async fn open(folder: &Path) -> Result<Self, StoreError> {
        let lock = lock(folder)?;
        match Manifest::read(folder)? {
            Some(manifest) => Self::resume(folder, manifest, lock).await,
            None => Self::create(folder, lock).await,
        }
    }

    /// As [`Self::open`], but where what is there cannot be read, starts from nothing.
    ///
    /// # Errors
    /// [`StoreError::Locked`] if another process writes; else what could not be written.
    pub async fn open_or_start_over(folder: &Path) -> Result<Self, StoreError> {
        match Self::open(folder).await {
            Err(StoreError::Manifest { .. } | StoreError::Table { .. } | StoreError::Damaged { .. }) => {
                Self::create(folder, lock(folder)?).await
            }
            other => other,
        }
    }

    async fn resume(folder: &Path, mut manifest: Manifest, lock: WriteLock) -> Result<Self, StoreError> {
        let tables = Tables::connect(folder).await?;
        let published = manifest.clone();
        let open = async |name, version: &mut u64| {
            let table = tables.latest(name).await?.ok_or_else(|| damaged(name, "it is gone"))?;
            lance::rewind(&table, *version).await?;
            *version = lance::version_of(&table).await?;
            Ok::<_, StoreError>(table)
        };
        let pages = open(lance::PAGES, &mut manifest.pages_version).await?;
        let passages = open(lance::PASSAGES, &mut manifest.passages_version).await?;
        open(lance::WORDS, &mut manifest.words_version).await?;
        if manifest != published {
            // Rewinding writes a new version; the one that the manifest names would be pruned one day.
            manifest.publish(folder)?;
        }
        Ok(Self { folder: folder.to_owned(), manifest, tables, pages, passages, _lock: lock })
    }

    async fn create(folder: &Path, lock: WriteLock) -> Result<Self, StoreError> {
        let store = folder.join("store");
        for path in [folder.join("manifest.json"), store.clone()] {
            let removed = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
            match removed {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                other => other.map_err(|source| StoreError::File { action: "cannot remove", path, source })?,
            }
        }
        let tables = Tables::connect(folder).await?;
        let pages = tables.replace(lance::PAGES, lance::empty_pages()).await?;
        let passages = tables.replace(lance::PASSAGES, lance::empty_passages()).await?;
        Ok(Self { folder: folder.to_owned(), manifest: Manifest::empty(), tables, pages, passages, _lock: lock })
    }

    /// What was last published.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Every page, with what this run has written so far.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn pages(&self) -> Result<Vec<PageRow>, StoreError> {
        let columns = ["id", "source", "name", "title", "url", "stamp", "hash", "passages"];
        let mut pages = Vec::new();
        for batch in lance::read(&self.pages, &columns, false).await? {
            pages.extend(rows::pages_of(&batch)?);
        }
        Ok(pages)
    }

    /// Ids for a page and its passages, never given before in this index.
    pub fn next_ids(&mut self, passages: u32) -> (u32, u32) {
        let ids = (self.manifest.next_page, self.manifest.next_passage);
        self.manifest.next_page += 1;
        self.manifest.next_passage += passages;
        ids
    }

    /// Adds pages and their passages.
    ///
    /// # Errors
    /// If the tables cannot be written.
    pub async fn add(&self, pages: &[PageRow], passages: &[PassageRow]) -> Result<(), StoreError> {
        if !passages.is_empty() {
            let batch = rows::passage_batch(passages).map_err(|error| damaged(lance::PASSAGES, error))?;
            lance::append(&self.passages, batch).await?;
        }
        if !pages.is_empty() {
            let batch = rows::page_batch(pages).map_err(|error| damaged(lance::PAGES, error))?;
            lance::append(&self.pages, batch).await?;
        }
        Ok(())
    }

    /// Removes pages, and with `passages` their passages too.
    ///
    /// # Errors
    /// If the tables cannot be written.
    pub async fn remove(&self, pages: &[u32], passages: bool) -> Result<(), StoreError> {
        if passages {
            lance::delete(&self.passages, "page_id", pages).await?;
        }
        lance::delete(&self.pages, "id", pages).await
    }

    /// Makes everything written so far the index: compacts, builds the full-text index, and replaces
    /// the manifest last.
    ///
    /// # Errors
    /// If anything cannot be written; the index before stays.
    pub async fn publish(&mut self, sources: Vec<SourceEntry>) -> Result<(), StoreError> {
        lance::compact(&self.pages).await?;
        lance::compact(&self.passages).await?;
        let lexicon = self.build_lexicon().await?;
        let words = self.tables.replace(lance::WORDS, lance::words_batch(&lexicon)?).await?;
        let next = &mut self.manifest;
        next.pages_version = lance::version_of(&self.pages).await?;
        next.passages_version = lance::version_of(&self.passages).await?;
        next.words_version = lance::version_of(&words).await?;
        next.passages = lexicon.ids().len() as u64;
        next.pages = lance::count(&self.pages).await?;
        next.sources = sources;
        next.publish(&self.folder)
    }

    /// Publishes a change of the sources alone.
    ///
    /// # Errors
    /// If the manifest cannot be written.
    pub fn publish_sources(&mut self, sources: Vec<SourceEntry>) -> Result<(), StoreError> {
        self.manifest.sources = sources;
        self.manifest.publish(&self.folder)
    }

    /// Says which embedder's vectors search is to use, and which are being made to replace them.
    ///
    /// # Errors
    /// If the manifest cannot be written.
    pub fn publish_embedder(&mut self, now: Option<EmbedderId>, next: Option<EmbedderId>) -> Result<(), StoreError> {
        self.manifest.embedder = now;
        self.manifest.next_embedder = next;
        self.manifest.publish(&self.folder)
    }

    async fn build_lexicon(&self) -> Result<Lexicon, StoreError> {
        let columns = ["id", "page", "title", "heading", "text"];
        let mut batches = lance::stream(&self.passages, &columns, false).await?;
        let mut whole = LexiconBuilder::default();
        while let Some(batch) = lance::next(&self.passages, &mut batches).await? {
            whole = whole.append(tokio::task::block_in_place(|| lexicon_part(&batch))?);
        }
        Ok(tokio::task::block_in_place(|| whole.finish()))
    }

    /// The keys that `embedder` has vectors for already.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn vector_keys(&self, embedder: &EmbedderId) -> Result<HashSet<Key>, StoreError> {
        super::reader::vector_keys(&self.tables, embedder).await
    }

    /// Adds vectors. They are searched from the next opening of the index on.
    ///
    /// # Errors
    /// If the table cannot be written.
    pub async fn add_vectors(&self, embedder: &EmbedderId, rows: &[(Key, Vec<f32>)]) -> Result<(), StoreError> {
        let name = lance::vectors_table(embedder);
        let batch = lance::vector_batch(embedder.dimensions, rows)?;
        match self.tables.latest(&name).await? {
            Some(table) => lance::append(&table, batch).await,
            None => self.tables.replace(&name, batch).await.map(|_| ()),
        }
    }

    /// Joins the vectors' small files, and drops the vectors of passages that are gone once they
    /// are more than a fifth.
    ///
    /// # Errors
    /// If the table cannot be read or written.
    pub async fn tidy_vectors(&self, embedder: &EmbedderId) -> Result<(), StoreError> {
        let name = lance::vectors_table(embedder);
        let Some(table) = self.tables.latest(&name).await? else { return Ok(()) };
        let live = self.live_keys().await?;
        let known = self.vector_keys(embedder).await?;
        let gone = known.difference(&live).count();
        if gone * 5 > known.len() {
            let mut kept = Vec::new();
            let mut batches = lance::stream(&table, &["key", "vector"], false).await?;
            while let Some(batch) = lance::next(&table, &mut batches).await? {
                super::reader::vectors_of(&name, embedder.dimensions, &batch, |key, vector| {
                    if live.contains(&key) {
                        kept.push((key, vector.to_vec()));
                    }
                })?;
            }
            let table = self.tables.replace(&name, lance::vector_batch(embedder.dimensions, &kept)?).await?;
            return lance::prune(&table).await;
        }
        lance::compact(&table).await?;
        lance::prune(&table).await
    }

    /// Removes all vectors of an embedder that is no longer used.
    ///
    /// # Errors
    /// If the table cannot be removed.
    pub async fn drop_vectors(&self, embedder: &EmbedderId) -> Result<(), StoreError> {
        self.tables.drop(&lance::vectors_table(embedder)).await
    }

    /// Removes versions that no reader can have open any more.
    ///
    /// # Errors
    /// If a table cannot be written.
    pub async fn prune(&self) -> Result<(), StoreError> {
        lance::prune(&self.pages).await?;
        lance::prune(&self.passages).await?;
        match self.tables.latest(lance::WORDS).await? {
            Some(words) => lance::prune(&words).await,
            None => Ok(()),
        }
    }

    /// What was last published, for reading.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub async fn reader(&self) -> Result<Reader, StoreError> {
        Reader::open(&self.folder).await
    }

    async fn live_keys(&self) -> Result<HashSet<Key>, StoreError> {
        let mut keys = HashSet::new();
        for batch in lance::read(&self.passages, &["key"], false).await? {
            keys.extend(Columns { table: lance::PASSAGES, batch: &batch }.keys("key")?);
        }
        Ok(keys)
    }
}

fn lock(folder: &Path) -> Result<WriteLock, StoreError> {
    std::fs::create_dir_all(folder).map_err(|source| StoreError::File {
        action: "cannot create",
        path: folder.to_owned(),
        source,
    })?;
    WriteLock::take(folder)
}

fn lexicon_part(batch: &RecordBatch) -> Result<LexiconBuilder, StoreError> {
    let columns = Columns { table: lance::PASSAGES, batch };
    let ids = columns.numbers("id")?;
    let text = |name| columns.texts(name);
    let (page, title, heading, body): (&StringArray, &StringArray, &StringArray, &StringArray) =
        (text("page")?, text("title")?, text("heading")?, text("text")?);
    let part = (batch.num_rows() / (rayon::current_num_threads() * 2)).max(64);
    let starts: Vec<usize> = (0..batch.num_rows()).step_by(part).collect();
    let parts: Vec<LexiconBuilder> = starts
        .par_iter()
        .map(|&start| {
            let mut builder = LexiconBuilder::default();
            for (at, &id) in ids.iter().enumerate().skip(start).take(part) {
                let fields = Fields {
                    body: body.value(at),
                    title: title.value(at),
                    headings: heading.value(at),
                    name: words::page_name(page.value(at)),
                };
                builder.add(id, fields);
            }
            builder
        })
        .collect();
    Ok(parts.into_iter().fold(LexiconBuilder::default(), LexiconBuilder::append))
}
