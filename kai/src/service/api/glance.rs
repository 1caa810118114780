//! What the host looks like in JSON, at a glance.

use std::collections::HashMap;

use kai_tools::facts::{self, Base, DatasetFacts, Direction, DomainFacts, Facts, Kind, Replication, State, Tool};
use kai_tools::names::{DatasetName, Stamp};
use kai_tools::plan::DomainState;
use schemars::JsonSchema;
use serde::Serialize;

use crate::turn::Machine;

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
    /// One of each dataset and copy.
    replication: Vec<Replicated>,
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
    pub(super) fn of(facts: &'a Facts, machine: &'a Machine, now: Stamp) -> Self {
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
            replication: facts::replication(facts, now).into_iter().map(Replicated::from).collect(),
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

/// How far a copy is behind.
#[derive(Debug, Serialize, JsonSchema)]
struct Replicated {
    /// The dataset here: the source, or the copy if the source is elsewhere.
    dataset: DatasetName,
    direction: Direction,
    /// Where the other one is, if that is known.
    peer: Option<String>,
    /// Which tool does it, if that is known.
    tool: Option<Tool>,
    /// What the tool calls it.
    job: Option<String>,
    /// The newest that both have.
    base: Option<Point>,
    /// A newer one that may have arrived or not.
    perhaps: Option<Point>,
    state: State,
    /// In seconds.
    lag: Option<u64>,
    /// About what the next transfer will carry, in bytes.
    waiting: Option<u64>,
    /// A transfer goes on, or broke off and can be gone on with.
    unfinished: bool,
    /// The copy was changed, too: a transfer onto it will be refused.
    changed: bool,
}

/// A snapshot, or a bookmark of one.
#[derive(Debug, Serialize, JsonSchema)]
struct Point {
    name: String,
    created: Stamp,
}

impl From<Base> for Point {
    fn from(base: Base) -> Self {
        Self { name: base.name, created: base.created }
    }
}

impl From<Replication> for Replicated {
    fn from(found: Replication) -> Self {
        Self {
            dataset: found.dataset,
            direction: found.direction,
            peer: found.peer.map(|peer| peer.to_string()),
            tool: found.tool,
            job: found.job.map(|job| job.to_string()),
            base: found.base.map(Point::from),
            perhaps: found.perhaps.map(Point::from),
            state: found.state,
            lag: found.lag,
            waiting: found.waiting,
            unfinished: found.unfinished,
            changed: found.changed,
        }
    }
}
