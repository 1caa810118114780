//! `snapshot_create`.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Tool;
use super::common::{self, Take};
use crate::facts::Scope;
use crate::names::{DatasetName, SnapshotLabel};
use crate::plan::{Effect, Plan, PlanBuilder, Reason, Refusal};
use crate::request::{Request, Situation};

/// Take a snapshot of one or more datasets, all at the same moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Args)]
#[serde(deny_unknown_fields)]
pub struct SnapshotCreate {
    /// The datasets, with commas between them.
    #[arg(long, value_delimiter = ',', required = true)]
    pub datasets: Vec<DatasetName>,
    /// Its name; one with the time if nothing is said.
    #[arg(long)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<SnapshotLabel>,
    /// Also of everything below them.
    #[arg(long)]
    #[serde(default)]
    pub recursive: bool,
}

impl Tool for SnapshotCreate {
    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn scope(&self) -> Scope {
        Scope { pools: true, datasets: self.datasets.clone(), ..Scope::default() }
    }

    fn plan(&self, request: &Request, situation: Situation<'_>) -> Result<Plan, Refusal> {
        let facts = situation.facts;
        let label = common::label(self.name.as_ref(), situation.made)?;
        let Some(first) = self.datasets.first() else {
            return Err(Refusal::new(Reason::Invalid, "no dataset is named"));
        };
        if self.datasets.iter().any(|name| name.pool() != first.pool()) {
            return Err(Refusal::new(
                Reason::Invalid,
                "the datasets are on different pools: one snapshot cannot span them",
            )
            .hint("take one snapshot a pool"));
        }
        common::online(facts, &first.pool())?;
        let names: Vec<String> = self.datasets.iter().map(ToString::to_string).collect();
        let plan = PlanBuilder::new(&facts.host, request.clone(), situation.made, Effect::Change);
        let mut plan = plan.about(format!("take snapshot {label} of {}", names.join(", ")), &label);
        let take = Take {
            reason: "take the snapshot",
            datasets: &self.datasets,
            label: &label,
            recursive: self.recursive,
            within: None,
        };
        take.plan(&mut plan, facts)?;
        for name in &self.datasets {
            plan.report("snapshot", name.at(&label));
        }
        plan.check(format!("the name {label} is free on all of them"));
        plan.undone_by("`kai op undo` destroys the snapshot");
        Ok(plan.done())
    }
}
