//! The side that asks.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::listing::{Listing, Part};
use super::{Call, Change, Document, Execute, Failure, LINE, Reply};
use crate::execute::{Cancel, Observer, Progress, Report, StepError};
use crate::facts::{Facts, ObserveError, Scope};
use crate::host::HostError;
use crate::journal::{History, JournalError, Since};
use crate::names::{OperationId, Stamp};
use crate::operator::{Proposal, ProposeError, Proposed};
use crate::plan::Plan;
use crate::request::Request;

/// An executor, by its socket.
#[derive(Debug, Clone)]
pub struct Client {
    socket: PathBuf,
    /// What is known of its journal.
    known: Arc<Mutex<Listing>>,
}

/// A look or a plan that is not there by then will not come.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often it is looked whether an execution is to stop.
const LOOK: Duration = Duration::from_millis(200);

impl Client {
    /// The executor at that socket. Nothing is sent yet.
    #[must_use]
    pub fn new(socket: PathBuf) -> Self {
        Self { socket, known: Arc::default() }
    }

    /// What people call it.
    pub(crate) fn name(&self) -> String {
        "this host".to_owned()
    }

    pub(crate) fn observe(&self, scope: &Scope) -> Result<Facts, ObserveError> {
        match self.ask(&Call::Observe(scope.clone()))? {
            Reply::Facts(facts) => Ok(*facts),
            Reply::Failed { message, hints, .. } => Err(ObserveError::Elsewhere { said: message, hints }),
            other @ (Reply::Found(_)
            | Reply::Plan { .. }
            | Reply::Operations(_)
            | Reply::Step { .. }
            | Reply::Ended(_)
            | Reply::Stopping(_)
            | Reply::Refused(_)) => Err(unexpected(&other)),
        }
    }

    pub(crate) fn propose(&self, request: &Request, made: Stamp) -> Result<Proposed, ProposeError> {
        let mut proposed =
            self.proposed(&Call::Propose { request: request.clone(), document: Document::of(request), made })?;
        if let Proposed::Plan(proposal) = &mut proposed {
            // What came back has a stand-in for a document.
            proposal.plan.request = proposal.plan.request.clone().with_user_data(request.user_data().cloned());
        }
        Ok(proposed)
    }

    pub(crate) fn undo(&self, op: &str, made: Stamp) -> Result<Proposed, ProposeError> {
        let op = op.parse::<OperationId>();
        let op = op.map_err(|error| crate::plan::Refusal::new(crate::plan::Reason::Invalid, error.to_string()))?;
        self.proposed(&Call::Undo { op, made })
    }

    fn proposed(&self, call: &Call) -> Result<Proposed, ProposeError> {
        match self.ask(call)? {
            Reply::Found(table) => Ok(Proposed::Found(table)),
            Reply::Plan { plan, reverses } => {
                Ok(Proposed::Plan(Box::new(Proposal { reverses, ..Proposal::from(*plan) })))
            }
            Reply::Refused(refusal) => Err(refusal.into()),
            Reply::Failed { message, kind: Failure::Journal | Failure::Busy, .. } => {
                Err(JournalError::Elsewhere(message).into())
            }
            Reply::Failed { message, hints, .. } => Err(ObserveError::Elsewhere { said: message, hints }.into()),
            other @ (Reply::Facts(_)
            | Reply::Operations(_)
            | Reply::Step { .. }
            | Reply::Ended(_)
            | Reply::Stopping(_)) => Err(unexpected(&other).into()),
        }
    }

    /// What was done, oldest first. Only what came since the last time is asked for.
    pub(crate) fn history(&self) -> Result<History, JournalError> {
        let Since { history, running, .. } = self.since()?;
        Ok(history.marked(running.as_deref()))
    }

    /// The same, with what runs apart.
    pub(crate) fn since(&self) -> Result<Since, JournalError> {
        let elsewhere = |error: ObserveError| JournalError::Elsewhere(crate::with_causes(&error));
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut link = self.connect(&Call::Operations { since: known.mark.clone() }).map_err(elsewhere)?;
        let mut changed = Vec::new();
        loop {
            match link.patient().map_err(elsewhere)? {
                Reply::Operations(Part::One { at, operation }) => changed.push((at, *operation)),
                Reply::Operations(Part::End { adds, mark, running }) => {
                    let gap = || JournalError::Elsewhere("the executor's list of operations has a gap".to_owned());
                    let known = known.with(changed, adds, mark).ok_or_else(gap)?;
                    let since = known.since(running);
                    *self.known.lock().unwrap_or_else(PoisonError::into_inner) = known;
                    return Ok(since);
                }
                Reply::Failed { message, .. } => return Err(JournalError::Elsewhere(message)),
                other @ (Reply::Facts(_)
                | Reply::Found(_)
                | Reply::Plan { .. }
                | Reply::Step { .. }
                | Reply::Ended(_)
                | Reply::Stopping(_)
                | Reply::Refused(_)) => return Err(elsewhere(unexpected(&other))),
            }
        }
    }

    /// Asks an operation that runs there to stop. Whether it does.
    pub(crate) fn stop(&self, op: &OperationId) -> Result<bool, JournalError> {
        match self.ask(&Call::StopOperation { op: op.clone() }) {
            Ok(Reply::Stopping(runs)) => Ok(runs),
            Ok(other) => Err(JournalError::Elsewhere(unexpected(&other).to_string())),
            Err(error) => Err(JournalError::Elsewhere(crate::with_causes(&error))),
        }
    }

    /// Has a plan carried out that a person has confirmed.
    pub(crate) fn execute(
        &self,
        plan: &Plan,
        reverses: Option<&str>,
        by: &str,
        observer: Observer<'_>,
        cancel: &Cancel,
    ) -> Result<Report, JournalError> {
        let elsewhere = |error: &dyn std::error::Error| JournalError::Elsewhere(crate::with_causes(error));
        let reverses = reverses.map(str::parse).transpose();
        let call = Call::Execute(Execute {
            request: plan.request.clone(),
            document: Document::of(&plan.request),
            reverses: reverses.map_err(|error: crate::names::NameError| elsewhere(&error))?,
            made: plan.made,
            digest: plan.digest(),
            by: by.to_owned(),
        });
        let mut link = self.connect(&call).map_err(|error| elsewhere(&error))?;
        let mut asked_to_stop = false;
        loop {
            if cancel.is_requested() && !asked_to_stop {
                asked_to_stop = true;
                // An executor that is gone meanwhile shows at the next line.
                let _ = link.send(&Call::Stop);
            }
            // Whatever ends the connection from here on, the other side may have begun.
            match link.next().map_err(|error| JournalError::Lost(crate::with_causes(&error)))? {
                None => {}
                Some(Reply::Step { step, what }) => tell(plan, step, &what, observer),
                Some(Reply::Ended(report)) => return Ok(*report),
                Some(Reply::Failed { kind: Failure::Busy, .. }) => {
                    return Err(JournalError::Busy { holder: "of the executor".to_owned() });
                }
                Some(Reply::Failed { kind: Failure::CarriedOut, .. }) => {
                    return Err(JournalError::CarriedOut { op: plan.id.clone() });
                }
                Some(Reply::Failed { message, kind: Failure::Unconfirmed, .. }) => {
                    return Err(JournalError::Unconfirmed(message));
                }
                Some(Reply::Failed { message, .. }) => return Err(JournalError::Elsewhere(message)),
                Some(Reply::Refused(refusal)) => return Err(JournalError::Unconfirmed(refusal.to_string())),
                Some(other) => return Err(elsewhere(&unexpected(&other))),
            }
        }
    }

    fn ask(&self, call: &Call) -> Result<Reply, ObserveError> {
        self.connect(call)?.patient()
    }

    fn connect(&self, call: &Call) -> Result<Link, ObserveError> {
        let failed = |source| broken(&self.socket, source);
        let stream = UnixStream::connect(&self.socket).map_err(failed)?;
        stream.set_read_timeout(Some(LOOK)).map_err(failed)?;
        let reader = BufReader::new(stream.try_clone().map_err(failed)?);
        let mut link = Link { socket: self.socket.clone(), stream, reader, line: Vec::new() };
        link.send(call)?;
        Ok(link)
    }
}

/// A connection, line by line.
struct Link {
    socket: PathBuf,
    stream: UnixStream,
    reader: BufReader<UnixStream>,
    /// What has come of a line.
    line: Vec<u8>,
}

impl Link {
    fn broken(&self, source: std::io::Error) -> ObserveError {
        broken(&self.socket, source).into()
    }

    fn send(&mut self, call: &Call) -> Result<(), ObserveError> {
        let mut line = serde_json::to_vec(call).map_err(|error| self.broken(error.into()))?;
        line.push(b'\n');
        self.stream.write_all(&line).map_err(|error| self.broken(error))
    }

    /// The next reply, which is waited for.
    fn patient(&mut self) -> Result<Reply, ObserveError> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if let Some(reply) = self.next()? {
                return Ok(reply);
            }
        }
        Err(self.broken(std::io::ErrorKind::TimedOut.into()))
    }

    /// The next reply; none if there was none for a moment.
    fn next(&mut self) -> Result<Option<Reply>, ObserveError> {
        let left = LINE.saturating_sub(self.line.len() as u64);
        match (&mut self.reader).take(left).read_until(b'\n', &mut self.line) {
            Ok(_) if self.line.ends_with(b"\n") => {
                let reply = serde_json::from_slice(&self.line).map_err(|error| self.broken(error.into()))?;
                self.line.clear();
                Ok(Some(reply))
            }
            Ok(_) => Err(self.broken(std::io::ErrorKind::UnexpectedEof.into())),
            Err(error) if is_a_moment(&error) => Ok(None),
            Err(error) => Err(self.broken(error)),
        }
    }
}

fn is_a_moment(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut | std::io::ErrorKind::Interrupted
    )
}

fn broken(socket: &Path, source: std::io::Error) -> HostError {
    HostError::Executor { socket: socket.to_owned(), source }
}

fn unexpected(reply: &Reply) -> ObserveError {
    let said: String = format!("the executor answered something else: {reply:?}").chars().take(200).collect();
    ObserveError::Elsewhere { said, hints: Vec::new() }
}

/// Tells what the executor said of a step, in terms of the plan that is known here.
fn tell(plan: &Plan, step: usize, what: &Change, observer: Observer<'_>) {
    let Some(step) = plan.steps.get(step) else { return };
    match what {
        Change::Begun => observer(Progress::Begin(step)),
        Change::Done { micros } => observer(Progress::Done(step, Duration::from_micros(*micros))),
        Change::Failed { why } => observer(Progress::Failed(step, &StepError::Elsewhere(why.clone()))),
        Change::Undone { part } => observer(Progress::Undone(step, *part)),
        Change::NotUndone { part, why } => observer(Progress::NotUndone(step, *part, why)),
    }
}
