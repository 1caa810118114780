//! What several tools look at before they plan.

use std::time::Duration;

use crate::facts::{DatasetFacts, Facts, Kind, PoolFacts};
use crate::host::Command;
use crate::names::{Arg, DatasetName, MarkArg, PoolName, SnapshotLabel, SnapshotName, Stamp};
use crate::plan::{Action, Condition, Identity, PlanBuilder, Reason, Refusal};

/// Changes need an ONLINE pool.
pub(super) fn online<'a>(facts: &'a Facts, pool: &PoolName) -> Result<&'a PoolFacts, Refusal> {
    let found = facts.pool(pool).ok_or_else(|| {
        let known: Vec<&str> = facts.pools.iter().map(|pool| pool.name.as_str()).collect();
        Refusal::new(Reason::Unknown, format!("there is no pool {pool}"))
            .hint(format!("there are {}", known.join(", ")))
    })?;
    if found.is_online() {
        return writable(found).map(|()| found);
    }
    Err(Refusal::new(
        Reason::PoolNotOnline,
        format!("pool {pool} is {}: only reading and scrubbing are allowed until it is ONLINE", found.health),
    )
    .hint(format!("`kai op pool-status --pool {pool}` says what is wrong with it")))
}

/// Nothing changes on a pool that was imported for reading only; and a scrub of one never returns.
pub(super) fn writable(pool: &PoolFacts) -> Result<(), Refusal> {
    if !pool.read_only {
        return Ok(());
    }
    let name = &pool.name;
    Err(Refusal::new(Reason::PoolReadOnly, format!("pool {name} was imported for reading only"))
        .hint(format!("to change something on it: `zpool export {name}`, then `zpool import {name}`")))
}

/// The dataset, or why there is none.
pub(super) fn dataset<'a>(facts: &'a Facts, name: &DatasetName) -> Result<&'a DatasetFacts, Refusal> {
    facts.dataset(name).ok_or_else(|| {
        Refusal::new(Reason::Unknown, format!("there is no dataset {name}")).hint("`kai op dataset-list` lists them")
    })
}

/// The snapshot, or why there is none.
pub(super) fn snapshot<'a>(facts: &'a Facts, name: &SnapshotName) -> Result<&'a DatasetFacts, Refusal> {
    facts.snapshot(name).ok_or_else(|| {
        let known: Vec<&str> =
            facts.snapshots(name.dataset()).iter().filter_map(|found| found.name.split('@').nth(1)).collect();
        let refusal = Refusal::new(Reason::Unknown, format!("there is no snapshot {name}"));
        match known.as_slice() {
            [] => refusal.hint(format!("{} has no snapshots", name.dataset())),
            known => refusal.hint(format!("{} has {}", name.dataset(), known.join(", "))),
        }
    })
}

/// The pool that the system runs from, its active boot environment and what is mounted on `/` are
/// never destroyed or rolled back.
pub(super) fn not_of_the_system(facts: &Facts, name: &DatasetName) -> Result<(), Refusal> {
    let pool = name.pool();
    if facts.is_systems(&pool) {
        return Err(Refusal::new(
            Reason::RootPool,
            format!("{name} is on {pool}, the pool that this system runs from; kai never destroys or rolls back there"),
        ));
    }
    if name.parent().is_none() {
        return Err(Refusal::new(
            Reason::Invalid,
            format!("{name} is a whole pool; kai does not destroy or roll back pools"),
        ));
    }
    Ok(())
}

/// Names that kai creates have neither spaces nor colons.
pub(super) fn plain(is_plain: bool, name: impl std::fmt::Display) -> Result<(), Refusal> {
    if is_plain {
        return Ok(());
    }
    Err(Refusal::new(
        Reason::Invalid,
        format!("{name:?}: kai gives no names with spaces or colons", name = name.to_string()),
    ))
}

/// The name that a snapshot gets if nobody names it.
pub(super) fn stamped(prefix: &str, made: Stamp) -> String {
    format!("{prefix}-{}", made.compact())
}

/// The name of a snapshot to take: the one that was asked for, or one with the moment.
pub(super) fn label(asked: Option<&SnapshotLabel>, made: Stamp) -> Result<SnapshotLabel, Refusal> {
    let label = match asked {
        Some(name) => name.clone(),
        None => stamped("kai", made).parse().map_err(invalid)?,
    };
    plain(label.is_plain(), &label)?;
    Ok(label)
}

/// A snapshot of several datasets of one pool, all at the same moment.
pub(super) struct Take<'a> {
    pub(super) reason: &'static str,
    pub(super) datasets: &'a [DatasetName],
    pub(super) label: &'a SnapshotLabel,
    /// Also of everything below them.
    pub(super) recursive: bool,
    /// No longer than this.
    pub(super) within: Option<Duration>,
}

impl Take<'_> {
    /// The step that takes it.
    pub(super) fn plan(&self, plan: &mut PlanBuilder, facts: &Facts) -> Result<(), Refusal> {
        let mark = plan.mark();
        let verb = |verb: &'static str| {
            let command = Command::zfs(verb);
            if self.recursive { command.arg("-r") } else { command }
        };
        let command = verb("snapshot").arg("-o").pair("com.kai:op", MarkArg::of(&mark));
        let command = command.args(self.datasets.iter().map(|dataset| dataset.at(self.label)));
        let command = if let Some(limit) = self.within { command.within(limit) } else { command };
        let mut step = plan.run(self.reason, command);
        for name in self.datasets {
            let guid = dataset(facts, name)?.guid;
            let snapshot = name.at(self.label);
            if facts.snapshot(&snapshot).is_some() {
                return Err(Refusal::new(Reason::Taken, format!("{snapshot} exists already")));
            }
            step = step
                .requires(Condition::Dataset { name: name.clone(), is: Identity::Guid(guid) })
                .ensures(Condition::Snapshot { name: snapshot.clone(), is: Identity::Mark(mark.clone()) })
                .undo(
                    Action::RunWhileBusy(verb("destroy").arg(&snapshot)),
                    our_snapshot(&snapshot, &mark),
                    vec![Condition::NoSnapshot(snapshot)],
                );
        }
        Ok(())
    }
}

/// `zfs destroy NAME`, which waits while the name is busy.
pub(super) fn destroy(name: impl Arg) -> Action {
    Action::RunWhileBusy(Command::zfs("destroy").arg(name))
}

/// A snapshot that the operation made, and that nothing uses yet.
pub(super) fn our_snapshot(name: &SnapshotName, mark: &str) -> Vec<Condition> {
    vec![
        Condition::Snapshot { name: name.clone(), is: Identity::Mark(mark.to_owned()) },
        Condition::Unused(name.clone()),
    ]
}

/// Those datasets, and whether what is asked about is a volume.
pub(super) fn is_volume(found: &DatasetFacts) -> bool {
    found.kind == Kind::Volume
}

/// `dataset@snapshot` from what is listed.
pub(super) fn name_of(found: &DatasetFacts) -> Result<SnapshotName, Refusal> {
    found.name.parse().map_err(|error: crate::names::NameError| Refusal::new(Reason::Invalid, error.to_string()))
}

/// A name error as a refusal.
pub(super) fn invalid(error: crate::names::NameError) -> Refusal {
    Refusal::new(Reason::Invalid, error.to_string())
}
