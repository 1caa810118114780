//! What plans, operations and the host look like in JSON.

use std::collections::HashMap;

use kai_tools::facts::{self, Base, DatasetFacts, DomainFacts, Facts, Kind, Peer, Replication};
use kai_tools::journal::{Operation, Outcome};
use kai_tools::names::Stamp;
use kai_tools::operator::{Proposal, Waiting};
use serde_json::{Value, json};

use crate::turn::Machine;

/// A plan that waits, with its commands as a person would read them.
pub(in crate::service) fn proposal(proposal: &Proposal) -> Value {
    let plan = &proposal.plan;
    let commands: Vec<String> = plan.steps.iter().map(|step| step.action.to_string()).collect();
    json!({
        "id": plan.id, "digest": proposal.digest, "plan": plan, "commands": commands,
        "expires": plan.expires(), "reverses": proposal.reverses,
    })
}

/// The same with who had it made.
pub(in crate::service) fn waiting(waiting: &Waiting) -> Value {
    let mut value = proposal(&waiting.proposal);
    value["by"] = json!(waiting.by);
    value
}

/// An operation in a list.
pub(super) fn operation(operation: &Operation) -> Value {
    let undoable =
        operation.outcome == Some(Outcome::Done) && operation.reversed_by.is_none() && operation.plan.undo.is_some();
    // One that left something may be gone on with: it has not ended then.
    let outcome = operation.outcome.filter(|_| !operation.running);
    json!({
        "id": operation.id, "started": operation.started, "by": operation.by, "outcome": outcome,
        "running": operation.running, "summary": operation.plan.summary, "effect": operation.plan.effect,
        "undoable": undoable, "reversed_by": operation.reversed_by,
    })
}

/// One operation, with its steps.
pub(super) fn whole_operation(found: &Operation) -> Value {
    let mut value = operation(found);
    let steps = found.plan.steps.iter().map(|step| {
        let state = found.standing(step.id);
        json!({ "number": step.id + 1, "action": step.action.to_string(), "state": state })
    });
    value["steps"] = steps.collect();
    value["plan"] = json!(found.plan);
    value["message"] = json!(Some(&found.message).filter(|message| !message.is_empty()));
    value
}

/// What a person wants to see of a host at a glance.
pub(super) fn host(facts: &Facts, machine: &Machine, now: Stamp) -> Value {
    let pools = facts.pools.iter().map(|pool| {
        let allocated = pool.size.bytes().saturating_sub(pool.free.bytes());
        json!({
            "name": pool.name, "health": pool.health, "size": pool.size.bytes(), "allocated": allocated,
            "free": pool.free.bytes(), "read_only": pool.read_only,
        })
    });
    let mut points: HashMap<&str, usize> = HashMap::new();
    for point in facts.datasets.iter().filter(|found| found.kind == Kind::Snapshot) {
        *points.entry(point.name.split('@').next().unwrap_or_default()).or_default() += 1;
    }
    let datasets = facts.datasets.iter().filter(|found| matches!(found.kind, Kind::Filesystem | Kind::Volume));
    let datasets = datasets.map(|found| {
        let snapshots = points.get(found.name.as_str()).copied().unwrap_or(0);
        json!({
            "name": found.name, "kind": found.kind, "used": found.used, "referenced": found.referenced,
            "volsize": found.volsize, "replica": found.replica, "snapshots": snapshots,
        })
    });
    json!({
        "name": facts.host, "distribution": machine.distribution, "gpus": machine.gpus,
        "memory_available": facts.memory_available.map(|size| size.bytes()),
        "pools": pools.collect::<Vec<_>>(),
        "guests": facts.domains.iter().map(|found| guest(facts, found)).collect::<Vec<_>>(),
        "datasets": datasets.collect::<Vec<_>>(),
        "replication": facts::replication(facts, now).iter().map(replicated).collect::<Vec<_>>(),
    })
}

fn replicated(found: &Replication) -> Value {
    let point = |base: &Base| json!({ "name": base.name, "created": base.created });
    json!({
        "dataset": found.dataset, "direction": found.direction, "peer": found.peer.as_ref().map(Peer::to_string),
        "tool": found.tool, "job": found.job, "base": found.base.as_ref().map(point),
        "perhaps": found.perhaps.as_ref().map(point), "state": found.state, "lag": found.lag,
        "waiting": found.waiting, "unfinished": found.unfinished, "changed": found.changed,
    })
}

fn guest(facts: &Facts, found: &DomainFacts) -> Value {
    let volumes = found.volumes();
    let of_first = volumes.first().map(|volume| volume.to_string()).unwrap_or_default();
    let snapshots = snapshots(facts, &of_first).map(|point| {
        let name = point.name.split_once('@').map_or("", |(_, name)| name);
        json!({ "name": name, "created": Stamp::from_seconds(point.created), "used": point.used })
    });
    json!({
        "name": found.domain.name, "state": found.state, "memory": found.domain.memory.bytes(),
        "vcpus": found.domain.vcpus, "volumes": volumes, "snapshots": snapshots.collect::<Vec<_>>(),
    })
}

/// The snapshots of a dataset, oldest first.
fn snapshots<'a>(facts: &'a Facts, dataset: &str) -> impl Iterator<Item = &'a DatasetFacts> {
    let name = dataset.parse().ok();
    name.map(|name| facts.snapshots(&name)).unwrap_or_default().into_iter()
}
