//! VMs that get more: memory, processors, disk.

use serde_json::{Value as Json, json};

use super::super::inventory::Vm;
use super::super::values::Value;
use super::quantity::{Given, bytes, size};
use super::{Filled, Task, args, ask, refuse};

pub(super) fn kvm_resize(task: Task<'_>) -> Filled {
    let vms = match task.need_vms("vm", false) {
        Ok(vms) => vms,
        Err(asked) => return asked,
    };
    let inventory = task.scene.inventory;
    let mut calls = Vec::new();
    for name in &vms {
        let vm = inventory.vm(name).cloned().unwrap_or_default();
        let mut out = args([("vm", json!(name))]);
        let mut given = task.quantities(&["memory", "disk", "vcpu"]);
        // One noun and one bare number: `memory to 16`.
        let nouns: Vec<&'static str> = ["memory", "disk", "vcpu"].into_iter().filter(|noun| task.has(noun)).collect();
        let loose = task.loose_sizes(&given);
        if given.is_empty() && nouns.is_empty() && !loose.is_empty() {
            match loose.as_slice() {
                [(at, wanted)] if only_memory(&vm, *wanted, task.added(*at)) => {
                    given.push(Given { what: "memory", value: Value::Size(*wanted), added: task.added(*at) });
                }
                _ => return ask(&["memory", "disk"], "Is that memory or disk?"),
            }
        }
        // `4 cpus and 8 gigs`: what stands beside processors is memory.
        if let ([(_, bytes)], true) = (loose.as_slice(), given.iter().any(|one| one.what == "vcpu"))
            && !given.iter().any(|one| one.what == "memory")
        {
            given.push(Given { what: "memory", value: Value::Size(*bytes), added: false });
        }
        // `6c/16g/300g`
        if let ([(_, memory), (_, disk)], true) = (loose.as_slice(), given.iter().all(|one| one.what == "vcpu"))
            && !given.is_empty()
        {
            given.push(Given { what: "memory", value: Value::Size(*memory), added: false });
            given.push(Given { what: "disk", value: Value::Size(*disk), added: false });
        }
        let factor = if task.has("double") {
            Some(2)
        } else if task.has("triple") {
            Some(3)
        } else if task.has("quadruple") {
            Some(4)
        } else {
            None
        };
        if let (Some(factor), true) = (factor, given.is_empty()) {
            for noun in &nouns {
                let value = match *noun {
                    "memory" => bytes(&vm.memory).map(|now| Value::Size(now * factor)),
                    "disk" => bytes(&vm.disk).map(|now| Value::Size(now * factor)),
                    _ => Some(Value::Number(f64::from(vm.vcpus) * factor as f64)),
                };
                given.extend(value.map(|value| Given { what: noun, value, added: false }));
            }
        }
        if task.has("shrink") || task.has("half") {
            return refuse("shrink-disk", "kai only grows a VM: neither disk, memory nor processors are made less");
        }
        // `another core`
        if given.is_empty() && task.has("vcpu") && task.has("more") {
            given.push(Given { what: "vcpu", value: Value::Number(1.0), added: true });
        }
        for one in &given {
            let (now, wanted) = match (&one.value, one.what) {
                (Value::Size(bytes_), "memory") => (bytes(&vm.memory), *bytes_),
                (Value::Size(bytes_), "disk") => (bytes(&vm.disk), *bytes_),
                (Value::Number(number), _) => (Some(u64::from(vm.vcpus)), *number as u64),
                _ => continue,
            };
            let value = if one.added { now.unwrap_or(0).saturating_add(wanted) } else { wanted };
            if now.is_some_and(|now| value < now && now > 0) {
                return refuse(
                    "shrink-disk",
                    format!("the {} of {name} is more than that already; kai only grows", one.what),
                );
            }
            let (key, json): (&str, Json) = match one.what {
                "vcpu" => ("vcpus", json!(value)),
                what => (what, json!(size(value))),
            };
            out.insert(key.to_owned(), json);
        }
        if out.len() == 1 {
            let missing: Vec<&'static str> = if nouns.is_empty() {
                vec!["memory", "vcpus", "disk"]
            } else {
                nouns.iter().map(|noun| if *noun == "vcpu" { "vcpus" } else { noun }).collect()
            };
            return ask(
                &missing,
                format!("What shall {name} get: how much memory, how many processors, how large a disk?"),
            );
        }
        calls.push(("kvm_resize", out));
    }
    Filled::Calls(calls)
}

/// Whether a size without a noun can only be memory: a disk is larger than that already, or grows by
/// more than its machine's memory.
fn only_memory(vm: &Vm, wanted: u64, added: bool) -> bool {
    match (bytes(&vm.memory), bytes(&vm.disk)) {
        (Some(memory), Some(disk)) if added => wanted <= memory && wanted < disk / 8,
        (Some(memory), Some(disk)) => memory < wanted && wanted <= disk,
        // A clone that is only about to be made.
        _ => !added && wanted <= 64 << 30,
    }
}
