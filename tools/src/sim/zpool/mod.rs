//! `zpool list`, `get`, `status`, `scrub`.

mod status;
mod status_json;
mod status_text;

use serde_json::{Map, Value, json};

use super::pool::Pool;
use super::state::State;
use super::zfs::{Parsed, fail, usage};
use super::{Answer, Complaint, json as printed};

pub(super) fn run(state: &mut State, args: &[&str]) -> Answer {
    let Some((verb, rest)) = args.split_first() else { return usage("missing command") };
    let now = state.clock;
    state.pools.values_mut().for_each(|pool| pool.settle(now));
    match *verb {
        "list" => list(state, rest),
        "get" => get(state, rest),
        "status" => status::status(state, rest),
        "scrub" => scrub(state, rest),
        other => usage(&format!("unrecognized command '{other}'")),
    }
}

/// The pools of those names, or all.
fn pools<'a>(state: &'a State, names: &[&'a str]) -> Result<Vec<(&'a str, &'a Pool)>, Complaint> {
    if names.is_empty() {
        return Ok(state.pools.iter().map(|(name, pool)| (name.as_str(), pool)).collect());
    }
    let find = |name: &&'a str| match state.pools.get(*name) {
        Some(pool) => Ok((*name, pool)),
        None => Err(Complaint::new(1, format!("cannot open '{name}': no such pool\n"))),
    };
    names.iter().map(find).collect()
}

/// A property and where it comes from.
fn property(name: &str, pool: &Pool, property: &str) -> Result<(String, &'static str), Complaint> {
    Ok(match property {
        "name" => (name.to_owned(), "-"),
        "guid" => (pool.guid.to_string(), "-"),
        "health" => (pool.health.clone(), "-"),
        "size" => (pool.size.to_string(), "-"),
        "free" => (pool.free.to_string(), "-"),
        "allocated" => ((pool.size - pool.free).to_string(), "-"),
        "capacity" => (((pool.size - pool.free) * 100 / pool.size.max(1)).to_string(), "-"),
        "readonly" => (if pool.read_only { "on" } else { "off" }.to_owned(), "-"),
        "bootfs" => match &pool.bootfs {
            Some(dataset) => (dataset.clone(), "local"),
            None => ("-".to_owned(), "default"),
        },
        other => {
            return Err(Complaint::new(2, format!("bad property list: invalid property '{other}'\nusage:\n")));
        }
    })
}

/// What `-j` says of every pool before its properties.
fn head(name: &str, pool: &Pool, state: &State) -> Map<String, Value> {
    let fields = json!({
        "name": name, "state": pool.health, "pool_guid": pool.guid.to_string(), "txg": state.txg.to_string(),
        "spa_version": "5000", "zpl_version": "5",
    });
    fields.as_object().cloned().unwrap_or_default()
}

fn list(state: &State, args: &[&str]) -> Answer {
    let parsed = Parsed::new(args, &state.flags("Hp"), "o")?;
    let columns: Vec<&str> = parsed.value('o').unwrap_or("name,size,free,health").split(',').collect();
    properties(state, "zpool list", &parsed, &columns, &parsed.operands)
}

fn get(state: &State, args: &[&str]) -> Answer {
    let parsed = Parsed::new(args, &state.flags("Hp"), "o")?;
    let Some((wanted, names)) = parsed.operands.split_first() else { return usage("missing property argument") };
    if *wanted == "all" || !parsed.has('p') {
        return usage("only exact numbers of named properties are simulated");
    }
    let wanted: Vec<&str> = wanted.split(',').collect();
    if parsed.has('j') {
        return properties(state, "zpool get", &parsed, &wanted, names);
    }
    let columns: Vec<&str> = parsed.value('o').unwrap_or("name,property,value,source").split(',').collect();
    let mut out = String::new();
    for (name, pool) in pools(state, names)? {
        for wanted in &wanted {
            let (value, source) = property(name, pool, wanted)?;
            let cell = |column: &&str| match *column {
                "name" => name,
                "property" => *wanted,
                "value" => value.as_str(),
                _ => source,
            };
            out.push_str(&columns.iter().map(cell).collect::<Vec<_>>().join("\t"));
            out.push('\n');
        }
    }
    Ok(out)
}

/// Properties of pools, in columns or as JSON.
fn properties(state: &State, command: &str, parsed: &Parsed<'_>, wanted: &[&str], names: &[&str]) -> Answer {
    let mut out = String::new();
    let mut all = Map::new();
    for (name, pool) in pools(state, names)? {
        let mut cells = Vec::new();
        let mut props = Map::new();
        for wanted in wanted {
            let (value, source) = property(name, pool, wanted)?;
            if *wanted != "name" {
                props.insert((*wanted).to_owned(), printed::property(&value, source));
            }
            cells.push(value);
        }
        out.push_str(&cells.join("\t"));
        out.push('\n');
        let mut item = head(name, pool, state);
        item.insert("type".to_owned(), json!("POOL"));
        item.insert("properties".to_owned(), Value::Object(props));
        all.insert(name.to_owned(), Value::Object(item));
    }
    Ok(if parsed.has('j') { printed::output(command, ("pools", all), &[]) } else { out })
}

fn scrub(state: &mut State, args: &[&str]) -> Answer {
    let parsed = Parsed::new(args, "psw", "")?;
    let [name] = parsed.operands.as_slice() else { return usage("missing pool name argument") };
    let now = state.clock;
    let Some(pool) = state.pools.get_mut(*name) else { return fail(format!("cannot open '{name}': no such pool")) };
    if pool.read_only {
        // It waits for a transaction group that never comes.
        return Err(Complaint::hang());
    }
    let (to, verb) = if parsed.has('s') {
        ("canceled", "cancel scrubbing")
    } else if parsed.has('p') {
        ("paused", "pause scrubbing")
    } else {
        ("scanning", "scrub")
    };
    match (pool.scrub.as_str(), to) {
        ("scanning", "scanning") => {
            return fail(format!("cannot {verb} {name}: currently scrubbing; use 'zpool scrub -s' to cancel scrub"));
        }
        ("none" | "finished" | "canceled", "canceled") => {
            return fail(format!("cannot {verb} {name}: there is no active scrub"));
        }
        // There is nothing to pause, and nobody says so.
        ("none" | "finished" | "canceled" | "paused", "paused") => {}
        _ => pool.set_scrub(to, now),
    }
    Ok(String::new())
}
