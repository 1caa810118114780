//! `kvm_snap_delete`.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Tool, guests, snapshot_destroy};
use crate::facts::Scope;
use crate::names::{SnapshotLabel, VmName};
use crate::plan::{Effect, Plan, PlanBuilder, Reason, Refusal};
use crate::request::{Request, Situation};

/// Destroy a snapshot of a VM's disks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Args)]
#[serde(deny_unknown_fields)]
pub struct KvmSnapDelete {
    /// The VM.
    #[arg(long)]
    pub vm: VmName,
    /// The snapshot's name.
    #[arg(long)]
    pub snapshot: SnapshotLabel,
}

impl Tool for KvmSnapDelete {
    fn effect(&self) -> Effect {
        Effect::Destroy
    }

    fn scope(&self) -> Scope {
        guests::scope()
    }

    fn plan(&self, request: &Request, situation: Situation<'_>) -> Result<Plan, Refusal> {
        let facts = situation.facts;
        let domain = guests::domain(facts, &self.vm)?;
        let volumes = guests::volumes(domain)?;
        let plan = PlanBuilder::new(&facts.host, request.clone(), situation.made, Effect::Destroy);
        let mut plan = plan.about(format!("destroy the snapshot {} of VM {}", self.snapshot, self.vm), &self.snapshot);
        let mut found = false;
        for volume in &volumes {
            let name = volume.at(&self.snapshot);
            if facts.snapshot(&name).is_some() {
                snapshot_destroy::destroy(&mut plan, facts, &name)?;
                found = true;
            }
        }
        if found {
            return Ok(plan.done());
        }
        let known: Vec<String> = volumes
            .iter()
            .flat_map(|volume| facts.snapshots(volume))
            .filter_map(|found| found.name.split('@').nth(1).map(str::to_owned))
            .collect();
        Err(Refusal::new(Reason::Unknown, format!("VM {} has no snapshot {}", self.vm, self.snapshot)).hint(
            if known.is_empty() { "it has no snapshots".to_owned() } else { format!("it has {}", known.join(", ")) },
        ))
    }
}
