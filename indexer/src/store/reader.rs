//! Reads the last complete index, whatever a run is writing meanwhile.

use std::collections::HashSet;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::Float32Type;
use arrow_array::{Array, BinaryArray, RecordBatch, StringArray};

use super::StoreError;
use super::lance::{self, Tables, damaged};
use super::manifest::Manifest;
use super::rows::{self, Columns, Key, PageRow, PassageHead, PassageRow, ShownRow};
use crate::embed::EmbedderId;
use crate::words::Lexicon;

/// One version of an index. Later publications do not show.
#[derive(Debug)]
pub struct Reader {
    manifest: Manifest,
    tables: Tables,
    passages: lancedb::Table,
}

impl Reader {
    /// Opens the index in `folder` as last published.
    ///
    /// # Errors
    /// [`StoreError::Absent`] if nothing was published there; else what could not be read.
    pub async fn open(folder: &Path) -> Result<Self, StoreError> {
        let Some(manifest) = Manifest::read(folder)? else { return Err(StoreError::Absent(folder.to_owned())) };
        let tables = Tables::connect(folder).await?;
        let passages = tables.at(lance::PASSAGES, manifest.passages_version).await?;
        Ok(Self { manifest, tables, passages })
    }

    /// The manifest of `folder` alone, without opening a table; `None` if nothing was published.
    ///
    /// # Errors
    /// If it cannot be read or is not a manifest of this version.
    pub fn manifest_of(folder: &Path) -> Result<Option<Manifest>, StoreError> {
        Manifest::read(folder)
    }

    /// Whether a run is writing the index in `folder` at this moment.
    #[must_use]
    pub fn is_being_written(folder: &Path) -> bool {
        super::lock::is_taken(folder)
    }

    /// What this version is made of.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Every page.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn pages(&self) -> Result<Vec<PageRow>, StoreError> {
        let table = self.tables.at(lance::PAGES, self.manifest.pages_version).await?;
        let columns = ["id", "source", "name", "title", "url", "stamp", "hash", "passages"];
        let mut pages = Vec::new();
        for batch in lance::read(&table, &columns, false).await? {
            pages.extend(rows::pages_of(&batch)?);
        }
        Ok(pages)
    }

    /// The id of every page, with the name of its source.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn page_sources(&self) -> Result<Vec<(u32, String)>, StoreError> {
        let table = self.tables.at(lance::PAGES, self.manifest.pages_version).await?;
        let mut pages = Vec::new();
        for batch in lance::read(&table, &["id", "source"], false).await? {
            let columns = Columns { table: lance::PAGES, batch: &batch };
            let (ids, sources) = (columns.numbers("id")?, columns.texts("source")?);
            pages.extend(
                ids.iter().zip(sources.iter()).map(|(id, source)| (*id, source.unwrap_or_default().to_owned())),
            );
        }
        Ok(pages)
    }

    /// What search keeps in memory of every passage.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn heads(&self) -> Result<Vec<PassageHead>, StoreError> {
        let mut heads = Vec::new();
        for batch in lance::read(&self.passages, &["id", "page_id", "place", "key"], true).await? {
            heads.extend(rows::heads_of(&batch)?);
        }
        Ok(heads)
    }

    /// The full-text index.
    ///
    /// # Errors
    /// If the table cannot be read or is damaged.
    pub async fn lexicon(&self) -> Result<Lexicon, StoreError> {
        let table = self.tables.at(lance::WORDS, self.manifest.words_version).await?;
        let batches = lance::read(&table, &["term", "postings"], false).await?;
        let mut parts = Vec::with_capacity(batches.len());
        for batch in batches.iter().filter(|batch| batch.num_rows() > 0) {
            parts.push(words_columns(batch)?);
        }
        // LanceDB does not promise an order between batches; the terms themselves tell it.
        parts.sort_by(|(a, _), (b, _)| a.value(0).cmp(b.value(0)));
        let texts: Vec<&dyn Array> = parts.iter().map(|(terms, _)| *terms as &dyn Array).collect();
        let lists: Vec<&dyn Array> = parts.iter().map(|(_, postings)| *postings as &dyn Array).collect();
        let terms = arrow_select::concat::concat(&texts).map_err(|error| damaged(lance::WORDS, error))?;
        let postings = arrow_select::concat::concat(&lists).map_err(|error| damaged(lance::WORDS, error))?;
        Lexicon::from_columns(terms.as_string::<i32>().clone(), postings.as_binary::<i32>().clone())
            .map_err(|error| damaged(lance::WORDS, error))
    }

    /// Calls `each` with every vector that `embedder` has made so far, vanished passages' included, and
    /// with the key of the passages that it belongs to. A long passage has several under one key.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn each_vector(
        &self,
        embedder: &EmbedderId,
        mut each: impl FnMut(Key, &[f32]) + Send,
    ) -> Result<(), StoreError> {
        let name = lance::vectors_table(embedder);
        let Some(table) = self.tables.latest(&name).await? else { return Ok(()) };
        // Batch by batch: all of them at once would take their room twice.
        let mut batches = lance::stream(&table, &["key", "vector"], false).await?;
        while let Some(batch) = lance::next(&table, &mut batches).await? {
            vectors_of(&name, embedder.dimensions, &batch, &mut each)?;
        }
        Ok(())
    }

    /// The keys of all passages that `embedder` has made vectors of.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn vector_keys(&self, embedder: &EmbedderId) -> Result<HashSet<Key>, StoreError> {
        vector_keys(&self.tables, embedder).await
    }

    /// The passages in the given rows (see [`PassageHead::row`]), in their order. A row that is not there
    /// is left out.
    ///
    /// # Errors
    /// If they cannot be read: the index has been replaced since, and its files are gone.
    pub async fn passages(&self, rows: &[u64]) -> Result<Vec<PassageRow>, StoreError> {
        rows::passages_of(&lance::take(&self.passages, rows, &[]).await?)
    }

    /// What hits show of the passages in the given rows. Otherwise as [`Self::passages`].
    ///
    /// # Errors
    /// As [`Self::passages`].
    pub async fn shown(&self, rows: &[u64]) -> Result<Vec<ShownRow>, StoreError> {
        rows::shown_of(&lance::take(&self.passages, rows, &rows::SHOWN).await?)
    }
}

pub(super) async fn vector_keys(tables: &Tables, embedder: &EmbedderId) -> Result<HashSet<Key>, StoreError> {
    let name = lance::vectors_table(embedder);
    let Some(table) = tables.latest(&name).await? else { return Ok(HashSet::new()) };
    let mut keys = HashSet::new();
    for batch in lance::read(&table, &["key"], false).await? {
        keys.extend(Columns { table: &name, batch: &batch }.keys("key")?);
    }
    Ok(keys)
}

fn words_columns(batch: &RecordBatch) -> Result<(&StringArray, &BinaryArray), StoreError> {
    let columns = Columns { table: lance::WORDS, batch };
    let postings = columns.column("postings")?.as_binary_opt::<i32>().ok_or_else(|| columns.wrong("postings"))?;
    Ok((columns.texts("term")?, postings))
}

/// Calls `each` with every key of a batch and its vector.
pub(super) fn vectors_of(
    table: &str,
    dimensions: usize,
    batch: &RecordBatch,
    mut each: impl FnMut(Key, &[f32]),
) -> Result<(), StoreError> {
    let columns = Columns { table, batch };
    let keys = columns.keys("key")?;
    let list = columns.column("vector")?.as_fixed_size_list_opt().ok_or_else(|| columns.wrong("vector"))?;
    let floats = list.values().as_primitive_opt::<Float32Type>().ok_or_else(|| columns.wrong("vector"))?;
    if dimensions == 0 || floats.len() != keys.len() * dimensions {
        return Err(damaged(table, "its vectors are of another length than the embedder's"));
    }
    keys.into_iter().zip(floats.values().chunks_exact(dimensions)).for_each(|(key, vector)| each(key, vector));
    Ok(())
}
