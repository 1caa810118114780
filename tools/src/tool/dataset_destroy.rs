//! `dataset_destroy`.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Tool, common};
use crate::facts::{self, DatasetFacts, Facts, Kind, REPLICA, Scope};
use crate::host::Command;
use crate::names::DatasetName;
use crate::plan::{Action, Condition, Effect, Identity, Plan, PlanBuilder, Reason, Refusal};
use crate::request::{Request, Situation};

/// Destroy a file system or volume with its snapshots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Args)]
#[serde(deny_unknown_fields)]
pub struct DatasetDestroy {
    /// Its name with the pool.
    #[arg(long)]
    pub dataset: DatasetName,
    /// With everything below it.
    #[arg(long)]
    #[serde(default)]
    pub recursive: bool,
}

impl Tool for DatasetDestroy {
    fn effect(&self) -> Effect {
        Effect::Destroy
    }

    fn scope(&self) -> Scope {
        Scope { pools: true, all_datasets: true, domains_if_there: true, ..Scope::default() }
    }

    fn plan(&self, request: &Request, situation: Situation<'_>) -> Result<Plan, Refusal> {
        let facts = situation.facts;
        let name = &self.dataset;
        common::not_of_the_system(facts, name)?;
        common::online(facts, &name.pool())?;
        let found = common::dataset(facts, name)?;
        let gone: Vec<&DatasetFacts> = facts.datasets.iter().filter(|other| other.is_within(name)).collect();
        let below: Vec<&str> = gone
            .iter()
            .filter(|other| matches!(other.kind, Kind::Filesystem | Kind::Volume) && other.name != found.name)
            .map(|other| other.name.as_str())
            .collect();
        if !below.is_empty() && !self.recursive {
            return Err(Refusal::new(Reason::InUse, format!("{name} has datasets below it: {}", below.join(", ")))
                .hint("say recursive if they are to go too"));
        }
        may_go(facts, &gone, Some(name))?;
        for domain in &facts.domains {
            if let Some(volume) = domain.volumes().iter().find(|volume| volume.is_within(name)) {
                return Err(Refusal::new(Reason::InUse, format!("{volume} is the disk of VM {}", domain.domain.name))
                    .hint(format!("`kai op kvm-delete --vm {}` deletes the VM with its disk", domain.domain.name)));
            }
        }
        let plan = PlanBuilder::new(&facts.host, request.clone(), situation.made, Effect::Destroy);
        let snapshots = gone.iter().filter(|other| other.kind == Kind::Snapshot).count();
        let mut plan = plan
            .about(format!("destroy {name} with {} datasets below it and {snapshots} snapshots", below.len()), name);
        plan.check("no clone outside depends on it, nobody holds its snapshots, no VM uses it");
        for other in &gone {
            plan.loses(other.name.clone(), Some(format!("guid {}", other.guid)), Some(other.used));
        }
        let mut step = plan
            .step("destroy it", Action::RunWhileBusy(Command::zfs("destroy").arg("-r").arg(name)))
            .requires(Condition::Dataset { name: name.clone(), is: Identity::Guid(found.guid) });
        for other in gone.iter().filter(|other| other.kind == Kind::Snapshot) {
            // A snapshot that somebody has come to need since is drift.
            step = step.requires(Condition::Unused(common::name_of(other)?));
        }
        step.ensures(Condition::NoDataset(name.clone()));
        Ok(plan.done())
    }
}

/// Refuses while anything that stays depends on what goes: those, and all below `root`.
pub(super) fn may_go(facts: &Facts, gone: &[&DatasetFacts], root: Option<&DatasetName>) -> Result<(), Refusal> {
    for other in gone {
        not_a_last_replica(facts, other)?;
        if other.holds > 0 {
            return Err(Refusal::new(
                Reason::InUse,
                format!("{} is held: replication or somebody else still needs it", other.name),
            )
            .hint(format!("`zfs holds {}` says who holds it", other.name)));
        }
        let clones: Vec<&str> = other
            .clones
            .iter()
            .map(String::as_str)
            .filter(|clone| !root.is_some_and(|root| facts::is_within(clone, root)))
            .collect();
        if !clones.is_empty() {
            let refusal = Refusal::new(Reason::InUse, format!("{} is the origin of {}", other.name, clones.join(", ")));
            return Err(clones.iter().take(MOST).fold(refusal, |refusal, clone| refusal.hint(away(facts, clone))));
        }
    }
    Ok(())
}

/// So many clones are spoken of.
const MOST: usize = 4;

/// How a clone is got out of the way.
fn away(facts: &Facts, clone: &str) -> String {
    let destroys = format!("`kai op dataset-destroy --dataset {clone}`");
    // What `rollback` calls the state that it keeps; what took its place bears the operation's mark.
    let kept = clone.rsplit_once(".pre-").filter(|(_, stamp)| stamp.len() == 16 && !stamp.contains('/'));
    if let Some((dataset, _)) = kept {
        let now = facts.datasets.iter().find(|found| found.name == dataset);
        let undo =
            now.and_then(|found| found.mark.as_ref()).map(|op| format!("; `kai op undo {op}` takes the rollback back"));
        return format!(
            "{clone} is the state that a rollback kept: {destroys} destroys it{}",
            undo.unwrap_or_default()
        );
    }
    let user = facts.domains.iter().find(|domain| domain.volumes().iter().any(|volume| volume.as_str() == clone));
    match user {
        Some(domain) => format!("{clone} is a disk of VM {0}: `kai op kvm-delete --vm {0}`", domain.domain.name),
        None => format!("{destroys} destroys the clone; `zfs promote {clone}` makes it independent"),
    }
}

/// A replica may be all that is left: it goes only when its source is known to be there.
fn not_a_last_replica(facts: &Facts, dataset: &DatasetFacts) -> Result<(), Refusal> {
    let Some(source) = dataset.replica.as_ref().filter(|_| matches!(dataset.kind, Kind::Filesystem | Kind::Volume))
    else {
        return Ok(());
    };
    let what = match facts.sources.get(source) {
        Some(true) => return Ok(()),
        Some(false) => format!("{} is the last copy of {source}, which is gone", dataset.name),
        None => format!("{} is a replica of {source}, and kai does not know whether that is still there", dataset.name),
    };
    Err(Refusal::new(Reason::LastReplica, what)
        .hint(format!("if it is no replica any more: `zfs inherit {REPLICA} {}`", dataset.name)))
}
