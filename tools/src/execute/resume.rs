//! Going on with an operation that was cut off.

use super::{Executor, Report, StepError, Work, check};
use crate::journal::{Event, JournalError, Operation, StepState};
use crate::plan::{Condition, Effect, Step};

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
    /// Goes on where an operation was cut off: forwards, or, if it had failed, backwards.
    ///
    /// # Errors
    /// If it has ended, or a step was cut off in a way that cannot be told.
    pub fn resume(&self, operation: &Operation) -> Result<Report, ResumeError> {
        if !operation.is_open() {
            return Err(ResumeError::Ended(operation.id.clone()));
        }
        // What destroys has no way back: it only goes on.
        if operation.error.is_some() && operation.plan.effect != Effect::Destroy {
            return Ok(self.take_back(operation)?);
        }
        let mut states = operation.steps.clone();
        let mut made = operation.made.clone();
        for step in &operation.plan.steps {
            let cut_off = |state: &&mut StepState| matches!(**state, StepState::Begun | StepState::Failed);
            let Some(state) = states.get_mut(step.id).filter(cut_off) else { continue };
            let all = |conditions: &[Condition]| -> Result<bool, StepError> {
                for condition in conditions {
                    if !check(self.host, condition, &made)?.holds {
                        return Ok(false);
                    }
                }
                Ok(true)
            };
            let is_done = !step.repeatable && !step.ensures.is_empty() && all(&step.ensures)?;
            if is_done {
                let guids = self.guids(step, &made)?;
                self.journal.append(&operation.id, Event::Done { step: step.id, made: guids.clone() })?;
                made.extend(guids);
                *state = StepState::Done;
            } else if step.repeatable || all(&step.requires)? {
                // Done again; what half of it left is cleared first.
                *state = if step.repeatable { StepState::Begun } else { StepState::Waiting };
            } else {
                let (op, reason) = (operation.id.clone(), step.reason.clone());
                return Err(ResumeError::HalfWay { op, step: step.id, reason });
            }
        }
        Ok(self.carry_on(&operation.plan, states, made)?)
    }

    /// Takes back what an operation that was cut off has done.
    ///
    /// # Errors
    /// If the journal cannot be written.
    pub fn take_back(&self, operation: &Operation) -> Result<Report, JournalError> {
        let start = std::time::Instant::now();
        let work = Work {
            executor: self,
            plan: &operation.plan,
            made: operation.made.clone().into(),
            states: operation.steps.clone().into(),
            failure: Some((usize::MAX, StepError::CutOff)).into(),
        };
        work.finish(start)
    }

    fn guids(
        &self,
        step: &Step,
        made: &std::collections::BTreeMap<String, crate::names::Guid>,
    ) -> Result<Vec<(String, crate::names::Guid)>, StepError> {
        let mut guids = Vec::new();
        for condition in step.ensures.iter().filter(|condition| super::makes(condition)) {
            guids.extend(check(self.host, condition, made)?.guid);
        }
        Ok(guids)
    }
}
