//! `snapshot_destroy`.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Tool, common, dataset_destroy};
use crate::facts::{Facts, Scope};
use crate::names::SnapshotName;
use crate::plan::{Condition, Effect, Identity, Plan, PlanBuilder, Refusal};
use crate::request::{Request, Situation};

/// Destroy a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Args)]
#[serde(deny_unknown_fields)]
pub struct SnapshotDestroy {
    /// The snapshot: dataset@name.
    #[arg(long)]
    pub snapshot: SnapshotName,
}

impl Tool for SnapshotDestroy {
    fn effect(&self) -> Effect {
        Effect::Destroy
    }

    fn scope(&self) -> Scope {
        Scope { pools: true, datasets: vec![self.snapshot.dataset().clone()], ..Scope::default() }
    }

    fn plan(&self, request: &Request, situation: Situation<'_>) -> Result<Plan, Refusal> {
        let plan = PlanBuilder::new(&situation.facts.host, request.clone(), situation.made, Effect::Destroy);
        let mut plan = plan.about(format!("destroy the snapshot {}", self.snapshot), &self.snapshot);
        destroy(&mut plan, situation.facts, &self.snapshot)?;
        Ok(plan.done())
    }
}

/// The step that destroys one snapshot, if nothing stands in the way.
pub(super) fn destroy(plan: &mut PlanBuilder, facts: &Facts, name: &SnapshotName) -> Result<(), Refusal> {
    common::online(facts, &name.dataset().pool())?;
    let found = common::snapshot(facts, name)?;
    dataset_destroy::may_go(facts, &[found], None)?;
    plan.check(format!("nobody holds {name} and no clone depends on it"));
    plan.loses(name.to_string(), Some(format!("guid {}", found.guid)), Some(found.used));
    plan.step("destroy the snapshot", common::destroy(name))
        .requires(Condition::Snapshot { name: name.clone(), is: Identity::Guid(found.guid) })
        .requires(Condition::Unused(name.clone()))
        .ensures(Condition::NoSnapshot(name.clone()));
    Ok(())
}
