//! What plans, operations and the host look like in JSON.

use std::collections::HashMap;

use kai_tools::facts::{DatasetFacts, DomainFacts, Facts, Kind};
use kai_tools::journal::{Operation, Outcome};
use kai_tools::names::{DatasetName, Stamp};
use kai_tools::operator::Proposal;
use kai_tools::plan::{DomainState, Effect, Plan};
use schemars::JsonSchema;
use serde::Serialize;

use super::super::operations::state_word;
use crate::turn::Machine;

/// A plan that waits, with its commands as a person would read them.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "WaitingPlan")]
pub(in crate::service) struct Waiting<'a> {
    id: &'a str,
    /// What approves it.
    digest: &'a str,
    plan: &'a Plan,
    commands: Vec<String>,
    expires: Stamp,
    /// The operation that it takes back.
    reverses: Option<&'a str>,
}

impl<'a> From<&'a Proposal> for Waiting<'a> {
    fn from(proposal: &'a Proposal) -> Self {
        let plan = &proposal.plan;
        Self {
            id: &plan.id,
            digest: &proposal.digest,
            plan,
            commands: plan.steps.iter().map(|step| step.action.to_string()).collect(),
            expires: plan.expires(),
            reverses: proposal.reverses.as_deref(),
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

impl<'a> Line<'a> {
    pub(super) fn of(operation: &'a Operation, running: bool) -> Self {
        let done = operation.outcome == Some(Outcome::Done);
        Self {
            id: &operation.id,
            started: operation.started,
            by: &operation.by,
            outcome: operation.outcome,
            running,
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
    /// `waiting`, `begun`, `done` or `failed`.
    state: &'static str,
}

impl<'a> Whole<'a> {
    pub(super) fn of(found: &'a Operation, running: bool) -> Self {
        let steps = found.plan.steps.iter().zip(&found.steps).map(|(step, state)| Step {
            number: step.id + 1,
            action: step.action.to_string(),
            state: state_word(*state).unwrap_or("waiting"),
        });
        Self {
            line: Line::of(found, running),
            plan: &found.plan,
            steps: steps.collect(),
            message: Some(found.message.as_str()).filter(|message| !message.is_empty()),
        }
    }
}

/// What a person wants to see of a host at a glance. Sizes are bytes.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Host<'a> {
    name: &'a str,
    distribution: Option<&'a str>,
    gpus: &'a [String],
    memory_available: Option<u64>,
    pools: Vec<Pool<'a>>,
    guests: Vec<Guest<'a>>,
    datasets: Vec<Dataset<'a>>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Pool<'a> {
    name: &'a str,
    /// `ONLINE`, `DEGRADED`, …
    health: &'a str,
    size: u64,
    allocated: u64,
    free: u64,
    /// Whether it was imported for reading only.
    read_only: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Guest<'a> {
    name: &'a str,
    state: DomainState,
    memory: u64,
    vcpus: u32,
    volumes: Vec<DatasetName>,
    /// Of its first volume, oldest first.
    snapshots: Vec<Snapshot<'a>>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Snapshot<'a> {
    name: &'a str,
    created: Stamp,
    used: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Dataset<'a> {
    name: &'a str,
    kind: Kind,
    used: u64,
    referenced: u64,
    volsize: Option<u64>,
    /// Where it was replicated from.
    replica: Option<&'a str>,
    /// How many it has.
    snapshots: usize,
}

impl<'a> Host<'a> {
    pub(super) fn of(facts: &'a Facts, machine: &'a Machine) -> Self {
        let pools = facts.pools.iter().map(|pool| Pool {
            name: pool.name.as_str(),
            health: &pool.health,
            size: pool.size.bytes(),
            allocated: pool.size.bytes().saturating_sub(pool.free.bytes()),
            free: pool.free.bytes(),
            read_only: pool.read_only,
        });
        let mut points: HashMap<&str, usize> = HashMap::new();
        for point in facts.datasets.iter().filter(|found| found.kind == Kind::Snapshot) {
            *points.entry(point.name.split('@').next().unwrap_or_default()).or_default() += 1;
        }
        let datasets = facts.datasets.iter().filter(|found| matches!(found.kind, Kind::Filesystem | Kind::Volume));
        let datasets = datasets.map(|found| Dataset {
            name: &found.name,
            kind: found.kind,
            used: found.used,
            referenced: found.referenced,
            volsize: found.volsize,
            replica: found.replica.as_deref(),
            snapshots: points.get(found.name.as_str()).copied().unwrap_or(0),
        });
        Self {
            name: &facts.host,
            distribution: machine.distribution.as_deref(),
            gpus: &machine.gpus,
            memory_available: facts.memory_available.map(|size| size.bytes()),
            pools: pools.collect(),
            guests: facts.domains.iter().map(|found| Guest::of(facts, found)).collect(),
            datasets: datasets.collect(),
        }
    }
}

impl<'a> Guest<'a> {
    fn of(facts: &'a Facts, found: &'a DomainFacts) -> Self {
        let volumes = found.volumes();
        let first = volumes.first().map(|volume| facts.snapshots(volume)).unwrap_or_default();
        let snapshot = |point: &'a DatasetFacts| Snapshot {
            name: point.name.split_once('@').map_or("", |(_, name)| name),
            created: Stamp::from_seconds(point.created),
            used: point.used,
        };
        Self {
            name: &found.domain.name,
            state: found.state,
            memory: found.domain.memory.bytes(),
            vcpus: found.domain.vcpus,
            snapshots: first.into_iter().map(snapshot).collect(),
            volumes,
        }
    }
}
