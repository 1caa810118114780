//! What belongs to one data folder: the index, the embedder that goes with it, the corpus.
//!
//! The place where the command line's and the service's wishes meet what is on disk.

mod documents;
mod embedder;
mod home;
mod targets;

use std::sync::Arc;

use kai_indexer::embed::{EmbedError, Embedder};
use kai_indexer::search::Searcher;
use kai_indexer::store::{Reader, StoreError};

pub use documents::{corpus, packs, write_handbook};
pub use embedder::EmbedderChoice;
pub use home::Home;
pub use targets::{Everything, TargetError, everything, named};

/// An index opened for searching, with the embedder that made it where that can be had.
#[derive(Debug)]
pub struct Library {
    /// Searches it.
    pub searcher: Searcher,
    /// What a person should know: an embedder that is missing, say.
    pub notes: Vec<String>,
}

/// Why a part of the data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// There is no place for data: neither an option, nor a home.
    #[error("no folder for kai's data: neither --data-dir nor KAI_DATA_DIR is set, and there is no home folder")]
    NoHome,
    /// An embedder could not be opened.
    #[error("embedder {name} cannot be used")]
    Embedder {
        /// As it is called on the command line.
        name: String,
        /// Why not.
        #[source]
        source: EmbedError,
    },
    /// The list of documentation packs cannot be used.
    #[error("the list of documentation packs cannot be used")]
    Manifest(#[source] kai_corpus::ManifestError),
    /// A file of the data folder could not be read or written.
    #[error("{action} {}", path.display())]
    File {
        /// What was tried: `cannot write`.
        action: &'static str,
        /// The file.
        path: std::path::PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The name of an embedder that is none.
    #[error("{0} is not an embedder: auto, none, local, local:FOLDER or ollama:MODEL")]
    Choice(String),
}

impl LibraryError {
    /// What to do next.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Embedder { source: EmbedError::Model { .. }, .. } => {
                vec!["`kai model pull` fetches the model; `--embedder none` does without".to_owned()]
            }
            Self::Embedder { name, source: EmbedError::Refused { .. } } => {
                let model = name.trim_start_matches("ollama:");
                vec![format!("`ollama pull {model}` fetches the model; `--embedder none` does without")]
            }
            Self::Embedder { source: EmbedError::Server { .. }, .. } => {
                vec!["start the server, or set OLLAMA_HOST to where it is; `--embedder none` does without".to_owned()]
            }
            Self::NoHome | Self::Choice(_) | Self::Manifest(_) | Self::File { .. } => Vec::new(),
        }
    }
}

impl Library {
    /// Whether there is an index.
    ///
    /// # Errors
    /// If what is there cannot be read.
    pub fn is_there(home: &Home) -> Result<bool, StoreError> {
        match Reader::manifest_of(&home.index()) {
            Ok(manifest) => Ok(manifest.is_some()),
            Err(StoreError::Absent(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Opens the index of `home`. With `auto`, an embedder that cannot be had leaves the search by
    /// words and a note.
    ///
    /// # Errors
    /// If there is no index, or an embedder was asked for by name and cannot be used with it.
    pub async fn open(home: &Home, choice: &EmbedderChoice) -> Result<Self, crate::cli::Failure> {
        let manifest = Reader::manifest_of(&home.index())?;
        let made_with = manifest.as_ref().and_then(|manifest| manifest.embedder.as_ref());
        let mut notes = Vec::new();
        let embedder: Option<Arc<dyn Embedder>> = match (choice, made_with) {
            (EmbedderChoice::None, _) | (EmbedderChoice::Auto, None) => None,
            (EmbedderChoice::Auto, Some(made_with)) => match embedder::by_name(&made_with.name, home).await {
                Ok(embedder) if embedder.id() == made_with => Some(embedder),
                Ok(embedder) => {
                    let name = &embedder.id().name;
                    notes.push(format!(
                        "searching by words: the model {name} is not the one that the index was made with; \
                         `kai index --rebuild` makes its vectors anew"
                    ));
                    None
                }
                Err(error) => {
                    notes.push(format!("searching by words: {}", with_cause(&error)));
                    None
                }
            },
            (EmbedderChoice::Local(_) | EmbedderChoice::Ollama(_), _) => choice.open(home).await?,
        };
        let searcher = Searcher::open(&home.index(), embedder).await?;
        Ok(Self { searcher, notes })
    }
}

/// The embedder for a run of `kai index`: the one asked for; else the index's own; else the local
/// model where it has been pulled; else none.
///
/// # Errors
/// If the one that is to be used cannot be opened.
pub async fn embedder_for_run(
    home: &Home,
    choice: &EmbedderChoice,
    made_with: Option<&str>,
) -> Result<Option<Arc<dyn Embedder>>, LibraryError> {
    match (choice, made_with) {
        (EmbedderChoice::Auto, Some(name)) => embedder::by_name(name, home).await.map(Some),
        (EmbedderChoice::Auto, None) if !home.model(embedder::DEFAULT_MODEL).is_dir() => Ok(None),
        (EmbedderChoice::Auto, None) => EmbedderChoice::Local(None).open(home).await,
        (EmbedderChoice::None | EmbedderChoice::Local(_) | EmbedderChoice::Ollama(_), _) => choice.open(home).await,
    }
}

/// The name of the model that `kai model pull` fetches.
pub const DEFAULT_MODEL: &str = embedder::DEFAULT_MODEL;

fn with_cause(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}
