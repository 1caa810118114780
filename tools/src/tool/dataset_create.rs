//! `dataset_create`.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Tool, common};
use crate::facts::Scope;
use crate::host::Command;
use crate::names::{Compression, DatasetName, HostPath, MarkArg, Size};
use crate::plan::{Condition, Effect, Identity, Plan, PlanBuilder, Reason, Refusal};
use crate::request::{Request, Situation};

/// Create a file system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Args)]
#[serde(deny_unknown_fields)]
pub struct DatasetCreate {
    /// Its name with the pool: tank/data.
    #[arg(long)]
    pub dataset: DatasetName,
    /// Where it is mounted; below its parent if nothing is said.
    #[arg(long)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mountpoint: Option<HostPath>,
    /// The largest block of its files: 16K for databases, 1M for media.
    #[arg(long)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recordsize: Option<Size>,
    /// How its blocks are compressed.
    #[arg(long)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compression: Option<Compression>,
    /// The most that it and everything below it may take.
    #[arg(long)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<Size>,
}

impl Tool for DatasetCreate {
    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn scope(&self) -> Scope {
        let names = [Some(self.dataset.clone()), self.dataset.parent()];
        Scope { pools: true, datasets: names.into_iter().flatten().collect(), ..Scope::default() }
    }

    fn plan(&self, request: &Request, situation: Situation<'_>) -> Result<Plan, Refusal> {
        let facts = situation.facts;
        let name = &self.dataset;
        common::plain(name.is_plain(), name)?;
        common::online(facts, &name.pool())?;
        if facts.dataset(name).is_some() {
            return Err(Refusal::new(Reason::Taken, format!("{name} exists already")));
        }
        let parent = name.parent().ok_or_else(|| {
            Refusal::new(Reason::Invalid, format!("{name} would be a pool; kai does not create pools"))
        })?;
        let parent_guid = common::dataset(facts, &parent)?.guid;
        if let Some(size) = self.recordsize
            && (!size.bytes().is_power_of_two() || size.bytes() < 512 || size.bytes() > 16 << 20)
        {
            return Err(Refusal::new(Reason::Invalid, format!("recordsize {size} is no power of two from 512 to 16M")));
        }
        let plan = PlanBuilder::new(&facts.host, request.clone(), situation.made, Effect::Change);
        let mut plan = plan.about(format!("create the file system {name}"), name);
        let mark = plan.mark();
        plan.check(format!("{name} is free, its parent {parent} is there"));
        let mut command = Command::zfs("create").arg("-o").pair("com.kai:op", MarkArg::of(&mark));
        if let Some(mountpoint) = &self.mountpoint {
            command = command.arg("-o").pair("mountpoint", mountpoint);
        }
        if let Some(size) = self.recordsize {
            command = command.arg("-o").pair("recordsize", size);
        }
        if let Some(compression) = &self.compression {
            command = command.arg("-o").pair("compression", compression);
        }
        if let Some(quota) = self.quota {
            command = command.arg("-o").pair("quota", quota);
        }
        let ours = Condition::Dataset { name: name.clone(), is: Identity::Mark(mark) };
        plan.run("create it", command.arg(name))
            .requires(Condition::Dataset { name: parent, is: Identity::Guid(parent_guid) })
            .ensures(ours.clone())
            .undo(common::destroy(name), vec![ours], vec![Condition::NoDataset(name.clone())]);
        plan.undone_by("`kai op undo` destroys it");
        plan.report("dataset", name);
        Ok(plan.done())
    }
}
