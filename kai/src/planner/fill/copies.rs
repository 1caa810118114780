//! VMs that are copied: clones, and fleets of a golden image.

use serde_json::json;

use super::super::frame::is_snapshot_name;
use super::super::inventory::Vm;
use super::super::piece::Object;
use super::super::text::Sep;
use super::make::{bridge, put, ssh_key, start, user_data};
use super::quantity::size;
use super::snapshot::Which;
use super::{Filled, Task, args, ask, call};

pub(super) fn kvm_clone(task: Task<'_>) -> Filled {
    let inventory = task.scene.inventory;
    let pieces = &task.clause.pieces;
    // A VM that exists and stands where a new name belongs is no source.
    let mut sources: Vec<(usize, String)> = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        let here = |name: &str| inventory.vm(name).map(|vm| vm.name.clone());
        let vm = piece.objects.iter().find_map(|object| object.vm().or(object.owner()).and_then(here));
        if let Some(name) = vm.filter(|_| !piece.name) {
            sources.push((at, name));
        }
    }
    let fresh = task.fresh(
        &pieces
            .iter()
            .enumerate()
            .filter(|(_, piece)| is_snapshot_name(inventory, &piece.raw))
            .map(|(at, _)| at)
            .collect::<Vec<_>>(),
    );
    let golden = |name: &String| inventory.vm(name).is_some_and(|vm| vm.golden);
    let from = sources.iter().find(|(at, _)| {
        *at > 0 && (pieces[at - 1].marks("from") || *at > 1 && pieces[at - 1].filler && pieces[at - 2].marks("from"))
    });
    let source =
        sources.iter().find(|(_, name)| golden(name)).or(from).or(sources.first()).map(|(_, name)| name.clone());
    let source = match source {
        Some(source) => source,
        None => {
            let meant = task.scene.vms(task.clause, &fresh.places);
            let meant = if meant.names.is_empty() && meant.candidates.is_empty() {
                super::super::refer::Meant { unknown: Vec::new(), ..meant }
            } else {
                meant
            };
            match task.checked(meant, "source", false) {
                Ok(names) if names.len() == 1 => names[0].clone(),
                Ok(names) => {
                    return Filled::Ask {
                        missing: vec!["source"],
                        question: format!("Which one: {}?", names.join(", ")),
                        candidates: names,
                    };
                }
                Err(asked) => return asked,
            }
        }
    };
    // `clone web1 to web2`: web2 is taken.
    let others: Vec<&String> = sources.iter().map(|(_, name)| name).filter(|name| **name != source).collect();
    let claimed_taken = fresh.names.iter().find(|name| inventory.vm(name).is_some());
    let count = task.count();
    if let Some(taken) = claimed_taken.or(others.first().copied().filter(|_| fresh.names.is_empty() || task.has("and")))
    {
        return ask(&["names"], format!("There is a VM {taken} already. What shall the clone be called?"));
    }
    let mut out = args([("source", json!(source))]);
    let prefix = task.prefix();
    match (prefix, count, fresh.names.as_slice()) {
        (Some(prefix), Some(count), _) => {
            out.insert("prefix".to_owned(), json!(prefix));
            out.insert("count".to_owned(), json!(count));
        }
        (Some(_), None, _) => return ask(&["count"], "How many clones?"),
        (None, Some(count), [one]) if count > 1 => {
            let name = one.trim_end_matches(['*', '#', '%']);
            out.insert(
                "prefix".to_owned(),
                json!(name.trim_end_matches(|c: char| c == 'N' || c == 'n' && name.ends_with("-n"))),
            );
            out.insert("count".to_owned(), json!(count));
        }
        (None, Some(count), []) if count > 1 => return ask(&["names", "prefix"], "What shall the clones be called?"),
        (None, _, []) => {
            return ask(&["names"], format!("What shall the clone of {source} be called?"));
        }
        (None, _, names) => {
            out.insert("names".to_owned(), json!(names));
        }
    }
    if let Some(vm) = inventory.vm(&source) {
        match task.source_snapshot(vm, &fresh.places) {
            Which::Name(name) if vm.golden && name == "golden" => {}
            Which::Name(name) => {
                out.insert("snapshot".to_owned(), json!(name));
            }
            Which::Ask(candidates)
                if task.has("snapshot")
                    || task.object(|object| matches!(object, Object::At(_)).then_some(())).is_some() =>
            {
                return Filled::Ask {
                    missing: vec!["snapshot"],
                    question: format!("Which snapshot of {source}?"),
                    candidates,
                };
            }
            Which::Ask(_) | Which::Unsaid => {}
        }
    }
    if let Some(start) = start(task) {
        out.insert("start".to_owned(), json!(start));
    }
    if let Some(key) = ssh_key(task) {
        out.insert("ssh_key".to_owned(), json!(key));
    }
    if let Some(data) = user_data(task) {
        out.insert("user_data".to_owned(), json!(data));
    }
    call("kvm_clone", out)
}

impl Task<'_> {
    /// `four clones`, `a fleet of 5`.
    fn count(&self) -> Option<u64> {
        let pieces = &self.clause.pieces;
        let number = |at: usize| pieces[at].whole();
        // Not the number of processors, and not what belongs to another noun.
        let other = |at: usize| {
            let next = pieces.get(at + 1);
            let noun = next.is_some_and(|piece| {
                ["vcpu", "memory", "disk", "port", "each", "percent"].iter().any(|noun| piece.is(noun))
            });
            let before = at > 0
                && ["vcpu", "port", "memory"].iter().any(|noun| pieces[at - 1].is(noun))
                && pieces[at].sep == Sep::Space;
            noun || before
        };
        let times = [("double", 2), ("triple", 3), ("quadruple", 4)];
        let said = || times.iter().find(|(noun, _)| self.has(noun)).map(|(_, count)| *count);
        (0..pieces.len()).filter(|at| !other(*at)).find_map(number).or_else(said)
    }

    /// `with the prefix node`
    fn prefix(&self) -> Option<String> {
        let pieces = &self.clause.pieces;
        let at = pieces.iter().position(|piece| piece.is("prefix") && !piece.name)?;
        let behind = pieces.iter().skip(at + 1).find(|piece| piece.name || !piece.filler);
        let before = at.checked_sub(1).and_then(|at| pieces.get(at)).filter(|piece| piece.unknown());
        let chosen = behind.filter(|piece| piece.name || piece.unknown() || !piece.objects.is_empty()).or(before)?;
        Some(chosen.raw.trim_end_matches('*').to_owned())
    }

    fn source_snapshot(&self, vm: &Vm, fresh: &[usize]) -> Which {
        let pieces: Vec<_> = self
            .clause
            .pieces
            .iter()
            .enumerate()
            .filter(|(at, piece)| !fresh.contains(at) && !piece.name)
            .map(|(_, piece)| piece.clone())
            .collect();
        let clause = super::super::clause::Clause { pieces, ..Default::default() };
        let task = Task { clause: &clause, ..*self };
        let strict = task.has("snapshot")
            || task.has("autosnap")
            || task.has("autoname")
            || task.object(|object| matches!(object, Object::At(_) | Object::Snapshot(..)).then_some(())).is_some();
        let direct = clause.pieces.iter().any(|piece| vm.snapshots.iter().any(|snapshot| snapshot.name == piece.raw));
        if strict || direct { task.snapshot(&vm.snapshots, false) } else { Which::Unsaid }
    }
}

pub(super) fn fleet_deploy(task: Task<'_>) -> Filled {
    let inventory = task.scene.inventory;
    let fresh_probe = task.fresh(&[]);
    let meant = task.scene.vms(task.clause, &fresh_probe.places);
    let golden: Vec<String> =
        meant.names.iter().filter(|name| inventory.vm(name).is_none_or(|vm| vm.golden)).cloned().collect();
    let given = task.quantities(&["memory", "vcpu", "disk"]);
    let count = task.count();
    let prefix = task.prefix();
    let fresh = task.fresh(&[]);
    let mut missing: Vec<&'static str> = Vec::new();
    let mut candidates = Vec::new();
    let source = match golden.as_slice() {
        [one] => Some(one.clone()),
        _ => {
            missing.push("golden");
            candidates = inventory.vms.iter().filter(|vm| vm.golden).map(|vm| vm.name.clone()).collect();
            None
        }
    };
    let (prefix, count) = match (prefix, fresh.names.as_slice(), count) {
        (Some(prefix), _, count) => (Some(prefix), count),
        (None, names, count) if names.len() > 1 => {
            let head = |name: &String| name.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
            let first = head(&names[0]);
            let same = names.iter().all(|name| head(name) == first);
            (same.then_some(first), count.or(Some(names.len() as u64)))
        }
        (None, [one], count) => (Some(one.trim_end_matches('*').to_owned()), count),
        (None, _, count) => (None, count),
    };
    if prefix.is_none() {
        missing.push("prefix");
    }
    if count.is_none() {
        missing.push("count");
    }
    let (Some(source), Some(prefix), Some(count)) = (source, prefix, count) else {
        return Filled::Ask {
            missing,
            candidates,
            question: "Of which golden image, how many, and how shall their names begin?".to_owned(),
        };
    };
    let mut out = args([("golden", json!(source)), ("prefix", json!(prefix)), ("count", json!(count))]);
    put(&mut out, &given);
    out.remove("disk");
    if let (false, [(_, bytes)]) = (out.contains_key("memory"), task.loose_sizes(&given).as_slice()) {
        out.insert("memory".to_owned(), json!(size(*bytes)));
    }
    if let Some(key) = ssh_key(task) {
        out.insert("ssh_key".to_owned(), json!(key));
    }
    if let Some(bridge) = bridge(task) {
        out.insert("network".to_owned(), json!(bridge));
    }
    call("fleet_deploy", out)
}
