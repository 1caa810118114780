//! `snapshot_create`.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Tool, common};
use crate::facts::Scope;
use crate::host::Command;
use crate::names::{DatasetName, MarkArg, SnapshotLabel};
use crate::plan::{Condition, Effect, Identity, Plan, PlanBuilder, Reason, Refusal};
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
        let label = match &self.name {
            Some(name) => name.clone(),
            None => common::stamped("kai", situation.made).parse().map_err(common::invalid)?,
        };
        common::plain(label.is_plain(), &label)?;
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
        let mark = plan.mark();
        let mut command = Command::zfs("snapshot");
        if self.recursive {
            command = command.arg("-r");
        }
        command = command.arg("-o").pair("com.kai:op", MarkArg::of(&mark));
        for name in &self.datasets {
            command = command.arg(name.at(&label));
        }
        let mut step = plan.run("take the snapshot", command);
        for name in &self.datasets {
            let found = common::dataset(facts, name)?;
            let snapshot = name.at(&label);
            if facts.snapshot(&snapshot).is_some() {
                return Err(Refusal::new(Reason::Taken, format!("{snapshot} exists already")));
            }
            let ours = Condition::Snapshot { name: snapshot.clone(), is: Identity::Mark(mark.clone()) };
            let mut destroy = Command::zfs("destroy");
            if self.recursive {
                destroy = destroy.arg("-r");
            }
            step = step
                .requires(Condition::Dataset { name: name.clone(), is: Identity::Guid(found.guid) })
                .ensures(ours)
                .undo(
                    crate::plan::Action::RunWhileBusy(destroy.arg(&snapshot)),
                    common::our_snapshot(&snapshot, &mark),
                    vec![Condition::NoSnapshot(snapshot)],
                );
        }
        for name in &self.datasets {
            plan.report("snapshot", name.at(&label));
        }
        plan.check(format!("the name {label} is free on all of them"));
        plan.undone_by("`kai op undo` destroys the snapshot");
        Ok(plan.done())
    }
}
