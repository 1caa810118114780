//! The host as a whole, its documents and its journal.

use serde_json::json;

use super::super::piece::{Object, Piece};
use super::super::values::Value;
use super::{Args, Filled, Task, args, ask, call};

/// The words of some pieces as they were written.
fn words(pieces: &[Piece]) -> String {
    pieces.iter().map(|piece| piece.raw.as_str()).collect::<Vec<_>>().join(" ").trim().to_owned()
}

pub(super) fn docs_search(task: Task<'_>) -> Filled {
    let pieces = &task.clause.pieces;
    // What is looked for stands behind the last `for`, `about`, `on` of the request.
    let cut = pieces.iter().position(|piece| {
        matches!(
            piece.low.as_str(),
            "for"
                | "about"
                | "on"
                | "regarding"
                | "concerning"
                | "nach"
                | "uber"
                | "sur"
                | "sobre"
                | "su"
                | "over"
                | "naar"
                | "について"
                | "dealing with"
                | "mention"
                | "mentions"
                | "covering"
                | "cover"
        ) && piece.value.is_none()
    });
    let docs = pieces.iter().position(|piece| piece.is("docs") && !piece.is("search"));
    let mut from = match (cut, docs) {
        // `search for X in the docs`, `search the docs for X`
        (Some(cut), _) => cut + 1,
        (None, Some(docs)) if docs + 1 < pieces.len() && pieces[docs + 1..].iter().any(|piece| !piece.filler) => {
            docs + 1
        }
        _ => pieces.iter().position(|piece| piece.orders()).map_or(0, |at| at + 1),
    };
    // `look up ashift in the handbook`, `search for X in the docs`
    let mut to = pieces.len();
    if let Some(docs) = docs.filter(|docs| *docs > from) {
        to = docs;
        while to > from
            && (pieces[to - 1].filler
                && matches!(
                    pieces[to - 1].low.as_str(),
                    "in" | "the"
                        | "our"
                        | "of"
                        | "my"
                        | "your"
                        | "im"
                        | "in the"
                        | "der"
                        | "dem"
                        | "dans"
                        | "la"
                        | "en"
                        | "nella"
                )
                || pieces[to - 1].marks("on")
                || pieces[to - 1].marks("from"))
        {
            to -= 1;
        }
    }
    while from < to
        && (matches!(pieces[from].low.as_str(), "for" | "about" | "on" | "the" | "me" | "up" | "nach" | "uber")
            || pieces[from].is("docs") && pieces[from].low.contains("passage"))
    {
        from += 1;
    }
    let query = words(&pieces[from..to]);
    let query = query.trim_matches(|c: char| c == '"' || c == '\'').to_owned();
    if query.is_empty() {
        return ask(&["query"], "What shall be looked for?");
    }
    let mut out = args([("query", json!(query))]);
    let number = pieces[..from].iter().find_map(|piece| match piece.value {
        Some(Value::Number(number)) if number >= 1.0 => Some(number as u64),
        _ => None,
    });
    if let Some(number) = number {
        out.insert("limit".to_owned(), json!(number));
    }
    call("docs_search", out)
}

pub(super) fn docs_read(task: Task<'_>) -> Filled {
    let pieces = &task.clause.pieces;
    let page = task.value(|value| match value {
        Value::Page(page) => Some(page.clone()),
        _ => None,
    });
    let at = pieces.iter().position(|piece| piece.is("page") && !piece.name);
    let section = pieces.iter().position(|piece| piece.is("section") && !piece.is("page") && !piece.name);
    let content = |piece: &Piece| {
        !piece.filler
            && !piece.orders()
            && !piece.is("page")
            && !piece.is("section")
            && !piece.marks("polite")
            && !piece.marks("from")
            && !piece.marks("on")
    };
    let page = page.or_else(|| {
        let at = at?;
        let before =
            pieces[..at].iter().rev().find(|piece| content(piece)).filter(|piece| piece.at + 2 >= pieces[at].at);
        let named = pieces[at + 1..].iter().find(|piece| content(piece));
        let taken = section.filter(|section| *section < at && at - *section > 1);
        let chosen = match (before, named, taken) {
            (Some(before), _, _)
                if pieces[at].low == "page"
                    || pieces[at].low == "man page"
                    || pieces[at].low == "manpage"
                    || pieces[at].low == "manual page"
                    || pieces[at].low == "chapter"
                    || pieces[at].low == "seite"
                    || pieces[at].low == "man" =>
            {
                Some(before)
            }
            (_, Some(named), _) => Some(named),
            (before, None, _) => before,
        };
        chosen.map(|piece| piece.raw.clone())
    });
    let page = page.or_else(|| {
        pieces
            .iter()
            .find(|piece| piece.name || piece.unknown())
            .filter(|_| section.is_none())
            .map(|piece| piece.raw.clone())
    });
    let Some(page) = page else { return ask(&["page"], "Which page?") };
    let mut out = args([("page", json!(page))]);
    let quoted = pieces.iter().filter(|piece| piece.quote.is_some()).cloned().collect::<Vec<_>>();
    let heading = if !quoted.is_empty() && !quoted.iter().any(|piece| piece.raw == page) {
        Some(words(&quoted))
    } else if let Some(section) = section {
        // `the section Resume tokens of the replication page`, `the OPTIONS section of zfs-send(8)`
        let stop = |piece: &Piece| {
            matches!(
                piece.low.as_str(),
                "of" | "from" | "in" | "on" | "the" | "de" | "del" | "der" | "von" | "aus" | "di" | "du"
            ) || piece.marks("from")
                || piece.raw == page
                || piece.is("page")
        };
        let mut behind: Vec<Piece> = Vec::new();
        for piece in &pieces[section + 1..] {
            if stop(piece) {
                if behind.is_empty() && matches!(piece.low.as_str(), "on" | "the" | "about") {
                    continue;
                }
                break;
            }
            behind.push(piece.clone());
        }
        if behind.is_empty() {
            let begin = pieces[..section]
                .iter()
                .rposition(|piece| piece.filler || piece.orders() || piece.raw == page || piece.is("page"))
                .map_or(0, |at| at + 1);
            behind = pieces[begin..section].to_vec();
        }
        (!behind.is_empty()).then(|| words(&behind))
    } else {
        None
    };
    if let Some(heading) = heading.filter(|heading| !heading.is_empty()) {
        out.insert("heading".to_owned(), json!(heading));
    }
    call("docs_read", out)
}

pub(super) fn host_tune(task: Task<'_>) -> Filled {
    let mut out = Args::new();
    let percent = task.value(|value| match value {
        Value::Percent(percent) => Some(*percent),
        _ => None,
    });
    let percent = percent.or_else(|| {
        // `30 percent`, `half of the memory`
        let pieces = &task.clause.pieces;
        let written = pieces.windows(2).find_map(|pair| match (&pair[0].value, pair[1].is("percent")) {
            (Some(Value::Number(number)), true) => Some(*number as u64),
            _ => None,
        });
        let share = pieces.iter().find_map(|piece| match piece.value {
            Some(Value::Number(number)) if number < 1.0 && number > 0.0 => Some((number * 100.0).round() as u64),
            _ => None,
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
    let absolute = task.value(|value| match value {
        Value::Size(bytes) => Some(*bytes),
        _ => None,
    });
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

pub(super) fn op_history(task: Task<'_>) -> Filled {
    let number = task.clause.pieces.iter().find_map(|piece| match piece.value {
        Some(Value::Number(number)) if number >= 1.0 && number.fract() == 0.0 => Some(number as u64),
        _ => None,
    });
    let singular = task.clause.pieces.iter().any(|piece| piece.is("newest"))
        && task
            .clause
            .pieces
            .iter()
            .any(|piece| matches!(piece.low.as_str(), "operation" | "action" | "change" | "last thing"));
    match number.or(singular.then_some(1)) {
        Some(number) => call("op_history", args([("limit", json!(number))])),
        None => call("op_history", Args::new()),
    }
}

pub(super) fn op_undo(task: Task<'_>) -> Filled {
    if let Some(op) = task.object(|object| match object {
        Object::Op(op) => Some(op.clone()),
        _ => None,
    }) {
        return call("op_undo", args([("op", json!(op))]));
    }
    let journal = &task.scene.inventory.journal;
    let kinds: [(&str, &[&str]); 12] = [
        ("kvm_resize", &["resize", "grow", "memory", "vcpu"]),
        ("kvm_snap", &["snap", "snapshot"]),
        ("snapshot_create", &["snapshot"]),
        ("host_tune", &["tune", "arc", "sysctl"]),
        ("wireguard_peer", &["peer", "wireguard"]),
        ("gpu_time_slice", &["timeslice"]),
        ("dataset_create", &["dataset"]),
        ("kvm_clone", &["clone", "clone_n"]),
        ("kvm_power", &["start", "shutdown", "stop", "reboot", "suspend"]),
        ("kvm_create", &["vm"]),
        ("kvm_snap_delete", &["delete"]),
        ("container_create", &["container"]),
    ];
    let mentioned: Vec<&str> = kinds.iter().filter(|(_, concepts)| task.any(concepts)).map(|(tool, _)| *tool).collect();
    let named: Vec<&str> =
        task.clause.pieces.iter().filter(|piece| !piece.objects.is_empty()).map(|piece| piece.raw.as_str()).collect();
    let concerns = |entry: &super::super::inventory::Operation| {
        let text = serde_json::Value::Object(entry.args.clone()).to_string();
        let tool = mentioned.is_empty() || mentioned.contains(&entry.tool.as_str());
        let object = named.iter().all(|name| {
            let peer =
                task.scene.inventory.wireguard.iter().flat_map(|tunnel| &tunnel.peers).find(|peer| peer.name == *name);
            text.contains(&format!("\"{name}\""))
                || peer.is_some_and(|peer| text.contains(&peer.public_key))
                || task.scene.inventory.vm(name).is_none() && text.contains(*name)
        });
        tool && object
    };
    if mentioned.is_empty() && named.is_empty() {
        return call("op_undo", args([("op", json!("last"))]));
    }
    let fits: Vec<_> = journal.iter().filter(|entry| concerns(entry)).collect();
    let good: Vec<_> = fits.iter().filter(|entry| entry.undoable).collect();
    match (good.as_slice(), fits.as_slice()) {
        ([one], _) => call("op_undo", args([("op", json!(one.op))])),
        ([.., newest], _) if task.has("newest") => call("op_undo", args([("op", json!(newest.op))])),
        ([], [one, ..]) => super::refuse("unsupported", format!("{} cannot be taken back", one.op)),
        (several, _) => Filled::Ask {
            missing: vec!["op"],
            candidates: several.iter().map(|entry| entry.op.clone()).collect(),
            question: "Which operation? `show the history` lists them.".to_owned(),
        },
    }
}

pub(super) fn boot_env(task: Task<'_>) -> Filled {
    let action = task.set.get("action").map_or("list", String::as_str);
    let mut out = args([("action", json!(action))]);
    if action == "list" {
        return call("boot_env", out);
    }
    let inventory = task.scene.inventory;
    let known = task.object(|object| match object {
        Object::BootEnv(name) => Some(name.clone()),
        _ => None,
    });
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
    let seconds = task.value(|value| match value {
        Value::Time(seconds) => Some(*seconds),
        _ => None,
    });
    if let Some(seconds) = seconds {
        out.insert("seconds".to_owned(), json!(seconds));
    }
    let pieces = &task.clause.pieces;
    let number = |piece: &Piece| match piece.value {
        Some(Value::Number(number)) if (1.0..65536.0).contains(&number) && number.fract() == 0.0 => Some(number as u64),
        _ => None,
    };
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
