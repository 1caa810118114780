//! `kvm_delete`: a VM with its disks, storage first.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Tool, common, dataset_destroy, guests};
use crate::facts::{DatasetFacts, Facts, Kind, Scope};
use crate::host::Command;
use crate::names::{DatasetName, HostPath, VmName};
use crate::plan::{Action, Condition, DomainState, Effect, Identity, Plan, PlanBuilder, Reason, Refusal};
use crate::request::{Request, Situation};

/// Delete a VM with its disks, its snapshots and everything that is its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Args)]
#[serde(deny_unknown_fields)]
pub struct KvmDelete {
    /// The VM.
    #[arg(long)]
    pub vm: VmName,
    /// Also if it is running.
    #[arg(long)]
    #[serde(default)]
    pub force: bool,
}

impl Tool for KvmDelete {
    fn effect(&self) -> Effect {
        Effect::Destroy
    }

    fn scope(&self) -> Scope {
        Scope { files: guests::Files::lasting(&self.vm), ..guests::scope() }
    }

    fn plan(&self, request: &Request, situation: Situation<'_>) -> Result<Plan, Refusal> {
        let facts = situation.facts;
        let vm = &self.vm;
        let domain = facts.domain(vm.as_str());
        let volumes = match domain {
            Some(domain) => domain.volumes(),
            // What a failed deletion elsewhere left behind.
            None => facts.volume_of(vm).into_iter().collect(),
        };
        if domain.is_none() && volumes.is_empty() {
            return Err(guests::domain(facts, vm).err().unwrap_or_else(|| Refusal::new(Reason::Unknown, "no such VM")));
        }
        let plan = PlanBuilder::new(&facts.host, request.clone(), situation.made, Effect::Destroy);
        let mut plan = plan.about(format!("delete VM {vm} with its disks and snapshots"), vm);
        let mut origins = Vec::new();
        let mut destroys: Vec<(DatasetName, &DatasetFacts)> = Vec::new();
        for volume in &volumes {
            let Some(found) = facts.dataset(volume) else {
                plan.note(format!("its disk {volume} is gone already"));
                continue;
            };
            may_destroy(facts, volume, vm)?;
            for other in facts.snapshots(volume) {
                plan.loses(other.name.clone(), Some(format!("guid {}", other.guid)), Some(other.used));
            }
            plan.loses(volume.to_string(), Some(format!("guid {}", found.guid)), Some(found.used));
            origins.extend(own_origin(facts, found));
            destroys.push((volume.clone(), found));
        }
        plan.check("no other VM uses its disks, no clone depends on them, nobody holds their snapshots");
        if let Some(domain) = domain.filter(|domain| domain.state != DomainState::ShutOff) {
            if !self.force {
                return Err(Refusal::new(Reason::State, format!("VM {vm} is {}", domain.state))
                    .hint("shut it down first, or say --force"));
            }
            plan.run("switch the VM off", guests::virsh("destroy", domain))
                .requires(guests::same(domain))
                .ensures(guests::state(domain, DomainState::ShutOff));
        }
        for (volume, found) in &destroys {
            plan.step(
                "destroy its disk with its snapshots",
                Action::RunWhileBusy(Command::zfs("destroy").arg("-r").arg(volume)),
            )
            .requires(Condition::Dataset { name: volume.clone(), is: Identity::Guid(found.guid) })
            .ensures(Condition::NoDataset(volume.clone()));
        }
        if let Some(domain) = domain {
            let mut undefine = guests::virsh("undefine", domain).arg("--managed-save").arg("--snapshots-metadata");
            undefine = undefine.arg("--checkpoints-metadata");
            if domain.domain.uefi {
                undefine = undefine.arg("--nvram");
            }
            if domain.domain.tpm {
                undefine = undefine.arg("--tpm");
            }
            plan.loses(format!("definition of {vm}"), Some(format!("UUID {}", domain.domain.uuid)), None);
            plan.run("forget the VM", undefine)
                .requires(guests::same(domain))
                .requires(guests::state(domain, DomainState::ShutOff))
                .ensures(Condition::NoDomain(vm.to_string()));
        }
        for path in own_files(facts, vm) {
            plan.loses(path.to_string(), None, None);
            plan.step("remove what was made for it", Action::Remove { path: path.clone() })
                .ensures(Condition::NoFile(path))
                .repeatable();
        }
        for origin in origins {
            let name = common::name_of(origin)?;
            plan.loses(origin.name.clone(), Some(format!("guid {}", origin.guid)), Some(origin.used));
            plan.step("destroy the snapshot that was taken only to clone it", common::destroy(&name))
                .requires(Condition::Snapshot { name: name.clone(), is: Identity::Guid(origin.guid) })
                .requires(Condition::Unused(name.clone()))
                .ensures(Condition::NoSnapshot(name));
        }
        Ok(plan.done())
    }
}

fn may_destroy(facts: &Facts, volume: &DatasetName, vm: &VmName) -> Result<(), Refusal> {
    common::not_of_the_system(facts, volume).or_else(|refusal| {
        // Guests may live on the system's pool; their own volumes may go.
        let is_guest = facts.dataset(volume).is_some_and(common::is_volume) && facts.user_of(volume).is_some();
        if is_guest { Ok(()) } else { Err(refusal) }
    })?;
    common::online(facts, &volume.pool())?;
    let gone: Vec<&DatasetFacts> =
        facts.datasets.iter().filter(|other| other.is_within(volume) && other.kind != Kind::Bookmark).collect();
    dataset_destroy::may_go(facts, &gone, Some(volume))?;
    let others = facts.domains.iter().filter(|other| other.domain.name != vm.as_str());
    for other in others {
        if other.volumes().contains(volume) {
            return Err(Refusal::new(Reason::InUse, format!("{volume} is also a disk of VM {}", other.domain.name)));
        }
    }
    Ok(())
}

/// The snapshot that only this clone came from, if kai took it for that.
fn own_origin<'a>(facts: &'a Facts, volume: &DatasetFacts) -> Option<&'a DatasetFacts> {
    let origin = volume.origin.as_ref()?;
    let found = facts.datasets.iter().find(|other| other.name == *origin)?;
    let label = origin.split('@').nth(1)?;
    let only = found.clones.len() == 1 && found.clones.first() == Some(&volume.name);
    (label.starts_with("kai-clone-") && found.mark.is_some() && only && found.holds == 0).then_some(found)
}

fn own_files(facts: &Facts, vm: &VmName) -> Vec<HostPath> {
    let seed = guests::Files::of(vm, "0").map(|files| files.seed);
    seed.into_iter().filter(|path| facts.files.get(path) == Some(&true)).collect()
}
