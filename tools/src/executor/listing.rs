//! The journal's operations over the socket: only those of which something was written since the line that the
//! other side knows, each in a line of its own, so that no journal is too long to be listed.

use serde::{Deserialize, Serialize};

use crate::journal::{History, Mark, Operation, Since};

/// One line of the answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Part {
    /// An operation, new or as it is now, and its place among all.
    One { at: usize, operation: Box<Operation> },
    /// That was all.
    End {
        /// Whether it adds to what the other side knows; else nothing of that holds.
        adds: bool,
        /// The last line.
        mark: Option<Mark>,
        /// The operation that is running now.
        running: Option<String>,
    },
}

/// The answer to who knows the journal up to some line, part by part.
pub(super) fn parts(since: Since) -> impl Iterator<Item = Part> {
    let Since { history, changed, mark, running } = since;
    let end = Part::End { adds: changed.is_some(), mark, running };
    let places = changed.unwrap_or_else(|| (0..history.len()).collect());
    let one = move |at: usize| {
        let operation = Box::new(Operation::clone(history.get(at)?));
        Some(Part::One { at, operation })
    };
    places.into_iter().filter_map(one).chain([end])
}

/// What one side knows of the other one's journal.
#[derive(Debug, Clone, Default)]
pub(super) struct Listing {
    history: History,
    /// Up to this line.
    pub(super) mark: Option<Mark>,
}

impl Listing {
    /// Takes in what came since, and forgets everything else if it does not add to that. None if there are
    /// gaps in it.
    pub(super) fn with(self, changed: Vec<(usize, Operation)>, adds: bool, mark: Option<Mark>) -> Option<Self> {
        let mut history = if adds { self.history } else { History::default() };
        let has_place = changed.into_iter().all(|(at, operation)| history.put(at, operation));
        has_place.then_some(Self { history, mark })
    }

    /// All that is known, without what runs.
    pub(super) fn since(&self, running: Option<String>) -> Since {
        Since { history: self.history.clone(), changed: None, mark: self.mark.clone(), running }
    }
}
