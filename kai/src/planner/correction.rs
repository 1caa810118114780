//! The last requests again, with another object or another quantity: `no, I meant web2`, `make it
//! 16G`, `the same for the other one`.

use kai_tools::names::{Period, Size};
use serde_json::{Value as Json, json};

use super::dialogue::{Before, Call};
use super::fill::Args;
use super::frame::is_snapshot_name;
use super::inventory::Inventory;
use super::objects::Object;
use super::piece::{self, Piece};
use super::text::Sep;
use super::values::Value;

/// What is said instead.
#[derive(Debug, Default)]
struct Said {
    vms: Vec<String>,
    /// An argument and its value.
    others: Vec<(&'static str, String)>,
    fresh: Vec<String>,
    size: Option<u64>,
    number: Option<u64>,
    time: Option<u64>,
}

/// The argument that an object is.
fn argument(object: &Object) -> Option<(&'static str, String)> {
    match object {
        Object::Dataset(name) => Some(("dataset", name.clone())),
        Object::Pool(name) => Some(("pool", name.clone())),
        Object::Gpu(index) => Some(("gpu", index.to_string())),
        Object::BootEnv(name) => Some(("boot_env", name.clone())),
        Object::Interface(name) => Some(("interface", name.clone())),
        Object::Target(name) | Object::Host(name) => Some(("to", name.clone())),
        Object::Bridge(name) => Some(("bridge", name.clone())),
        Object::At(name) => Some(("snapshot", name.clone())),
        Object::Snapshot(left, right) => Some(("snapshot", format!("{left}@{right}"))),
        Object::Container(name) => Some(("container", name.clone())),
        Object::Op(name) => Some(("op", name.clone())),
        Object::Vm(_)
        | Object::Replica(_)
        | Object::NewDataset(_)
        | Object::NewInterface(_)
        | Object::Peer(..)
        | Object::Image(_)
        | Object::Iso(_)
        | Object::ContainerImage(_) => None,
    }
}

fn said(before: &Before<'_>, inventory: &Inventory, pieces: &[Piece]) -> Said {
    let mut out = Said::default();
    let mut negated = false;
    for piece in pieces {
        // `not web1 but web2`
        if piece.marks("not") || piece.marks("no") && piece.low == "not" {
            negated = true;
            continue;
        }
        if piece.sep > Sep::Space || piece.low == "but" || piece.marks("meant") {
            negated = piece.marks("not");
        }
        let vm = piece.objects.iter().find_map(|object| {
            if let Object::Vm(name) | Object::Replica(name) = object { Some(name.clone()) } else { None }
        });
        let other = piece.objects.iter().find_map(argument);
        match (vm, other) {
            (None, None) if negated => {}
            (Some(_), _) | (_, Some(_)) if negated => negated = false,
            (Some(name), _) => out.vms.push(name),
            (None, Some(found)) => out.others.push(found),
            (None, None) if is_snapshot_name(inventory, &piece.raw) && !piece.name => {
                out.others.push(("snapshot", piece.raw.clone()));
            }
            (None, None) if piece.name || piece.unknown() && piece.named_like() => out.fresh.push(piece.raw.clone()),
            (None, None) => {}
        }
    }
    // `the other one`
    if pieces.iter().any(|piece| piece.marks("other")) && out.vms.is_empty() {
        let gpus = before.calls.iter().any(|call| call.args.contains_key("gpu"));
        let rest: Vec<&u32> =
            inventory.gpus.iter().map(|gpu| &gpu.index).filter(|index| Some(**index) != before.focus.gpu).collect();
        let others: Vec<&String> = before.focus.choice.iter().filter(|name| !before.focus.vms.contains(name)).collect();
        match (gpus, rest.as_slice(), others.as_slice()) {
            (true, [one], _) => out.others.push(("gpu", one.to_string())),
            (false, _, [one]) => out.vms.push((*one).clone()),
            _ => {}
        }
    }
    out.size =
        pieces.iter().find_map(|piece| if let Some(Value::Size(bytes)) = piece.value { Some(bytes) } else { None });
    out.number = pieces.iter().find_map(Piece::whole);
    out.time =
        pieces.iter().find_map(|piece| if let Some(Value::Time(seconds)) = piece.value { Some(seconds) } else { None });
    out
}

/// Puts what was said into the arguments of a request; says whether anything changed. `None` if it
/// does not go together.
fn put(args: &mut Args, tool: &str, inventory: &Inventory, pieces: &[Piece], said: &Said) -> Option<bool> {
    let mut changed = false;
    let mut set = |args: &mut Args, key: &str, value: Json| {
        args.insert(key.to_owned(), value);
        changed = true;
    };
    if let [name] = said.vms.as_slice()
        && let Some(key) = ["vm", "source", "golden", "scope"].into_iter().find(|key| args.contains_key(*key))
    {
        set(args, key, json!(name));
        // A snapshot of the other VM may not be there.
        if let Some(snapshot) = args.get("snapshot").and_then(Json::as_str)
            && !said.others.iter().any(|(key, _)| *key == "snapshot")
            && !inventory.vm(name).is_some_and(|vm| vm.snapshots.iter().any(|known| known.name == snapshot))
        {
            return None;
        }
    }
    for (key, value) in &said.others {
        match *key {
            "dataset" if args.contains_key("datasets") => set(args, "datasets", json!([value])),
            "dataset" if args.contains_key("root") => set(args, "root", json!(value)),
            "boot_env" if tool == "boot_env" => set(args, "name", json!(value)),
            "container" if tool == "container_snap" => set(args, "names", json!([value])),
            "bridge" if args.contains_key("network") => set(args, "network", json!(value)),
            "gpu" if tool.starts_with("gpu_") => set(args, "gpu", json!(value)),
            "boot_env" | "container" => {}
            key if args.contains_key(key) => set(args, key, json!(value)),
            _ => {}
        }
    }
    if !said.fresh.is_empty() {
        if args.contains_key("names") {
            set(args, "names", json!(said.fresh));
        } else if let Some(key) = ["name", "prefix"].into_iter().find(|key| args.contains_key(*key)) {
            set(args, key, json!(said.fresh[0]));
        }
    }
    let sizes = ["memory", "disk", "quota", "recordsize", "bandwidth"];
    if let Some(bytes) = said.size {
        let asked: Vec<&str> = sizes.into_iter().filter(|key| piece::has(pieces, key)).collect();
        let there: Vec<&str> = sizes.into_iter().filter(|key| args.contains_key(*key)).collect();
        let key = if let ([one], _) | ([], [one]) = (asked.as_slice(), there.as_slice()) { Some(*one) } else { None };
        if let Some(key) = key {
            set(args, key, json!(Size::from_bytes(bytes).to_string()));
        }
    }
    if let Some(number) = said.number {
        let wanted = |key: &&str| {
            args.contains_key(*key) || *key == "vcpus" && piece::has(pieces, "vcpu") && tool == "kvm_resize"
        };
        if let Some(key) = ["vcpus", "count", "limit", "port", "arc_percent"].into_iter().find(wanted) {
            set(args, key, json!(number));
        }
    }
    if let Some(seconds) = said.time {
        for key in ["keep", "every"] {
            if args.contains_key(key) {
                set(args, key, json!(Period::from_seconds(seconds).to_string()));
            }
        }
    }
    Some(changed)
}

/// The last requests, corrected; nothing if what was said does not fit them.
#[must_use]
pub(super) fn corrected(before: &Before<'_>, inventory: &Inventory, pieces: &[Piece]) -> Option<Vec<(String, Args)>> {
    let said = said(before, inventory, pieces);
    let mut changed = false;
    let mut out: Vec<(String, Args)> = Vec::new();
    let mut add = |call: &Call, args: Args| out.push((call.tool.clone(), args));
    for call in before.calls {
        // `do that every night`
        if let (Some(seconds), "replicate") = (said.time, call.tool.as_str()) {
            let kept = |key: &&str| call.args.contains_key(*key);
            let mut args: Args = ["vm", "dataset", "to"]
                .iter()
                .filter(|key| kept(key))
                .map(|key| ((*key).to_owned(), call.args[*key].clone()))
                .collect();
            args.insert("every".to_owned(), json!(Period::from_seconds(seconds).to_string()));
            add(&Call { tool: "replication_schedule".to_owned(), args: Args::new() }, args);
            changed = true;
            continue;
        }
        if said.vms.len() > 1 && call.args.contains_key("vm") {
            for name in &said.vms {
                let mut args = call.args.clone();
                args.insert("vm".to_owned(), json!(name));
                add(call, args);
            }
            changed = true;
            continue;
        }
        let mut args = call.args.clone();
        changed |= put(&mut args, &call.tool, inventory, pieces, &said)?;
        add(call, args);
    }
    // Several calls that now are the same are one.
    out.dedup();
    changed.then_some(out)
}
