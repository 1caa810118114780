//! `zfs rename`, `promote`, `rollback`: what turns one shape of a tree into another.

use super::make::may_create;
use super::{BUSY, Parsed, done, fail, usage};
use crate::sim::Answer;
use crate::sim::state::{Point, State};

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
    state.new_device(to);
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
        .filter(|(_, vm)| vm.volumes().any(|used| used == dataset))
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
