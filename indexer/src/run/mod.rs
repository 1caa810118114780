//! One indexing run: words first, vectors after.
//!
//! [`words`] makes everything searchable by words and publishes it; [`vectors`] fills in what is
//! missing behind it. Both can be stopped or killed at any moment: what was published stays, and
//! the next run goes on from there. No terminal in here: a run tells what it does through events.

mod cancel;
mod forget;
mod pages;
mod vectors;
mod words;

use std::time::Duration;

pub use cancel::Cancel;
pub use forget::forget;
pub use vectors::{VectorsReport, vectors, with_vectors};
pub use words::{WordsReport, words};

use crate::embed::{EmbedError, EmbedderId};
use crate::problem::Problem;
use crate::source::Location;
use crate::store::{SourceKind, StoreError};

/// A source to index: what it is called, and where its pages are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// What `--source` names it by.
    pub name: String,
    /// How the manifest remembers it.
    pub kind: SourceKind,
    /// Where its pages are.
    pub location: Location,
}

/// How a run goes about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Read and cut every page again, changed or not.
    pub reread: bool,
    /// A page may have this many bytes, as it is fetched and as it unpacks.
    pub page_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { reread: false, page_bytes: 64 << 20 }
    }
}

/// What a run is doing.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A source's pages are being listed.
    Listing {
        /// The source.
        source: String,
    },
    /// So many pages are to be looked at.
    Listed {
        /// In all sources of this run.
        pages: usize,
    },
    /// A page has been looked at.
    Page,
    /// A page was left out.
    Problem(Problem),
    /// The full-text index is being built and the version published.
    Publishing,
    /// Passages that still have no vector.
    Missing {
        /// So many.
        passages: usize,
    },
    /// So many more passages have their vectors.
    Embedded {
        /// Since the event before.
        passages: usize,
    },
}

/// Hears what a run is doing, from any thread.
pub type Observer<'a> = &'a (dyn Fn(Event) + Sync);

/// Why a run ended before its work was done. What was published before stays.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The store could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No text could be embedded.
    #[error(transparent)]
    Embed(#[from] EmbedError),
    /// The index has vectors of another embedder; the two cannot be mixed.
    #[error("the index was made with embedder {}, and {} was asked for", made_with.name, asked.name)]
    Embedder {
        /// What made the vectors that are there.
        made_with: Box<EmbedderId>,
        /// What was to make more.
        asked: Box<EmbedderId>,
    },
    /// A web client could not be made.
    #[error("pages at addresses cannot be fetched")]
    Web(#[source] reqwest::Error),
    /// It was asked to stop.
    #[error("stopped; what was published before is complete, and the next run goes on from here")]
    Cancelled,
}

/// How often a long run publishes what it has by then.
const PUBLISH_EVERY: Duration = Duration::from_secs(30);
