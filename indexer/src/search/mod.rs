//! Ranked passages for a question.
//!
//! Opening reads what ranking needs into memory; a search then touches the store only for the texts
//! it returns. Knows nothing of how an index is made, and of no terminal.

mod answerable;
mod bytes;
mod cosine;
mod found;
mod highest;
mod rank;
mod resident;
mod snippet;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::RwLock;

pub use found::{Found, Hit, Mode, Query};
pub use snippet::{Snippet, snippet};

use crate::embed::{EmbedError, Embedder, EmbedderId};
use crate::store::{Manifest, PageRow, PassageHead, Reader, ShownRow, StoreError};
use crate::words::Analyzer;
use rank::Ranking;
use resident::Resident;

/// An index, opened for searching.
#[derive(Debug)]
pub struct Searcher {
    folder: PathBuf,
    embedder: Option<Arc<dyn Embedder>>,
    opened: RwLock<Arc<Opened>>,
}

/// One version of the index.
#[derive(Debug)]
struct Opened {
    reader: Reader,
    resident: Resident,
}

/// Why a question could not be searched for.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The index could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The vectors of the index are another embedder's: comparing them would mean nothing.
    #[error("the index was made with embedder {}, and {} was asked for", made_with.name, asked.name)]
    Embedder {
        /// What made the vectors.
        made_with: Box<EmbedderId>,
        /// What was to be searched with.
        asked: Box<EmbedderId>,
    },
    /// No page comes from the source that was asked for.
    #[error("the index has no source {asked}; it has: {known}")]
    Source {
        /// What was asked for.
        asked: String,
        /// The sources there are.
        known: String,
    },
}

impl Searcher {
    /// Opens the index in `folder`. Without an embedder, search is by words alone.
    ///
    /// # Errors
    /// If there is no index, it cannot be read, or its vectors are another embedder's.
    pub async fn open(folder: &Path, embedder: Option<Arc<dyn Embedder>>) -> Result<Self, SearchError> {
        let opened = Opened::open(folder, embedder.as_deref()).await?;
        Ok(Self { folder: folder.to_owned(), embedder, opened: RwLock::new(Arc::new(opened)) })
    }

    /// Who embeds questions, if anybody does.
    #[must_use]
    pub fn embedder(&self) -> Option<Arc<dyn Embedder>> {
        self.embedder.clone()
    }

    /// What the opened index is made of.
    pub async fn manifest(&self) -> Manifest {
        self.opened.read().await.reader.manifest().clone()
    }

    /// How many of the opened index's passages have vectors, 0 to 1.
    pub async fn vector_share(&self) -> f32 {
        self.opened.read().await.resident.vector_share()
    }

    /// Opens what has been published since, if anything has.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn refresh(&self) -> Result<(), SearchError> {
        let fresh = Opened::open(&self.folder, self.embedder.as_deref()).await?;
        *self.opened.write().await = Arc::new(fresh);
        Ok(())
    }

    /// The passages that answer a question best.
    ///
    /// An embedder that does not answer costs the vectors' part only: the result says so.
    ///
    /// # Errors
    /// If the source is unknown or the texts cannot be read.
    pub async fn search(&self, query: &Query) -> Result<Found, SearchError> {
        let start = Instant::now();
        let opened = Arc::clone(&*self.opened.read().await);
        let (vector, problem) = self.embed(&opened, query).await;
        let embed_ms = start.elapsed().as_secs_f64() * 1000.0;
        let ranking = tokio::task::block_in_place(|| opened.rank(query, vector.as_deref()))?;
        let hits = match opened.hits(&ranking).await {
            Ok(hits) => hits,
            // A later run may have removed the files of the version that is open here.
            Err(_) => {
                self.refresh().await?;
                let opened = Arc::clone(&*self.opened.read().await);
                let ranking = tokio::task::block_in_place(|| opened.rank(query, vector.as_deref()))?;
                opened.hits(&ranking).await?
            }
        };
        Ok(Found {
            query: query.text.clone(),
            took_ms: start.elapsed().as_secs_f64() * 1000.0,
            embed_ms,
            answerable: !hits.is_empty() && ranking.answerable_score >= answerable::THRESHOLD,
            answerable_score: if hits.is_empty() { 0.0 } else { ranking.answerable_score },
            mode: ranking.mode,
            problem,
            hits,
        })
    }

    /// The passages of the pages that are meant: page by page, in the order of the text.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub async fn read(&self, is_meant: impl Fn(&PageRow) -> bool + Send + Sync) -> Result<Vec<Hit>, SearchError> {
        let opened = Arc::clone(&*self.opened.read().await);
        match opened.read(&is_meant).await {
            Ok(hits) => Ok(hits),
            // As in a search.
            Err(_) => {
                self.refresh().await?;
                let opened = Arc::clone(&*self.opened.read().await);
                Ok(opened.read(&is_meant).await?)
            }
        }
    }

    async fn embed(&self, opened: &Opened, query: &Query) -> (Option<Vec<f32>>, Option<EmbedError>) {
        let Some(embedder) = self.embedder.as_ref().filter(|_| !query.words_only) else { return (None, None) };
        if opened.resident.vector_share() == 0.0 {
            return (None, None);
        }
        match embedder.embed(vec![query.text.clone()]).await {
            Ok(vectors) => (vectors.into_iter().next(), None),
            Err(error) => (None, Some(error)),
        }
    }
}

impl Opened {
    async fn open(folder: &Path, embedder: Option<&dyn Embedder>) -> Result<Self, SearchError> {
        let reader = Reader::open(folder).await?;
        let made_with = reader.manifest().embedder.as_ref();
        let compared = match (made_with, embedder.map(Embedder::id)) {
            (Some(made_with), Some(asked)) if made_with != asked => {
                let (made_with, asked) = (Box::new(made_with.clone()), Box::new(asked.clone()));
                return Err(SearchError::Embedder { made_with, asked });
            }
            (Some(made_with), Some(_)) => Some(made_with),
            (None, _) | (_, None) => None,
        };
        let resident = Resident::load(&reader, compared).await?;
        Ok(Self { reader, resident })
    }

    fn rank(&self, query: &Query, vector: Option<&[f32]>) -> Result<Ranking, SearchError> {
        let source = match &query.source {
            Some(name) => Some(self.resident.source(name).ok_or_else(|| SearchError::Source {
                asked: name.clone(),
                known: self.resident.source_names().join(", "),
            })?),
            None => None,
        };
        let terms = Analyzer::default().list(&query.text);
        Ok(rank::rank(&self.resident, &terms, vector, source, query.limit))
    }

    async fn hits(&self, ranking: &Ranking) -> Result<Vec<Hit>, StoreError> {
        let best = ranking.best.iter().map(|&(at, score)| (self.resident.head(at), score));
        self.shown(best.collect()).await
    }

    async fn read(&self, is_meant: &(impl Fn(&PageRow) -> bool + Sync)) -> Result<Vec<Hit>, StoreError> {
        let pages = self.reader.pages().await?;
        let meant: Vec<u32> = pages.iter().filter(|page| is_meant(page)).map(|page| page.id).collect();
        self.shown(self.resident.of_pages(&meant).into_iter().map(|head| (head, 1.0)).collect()).await
    }

    /// These passages as hits, in their order.
    async fn shown(&self, heads: Vec<(PassageHead, f32)>) -> Result<Vec<Hit>, StoreError> {
        let heads: Vec<_> = heads.into_iter().filter(|(head, _)| head.row != resident::LOST).collect();
        if heads.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<u64> = heads.iter().map(|(head, _)| head.row).collect();
        let mut rows = self.reader.shown(&rows).await?;
        let hit = |(head, score): (PassageHead, f32)| {
            let row = rows.swap_remove(rows.iter().position(|row| row.id == head.id)?);
            let ShownRow { page, title, heading, source, text, url, .. } = row;
            Some(Hit { page, title, heading, source, score, text, url })
        };
        Ok(heads.into_iter().filter_map(hit).collect())
    }
}
