//! Taking back what an operation made, newest first; a guest that waits comes before everything.

use super::{Progress, Work, act, check, locked};
use crate::journal::{Event, Outcome, StepState};
use crate::plan::{Condition, Identity, Step, UndoStep, When};

impl Work<'_> {
    /// Takes back every step that was done, and of one that failed half way what bears our mark.
    /// Returns how that ended, and what is left.
    pub(super) fn take_back(&self) -> (Outcome, Vec<String>) {
        let mut left = Vec::new();
        let states = locked(&self.states).clone();
        let reached: Vec<(&Step, bool)> = self
            .plan
            .steps
            .iter()
            .rev()
            .filter_map(|step| match states.get(step.id)? {
                StepState::Done => Some((step, true)),
                StepState::Begun | StepState::Failed => Some((step, false)),
                StepState::Waiting => None,
            })
            .collect();
        for round in [&[When::FailureFirst][..], &[When::Failure, When::Always]] {
            for &(step, done) in &reached {
                for (part, undo) in step.undo.iter().enumerate().filter(|(_, undo)| round.contains(&undo.when)) {
                    if done || undo.requires.iter().any(proves_ownership) {
                        self.take_back_part(step, part, undo, &mut left);
                    }
                }
            }
        }
        let outcome = if left.is_empty() { Outcome::TakenBack } else { Outcome::Left };
        (outcome, left)
    }

    fn take_back_part(&self, step: &Step, part: usize, undo: &UndoStep, left: &mut Vec<String>) {
        let journal = self.executor.journal;
        let (event, why) = match self.try_part(undo) {
            Ok(()) => (Event::Undone { step: step.id, part }, None),
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

    fn try_part(&self, undo: &UndoStep) -> Result<(), String> {
        let host = self.executor.host;
        let made = locked(&self.made).clone();
        let holds = |condition: &Condition| {
            check(host, condition, &made).map(|found| found.holds).map_err(|error| super::chain(&error))
        };
        for condition in &undo.requires {
            if !holds(condition)? {
                // Nothing to take back, or it was taken back before.
                let mut gone = !undo.ensures.is_empty();
                for condition in &undo.ensures {
                    gone = gone && holds(condition)?;
                }
                return if gone { Ok(()) } else { Err(format!("it does not hold that {condition}")) };
            }
        }
        act::act(host, self.executor.journal, &self.plan.id, &undo.action, &made)
            .map_err(|error| super::chain(&error))?;
        for condition in &undo.ensures {
            if !holds(condition)? {
                return Err(format!("it was done, but it does not hold that {condition}"));
            }
        }
        Ok(())
    }
}

/// Whether it can only hold for something that the operation itself did.
fn proves_ownership(condition: &Condition) -> bool {
    match condition {
        Condition::Dataset { is, .. } | Condition::Snapshot { is, .. } => matches!(is, Identity::Mark(_)),
        Condition::Domain { .. } | Condition::State { .. } => true,
        Condition::PoolOnline(_)
        | Condition::NoDataset(_)
        | Condition::NoSnapshot(_)
        | Condition::Unused(_)
        | Condition::Newest(_)
        | Condition::Property { .. }
        | Condition::Device(_)
        | Condition::NotOpen(_)
        | Condition::NoDomain(_)
        | Condition::NoFile(_)
        | Condition::File(_)
        | Condition::FileIs { .. }
        | Condition::Scrub { .. } => false,
    }
}
