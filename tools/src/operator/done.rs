//! Carrying out what was confirmed, and what was done before.

use std::sync::Arc;

use super::{Operator, ProposeError, Seat, user};
use crate::confirm::Confirmed;
use crate::execute::{Cancel, Executor, Observer, Report, ResumeError};
use crate::host::Host;
use crate::journal::{Event, History, Journal, JournalError, Mark, Operation, Outcome, Since};
use crate::names::OperationId;
use crate::plan::{Reason, Refusal};
use crate::tool::Table;

impl Operator {
    /// Everything in the journal, oldest first. A look at a journal to which nothing was added since the last
    /// one costs next to nothing.
    ///
    /// # Errors
    /// If it cannot be read or was changed by somebody.
    pub fn history(&self) -> Result<History, JournalError> {
        match &self.seat {
            Seat::Here(_) => Journal::history(&self.folder),
            Seat::Executor(client) => client.history(),
        }
    }

    /// The operation of that id or beginning; `last` is the latest that was not taken back.
    ///
    /// # Errors
    /// If there is none, or several begin so.
    pub fn operation(&self, id: &OperationId) -> Result<Operation, ProposeError> {
        let all = self.history()?;
        let id = id.as_str();
        let standing =
            |found: &&Arc<Operation>| found.reversed_by.is_none() && found.outcome != Some(Outcome::TakenBack);
        let found = match all.iter().find(|found| found.id == id) {
            Some(exact) => Some(exact),
            None if id == "last" => all.iter().rfind(standing),
            None => {
                let mut so_begun = all.iter().filter(|found| found.id.starts_with(id));
                let first = so_begun.next();
                if so_begun.next().is_some() {
                    let message = format!("several operations begin with {id}");
                    return Err(Refusal::new(Reason::Ambiguous, message).into());
                }
                first
            }
        };
        match found {
            Some(found) => Ok(Operation::clone(found)),
            None => Err(Refusal::new(Reason::Unknown, format!("there is no operation {id}"))
                .hint("`kai op history` lists them")
                .into()),
        }
    }

    /// What came to the journal since that line of it.
    pub(crate) fn since(&self, mark: Option<&Mark>) -> Result<Since, JournalError> {
        match &self.seat {
            Seat::Here(_) => Journal::since(&self.folder, mark),
            Seat::Executor(client) => client.since(),
        }
    }

    /// Carries out what was confirmed. `reverses` is the operation that it takes back.
    ///
    /// # Errors
    /// If it was carried out before, or the intent cannot be journalled: nothing was done then. Everything
    /// else is in the report.
    pub fn execute(
        &self,
        confirmed: Confirmed,
        reverses: Option<&str>,
        observer: Observer<'_>,
        cancel: &Cancel,
    ) -> Result<Report, JournalError> {
        self.execute_for(&user(), confirmed, reverses, observer, cancel)
    }

    /// The same for somebody else than who runs this program: the journal says `by`.
    ///
    /// # Errors
    /// As [`Self::execute`].
    pub fn execute_for(
        &self,
        by: &str,
        confirmed: Confirmed,
        reverses: Option<&str>,
        observer: Observer<'_>,
        cancel: &Cancel,
    ) -> Result<Report, JournalError> {
        let digest = confirmed.plan().digest();
        let done = match &self.seat {
            Seat::Here(host) => {
                let (host, folder) = (host.as_ref(), &self.folder);
                Journal::open(folder).and_then(|journal| {
                    execute_here(Executor { host, journal: &journal, observer, cancel }, by, confirmed, reverses)
                })
            }
            Seat::Executor(client) => client.execute(confirmed.plan(), reverses, by, observer, cancel),
        };
        let is_over = |error: &JournalError| matches!(error, JournalError::CarriedOut { .. } | JournalError::Lost(_));
        if done.as_ref().map_or_else(is_over, |_| true) {
            self.drop_document(&digest);
        }
        done
    }

    /// Asks an operation that an executor carries out to stop at its next safe place, whoever started it.
    /// Whether it runs there: what another process of this host carries out cannot be reached.
    ///
    /// # Errors
    /// If the executor cannot be asked.
    pub fn stop(&self, op: &OperationId) -> Result<bool, JournalError> {
        match &self.seat {
            Seat::Here(_) => Ok(false),
            Seat::Executor(client) => client.stop(op),
        }
    }

    /// Goes on with an operation that was cut off.
    ///
    /// # Errors
    /// If it has ended, or cannot be gone on with.
    pub fn resume(
        &self,
        operation: &Operation,
        observer: Observer<'_>,
        cancel: &Cancel,
    ) -> Result<Report, ResumeError> {
        let host = self.host().map_err(ResumeError::Journal)?;
        let journal = Journal::open(&self.folder).map_err(ResumeError::Journal)?;
        let now = self.by_now(operation).map_err(ResumeError::Journal)?;
        Executor { host, journal: &journal, observer, cancel }.resume(&now)
    }

    /// Takes back what an operation that was cut off has made.
    ///
    /// # Errors
    /// If the journal cannot be opened, or it has ended in the meantime.
    pub fn take_back(
        &self,
        operation: &Operation,
        observer: Observer<'_>,
        cancel: &Cancel,
    ) -> Result<Report, JournalError> {
        let host = self.host()?;
        let journal = Journal::open(&self.folder)?;
        let now = self.by_now(operation)?;
        if !now.is_open() {
            return Err(JournalError::Ended { op: now.id });
        }
        Ok(Executor { host, journal: &journal, observer, cancel }.take_back(&now))
    }

    /// How far an operation is, under the lock: somebody may have gone on with it since it was read.
    fn by_now(&self, operation: &Operation) -> Result<Operation, JournalError> {
        let all = self.history()?;
        let found = all.iter().find(|found| found.id == operation.id);
        Ok(found.map_or_else(|| operation.clone(), |found| Operation::clone(found)))
    }

    /// The host, for whoever goes on with what was cut off.
    fn host(&self) -> Result<&dyn Host, JournalError> {
        match &self.seat {
            Seat::Here(host) => Ok(host.as_ref()),
            Seat::Executor(_) => Err(JournalError::Elsewhere(
                "what was cut off is gone on with by the executor's own user: `kai op resume` there".to_owned(),
            )),
        }
    }
}

/// Carries it out on this program's own host, unless it was before.
fn execute_here(
    executor: Executor<'_>,
    by: &str,
    confirmed: Confirmed,
    reverses: Option<&str>,
) -> Result<Report, JournalError> {
    let journal = executor.journal;
    // What it made bears its id: a second time, taking back would destroy what the first time made.
    let id = &confirmed.plan().id;
    if journal.had(id) {
        return Err(JournalError::CarriedOut { op: id.clone() });
    }
    let report = executor.execute(confirmed, by)?;
    if let Some(reversed) = reverses.filter(|_| report.outcome == Outcome::Done) {
        journal.append(reversed, Event::Reversed { by: report.op.clone() })?;
    }
    Ok(report)
}

/// The journal as a table, oldest first.
pub(super) fn history(operations: &[Arc<Operation>], limit: usize) -> Table {
    let mut table = Table::new(&["op", "at", "by", "outcome", "summary"]);
    for operation in &operations[operations.len().saturating_sub(limit)..] {
        table.row(vec![
            serde_json::json!(operation.id),
            serde_json::json!(operation.started),
            serde_json::json!(operation.by),
            serde_json::json!(operation.ending()),
            serde_json::json!(operation.plan.summary),
        ]);
    }
    table
}
