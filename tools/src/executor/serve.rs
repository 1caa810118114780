//! The side that may: every connection is one call, answered on a thread of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::listing::parts;
use super::{Call, Change, Document, Execute, Failure, Reply};
use crate::confirm::Confirmed;
use crate::execute::{Cancel, Progress};
use crate::journal::JournalError;
use crate::names::{OperationId, Stamp};
use crate::operator::{Operator, Proposed};
use crate::plan::{Effect, Plan};
use crate::with_causes;

/// So many calls are answered at a time.
const CALLS: usize = 32;
/// A call is one request: longer ones are none.
const CALL: u64 = 1 << 20;
/// A plan of a moment that is further in the future than clocks of one host differ is none.
const AHEAD: u64 = 5;
/// Whoever connects says what it wants.
const PATIENCE: Duration = Duration::from_secs(10);
/// And reads a line that it is told: what is executed waits for it, and everybody else for that.
const READS_WITHIN: Duration = Duration::from_secs(3);
/// So much of a line is written at a time.
const PIECE: usize = 16 << 10;

/// What the threads of an executor share.
#[derive(Debug, Default)]
pub struct Running {
    calls: AtomicUsize,
    /// Those that execute: the operation, and the wish to stop it.
    executing: Mutex<Vec<(String, Cancel)>>,
}

impl Running {
    /// Asks what is being executed to stop at its next safe place, and waits until nothing is any more.
    pub fn stop(&self) {
        self.executing().iter().for_each(|(_, cancel)| cancel.request());
        while !self.executing().is_empty() {
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Asks that operation to stop. Whether it is being executed.
    fn stop_one(&self, op: &OperationId) -> bool {
        let executing = self.executing();
        let that = || executing.iter().filter(|(id, _)| id == op.as_str());
        that().for_each(|(_, cancel)| cancel.request());
        that().next().is_some()
    }

    fn begin(&self, op: &str, cancel: &Cancel) -> Executing<'_> {
        self.executing().push((op.to_owned(), cancel.clone()));
        Executing { running: self, cancel: cancel.clone() }
    }

    fn executing(&self) -> MutexGuard<'_, Vec<(String, Cancel)>> {
        self.executing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An execution that goes on.
struct Executing<'a> {
    running: &'a Running,
    cancel: Cancel,
}

impl Drop for Executing<'_> {
    fn drop(&mut self) {
        self.running.executing().retain(|(_, cancel)| !Arc::ptr_eq(&cancel.flag(), &self.cancel.flag()));
    }
}

/// A call that is being answered.
struct Answering(Arc<Running>);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.calls.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Answers calls until the listener fails.
pub fn serve(listener: &UnixListener, operator: &Arc<Operator>, running: &Arc<Running>) {
    for stream in listener.incoming() {
        let Ok(stream) = stream else { continue };
        let (running, operator) = (Arc::clone(running), Arc::clone(operator));
        let before = running.calls.fetch_add(1, Ordering::SeqCst);
        let answering = Answering(Arc::clone(&running));
        if before >= CALLS {
            continue;
        }
        std::thread::spawn(move || {
            let _answering = answering;
            let _ = answer(stream, &operator, &running);
        });
    }
}

fn answer(stream: UnixStream, operator: &Operator, running: &Running) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let say = Say(Mutex::new(Some(stream)));
    match call(&mut reader)? {
        Some(Ok(Call::Execute(asked))) => execute(operator, asked, reader, &say, running),
        Some(Ok(Call::StopOperation { op })) => say.line(&Reply::Stopping(running.stop_one(&op))),
        Some(Ok(Call::Operations { since })) => match operator.since(since.as_ref()) {
            Ok(since) => parts(since).for_each(|part| say.line(&Reply::Operations(part))),
            Err(error) => say.line(&journal_failed(&error)),
        },
        Some(Ok(call)) => say.line(&reply(operator, call)),
        Some(Err(why)) => say.line(&unconfirmed(format!("that is no call: {why}"))),
        None => {}
    }
    Ok(())
}

/// The next line; none at the end.
fn call(reader: &mut BufReader<UnixStream>) -> std::io::Result<Option<Result<Call, String>>> {
    let mut line = Vec::new();
    if reader.by_ref().take(CALL).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    Ok(Some(serde_json::from_slice(&line).map_err(|error| error.to_string())))
}

/// Lines to the other side. Whoever has gone away, or does not read them, misses them from then on; what runs
/// goes on.
struct Say(Mutex<Option<UnixStream>>);

impl Say {
    fn line(&self, reply: &Reply) {
        let mut stream = self.stream();
        let Some(open) = stream.as_mut() else { return };
        let Ok(mut line) = serde_json::to_vec(reply) else { return };
        line.push(b'\n');
        if write(open, &line).is_err() {
            close(&mut stream);
        }
    }

    fn end(&self) {
        close(&mut self.stream());
    }

    fn stream(&self) -> MutexGuard<'_, Option<UnixStream>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn close(stream: &mut Option<UnixStream>) {
    if let Some(stream) = stream.take() {
        let _ = stream.shutdown(std::net::Shutdown::Both);
    }
}

/// Writes a line, if it is read within its time. A piece is small enough that it is taken whole or not at all.
fn write(stream: &mut UnixStream, line: &[u8]) -> std::io::Result<()> {
    let until = Instant::now() + READS_WITHIN;
    for piece in line.chunks(PIECE) {
        let left = until.saturating_duration_since(Instant::now());
        stream.set_write_timeout(Some(left.max(Duration::from_millis(1))))?;
        stream.write_all(piece)?;
    }
    Ok(())
}

fn unconfirmed(message: String) -> Reply {
    Reply::Failed { message, hints: Vec::new(), kind: Failure::Unconfirmed }
}

fn journal_failed(error: &JournalError) -> Reply {
    Reply::Failed { message: with_causes(error), hints: Vec::new(), kind: Failure::Journal }
}

fn proposed(proposed: Proposed) -> Reply {
    match proposed {
        Proposed::Found(table) => Reply::Found(table),
        Proposed::Plan(proposal) => Reply::Plan { reverses: proposal.reverses, plan: Box::new(proposal.plan) },
    }
}

fn reply(operator: &Operator, call: Call) -> Reply {
    match call {
        Call::Observe(scope) => match operator.observe(&scope) {
            Ok(facts) => Reply::Facts(Box::new(facts)),
            Err(error) => Reply::Failed { message: with_causes(&error), hints: error.hints(), kind: Failure::Host },
        },
        Call::Propose { request, document, made } => {
            operator.propose(&Document::back_in(document.as_ref(), &request), made).map_or_else(Reply::from, proposed)
        }
        Call::Undo { op, made } => {
            let plan = operator.operation(&op).and_then(|found| operator.undo(&found, made));
            plan.map_or_else(Reply::from, |proposal| proposed(Proposed::Plan(Box::new(proposal))))
        }
        Call::Execute(_) | Call::Stop | Call::StopOperation { .. } | Call::Operations { .. } => {
            unconfirmed("nothing is being executed here".to_owned())
        }
    }
}

/// Plans anew, and executes if that is the plan that was confirmed.
fn execute(operator: &Operator, asked: Execute, mut reader: BufReader<UnixStream>, say: &Say, running: &Running) {
    let now = Stamp::now();
    if asked.made.seconds() > now.seconds() + AHEAD {
        return say.line(&unconfirmed(format!("the plan's moment {} is in the future", asked.made)));
    }
    let plan = match planned(operator, &asked) {
        Ok(plan) => plan,
        Err(reply) => return say.line(&reply),
    };
    let confirmed = match Confirmed::by_digest(plan, &asked.digest, now) {
        Ok(confirmed) => confirmed,
        Err(error) => return say.line(&unconfirmed(error.to_string())),
    };
    let cancel = Cancel::default();
    let _executing = running.begin(&confirmed.plan().id, &cancel);
    let wish = cancel.clone();
    // Ends with the connection, at the latest when this side shuts it.
    std::thread::spawn(move || {
        let _ = reader.get_ref().set_read_timeout(None);
        while let Ok(Some(said)) = call(&mut reader) {
            if matches!(said, Ok(Call::Stop)) {
                wish.request();
            }
        }
    });
    let reverses = asked.reverses.as_ref().map(|op| op.as_str().to_owned());
    let observer = |progress: Progress<'_>| say.line(&step(&progress));
    // Who it says it is is not known here; that it came over the socket is.
    let by: String = asked.by.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(80).collect();
    let done = operator.execute_for(&format!("{by} (executor)"), confirmed, reverses.as_deref(), &observer, &cancel);
    say.line(&match done {
        Ok(report) => Reply::Ended(Box::new(report)),
        Err(JournalError::Busy { holder }) => Reply::Failed {
            message: format!("another operation is running (process {holder})"),
            hints: Vec::new(),
            kind: Failure::Busy,
        },
        Err(error @ JournalError::CarriedOut { .. }) => {
            Reply::Failed { message: error.to_string(), hints: error.hints(), kind: Failure::CarriedOut }
        }
        Err(error) => journal_failed(&error),
    });
    say.end();
}

/// The plan as it is now.
fn planned(operator: &Operator, asked: &Execute) -> Result<Plan, Reply> {
    if let Some(op) = &asked.reverses {
        let proposal = operator.operation(op).and_then(|found| operator.undo(&found, asked.made));
        return proposal.map(|proposal| proposal.plan).map_err(Reply::from);
    }
    let request = Document::back_in(asked.document.as_ref(), &asked.request);
    if request.effect() == Effect::Read {
        return Err(unconfirmed("this only reads; there is nothing to execute".to_owned()));
    }
    match operator.propose(&request, asked.made).map_err(Reply::from)? {
        Proposed::Plan(proposal) => Ok(proposal.plan),
        Proposed::Found(_) => Err(unconfirmed("this only reads; there is nothing to execute".to_owned())),
    }
}

fn step(progress: &Progress<'_>) -> Reply {
    let (step, what) = match progress {
        Progress::Begin(step) => (step, Change::Begun),
        Progress::Done(step, took) => {
            (step, Change::Done { micros: u64::try_from(took.as_micros()).unwrap_or(u64::MAX) })
        }
        Progress::Failed(step, error) => (step, Change::Failed { why: with_causes(*error) }),
        Progress::Undone(step, part) => (step, Change::Undone { part: *part }),
        Progress::NotUndone(step, part, why) => (step, Change::NotUndone { part: *part, why: (*why).to_owned() }),
    };
    Reply::Step { step: step.id, what }
}
