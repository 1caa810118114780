//! `zfs create`, `clone`, `snapshot`, `destroy`, `rename`, `promote`, `rollback`, `set`, `hold`.

use super::state::{Dataset, Point, State};
use super::zfs::{Parsed, fail, usage};
use super::{Answer, Complaint};

const BUSY: &str = "dataset is busy";

fn parent(name: &str) -> Option<&str> {
    name.rsplit_once('/').map(|(parent, _)| parent)
}

fn pool(name: &str) -> &str {
    name.split(['/', '@', '#']).next().unwrap_or_default()
}

fn done() -> Answer {
    Ok(String::new())
}

fn may_create(state: &State, name: &str) -> Result<(), super::Complaint> {
    let refuse = |why: &str| fail(format!("cannot create '{name}': {why}")).map(drop);
    if state.datasets.contains_key(name) {
        return refuse("dataset already exists");
    }
    match parent(name) {
        None => refuse("missing dataset name"),
        Some(parent) if !state.datasets.contains_key(parent) => refuse("parent does not exist"),
        Some(_) => match state.pools.get(pool(name)) {
            Some(found) if found.health == "SUSPENDED" => refuse("pool I/O is currently suspended"),
            Some(_) | None => Ok(()),
        },
    }
}

pub(super) fn create(state: &mut State, args: &[&str]) -> Answer {
    let parsed = Parsed::new(args, "psun", "obV")?;
    let [name] = parsed.operands.as_slice() else { return usage("missing dataset argument") };
    may_create(state, name)?;
    let mut props: std::collections::BTreeMap<String, String> = parsed.properties().into_iter().collect();
    let block: u64 = props.remove("volblocksize").and_then(|text| text.parse().ok()).unwrap_or(16 << 10);
    let volsize = match parsed.value('V').map(str::parse::<u64>) {
        None => None,
        // Rounded up without a word.
        Some(Ok(size)) if size > 0 && size <= u64::MAX - block => Some(size.next_multiple_of(block)),
        Some(Ok(_) | Err(_)) => return fail(format!("cannot create '{name}': bad numeric value")),
    };
    let free = state.pools.get(pool(name)).map_or(0, |pool| pool.free);
    if volsize.is_some_and(|size| !parsed.has('s') && size > free) || free < 1 << 20 {
        return fail(format!("cannot create '{name}': out of space"));
    }
    state.add_dataset(name, volsize);
    let delay = state.clock + state.device_delay;
    if let Some(made) = state.datasets.get_mut(*name) {
        made.props = props;
        made.volblocksize = volsize.map(|_| block);
        made.device_at = delay;
    }
    done()
}

pub(super) fn clone(state: &mut State, args: &[&str]) -> Answer {
    let parsed = Parsed::new(args, "pu", "o")?;
    let [snapshot, name] = parsed.operands.as_slice() else { return usage("missing target dataset argument") };
    let Some(point) = state.point(snapshot).cloned() else {
        return fail(format!("cannot open '{snapshot}': dataset does not exist"));
    };
    may_create(state, name)?;
    if pool(snapshot) != pool(name) {
        return fail(format!("cannot create '{name}': source and target pools differ"));
    }
    let source = state.datasets.get(snapshot.split('@').next().unwrap_or_default()).cloned().unwrap_or_default();
    let made = Dataset {
        guid: state.fresh_guid(),
        txg: state.txg,
        created: state.seconds(),
        volsize: source.volsize,
        volblocksize: source.volblocksize,
        origin: Some((*snapshot).to_owned()),
        props: parsed.properties().into_iter().collect(),
        content: point.content,
        referenced: point.referenced,
        device_at: state.clock + state.device_delay,
        ..Dataset::default()
    };
    state.datasets.insert((*name).to_owned(), made);
    done()
}

pub(super) fn snapshot(state: &mut State, args: &[&str]) -> Answer {
    let parsed = Parsed::new(args, "r", "o")?;
    let mut names: Vec<(String, String)> = Vec::new();
    for operand in &parsed.operands {
        let Some((dataset, label)) = operand.split_once('@') else { return usage("missing '@' delimiter") };
        if !state.datasets.contains_key(dataset) {
            return Err(Complaint::new(2, format!("cannot open '{operand}': dataset does not exist\n")));
        }
        let below = format!("{dataset}/");
        let wanted = |name: &&String| *name == dataset || parsed.has('r') && name.starts_with(&below);
        names.extend(state.datasets.keys().filter(wanted).map(|name| (name.clone(), label.to_owned())));
    }
    // All of them or none.
    for (dataset, label) in &names {
        let full = format!("{dataset}@{label}");
        if state.point(&full).is_some() {
            return fail(format!("cannot create snapshot '{full}': dataset already exists\nno snapshots were created"));
        }
    }
    let txg = state.tick();
    for (dataset, label) in names {
        state.add_snapshot(&dataset, &label);
        if let Some(point) = state.point_mut(&format!("{dataset}@{label}")) {
            point.txg = txg;
            point.props = parsed.properties().into_iter().collect();
        }
    }
    done()
}

pub(super) fn destroy(state: &mut State, args: &[&str]) -> Answer {
    let parsed = Parsed::new(args, "rRfvpnd", "")?;
    let [name] = parsed.operands.as_slice() else { return usage("missing dataset argument") };
    if let Some((dataset, label)) = name.split_once('@') {
        let below = format!("{dataset}/");
        let targets: Vec<String> = state
            .datasets
            .keys()
            .filter(|other| *other == dataset || parsed.has('r') && other.starts_with(&below))
            .map(|other| format!("{other}@{label}"))
            .filter(|full| state.point(full).is_some())
            .collect();
        if targets.is_empty() {
            return fail("could not find any snapshots to destroy; check snapshot names.");
        }
        for full in &targets {
            let clones = state.clones(full);
            if !clones.is_empty() {
                return fail(format!(
                    "cannot destroy '{full}': snapshot has dependent clones\nuse '-R' to destroy the following datasets:\n{}",
                    clones.join("\n")
                ));
            }
            if state.point(full).is_some_and(|point| !point.holds.is_empty()) {
                return fail(format!("cannot destroy snapshot {full}: {BUSY}"));
            }
        }
        for full in targets {
            if let Some((dataset, label)) = full.split_once('@')
                && let Some(found) = state.datasets.get_mut(dataset)
            {
                found.points.remove(&format!("@{label}"));
            }
        }
        state.tick();
        return done();
    }
    if !state.datasets.contains_key(*name) {
        return fail(format!("cannot open '{name}': dataset does not exist"));
    }
    let below = format!("{name}/");
    let children: Vec<String> = state.datasets.keys().filter(|other| other.starts_with(&below)).cloned().collect();
    let kind =
        if state.datasets.get(*name).is_some_and(|found| found.volsize.is_some()) { "volume" } else { "filesystem" };
    let snapshots: Vec<String> = state
        .datasets
        .get(*name)
        .map(|found| {
            found.points.keys().filter(|label| label.starts_with('@')).map(|label| format!("{name}{label}")).collect()
        })
        .unwrap_or_default();
    if !parsed.has('r') && (!children.is_empty() || !snapshots.is_empty()) {
        let all: Vec<String> = snapshots.into_iter().chain(children).collect();
        return fail(format!(
            "cannot destroy '{name}': {kind} has children\nuse '-r' to destroy the following datasets:\n{}",
            all.join("\n")
        ));
    }
    let gone: Vec<String> = std::iter::once((*name).to_owned()).chain(children).collect();
    for other in &gone {
        let points: Vec<String> = state
            .datasets
            .get(other)
            .map(|found| found.points.keys().map(|label| format!("{other}{label}")).collect())
            .unwrap_or_default();
        for full in points {
            let clones: Vec<String> = state.clones(&full).into_iter().filter(|clone| !gone.contains(clone)).collect();
            if !clones.is_empty() {
                return fail(format!(
                    "cannot destroy '{other}': {kind} has dependent clones\nuse '-R' to destroy the following datasets:\n{}",
                    clones.join("\n")
                ));
            }
            if state.point(&full).is_some_and(|point| !point.holds.is_empty()) {
                return fail(format!("cannot destroy snapshot {full}: {BUSY}"));
            }
        }
        if state.is_busy(other) {
            return fail(format!("cannot destroy '{other}': {BUSY}"));
        }
    }
    for other in gone {
        state.datasets.remove(&other);
    }
    state.tick();
    done()
}

/// Moves a dataset with what lies below, and every mention of its snapshots.
fn move_to(state: &mut State, from: &str, to: &str) {
    let below = format!("{from}/");
    let moved: Vec<String> =
        state.datasets.keys().filter(|name| *name == from || name.starts_with(&below)).cloned().collect();
    for name in moved {
        if let Some(dataset) = state.datasets.remove(&name) {
            state.datasets.insert(name.replacen(from, to, 1), dataset);
        }
    }
    let old = format!("{from}@");
    for dataset in state.datasets.values_mut() {
        if let Some(label) = dataset.origin.as_deref().and_then(|origin| origin.strip_prefix(&old)) {
            dataset.origin = Some(format!("{to}@{label}"));
        }
    }
    let device_at = state.clock + state.device_delay;
    if let Some(dataset) = state.datasets.get_mut(to) {
        dataset.device_at = device_at;
    }
}

pub(super) fn rename(state: &mut State, args: &[&str]) -> Answer {
    let parsed = Parsed::new(args, "pufr", "")?;
    let [from, to] = parsed.operands.as_slice() else { return usage("missing target dataset argument") };
    if from.contains('@') {
        return usage("renaming snapshots is not simulated");
    }
    let Some(found) = state.datasets.get(*from) else {
        return fail(format!("cannot open '{from}': dataset does not exist"));
    };
    let is_volume = found.volsize.is_some();
    may_create(state, to)?;
    // A volume is renamed under whoever has it open.
    if !is_volume && state.is_busy(from) {
        return fail(format!("cannot rename '{from}': {BUSY}"));
    }
    move_to(state, from, to);
    state.tick();
    done()
}

pub(super) fn promote(state: &mut State, args: &[&str]) -> Answer {
    let parsed = Parsed::new(args, "", "")?;
    let [name] = parsed.operands.as_slice() else { return usage("missing clone filesystem argument") };
    let Some(clone) = state.datasets.get(*name).cloned() else {
        return fail(format!("cannot open '{name}': dataset does not exist"));
    };
    let Some(origin) = clone.origin.clone() else {
        return fail(format!("cannot promote '{name}': not a cloned filesystem"));
    };
    let Some((parent, label)) = origin.split_once('@') else { return usage("bad origin") };
    let Some(old) = state.datasets.get(parent).cloned() else { return usage("bad origin") };
    let limit = old.points.get(&format!("@{label}")).map_or(0, |point| point.txg);
    // The snapshots up to the origin, and with them their clones, now belong to the clone.
    let moving: Vec<(String, Point)> = old
        .points
        .iter()
        .filter(|(name, point)| name.starts_with('@') && point.txg <= limit)
        .map(|(n, p)| (n.clone(), p.clone()))
        .collect();
    if let Some((name_taken, _)) = moving.iter().find(|(point, _)| clone.points.contains_key(point)) {
        return fail(format!(
            "cannot promote '{name}': snapshot name '{name}{name_taken}' from origin \nconflicts with '{name}{name_taken}' from target"
        ));
    }
    for (point, _) in &moving {
        let (from, to) = (format!("{parent}{point}"), format!("{name}{point}"));
        for dataset in state.datasets.values_mut() {
            if dataset.origin.as_ref() == Some(&from) {
                dataset.origin = Some(to.clone());
            }
        }
    }
    if let Some(dataset) = state.datasets.get_mut(parent) {
        dataset.points.retain(|point, _| !moving.iter().any(|(moved, _)| moved == point));
        dataset.origin = Some(format!("{name}@{label}"));
    }
    if let Some(dataset) = state.datasets.get_mut(*name) {
        dataset.points.extend(moving);
        dataset.origin = old.origin;
    }
    state.tick();
    done()
}

pub(super) fn rollback(state: &mut State, args: &[&str]) -> Answer {
    let parsed = Parsed::new(args, "rRf", "")?;
    let [name] = parsed.operands.as_slice() else { return usage("missing dataset argument") };
    let Some(point) = state.point(name).cloned() else {
        return fail(format!("cannot open '{name}': dataset does not exist"));
    };
    let dataset = name.split('@').next().unwrap_or_default().to_owned();
    let newer: Vec<String> = state
        .datasets
        .get(&dataset)
        .map(|found| {
            found
                .points
                .iter()
                .filter(|(_, other)| other.txg > point.txg)
                .map(|(label, _)| format!("{dataset}{label}"))
                .collect()
        })
        .unwrap_or_default();
    if !newer.is_empty() && !parsed.has('r') {
        return fail(format!(
            "cannot rollback to '{name}': more recent snapshots or bookmarks exist\nuse '-r' to force deletion of the following snapshots and bookmarks:\n{}",
            newer.join("\n")
        ));
    }
    // ZFS does not ask who has the volume open.
    let users: Vec<String> = state
        .domains
        .iter()
        .filter(|(_, vm)| vm.state != "shut off")
        .filter(|(_, vm)| {
            crate::domain::read(&vm.xml)
                .is_ok_and(|domain| domain.volumes().iter().any(|used| used.as_str() == dataset))
        })
        .map(|(name, _)| name.clone())
        .collect();
    for user in users {
        if let Some(vm) = state.domains.get_mut(&user) {
            vm.corrupted = true;
        }
    }
    if let Some(found) = state.datasets.get_mut(&dataset) {
        found.points.retain(|_, other| other.txg <= point.txg);
        found.content = point.content;
        found.referenced = point.referenced;
        found.written = 0;
    }
    state.tick();
    done()
}

pub(super) fn set(state: &mut State, args: &[&str]) -> Answer {
    let parsed = Parsed::new(args, "u", "")?;
    let [pair, name] = parsed.operands.as_slice() else { return usage("missing property=value argument(s)") };
    let Some((key, value)) = pair.split_once('=') else { return usage("missing value in property=value argument") };
    let Some(found) = state.datasets.get_mut(*name) else {
        return fail(format!("cannot open '{name}': dataset does not exist"));
    };
    if key == "volsize" {
        let block = found.volblocksize.unwrap_or(1);
        match value.parse::<u64>() {
            Ok(size) if size.is_multiple_of(block) => found.volsize = Some(size),
            Ok(_) => {
                return fail(format!(
                    "cannot set property for '{name}': 'volsize' must be a multiple of volume block size ({block})"
                ));
            }
            Err(_) => return fail(format!("cannot set property for '{name}': bad numeric value '{value}'")),
        }
    } else {
        found.props.insert(key.to_owned(), value.to_owned());
    }
    state.tick();
    done()
}

pub(super) fn hold(state: &mut State, args: &[&str]) -> Answer {
    let parsed = Parsed::new(args, "r", "")?;
    let [tag, name] = parsed.operands.as_slice() else { return usage("missing snapshot argument") };
    let Some(point) = state.point_mut(name) else {
        return fail(format!("cannot hold snapshot '{name}': dataset does not exist"));
    };
    if point.holds.insert((*tag).to_owned()) {
        done()
    } else {
        fail(format!("cannot hold snapshot '{name}': tag already exists on this dataset"))
    }
}

pub(super) fn release(state: &mut State, args: &[&str]) -> Answer {
    let parsed = Parsed::new(args, "r", "")?;
    let [tag, name] = parsed.operands.as_slice() else { return usage("missing snapshot argument") };
    let Some(point) = state.point_mut(name) else {
        return fail(format!("cannot release hold from snapshot '{name}': dataset does not exist"));
    };
    if point.holds.remove(*tag) {
        done()
    } else {
        fail(format!("cannot release hold from snapshot '{name}': no such tag on this dataset"))
    }
}

pub(super) fn bookmark(state: &mut State, args: &[&str]) -> Answer {
    let parsed = Parsed::new(args, "", "")?;
    let [from, to] = parsed.operands.as_slice() else { return usage("missing bookmark name argument") };
    let Some(point) = state.point(from).cloned() else {
        return fail(format!("cannot create bookmark '{to}': dataset does not exist"));
    };
    let Some((dataset, label)) = to.split_once('#') else { return usage("invalid bookmark name") };
    match state.datasets.get_mut(dataset) {
        Some(found) if !found.points.contains_key(&format!("#{label}")) => {
            found.points.insert(format!("#{label}"), point);
            done()
        }
        Some(_) => fail(format!("cannot create bookmark '{to}': bookmark exists")),
        None => fail(format!("cannot create bookmark '{to}': dataset does not exist")),
    }
}
