//! What is replicated, and how far behind its copy is, as ZFS itself shows it: by snapshots that two datasets
//! have in common, by what replication tools leave on the sender as their base, by what receivers are
//! marked with. No tool's log is read, and no other host is asked.
//!
//! What cannot be told is said to be unknown. Only datasets in scope are seen.

mod copies;
mod history;
mod marks;

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DatasetFacts, Facts};
use crate::names::{DatasetName, Guid, JobName, ReplicaTarget, Stamp};
use history::{End, Job, Line, Since};

/// A dataset that is replicated, and one place where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replication {
    /// The dataset here: the source, or the copy if the source is elsewhere.
    pub dataset: DatasetName,
    /// Which way.
    pub direction: Direction,
    /// Where the other one is, if that is known.
    pub peer: Option<Peer>,
    /// Which tool does it, if that is known.
    pub tool: Option<Tool>,
    /// What the tool calls it.
    pub job: Option<JobName>,
    /// The newest that both have; none if nothing has arrived.
    pub base: Option<Base>,
    /// A newer one that may have arrived or not.
    pub perhaps: Option<Base>,
    /// How it stands.
    pub state: State,
    /// How far the copy is behind, in seconds: the age of its base, or nothing if nothing was written since.
    pub lag: Option<u64>,
    /// What was written since, in bytes, if that is known: about what the next transfer will carry.
    pub waiting: Option<u64>,
    /// A transfer has not come to its end: it goes on, or it broke off and can be gone on with.
    pub unfinished: bool,
    /// The copy was changed, too: a transfer onto it will be refused.
    pub changed: bool,
}

/// Which way something is replicated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// To somewhere that is not seen here: another host.
    Out,
    /// From somewhere that is not seen here: another host.
    In,
    /// From one dataset here to another.
    Here,
    /// That cannot be told.
    Undecided,
}

/// The other one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Peer {
    /// A dataset of this host.
    Here(DatasetName),
    /// One of another.
    There(ReplicaTarget),
}

/// What replicates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ReplicationTool")]
pub enum Tool {
    /// kai itself.
    Kai,
    /// syncoid, of sanoid.
    Syncoid,
    /// zrepl.
    Zrepl,
}

/// How a copy stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ReplicationState")]
pub enum State {
    /// It has all that there is.
    Current,
    /// Something was written since.
    Behind,
    /// It is as old as its base, and whether something was written since cannot be seen from here.
    AtMost,
    /// Nothing has arrived yet, as far as can be seen.
    Unknown,
}

/// A snapshot, or a bookmark of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// Its full name.
    pub name: String,
    /// Its identity, the same on both sides.
    pub guid: Guid,
    /// When it was made, at the source.
    pub created: Stamp,
}

impl Base {
    fn of(point: &DatasetFacts) -> Self {
        Self { name: point.name.clone(), guid: point.guid, created: Stamp::from_seconds(point.created) }
    }
}

impl std::fmt::Display for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Here(dataset) => dataset.fmt(f),
            Self::There(target) => target.fmt(f),
        }
    }
}

/// What is replicated, in the order of the datasets' names, as seen at that moment.
#[must_use]
pub fn replication(facts: &Facts, now: Stamp) -> Vec<Replication> {
    let mut holds: HashMap<&str, Vec<&str>> = HashMap::new();
    for hold in &facts.holds {
        holds.entry(&hold.snapshot).or_default().push(&hold.tag);
    }
    let lines = Line::all(facts);
    let mut jobs: Vec<Vec<Job<'_>>> = lines.iter().map(|line| line.jobs(&holds)).collect();
    let mut found = Vec::new();
    let mut received = vec![false; lines.len()];
    for pair in copies::pairs(&lines, &jobs) {
        let (source, copy) = (&lines[pair.source], &lines[pair.copy]);
        let Some(base) = source.point(pair.base) else { continue };
        let mut row = if pair.known { here(source, copy, base, now) } else { undecided(source, copy, base, now) };
        if let Some((tool, job)) = copies::take_jobs(&pair, &lines, &mut jobs) {
            (row.tool, row.job) = (Some(tool), Some(job));
        }
        received[pair.copy] |= !is_from_elsewhere(copy, source);
        received[pair.source] |= !pair.known && !is_from_elsewhere(source, copy);
        found.push(row);
    }
    for ((line, jobs), received) in lines.iter().zip(&jobs).zip(received) {
        let rows: Vec<Replication> = jobs.iter().map(|job| of_job(line, job, now)).collect();
        let is_in = rows.iter().any(|row| row.direction == Direction::In);
        found.extend(rows);
        // What lies in a replica bears its mark, too, with or without something in it.
        let is_replica = line.marked_itself || line.dataset.replica.is_some() && line.newest().is_some();
        if !received && !is_in && (is_replica || line.dataset.unfinished) {
            found.push(inbound(line, None, now));
        }
    }
    found.sort_by(|a, b| (&a.dataset, a.direction, &a.job).cmp(&(&b.dataset, b.direction, &b.job)));
    found
}

/// Whether a copy of something here says that it is a replica of something else.
fn is_from_elsewhere(copy: &Line<'_>, source: &Line<'_>) -> bool {
    let target = target(copy);
    copy.marked_itself && target.is_some_and(|target| target.dataset().is_some_and(|dataset| *dataset != source.name))
}

/// What a replica says of its source.
fn target(line: &Line<'_>) -> Option<ReplicaTarget> {
    line.dataset.replica.as_deref().and_then(|text| text.parse().ok())
}

/// A row of which nothing is known yet.
fn row(line: &Line<'_>, direction: Direction) -> Replication {
    Replication {
        dataset: line.name.clone(),
        direction,
        peer: None,
        tool: None,
        job: None,
        base: None,
        perhaps: None,
        state: State::Unknown,
        lag: None,
        waiting: None,
        unfinished: false,
        changed: false,
    }
}

impl Replication {
    /// The copy has what was there at that point, and the source is here.
    fn reached(self, base: &DatasetFacts, since: Since, now: Stamp) -> Self {
        let all = since.surely.saturating_add(since.perhaps);
        let state = match since.surely {
            _ if all == 0 => State::Current,
            0 => State::AtMost,
            _ => State::Behind,
        };
        let waiting = (since.perhaps == 0).then_some(all);
        Self { waiting, ..self.aged(base, state, now) }
    }

    fn aged(self, base: &DatasetFacts, state: State, now: Stamp) -> Self {
        let lag = if state == State::Current { 0 } else { now.seconds().saturating_sub(base.created) };
        Self { base: Some(Base::of(base)), state, lag: Some(lag), ..self }
    }
}

fn here(source: &Line<'_>, copy: &Line<'_>, base: &DatasetFacts, now: Stamp) -> Replication {
    let row = row(source, Direction::Here).reached(base, source.since(base), now);
    Replication {
        peer: Some(Peer::Here(copy.name.clone())),
        unfinished: copy.dataset.unfinished,
        changed: copy.dataset.written > 0 || copy.point(base.guid).is_some_and(|point| copy.is_past(point)),
        ..row
    }
}

/// Two that have a past in common, and one of them is a copy.
fn undecided(one: &Line<'_>, other: &Line<'_>, base: &DatasetFacts, now: Stamp) -> Replication {
    let nothing = |since: Since| since.surely == 0 && since.perhaps == 0;
    let same = nothing(one.since(base)) && other.point(base.guid).is_some_and(|point| nothing(other.since(point)));
    let state = if same { State::Current } else { State::AtMost };
    Replication {
        peer: Some(Peer::Here(other.name.clone())),
        unfinished: one.dataset.unfinished || other.dataset.unfinished,
        ..row(one, Direction::Undecided).aged(base, state, now)
    }
}

/// What a tool has left where the other end is not seen.
fn of_job(line: &Line<'_>, job: &Job<'_>, now: Stamp) -> Replication {
    let direction = match job.end {
        End::Sender => Direction::Out,
        End::Receiver => Direction::In,
        End::Either => copies::is_copy(line, job)
            .map_or(Direction::Undecided, |is_copy| if is_copy { Direction::In } else { Direction::Out }),
    };
    let (oldest, newest) = (job.points.first().copied(), job.points.last().copied());
    let row = match direction {
        Direction::In => inbound(line, job.arrived.or(newest), now),
        Direction::Out | Direction::Here | Direction::Undecided => {
            let mut row = row(line, direction);
            // The oldest is there until a newer one has arrived.
            if let Some(base) = job.arrived.or(oldest) {
                row = row.reached(base, line.since(base), now);
            }
            let newer = newest
                .filter(|newest| job.arrived.is_none() && oldest.is_some_and(|oldest| oldest.guid != newest.guid));
            row.unfinished = line.dataset.unfinished || job.tool == Tool::Kai && newer.is_some();
            row.perhaps = newer.filter(|_| job.tool != Tool::Kai && row.state != State::Current).map(Base::of);
            if row.perhaps.is_some() || direction == Direction::Undecided {
                row.waiting = None;
                if let Some(base) = job.arrived.or(oldest) {
                    row = row.aged(base, State::AtMost, now);
                }
            }
            row
        }
    };
    Replication { tool: Some(job.tool), job: Some(job.name.clone()), ..row }
}

/// A copy of what is elsewhere: as old as its newest snapshot, or the newest that a tool says has arrived.
fn inbound(line: &Line<'_>, base: Option<&DatasetFacts>, now: Stamp) -> Replication {
    let mut row = row(line, Direction::In);
    if let Some(base) = base.or_else(|| line.newest()) {
        row = row.aged(base, State::AtMost, now);
        row.changed = line.dataset.written > 0;
    }
    row.peer = target(line)
        .and_then(|target| {
            // What only lies in a replica bears the name of what that is a copy of.
            if line.marked_itself { Some(target) } else { target.host().as_str().parse().ok() }
        })
        .map(Peer::There);
    row.unfinished = line.dataset.unfinished;
    row
}
