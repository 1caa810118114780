//! LanceDB's tables, with errors that say which table and what was tried.
//!
//! Every future leaves here in a box: LanceDB's are of types nested so deeply that a caller's caller
//! would meet the compiler's limit.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::{
    ArrayRef, BinaryArray, FixedSizeBinaryArray, FixedSizeListArray, Float32Array, RecordBatch, StringArray,
};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use futures::TryStreamExt;
use futures::future::BoxFuture;
use lancedb::arrow::SendableRecordBatchStream;
use lancedb::database::CreateTableMode;
use lancedb::query::{ExecutableQuery, QueryBase, Select};
use lancedb::table::{CompactionOptions, OptimizeAction};
use lancedb::{Connection, Table};

use super::rows::Key;
use super::{StoreError, rows};
use crate::embed::EmbedderId;
use crate::words::Lexicon;

pub(super) const PAGES: &str = "pages";
pub(super) const PASSAGES: &str = "passages";
pub(super) const WORDS: &str = "words";

/// How long a version that is no longer the index stays on disk: a reader that opened it a moment
/// ago may still fetch its texts.
const GRACE: Duration = Duration::from_secs(600);

/// What is being done with a table.
type Pending<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// The tables of one index.
pub(super) struct Tables {
    connection: Connection,
}

impl std::fmt::Debug for Tables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tables").field("uri", &self.connection.uri()).finish()
    }
}

impl Tables {
    pub(super) fn connect(folder: &Path) -> Pending<'_, Self> {
        Box::pin(async move {
            let path = folder.join("store");
            let connection =
                lancedb::connect(&path.to_string_lossy()).execute().await.map_err(failed("open", "store"))?;
            Ok(Self { connection })
        })
    }

    /// The table as it was at `version`.
    pub(super) fn at<'a>(&'a self, table: &'a str, version: u64) -> Pending<'a, Table> {
        Box::pin(async move {
            self.connection.open_table(table).version(version).execute().await.map_err(failed("open", table))
        })
    }

    /// The table as it is now, if there is one.
    pub(super) fn latest<'a>(&'a self, table: &'a str) -> Pending<'a, Option<Table>> {
        Box::pin(async move {
            match self.connection.open_table(table).execute().await {
                Ok(table) => Ok(Some(table)),
                Err(lancedb::Error::TableNotFound { .. }) => Ok(None),
                Err(error) => Err(failed("open", table)(error)),
            }
        })
    }

    /// A table that holds `batch` and nothing else, in the place of what was there.
    pub(super) fn replace<'a>(&'a self, table: &'a str, batch: RecordBatch) -> Pending<'a, Table> {
        Box::pin(async move {
            let create = self.connection.create_table(table, batch).mode(CreateTableMode::Overwrite);
            create.execute().await.map_err(failed("write", table))
        })
    }

    pub(super) fn drop<'a>(&'a self, table: &'a str) -> Pending<'a, ()> {
        Box::pin(async move {
            match self.connection.drop_table(table, &[]).await {
                Ok(()) | Err(lancedb::Error::TableNotFound { .. }) => Ok(()),
                Err(error) => Err(failed("remove", table)(error)),
            }
        })
    }
}

/// Brings `table` back to `version`, which a run that did not end has left behind.
pub(super) fn rewind(table: &Table, version: u64) -> Pending<'_, ()> {
    Box::pin(async move {
        let current = version_of(table).await?;
        if current == version {
            return Ok(());
        }
        table.checkout(version).await.map_err(failed("go back in", table.name()))?;
        table.restore().await.map_err(failed("go back in", table.name()))
    })
}

pub(super) fn version_of(table: &Table) -> Pending<'_, u64> {
    Box::pin(async move { table.version().await.map_err(failed("read", table.name())) })
}

pub(super) fn count(table: &Table) -> Pending<'_, u64> {
    Box::pin(async move { table.count_rows(None).await.map(|rows| rows as u64).map_err(failed("count", table.name())) })
}

pub(super) fn append(table: &Table, batch: RecordBatch) -> Pending<'_, ()> {
    Box::pin(async move { table.add(batch).execute().await.map(|_| ()).map_err(failed("write", table.name())) })
}

/// Removes the rows whose `column` is one of `ids`.
pub(super) fn delete<'a>(table: &'a Table, column: &'a str, ids: &'a [u32]) -> Pending<'a, ()> {
    Box::pin(async move {
        for ids in ids.chunks(1000) {
            let list = ids.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
            table.delete(&*format!("{column} IN ({list})")).await.map_err(failed("write", table.name()))?;
        }
        Ok(())
    })
}

/// Reads columns of every row. Rows come in the table's order.
pub(super) fn read<'a>(table: &'a Table, columns: &'a [&'a str], row_ids: bool) -> Pending<'a, Vec<RecordBatch>> {
    Box::pin(async move {
        let stream = stream(table, columns, row_ids).await?;
        stream.try_collect().await.map_err(failed("read", table.name()))
    })
}

/// The same, batch by batch.
pub(super) fn stream<'a>(
    table: &'a Table,
    columns: &'a [&'a str],
    row_ids: bool,
) -> Pending<'a, SendableRecordBatchStream> {
    Box::pin(async move {
        let mut query = table.query().select(Select::columns(columns));
        if row_ids {
            query = query.with_row_id();
        }
        query.execute().await.map_err(failed("read", table.name()))
    })
}

/// The next batch of a table's stream.
pub(super) fn next<'a>(
    table: &'a Table,
    stream: &'a mut SendableRecordBatchStream,
) -> Pending<'a, Option<RecordBatch>> {
    Box::pin(async move { stream.try_next().await.map_err(failed("read", table.name())) })
}

/// Reads columns of rows by their row ids, in the order of those; all columns if none is named.
pub(super) fn take<'a>(table: &'a Table, row_ids: &'a [u64], columns: &'a [&'a str]) -> Pending<'a, RecordBatch> {
    Box::pin(async move {
        // The files themselves are asked: a query's plan would cost far more than reading a few rows.
        let Some(dataset) = table.dataset() else { return Err(damaged(table.name(), "it is not kept in files here")) };
        let dataset = dataset.get().await.map_err(failed("read", table.name()))?;
        let unread = |error: lancedb::Error| failed("read", table.name())(error);
        let all = dataset.schema();
        let columns = if columns.is_empty() {
            all.clone()
        } else {
            all.project(columns).map_err(|error| unread(error.into()))?
        };
        dataset.take_rows(row_ids, columns).await.map_err(|error| unread(error.into()))
    })
}

/// Joins small files and removes versions that nobody reads any more.
pub(super) fn compact(table: &Table) -> Pending<'_, ()> {
    Box::pin(async move {
        let options = CompactionOptions::default();
        let compact = OptimizeAction::Compact { options, remap_options: None };
        table.optimize(compact).await.map(|_| ()).map_err(failed("compact", table.name()))
    })
}

/// Removes versions that no reader can have open any more, and what dead runs left. The caller holds
/// the write lock, so nothing that looks unfinished is being written.
pub(super) fn prune(table: &Table) -> Pending<'_, ()> {
    Box::pin(async move {
        let prune = OptimizeAction::Prune {
            older_than: Some(lancedb_duration(GRACE)),
            delete_unverified: Some(true),
            error_if_tagged_old_versions: None,
        };
        table.optimize(prune).await.map(|_| ()).map_err(failed("prune", table.name()))
    })
}

fn lancedb_duration(duration: Duration) -> lancedb::table::Duration {
    lancedb::table::Duration::seconds(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX))
}

/// The table that keeps the vectors of one embedder, and of no other.
pub(super) fn vectors_table(embedder: &EmbedderId) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in [&embedder.name, &embedder.digest] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.update(&(embedder.dimensions as u64).to_le_bytes());
    format!("vectors_{}", &hasher.finalize().to_hex()[..16])
}

fn vector_schema(dimensions: i32) -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("key", DataType::FixedSizeBinary(16), false),
        Field::new(
            "vector",
            DataType::FixedSizeList(Arc::new(Field::new("item", DataType::Float32, true)), dimensions),
            false,
        ),
    ]))
}

pub(super) fn vector_batch(dimensions: usize, rows: &[(Key, Vec<f32>)]) -> Result<RecordBatch, StoreError> {
    let wrong = |error: arrow_schema::ArrowError| damaged("vectors", error);
    let width = i32::try_from(dimensions).map_err(|error| damaged("vectors", error))?;
    let keys: ArrayRef = if rows.is_empty() {
        Arc::new(FixedSizeBinaryArray::new_null(16, 0))
    } else {
        Arc::new(FixedSizeBinaryArray::try_from_iter(rows.iter().map(|(key, _)| *key)).map_err(wrong)?)
    };
    let values = Float32Array::from_iter_values(rows.iter().flat_map(|(_, vector)| vector.iter().copied()));
    let item = Arc::new(Field::new("item", DataType::Float32, true));
    let vectors = FixedSizeListArray::try_new(item, width, Arc::new(values), None).map_err(wrong)?;
    RecordBatch::try_new(vector_schema(width), vec![keys, Arc::new(vectors)]).map_err(wrong)
}

pub(super) fn words_batch(lexicon: &Lexicon) -> Result<RecordBatch, StoreError> {
    let (terms, postings): (StringArray, BinaryArray) = lexicon.columns();
    let schema =
        Schema::new(vec![Field::new("term", DataType::Utf8, false), Field::new("postings", DataType::Binary, false)]);
    RecordBatch::try_new(Arc::new(schema), vec![Arc::new(terms), Arc::new(postings)])
        .map_err(|error| damaged(WORDS, error))
}

pub(super) fn empty_pages() -> RecordBatch {
    RecordBatch::new_empty(rows::page_schema())
}

pub(super) fn empty_passages() -> RecordBatch {
    RecordBatch::new_empty(rows::passage_schema())
}

pub(super) fn damaged(table: &str, reason: impl std::fmt::Display) -> StoreError {
    StoreError::Damaged { table: table.to_owned(), reason: reason.to_string() }
}

fn failed(action: &'static str, table: &str) -> impl FnOnce(lancedb::Error) -> StoreError {
    let table = table.to_owned();
    move |error| StoreError::Table { action, table, source: Box::new(error) }
}
