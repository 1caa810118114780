//! `kvm_list`: the VMs, and what belongs to none.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Table, Tool, guests};
use crate::facts::{Facts, Kind, Scope};
use crate::names::{DatasetName, VmName};
use crate::plan::{Effect, Refusal};

/// List the VMs with their addresses, disks and snapshots, and what was left without its other half.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Args)]
#[serde(deny_unknown_fields)]
pub struct KvmList {
    /// Only this VM.
    #[arg(long)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vm: Option<VmName>,
}

impl Tool for KvmList {
    const ONLY_READS: bool = true;

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn scope(&self) -> Scope {
        Scope { addresses: true, ..guests::scope() }
    }

    fn read(&self, facts: &Facts) -> Result<Option<Table>, Refusal> {
        if let Some(vm) = &self.vm {
            guests::domain(facts, vm)?;
        }
        let mut table = Table::new(&[
            "vm",
            "state",
            "ip",
            "vcpus",
            "memory",
            "disk",
            "used",
            "referenced",
            "snapshots",
            "origin",
            "uuid",
        ]);
        let wanted = |name: &str| self.vm.as_ref().is_none_or(|vm| vm.as_str() == name);
        for found in facts.domains.iter().filter(|found| wanted(&found.domain.name)) {
            let volumes = found.volumes();
            let disks: Vec<_> = volumes.iter().filter_map(|volume| facts.dataset(volume)).collect();
            let sum = |of: &dyn Fn(&crate::facts::DatasetFacts) -> u64| disks.iter().map(|disk| of(disk)).sum::<u64>();
            table.row(vec![
                json!(found.domain.name),
                json!(found.state.to_string()),
                json!(facts.addresses.get(&found.domain.name).cloned().unwrap_or_default()),
                json!(found.domain.vcpus),
                json!(found.domain.memory.bytes()),
                json!(sum(&|disk| disk.volsize.unwrap_or(0))),
                json!(sum(&|disk| disk.used)),
                json!(sum(&|disk| disk.referenced)),
                json!(volumes.first().map_or(0, |volume| facts.snapshots(volume).len())),
                json!(disks.first().and_then(|disk| disk.origin.clone())),
                json!(found.domain.uuid),
            ]);
            for volume in volumes.iter().filter(|volume| facts.dataset(volume).is_none()) {
                table.notes.push(format!("the disk {volume} of VM {} is not there", found.domain.name));
            }
        }
        if self.vm.is_none()
            && let Ok(root) = facts.vm_root()
        {
            for found in facts.datasets.iter().filter(|found| found.kind == Kind::Volume) {
                let Ok(name) = found.name.parse::<DatasetName>() else { continue };
                if name.is_within(&root) && facts.user_of(&name).is_none() {
                    table.notes.push(format!("the volume {name} belongs to no VM"));
                }
            }
        }
        Ok(Some(table))
    }
}
