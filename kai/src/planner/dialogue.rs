//! What was said before: who `it` is, what a short answer answers, what a correction corrects. Only
//! the person's and the assistant's turns are read; documents and results of tools never are.

use serde::Deserialize;
use serde_json::Value as Json;

use super::chunk;
use super::fill::Args;
use super::inventory::Inventory;
use super::lexicon::Lexicon;
use super::piece::{Object, Piece};
use super::refer::Focus;
use super::text;
use super::topic;

/// No more of an earlier turn is read.
const TURN: usize = 1 << 10;

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
pub(super) struct Before<'a> {
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
pub(super) fn attend(focus: &mut Focus, pieces: &[Piece]) {
    let mut vms: Vec<String> = Vec::new();
    let mut containers: Vec<String> = Vec::new();
    for piece in pieces {
        for object in &piece.objects {
            match object {
                Object::Vm(name) | Object::Replica(name) => {
                    if !vms.contains(name) {
                        vms.push(name.clone());
                    }
                }
                Object::Container(name) => {
                    if !containers.contains(name) {
                        containers.push(name.clone());
                    }
                }
                Object::Dataset(name) => focus.dataset = Some(name.clone()),
                Object::Pool(name) => focus.pool = Some(name.clone()),
                Object::Gpu(index) => focus.gpu = Some(*index),
                Object::Snapshot(..)
                | Object::NewDataset(_)
                | Object::At(_)
                | Object::Interface(_)
                | Object::NewInterface(_)
                | Object::Peer(..)
                | Object::BootEnv(_)
                | Object::Bridge(_)
                | Object::Host(_)
                | Object::Target(_)
                | Object::Op(_)
                | Object::Image(_)
                | Object::Iso(_)
                | Object::ContainerImage(_) => continue,
            }
            break;
        }
    }
    let topic = topic::spoken(pieces);
    if !topic.is_empty() {
        focus.topic = topic;
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

/// Puts what requests make or touch into the focus.
pub(super) fn attend_calls(focus: &mut Focus, calls: &[Call], inventory: &Inventory) {
    let mut names: Vec<String> = Vec::new();
    let mut other = false;
    for call in calls {
        for name in touched(call) {
            if inventory.vm(&name).is_none() && !focus.made.contains(&name) {
                focus.made.push(name.clone());
                focus.topic.clear();
            }
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let text = |key: &str| call.args.get(key).and_then(Json::as_str);
        let first = call.args.get("datasets").and_then(Json::as_array).and_then(|list| list.first());
        let dataset = text("dataset").or(text("root")).or(first.and_then(Json::as_str));
        if let Some(dataset) = dataset {
            focus.dataset = Some(dataset.to_owned());
            if call.tool == "dataset_create" {
                focus.made.push(dataset.to_owned());
            }
        }
        if let Some(pool) = text("pool") {
            focus.pool = Some(pool.to_owned());
        }
        if let Some(gpu) = text("gpu").and_then(|gpu| gpu.parse().ok()) {
            focus.gpu = Some(gpu);
        }
        other |= dataset.is_some() || text("pool").is_some();
    }
    if names.len() > 1 {
        focus.choice.clone_from(&names);
    }
    if !names.is_empty() {
        focus.vms = names;
    } else if other {
        focus.vms.clear();
    }
}

/// Reads the turns before.
#[must_use]
pub(super) fn before<'a>(lexicon: &Lexicon, inventory: &Inventory, turns: &'a [Turn]) -> Before<'a> {
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
                let pieces = chunk::pieces(lexicon, inventory, &text::tokens(text::clip(&turn.text, TURN)));
                attend(&mut out.focus, &pieces);
            }
            Role::Assistant => {
                out.said = &turn.text;
                out.calls = &turn.calls;
                out.asked =
                    turn.text.trim_end().ends_with(['?', '？']) || turn.calls.is_empty() && turn.text.contains('?');
                let pieces = chunk::pieces(lexicon, inventory, &text::tokens(text::clip(&turn.text, TURN)));
                let (known, topic) = (out.focus.vms.clone(), std::mem::take(&mut out.focus.topic));
                attend(&mut out.focus, &pieces);
                // The person says what is spoken of; an answer only fills in names.
                if topic.is_empty() {
                    out.focus.topic.retain(|piece| !piece.objects.is_empty());
                } else {
                    out.focus.topic = topic;
                }
                if let ([one], true) = (known.as_slice(), out.focus.vms.len() > 1 && turn.calls.is_empty())
                    && out.focus.vms.contains(one)
                {
                    out.focus.vms = known;
                }
                attend_calls(&mut out.focus, &turn.calls, inventory);
            }
        }
    }
    out
}
