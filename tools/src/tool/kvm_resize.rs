//! `kvm_resize`: more memory, processors or disk.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Tool, common, guests};
use crate::facts::Scope;
use crate::host::Command;
use crate::names::{BytesArg, HostPath, KibArg, Size, VmName};
use crate::plan::{Action, Condition, DomainState, Effect, Identity, Plan, PlanBuilder, Property, Reason, Refusal};
use crate::request::{Request, Situation};

/// Give a VM more memory, processors or disk. All values are the new ones, not what is added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Args)]
#[serde(deny_unknown_fields)]
pub struct KvmResize {
    /// The VM.
    #[arg(long)]
    pub vm: VmName,
    /// Its new memory; in force from the next start.
    #[arg(long)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Size>,
    /// Its new number of processors; in force from the next start.
    #[arg(long)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vcpus: Option<u32>,
    /// The new size of its first disk; a running VM sees it at once.
    #[arg(long)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk: Option<Size>,
}

impl Tool for KvmResize {
    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn scope(&self) -> Scope {
        guests::scope()
    }

    fn plan(&self, request: &Request, situation: Situation<'_>) -> Result<Plan, Refusal> {
        let facts = situation.facts;
        let vm = &self.vm;
        let domain = guests::domain(facts, vm)?;
        let shrink = |what: &str, now: String, new: String| {
            Refusal::new(Reason::Shrink, format!("the {what} of {vm} is {now}; {new} would not be more"))
                .hint("kai only grows; give the new size, not what is to be added")
        };
        let plan = PlanBuilder::new(&facts.host, request.clone(), situation.made, Effect::Change);
        let mut plan = plan.about(format!("resize VM {vm}"), vm);
        let mut nothing = true;
        if let Some(disk) = self.disk {
            let volume = guests::volumes(domain)?.remove(0);
            let found = common::dataset(facts, &volume)?;
            let pool = common::online(facts, &volume.pool())?;
            let now = Size::from_bytes(found.volsize.unwrap_or(0));
            let new = disk.rounded_up_to(found.volblocksize.unwrap_or(1 << 20).max(1 << 20));
            if new <= now {
                return Err(shrink("disk", now.to_string(), disk.to_string()));
            }
            if new.bytes() - now.bytes() > pool.free.bytes() {
                plan.note(format!(
                    "pool {} has less free than the disk grows by; it will do until the guest fills it",
                    pool.name
                ));
            }
            plan.check(format!("pool {} has {} free", pool.name, pool.free.for_people()));
            plan.check(format!("the disk {volume} is {now} now"));
            plan.run("grow the disk", Command::zfs("set").pair("volsize", new).arg(&volume))
                .requires(Condition::Dataset { name: volume.clone(), is: Identity::Guid(found.guid) })
                .ensures(Condition::Property {
                    dataset: volume.clone(),
                    property: Property::Volsize,
                    value: new.bytes().to_string(),
                });
            if domain.state == DomainState::Running {
                let device = HostPath::of_volume(&volume);
                let command = guests::virsh("blockresize", domain).arg(&device).arg("--size").arg(BytesArg(new));
                plan.run("tell the running guest", command)
                    .requires(guests::same(domain))
                    .requires(guests::state(domain, DomainState::Running))
                    .repeatable();
            }
            plan.note("the disk cannot be made smaller again; grow the partition and file system inside the guest");
            nothing = false;
        }
        if let Some(memory) = self.memory {
            if memory <= domain.domain.memory {
                return Err(shrink("memory", domain.domain.memory.to_string(), memory.to_string()));
            }
            let set = |verb: &'static str, size: Size| guests::virsh(verb, domain).arg(KibArg(size)).arg("--config");
            let before = domain.domain.memory;
            plan.run("allow more memory", set("setmaxmem", memory)).requires(guests::same(domain)).undo(
                Action::Run(set("setmaxmem", before)),
                vec![guests::same(domain)],
                vec![],
            );
            plan.run("give it", set("setmem", memory)).undo(
                Action::Run(set("setmem", before)),
                vec![guests::same(domain)],
                vec![],
            );
            nothing = false;
        }
        if let Some(vcpus) = self.vcpus {
            let before = domain.domain.vcpus;
            if vcpus <= before || vcpus > 512 {
                return Err(shrink("number of processors", before.to_string(), vcpus.to_string()));
            }
            let maximum = |count: u32| guests::virsh("setvcpus", domain).arg(count).arg("--maximum").arg("--config");
            let current = |count: u32| guests::virsh("setvcpus", domain).arg(count).arg("--config");
            // The maximum comes down last, the number in use first.
            plan.run("allow more processors", maximum(vcpus)).requires(guests::same(domain)).undo(
                Action::Run(maximum(before)),
                vec![guests::same(domain)],
                vec![],
            );
            plan.run("give them", current(vcpus)).undo(
                Action::Run(current(before)),
                vec![guests::same(domain)],
                vec![],
            );
            nothing = false;
        }
        if nothing {
            return Err(Refusal::new(Reason::Nothing, format!("nothing is said of what VM {vm} should get"))
                .hint("give --memory, --vcpus or --disk"));
        }
        if domain.state != DomainState::ShutOff && (self.memory.is_some() || self.vcpus.is_some()) {
            plan.note("memory and processors are in force from the next start of the VM");
        }
        if self.disk.is_none() {
            plan.undone_by("`kai op undo` sets the old values again");
        }
        Ok(plan.done())
    }
}
