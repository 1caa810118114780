//! `pool_status` and `pool_scrub`.

use std::fmt::Write as _;

use clap::{Args, ValueEnum};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Table, Tool, common};
use crate::facts::{Facts, PoolFacts, PoolStatus as Status, Scan, ScanKind, ScanState, Scope, Vdev};
use crate::host::Command;
use crate::names::PoolName;
use crate::plan::{Condition, Effect, Plan, PlanBuilder, Reason, Refusal};
use crate::request::{Request, Situation};

/// Health, scrubs, errors, size and free space of pools, with every device that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Args)]
#[serde(deny_unknown_fields)]
pub struct PoolStatus {
    /// Only this pool.
    #[arg(long)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<PoolName>,
}

/// What to do with a scrub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum ScrubAction {
    /// Begin one, or go on with a paused one.
    #[default]
    Start,
    /// Halt it; it goes on from there later.
    Pause,
    /// End it.
    Stop,
}

/// Check every block of a pool against its checksum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Args)]
#[serde(deny_unknown_fields)]
pub struct PoolScrub {
    /// The pool.
    #[arg(long)]
    pub pool: PoolName,
    /// Start, pause or stop.
    #[arg(long, value_enum, default_value_t)]
    #[serde(default)]
    pub action: ScrubAction,
}

impl Tool for PoolStatus {
    const ONLY_READS: bool = true;

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn scope(&self) -> Scope {
        Scope { pools: true, pool_status: true, ..Scope::default() }
    }

    fn read(&self, facts: &Facts) -> Result<Option<Table>, Refusal> {
        if let Some(pool) = &self.pool {
            known(facts, pool)?;
        }
        let mut table =
            Table::new(&["pool", "health", "size", "free", "used_percent", "scan", "data_errors", "bad_devices"]);
        for pool in facts.pools.iter().filter(|pool| self.pool.as_ref().is_none_or(|name| *name == pool.name)) {
            let status = facts.status.iter().find(|status| status.pool == pool.name);
            let bad = status.map(bad).unwrap_or_default();
            let names: Vec<String> = bad.iter().map(|vdev| format!("{} {}", vdev.name, vdev.state)).collect();
            table.row(vec![
                json!(pool.name),
                json!(pool.health),
                json!(pool.size.bytes()),
                json!(pool.free.bytes()),
                json!(pool.capacity),
                json!(status.map(scans)),
                json!(status.and_then(|status| status.errors)),
                json!(names),
            ]);
            notes(&mut table.notes, pool, status, &bad);
        }
        Ok(Some(table))
    }
}

/// The pool of that name, or why there is none.
fn known<'a>(facts: &'a Facts, name: &PoolName) -> Result<&'a PoolFacts, Refusal> {
    facts.pool(name).ok_or_else(|| {
        let known: Vec<&str> = facts.pools.iter().map(|pool| pool.name.as_str()).collect();
        let refusal = Refusal::new(Reason::Unknown, format!("there is no pool {name}"));
        if known.is_empty() { refusal } else { refusal.hint(format!("there are {}", known.join(", "))) }
    })
}

/// What a person should know of a pool.
fn notes(notes: &mut Vec<String>, pool: &PoolFacts, status: Option<&Status>, bad: &[&Vdev]) {
    let name = &pool.name;
    let mut say = |text: String| notes.push(format!("{name}: {text}"));
    match status {
        Some(status) => {
            let lines = [("", &status.status), ("what to do: ", &status.action)];
            lines.iter().filter_map(|(what, text)| Some(format!("{what}{}", text.as_ref()?))).for_each(&mut say);
            bad.iter().map(|vdev| device(vdev)).for_each(&mut say);
            if let Some(errors) = status.errors.filter(|errors| *errors > 0) {
                say(format!("{errors} data errors; `zpool status -v {name}` lists the files"));
            }
            status.other.iter().map(|text| format!("ZFS also says {text:?}")).for_each(&mut say);
        }
        None => say("`zpool status` says nothing of it".to_owned()),
    }
    if pool.read_only {
        say("it was imported for reading only".to_owned());
    }
    if pool.capacity >= 80 {
        say(format!("it is {} % full; ZFS slows down from about 80 %", pool.capacity));
    }
}

/// The devices that there is something to say of. That the whole is not well, the pool's own health says.
fn bad(status: &Status) -> Vec<&Vdev> {
    let whole = |vdev: &Vdev| vdev.name == status.pool.as_str() && vdev.class.is_none();
    let counts = |vdev: &Vdev| vdev.read + vdev.write + vdev.checksum > 0 || vdev.note.is_some();
    status.vdevs.iter().filter(|vdev| !vdev.is_well() && (!whole(vdev) || counts(vdev))).collect()
}

/// A device with what is wrong with it: `sdb is FAULTED, 3 read and 0 write errors, …`.
fn device(vdev: &Vdev) -> String {
    let of = vdev.class.as_ref().map(|class| format!(" ({class})")).unwrap_or_default();
    let mut text = format!("{}{of} is {}", vdev.name, vdev.state);
    for (count, what) in [(vdev.read, "read errors"), (vdev.write, "write errors"), (vdev.checksum, "checksum errors")]
    {
        if count > 0 {
            let _ = write!(text, ", {count} {what}");
        }
    }
    if let Some(note) = &vdev.note {
        let _ = write!(text, ", {note}");
    }
    text
}

/// All scans of a pool, in words.
fn scans(status: &Status) -> String {
    let all: Vec<String> = status.scans.iter().map(scan).collect();
    if all.is_empty() { "never scrubbed".to_owned() } else { all.join("; ") }
}

fn scan(scan: &Scan) -> String {
    let kind = match scan.kind {
        ScanKind::Scrub => "scrub",
        ScanKind::Resilver => "resilver",
        ScanKind::ErrorScrub => "error scrub",
    };
    let share = |done: u32| format!("{}.{:02} %", done / 100, done % 100);
    let at = &scan.at;
    match scan.state {
        ScanState::Running { done, left: Some(left) } => format!("{kind} {} done, {} left", share(done), length(left)),
        ScanState::Running { done, left: None } => format!("{kind} {} done, begun {at}", share(done)),
        ScanState::Paused { done } => format!("{kind} paused at {} on {at}", share(done)),
        ScanState::Finished { errors } => format!("{kind} finished {at}, {errors} errors"),
        ScanState::Canceled => format!("{kind} canceled {at}"),
    }
}

/// A length of time in its two largest units: `2 d 3 h`, `4 min 5 s`.
fn length(seconds: u64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let at = units.iter().position(|(unit, _)| seconds >= *unit).unwrap_or(3);
    let mut rest = seconds;
    let parts = units.iter().skip(at).take(2).map(|(unit, name)| {
        let text = format!("{} {name}", rest / unit);
        rest %= unit;
        text
    });
    parts.collect::<Vec<_>>().join(" ")
}

impl Tool for PoolScrub {
    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn scope(&self) -> Scope {
        Scope { pools: true, pool_status: true, ..Scope::default() }
    }

    fn plan(&self, request: &Request, situation: Situation<'_>) -> Result<Plan, Refusal> {
        let facts = situation.facts;
        let pool = &self.pool;
        let found = known(facts, pool)?;
        common::writable(found)?;
        self.makes_sense(facts.status.iter().find(|status| status.pool == *pool))?;
        let (verb, option, state) = match self.action {
            ScrubAction::Start => ("start", None, None),
            ScrubAction::Pause => ("pause", Some("-p"), Some("paused")),
            ScrubAction::Stop => ("stop", Some("-s"), Some("none")),
        };
        let plan = PlanBuilder::new(&facts.host, request.clone(), situation.made, Effect::Change);
        let mut plan = plan.about(format!("{verb} the scrub of pool {pool}"), pool);
        plan.check(format!("pool {pool} is {}", found.health));
        let mut command = Command::zpool("scrub");
        if let Some(option) = option {
            command = command.arg(option);
        }
        let step = plan.run(format!("{verb} the scrub"), command.arg(pool)).repeatable();
        if let Some(state) = state {
            step.ensures(Condition::Scrub { pool: pool.clone(), state: state.to_owned() });
        } else {
            plan.note("a scrub runs in the background, for hours on large pools; `zpool status` shows how far it is");
        }
        plan.undone_by(match self.action {
            ScrubAction::Start => "`kai op pool-scrub` with --action stop",
            ScrubAction::Pause | ScrubAction::Stop => "`kai op pool-scrub` with --action start",
        });
        Ok(plan.done())
    }
}

impl PoolScrub {
    /// ZFS pauses a scrub that there is not without a word.
    fn makes_sense(&self, status: Option<&Status>) -> Result<(), Refusal> {
        let refuse = |reason, what: String| Err(Refusal::new(reason, format!("pool {} {what}", self.pool)));
        let scans = || status.into_iter().flat_map(|status| &status.scans);
        let resilvers = scans().any(|scan| scan.kind == ScanKind::Resilver && is_running(scan));
        let scrub = status.and_then(Status::scrub).map(|scan| scan.state);
        match (self.action, scrub) {
            (ScrubAction::Start, _) if resilvers => {
                refuse(Reason::State, "is being resilvered; a scrub has to wait for that".to_owned())
            }
            (ScrubAction::Start, Some(ScanState::Running { done, .. })) => {
                refuse(Reason::Nothing, format!("is being scrubbed already, {} % done", done / 100))
            }
            (ScrubAction::Pause, Some(ScanState::Running { .. }))
            | (ScrubAction::Stop, Some(ScanState::Running { .. } | ScanState::Paused { .. }))
            | (ScrubAction::Start, _) => Ok(()),
            (ScrubAction::Pause, Some(ScanState::Paused { .. })) => {
                refuse(Reason::Nothing, "has a scrub that is paused already".to_owned())
            }
            (ScrubAction::Pause | ScrubAction::Stop, _) => refuse(Reason::Nothing, "is not being scrubbed".to_owned()),
        }
    }
}

fn is_running(scan: &Scan) -> bool {
    matches!(scan.state, ScanState::Running { .. })
}
