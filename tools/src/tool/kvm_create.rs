//! `kvm_create`.

use clap::Args;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::guests::{self, Files};
use super::nearest::nearest;
use super::{Tool, common};
use crate::domain::{self, Hypervisor, NewDomain};
use crate::facts::{Facts, Scope};
use crate::host::{Command, Program};
use crate::names::{BridgeName, DatasetName, HostPath, Mac, MarkArg, OsVariant, Size, Uuid, VmName, VolBlockSize};
use crate::plan::{Action, Condition, Effect, Identity, Plan, PlanBuilder, Reason, Refusal};
use crate::request::{Request, Situation};

/// Create a VM with a disk on a ZFS volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Args)]
#[serde(deny_unknown_fields)]
pub struct KvmCreate {
    /// Its name.
    #[arg(long)]
    pub name: VmName,
    /// Its memory.
    #[arg(long, default_value = "2G")]
    #[serde(default = "two_gib")]
    pub memory: Size,
    /// Its processors.
    #[arg(long, default_value_t = 2)]
    #[serde(default = "two")]
    pub vcpus: u32,
    /// The size of its disk; it takes space as the guest fills it.
    #[arg(long, default_value = "20G")]
    #[serde(default = "twenty_gib")]
    pub disk: Size,
    /// An image that is copied to the disk.
    #[arg(long)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<HostPath>,
    /// A medium to install from.
    #[arg(long)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iso: Option<HostPath>,
    /// The bridge that it is plugged into; libvirt's network `default` if nothing is said.
    #[arg(long)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bridge: Option<BridgeName>,
    /// Its operating system, as libosinfo names it.
    #[arg(long)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os_variant: Option<OsVariant>,
    /// The block size of its volume.
    #[arg(long, default_value = "16K")]
    #[serde(default = "default_block")]
    pub volblocksize: VolBlockSize,
    /// Start it at once.
    #[arg(long)]
    #[serde(default)]
    pub start: bool,
}

fn two_gib() -> Size {
    Size::from_mib(2048)
}

fn twenty_gib() -> Size {
    Size::from_mib(20 << 10)
}

fn two() -> u32 {
    2
}

fn default_block() -> VolBlockSize {
    VolBlockSize::DEFAULT
}

impl Tool for KvmCreate {
    fn effect(&self) -> Effect {
        Effect::Change
    }

    fn scope(&self) -> Scope {
        let mut files = Files::lasting(&self.name);
        files.extend(self.iso.clone());
        files.extend(self.image.clone());
        let os_variants = self.os_variant.is_some();
        Scope { files, memory: true, firmware: true, os_variants, image: self.image.clone(), ..guests::scope() }
    }

    fn plan(&self, request: &Request, situation: Situation<'_>) -> Result<Plan, Refusal> {
        let facts = situation.facts;
        let name = &self.name;
        let root = facts.vm_root()?;
        let volume = root.child(name.as_str()).map_err(common::invalid)?;
        guests::free(facts, name, &volume)?;
        let pool = common::online(facts, &root.pool())?;
        let parent = common::dataset(facts, &root)?;
        for (path, what) in [(&self.iso, "medium"), (&self.image, "image")] {
            if let Some(path) = path.as_ref().filter(|path| facts.files.get(*path) != Some(&true)) {
                return Err(Refusal::new(Reason::Unknown, format!("the {what} {path} is not there")));
            }
        }
        let size = self.disk.rounded_up_to(self.volblocksize.bytes().max(1 << 20));
        if size.bytes() < 1 << 20 || !(1..=512).contains(&self.vcpus) || self.memory.bytes() < 32 << 20 {
            return Err(Refusal::new(Reason::Invalid, "a VM has at least 1 processor, 32M of memory and 1M of disk"));
        }
        let uefi = facts.uefi.unwrap_or(false);
        let plan = PlanBuilder::new(&facts.host, request.clone(), situation.made, Effect::Change);
        let mut plan = plan.about(
            format!("create VM {name} with {} of memory, {} vCPUs and a disk of {}", self.memory, self.vcpus, size),
            name,
        );
        self.os_is_known(&mut plan, facts)?;
        let mark = plan.mark();
        plan.check(format!("the name {name} is free as a VM, a volume and in libvirt's files"));
        plan.check(format!("pool {} is ONLINE with {} free", pool.name, pool.free.for_people()));
        room(&mut plan, facts, self.memory, self.start)?;
        if size.bytes() > pool.free.bytes() {
            plan.note(format!("the disk may grow larger than what is free on {} now", pool.name));
        }
        if !uefi {
            plan.note("this host has no UEFI firmware for guests; the VM boots by BIOS");
        }
        let uuid = Uuid::derived(&["domain", &facts.host, &mark, name.as_str()]);
        let command = Command::zfs("create")
            .arg("-s")
            .arg("-V")
            .arg(size)
            .arg("-o")
            .pair("volblocksize", self.volblocksize)
            .arg("-o")
            .pair("com.kai:vm", uuid)
            .arg("-o")
            .pair("com.kai:op", MarkArg::of(&mark))
            .arg(&volume);
        let ours = Condition::Dataset { name: volume.clone(), is: Identity::Mark(mark.clone()) };
        plan.run("make its disk", command)
            .requires(Condition::Dataset { name: root, is: Identity::Guid(parent.guid) })
            .ensures(ours.clone())
            .undo(common::destroy(&volume), vec![ours], vec![Condition::NoDataset(volume.clone())]);
        device(&mut plan, &volume);
        if let (Some(image), Some((_, virtual_size))) = (&self.image, &facts.image) {
            if *virtual_size > size {
                return Err(Refusal::new(
                    Reason::NoRoom,
                    format!("the image {image} is {virtual_size} large, and the disk would have {size}"),
                )
                .hint(format!("say --disk {virtual_size} or more")));
            }
            let convert = Command::new(Program::QemuImg).arg("convert").arg("-n").arg("-O").arg("raw").arg("-t");
            let convert = convert.arg("none").arg("-W").arg(image).arg(HostPath::of_volume(&volume));
            plan.run("copy the image to it", convert.within(std::time::Duration::from_secs(3600))).repeatable();
            plan.moves(*virtual_size);
        }
        let files = Files::of(name, &mark)?;
        let new = NewDomain {
            name: name.clone(),
            uuid,
            memory: self.memory,
            vcpus: self.vcpus,
            volume: volume.clone(),
            mac: free_mac(facts, &[&facts.host, &mark, name.as_str()]),
            bridge: self.bridge.clone(),
            iso: self.iso.clone(),
            seed: None,
            nvram: uefi.then(|| files.nvram.clone()),
            os_variant: self.os_variant.clone(),
            hypervisor: if facts.kvm { Hypervisor::Kvm } else { Hypervisor::Qemu },
            log: files.log.clone(),
            mark: mark.clone(),
        };
        if !facts.kvm {
            plan.note("this host has no hardware virtualisation; the VM is emulated, which is slow");
        }
        guests::define(&mut plan, name, uuid, domain::create(&new), &files);
        if self.start {
            guests::first_start(&mut plan, name);
        }
        plan.report("vm", name);
        plan.report("uuid", uuid);
        plan.report("mac", new.mac);
        plan.report("disk", &volume);
        plan.undone_by("`kai op undo` removes the VM and its disk");
        Ok(plan.done())
    }
}

impl KvmCreate {
    /// An operating system that nobody knows is a typing mistake.
    fn os_is_known(&self, plan: &mut PlanBuilder, facts: &Facts) -> Result<(), Refusal> {
        let Some(wanted) = &self.os_variant else { return Ok(()) };
        let Some(known) = &facts.os_variants else {
            plan.note(format!(
                "neither osinfo-query nor virt-install is there: whether {wanted} exists was not checked"
            ));
            return Ok(());
        };
        // What virt-install takes for a system that libosinfo does not know.
        if known.contains(wanted) || wanted.as_str() == "generic" {
            plan.check(format!("libosinfo knows {wanted}"));
            return Ok(());
        }
        let near = nearest(wanted.as_str(), known.iter().map(OsVariant::as_str));
        let hint = if near.is_empty() {
            "`osinfo-query os` or `virt-install --osinfo list` lists them; `generic` fits all".to_owned()
        } else {
            format!("there are {}; `generic` fits all", near.join(", "))
        };
        Err(Refusal::new(Reason::Unknown, format!("libosinfo on this host knows no operating system {wanted}"))
            .hint(hint))
    }
}

/// Waits for the volume's device: udev makes it a moment after the volume.
pub(super) fn device(plan: &mut PlanBuilder, volume: &DatasetName) {
    let condition = Condition::Device(volume.clone());
    plan.step("wait for the disk's device", Action::Await { condition, seconds: 30 }).repeatable();
}

/// Whether the memory is there now.
pub(super) fn room(plan: &mut PlanBuilder, facts: &Facts, memory: Size, start: bool) -> Result<(), Refusal> {
    let Some(available) = facts.memory_available else { return Ok(()) };
    if memory <= available {
        plan.check(format!("{} of memory are available", available.for_people()));
        return Ok(());
    }
    if start {
        return Err(Refusal::new(
            Reason::NoRoom,
            format!("{} of memory are wanted, and {} are available", memory.for_people(), available.for_people()),
        )
        .hint("stop a VM, give this one less, or create it without starting it"));
    }
    plan.check(format!("{} of memory are available", available.for_people()));
    plan.note("that is more memory than is available now: it would not start");
    Ok(())
}

/// An address that no domain has.
pub(super) fn free_mac(facts: &Facts, parts: &[&str]) -> Mac {
    let taken = |mac: &Mac| facts.domains.iter().any(|domain| domain.domain.macs.contains(mac));
    let mut round = 0_u32;
    loop {
        let number = round.to_string();
        let mac = Mac::derived(&[&["mac", number.as_str()], parts].concat());
        if !taken(&mac) || round > 1000 {
            return mac;
        }
        round += 1;
    }
}
