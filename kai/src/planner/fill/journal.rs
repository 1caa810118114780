//! What was done, and what is taken back.

use serde_json::json;

use super::super::piece::{Object, Piece};
use super::{Args, Filled, Task, args, call};

pub(super) fn op_history(task: Task<'_>) -> Filled {
    let number = task.clause.pieces.iter().find_map(Piece::whole);
    let singular = task.clause.pieces.iter().any(|piece| piece.is("newest"))
        && task
            .clause
            .pieces
            .iter()
            .any(|piece| matches!(piece.low.as_str(), "operation" | "op" | "action" | "change" | "last thing"));
    match number.or(singular.then_some(1)) {
        Some(number) => call("op_history", args([("limit", json!(number))])),
        None => call("op_history", Args::new()),
    }
}

pub(super) fn op_undo(task: Task<'_>) -> Filled {
    if let Some(op) = task.object(|object| if let Object::Op(op) = object { Some(op.clone()) } else { None }) {
        return call("op_undo", args([("op", json!(op))]));
    }
    let journal = &task.scene.inventory.journal;
    let kinds: [(&str, &[&str]); 12] = [
        ("kvm_resize", &["resize", "grow", "memory", "vcpu"]),
        ("kvm_snap", &["snap", "snapshot"]),
        ("snapshot_create", &["snapshot"]),
        ("host_tune", &["tune", "arc", "sysctl"]),
        ("wireguard_peer", &["peer", "wireguard"]),
        ("gpu_time_slice", &["timeslice"]),
        ("dataset_create", &["dataset"]),
        ("kvm_clone", &["clone", "clone_n"]),
        ("kvm_power", &["start", "shutdown", "stop", "reboot", "suspend"]),
        ("kvm_create", &["vm"]),
        ("kvm_snap_delete", &["delete"]),
        ("container_create", &["container"]),
    ];
    let mentioned: Vec<&str> = kinds.iter().filter(|(_, concepts)| task.any(concepts)).map(|(tool, _)| *tool).collect();
    let named: Vec<&str> =
        task.clause.pieces.iter().filter(|piece| !piece.objects.is_empty()).map(|piece| piece.raw.as_str()).collect();
    let concerns = |entry: &super::super::inventory::Operation| {
        let text = serde_json::Value::Object(entry.args.clone()).to_string();
        let tool = mentioned.is_empty() || mentioned.contains(&entry.tool.as_str());
        let object = named.iter().all(|name| {
            let peer =
                task.scene.inventory.wireguard.iter().flat_map(|tunnel| &tunnel.peers).find(|peer| peer.name == *name);
            text.contains(&format!("\"{name}\""))
                || peer.is_some_and(|peer| text.contains(&peer.public_key))
                || task.scene.inventory.vm(name).is_none() && text.contains(*name)
        });
        tool && object
    };
    if mentioned.is_empty() && named.is_empty() {
        return call("op_undo", args([("op", json!("last"))]));
    }
    let fits: Vec<_> = journal.iter().filter(|entry| concerns(entry)).collect();
    let good: Vec<_> = fits.iter().filter(|entry| entry.undoable).collect();
    match (good.as_slice(), fits.as_slice()) {
        ([one], _) => call("op_undo", args([("op", json!(one.op))])),
        ([.., newest], _) if task.has("newest") => call("op_undo", args([("op", json!(newest.op))])),
        ([], [one, ..]) => super::refuse("unsupported", format!("{} cannot be taken back", one.op)),
        (several, _) => Filled::Ask {
            missing: vec!["op"],
            candidates: several.iter().map(|entry| entry.op.clone()).collect(),
            question: "Which operation? `show the history` lists them.".to_owned(),
        },
    }
}
