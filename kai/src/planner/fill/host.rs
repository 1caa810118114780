//! The host as a whole: its tuning, boot environments and traffic.

use serde_json::json;

use super::super::piece::{Object, Piece};
use super::super::values::Value;
use super::{Args, Filled, Task, args, ask, call};

pub(super) fn host_tune(task: Task<'_>) -> Filled {
    let mut out = Args::new();
    let percent = task.value(|value| if let Value::Percent(percent) = value { Some(*percent) } else { None });
    let percent = percent.or_else(|| {
        // `30 percent`, `half of the memory`
        let pieces = &task.clause.pieces;
        let written = pieces.windows(2).find_map(|pair| {
            if let (Some(Value::Number(number)), true) = (&pair[0].value, pair[1].is("percent")) {
                Some(*number as u64)
            } else {
                None
            }
        });
        let share = pieces.iter().find_map(|piece| {
            if let Some(Value::Number(number)) = piece.value
                && number < 1.0
                && number > 0.0
            {
                Some((number * 100.0).round() as u64)
            } else {
                None
            }
        });
        let words = task.clause.text().to_lowercase();
        let third = if words.contains("quarter") {
            Some(25)
        } else if words.contains("third of") {
            Some(33)
        } else if words.contains("half") {
            Some(50)
        } else {
            None
        };
        written.or(share).or(third)
    });
    let absolute = task.value(|value| if let Value::Size(bytes) = value { Some(*bytes) } else { None });
    match (percent, absolute, super::quantity::bytes(&task.scene.inventory.memory)) {
        (Some(percent), _, _) => {
            out.insert("arc_percent".to_owned(), json!(percent));
        }
        (None, Some(bytes), Some(all)) if all > 0 => {
            out.insert("arc_percent".to_owned(), json!((bytes as f64 * 100.0 / all as f64).round() as u64));
        }
        (None, None, _) if task.has("arc") && !task.has("tune") && !task.has("sysctl") => {
            return ask(&["arc_percent"], "To how much of the memory, in percent?");
        }
        _ => {}
    }
    call("host_tune", out)
}

pub(super) fn boot_env(task: Task<'_>) -> Filled {
    let action = task.set.get("action").map_or("list", String::as_str);
    let mut out = args([("action", json!(action))]);
    if action == "list" {
        return call("boot_env", out);
    }
    let inventory = task.scene.inventory;
    let known = task.object(|object| if let Object::BootEnv(name) = object { Some(name.clone()) } else { None });
    if action == "create" {
        let name = task.clause.names().next().map(|piece| piece.raw.clone()).or_else(|| task.fresh_name(&[]));
        return match name {
            Some(name) => {
                out.insert("name".to_owned(), json!(name));
                call("boot_env", out)
            }
            None => match known {
                Some(name) => ask(
                    &["name"],
                    format!("There is a boot environment {name} already. What shall the new one be called?"),
                ),
                None => ask(&["name"], "What shall the boot environment be called?"),
            },
        };
    }
    let known = known.or_else(|| {
        let named =
            task.clause.names().find(|piece| inventory.boot_environments.iter().any(|found| found.name == piece.raw));
        named.map(|piece| piece.raw.clone())
    });
    let by_time = || {
        let mut list: Vec<_> = inventory.boot_environments.iter().collect();
        list.sort_by(|a, b| a.created.cmp(&b.created));
        let inactive = |found: &&&super::super::inventory::BootEnvironment| !found.active;
        if task.has("previous") {
            return list.iter().rev().find(inactive).map(|found| found.name.clone());
        }
        if task.has("oldest") && action != "destroy" {
            return list.first().map(|found| found.name.clone());
        }
        None
    };
    let active = task.has("active") && known.is_none();
    if active && action == "destroy" {
        return super::refuse(
            "never-active-be",
            "the system runs from the active boot environment; kai never destroys it",
        );
    }
    match known.or_else(by_time) {
        Some(name) => {
            out.insert("name".to_owned(), json!(name));
            call("boot_env", out)
        }
        None => Filled::Ask {
            missing: vec!["name"],
            candidates: inventory.boot_environments.iter().map(|found| found.name.clone()).collect(),
            question: "Which boot environment?".to_owned(),
        },
    }
}

pub(super) fn trace_tcp(task: Task<'_>) -> Filled {
    let mut out = Args::new();
    let seconds = task.value(|value| if let Value::Time(seconds) = value { Some(*seconds) } else { None });
    if let Some(seconds) = seconds {
        out.insert("seconds".to_owned(), json!(seconds));
    }
    let pieces = &task.clause.pieces;
    let number = Piece::port;
    let beside = pieces.iter().position(|piece| piece.is("port")).and_then(|at| {
        pieces.iter().skip(at + 1).find_map(number).or_else(|| pieces[..at].iter().rev().find_map(number))
    });
    let known = [
        ("https", 443),
        ("http", 80),
        ("ssh", 22),
        ("postgres", 5432),
        ("postgresql", 5432),
        ("smtp", 25),
        ("dns", 53),
        ("mysql", 3306),
        ("redis", 6379),
    ];
    let service =
        || pieces.iter().find_map(|piece| known.iter().find(|(name, _)| piece.low == *name).map(|(_, port)| *port));
    if let Some(port) = beside.or_else(|| pieces.iter().find_map(number)).or_else(service) {
        out.insert("port".to_owned(), json!(port));
    }
    call("trace_tcp", out)
}
