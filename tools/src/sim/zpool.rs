//! `zpool list`, `status`, `scrub`.

use super::Answer;
use super::state::State;
use super::zfs::{Parsed, fail, usage};

pub(super) fn run(state: &mut State, args: &[&str]) -> Answer {
    let Some((verb, rest)) = args.split_first() else { return usage("missing command") };
    match *verb {
        "list" => list(state, rest),
        "status" => status(state, rest),
        "scrub" => scrub(state, rest),
        other => usage(&format!("unrecognized command '{other}'")),
    }
}

fn list(state: &State, args: &[&str]) -> Answer {
    let parsed = Parsed::new(args, "Hp", "o")?;
    let columns: Vec<&str> = parsed.value('o').unwrap_or("name,size,free,health").split(',').collect();
    let mut out = String::new();
    let names: Vec<&str> = if parsed.operands.is_empty() {
        state.pools.keys().map(String::as_str).collect()
    } else {
        parsed.operands.clone()
    };
    for name in names {
        let Some(pool) = state.pools.get(name) else { return fail(format!("cannot open '{name}': no such pool")) };
        let mut cells = Vec::new();
        for column in &columns {
            cells.push(match *column {
                "name" => name.to_owned(),
                "guid" => pool.guid.to_string(),
                "health" => pool.health.clone(),
                "size" => pool.size.to_string(),
                "free" => pool.free.to_string(),
                "capacity" => ((pool.size - pool.free) * 100 / pool.size.max(1)).to_string(),
                "bootfs" => pool.bootfs.clone().unwrap_or_else(|| "-".to_owned()),
                other => return usage(&format!("bad property list: invalid property '{other}'")),
            });
        }
        out.push_str(&cells.join("\t"));
        out.push('\n');
    }
    Ok(out)
}

fn status(state: &State, args: &[&str]) -> Answer {
    let parsed = Parsed::new(args, "p", "")?;
    let [name] = parsed.operands.as_slice() else { return usage("only one pool is simulated") };
    let Some(pool) = state.pools.get(*name) else { return fail(format!("cannot open '{name}': no such pool")) };
    let scan = match pool.scrub.as_str() {
        "scanning" => "scrub in progress since Tue Nov 24 12:00:00 2026",
        "paused" => "scrub paused since Tue Nov 24 12:00:00 2026",
        _ => "none requested",
    };
    Ok(format!("  pool: {name}\n state: {}\n  scan: {scan}\nconfig:\n\nerrors: No known data errors\n", pool.health))
}

fn scrub(state: &mut State, args: &[&str]) -> Answer {
    let parsed = Parsed::new(args, "psw", "")?;
    let [name] = parsed.operands.as_slice() else { return usage("missing pool name argument") };
    let Some(pool) = state.pools.get_mut(*name) else { return fail(format!("cannot open '{name}': no such pool")) };
    let (to, verb) = if parsed.has('s') {
        ("none", "cancel scrubbing")
    } else if parsed.has('p') {
        ("paused", "pause scrubbing")
    } else {
        ("scanning", "scrub")
    };
    match (pool.scrub.as_str(), to) {
        ("none", "paused") => {}
        ("none", "none") => return fail(format!("cannot {verb} {name}: there is no active scrub")),
        ("scanning", "scanning") => {
            return fail(format!("cannot {verb} {name}: currently scrubbing; use 'zpool scrub -s' to cancel scrub"));
        }
        _ => to.clone_into(&mut pool.scrub),
    }
    Ok(String::new())
}
