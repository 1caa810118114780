//! Where everything of kai's lies.

use std::path::{Path, PathBuf};

use super::LibraryError;

/// The data folder and the places in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    root: PathBuf,
}

impl Home {
    /// The folder that was named; else `$XDG_DATA_HOME/kai`, or what the system has in its place.
    ///
    /// # Errors
    /// If nothing was named and there is no home folder.
    pub fn find(named: Option<&Path>) -> Result<Self, LibraryError> {
        let root = match named {
            Some(path) => path.to_owned(),
            None => dirs::data_dir().ok_or(LibraryError::NoHome)?.join("kai"),
        };
        Ok(Self { root: std::path::absolute(&root).unwrap_or(root) })
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The index.
    #[must_use]
    pub fn index(&self) -> PathBuf {
        self.root.join("index")
    }

    /// The documentation packs.
    #[must_use]
    pub fn corpus(&self) -> PathBuf {
        self.root.join("corpus")
    }

    /// The handbook's pages, written out for the indexer.
    #[must_use]
    pub fn handbook(&self) -> PathBuf {
        self.root.join("handbook")
    }

    /// What was typed in conversations.
    #[must_use]
    pub fn history(&self) -> PathBuf {
        self.root.join("history")
    }

    /// All embedding models.
    #[must_use]
    pub fn models(&self) -> PathBuf {
        self.root.join("models")
    }

    /// One embedding model.
    #[must_use]
    pub fn model(&self, name: &str) -> PathBuf {
        self.models().join(name)
    }
}
