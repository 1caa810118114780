//! What `it` stands for when it is no VM: the snapshot, the dataset, the boot environment that was
//! spoken of last takes the place of the pronoun.

use super::clause::Clause;
use super::inventory::Inventory;
use super::lexicon::{Class, Form, Hit};
use super::objects::Object;
use super::piece::Piece;
use super::refer::Focus;
use super::values::Value;

/// Nouns that say of what kind the thing is that is spoken of.
const KINDS: [&str; 13] = [
    "snapshot",
    "bootenv",
    "dataset",
    "volume",
    "container",
    "peer",
    "golden",
    "pool",
    "autosnap",
    "scrub_n",
    "arc",
    "timeslice",
    "mps",
];

/// What some pieces speak of: its names, and the nouns that say what it is.
#[must_use]
pub(super) fn spoken(pieces: &[Piece]) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::new();
    for piece in pieces.iter().filter(|piece| !piece.name) {
        let kind = piece.objects.is_empty()
            && piece.hits.iter().any(|hit| hit.class == Class::Noun && KINDS.contains(&hit.concept));
        // `send it to dr1`: where something goes is not what is spoken of.
        let place = piece.objects.iter().any(|object| matches!(object, Object::Host(_)));
        let peers = pieces.iter().any(|piece| piece.is("peer"));
        let named = piece.objects.iter().any(Object::acted_on) && (!place || peers);
        let label = piece.label || piece.unknown() && piece.named_like();
        if kind || named || label {
            let mut piece = piece.clone();
            piece.hits.retain(|hit| hit.class == Class::Noun && KINDS.contains(&hit.concept));
            out.push(piece);
        }
    }
    // Nouns without a name are about everything of a kind, and `it` is one thing.
    if out.iter().any(|piece| piece.is("arc") || piece.objects.iter().any(Object::acted_on)) { out } else { Vec::new() }
}

fn is_vm(piece: &Piece) -> bool {
    piece.objects.iter().any(|object| matches!(object, Object::Vm(_) | Object::Replica(_)))
}

/// Puts what was spoken of in the place of a pronoun, unless it stands for VMs alone. Says whether a
/// pronoun, or nothing at all, names what is meant.
pub(super) fn resolve(clause: &mut Clause, focus: &Focus, said: bool) -> bool {
    let peers = |piece: &&Piece| piece.objects.iter().any(|object| matches!(object, Object::Peer(..)));
    // `kick its peer off wg0`
    if clause.has("peer")
        && !clause.pieces.iter().any(|piece| peers(&piece))
        && clause.pieces.iter().any(|piece| piece.low == "its")
    {
        clause.pieces.extend(focus.topic.iter().filter(peers).cloned());
    }
    let is_pronoun = |piece: &Piece| piece.objects.is_empty() && (piece.marks("it") || piece.marks("them"));
    let at = clause.pieces.iter().position(is_pronoun);
    let named = clause.has_object() || clause.pieces.iter().any(|piece| piece.name || piece.unknown());
    if clause.has_object() || at.is_none() && (named || !said || clause.head().is_none()) {
        return at.is_some();
    }
    let topic = &focus.topic;
    let word = at.map_or("", |at| clause.pieces[at].low.as_str());
    let of = |noun: &[&str]| noun.iter().any(|noun| word.contains(noun));
    let whole = ["delete", "discard", "rollback", "activate", "undo"].iter().any(|verb| clause.has(verb));
    let snapshot =
        |piece: &Piece| piece.objects.is_empty() && (piece.is("snapshot") || piece.is("autosnap") || piece.unknown());
    let wanted = |piece: &&Piece| match () {
        () if of(&["vm", "machine", "guest", "box"]) => is_vm(piece),
        () if of(&["dataset"]) => piece.objects.iter().any(|object| matches!(object, Object::Dataset(_))),
        () if whole => true,
        () => !snapshot(piece),
    };
    let chosen: Vec<Piece> = topic.iter().filter(wanted).cloned().collect();
    if chosen.iter().all(is_vm) && at.is_some() {
        return true;
    }
    let place = at.unwrap_or(clause.pieces.len());
    if let Some(piece) = at.and_then(|at| clause.pieces.get_mut(at)) {
        // `the older one` still says which.
        piece.hits.retain(|hit| hit.class == Class::Noun);
        piece.filler = piece.hits.is_empty();
    }
    clause.pieces.splice(place..place, chosen);
    true
}

/// What a size is of, where only the statement before it says so: `its disk is too small, make it 150G`.
pub(super) fn quantity(clause: &mut Clause, aside: &[Piece]) {
    let nouns = ["memory", "disk", "vcpu"];
    let of = |piece: &&Piece| nouns.iter().any(|noun| piece.is(noun)) && piece.objects.is_empty();
    let sized = clause.pieces.iter().any(|piece| matches!(piece.value, Some(Value::Size(_) | Value::Number(_))));
    let said: Vec<&Piece> = aside.iter().filter(of).collect();
    if let ([noun], true) = (said.as_slice(), sized && !clause.pieces.iter().any(|piece| of(&piece))) {
        clause.pieces.push((*noun).clone());
    }
}

/// Whether a clause names a snapshot of the VM that was spoken of, and no VM: `delete fresh-install`.
pub(super) fn names_snapshot(clause: &Clause, focus: &Focus, inventory: &Inventory) -> bool {
    let [vm] = focus.vms.as_slice() else { return false };
    let list = inventory.vm(vm).map_or(&[][..], |vm| vm.snapshots.as_slice());
    let named = |piece: &Piece| list.iter().any(|snapshot| snapshot.name == piece.raw);
    let goes = ["delete", "discard", "rollback"].iter().any(|verb| clause.has(verb));
    goes && !clause.has_object() && clause.pieces.iter().any(named)
}

/// The VMs that were spoken of, in a clause that names nobody.
pub(super) fn imply(clause: &mut Clause, focus: &Focus) {
    let (Some(first), false) = (clause.pieces.first().cloned(), focus.vms.is_empty()) else { return };
    let concept = if focus.vms.len() > 1 { "them" } else { "it" };
    let hit = Hit { concept, class: Class::Mark, form: Form::Base, len: 1, particle: None, typo: false };
    let raw = concept.to_owned();
    clause.pieces.push(Piece { raw: raw.clone(), low: raw, hits: vec![hit], value: None, name: false, ..first });
}
