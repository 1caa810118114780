//! Whether what was understood may be proposed: the types of the tools, what this host has, and what
//! is never done whatever is approved. A plan decides again, from facts; this only says no sooner.

use kai_tools::names::DatasetName;
use kai_tools::plan::Effect;
use kai_tools::request::Request;
use serde_json::Value as Json;

use super::fill::{Args, Filled};
use super::inventory::{Inventory, Pool, Snapshot};

/// A request that may be proposed, or what is said instead.
pub(super) type Verdict = Result<Request, Filled>;

fn refuse(key: &'static str, reason: impl Into<String>) -> Filled {
    Filled::Refuse { key, reason: reason.into() }
}

fn ask(missing: &'static str, question: impl Into<String>) -> Filled {
    Filled::Ask { missing: vec![missing], candidates: Vec::new(), question: question.into() }
}

/// Whether a text is a dataset's name.
#[must_use]
pub(super) fn valid_dataset(text: &str) -> bool {
    text.parse::<DatasetName>().is_ok()
}

/// What a judgement is made on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bench<'a> {
    /// The host by name.
    pub inventory: &'a Inventory,
    /// VMs that earlier steps make.
    pub made: &'a [String],
}

impl Bench<'_> {
    /// Judges one request.
    ///
    /// # Errors
    /// What is said instead of proposing it.
    pub(super) fn judge(&self, tool: &str, args: &Args) -> Verdict {
        let request = Request::from_call(tool, Json::Object(args.clone()))
            .map_err(|error| refuse("invalid-name", format!("that cannot be asked for: {error}")))?;
        if request.effect() != Effect::Read {
            self.never(tool, args)?;
        }
        self.present(tool, args)?;
        Ok(request)
    }

    /// What no approval overrides.
    fn never(&self, tool: &str, args: &Args) -> Result<(), Filled> {
        let text = |key: &str| args.get(key).and_then(Json::as_str).unwrap_or_default();
        let inventory = self.inventory;
        let action = text("action");
        let vm =
            [text("vm"), text("source"), text("golden")].into_iter().find(|name| !name.is_empty()).unwrap_or_default();
        let found = inventory.vm(vm);
        if let Some(found) = found {
            self.online(&found.dataset)?;
        }
        let snapshot = text("snapshot");
        let (owner, label) = snapshot.split_once('@').unwrap_or((found.map_or("", |vm| vm.dataset.as_str()), snapshot));
        match tool {
            "dataset_create" | "dataset_destroy" | "replicate" | "replication_schedule" => {
                self.online(text("dataset"))?;
            }
            "snapshot_destroy" | "dataset_rollback" => self.online(owner)?,
            "snapshot_create" => {
                for name in args.get("datasets").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str)
                {
                    self.online(name)?;
                }
            }
            "container_create" => self.online(text("root"))?,
            _ => {}
        }
        match tool {
            "boot_env" if action == "destroy" => {
                let active = inventory.boot_environments.iter().any(|found| found.name == text("name") && found.active);
                if active {
                    return Err(refuse(
                        "never-active-be",
                        "the system runs from this boot environment; kai never destroys it",
                    ));
                }
            }
            "dataset_destroy" => self.may_destroy(text("dataset"))?,
            "snapshot_destroy" | "kvm_snap_delete" => {
                self.not_root(owner, "destroyed")?;
                let list = inventory.snapshots(owner);
                if let Some(held) = list.iter().find(|snapshot| snapshot.name == label && !snapshot.holds.is_empty()) {
                    return Err(held_refusal(held));
                }
                let origin = format!("{owner}@{label}");
                let clones = inventory.vms.iter().any(|vm| vm.origin.as_deref() == Some(origin.as_str()));
                if clones {
                    return Err(refuse("has-clones", format!("{origin} has clones that depend on it")));
                }
            }
            "dataset_rollback" | "kvm_rollback" => {
                self.not_root(owner, "rolled back")?;
                if tool == "dataset_rollback"
                    && let Some(vm) = inventory.vms.iter().find(|vm| vm.dataset == owner && vm.state != "shut off")
                {
                    return Err(refuse(
                        "never-running-domain",
                        format!("{owner} is the disk of VM {}, which is {}", vm.name, vm.state),
                    ));
                }
                let list = inventory.snapshots(owner);
                let at = list.iter().find(|snapshot| snapshot.name == label);
                let newer =
                    at.and_then(|at| list.iter().find(|other| other.created > at.created && !other.holds.is_empty()));
                if let Some(held) = newer {
                    return Err(held_refusal(held));
                }
            }
            "kvm_delete" => {
                if let Some(found) = found {
                    if !found.clones.is_empty() {
                        return Err(refuse(
                            "has-clones",
                            format!("{vm} has clones that depend on it: {}", found.clones.join(", ")),
                        ));
                    }
                    if let Some(held) = found.snapshots.iter().find(|snapshot| !snapshot.holds.is_empty()) {
                        return Err(held_refusal(held));
                    }
                } else if let Some(replica) = inventory.replica(vm) {
                    return Err(if replica.source == "present" {
                        refuse(
                            "no-such-object",
                            format!("{vm} runs elsewhere; here is its replica {}", replica.dataset),
                        )
                    } else {
                        refuse("never-last-replica", format!("{} is the last copy of {vm}", replica.dataset))
                    });
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn may_destroy(&self, dataset: &str) -> Result<(), Filled> {
        let inventory = self.inventory;
        if let Some(active) = inventory.boot_environments.iter().find(|found| found.dataset == dataset && found.active)
        {
            return Err(refuse("never-active-be", format!("the system runs from {}", active.name)));
        }
        self.not_root(dataset, "destroyed")?;
        let within =
            |name: &str| name == dataset || name.strip_prefix(dataset).is_some_and(|rest| rest.starts_with('/'));
        if let Some(replica) =
            inventory.replicas_here.iter().find(|replica| within(&replica.dataset) && replica.source != "present")
        {
            return Err(refuse(
                "never-last-replica",
                format!("{} is the last copy of {}", replica.dataset, replica.vm),
            ));
        }
        if let Some(found) = inventory.dataset(dataset)
            && found.mounted != Some(false)
            && found.mountpoint.as_deref() == Some("/")
        {
            return Err(refuse("never-root-pool", format!("{dataset} is mounted on /")));
        }
        for other in inventory.datasets.iter().filter(|other| within(&other.name)) {
            if let Some(held) = inventory.snapshots(&other.name).iter().find(|snapshot| !snapshot.holds.is_empty()) {
                return Err(held_refusal(held));
            }
        }
        if let Some(vm) = inventory.vms.iter().find(|vm| within(&vm.dataset)) {
            let key = if vm.clones.is_empty() { "never-running-domain" } else { "has-clones" };
            return Err(refuse(key, format!("{} is the disk of VM {}; delete the VM instead", vm.dataset, vm.name)));
        }
        Ok(())
    }

    fn online(&self, name: &str) -> Result<(), Filled> {
        match self.inventory.pool_of(name) {
            Some(Pool { name, state, .. }) if state != "ONLINE" && !state.is_empty() => Err(refuse(
                "never-pool-not-online",
                format!("pool {name} is {state}: only reading and scrubbing are allowed until it is ONLINE"),
            )),
            Some(_) | None => Ok(()),
        }
    }

    fn not_root(&self, name: &str, what: &str) -> Result<(), Filled> {
        match self.inventory.pool_of(name) {
            Some(pool) if pool.root => Err(refuse(
                "never-root-pool",
                format!("{name} is on {}, the pool that the system runs from; nothing there is {what}", pool.name),
            )),
            Some(_) | None => Ok(()),
        }
    }

    /// What a request speaks of has to be there, and what it makes must not.
    fn present(&self, tool: &str, args: &Args) -> Result<(), Filled> {
        let text = |key: &str| args.get(key).and_then(Json::as_str);
        let inventory = self.inventory;
        if let Some(vm) = text("vm") {
            let replica = inventory.replica(vm).is_some() && tool.starts_with("repli");
            if inventory.vm(vm).is_none() && !replica && !self.made.iter().any(|made| made == vm) {
                return Err(ask("vm", format!("There is no VM {vm} here. Which one is meant?")));
            }
        }
        if tool == "boot_env"
            && let (Some(name), Some(action)) = (text("name"), text("action"))
        {
            let there = inventory.boot_environments.iter().any(|found| found.name == name);
            if action == "create" && there {
                return Err(ask("name", format!("There is a boot environment {name} already.")));
            }
            if action != "create" && !there && !inventory.boot_environments.is_empty() {
                return Err(ask("name", format!("There is no boot environment {name} here.")));
            }
        }
        if tool == "dataset_create"
            && let Some(name) = text("dataset")
            && inventory.dataset(name).is_some()
        {
            return Err(ask("dataset", format!("{name} is there already. What shall the new dataset be called?")));
        }
        if tool == "container_create"
            && let Some(name) = text("name")
            && inventory.containers.iter().any(|container| container.name == name)
        {
            return Err(ask("name", format!("There is a container {name} already. What shall the new one be called?")));
        }
        if tool == "wireguard_status"
            && let Some(name) = text("interface")
            && !inventory.wireguard.is_empty()
            && !inventory.wireguard.iter().any(|tunnel| tunnel.interface == name)
        {
            return Err(ask("interface", format!("There is no interface {name} here.")));
        }
        if tool == "op_undo"
            && let Some(op) = text("op")
            && op != "last"
            && !inventory.journal.is_empty()
        {
            match inventory.journal.iter().find(|entry| entry.op == op) {
                None => return Err(ask("op", format!("There is no operation {op} in the journal."))),
                Some(entry) if !entry.undoable => {
                    return Err(refuse("unsupported", format!("{op} ({}) cannot be taken back", entry.tool)));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}

/// Why a held snapshot stays.
fn held_refusal(held: &Snapshot) -> Filled {
    let base = held.holds.iter().any(|hold| hold.contains("repl")) || held.name.starts_with("repl");
    let by = held.holds.join(", ");
    if base {
        refuse("never-replication-base", format!("{} is the common base of a replication (held by {by})", held.name))
    } else {
        refuse("never-held-snapshot", format!("{} is held by {by}", held.name))
    }
}
