//! Which embedder, from what a person wrote or an index remembers.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use kai_indexer::embed::{EmbedError, Embedder, LocalModel, OllamaEmbedder};

use super::{Home, LibraryError};

/// The model that is used where nothing else is said.
pub(super) const DEFAULT_MODEL: &str = "all-MiniLM-L6-v2";

/// Who is to turn text into vectors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EmbedderChoice {
    /// Whatever the index was made with; for a new one, the local model if it is there.
    Auto,
    /// Nobody: words only.
    None,
    /// A model in this process: the default one, one by its name under `models`, or a folder.
    Local(Option<String>),
    /// A model of an Ollama server.
    Ollama(String),
}

impl FromStr for EmbedderChoice {
    type Err = LibraryError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            None if text == "auto" => Ok(Self::Auto),
            None if text == "none" => Ok(Self::None),
            None if text == "local" => Ok(Self::Local(None)),
            Some(("local", name)) if !name.is_empty() => Ok(Self::Local(Some(name.to_owned()))),
            Some(("ollama", model)) if !model.is_empty() => Ok(Self::Ollama(model.to_owned())),
            None | Some(_) => Err(LibraryError::Choice(text.to_owned())),
        }
    }
}

impl EmbedderChoice {
    /// Opens what was chosen; `None` for [`Self::None`] and for [`Self::Auto`], which the caller
    /// has to resolve.
    pub(super) async fn open(&self, home: &Home) -> Result<Option<Arc<dyn Embedder>>, LibraryError> {
        match self {
            Self::Auto | Self::None => Ok(None),
            Self::Local(name) => local(name.as_deref().unwrap_or(DEFAULT_MODEL), home).map(Some),
            Self::Ollama(model) => ollama(model).await.map(Some),
        }
    }
}

/// Opens an embedder by the name that an index has for it.
pub(super) async fn by_name(name: &str, home: &Home) -> Result<Arc<dyn Embedder>, LibraryError> {
    match EmbedderChoice::from_str(name)?.open(home).await? {
        Some(embedder) => Ok(embedder),
        None => Err(LibraryError::Choice(name.to_owned())),
    }
}

fn local(name: &str, home: &Home) -> Result<Arc<dyn Embedder>, LibraryError> {
    let (folder, name) = if name.contains(std::path::MAIN_SEPARATOR) {
        // A folder elsewhere is remembered by its whole path, so that it is found again.
        let path = Path::new(name).canonicalize().unwrap_or_else(|_| PathBuf::from(name));
        let name = path.display().to_string();
        (path, name)
    } else {
        (home.model(name), name.to_owned())
    };
    let model =
        LocalModel::open(&folder).map_err(|source| LibraryError::Embedder { name: format!("local:{name}"), source })?;
    Ok(Arc::new(model.named(format!("local:{name}"))))
}

async fn ollama(model: &str) -> Result<Arc<dyn Embedder>, LibraryError> {
    let failed = |source| LibraryError::Embedder { name: format!("ollama:{model}"), source };
    let host = std::env::var("OLLAMA_HOST").unwrap_or_default();
    let url = crate::model::ollama::address::parse(&host)
        .map_err(|error| failed(EmbedError::Server { url: host.clone(), reason: error.to_string() }))?;
    Ok(Arc::new(OllamaEmbedder::connect(&url, model).await.map_err(failed)?))
}
