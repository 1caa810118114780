//! `dataset_list` and `snapshot_list`.

use clap::{Args, ValueEnum};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Table, Tool, common};
use crate::facts::{Facts, Kind, Scope};
use crate::names::{DatasetName, Stamp, VmName};
use crate::plan::{Effect, Reason, Refusal};

/// Which datasets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum DatasetKind {
    /// File systems and volumes.
    #[default]
    All,
    /// File systems.
    Filesystem,
    /// Volumes (zvols).
    Volume,
    /// Snapshots.
    Snapshot,
    /// Bookmarks.
    Bookmark,
}

/// List datasets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Args)]
#[serde(deny_unknown_fields)]
pub struct DatasetList {
    /// Only this dataset and what lies below it.
    #[arg(long)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<DatasetName>,
    /// Which kind.
    #[arg(long, value_enum, default_value_t)]
    #[serde(default)]
    pub kind: DatasetKind,
}

/// List the snapshots of a dataset, or of a VM's disks; of everything if neither is named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Args)]
#[serde(deny_unknown_fields)]
pub struct SnapshotList {
    /// The dataset.
    #[arg(long, conflicts_with = "vm")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<DatasetName>,
    /// The VM.
    #[arg(long)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vm: Option<VmName>,
}

fn scope(root: Option<&DatasetName>) -> Scope {
    match root {
        Some(root) => Scope { datasets: vec![root.clone()], ..Scope::default() },
        None => Scope { all_datasets: true, ..Scope::default() },
    }
}

impl Tool for DatasetList {
    const ONLY_READS: bool = true;

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn scope(&self) -> Scope {
        scope(self.root.as_ref())
    }

    fn read(&self, facts: &Facts) -> Result<Option<Table>, Refusal> {
        if let Some(root) = &self.root {
            common::dataset(facts, root)?;
        }
        let mut table = Table::new(&["name", "kind", "used", "referenced", "volsize", "origin", "mountpoint", "guid"]);
        let wanted = |kind: Kind| match self.kind {
            DatasetKind::All => matches!(kind, Kind::Filesystem | Kind::Volume),
            DatasetKind::Filesystem => kind == Kind::Filesystem,
            DatasetKind::Volume => kind == Kind::Volume,
            DatasetKind::Snapshot => kind == Kind::Snapshot,
            DatasetKind::Bookmark => kind == Kind::Bookmark,
        };
        for found in facts.datasets.iter().filter(|found| wanted(found.kind)) {
            table.row(vec![
                json!(found.name),
                json!(found.kind),
                json!(found.used),
                json!(found.referenced),
                json!(found.volsize),
                json!(found.origin),
                json!(found.mountpoint),
                json!(found.guid),
            ]);
        }
        Ok(Some(table))
    }
}

impl Tool for SnapshotList {
    const ONLY_READS: bool = true;

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn scope(&self) -> Scope {
        match (&self.dataset, &self.vm) {
            (Some(dataset), _) => scope(Some(dataset)),
            (None, Some(_)) => Scope { all_datasets: true, domains: true, ..Scope::default() },
            (None, None) => scope(None),
        }
    }

    fn read(&self, facts: &Facts) -> Result<Option<Table>, Refusal> {
        let of: Option<Vec<DatasetName>> = match (&self.dataset, &self.vm) {
            (Some(dataset), _) => {
                common::dataset(facts, dataset)?;
                Some(vec![dataset.clone()])
            }
            (None, Some(vm)) => {
                let volumes = facts.domain(vm.as_str()).map(|domain| domain.volumes()).unwrap_or_default();
                let volumes = if volumes.is_empty() { facts.volume_of(vm).into_iter().collect() } else { volumes };
                if volumes.is_empty() {
                    return Err(Refusal::new(Reason::Unknown, format!("there is no VM {vm} with a volume")));
                }
                Some(volumes)
            }
            (None, None) => None,
        };
        let mut table = Table::new(&["snapshot", "created", "used", "referenced", "holds", "clones", "guid"]);
        let wanted = |name: &str| {
            let dataset = name.split('@').next().unwrap_or_default();
            of.as_ref().is_none_or(|of| of.iter().any(|name| name.as_str() == dataset))
        };
        let snapshots = facts.datasets.iter().filter(|found| found.kind == Kind::Snapshot && wanted(&found.name));
        for found in snapshots {
            table.row(vec![
                json!(found.name),
                json!(Stamp::from_seconds(found.created)),
                json!(found.used),
                json!(found.referenced),
                json!(found.holds),
                json!(found.clones),
                json!(found.guid),
            ]);
        }
        Ok(Some(table))
    }
}
