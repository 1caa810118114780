//! Whether a Destroy is about the object itself, or about something of it: `remove nginx from web1` and
//! `delete web1's logs` do not ask for the end of web1.

use super::clause::Clause;
use super::grammar::determines;
use super::objects::Object;
use super::piece::Piece;
use super::text::Sep;

/// Nouns that say what the object is, not what is at it.
const KINDS: [&str; 14] = [
    "vm",
    "dataset",
    "volume",
    "golden",
    "container",
    "bootenv",
    "snapshot",
    "all",
    "both",
    "running",
    "stopped",
    "paused",
    "recursive",
    "force",
];
const PLACES: [&str; 9] = ["of", "from", "on", "in", "at", "to", "for", "off", "inside"];

fn destroys(piece: &Piece) -> bool {
    piece.objects.is_empty() && !piece.name && ["delete", "discard"].iter().any(|verb| piece.is(verb))
}

fn owns(piece: &Piece) -> bool {
    !piece.name && piece.objects.iter().any(|object| matches!(object, Object::Vm(_) | Object::Dataset(_)))
}

/// Whether a piece says something that is neither the object nor of what kind it is.
fn other(piece: &Piece) -> bool {
    let kind = KINDS.iter().any(|kind| piece.is(kind));
    let light = piece.filler || determines(piece) || piece.marks("and") || piece.marks("polite");
    piece.objects.is_empty() && !kind && !light && !PLACES.contains(&piece.low.as_str())
}

/// Whether what is to be destroyed is only something of the object.
#[must_use]
pub(super) fn only_part(clause: &Clause) -> bool {
    let pieces = &clause.pieces;
    let Some(verb) = pieces.iter().position(destroys) else { return false };
    let behind = (verb + 1..pieces.len()).find(|at| owns(&pieces[*at]));
    // `the September one of tank/projects can be deleted`: what it is about stands in front.
    let before = || (0..verb).rev().find(|at| owns(&pieces[*at]));
    let (at, between) = match (behind, before()) {
        (Some(at), _) => (at, &pieces[verb + 1..at]),
        (None, Some(at)) => (at, &pieces[..at]),
        (None, None) => return false,
    };
    // `the hold on web1`: the place may be a part of a phrase.
    let leads = |piece: &Piece| {
        let last = piece.low.rsplit(' ').next().unwrap_or_default();
        PLACES.contains(&last) && piece.objects.is_empty()
    };
    let place = between.iter().rposition(leads);
    let inner = |place: usize| {
        let joined = between[place].low.contains(' ');
        between[..place].iter().any(other) || joined && other(&between[place])
    };
    if place.is_some_and(inner) || between.iter().any(destroys) && !between.iter().any(|piece| piece.marks("and")) {
        return true;
    }
    let behind = pieces[at + 1..].iter().take_while(|next| next.sep == Sep::Space).take(2);
    pieces[at].possessive && behind.into_iter().any(|next| other(next) || next.is("volume"))
        || pieces[verb].low == "forget"
}
