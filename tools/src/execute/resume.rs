//! Going on with an operation that was cut off.

use std::collections::BTreeMap;

use super::check::{All, check_all};
use super::{Executor, Report, StepError, Work};
use crate::journal::{Event, JournalError, Operation, StepState};
use crate::names::Guid;
use crate::plan::Condition;

/// Why an operation is not resumed.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// It has ended.
    #[error("operation {0} has ended; there is nothing to resume")]
    Ended(String),
    /// Nobody can tell how far a step got.
    #[error(
        "step {step} ({reason}) of operation {op} was cut off half way: neither what it needs nor what it promises holds"
    )]
    HalfWay {
        /// The operation.
        op: String,
        /// The step, from 0.
        step: usize,
        /// What it was for.
        reason: String,
    },
    /// The host could not be asked.
    #[error(transparent)]
    Step(#[from] StepError),
    /// The journal could not be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl Executor<'_> {
    /// Goes on where an operation was cut off: forwards, or, if it had failed or was being taken back,
    /// backwards.
    ///
    /// # Errors
    /// If it has ended, or a step was cut off in a way that cannot be told.
    pub fn resume(&self, operation: &Operation) -> Result<Report, ResumeError> {
        if !operation.is_open() {
            return Err(ResumeError::Ended(operation.id.clone()));
        }
        self.journal.is_open_for(&operation.id);
        let goes_back = operation.error.is_some() || !operation.undone.is_empty();
        if goes_back && !operation.plan.goes_on_only() {
            return Ok(self.take_back(operation));
        }
        let mut states = operation.steps.clone();
        let mut made = operation.made.clone();
        for step in &operation.plan.steps {
            let cut_off = |state: &&mut StepState| matches!(**state, StepState::Begun | StepState::Failed);
            let Some(state) = states.get_mut(step.id).filter(cut_off) else { continue };
            let can_tell = !step.repeatable && !step.ensures.is_empty();
            let seen = if can_tell { Some(self.all(&step.ensures, &made)?) } else { None };
            if let Some(All::Hold(guids)) = seen {
                self.journal.append(&operation.id, Event::Done { step: step.id, made: guids.clone() })?;
                made.extend(guids);
                *state = StepState::Done;
            } else if step.repeatable || self.all(&step.requires, &made)?.hold() {
                // Done again; what half of it left is cleared first.
                *state = if step.repeatable { StepState::Begun } else { StepState::Waiting };
            } else {
                let (op, reason) = (operation.id.clone(), step.reason.clone());
                return Err(ResumeError::HalfWay { op, step: step.id, reason });
            }
        }
        Ok(self.carry_on(&operation.plan, states, made, operation.left_out.clone()))
    }

    /// Takes back what an operation that was cut off has done.
    #[must_use]
    pub fn take_back(&self, operation: &Operation) -> Report {
        self.journal.is_open_for(&operation.id);
        let start = std::time::Instant::now();
        let work = Work {
            executor: self,
            plan: &operation.plan,
            made: operation.made.clone().into(),
            states: operation.steps.clone().into(),
            left_out: operation.left_out.clone().into(),
            failure: Some((usize::MAX, StepError::CutOff)).into(),
        };
        work.finish(start)
    }

    fn all(&self, conditions: &[Condition], made: &BTreeMap<String, Guid>) -> Result<All, StepError> {
        Ok(check_all(self.host, conditions, made)?)
    }
}
