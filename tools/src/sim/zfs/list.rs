//! `zfs list`, `zfs get`, `zfs holds`: exact, tab-separated (`-Hp`) or, since 2.3, as JSON (`-jp`).

use serde_json::{Map, Value, json};

use super::{Parsed, fail, usage};
use crate::sim::state::{Dataset, Point, State};
use crate::sim::{Answer, Complaint, json as printed};

/// A line of a listing.
enum Found<'a> {
    Dataset(&'a str, &'a Dataset),
    Point(String, &'a Point),
}

impl Found<'_> {
    fn name(&self) -> &str {
        match self {
            Self::Dataset(name, _) => name,
            Self::Point(name, _) => name,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Dataset(_, dataset) if dataset.volsize.is_some() => "volume",
            Self::Dataset(..) => "filesystem",
            Self::Point(name, _) if name.contains('#') => "bookmark",
            Self::Point(..) => "snapshot",
        }
    }

    fn txg(&self) -> u64 {
        match self {
            Self::Dataset(_, dataset) => dataset.txg,
            Self::Point(_, point) => point.txg,
        }
    }
}

fn all(state: &State) -> Vec<Found<'_>> {
    let mut found = Vec::new();
    for (name, dataset) in &state.datasets {
        found.push(Found::Dataset(name, dataset));
        let mut points: Vec<_> = dataset.points.iter().collect();
        points.sort_by_key(|(label, point)| (label.starts_with('#'), point.txg));
        found.extend(points.into_iter().map(|(label, point)| Found::Point(format!("{name}{label}"), point)));
    }
    found
}

/// What `-j` says of each before its properties (`fill_dataset_info`).
fn head(found: &Found<'_>) -> Map<String, Value> {
    let name = found.name();
    let mut fields = Map::new();
    for (key, value) in [
        ("name", name.to_owned()),
        ("type", found.kind().to_uppercase()),
        ("pool", name.split(['/', '@', '#']).next().unwrap_or_default().to_owned()),
        ("createtxg", found.txg().to_string()),
    ] {
        fields.insert(key.to_owned(), json!(value));
    }
    if let Some((dataset, snapshot)) = name.split_once('@') {
        fields.insert("dataset".to_owned(), json!(dataset));
        fields.insert("snapshot_name".to_owned(), json!(snapshot));
    }
    fields
}

/// Properties of each as JSON.
fn as_json(state: &State, command: &str, all: &[&Found<'_>], wanted: &[&str]) -> String {
    let one = |found: &&Found<'_>| {
        let props = wanted.iter().filter(|wanted| **wanted != "name").map(|wanted| {
            let (value, source) = property(state, found, wanted);
            ((*wanted).to_owned(), printed::property(&value, &source))
        });
        let mut item = head(found);
        item.insert("properties".to_owned(), Value::Object(props.collect()));
        (found.name().to_owned(), Value::Object(item))
    };
    printed::output(command, ("datasets", all.iter().map(one).collect()), &[])
}

fn base(name: &str) -> &str {
    name.split(['@', '#']).next().unwrap_or_default()
}

fn depth(name: &str, root: &str) -> Option<usize> {
    let rest = base(name).strip_prefix(root)?;
    let levels = if rest.is_empty() { 0 } else { rest.strip_prefix('/')?.split('/').count() };
    Some(levels + usize::from(name != base(name)))
}

pub(super) fn list(state: &State, args: &[&str]) -> Answer {
    let parsed = Parsed::new(args, &state.flags("Hpr"), "otsSd")?;
    if !(parsed.has('H') || parsed.has('j')) || !parsed.has('p') {
        return usage("only -Hp and -jp output is simulated");
    }
    let columns: Vec<&str> =
        parsed.value('o').unwrap_or("name,used,available,referenced,mountpoint").split(',').collect();
    let kinds: Vec<&str> = parsed.value('t').unwrap_or("filesystem,volume").split(',').collect();
    let most = match parsed.value('d').map(str::parse) {
        Some(Ok(most)) => most,
        Some(Err(_)) => return usage("bad depth"),
        None if parsed.has('r') || parsed.operands.is_empty() => usize::MAX,
        None => 0,
    };
    let everything = all(state);
    let mut complaint = String::new();
    let mut lines: Vec<&Found<'_>> = Vec::new();
    let roots: Vec<&str> = if parsed.operands.is_empty() {
        state.pools.keys().map(String::as_str).collect()
    } else {
        parsed.operands.clone()
    };
    for root in roots {
        if !everything.iter().any(|found| found.name() == root) {
            complaint.push_str(&format!("cannot open '{root}': dataset does not exist\n"));
            continue;
        }
        let wanted = |found: &&Found<'_>| {
            let near = if root.contains(['@', '#']) {
                found.name() == root
            } else {
                depth(found.name(), root).is_some_and(|d| d <= most)
            };
            near && kinds.iter().any(|kind| *kind == "all" || *kind == found.kind() || found.kind().starts_with(*kind))
        };
        lines.extend(everything.iter().filter(wanted));
    }
    if parsed.value('s') == Some("createtxg") {
        lines.sort_by_key(|found| found.txg());
    }
    if parsed.has('j') {
        // All of it or nothing.
        let whole = complaint.is_empty();
        return if whole {
            Ok(as_json(state, "zfs list", &lines, &columns))
        } else {
            Err(Complaint::new(1, complaint))
        };
    }
    let mut out = String::new();
    for found in lines {
        let cells: Vec<String> = columns.iter().map(|column| property(state, found, column).0).collect();
        out.push_str(&cells.join("\t"));
        out.push('\n');
    }
    if complaint.is_empty() { Ok(out) } else { Err(Complaint { stdout: out, ..Complaint::new(1, complaint) }) }
}

pub(super) fn get(state: &State, args: &[&str]) -> Answer {
    let parsed = Parsed::new(args, &state.flags("Hpr"), "otsd")?;
    let Some((properties, names)) = parsed.operands.split_first() else { return usage("missing property argument") };
    if !(parsed.has('H') || parsed.has('j')) || !parsed.has('p') || *properties == "all" {
        return usage("only -Hp and -jp output of named properties is simulated");
    }
    let columns: Vec<&str> = parsed.value('o').unwrap_or("name,property,value,source").split(',').collect();
    let everything = all(state);
    if parsed.has('j') {
        let mut found = Vec::new();
        for name in names {
            let Some(one) = everything.iter().find(|found| found.name() == *name) else {
                return fail(format!("cannot open '{name}': dataset does not exist"));
            };
            found.push(one);
        }
        return Ok(as_json(state, "zfs get", &found, &properties.split(',').collect::<Vec<_>>()));
    }
    let mut out = String::new();
    for name in names {
        let Some(found) = everything.iter().find(|found| found.name() == *name) else {
            return fail(format!("cannot open '{name}': dataset does not exist"));
        };
        for wanted in properties.split(',') {
            let (value, source) = property(state, found, wanted);
            let cell = |column: &&str| match *column {
                "name" => (*name).to_owned(),
                "property" => wanted.to_owned(),
                "value" => value.clone(),
                _ => source.clone(),
            };
            out.push_str(&columns.iter().map(cell).collect::<Vec<_>>().join("\t"));
            out.push('\n');
        }
    }
    Ok(out)
}

pub(super) fn holds(state: &State, args: &[&str]) -> Answer {
    let parsed = Parsed::new(args, "Hr", "")?;
    let (mut out, mut complaint) = (String::new(), String::new());
    for name in parsed.operands {
        let Some(point) = state.point(name) else {
            complaint.push_str(&format!("cannot open '{name}': dataset does not exist\n"));
            continue;
        };
        for tag in &point.holds {
            out.push_str(&format!("{name}\t{tag}\tMon Nov 24 12:00 2026\n"));
        }
    }
    if complaint.is_empty() { Ok(out) } else { Err(Complaint { stdout: out, ..Complaint::new(1, complaint) }) }
}

/// A property's value and where it comes from.
fn property(state: &State, found: &Found<'_>, name: &str) -> (String, String) {
    let none = || ("-".to_owned(), "-".to_owned());
    let own = |value: String| (value, "-".to_owned());
    let number = |value: u64| (value.to_string(), "-".to_owned());
    if name.contains(':') {
        return inherited(state, found, name);
    }
    match (name, found) {
        ("name", _) => own(found.name().to_owned()),
        ("type", _) => own(found.kind().to_owned()),
        ("createtxg", _) => number(found.txg()),
        ("guid", Found::Dataset(_, dataset)) => number(dataset.guid),
        ("guid", Found::Point(_, point)) => number(point.guid),
        ("creation", Found::Dataset(_, dataset)) => number(dataset.created),
        ("creation", Found::Point(_, point)) => number(point.created),
        ("used" | "referenced", Found::Dataset(_, dataset)) => number(dataset.referenced),
        ("used", Found::Point(name, _)) if !name.contains('#') => number(0),
        ("referenced", Found::Point(name, point)) if !name.contains('#') => number(point.referenced),
        ("written", Found::Dataset(_, dataset)) => number(dataset.written),
        ("written", Found::Point(name, point)) if !name.contains('#') => number(point.written),
        ("volsize", Found::Dataset(_, dataset)) => dataset.volsize.map_or_else(none, number),
        ("volblocksize", Found::Dataset(_, dataset)) => dataset.volblocksize.map_or_else(none, number),
        ("origin", Found::Dataset(_, dataset)) => dataset.origin.clone().map_or_else(none, own),
        ("clones", Found::Point(name, _)) if !name.contains('#') => own(state.clones(name).join(",")),
        ("userrefs", Found::Point(name, point)) if !name.contains('#') => number(point.holds.len() as u64),
        ("receive_resume_token", Found::Dataset(_, dataset)) => dataset.resume_token.clone().map_or_else(none, own),
        ("readonly", Found::Dataset(..)) => match inherited(state, found, name) {
            (value, _) if value == "-" => ("off".to_owned(), "default".to_owned()),
            set => set,
        },
        ("mounted", Found::Dataset(_, dataset)) if dataset.volsize.is_none() => {
            own(if dataset.props.get("canmount").is_some_and(|value| value == "off") { "no" } else { "yes" }.to_owned())
        }
        ("mountpoint", Found::Dataset(name, dataset)) if dataset.volsize.is_none() => {
            match dataset.props.get("mountpoint") {
                Some(path) => (path.clone(), "local".to_owned()),
                None => (format!("/{name}"), "default".to_owned()),
            }
        }
        (_, Found::Dataset(_, dataset)) => match dataset.props.get(name) {
            Some(value) => (value.clone(), "local".to_owned()),
            None => none(),
        },
        (_, Found::Point(..)) => none(),
    }
}

/// Some properties go down to what lies below: those of users, and `readonly`.
fn inherited(state: &State, found: &Found<'_>, name: &str) -> (String, String) {
    if let Found::Point(_, point) = found
        && let Some(value) = point.props.get(name)
    {
        return (value.clone(), "local".to_owned());
    }
    let mut at = base(found.name());
    loop {
        if let Some(value) = state.datasets.get(at).and_then(|dataset| dataset.props.get(name)) {
            let local = at == found.name();
            return (value.clone(), if local { "local".to_owned() } else { format!("inherited from {at}") });
        }
        match at.rsplit_once('/') {
            Some((parent, _)) => at = parent,
            None => return ("-".to_owned(), "-".to_owned()),
        }
    }
}
