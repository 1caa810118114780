//! What the lines of a journal tell: its operations, oldest first. It grows line by line, and is handed out
//! without a copy: whoever has it keeps it as it stood. Nothing here reads a file.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Entry, Event, Operation};

/// The operations of a journal as they stood at a look, oldest first.
#[derive(Debug, Clone, Default)]
pub struct History(Arc<Vec<Arc<Operation>>>);

impl Deref for History {
    type Target = [Arc<Operation>];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl History {
    /// Puts one in its place, or behind the last. Whether it has a place.
    pub(crate) fn put(&mut self, at: usize, operation: Operation) -> bool {
        let operations = Arc::make_mut(&mut self.0);
        if at < operations.len() {
            operations[at] = Arc::new(operation);
        } else if at == operations.len() {
            operations.push(Arc::new(operation));
        } else {
            return false;
        }
        true
    }

    /// The same operations, with the one that runs marked, if it has not just ended.
    pub(crate) fn marked(mut self, running: Option<&str>) -> Self {
        let runs = |operation: &Arc<Operation>| running == Some(operation.id.as_str()) && operation.is_open();
        if running.is_some()
            && let Some(at) = self.iter().position(runs)
        {
            Arc::make_mut(&mut Arc::make_mut(&mut self.0)[at]).running = true;
        }
        self
    }

    /// Hears of one more line, and says which operation it is about.
    fn hear(&mut self, entry: Entry) -> Option<usize> {
        let operations = Arc::make_mut(&mut self.0);
        if let Event::Started { plan, digest, by } = entry.event {
            operations.push(Arc::new(Operation::started(entry.op, entry.at, *plan, digest, by)));
            return Some(operations.len() - 1);
        }
        let at = operations.iter().rposition(|operation| operation.id == entry.op)?;
        Arc::make_mut(&mut operations[at]).hear(entry.event);
        Some(at)
    }
}

/// A line of a journal, and with it every line before: its hash holds theirs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mark {
    seq: u64,
    hash: String,
}

/// What came to a journal since a line of it.
#[derive(Debug)]
pub(crate) struct Since {
    /// All of it, without what runs.
    pub(crate) history: History,
    /// The places of the operations that something was written of since; none if that line is not in it.
    pub(crate) changed: Option<BTreeSet<usize>>,
    /// Its last line.
    pub(crate) mark: Option<Mark>,
    /// The operation that is running now.
    pub(crate) running: Option<String>,
}

/// The lines of a journal that were checked, one behind the other.
#[derive(Debug, Default)]
pub(super) struct Lines {
    history: History,
    /// Of each line its hash, and the place of the operation that it is about.
    known: Vec<(Arc<str>, Option<usize>)>,
}

impl Lines {
    /// Takes in a line, if it follows from the one before.
    pub(super) fn add(&mut self, line: &[u8]) -> Result<(), String> {
        let (seq, prev) = self.last();
        let entry = Entry::following(seq, prev, line)?;
        let hash = entry.hash.as_str().into();
        self.known.push((hash, self.history.hear(entry)));
        Ok(())
    }

    /// The number and the hash of the last line.
    pub(super) fn last(&self) -> (u64, &str) {
        (self.known.len() as u64, self.known.last().map_or("", |(hash, _)| hash))
    }

    pub(super) fn history(&self) -> &History {
        &self.history
    }

    /// What came since that line, without what runs.
    pub(super) fn since(&self, mark: Option<&Mark>) -> Since {
        let (seq, hash) = self.last();
        Since {
            history: self.history.clone(),
            changed: mark.and_then(|mark| self.changed(mark)),
            mark: (seq > 0).then(|| Mark { seq, hash: hash.to_owned() }),
            running: None,
        }
    }

    fn changed(&self, mark: &Mark) -> Option<BTreeSet<usize>> {
        let at = usize::try_from(mark.seq).ok()?;
        let (hash, _) = self.known.get(at.checked_sub(1)?)?;
        (**hash == *mark.hash).then(|| self.known[at..].iter().filter_map(|(_, about)| *about).collect())
    }
}
