//! VMs: made, cloned, switched, resized, snapshotted, deleted.

use serde_json::{Value as Json, json};

use super::super::frame::is_snapshot_name;
use super::super::inventory::Vm;
use super::super::piece::Object;
use super::super::text::Sep;
use super::super::values::Value;
use super::quantity::{Given, bytes, size};
use super::snapshot::Which;
use super::{Args, Filled, Task, args, ask, call, refuse};

/// The same request for several VMs.
fn each(tool: &'static str, vms: &[String], rest: &Args) -> Filled {
    let one = |vm: &String| {
        let mut args = rest.clone();
        args.insert("vm".to_owned(), json!(vm));
        (tool, args)
    };
    Filled::Calls(vms.iter().map(one).collect())
}

pub(super) fn kvm_list(task: Task<'_>) -> Filled {
    let meant = task.vms();
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

/// What a VM is to have, for a new one or a changed one.
fn put(args: &mut Args, given: &[Given]) {
    for given in given {
        match (given.what, &given.value) {
            ("memory" | "disk" | "volblocksize", Value::Size(bytes)) => {
                args.insert(given.what.to_owned(), json!(size(*bytes)));
            }
            ("vcpu", Value::Number(number)) => {
                args.insert("vcpus".to_owned(), json!(*number as u64));
            }
            _ => {}
        }
    }
}

/// Whether what is made is to be started, and whether that was said.
fn start(task: Task<'_>) -> Option<bool> {
    let pieces = &task.clause.pieces;
    if task.has("stopat") {
        return Some(false);
    }
    let head = pieces.iter().position(|piece| piece.orders());
    let later = pieces
        .iter()
        .enumerate()
        .any(|(at, piece)| Some(at) != head && piece.is("start") && piece.orders() && !piece.is("deploy"));
    (later
        && (task.clause.pieces.iter().any(|piece| piece.marks("it") || piece.marks("them") || piece.is("running"))
            || later))
        .then_some(true)
}

fn file(task: Task<'_>, iso: bool) -> Option<String> {
    let object = task.object(|object| match object {
        Object::Iso(path) if iso => Some(path.clone()),
        Object::Image(path) if !iso => Some(path.clone()),
        _ => None,
    });
    object.or_else(|| {
        task.value(|value| match value {
            Value::Path(path) if path.ends_with(".iso") == iso => Some(path.clone()),
            Value::Url(path) if path.ends_with(".iso") == iso => Some(path.clone()),
            _ => None,
        })
    })
}

/// A path in the clause that the host's list of images or media holds in another spelling: a
/// description like `the debian iso`.
fn described_file(task: Task<'_>, list: &[String]) -> Option<String> {
    let words: Vec<&str> = task
        .clause
        .pieces
        .iter()
        .filter(|piece| !piece.name && !piece.filler && piece.value.is_none() && piece.low.len() > 2)
        .map(|piece| piece.low.as_str())
        .collect();
    let fits: Vec<&String> = list
        .iter()
        .filter(|path| {
            let name = path.rsplit('/').next().unwrap_or_default().to_lowercase();
            words.iter().any(|word| {
                let word = match *word {
                    "windows" => "win",
                    word => word,
                };
                name.starts_with(word) || name.split(['-', '.', '_']).any(|part| part == word)
            })
        })
        .collect();
    match fits.as_slice() {
        [one] => Some((*one).clone()),
        _ => None,
    }
}

fn bridge(task: Task<'_>) -> Option<String> {
    task.object(|object| match object {
        Object::Bridge(name) => Some(name.clone()),
        _ => None,
    })
}

fn ssh_key(task: Task<'_>) -> Option<String> {
    task.value(|value| match value {
        Value::SshKey(key) => Some(key.clone()),
        _ => None,
    })
}

pub(super) fn kvm_create(task: Task<'_>) -> Filled {
    let mut out = Args::new();
    let skip: Vec<usize> = skip_os(task).into_iter().collect();
    let name = task.fresh_name(&skip);
    let taken = task.object(|object| match object {
        Object::Vm(name) => Some(name.clone()),
        _ => None,
    });
    let Some(name) = name else {
        if let Some(taken) = taken {
            return ask(&["name"], format!("There is a VM {taken} already. What shall the new one be called?"));
        }
        return ask(&["name"], "What shall the VM be called?");
    };
    if task.scene.inventory.vm(&name).is_some() {
        return ask(&["name"], format!("There is a VM {name} already. What shall the new one be called?"));
    }
    out.insert("name".to_owned(), json!(name));
    let given = task.quantities(&["memory", "disk", "vcpu", "volblocksize"]);
    put(&mut out, &given);
    let mut loose: Vec<u64> = task.loose_sizes(&given).into_iter().map(|(_, bytes)| bytes).collect();
    loose.sort_unstable();
    match loose.as_slice() {
        [one] if !out.contains_key("disk") && out.contains_key("memory") => {
            out.insert("disk".to_owned(), json!(size(*one)));
        }
        [one] if !out.contains_key("memory") && out.contains_key("disk") => {
            out.insert("memory".to_owned(), json!(size(*one)));
        }
        [small, large] if !out.contains_key("memory") && !out.contains_key("disk") => {
            out.insert("memory".to_owned(), json!(size(*small)));
            out.insert("disk".to_owned(), json!(size(*large)));
        }
        _ => {}
    }
    if let Some(iso) =
        file(task, true).or_else(|| task.has("iso").then(|| described_file(task, &task.scene.inventory.isos)).flatten())
    {
        out.insert("iso".to_owned(), json!(iso));
    }
    if let Some(image) = file(task, false)
        .or_else(|| task.has("image").then(|| described_file(task, &task.scene.inventory.images)).flatten())
    {
        out.insert("image".to_owned(), json!(image));
    }
    if let Some(bridge) = bridge(task) {
        out.insert("bridge".to_owned(), json!(bridge));
    }
    if let Some(os) = os_variant(task) {
        out.insert("os_variant".to_owned(), json!(os));
    }
    if let Some(start) = start(task) {
        out.insert("start".to_owned(), json!(start));
    }
    call("kvm_create", out)
}

/// `os variant debian13`
fn os_variant(task: Task<'_>) -> Option<String> {
    skip_os(task).and_then(|at| task.clause.pieces.get(at)).map(|piece| piece.raw.to_lowercase())
}

fn skip_os(task: Task<'_>) -> Option<usize> {
    let pieces = &task.clause.pieces;
    let at = pieces.iter().position(|piece| piece.is("os") && !piece.name)?;
    let behind = pieces.iter().enumerate().skip(at + 1).find(|(_, piece)| !piece.filler && !piece.marks("to"));
    behind.filter(|(place, piece)| *place <= at + 3 && piece.named_like()).map(|(place, _)| place)
}

pub(super) fn kvm_clone(task: Task<'_>) -> Filled {
    let inventory = task.scene.inventory;
    let pieces = &task.clause.pieces;
    // A VM that exists and stands where a new name belongs is no source.
    let mut sources: Vec<(usize, String)> = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        let vm = piece.objects.iter().find_map(|object| match object {
            Object::Vm(name) => Some(name.clone()),
            Object::Snapshot(left, _) => inventory.vm(left).map(|vm| vm.name.clone()),
            _ => None,
        });
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
            return ask(&["names", "prefix", "count"], format!("What shall the clone of {source} be called?"));
        }
        (None, _, names) => {
            out.insert("names".to_owned(), json!(names));
        }
    }
    if let Some(vm) = inventory.vm(&source) {
        match task.source_snapshot(vm, &fresh.places) {
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
    call("kvm_clone", out)
}

impl Task<'_> {
    /// `four clones`, `a fleet of 5`.
    fn count(&self) -> Option<u64> {
        let pieces = &self.clause.pieces;
        let number = |at: usize| match pieces[at].value {
            Some(Value::Number(number)) if number.fract() == 0.0 && number >= 1.0 => Some(number as u64),
            _ => None,
        };
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
        (0..pieces.len()).filter(|at| !other(*at)).find_map(number)
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
        let clause = super::super::clause::Clause { pieces, reversed: false };
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

pub(super) fn golden_build(task: Task<'_>) -> Filled {
    let image = file(task, false).or_else(|| {
        task.object(|object| match object {
            Object::Iso(path) => Some(path.clone()),
            _ => None,
        })
    });
    let image =
        image.or_else(|| (task.has("image")).then(|| described_file(task, &task.scene.inventory.images)).flatten());
    let name = task.fresh_name(&[]);
    let mut missing = Vec::new();
    if name.is_none() {
        missing.push("name");
    }
    if image.is_none() {
        missing.push("image");
    }
    let (Some(name), Some(image)) = (name, image) else {
        return ask(&missing, "Which cloud image (a path or an address), and what shall the golden image be called?");
    };
    if task.scene.inventory.vm(&name).is_some() {
        return ask(&["name"], format!("There is a VM {name} already. What shall the golden image be called?"));
    }
    let mut out = args([("name", json!(name)), ("image", json!(image))]);
    let given = task.quantities(&["disk"]);
    put(&mut out, &given);
    if let (false, [(_, bytes)]) = (out.contains_key("disk"), task.loose_sizes(&given).as_slice()) {
        out.insert("disk".to_owned(), json!(size(*bytes)));
    }
    let sha = task.value(|value| match value {
        Value::Sha(sum) => Some(sum.clone()),
        _ => None,
    });
    if let Some(sha) = sha {
        out.insert("sha256".to_owned(), json!(sha));
    }
    let unsealed = task.clause.pieces.iter().any(|piece| piece.marks("not") || piece.marks("without"))
        || task.clause.text().to_lowercase().contains("unsealed");
    if task.has("seal") && unsealed || task.clause.text().to_lowercase().contains("unsealed") {
        out.insert("seal".to_owned(), json!(false));
    }
    call("golden_build", out)
}

pub(super) fn kvm_power(task: Task<'_>) -> Filled {
    let action = task.set.get("action").map_or("start", String::as_str);
    match task.need_vms("vm", false) {
        Ok(vms) => {
            let inventory = task.scene.inventory;
            let every = task.vms().all;
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
            return ask(&["memory", "disk"], "Is that memory or disk?");
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

pub(super) fn kvm_delete(task: Task<'_>) -> Filled {
    let vms = match task.need_vms("vm", true) {
        Ok(vms) => vms,
        Err(asked) => return asked,
    };
    let mut rest = Args::new();
    if task.has("force") || task.has("forceoff") {
        rest.insert("force".to_owned(), json!(true));
    }
    each("kvm_delete", &vms, &rest)
}
