//! What a command ends with: done, done in part, or a failure with hints.

use kai_indexer::run::RunError;
use kai_indexer::search::SearchError;
use kai_indexer::store::StoreError;

use crate::library::{LibraryError, TargetError};

/// How a command ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All of it.
    Done,
    /// Some of it; what is missing has been said.
    InPart,
    /// Not as it was wanted, and it has been said why; the exit status.
    Status(u8),
}

/// Why a command failed, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What happened, to which object.
    pub message: String,
    /// Why, from the outermost cause in.
    pub causes: Vec<String>,
    /// What to do next.
    pub hints: Vec<String>,
    /// The exit status.
    pub status: u8,
}

/// Exit status: Ctrl-C.
pub(super) const STOPPED: u8 = 130;

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), causes: Vec::new(), hints: Vec::new(), status: 1 }
    }

    pub(crate) fn because(mut self, error: &dyn std::error::Error) -> Self {
        let mut cause = Some(error);
        while let Some(error) = cause {
            let text = error.to_string();
            if self.causes.last().is_none_or(|last| !last.contains(&text)) && !self.message.contains(&text) {
                self.causes.push(text);
            }
            cause = error.source();
        }
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// An error with its causes.
    pub(super) fn of(error: &dyn std::error::Error) -> Self {
        let failure = Self::new(error.to_string());
        match error.source() {
            Some(source) => failure.because(source),
            None => failure,
        }
    }

    /// Ended by Ctrl-C.
    pub(crate) fn stopped(message: impl Into<String>) -> Self {
        Self { status: STOPPED, ..Self::new(message) }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let failure = Self::of(&error);
        if error.is_disk_full() {
            return failure
                .hint("the disk is full: free some space and run `kai index` again; the index before is whole");
        }
        match error {
            StoreError::Absent(_) => {
                failure.hint("run `kai corpus sync` and then `kai index`, or `kai index FOLDER` for pages of your own")
            }
            StoreError::Locked { .. } => failure.hint("wait for it, or stop that process; searching works meanwhile"),
            StoreError::Manifest { .. } => failure.hint("`kai index --rebuild` makes a new index"),
            StoreError::Table { .. } | StoreError::Damaged { .. } => {
                failure.hint("if this comes again, `kai index --rebuild` makes the index anew")
            }
            StoreError::File { .. } => failure,
        }
    }
}

impl From<SearchError> for Failure {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Store(error) => error.into(),
            SearchError::Embedder { made_with, asked } => mismatch(&made_with.name, &asked.name),
            SearchError::Source { .. } => Self::of(&error),
        }
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Store(error) => error.into(),
            RunError::Embedder { made_with, asked } => mismatch(&made_with.name, &asked.name),
            RunError::Cancelled => Self::stopped(error.to_string()),
            RunError::Embed(_) => {
                Self::of(&error).hint("search by words works; `kai index` goes on with the vectors where this stopped")
            }
            RunError::Web(_) => Self::of(&error),
        }
    }
}

impl From<LibraryError> for Failure {
    fn from(error: LibraryError) -> Self {
        let hints = error.hints();
        Self { hints, ..Self::of(&error) }
    }
}

impl From<TargetError> for Failure {
    fn from(error: TargetError) -> Self {
        match error {
            TargetError::Location(error) => Self { status: 2, ..Self::of(&error) },
            TargetError::OneName => Self { status: 2, ..Self::of(&error) },
            TargetError::Taken(_) => {
                Self::of(&error).hint("choose another name, or take that one out with `kai index forget`")
            }
        }
    }
}

fn mismatch(made_with: &str, asked: &str) -> Failure {
    Failure::new(format!("the index was made with embedder {made_with}, and {asked} was asked for"))
        .hint("vectors of two embedders cannot be compared")
        .hint(format!("to change over, run `kai index --rebuild --embedder {asked}`"))
        .hint(format!("to keep what is there, leave the option out or say `--embedder {made_with}`"))
}
