//! An operation, as the journal's lines tell it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Event, Outcome};
use crate::names::{Guid, Stamp};
use crate::plan::Plan;

/// How far a step got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Nothing was done.
    #[default]
    Waiting,
    /// It was begun, and nobody wrote down how it ended.
    Begun,
    /// It was done.
    Done,
    /// It failed.
    Failed,
}

/// How a step stands: how far it got, and whether it was taken back since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nothing was done.
    Waiting,
    /// It was begun, and nobody wrote down how it ended.
    Begun,
    /// It was done.
    Done,
    /// It failed.
    Failed,
    /// What it had done was taken back.
    TakenBack,
    /// Something of it could not be taken back.
    Left,
}

/// An operation, as the journal tells it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Operation {
    /// Its id: its plan's.
    pub id: String,
    /// When it was started.
    pub started: Stamp,
    /// Who started it.
    pub by: String,
    /// What was to be done. Contents of files are digests here.
    pub plan: Plan,
    /// The digest that was confirmed.
    pub digest: String,
    /// How far each step got.
    pub steps: Vec<StepState>,
    /// Steps that were left out, and why. They count as done.
    pub left_out: BTreeMap<usize, String>,
    /// What it made: guids by name.
    pub made: BTreeMap<String, Guid>,
    /// Parts of steps that were taken back.
    pub undone: Vec<(usize, usize)>,
    /// Parts of steps that could not be taken back, and why.
    #[serde(default)]
    pub not_undone: Vec<(usize, usize, String)>,
    /// Why it failed, if it did.
    pub error: Option<String>,
    /// How it ended; none if it was cut off, or is running.
    pub outcome: Option<Outcome>,
    /// What was said at the end.
    pub message: String,
    /// The operation that undid it.
    pub reversed_by: Option<String>,
    /// Whether somebody is carrying it out.
    #[serde(default)]
    pub running: bool,
}

impl Operation {
    /// How it ended, in a word or two.
    #[must_use]
    pub fn ending(&self) -> &'static str {
        match (self.outcome, &self.reversed_by) {
            _ if self.running => "running",
            (_, Some(_)) => "undone",
            (Some(Outcome::Done), None) => "done",
            (Some(Outcome::TakenBack), None) => "taken back",
            (Some(Outcome::Left), None) => "left",
            (None, None) => "cut off",
        }
    }

    /// How a step stands.
    #[must_use]
    pub fn standing(&self, step: usize) -> Standing {
        if self.not_undone.iter().any(|(of, ..)| *of == step) {
            return Standing::Left;
        }
        if self.undone.iter().any(|(of, _)| *of == step) {
            return Standing::TakenBack;
        }
        match self.steps.get(step).copied().unwrap_or_default() {
            StepState::Waiting => Standing::Waiting,
            StepState::Begun => Standing::Begun,
            StepState::Done => Standing::Done,
            StepState::Failed => Standing::Failed,
        }
    }

    /// What could not be taken back, and why.
    #[must_use]
    pub fn left(&self) -> Vec<String> {
        let part = |(step, part, why): &(usize, usize, String)| {
            let undo = self.plan.steps.get(*step)?.undo.get(*part)?;
            Some(format!("{} ({why})", undo.action))
        };
        self.not_undone.iter().filter_map(part).collect()
    }

    /// One that has only just been started.
    pub(super) fn started(id: String, started: Stamp, plan: Plan, digest: String, by: String) -> Self {
        let steps = vec![StepState::Waiting; plan.steps.len()];
        Self {
            id,
            started,
            by,
            plan,
            digest,
            steps,
            left_out: BTreeMap::new(),
            made: BTreeMap::new(),
            undone: Vec::new(),
            not_undone: Vec::new(),
            error: None,
            outcome: None,
            message: String::new(),
            reversed_by: None,
            running: false,
        }
    }

    /// Takes in what happened in it.
    pub(super) fn hear(&mut self, event: Event) {
        let mut set = |step: usize, state| {
            if let Some(slot) = self.steps.get_mut(step) {
                *slot = state;
            }
        };
        match event {
            Event::Started { .. } => {}
            Event::Begin { step } => set(step, StepState::Begun),
            Event::Done { step, made } => {
                set(step, StepState::Done);
                self.made.extend(made);
            }
            Event::Failed { step, error } => {
                set(step, StepState::Failed);
                self.error = Some(error);
            }
            Event::LeftOut { step, why } => {
                set(step, StepState::Done);
                self.left_out.insert(step, why);
            }
            Event::Undone { step, part } => {
                self.not_undone.retain(|(of, which, _)| (*of, *which) != (step, part));
                self.undone.push((step, part));
            }
            Event::NotUndone { step, part, why } => {
                self.not_undone.retain(|(of, which, _)| (*of, *which) != (step, part));
                self.not_undone.push((step, part, why));
            }
            Event::Ended { outcome, message } => {
                self.outcome = Some(outcome);
                self.message = message;
            }
            Event::Reversed { by } => self.reversed_by = Some(by),
        }
    }

    /// Whether it was cut off, is running, or left something.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.reversed_by.is_none() && self.outcome != Some(Outcome::Done) && self.outcome != Some(Outcome::TakenBack)
    }
}
