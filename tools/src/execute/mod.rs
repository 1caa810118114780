//! Carrying out a confirmed plan: journal the intent, look again, do a step, read it back, journal
//! the outcome; on failure take back what was made. No choices are made here.

mod act;
mod check;
mod compensate;
mod resume;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

pub use act::StepError;
use check::{All, check_all};
pub use resume::ResumeError;

use crate::confirm::Confirmed;
use crate::host::Host;
use crate::journal::{Event, Journal, JournalError, Outcome, StepState};
use crate::names::Guid;
use crate::plan::{Plan, Step};
use crate::with_causes;

/// A wish to stop at the next safe place.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks to stop.
    pub fn request(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// The flag itself, for a signal handler.
    #[must_use]
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }

    pub(crate) fn is_requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What an execution is doing.
#[derive(Debug)]
pub enum Progress<'a> {
    /// A step begins.
    Begin(&'a Step),
    /// A step is done.
    Done(&'a Step, Duration),
    /// A step failed.
    Failed(&'a Step, &'a StepError),
    /// Part of a step was taken back.
    Undone(&'a Step, usize),
    /// Part of a step could not be taken back.
    NotUndone(&'a Step, usize, &'a str),
}

/// Hears what an execution is doing, from any of its threads.
pub type Observer<'a> = &'a (dyn Fn(Progress<'_>) + Sync);

/// How an execution ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The operation.
    pub op: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it failed, if it did.
    pub error: Option<String>,
    /// What to do about it.
    pub hints: Vec<String>,
    /// What could not be taken back.
    pub left: Vec<String>,
    /// What was left out, and why.
    pub left_out: Vec<String>,
    /// What it made: guids by name.
    pub made: BTreeMap<String, Guid>,
    /// How long it took.
    pub took: Duration,
}

/// So many lanes run at once.
const LANES: usize = 4;

/// Executes on one host, under one journal.
pub struct Executor<'a> {
    /// Where.
    pub host: &'a dyn Host,
    /// What is written down.
    pub journal: &'a Journal,
    /// Who hears of it.
    pub observer: Observer<'a>,
    /// Whether to stop.
    pub cancel: &'a Cancel,
}

impl std::fmt::Debug for Executor<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Executor").field("host", &self.host.name()).finish_non_exhaustive()
    }
}

/// The state of one execution, shared by its lanes.
struct Work<'a> {
    executor: &'a Executor<'a>,
    plan: &'a Plan,
    made: Mutex<BTreeMap<String, Guid>>,
    states: Mutex<Vec<StepState>>,
    /// Steps that were left out, and why; their state is that they are done.
    left_out: Mutex<BTreeMap<usize, String>>,
    failure: Mutex<Option<(usize, StepError)>>,
}

impl Executor<'_> {
    /// Carries out a plan. `by` is the user who started it.
    ///
    /// # Errors
    /// If the intent cannot be journalled: nothing was done then. Everything else is in the report.
    pub fn execute(&self, confirmed: Confirmed, by: &str) -> Result<Report, JournalError> {
        let plan = confirmed.into_plan();
        self.journal.keep_contents(&plan)?;
        let digest = plan.digest();
        self.journal.is_open_for(&plan.id);
        self.journal.append(&plan.id, Event::Started { plan: Box::new(plan.clone()), digest, by: by.to_owned() })?;
        let states = vec![StepState::Waiting; plan.steps.len()];
        Ok(self.carry_on(&plan, states, BTreeMap::new(), BTreeMap::new()))
    }

    /// Does what is still waiting, and ends the operation.
    fn carry_on(
        &self,
        plan: &Plan,
        states: Vec<StepState>,
        made: BTreeMap<String, Guid>,
        left_out: BTreeMap<usize, String>,
    ) -> Report {
        let start = Instant::now();
        let work = Work {
            executor: self,
            plan,
            made: Mutex::new(made),
            states: Mutex::new(states),
            left_out: Mutex::new(left_out),
            failure: Mutex::new(None),
        };
        let stages: std::collections::BTreeSet<u16> = plan.steps.iter().map(|step| step.stage).collect();
        for stage in stages {
            work.stage(stage);
            if work.has_failed() {
                break;
            }
        }
        work.finish(start)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Work<'_> {
    fn has_failed(&self) -> bool {
        locked(&self.failure).is_some()
    }

    /// Runs the lanes of a stage side by side.
    fn stage(&self, stage: u16) {
        let mut lanes: BTreeMap<u16, Vec<&Step>> = BTreeMap::new();
        for step in self.plan.steps.iter().filter(|step| step.stage == stage) {
            lanes.entry(step.lane).or_default().push(step);
        }
        let lanes: Vec<Vec<&Step>> = lanes.into_values().collect();
        if let [lane] = lanes.as_slice() {
            return self.lane(lane);
        }
        let next = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..LANES.min(lanes.len()) {
                scope.spawn(|| {
                    while let Some(lane) = lanes.get(next.fetch_add(1, Ordering::Relaxed)) {
                        self.lane(lane);
                    }
                });
            }
        });
    }

    fn lane(&self, steps: &[&Step]) {
        for step in steps {
            let state = locked(&self.states).get(step.id).copied();
            if state == Some(StepState::Done) {
                continue;
            }
            if self.has_failed() {
                return;
            }
            if let Some(why) = self.belongs_to_what_is_left_out(step) {
                self.leave_out(step, why);
                continue;
            }
            if state == Some(StepState::Begun) {
                self.clear_half(step);
            }
            if let Err(error) = self.step(step) {
                if step.optional && self.can_do_without(step, &error) {
                    (self.executor.observer)(Progress::Failed(step, &error));
                    self.leave_out(step, with_causes(&error));
                    continue;
                }
                self.set(step, StepState::Failed);
                (self.executor.observer)(Progress::Failed(step, &error));
                // The failure itself counts, whether or not it can be written down.
                let event = Event::Failed { step: step.id, error: error.to_string() };
                let _ = self.executor.journal.append(&self.plan.id, event);
                locked(&self.failure).get_or_insert((step.id, error));
                return;
            }
        }
    }

    fn set(&self, step: &Step, state: StepState) {
        if let Some(slot) = locked(&self.states).get_mut(step.id) {
            *slot = state;
        }
    }

    /// Why a step is left out that belongs to an optional one, if it is.
    fn belongs_to_what_is_left_out(&self, step: &Step) -> Option<String> {
        let of = step.only_with?;
        locked(&self.left_out).get(&of).map(|_| format!("step {} was left out", of + 1))
    }

    /// The operation goes on without it.
    fn leave_out(&self, step: &Step, why: String) {
        // If it cannot be written down, the next step cannot be either, and ends the operation.
        let _ = self.executor.journal.append(&self.plan.id, Event::LeftOut { step: step.id, why: why.clone() });
        self.set(step, StepState::Done);
        locked(&self.left_out).insert(step.id, why);
    }

    fn step(&self, step: &Step) -> Result<(), StepError> {
        let Executor { host, journal, observer, cancel } = *self.executor;
        if cancel.is_requested() {
            return Err(StepError::Stopped);
        }
        let start = Instant::now();
        observer(Progress::Begin(step));
        let made = locked(&self.made).clone();
        if let All::Fails(condition) = check_all(host, &step.requires, &made)? {
            return Err(StepError::Drift(condition));
        }
        journal.append(&self.plan.id, Event::Begin { step: step.id })?;
        self.set(step, StepState::Begun);
        act::act(host, journal, &self.plan.id, &step.action, &made)?;
        let made = self.read_back(step)?;
        journal.append(&self.plan.id, Event::Done { step: step.id, made: made.clone() })?;
        self.set(step, StepState::Done);
        locked(&self.made).extend(made);
        observer(Progress::Done(step, start.elapsed()));
        Ok(())
    }

    /// Whether what the step promises holds; the guids of what it made.
    fn read_back(&self, step: &Step) -> Result<Vec<(String, Guid)>, StepError> {
        let known = locked(&self.made).clone();
        match check_all(self.executor.host, &step.ensures, &known)? {
            All::Hold(made) => Ok(made),
            All::Fails(condition) => Err(StepError::NotSeen(condition)),
        }
    }

    /// Optional steps that were left out, with the reasons.
    fn said_of_what_was_left_out(&self) -> Vec<String> {
        let left_out = locked(&self.left_out);
        let optional = self.plan.steps.iter().filter(|step| step.optional);
        optional
            .filter_map(|step| Some(format!("not done: {}, because {}", step.reason, left_out.get(&step.id)?)))
            .collect()
    }

    fn finish(&self, start: Instant) -> Report {
        let failure = locked(&self.failure).take();
        let (outcome, left) = match &failure {
            None => (Outcome::Done, Vec::new()),
            Some(_) => self.take_back(),
        };
        let mut hints = failure.as_ref().map(|(_, error)| hints(error)).unwrap_or_default();
        let left_out = self.said_of_what_was_left_out();
        hints.extend(left_out.iter().cloned());
        let error = failure.map(|(step, error)| match self.plan.steps.get(step) {
            Some(step) => format!("{}: {}", step.reason, with_causes(&error)),
            None => with_causes(&error),
        });
        let message = error.clone().unwrap_or_else(|| {
            if left_out.is_empty() { "done".to_owned() } else { format!("done, but not all: {}", left_out.join("; ")) }
        });
        match self.executor.journal.append(&self.plan.id, Event::Ended { outcome, message }) {
            Ok(()) if outcome != Outcome::Left => self.executor.journal.drop_contents(&self.plan.id),
            Ok(()) => {}
            // What was done counts, whether or not it can be written down.
            Err(error) => hints.push(unwritten(&self.plan.id, outcome, &error)),
        }
        let made = locked(&self.made).clone();
        Report { op: self.plan.id.clone(), outcome, error, hints, left, left_out, made, took: start.elapsed() }
    }
}

/// What to do when the journal could not be told how an operation ended.
fn unwritten(op: &str, outcome: Outcome, error: &JournalError) -> String {
    let how = if outcome == Outcome::Done { "resume" } else { "undo" };
    format!("the journal does not say that it ended ({}): `kai op {how} {op}` makes it say so", with_causes(error))
}

fn hints(error: &StepError) -> Vec<String> {
    match error {
        StepError::Observe(error) => error.hints(),
        StepError::Drift(_) => vec!["plan it again: the new plan shows the host as it is now".to_owned()],
        StepError::NotSeen(_)
        | StepError::Waited { .. }
        | StepError::Busy { .. }
        | StepError::Journal(_)
        | StepError::CutOff
        | StepError::Elsewhere(_)
        | StepError::Stopped => Vec::new(),
    }
}
