//! What is measured, behind one thin face: the only module that names kai's and the indexer's types.
//!
//! It translates and times; it judges nothing.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use kai::ask::{self, Engines};
use kai::library::{self, EmbedderChoice, Home, Library};
use kai_indexer::embed::Embedder;
use kai_indexer::search::{Found, Mode, Query, SearchError};

use crate::answers::Reply;

/// Passages that an answer is made from, as `kai ask` takes them.
const ANSWERED_FROM: usize = 12;

/// The reason as kai's own error.
type Reason = Box<dyn std::error::Error + Send + Sync>;

/// An index that was opened for searching.
#[derive(Debug)]
pub struct Index {
    library: Library,
    data_dir: PathBuf,
}

/// A local embedding model.
#[derive(Debug, Clone)]
pub struct Model {
    embedder: Arc<dyn Embedder>,
    folder: PathBuf,
}

/// What a search returned.
#[derive(Debug, Clone)]
pub struct Answered {
    /// Best first.
    pub passages: Vec<Passage>,
    /// Whether the index says that its documents cover the question.
    pub answerable: bool,
    /// How sure it is, 0 to 1.
    pub answerable_score: f64,
    /// What it ranked by: `words`, `partial` (vectors where there are some already) or `hybrid`.
    pub mode: &'static str,
    /// Wall time of the call, measured outside it.
    pub took: Duration,
}

/// One passage as served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// The source that the page came from.
    pub source: String,
    /// The page's path in its source.
    pub page: String,
    /// The page's title.
    pub title: String,
    /// The headings above the passage.
    pub heading: String,
    /// The passage itself.
    pub text: String,
}

/// Why the index or the model could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// There is no index, or not one that can be read.
    #[error("the index under {} could not be opened: {reason}; `kai --data-dir {} index PAGES` makes one", data_dir.display(), data_dir.display())]
    Open {
        /// The data directory.
        data_dir: PathBuf,
        /// kai's reasons and hints.
        reason: String,
    },
    /// A search failed.
    #[error("searching the index under {} for {query:?} failed", data_dir.display())]
    Search {
        /// The data directory.
        data_dir: PathBuf,
        /// The question.
        query: String,
        /// The indexer's reason.
        #[source]
        source: SearchError,
    },
    /// The model's folder cannot be used.
    #[error("the embedding model in {} could not be opened", folder.display())]
    Model {
        /// The model's folder.
        folder: PathBuf,
        /// kai's reason.
        #[source]
        source: Reason,
    },
    /// The model failed.
    #[error("the embedding model in {} failed on {texts} texts", folder.display())]
    Embed {
        /// The model's folder.
        folder: PathBuf,
        /// How many it was given.
        texts: usize,
        /// The indexer's reason.
        #[source]
        source: Reason,
    },
}

impl Index {
    /// Opens the index under `data_dir` as `kai` does.
    ///
    /// # Errors
    /// If there is none, it cannot be read, or the embedder does not fit it.
    pub async fn open(data_dir: &Path, embedder: &EmbedderChoice) -> Result<Self, TargetError> {
        let failed = |reason| TargetError::Open { data_dir: data_dir.to_owned(), reason };
        let home = Home::find(Some(data_dir)).map_err(|error| failed(error.to_string()))?;
        let library = Library::open(&home, embedder).await.map_err(|failure| {
            let why = std::iter::once(failure.message).chain(failure.causes).collect::<Vec<_>>().join(": ");
            failed(std::iter::once(why).chain(failure.hints).collect::<Vec<_>>().join("; "))
        })?;
        Ok(Self { library, data_dir: data_dir.to_owned() })
    }

    /// What kai would tell a person about this index: an embedder that could not be had, say.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.library.notes
    }

    /// The best `limit` passages for `text`; by words alone if `words_only`.
    ///
    /// # Errors
    /// If the search fails.
    pub async fn search(&self, text: &str, limit: usize, words_only: bool) -> Result<Answered, TargetError> {
        let start = Instant::now();
        let found = self.found(text, limit, words_only).await?;
        let took = start.elapsed();
        let passages = found.hits.into_iter().map(|hit| Passage {
            source: hit.source,
            page: hit.page,
            title: hit.title,
            heading: hit.heading,
            text: hit.text,
        });
        let mode = match found.mode {
            Mode::Words => "words",
            Mode::Partial => "partial",
            Mode::Hybrid => "hybrid",
        };
        Ok(Answered {
            passages: passages.collect(),
            answerable: found.answerable,
            answerable_score: f64::from(found.answerable_score),
            mode,
            took,
        })
    }

    /// The built-in engine's answer, the search included.
    ///
    /// # Errors
    /// If the search fails; the engine itself never does.
    pub async fn answer(&self, text: &str) -> Result<Reply, TargetError> {
        let start = Instant::now();
        let found = self.found(text, ANSWERED_FROM, false).await?;
        // How the search went is measured elsewhere; an answer is not judged by it.
        let question = ask::Question { notes: Vec::new(), ..kai::turn::question(found, kai::turn::Audience::Keeper) };
        let answer = ask::ask(&question, ask::Setting::default(), &Engines::BuiltIn, &mut |_| {}).await;
        Ok(Reply {
            took_ms: start.elapsed().as_secs_f64() * 1e3,
            citations: answer.citations.into_iter().map(|citation| (citation.at.source, citation.at.page)).collect(),
            grounded: answer.grounded,
            engine: answer.engine.to_string(),
            text: answer.text,
        })
    }

    async fn found(&self, text: &str, limit: usize, words_only: bool) -> Result<Found, TargetError> {
        let query = Query { text: text.to_owned(), limit, source: None, words_only };
        self.library.searcher.search(&query).await.map_err(|source| TargetError::Search {
            data_dir: self.data_dir.clone(),
            query: text.to_owned(),
            source,
        })
    }
}

impl Model {
    /// Opens the local model in `folder`.
    ///
    /// # Errors
    /// If the folder lacks a file or holds one that cannot be used.
    pub async fn open(folder: &Path) -> Result<Self, TargetError> {
        let failed = |source: Reason| TargetError::Model { folder: folder.to_owned(), source };
        let home = Home::find(Some(folder)).map_err(|error| failed(error.into()))?;
        let embedder =
            library::embedder_for_run(&home, &local(folder), None).await.map_err(|error| failed(error.into()))?;
        let embedder = embedder.ok_or_else(|| failed("kai made no embedder of it".into()))?;
        Ok(Self { embedder, folder: folder.to_owned() })
    }

    /// The texts that indexing would embed for a passage.
    #[must_use]
    pub fn windows(&self, passage: &Passage) -> Vec<String> {
        let context = if passage.heading.is_empty() {
            passage.title.clone()
        } else {
            format!("{}: {}", passage.title, passage.heading)
        };
        self.embedder.windows(&context, &passage.text)
    }

    /// Embeds all texts and says how long it took.
    ///
    /// # Errors
    /// If the model fails.
    pub async fn embed(&self, texts: Vec<String>) -> Result<Duration, TargetError> {
        let count = texts.len();
        let start = Instant::now();
        let vectors = self.embedder.embed(texts).await;
        let took = start.elapsed();
        let failed = |source: Reason| TargetError::Embed { folder: self.folder.clone(), texts: count, source };
        let vectors = vectors.map_err(|error| failed(error.into()))?;
        if vectors.len() == count { Ok(took) } else { Err(failed(format!("it gave {} vectors", vectors.len()).into())) }
    }
}

/// The embedder that stands for a model's folder. Its whole path, so that it is no model's name.
#[must_use]
pub fn local(folder: &Path) -> EmbedderChoice {
    let whole = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    EmbedderChoice::Local(Some(whole.display().to_string()))
}
