//! Which tool a clause asks for: the frames of `prompts/phrases/frames.toml`, evaluated.

use kai_prompts::phrases::Frame;

use super::clause::Clause;
use super::inventory::Inventory;
use super::lexicon::Lexicon;
use super::piece::{Object, Piece};
use super::values::Value;

/// The first frame that fits.
#[must_use]
pub(super) fn choose<'a>(
    lexicon: &'a Lexicon,
    inventory: &Inventory,
    clause: &Clause,
    question: bool,
) -> Option<&'a Frame> {
    lexicon.frames.iter().find(|frame| {
        frame.when.split(' ').filter(|term| !term.is_empty()).all(|term| {
            term.split('|').any(|alternative| match alternative.strip_prefix('!') {
                Some(rest) => !holds(inventory, clause, question, rest),
                None => holds(inventory, clause, question, alternative),
            })
        })
    })
}

fn holds(inventory: &Inventory, clause: &Clause, question: bool, term: &str) -> bool {
    if term == "?" {
        return question;
    }
    if let Some(verb) = term.strip_prefix('^') {
        return clause.heads(verb);
    }
    match term.strip_prefix('@') {
        Some(kind) => clause.pieces.iter().any(|piece| is_kind(inventory, piece, kind)),
        None if term == "noverb" => clause.head().is_none(),
        None if term == "name" => clause.names().next().is_some(),
        None => clause.has(term),
    }
}

/// Whether a piece is an object or value of a kind.
fn is_kind(inventory: &Inventory, piece: &Piece, kind: &str) -> bool {
    let any = |test: &dyn Fn(&Object) -> bool| !piece.name && piece.objects.iter().any(test);
    let valued = |test: &dyn Fn(&Value) -> bool| piece.value.as_ref().is_some_and(test);
    match kind {
        "vm" => any(&|object| matches!(object, Object::Vm(_))),
        "golden" => any(&|object| matches!(object, Object::Vm(name) if inventory.vm(name).is_some_and(|vm| vm.golden))),
        "replica" => any(&|object| matches!(object, Object::Replica(_))),
        "container" => any(&|object| matches!(object, Object::Container(_))),
        "dataset" => any(&|object| matches!(object, Object::Dataset(_))),
        "newds" => any(&|object| matches!(object, Object::NewDataset(_))),
        "snap" => any(&|object| matches!(object, Object::Snapshot(..))),
        "snapds" => any(&|object| matches!(object, Object::Snapshot(left, _) if inventory.vm(left).is_none())),
        "snapvm" => any(&|object| matches!(object, Object::Snapshot(left, _) if inventory.vm(left).is_some())),
        "at" => any(&|object| matches!(object, Object::At(_))),
        "snapname" => is_snapshot_name(inventory, &piece.raw),
        "pool" => any(&|object| matches!(object, Object::Pool(_))),
        "iface" => any(&|object| matches!(object, Object::Interface(_))),
        "newiface" => any(&|object| matches!(object, Object::NewInterface(_))),
        "peer" => any(&|object| matches!(object, Object::Peer(..))),
        "be" => any(&|object| matches!(object, Object::BootEnv(_))),
        "host" => any(&|object| matches!(object, Object::Host(_))),
        "target" => any(&|object| matches!(object, Object::Target(_))),
        "op" => any(&|object| matches!(object, Object::Op(_))),
        "gpu" => any(&|object| matches!(object, Object::Gpu(_))) || valued(&|value| matches!(value, Value::GpuUuid(_))),
        "image" => {
            any(&|object| matches!(object, Object::Image(_)))
                || valued(&|value| matches!(value, Value::Path(path) if !path.ends_with(".iso") && disk_image(path)))
                || valued(&|value| matches!(value, Value::Url(path) if !path.ends_with(".iso")))
        }
        "url" => valued(&|value| matches!(value, Value::Url(_))),
        "iso" => {
            any(&|object| matches!(object, Object::Iso(_)))
                || valued(&|value| matches!(value, Value::Path(path) if path.ends_with(".iso")))
        }
        "cimage" => any(&|object| matches!(object, Object::ContainerImage(_))),
        "key" => valued(&|value| matches!(value, Value::Key(_))),
        "network" => valued(&|value| matches!(value, Value::Network(_))),
        "size" => valued(&|value| matches!(value, Value::Size(_))),
        "time" => valued(&|value| matches!(value, Value::Time(_))),
        "number" => valued(&|value| matches!(value, Value::Number(_))),
        "period" => valued(&|value| matches!(value, Value::Time(_))) && repeats(&piece.low),
        "goldenname" => {
            piece.unknown() && ["golden", "tpl", "template", "base"].iter().any(|part| piece.low.contains(part))
        }
        "percent" => valued(&|value| matches!(value, Value::Percent(_))),
        "port" => valued(&|value| matches!(value, Value::Ports(_))),
        "mig" => valued(&|value| matches!(value, Value::Mig(_))),
        "page" => valued(&|value| matches!(value, Value::Page(_))),
        "date" => valued(&|value| matches!(value, Value::Date(_))),
        "desc" => piece.describes,
        "new" => piece.unknown() || piece.name,
        _ => false,
    }
}

/// Whether a time says how often, not how long.
fn repeats(low: &str) -> bool {
    let words = [
        "every",
        "each",
        "hourly",
        "nightly",
        "daily",
        "weekly",
        "twice",
        "once",
        "jede",
        "alle",
        "stundlich",
        "taglich",
        "toutes",
        "tous",
        "chaque",
        "cada",
        "todos",
        "todas",
        "ogni",
        "elk",
        "ieder",
        "毎",
        "ごと",
    ];
    words.iter().any(|word| low.contains(word))
}

fn disk_image(path: &str) -> bool {
    [".qcow2", ".img", ".raw", ".vmdk", ".xz"].iter().any(|end| path.ends_with(end))
}

/// Whether any VM or dataset has a snapshot of that short name.
#[must_use]
pub(super) fn is_snapshot_name(inventory: &Inventory, raw: &str) -> bool {
    inventory.vms.iter().flat_map(|vm| &vm.snapshots).any(|snapshot| snapshot.name == raw)
        || inventory.datasets.iter().flat_map(|dataset| &dataset.snapshots).any(|snapshot| snapshot.name == raw)
}
