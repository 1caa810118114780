//! `zfs destroy`.

use super::{BUSY, Parsed, done, fail, usage};
use crate::sim::Answer;
use crate::sim::state::State;

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
            if let Some((dataset, label)) = full.split_once('@') {
                state.remove_snapshot(dataset, label);
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
