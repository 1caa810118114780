//! Taking back what an operation made, newest first; a guest that waits comes before everything.

use super::check::{All, check_all};
use super::{Progress, StepError, Work, act, locked};
use crate::facts::ObserveError;
use crate::host::Program;
use crate::journal::{Event, Outcome, StepState};
use crate::plan::{Action, Condition, Identity, Step, UndoStep, When};

impl Work<'_> {
    /// Takes back every step that was done, and of one that failed half way what bears our mark.
    /// Returns how that ended, and what is left.
    pub(super) fn take_back(&self) -> (Outcome, Vec<String>) {
        let mut left = Vec::new();
        let states = locked(&self.states).clone();
        let left_out = locked(&self.left_out).clone();
        let reached: Vec<(&Step, StepState)> = self
            .plan
            .steps
            .iter()
            .rev()
            .filter_map(|step| states.get(step.id).map(|state| (step, *state)))
            .filter(|(_, state)| *state != StepState::Waiting)
            // They were taken back when they were left out.
            .filter(|(step, _)| !left_out.contains_key(&step.id))
            .collect();
        for round in [&[When::FailureFirst][..], &[When::Failure, When::Always]] {
            for &(step, state) in &reached {
                for (part, undo) in step.undo.iter().enumerate().filter(|(_, undo)| round.contains(&undo.when)) {
                    let done = state == StepState::Done;
                    if done || is_ours(step, state, undo) {
                        self.take_back_part(step, part, undo, done, &mut left);
                    }
                }
            }
        }
        left.extend(
            reached
                .iter()
                .filter(|(step, state)| *state == StepState::Done && self.stays(step))
                .map(|(step, _)| format!("{} (it was done, and cannot be taken back)", step.action)),
        );
        let outcome = if left.is_empty() { Outcome::TakenBack } else { Outcome::Left };
        (outcome, left)
    }

    /// Removes what a step left that was cut off half way, so that it can be done again.
    pub(super) fn clear_half(&self, step: &Step) {
        for undo in step.undo.iter().filter(|undo| is_ours(step, StepState::Begun, undo)) {
            // If it cannot be removed, doing the step again says why.
            let _ = self.try_part(undo, false);
        }
    }

    /// Whether the operation can go on without an optional step that failed: what it has done is taken
    /// back. Not if the host has changed, or somebody wants to stop.
    pub(super) fn can_do_without(&self, step: &Step, error: &StepError) -> bool {
        match error {
            // The guest has not heard of it.
            StepError::Observe(ObserveError::NoAgent { .. }) => true,
            StepError::Observe(_) | StepError::NotSeen(_) | StepError::Waited { .. } | StepError::Busy { .. } => {
                step.undo.iter().all(|undo| self.try_part(undo, false).is_ok())
            }
            StepError::Drift(_)
            | StepError::Journal(_)
            | StepError::CutOff
            | StepError::Stopped
            | StepError::Elsewhere(_) => false,
        }
    }

    /// Whether what a step did is still so, with no way back.
    fn stays(&self, step: &Step) -> bool {
        let zfs = match &step.action {
            Action::Run(command) | Action::RunWhileBusy(command) => command.program() == Program::Zfs,
            Action::Create { .. } | Action::Copy { .. } | Action::Remove { .. } | Action::Await { .. } => false,
        };
        step.undo.is_empty() && (zfs || self.plan.goes_on_only() && !step.ensures.is_empty())
    }

    fn take_back_part(&self, step: &Step, part: usize, undo: &UndoStep, done: bool, left: &mut Vec<String>) {
        let journal = self.executor.journal;
        let (event, why) = match self.try_part(undo, done) {
            Ok(false) => return,
            Ok(true) => (Event::Undone { step: step.id, part }, None),
            Err(why) => (Event::NotUndone { step: step.id, part, why: why.clone() }, Some(why)),
        };
        // Going on matters more than writing it down: the host is what has to be whole.
        let _ = journal.append(&self.plan.id, event);
        match why {
            None => (self.executor.observer)(Progress::Undone(step, part)),
            Some(why) => {
                (self.executor.observer)(Progress::NotUndone(step, part, &why));
                left.push(format!("{} ({why})", undo.action));
            }
        }
    }

    /// Whether something was taken back. A step that was not `done` may have made nothing.
    fn try_part(&self, undo: &UndoStep, done: bool) -> Result<bool, String> {
        let host = self.executor.host;
        let made = locked(&self.made).clone();
        let all =
            |conditions: &[Condition]| check_all(host, conditions, &made).map_err(|error| crate::with_causes(&error));
        if let All::Fails(condition) = all(&undo.requires)? {
            if !done {
                return Ok(false);
            }
            // It may have been taken back before.
            let is_gone = !undo.ensures.is_empty() && all(&undo.ensures)?.hold();
            return if is_gone { Ok(true) } else { Err(format!("it does not hold that {condition}")) };
        }
        match act::act(host, self.executor.journal, &self.plan.id, &undo.action, &made) {
            // Who has no agent, has not been reached by it.
            Err(StepError::Observe(ObserveError::NoAgent { .. })) if !done => return Ok(false),
            acted => acted.map_err(|error| crate::with_causes(&error))?,
        }
        match all(&undo.ensures)? {
            All::Hold(_) => Ok(true),
            All::Fails(condition) => Err(format!("it was done, but it does not hold that {condition}")),
        }
    }
}

/// Whether what stands there can only come from a step that was not seen to its end.
fn is_ours(step: &Step, state: StepState, undo: &UndoStep) -> bool {
    // The name was free when the step began, and a file is written whole or not at all.
    let was_free = || step.requires.iter().any(|condition| matches!(condition, Condition::NoFile(_)));
    undo.requires.iter().any(proves_ownership) || state == StepState::Begun && was_free()
}

/// Whether it can only hold for something that the operation itself did.
fn proves_ownership(condition: &Condition) -> bool {
    match condition {
        Condition::Snapshot { is, .. } => matches!(is, Identity::Mark(_)),
        // By its mark it was made by us; by its guid it is the one that we moved.
        Condition::Dataset { .. } => true,
        Condition::Domain { .. } | Condition::State { .. } | Condition::Property { .. } => true,
        Condition::PoolOnline(_)
        | Condition::NoDataset(_)
        | Condition::NoSnapshot(_)
        | Condition::Unused(_)
        | Condition::Newest(_)
        | Condition::Device(_)
        | Condition::NotOpen(_)
        | Condition::NoDomain(_)
        | Condition::NoFile(_)
        | Condition::File(_)
        | Condition::FileIs { .. }
        | Condition::Scrub { .. } => false,
    }
}
