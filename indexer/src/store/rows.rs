//! The rows of the tables, and their way to and from Arrow columns.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{UInt32Type, UInt64Type};
use arrow_array::{Array, ArrayRef, FixedSizeBinaryArray, RecordBatch, StringArray, UInt32Array};
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use super::StoreError;

/// Tells one text that was embedded from another: a hash of exactly what the embedder saw.
pub type Key = [u8; 16];

/// A page of the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRow {
    /// Never given twice within one index.
    pub id: u32,
    /// The name of its source.
    pub source: String,
    /// Its name within the source: a relative path, or the address.
    pub name: String,
    /// Its title.
    pub title: String,
    /// Where a person can open it.
    pub url: String,
    /// Size and time of change, or a server's validator: if this is unchanged, so is the page.
    pub stamp: String,
    /// Hash of its bytes: if this is unchanged, so is the page, whatever the stamp says.
    pub hash: String,
    /// Passages cut from it.
    pub passages: u32,
}

/// A passage of the index, with all that a hit shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassageRow {
    /// Never given twice within one index.
    pub id: u32,
    /// The page it was cut from.
    pub page_id: u32,
    /// Its place on the page, from 0.
    pub place: u32,
    /// See [`PageRow::source`].
    pub source: String,
    /// See [`PageRow::name`].
    pub page: String,
    /// The page's title.
    pub title: String,
    /// The heading path, outermost first, joined by ` > `.
    pub heading: String,
    /// Where a person can open it, with the fragment.
    pub url: String,
    /// The text itself.
    pub text: String,
    /// What its vectors are kept under.
    pub key: Key,
}

/// What a hit shows of a passage. Every column of a row is read on its own, so that leaving some out pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownRow {
    /// See [`PassageRow::id`].
    pub id: u32,
    /// See [`PageRow::source`].
    pub source: String,
    /// See [`PageRow::name`].
    pub page: String,
    /// The page's title.
    pub title: String,
    /// See [`PassageRow::heading`].
    pub heading: String,
    /// See [`PassageRow::url`].
    pub url: String,
    /// The text itself.
    pub text: String,
}

/// What search keeps in memory of a passage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PassageHead {
    /// See [`PassageRow::id`].
    pub id: u32,
    /// See [`PassageRow::page_id`].
    pub page_id: u32,
    /// See [`PassageRow::place`].
    pub place: u32,
    /// See [`PassageRow::key`].
    pub key: Key,
    /// Where LanceDB keeps the row.
    pub row: u64,
}

impl PassageRow {
    /// The key of a passage: what its embedder sees, and nothing else.
    #[must_use]
    pub fn key_of(title: &str, heading: &str, text: &str) -> Key {
        let mut hasher = blake3::Hasher::new();
        for part in [title, heading, text] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        let mut key = [0; 16];
        hasher.finalize_xof().fill(&mut key);
        key
    }

    /// What stands before the text when it is embedded.
    #[must_use]
    pub fn context(&self) -> String {
        if self.heading.is_empty() { self.title.clone() } else { format!("{}: {}", self.title, self.heading) }
    }
}

pub(super) fn page_schema() -> SchemaRef {
    let text = |name| Field::new(name, DataType::Utf8, false);
    let number = |name| Field::new(name, DataType::UInt32, false);
    Arc::new(Schema::new(vec![
        number("id"),
        text("source"),
        text("name"),
        text("title"),
        text("url"),
        text("stamp"),
        text("hash"),
        number("passages"),
    ]))
}

pub(super) fn passage_schema() -> SchemaRef {
    let text = |name| Field::new(name, DataType::Utf8, false);
    let number = |name| Field::new(name, DataType::UInt32, false);
    Arc::new(Schema::new(vec![
        number("id"),
        number("page_id"),
        number("place"),
        text("source"),
        text("page"),
        text("title"),
        text("heading"),
        text("url"),
        text("text"),
        Field::new("key", DataType::FixedSizeBinary(16), false),
    ]))
}

pub(super) fn page_batch(rows: &[PageRow]) -> Result<RecordBatch, arrow_schema::ArrowError> {
    let columns: Vec<ArrayRef> = vec![
        numbers(rows, |row| row.id),
        texts(rows, |row| &row.source),
        texts(rows, |row| &row.name),
        texts(rows, |row| &row.title),
        texts(rows, |row| &row.url),
        texts(rows, |row| &row.stamp),
        texts(rows, |row| &row.hash),
        numbers(rows, |row| row.passages),
    ];
    RecordBatch::try_new(page_schema(), columns)
}

pub(super) fn passage_batch(rows: &[PassageRow]) -> Result<RecordBatch, arrow_schema::ArrowError> {
    let keys = FixedSizeBinaryArray::try_from_iter(rows.iter().map(|row| row.key))?;
    let columns: Vec<ArrayRef> = vec![
        numbers(rows, |row| row.id),
        numbers(rows, |row| row.page_id),
        numbers(rows, |row| row.place),
        texts(rows, |row| &row.source),
        texts(rows, |row| &row.page),
        texts(rows, |row| &row.title),
        texts(rows, |row| &row.heading),
        texts(rows, |row| &row.url),
        texts(rows, |row| &row.text),
        Arc::new(keys),
    ];
    RecordBatch::try_new(passage_schema(), columns)
}

fn numbers<T>(rows: &[T], value: impl Fn(&T) -> u32) -> ArrayRef {
    Arc::new(UInt32Array::from_iter_values(rows.iter().map(value)))
}

fn texts<'a, T>(rows: &'a [T], value: impl Fn(&'a T) -> &'a String) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(rows.iter().map(value)))
}

pub(super) fn pages_of(batch: &RecordBatch) -> Result<Vec<PageRow>, StoreError> {
    let columns = Columns { table: "pages", batch };
    let (id, passages) = (columns.numbers("id")?, columns.numbers("passages")?);
    let (source, name, title) = (columns.texts("source")?, columns.texts("name")?, columns.texts("title")?);
    let (url, stamp, hash) = (columns.texts("url")?, columns.texts("stamp")?, columns.texts("hash")?);
    let row = |at: usize| PageRow {
        id: id[at],
        source: source.value(at).to_owned(),
        name: name.value(at).to_owned(),
        title: title.value(at).to_owned(),
        url: url.value(at).to_owned(),
        stamp: stamp.value(at).to_owned(),
        hash: hash.value(at).to_owned(),
        passages: passages[at],
    };
    Ok((0..batch.num_rows()).map(row).collect())
}

pub(super) fn passages_of(batch: &RecordBatch) -> Result<Vec<PassageRow>, StoreError> {
    let columns = Columns { table: "passages", batch };
    let (page_id, place, keys) = (columns.numbers("page_id")?, columns.numbers("place")?, columns.keys("key")?);
    let row = |(at, shown): (usize, ShownRow)| {
        let ShownRow { id, source, page, title, heading, url, text } = shown;
        let (page_id, place, key) = (page_id[at], place[at], keys[at]);
        PassageRow { id, page_id, place, source, page, title, heading, url, text, key }
    };
    Ok(shown_of(batch)?.into_iter().enumerate().map(row).collect())
}

/// The columns that [`shown_of`] reads.
pub(super) const SHOWN: [&str; 7] = ["id", "source", "page", "title", "heading", "url", "text"];

pub(super) fn shown_of(batch: &RecordBatch) -> Result<Vec<ShownRow>, StoreError> {
    let columns = Columns { table: "passages", batch };
    let (id, source, page) = (columns.numbers("id")?, columns.texts("source")?, columns.texts("page")?);
    let (title, heading) = (columns.texts("title")?, columns.texts("heading")?);
    let (url, text) = (columns.texts("url")?, columns.texts("text")?);
    let row = |at: usize| ShownRow {
        id: id[at],
        source: source.value(at).to_owned(),
        page: page.value(at).to_owned(),
        title: title.value(at).to_owned(),
        heading: heading.value(at).to_owned(),
        url: url.value(at).to_owned(),
        text: text.value(at).to_owned(),
    };
    Ok((0..batch.num_rows()).map(row).collect())
}

pub(super) fn heads_of(batch: &RecordBatch) -> Result<Vec<PassageHead>, StoreError> {
    let columns = Columns { table: "passages", batch };
    let (id, page_id, place) = (columns.numbers("id")?, columns.numbers("page_id")?, columns.numbers("place")?);
    let keys = columns.keys("key")?;
    let rows = columns.column("_rowid")?.as_primitive_opt::<UInt64Type>().ok_or_else(|| columns.wrong("_rowid"))?;
    let head = |at: usize| PassageHead {
        id: id[at],
        page_id: page_id[at],
        place: place[at],
        key: keys[at],
        row: rows.value(at),
    };
    Ok((0..batch.num_rows()).map(head).collect())
}

/// The columns of a batch, by name and type.
pub(super) struct Columns<'a> {
    pub(super) table: &'a str,
    pub(super) batch: &'a RecordBatch,
}

impl<'a> Columns<'a> {
    pub(super) fn column(&self, name: &str) -> Result<&'a ArrayRef, StoreError> {
        self.batch.column_by_name(name).ok_or_else(|| self.wrong(name))
    }

    pub(super) fn texts(&self, name: &str) -> Result<&'a StringArray, StoreError> {
        self.column(name)?.as_string_opt::<i32>().ok_or_else(|| self.wrong(name))
    }

    pub(super) fn numbers(&self, name: &str) -> Result<&'a [u32], StoreError> {
        let array = self.column(name)?.as_primitive_opt::<UInt32Type>().ok_or_else(|| self.wrong(name))?;
        Ok(array.values())
    }

    pub(super) fn keys(&self, name: &str) -> Result<Vec<Key>, StoreError> {
        let array = self.column(name)?.as_fixed_size_binary_opt().ok_or_else(|| self.wrong(name))?;
        let key = |bytes: &[u8]| Key::try_from(bytes).map_err(|_| self.wrong(name));
        (0..array.len()).map(|at| key(array.value(at))).collect()
    }

    pub(super) fn wrong(&self, column: &str) -> StoreError {
        let reason = format!("column {column} is missing or of another type");
        StoreError::Damaged { table: self.table.to_owned(), reason }
    }
}
