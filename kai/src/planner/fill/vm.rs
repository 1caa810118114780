//! VMs that are there: listed, switched, deleted.

use serde_json::json;

use super::{Args, Filled, Task, args, call};

/// The same request for several VMs.
pub(super) fn each(tool: &'static str, vms: &[String], rest: &Args) -> Filled {
    let one = |vm: &String| {
        let mut args = rest.clone();
        args.insert("vm".to_owned(), json!(vm));
        (tool, args)
    };
    Filled::Calls(vms.iter().map(one).collect())
}

pub(super) fn kvm_list(task: Task<'_>) -> Filled {
    let meant = task.vms();
    // `is any of them stopped?`, and no VM was spoken of.
    let pronoun = task.clause.pieces.iter().any(|piece| piece.marks("it") || piece.marks("them"));
    if pronoun && meant.names.is_empty() && meant.candidates.is_empty() && !task.has("vm") {
        return Filled::Nothing;
    }
    match meant.names.as_slice() {
        [one] => call("kvm_list", args([("vm", json!(one))])),
        _ if !meant.candidates.is_empty() && !task.question => {
            task.checked(meant, "vm", false).err().unwrap_or(Filled::Nothing)
        }
        _ if !meant.unknown.is_empty() && meant.unknown.iter().any(|word| word.chars().any(|c| c.is_ascii_digit())) => {
            task.checked(meant, "vm", false).err().unwrap_or(Filled::Nothing)
        }
        [] => call("kvm_list", Args::new()),
        _ if meant.all => call("kvm_list", Args::new()),
        several => each("kvm_list", several, &Args::new()),
    }
}

pub(super) fn kvm_power(task: Task<'_>) -> Filled {
    let action = task.set.get("action").map_or("start", String::as_str);
    match task.need_vms("vm", false) {
        Ok(vms) => {
            let inventory = task.scene.inventory;
            let every = task.vms().all;
            // `wake build up`: what sleeps is resumed.
            let sleeps = |vm: &String| inventory.vm(vm).is_some_and(|vm| vm.state == "paused");
            let wakes = action == "start" && task.clause.head().is_some_and(|head| head.low.starts_with("wake"));
            let action = if wakes && vms.iter().all(sleeps) { "resume" } else { action };
            let useful = |vm: &&String| {
                let state = inventory.vm(vm).map(|vm| vm.state.as_str());
                match (every, action, state) {
                    (true, "start", Some(state)) => state == "shut off",
                    (true, "shutdown" | "reboot" | "suspend", Some(state)) => state == "running",
                    (true, "force_off", Some(state)) => state != "shut off",
                    (true, "resume", Some(state)) => state == "paused",
                    _ => true,
                }
            };
            let chosen: Vec<String> = vms.iter().filter(useful).cloned().collect();
            let chosen = if chosen.is_empty() { vms } else { chosen };
            each("kvm_power", &chosen, &args([("action", json!(action))]))
        }
        Err(asked) => asked,
    }
}

pub(super) fn kvm_delete(task: Task<'_>) -> Filled {
    let vms = match task.need_vms("vm", true) {
        Ok(vms) => vms,
        Err(asked) => return asked,
    };
    let mut rest = Args::new();
    if task.option("force") == Some(true) || task.has("forceoff") {
        rest.insert("force".to_owned(), json!(true));
    }
    each("kvm_delete", &vms, &rest)
}
