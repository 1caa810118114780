//! What the tools for VMs share: finding a VM, starting and stopping it, where its files lie.

use crate::facts::{DomainFacts, Facts, Scope};
use crate::host::Command;
use crate::names::{DatasetName, HostPath, VmName};
use crate::plan::{Action, Condition, DomainState, PlanBuilder, Reason, Refusal};

/// What every tool for VMs observes.
pub(super) fn scope() -> Scope {
    Scope { pools: true, all_datasets: true, domains: true, ..Scope::default() }
}

/// The domain of a VM, or why there is none.
pub(super) fn domain<'a>(facts: &'a Facts, vm: &VmName) -> Result<&'a DomainFacts, Refusal> {
    facts.domain(vm.as_str()).ok_or_else(|| {
        let known: Vec<&str> = facts.domains.iter().map(|domain| domain.domain.name.as_str()).collect();
        let refusal = Refusal::new(Reason::Unknown, format!("there is no VM {vm}"));
        if known.is_empty() {
            refusal.hint("there are no VMs on this host; `kvm-create` makes one")
        } else {
            refusal.hint(format!("there are {}", known.join(", ")))
        }
    })
}

/// The volumes of a VM; at least one.
pub(super) fn volumes(domain: &DomainFacts) -> Result<Vec<DatasetName>, Refusal> {
    let volumes = domain.volumes();
    if volumes.is_empty() {
        return Err(Refusal::new(Reason::Invalid, format!("VM {} has no disk on a ZFS volume", domain.domain.name)));
    }
    Ok(volumes)
}

/// It still is that domain.
pub(super) fn same(domain: &DomainFacts) -> Condition {
    Condition::Domain { name: domain.domain.name.clone(), uuid: domain.domain.uuid }
}

/// It is in that state.
pub(super) fn state(domain: &DomainFacts, state: DomainState) -> Condition {
    Condition::State { name: domain.domain.name.clone(), state }
}

/// `virsh VERB NAME`.
pub(super) fn virsh(verb: &'static str, domain: &DomainFacts) -> Command {
    Command::virsh(verb).arg(crate::names::DomainArg(&domain.domain.name))
}

/// Pulls the plug; on failure it is started again.
pub(super) fn force_off(plan: &mut PlanBuilder, domain: &DomainFacts) {
    let mut step = plan
        .run("switch the VM off", virsh("destroy", domain))
        .requires(same(domain))
        .ensures(state(domain, DomainState::ShutOff));
    for volume in domain.volumes() {
        // A disk that got its name back has its device a moment later.
        let there = Condition::Device(volume);
        let wait = Action::Await { condition: there.clone(), seconds: 30 };
        step = step.undo_on_failure(wait, vec![same(domain)], vec![there]);
    }
    step.undo_on_failure(
        Action::Run(virsh("start", domain)),
        vec![same(domain), state(domain, DomainState::ShutOff)],
        vec![state(domain, DomainState::Running)],
    );
}

/// Starts it.
pub(super) fn start(plan: &mut PlanBuilder, domain: &DomainFacts) {
    plan.run("start the VM again", virsh("start", domain))
        .requires(same(domain))
        .requires(state(domain, DomainState::ShutOff))
        .ensures(state(domain, DomainState::Running))
        .undo_on_failure(
            Action::Run(virsh("destroy", domain)),
            vec![same(domain), state(domain, DomainState::Running)],
            vec![state(domain, DomainState::ShutOff)],
        );
}

/// Waits until nothing has the volumes open: ZFS does not refuse to roll an open volume back.
pub(super) fn let_go(plan: &mut PlanBuilder, volumes: &[DatasetName]) {
    for volume in volumes {
        let condition = Condition::NotOpen(volume.clone());
        plan.step("wait until nothing has the disk open", Action::Await { condition, seconds: 20 }).repeatable();
    }
}

/// Where the files of a VM that kai makes lie.
#[derive(Debug, Clone)]
pub(super) struct Files {
    pub(super) nvram: HostPath,
    pub(super) seed: HostPath,
    pub(super) log: HostPath,
    pub(super) xml: HostPath,
    pub(super) user_data: HostPath,
    pub(super) meta_data: HostPath,
}

impl Files {
    pub(super) fn of(vm: &VmName, mark: &str) -> Result<Self, Refusal> {
        let path = |text: String| text.parse::<HostPath>().map_err(super::common::invalid);
        Ok(Self {
            nvram: path(format!("/var/lib/libvirt/qemu/nvram/{vm}_VARS.fd"))?,
            seed: path(format!("/var/lib/libvirt/images/kai-seed-{vm}.iso"))?,
            log: path(format!("/var/log/libvirt/qemu/{vm}-console.log"))?,
            xml: path(format!("/run/kai/{mark}-{vm}.xml"))?,
            user_data: path(format!("/run/kai/{mark}-{vm}.user-data"))?,
            meta_data: path(format!("/run/kai/{mark}-{vm}.meta-data"))?,
        })
    }

    /// Those that have to be free for a new VM of that name.
    pub(super) fn lasting(vm: &VmName) -> Vec<HostPath> {
        Self::of(vm, "0").map(|files| vec![files.nvram, files.seed]).unwrap_or_default()
    }
}

/// A name for a new VM has to be free everywhere.
pub(super) fn free(facts: &Facts, vm: &VmName, volume: &DatasetName) -> Result<(), Refusal> {
    let taken = |what: String| Err(Refusal::new(Reason::Taken, what).hint("choose another name"));
    if facts.domain(vm.as_str()).is_some() {
        return taken(format!("there is a VM {vm} already"));
    }
    if facts.dataset(volume).is_some() {
        return taken(format!("{volume} exists already, without a VM of that name"));
    }
    for path in Files::lasting(vm) {
        if facts.files.get(&path) == Some(&true) {
            return taken(format!("{path} exists already: it was left by another VM {vm}"));
        }
    }
    Ok(())
}

/// Writes the XML, defines the domain from it, and removes the XML again.
pub(super) fn define(plan: &mut PlanBuilder, vm: &VmName, uuid: crate::names::Uuid, xml: String, files: &Files) {
    let ours = Condition::Domain { name: vm.to_string(), uuid };
    let content = crate::plan::Content::new(xml);
    let written = Condition::FileIs { path: files.xml.clone(), sha256: content.sha256().to_owned() };
    let remove = Action::Remove { path: files.xml.clone() };
    plan.step("describe the VM", Action::Create { path: files.xml.clone(), content, mode: 0o600 })
        .requires(Condition::NoFile(files.xml.clone()))
        .ensures(written.clone())
        .undo_on_failure(remove.clone(), vec![written], vec![Condition::NoFile(files.xml.clone())]);
    let undefine = Command::virsh("undefine")
        .arg("--nvram")
        .arg("--managed-save")
        .arg("--snapshots-metadata")
        .arg("--checkpoints-metadata")
        .arg(vm);
    // That the name is free is libvirt's own condition: it defines no second domain of a name.
    plan.run("define it", Command::virsh("define").arg("--validate").arg(&files.xml)).ensures(ours.clone()).undo(
        Action::Run(undefine),
        vec![ours, Condition::State { name: vm.to_string(), state: DomainState::ShutOff }],
        vec![Condition::NoDomain(vm.to_string())],
    );
    plan.step("clear up", remove).repeatable();
}

/// Starts a VM that was just defined.
pub(super) fn first_start(plan: &mut PlanBuilder, vm: &VmName) {
    let is = |state| Condition::State { name: vm.to_string(), state };
    plan.run("start it", Command::virsh("start").arg(vm)).ensures(is(DomainState::Running)).undo_on_failure(
        Action::Run(Command::virsh("destroy").arg(vm)),
        vec![is(DomainState::Running)],
        vec![is(DomainState::ShutOff)],
    );
}
