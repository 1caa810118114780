//! Doing one thing.

use std::collections::BTreeMap;
use std::time::Duration;

use super::check::check;
use crate::facts::{self, ObserveError};
use crate::host::{Command, Host, HostError};
use crate::journal::{Journal, JournalError};
use crate::names::Guid;
use crate::plan::{Action, Condition};

/// Why a step did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// Something is no longer as it was when the plan was made.
    #[error("the host has changed since the plan was made: it no longer holds that {0}")]
    Drift(Condition),
    /// It was done, and what should hold after it does not.
    #[error("it was done, but it does not hold that {0}")]
    NotSeen(Condition),
    /// What was waited for did not come.
    #[error("after {seconds} s it still does not hold that {condition}")]
    Waited {
        /// What was waited for.
        condition: Condition,
        /// How long.
        seconds: u32,
    },
    /// The object stayed busy.
    #[error("`{command}` was tried for {seconds} s: {said}")]
    Busy {
        /// The command line.
        command: String,
        /// How long.
        seconds: u64,
        /// What it said.
        said: String,
    },
    /// The host could not do it, or said no.
    #[error(transparent)]
    Observe(#[from] ObserveError),
    /// It could not be journalled.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// It was cut off, and somebody wants it taken back.
    #[error("it was cut off")]
    CutOff,
    /// An executor said so.
    #[error("{0}")]
    Elsewhere(String),
    /// A person wanted it: by Ctrl-C, or by a request to stop.
    #[error("stopped on request")]
    Stopped,
}

impl From<HostError> for StepError {
    fn from(error: HostError) -> Self {
        Self::Observe(error.into())
    }
}

/// A device that was just let go of stays busy for a moment.
const BUSY_TRIES: u32 = 20;
const BUSY_PAUSE: Duration = Duration::from_millis(500);
const AWAIT_PAUSE: Duration = Duration::from_millis(25);

/// Does it.
pub(super) fn act(
    host: &dyn Host,
    journal: &Journal,
    op: &str,
    action: &Action,
    made: &BTreeMap<String, Guid>,
) -> Result<(), StepError> {
    match action {
        Action::Run(command) => run(host, command),
        Action::RunWhileBusy(command) => run_while_busy(host, command),
        Action::Create { path, content, mode } => match content.bytes() {
            Some(bytes) => Ok(host.create(path, bytes, *mode)?),
            None => Ok(host.create(path, &journal.content(op, content)?, *mode)?),
        },
        Action::Copy { from, to } => Ok(host.copy(from, to)?),
        Action::Remove { path } => Ok(host.remove(path).map(drop)?),
        Action::Await { condition, seconds } => wait(host, condition, *seconds, made),
    }
}

fn run(host: &dyn Host, command: &Command) -> Result<(), StepError> {
    let output = host.run(command)?;
    if output.is_ok() { Ok(()) } else { Err(facts::failed(command, &output).into()) }
}

fn run_while_busy(host: &dyn Host, command: &Command) -> Result<(), StepError> {
    let mut said = String::new();
    for _ in 0..BUSY_TRIES {
        let output = host.run(command)?;
        if output.is_ok() {
            return Ok(());
        }
        if !output.stderr.contains("dataset is busy") {
            return Err(facts::failed(command, &output).into());
        }
        said = output.complaint();
        host.sleep(BUSY_PAUSE);
    }
    Err(StepError::Busy { command: command.to_string(), seconds: u64::from(BUSY_TRIES) / 2, said })
}

fn wait(host: &dyn Host, condition: &Condition, seconds: u32, made: &BTreeMap<String, Guid>) -> Result<(), StepError> {
    // Counted in pauses: a simulated host has a clock of its own.
    for _ in 0..u64::from(seconds) * 40 {
        if check(host, condition, made)?.holds {
            return Ok(());
        }
        host.sleep(AWAIT_PAUSE);
    }
    Err(StepError::Waited { condition: condition.clone(), seconds })
}
