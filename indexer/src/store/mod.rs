//! What is kept on disk: pages, passages, the full-text index and vectors, all in one LanceDB store.
//!
//! `manifest.json` names the table versions that make up the last complete index; readers open
//! those, and nothing that a run is still writing. It is replaced by rename after everything it
//! names is on disk, so that a run killed at any moment leaves the index before it. Only this folder
//! uses LanceDB.

mod error;
mod lance;
mod lock;
mod manifest;
mod reader;
mod rows;
mod writer;

pub use error::StoreError;
pub(crate) use manifest::now;
pub use manifest::{Manifest, SourceEntry, SourceKind};
pub use reader::Reader;
pub use rows::{Key, PageRow, PassageHead, PassageRow, ShownRow};
pub use writer::Writer;
