//! `dataset_rollback` and `kvm_rollback`: back to a snapshot, the present state kept aside unless
//! the person wants it gone.

use clap::{ArgAction, Args};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Tool, common, dataset_destroy, guests, kvm_create};
use crate::facts::{DatasetFacts, Facts, Kind, Scope};
use crate::host::Command;
use crate::names::{DatasetName, MarkArg, SnapshotLabel, SnapshotName, VmName};
use crate::plan::{Action, Condition, DomainState, Effect, Identity, Plan, PlanBuilder, Property, Reason, Refusal};
use crate::request::{Request, Situation};

/// Bring a dataset back to a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Args)]
#[serde(deny_unknown_fields)]
pub struct DatasetRollback {
    /// The snapshot: dataset@name.
    #[arg(long)]
    pub snapshot: SnapshotName,
    /// Keep the present state on a dataset beside it.
    #[arg(long, default_value_t = true, action = ArgAction::Set)]
    #[serde(default = "yes")]
    pub keep_current: bool,
}

/// Bring a VM back to a snapshot; if it runs, it is stopped for it and started again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Args)]
#[serde(deny_unknown_fields)]
pub struct KvmRollback {
    /// The VM.
    #[arg(long)]
    pub vm: VmName,
    /// The snapshot; the newest if nothing is said.
    #[arg(long)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<SnapshotLabel>,
    /// Keep the present state on a volume beside it.
    #[arg(long, default_value_t = true, action = ArgAction::Set)]
    #[serde(default = "yes")]
    pub keep_current: bool,
}

fn yes() -> bool {
    true
}

fn effect(keep_current: bool) -> Effect {
    if keep_current { Effect::Change } else { Effect::Destroy }
}

impl Tool for DatasetRollback {
    fn effect(&self) -> Effect {
        effect(self.keep_current)
    }

    fn scope(&self) -> Scope {
        Scope { pools: true, all_datasets: true, domains_if_there: true, ..Scope::default() }
    }

    fn plan(&self, request: &Request, situation: Situation<'_>) -> Result<Plan, Refusal> {
        let facts = situation.facts;
        let dataset = self.snapshot.dataset();
        common::not_of_the_system(facts, dataset)?;
        if let Some(domain) = facts.user_of(dataset) {
            return Err(Refusal::new(Reason::InUse, format!("{dataset} is a disk of VM {}", domain.domain.name))
                .hint(format!("`kai op kvm-rollback --vm {}` stops it for the rollback", domain.domain.name)));
        }
        let plan = PlanBuilder::new(&facts.host, request.clone(), situation.made, self.effect());
        let mut plan = plan.about(format!("bring {dataset} back to {}", self.snapshot), &self.snapshot);
        back(&mut plan, situation, dataset, self.snapshot.label(), self.keep_current)?;
        Ok(plan.done())
    }
}

impl Tool for KvmRollback {
    fn effect(&self) -> Effect {
        effect(self.keep_current)
    }

    fn scope(&self) -> Scope {
        guests::scope()
    }

    fn plan(&self, request: &Request, situation: Situation<'_>) -> Result<Plan, Refusal> {
        let facts = situation.facts;
        let domain = guests::domain(facts, &self.vm)?;
        let volumes = guests::volumes(domain)?;
        let label = match &self.snapshot {
            Some(label) => label.clone(),
            None => {
                let newest = volumes.first().and_then(|volume| facts.snapshots(volume).last().copied());
                let newest =
                    newest.ok_or_else(|| Refusal::new(Reason::Unknown, format!("VM {} has no snapshots", self.vm)))?;
                common::name_of(newest)?.label().clone()
            }
        };
        let plan = PlanBuilder::new(&facts.host, request.clone(), situation.made, self.effect());
        let mut plan = plan.about(format!("bring VM {} back to {label}", self.vm), &self.vm);
        let runs = domain.state != DomainState::ShutOff;
        if runs {
            plan.note(
                "the VM is switched off for it, as by pulling the plug; shut it down first to keep a clean state",
            );
            guests::force_off(&mut plan, domain);
        }
        guests::let_go(&mut plan, &volumes);
        for volume in &volumes {
            back(&mut plan, situation, volume, &label, self.keep_current)?;
        }
        if runs {
            guests::start(&mut plan, domain);
        }
        Ok(plan.done())
    }
}

/// One dataset back to one of its snapshots.
fn back(
    plan: &mut PlanBuilder,
    situation: Situation<'_>,
    dataset: &DatasetName,
    label: &SnapshotLabel,
    keep_current: bool,
) -> Result<(), Refusal> {
    let facts = situation.facts;
    common::online(facts, &dataset.pool())?;
    let found = common::dataset(facts, dataset)?;
    let snapshot = dataset.at(label);
    let point = common::snapshot(facts, &snapshot)?;
    let newer: Vec<_> = facts.history(dataset).into_iter().filter(|other| other.createtxg > point.createtxg).collect();
    for other in &newer {
        if other.holds > 0 || other.kind == Kind::Bookmark {
            return Err(Refusal::new(
                Reason::InUse,
                format!("{} is newer, and replication needs it: going back past it would break the job", other.name),
            )
            .hint("start the replication job anew first"));
        }
    }
    plan.check(format!("{snapshot} is there, guid {}", point.guid));
    let is_point = Condition::Snapshot { name: snapshot.clone(), is: Identity::Guid(point.guid) };
    let is_dataset = Condition::Dataset { name: dataset.clone(), is: Identity::Guid(found.guid) };
    if keep_current {
        return aside(plan, situation, dataset, &snapshot, [is_dataset, is_point]);
    }
    let lost: Vec<&DatasetFacts> = newer.iter().rev().copied().collect();
    dataset_destroy::may_go(facts, &lost, None)?;
    // One by one and by name: what has come since the plan was shown is not taken along, and then
    // the rollback itself refuses.
    for other in lost {
        let name = common::name_of(other)?;
        plan.loses(other.name.clone(), Some(format!("guid {}", other.guid)), Some(other.used));
        plan.step("destroy what is newer", common::destroy(&name))
            .requires(is_point.clone())
            .requires(Condition::Snapshot { name: name.clone(), is: Identity::Guid(other.guid) })
            .requires(Condition::Unused(name.clone()))
            .ensures(Condition::NoSnapshot(name));
    }
    plan.loses(
        format!("what was written to {dataset} since {snapshot}"),
        Some(format!("guid {}", found.guid)),
        Some(found.written),
    );
    let mut step =
        plan.run("roll it back", Command::zfs("rollback").arg(&snapshot)).requires(is_dataset).requires(is_point);
    if common::is_volume(found) {
        step = step.requires(Condition::NotOpen(dataset.clone()));
    }
    step.requires(Condition::Newest(snapshot.clone())).ensures(Condition::Newest(snapshot)).repeatable();
    Ok(())
}

/// The present state moves aside, and a clone of the snapshot takes its name and its history.
fn aside(
    plan: &mut PlanBuilder,
    situation: Situation<'_>,
    dataset: &DatasetName,
    snapshot: &SnapshotName,
    is: [Condition; 2],
) -> Result<(), Refusal> {
    let Situation { facts, made } = situation;
    let found = common::dataset(facts, dataset)?;
    can_move(facts, dataset)?;
    let mark = plan.mark();
    let aside = dataset.with_suffix(&format!(".pre-{}", made.compact())).map_err(common::invalid)?;
    let undone = dataset.with_suffix(&format!(".undone-{mark}")).map_err(common::invalid)?;
    if facts.dataset(&aside).is_some() {
        return Err(Refusal::new(Reason::Taken, format!("{aside} exists already")));
    }
    let ours = Condition::Dataset { name: dataset.clone(), is: Identity::Mark(mark.clone()) };
    let was = |name: &DatasetName| Condition::Dataset { name: name.clone(), is: Identity::Guid(found.guid) };
    let volume = common::is_volume(found);
    let rename = |from: &DatasetName, to: &DatasetName| Action::RunWhileBusy(Command::zfs("rename").arg(from).arg(to));
    let [is_dataset, is_point] = is;
    let mut step = plan
        .step("move the present state aside", rename(dataset, &aside))
        .requires(is_dataset)
        .requires(is_point)
        .ensures(was(&aside))
        .ensures(Condition::NoDataset(dataset.clone()));
    if volume {
        step = step.requires(Condition::NotOpen(dataset.clone()));
    }
    step = step.undo(
        rename(&aside, dataset),
        vec![was(&aside), Condition::NoDataset(dataset.clone())],
        vec![was(dataset)],
    );
    if volume {
        let there = Condition::Device(dataset.clone());
        step.undo(Action::Await { condition: there.clone(), seconds: 30 }, vec![was(dataset)], vec![there]);
    }
    let old = aside.at(snapshot.label());
    let clone = Command::zfs("clone").arg("-o").pair("com.kai:op", MarkArg::of(&mark)).arg(&old).arg(dataset);
    // Undoing the finished operation keeps what was written since, under another name.
    plan.run("put the snapshot in its place", clone)
        .requires(was(&aside))
        .ensures(ours.clone())
        .undo_on_failure(common::destroy(dataset), vec![ours.clone()], vec![Condition::NoDataset(dataset.clone())])
        .undo_when_done(rename(dataset, &undone), vec![ours.clone()], vec![Condition::NoDataset(dataset.clone())]);
    let origin = |of: &DatasetName, value: String| Condition::Property {
        dataset: of.clone(),
        property: Property::Origin,
        value,
    };
    plan.run("give it the history too", Command::zfs("promote").arg(dataset))
        .requires(ours)
        .ensures(origin(&aside, snapshot.to_string()))
        .undo(
            Action::Run(Command::zfs("promote").arg(&aside)),
            vec![was(&aside), origin(&aside, snapshot.to_string())],
            vec![origin(&aside, found.origin.clone().unwrap_or_else(|| "-".to_owned()))],
        );
    if volume {
        kvm_create::device(plan, dataset);
    }
    plan.report("present state", format!("kept on {aside}"));
    plan.undone_by(format!("`kai op undo` swaps {dataset} and {aside} back"));
    Ok(())
}

/// What lies below a dataset, or is mounted at a place of its own, does not follow by itself.
fn can_move(facts: &Facts, dataset: &DatasetName) -> Result<(), Refusal> {
    let below = facts
        .datasets
        .iter()
        .filter(|other| matches!(other.kind, Kind::Filesystem | Kind::Volume))
        .find(|other| other.name.strip_prefix(dataset.as_str()).is_some_and(|rest| rest.starts_with('/')));
    if let Some(below) = below {
        return Err(Refusal::new(Reason::InUse, format!("{} lies below {dataset} and would move with it", below.name))
            .hint("go back without keeping the present state, or take what you need from .zfs/snapshot"));
    }
    let found = common::dataset(facts, dataset)?;
    let inherited = format!("/{dataset}");
    match found.mountpoint.as_deref() {
        Some(mountpoint) if found.kind == Kind::Filesystem && mountpoint != inherited && mountpoint != "none" => {
            Err(Refusal::new(Reason::Invalid, format!("{dataset} is mounted at {mountpoint}, a place of its own"))
                .hint("go back without keeping the present state, or take what you need from .zfs/snapshot"))
        }
        Some(_) | None => Ok(()),
    }
}
