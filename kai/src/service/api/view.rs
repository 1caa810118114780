//! What plans and operations look like in JSON.

use kai_tools::journal::{Operation, Outcome, Standing};
use kai_tools::names::Stamp;
use kai_tools::operator::Waiting;
use kai_tools::plan::{Effect, Plan};
use schemars::JsonSchema;
use serde::Serialize;

/// A plan that waits, with its commands as a person would read them.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "WaitingPlan")]
pub(in crate::service) struct Waits<'a> {
    id: &'a str,
    /// What approves it.
    digest: &'a str,
    plan: &'a Plan,
    commands: Vec<String>,
    expires: Stamp,
    /// The operation that it takes back.
    reverses: Option<&'a str>,
    /// Who had it made, or what.
    by: &'a str,
}

impl<'a> From<&'a Waiting> for Waits<'a> {
    fn from(Waiting { proposal, by }: &'a Waiting) -> Self {
        let plan = &proposal.plan;
        Self {
            id: &plan.id,
            digest: &proposal.digest,
            plan,
            commands: plan.steps.iter().map(|step| step.action.to_string()).collect(),
            expires: plan.expires(),
            reverses: proposal.reverses.as_deref(),
            by,
        }
    }
}

/// An operation in a list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Operation")]
pub(super) struct Line<'a> {
    id: &'a str,
    started: Stamp,
    /// Who approved it.
    by: &'a str,
    /// How it ended; none while it runs, or if it was cut off.
    outcome: Option<Outcome>,
    running: bool,
    summary: &'a str,
    effect: Effect,
    /// Whether it can be taken back.
    undoable: bool,
    /// The operation that took it back.
    reversed_by: Option<&'a str>,
}

impl<'a> From<&'a Operation> for Line<'a> {
    fn from(operation: &'a Operation) -> Self {
        let done = operation.outcome == Some(Outcome::Done);
        Self {
            id: &operation.id,
            started: operation.started,
            by: &operation.by,
            // One that left something may be gone on with: it has not ended then.
            outcome: operation.outcome.filter(|_| !operation.running),
            running: operation.running,
            summary: &operation.plan.summary,
            effect: operation.plan.effect,
            undoable: done && operation.reversed_by.is_none() && operation.plan.undo.is_some(),
            reversed_by: operation.reversed_by.as_deref(),
        }
    }
}

/// One operation, with its plan and its steps.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "WholeOperation")]
pub(super) struct Whole<'a> {
    #[serde(flatten)]
    line: Line<'a>,
    plan: &'a Plan,
    steps: Vec<Step>,
    /// What was said at the end.
    message: Option<&'a str>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Step {
    number: usize,
    action: String,
    state: Standing,
}

impl<'a> From<&'a Operation> for Whole<'a> {
    fn from(found: &'a Operation) -> Self {
        let steps = found.plan.steps.iter().map(|step| Step {
            number: step.id + 1,
            action: step.action.to_string(),
            state: found.standing(step.id),
        });
        Self {
            line: Line::from(found),
            plan: &found.plan,
            steps: steps.collect(),
            message: Some(found.message.as_str()).filter(|message| !message.is_empty()),
        }
    }
}
