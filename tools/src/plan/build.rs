//! Putting a plan together.

use std::collections::BTreeMap;

use super::{Action, Condition, Effect, Loss, Plan, Step, UndoStep, When};
use crate::host::Command;
use crate::names::{Size, Stamp};
use crate::request::Request;

/// A plan in the making: steps are added in order, to the current stage and lane.
#[derive(Debug)]
pub struct PlanBuilder {
    plan: Plan,
    stage: u16,
    lane: u16,
    /// How many bytes steps move, by their places.
    moved: BTreeMap<usize, u64>,
}

impl PlanBuilder {
    /// A plan without steps.
    #[must_use]
    pub fn new(host: &str, request: Request, made: Stamp, effect: Effect) -> Self {
        let plan = Plan {
            id: Plan::id_of(host, &request, made),
            host: host.to_owned(),
            made,
            request,
            effect,
            summary: String::new(),
            object: String::new(),
            checks: Vec::new(),
            notes: Vec::new(),
            losses: Vec::new(),
            undo: None,
            seconds: 1,
            steps: Vec::new(),
            report: Vec::new(),
        };
        Self { plan, stage: 0, lane: 0, moved: BTreeMap::new() }
    }

    /// What marks the objects that the plan makes.
    #[must_use]
    pub fn mark(&self) -> String {
        self.plan.id.clone()
    }

    /// One sentence on it, and the object that a person would type.
    #[must_use]
    pub fn about(mut self, summary: impl Into<String>, object: impl std::fmt::Display) -> Self {
        self.plan.summary = summary.into();
        self.plan.object = object.to_string();
        self
    }

    /// Something that was looked at and is in order.
    pub fn check(&mut self, text: impl Into<String>) {
        self.plan.checks.push(text.into());
    }

    /// Something to know before saying yes.
    pub fn note(&mut self, text: impl Into<String>) {
        self.plan.notes.push(text.into());
    }

    /// Something that will be gone.
    pub fn loses(&mut self, what: impl Into<String>, identity: Option<String>, bytes: Option<u64>) {
        self.plan.losses.push(Loss { what: what.into(), identity, bytes });
    }

    /// How it can be taken back.
    pub fn undone_by(&mut self, how: impl Into<String>) {
        self.plan.undo = Some(how.into());
    }

    /// The step that was added last moves so much data.
    pub fn moves(&mut self, size: Size) {
        self.moved.insert(self.plan.steps.len().saturating_sub(1), size.bytes());
    }

    /// Something to say at the end.
    pub fn report(&mut self, key: impl Into<String>, value: impl std::fmt::Display) {
        self.plan.report.push((key.into(), value.to_string()));
    }

    /// Steps from here on begin when all before them are done.
    pub fn next_stage(&mut self) {
        self.stage += 1;
        self.lane = 0;
    }

    /// Steps from here on run beside those of the other lanes of this stage.
    pub fn lane(&mut self, lane: u16) {
        self.lane = lane;
    }

    /// One more step; what it needs, promises and leaves is said on what comes back.
    pub fn step(&mut self, reason: impl Into<String>, action: Action) -> StepBuilder<'_> {
        let id = self.plan.steps.len();
        self.plan.steps.push(Step {
            id,
            stage: self.stage,
            lane: self.lane,
            action,
            reason: reason.into(),
            requires: Vec::new(),
            ensures: Vec::new(),
            undo: Vec::new(),
            repeatable: false,
            optional: false,
            only_with: None,
        });
        StepBuilder { plan: &mut self.plan, id }
    }

    /// One more step that runs a program.
    pub fn run(&mut self, reason: impl Into<String>, command: Command) -> StepBuilder<'_> {
        self.step(reason, Action::Run(command))
    }

    /// The plan.
    #[must_use]
    pub fn done(mut self) -> Plan {
        let moved = |step: usize| self.moved.get(&step).copied().unwrap_or(0);
        self.plan.seconds = super::seconds(&self.plan.steps, moved);
        self.plan
    }
}

/// A step in the making.
#[derive(Debug)]
pub struct StepBuilder<'a> {
    plan: &'a mut Plan,
    id: usize,
}

impl StepBuilder<'_> {
    fn with(self, change: impl FnOnce(&mut Step)) -> Self {
        if let Some(step) = self.plan.steps.get_mut(self.id) {
            change(step);
        }
        self
    }

    /// It is only done if this holds.
    pub fn requires(self, condition: Condition) -> Self {
        self.with(|step| step.requires.push(condition))
    }

    /// It has succeeded when this holds.
    pub fn ensures(self, condition: Condition) -> Self {
        self.with(|step| step.ensures.push(condition))
    }

    /// It may be done again if nobody knows how far it got.
    pub fn repeatable(self) -> Self {
        self.with(|step| step.repeatable = true)
    }

    /// If it fails, it is taken back, and the operation goes on without it. Returns its place.
    pub fn optional(self) -> usize {
        let id = self.id;
        self.with(|step| step.optional = true);
        id
    }

    /// Without that optional step it is left out too.
    pub fn only_with(self, other: Option<usize>) -> Self {
        self.with(|step| step.only_with = other)
    }

    /// It is taken back so, if these hold.
    pub fn undo(self, action: Action, requires: Vec<Condition>, ensures: Vec<Condition>) -> Self {
        self.with(|step| {
            step.undo.push(UndoStep { action, requires, ensures, when: When::Always });
        })
    }

    /// It is taken back so after a failure, before anything else: a guest waits for it.
    pub fn undo_at_once(self, action: Action, requires: Vec<Condition>, ensures: Vec<Condition>) -> Self {
        self.with(|step| {
            step.undo.push(UndoStep { action, requires, ensures, when: When::FailureFirst });
        })
    }

    /// It is taken back so after a failure only.
    pub fn undo_on_failure(self, action: Action, requires: Vec<Condition>, ensures: Vec<Condition>) -> Self {
        self.with(|step| {
            step.undo.push(UndoStep { action, requires, ensures, when: When::Failure });
        })
    }

    /// The finished operation is undone so; a failed one is not.
    pub fn undo_when_done(self, action: Action, requires: Vec<Condition>, ensures: Vec<Condition>) -> Self {
        self.with(|step| {
            step.undo.push(UndoStep { action, requires, ensures, when: When::Done });
        })
    }
}
