//! What `not`, `never` and `without` take out of an order.

use super::clause::Clause;
use super::grammar::determines;
use super::piece::{Object, Piece};

/// What a negation does to a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Negated {
    /// Nothing.
    No,
    /// The clause forbids something.
    All,
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
    let is_not = |piece: &Piece| piece.marks("not") && piece.objects.is_empty() && !piece.name;
    let Some(at) = clause.pieces.iter().position(is_not) else { return Negated::No };
    let verb_before = clause.pieces[..at].iter().any(|piece| piece.orders() && piece.objects.is_empty());
    let after =
        clause.pieces[at + 1..].iter().position(|piece| piece.verbs().next().is_some() && piece.objects.is_empty());
    let without =
        ["without", "sans", "sin", "ohne", "senza", "sem", "zonder"].contains(&clause.pieces[at].low.as_str());
    if without && (verb_before || after.is_none()) {
        if after.is_some() {
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
        let modal = clause.pieces.iter().any(|piece| piece.is("seal") || piece.is("autosnap")) && verb_before;
        return if modal { Negated::No } else { Negated::All };
    }
    if !clause.has("seal") {
        clause.pieces.truncate(at);
    }
    Negated::No
}
