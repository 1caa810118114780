//! Why there is no plan.

use serde::{Deserialize, Serialize};

/// The kinds of reasons, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The object is not there.
    Unknown,
    /// The name is taken.
    Taken,
    /// The arguments contradict each other or the host.
    Invalid,
    /// Something would not fit: disk, memory, size.
    NoRoom,
    /// The pool is not ONLINE.
    PoolNotOnline,
    /// The pool was imported for reading only.
    PoolReadOnly,
    /// The root pool, the dataset on `/`, the active boot environment.
    RootPool,
    /// Something depends on the object: clones, holds, a replication base, newer snapshots.
    InUse,
    /// It may be the last copy of something that is gone at its source.
    LastReplica,
    /// The guest is in the wrong state.
    State,
    /// Only growing is possible.
    Shrink,
    /// Several objects fit.
    Ambiguous,
    /// There is nothing to do.
    Nothing,
    /// This version understands it and cannot do it.
    Unsupported,
}

/// A request that is not planned: nothing was changed, and nothing will be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// Of which kind.
    pub reason: Reason,
    /// What stands in the way, with the objects' names.
    pub message: String,
    /// What to do about it.
    pub hints: Vec<String>,
}

impl Refusal {
    /// That reason, in those words.
    #[must_use]
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), hints: Vec::new() }
    }

    /// And what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}
