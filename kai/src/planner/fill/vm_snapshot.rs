//! Snapshots of VMs: taken, gone back to, deleted.

use serde_json::json;

use super::snapshot::Which;
use super::vm::each;
use super::{Args, Filled, Task, args};

pub(super) fn kvm_snap(task: Task<'_>) -> Filled {
    let vms = match task.need_vms("vm", false) {
        Ok(vms) => vms,
        Err(asked) => return asked,
    };
    let mut rest = Args::new();
    if let Some(label) = task.label() {
        rest.insert("name".to_owned(), json!(label));
    }
    if task.has("nofreeze") {
        rest.insert("freeze".to_owned(), json!("no"));
    } else if task.has("freeze") {
        rest.insert("freeze".to_owned(), json!("yes"));
    }
    each("kvm_snap", &vms, &rest)
}

pub(super) fn kvm_rollback(task: Task<'_>) -> Filled {
    let vms = match task.need_vms("vm", false) {
        Ok(vms) => vms,
        Err(asked) => return asked,
    };
    let mut calls = Vec::new();
    for name in vms {
        let list = task.scene.inventory.vm(&name).map(|vm| vm.snapshots.clone()).unwrap_or_default();
        let mut out = args([("vm", json!(name))]);
        match task.snapshot(&list, false) {
            Which::Name(snapshot) => {
                out.insert("snapshot".to_owned(), json!(snapshot));
            }
            Which::Ask(candidates) => {
                return Filled::Ask {
                    missing: vec!["snapshot"],
                    question: format!("Which snapshot of {name}: {}?", candidates.join(", ")),
                    candidates,
                };
            }
            Which::Unsaid if list.len() != 1 => {
                let candidates: Vec<String> = list.iter().map(|snapshot| snapshot.name.clone()).collect();
                return Filled::Ask {
                    missing: vec!["snapshot"],
                    question: format!("Back to which snapshot of {name}?"),
                    candidates,
                };
            }
            Which::Unsaid => {}
        }
        if !task.keeps_current() {
            out.insert("keep_current".to_owned(), json!(false));
        }
        calls.push(("kvm_rollback", out));
    }
    Filled::Calls(calls)
}

pub(super) fn kvm_snap_delete(task: Task<'_>) -> Filled {
    let vms = match task.need_vms("vm", true) {
        Ok(vms) => vms,
        Err(asked) => return asked,
    };
    let mut calls = Vec::new();
    for name in vms {
        let list = task.scene.inventory.vm(&name).map(|vm| vm.snapshots.clone()).unwrap_or_default();
        let several: Vec<&str> = task
            .clause
            .pieces
            .iter()
            .filter(|piece| list.iter().any(|snapshot| snapshot.name == piece.raw))
            .map(|piece| piece.raw.as_str())
            .collect();
        if several.len() > 1 {
            calls.extend(
                several
                    .iter()
                    .map(|snapshot| ("kvm_snap_delete", args([("vm", json!(name)), ("snapshot", json!(snapshot))]))),
            );
            continue;
        }
        match task.snapshot(&list, true) {
            Which::Name(snapshot) => {
                calls.push(("kvm_snap_delete", args([("vm", json!(name)), ("snapshot", json!(snapshot))])))
            }
            Which::Ask(_) | Which::Unsaid => {
                let candidates: Vec<String> = list.iter().map(|snapshot| snapshot.name.clone()).collect();
                return Filled::Ask {
                    missing: vec!["snapshot"],
                    question: format!("Which snapshot of {name}: {}?", candidates.join(", ")),
                    candidates,
                };
            }
        }
    }
    Filled::Calls(calls)
}
