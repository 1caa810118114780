//! `zfs set`, `hold`, `release`, `bookmark`.

use super::{Parsed, done, fail, props, usage};
use crate::sim::state::State;
use crate::sim::{Answer, Complaint};

pub(super) fn set(state: &mut State, args: &[&str]) -> Answer {
    let parsed = Parsed::new(args, "u", "")?;
    let [pair, name] = parsed.operands.as_slice() else { return usage("missing property=value argument(s)") };
    let Some((key, value)) = pair.split_once('=') else { return usage("missing value in property=value argument") };
    let Some(found) = state.datasets.get_mut(*name) else {
        return fail(format!("cannot open '{name}': dataset does not exist"));
    };
    let wrong = if key == "volblocksize" && found.volsize.is_some() {
        Some("'volblocksize' is readonly".to_owned())
    } else {
        props::wrong(key, value, found)
    };
    if let Some(wrong) = wrong {
        // A negative number, as the shell sees it.
        return Err(Complaint::new(255, format!("cannot set property for '{name}': {wrong}\n")));
    }
    match (key, value.parse()) {
        ("volsize", Ok(size)) => found.volsize = Some(size),
        _ => drop(found.props.insert(key.to_owned(), value.to_owned())),
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
