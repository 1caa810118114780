//! What `not`, `never` and `without` take out of an order.

use super::clause::Clause;
use super::grammar::{determines, light};
use super::lexicon::Form;
use super::piece::{Object, Piece};
use super::text::Sep;

/// What a negation does to a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Negated {
    /// Nothing.
    No,
    /// The clause forbids something.
    All,
}

/// What may be left out of an order and is an argument of it: `without sealing`, `not recursive`.
const OPTIONS: [&str; 3] = ["seal", "autosnap", "recursive"];

fn option(piece: &Piece) -> bool {
    OPTIONS.iter().any(|concept| piece.is(concept))
}

/// Words that leave a noun out.
const NONE: [&str; 12] = [
    "no", "ningun", "ninguna", "nessun", "nessuno", "nessuna", "nenhum", "nenhuma", "aucun", "aucune", "niente", "zero",
];

/// Whether a place is the `no` of `no scrub on flash`, `no reboot please`; and not that of `no, stop it`.
fn excludes(pieces: &[Piece], at: usize) -> bool {
    let (piece, Some(next)) = (&pieces[at], pieces.get(at + 1)) else { return false };
    let none = piece.objects.is_empty() && !piece.name && NONE.contains(&piece.low.as_str());
    let kinds = ["scrub_n", "autosnap", "mps"];
    let thing = next.objects.is_empty()
        && next.sep == Sep::Space
        && (next.verbs().next().is_some() || kinds.iter().any(|kind| next.is(kind)));
    let gerund = next.verbs().any(|hit| hit.form == Form::Gerund);
    let nominal = |behind: &Piece| {
        let acted = !behind.objects.is_empty() || behind.marks("it") || behind.marks("them") || determines(behind);
        behind.sep > Sep::Space || !acted
    };
    none && thing && (gerund || pieces.get(at + 2).is_none_or(nominal))
}

/// Cuts off what a negation excludes; says whether the whole clause is one.
pub(super) fn negation(clause: &mut Clause) -> Negated {
    // `stop deleting it`, `cancel the deletion of web1`
    let ends = clause.head().is_some_and(|head| head.is("stop") || head.is("cancel") || head.is("disable"));
    let undone = ["delete", "discard", "rollback", "failover", "failback", "forceoff"];
    let second = clause.pieces.iter().filter(|piece| piece.orders() && piece.objects.is_empty()).nth(1);
    let other = second.is_some_and(|piece| piece.low.ends_with("ing") && undone.iter().any(|verb| piece.is(verb)));
    let noun = clause.pieces.windows(2).any(|pair| determines(&pair[0]) && undone.iter().any(|verb| pair[1].is(verb)));
    if ends && (other || noun || clause.has("deletion")) {
        return Negated::All;
    }
    let told = |pieces: &[Piece]| {
        pieces.iter().any(|piece| piece.orders() && piece.objects.is_empty() && !piece.is("want") && !light(piece))
    };
    if let Some(at) = (0..clause.pieces.len()).find(|at| excludes(&clause.pieces, *at)) {
        if !told(&clause.pieces[..at]) {
            return Negated::All;
        }
        if !clause.pieces[at + 1..].iter().any(option) {
            clause.pieces.truncate(at);
        }
        return Negated::No;
    }
    let is_not = |piece: &Piece| piece.marks("not") && piece.objects.is_empty() && !piece.name;
    let Some(at) = clause.pieces.iter().position(is_not) else { return Negated::No };
    let verb_before = clause.pieces[..at].iter().any(|piece| piece.orders() && piece.objects.is_empty());
    // `remove web1, there is no need for it any more`
    if verb_before && clause.pieces[at].sep > Sep::Space && clause.pieces[at].low.starts_with("no need") {
        clause.pieces.truncate(at);
        return Negated::No;
    }
    let after =
        clause.pieces[at + 1..].iter().position(|piece| piece.verbs().next().is_some() && piece.objects.is_empty());
    let without =
        ["without", "sans", "sin", "ohne", "senza", "sem", "zonder"].contains(&clause.pieces[at].low.as_str());
    if without && (verb_before || after.is_none()) {
        if after.is_some() && !clause.pieces[at + 1..].iter().take(3).any(option) {
            clause.pieces.truncate(at);
        }
        return Negated::No;
    }
    let contrast = clause.pieces.get(at + 1).is_some_and(|piece| {
        piece.objects.iter().any(|object| matches!(object, Object::Vm(_) | Object::Dataset(_) | Object::Container(_)))
    });
    let earlier = clause.pieces[..at].iter().any(|piece| !piece.objects.is_empty());
    if contrast && earlier {
        clause.pieces.truncate(at);
        return Negated::No;
    }
    // `no`, `don't` before the verb of the clause: `don't delete web1`; behind it: `lösche web1 nicht`.
    if !verb_before || after.is_none() {
        let modal = clause.pieces.iter().any(option) && verb_before;
        return if modal { Negated::No } else { Negated::All };
    }
    if !clause.has("seal") {
        clause.pieces.truncate(at);
    }
    Negated::No
}
