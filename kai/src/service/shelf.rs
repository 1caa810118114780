//! The documents that are served: what was published last, opened again when another index is.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use kai_indexer::store::{Manifest, Reader};

use super::recent::Recent;
use crate::library::{EmbedderChoice, Home, Library};
use crate::turn::Documents;

/// So many passages a question has, if nothing else is said.
pub(super) const PASSAGES: usize = 10;
/// How often it is looked whether there is another index. That reads one small file.
const LOOK: Duration = Duration::from_secs(2);

/// What is open.
#[derive(Debug)]
pub(super) struct Shelf {
    home: Home,
    embedder: EmbedderChoice,
    open: RwLock<Option<Open>>,
}

#[derive(Debug, Clone)]
struct Open {
    manifest: Manifest,
    documents: Documents,
    recent: Arc<Recent>,
}

impl Shelf {
    /// The index of a data folder, if there is one.
    pub(super) async fn open(home: Home, embedder: EmbedderChoice) -> Self {
        let shelf = Self { home, embedder, open: RwLock::default() };
        shelf.look().await;
        shelf
    }

    /// What is served now.
    pub(super) fn documents(&self) -> Option<Documents> {
        self.now().map(|open| open.documents)
    }

    /// The same, with the answers that it gave lately.
    pub(super) fn searched(&self) -> Option<(Documents, Arc<Recent>)> {
        self.now().map(|open| (open.documents, open.recent))
    }

    /// What the index is made of.
    pub(super) fn manifest(&self) -> Option<Manifest> {
        self.now().map(|open| open.manifest)
    }

    fn now(&self) -> Option<Open> {
        self.open.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks again and again, as long as the service lives.
    pub(super) async fn watch(&self) {
        loop {
            tokio::time::sleep(LOOK).await;
            self.look().await;
        }
    }

    /// Opens what was published since. What cannot be opened leaves what is open as it is.
    pub(super) async fn look(&self) {
        let manifest = match Reader::manifest_of(&self.home.index()) {
            Ok(manifest) => manifest,
            Err(kai_indexer::store::StoreError::Absent(_)) => None,
            Err(error) => {
                tracing::warn!(%error, "the index cannot be looked at");
                return;
            }
        };
        let Some(manifest) = manifest else {
            *self.open.write().unwrap_or_else(PoisonError::into_inner) = None;
            return;
        };
        if self.now().is_some_and(|open| open.manifest == manifest) {
            return;
        }
        match Library::open(&self.home, &self.embedder).await {
            Ok(library) => {
                library.notes.iter().for_each(|note| tracing::warn!(note, "the index is used without its vectors"));
                tracing::info!(sources = manifest.sources.len(), "the index is open");
                let documents = Documents { library: Arc::new(library), passages: PASSAGES, source: None };
                let open = Open { manifest, documents, recent: Arc::default() };
                *self.open.write().unwrap_or_else(PoisonError::into_inner) = Some(open);
            }
            Err(failure) => {
                tracing::warn!(reason = failure.message, causes = ?failure.causes, "the index cannot be opened");
            }
        }
    }
}
