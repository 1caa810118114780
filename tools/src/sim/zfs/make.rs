//! `zfs create`, `clone`, `snapshot`.

use super::{Parsed, done, fail, parent, pool, props, usage};
use crate::sim::state::{Dataset, State};
use crate::sim::{Answer, Complaint};

pub(super) fn may_create(state: &State, name: &str) -> Result<(), Complaint> {
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
    let like = Dataset { volsize: parsed.value('V').map(|_| 0), ..Dataset::default() };
    if let Some(wrong) = props.iter().find_map(|(key, value)| props::wrong(key, value, &like)) {
        return fail(format!("cannot create '{name}': {wrong}"));
    }
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
    if let Some(made) = state.datasets.get_mut(*name) {
        made.props = props;
        made.volblocksize = volsize.map(|_| block);
    }
    state.new_device(name);
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
        ..Dataset::default()
    };
    state.datasets.insert((*name).to_owned(), made);
    state.new_device(name);
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
