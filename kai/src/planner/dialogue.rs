//! What was said before: who `it` is, what a short answer answers, what a correction corrects. Only
//! the person's and the assistant's turns are read; documents and results of tools never are.

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::fill::Args;
use super::inventory::Inventory;
use super::lexicon::Lexicon;
use super::piece::{self, Object, Piece};
use super::refer::Focus;
use super::text;
use super::values::Value;

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The person.
    User,
    /// kai.
    Assistant,
    /// What a tool gave.
    Tool,
    /// What a document says.
    Document,
}

/// A request as it stands in a turn.
#[derive(Debug, Clone, Deserialize)]
pub struct Call {
    /// The tool.
    pub tool: String,
    /// Its arguments.
    #[serde(default)]
    pub args: Args,
}

/// A turn of a conversation.
#[derive(Debug, Clone, Deserialize)]
pub struct Turn {
    /// Who speaks.
    pub role: Role,
    /// What was said.
    pub text: String,
    /// What it proposed.
    #[serde(default)]
    pub calls: Vec<Call>,
}

/// The turns before an utterance, as far as they matter.
#[derive(Debug, Clone, Default)]
pub struct Before<'a> {
    /// What was spoken of.
    pub focus: Focus,
    /// The last requests of the assistant.
    pub calls: &'a [Call],
    /// What the assistant said last.
    pub said: &'a str,
    /// What the person said last.
    pub user: &'a str,
    /// Whether the assistant asked something last.
    pub asked: bool,
}

/// Names of what a call makes or touches.
fn touched(call: &Call) -> Vec<String> {
    let text = |key: &str| call.args.get(key).and_then(Json::as_str).map(str::to_owned);
    let list = |key: &str| -> Vec<String> {
        call.args
            .get(key)
            .and_then(Json::as_array)
            .into_iter()
            .flatten()
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect()
    };
    match call.tool.as_str() {
        "kvm_clone" | "fleet_deploy" => {
            let names = list("names");
            if !names.is_empty() {
                return names;
            }
            let count = call.args.get("count").and_then(Json::as_u64).unwrap_or(0).min(64);
            text("prefix")
                .map(|prefix| (1..=count).map(|number| format!("{prefix}{number}")).collect())
                .unwrap_or_default()
        }
        "kvm_create" | "golden_build" => text("name").into_iter().collect(),
        tool if tool.starts_with("kvm_") || tool.starts_with("repl") || tool == "snapshot_list" => {
            text("vm").into_iter().collect()
        }
        "autosnap" => text("scope").filter(|scope| scope != "all").into_iter().collect(),
        _ => Vec::new(),
    }
}

/// Puts what some pieces speak of into the focus.
pub fn attend(focus: &mut Focus, pieces: &[Piece]) {
    let mut vms: Vec<String> = Vec::new();
    let mut containers: Vec<String> = Vec::new();
    for piece in pieces {
        let first = piece.objects.iter().find(|object| {
            matches!(
                object,
                Object::Vm(_)
                    | Object::Replica(_)
                    | Object::Container(_)
                    | Object::Dataset(_)
                    | Object::Snapshot(..)
                    | Object::Pool(_)
            )
        });
        match first {
            Some(Object::Vm(name) | Object::Replica(name)) if !vms.contains(name) => vms.push(name.clone()),
            Some(Object::Container(name)) if !containers.contains(name) => containers.push(name.clone()),
            Some(Object::Dataset(name)) => focus.dataset = Some(name.clone()),
            Some(Object::Snapshot(left, right)) => focus.snapshot = Some(format!("{left}@{right}")),
            Some(Object::Pool(name)) => focus.pool = Some(name.clone()),
            _ => {}
        }
    }
    if vms.len() > 1 {
        focus.choice.clone_from(&vms);
    }
    if !vms.is_empty() {
        focus.vms = vms;
    }
    if !containers.is_empty() {
        focus.containers = containers;
    }
}

/// Reads the turns before.
#[must_use]
pub fn before<'a>(lexicon: &Lexicon, inventory: &Inventory, turns: &'a [Turn]) -> Before<'a> {
    let mut out = Before::default();
    // A long conversation is not read to its beginning.
    let recent = turns.len().saturating_sub(24);
    for turn in turns.iter().skip(recent) {
        match turn.role {
            Role::Tool | Role::Document => continue,
            Role::User => {
                out.user = &turn.text;
                out.calls = &[];
                out.asked = false;
                let pieces = piece::pieces(lexicon, inventory, &text::tokens(&turn.text));
                attend(&mut out.focus, &pieces);
            }
            Role::Assistant => {
                out.said = &turn.text;
                out.calls = &turn.calls;
                out.asked =
                    turn.text.trim_end().ends_with(['?', '？']) || turn.calls.is_empty() && turn.text.contains('?');
                let pieces = piece::pieces(lexicon, inventory, &text::tokens(&turn.text));
                let known = out.focus.vms.clone();
                attend(&mut out.focus, &pieces);
                if out.focus.vms.len() > 1
                    && !known.is_empty()
                    && turn.calls.is_empty()
                    && known.len() == 1
                    && out.focus.vms.contains(&known[0])
                {
                    out.focus.vms = known;
                }
                let mut names: Vec<String> = Vec::new();
                for call in &turn.calls {
                    for name in touched(call) {
                        if !names.contains(&name) {
                            names.push(name.clone());
                        }
                        if inventory.vm(&name).is_none() && !out.focus.made.contains(&name) {
                            out.focus.made.push(name);
                        }
                    }
                    for key in ["dataset", "root"] {
                        if let Some(dataset) = call.args.get(key).and_then(Json::as_str) {
                            out.focus.dataset = Some(dataset.to_owned());
                        }
                    }
                    if let Some(first) = call
                        .args
                        .get("datasets")
                        .and_then(Json::as_array)
                        .and_then(|list| list.first())
                        .and_then(Json::as_str)
                    {
                        out.focus.dataset = Some(first.to_owned());
                    }
                    if let Some(pool) = call.args.get("pool").and_then(Json::as_str) {
                        out.focus.pool = Some(pool.to_owned());
                    }
                }
                if !names.is_empty() {
                    if names.len() > 1 {
                        out.focus.choice.clone_from(&names);
                    }
                    out.focus.vms = names;
                } else if turn
                    .calls
                    .iter()
                    .any(|call| call.args.contains_key("dataset") || call.args.contains_key("pool"))
                {
                    out.focus.vms.clear();
                }
            }
        }
    }
    out
}

/// The last requests with another object or another quantity: `no, I meant web2`, `make it 16G`.
#[must_use]
pub fn corrected(before: &Before<'_>, inventory: &Inventory, pieces: &[Piece]) -> Option<Vec<(String, Args)>> {
    let mut vms: Vec<String> = Vec::new();
    let mut fresh: Vec<String> = Vec::new();
    let mut negated = false;
    for piece in pieces {
        // `not web1 but web2`
        if piece.marks("not") || piece.marks("no") && piece.low == "not" {
            negated = true;
            continue;
        }
        if piece.sep > text::Sep::Space || piece.low == "but" || piece.marks("meant") {
            negated = piece.marks("not");
        }
        let vm = piece.objects.iter().find_map(|object| match object {
            Object::Vm(name) | Object::Replica(name) => Some(name.clone()),
            _ => None,
        });
        match vm {
            Some(name) if !negated => vms.push(name),
            Some(_) => negated = false,
            None if piece.name || piece.unknown() && piece.named_like() => fresh.push(piece.raw.clone()),
            None => {}
        }
    }
    let size = pieces.iter().find_map(|piece| match piece.value {
        Some(Value::Size(bytes)) => Some(bytes),
        _ => None,
    });
    let number = pieces.iter().find_map(|piece| match piece.value {
        Some(Value::Number(number)) if number >= 1.0 && number.fract() == 0.0 => Some(number as u64),
        _ => None,
    });
    let time = pieces.iter().find_map(|piece| match piece.value {
        Some(Value::Time(seconds)) => Some(seconds),
        _ => None,
    });
    let mut changed = false;
    let mut out: Vec<(String, Args)> = Vec::new();
    for call in before.calls {
        let mut args = call.args.clone();
        for key in ["vm", "source", "scope"] {
            if let ([name], true) = (vms.as_slice(), args.contains_key(key)) {
                args.insert(key.to_owned(), json!(name));
                changed = true;
                // A snapshot of the other VM may not be there.
                if let Some(snapshot) = args.get("snapshot").and_then(Json::as_str)
                    && !inventory.vm(name).is_some_and(|vm| vm.snapshots.iter().any(|known| known.name == snapshot))
                {
                    return None;
                }
                break;
            }
        }
        if vms.len() > 1 && args.contains_key("vm") {
            for name in &vms {
                let mut args = args.clone();
                args.insert("vm".to_owned(), json!(name));
                out.push((call.tool.clone(), args));
            }
            changed = true;
            continue;
        }
        if vms.is_empty() && !fresh.is_empty() {
            if args.contains_key("names") {
                args.insert("names".to_owned(), json!(fresh));
                changed = true;
            } else if args.contains_key("name") {
                args.insert("name".to_owned(), json!(fresh[0]));
                changed = true;
            }
        }
        if let Some(bytes) = size {
            let said: Vec<&str> =
                ["memory", "disk", "quota"].into_iter().filter(|key| piece::has(pieces, key)).collect();
            let there: Vec<&str> =
                ["memory", "disk", "quota"].into_iter().filter(|key| args.contains_key(*key)).collect();
            let key = match (said.as_slice(), there.as_slice()) {
                ([one], _) | ([], [one]) => Some(*one),
                _ => None,
            };
            if let Some(key) = key {
                args.insert(key.to_owned(), json!(kai_tools::names::Size::from_bytes(bytes).to_string()));
                changed = true;
            }
        }
        if let Some(number) = number {
            for key in ["vcpus", "count", "limit", "port"] {
                if args.contains_key(key) || key == "vcpus" && piece::has(pieces, "vcpu") && call.tool == "kvm_resize" {
                    args.insert(key.to_owned(), json!(number));
                    changed = true;
                    break;
                }
            }
        }
        if let Some(seconds) = time {
            for key in ["keep", "every"] {
                if args.contains_key(key) {
                    args.insert(key.to_owned(), json!(kai_tools::names::Period::from_seconds(seconds).to_string()));
                    changed = true;
                }
            }
        }
        out.push((call.tool.clone(), args));
    }
    // Several calls that now are the same are one.
    out.dedup();
    changed.then_some(out)
}
