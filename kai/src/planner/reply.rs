//! What is said back: short answers, corrections, and a `yes` that confirms nothing.

use kai_tools::plan::Effect;

use super::correction;
use super::dialogue::Before;
use super::fill::{Args, Filled};
use super::piece::Piece;
use super::read::{destroys_in_words, effect};
use super::values::Value;
use super::{Outcome, Planner, Proposal, text};

const NOT_HERE: &str =
    "nothing that is said here confirms a plan; confirm it where it is shown, or say what should be done";

impl Planner<'_> {
    /// Short answers, corrections, and `yes`.
    pub(super) fn follow_up(&mut self, pieces: &[Piece], before: &Before<'_>, utterance: &str) -> Option<Proposal> {
        let plain = |piece: &Piece| piece.objects.is_empty() && !piece.name && piece.value.is_none();
        let empty = |piece: &Piece| {
            plain(piece) && (piece.filler || piece.marks("polite") || piece.marks("first") || piece.marks("then"))
        };
        let yes = |piece: &Piece| plain(piece) && (piece.marks("yes") || piece.marks("carryon"));
        let content: Vec<&Piece> = pieces.iter().filter(|piece| !empty(piece) || yes(piece)).collect();
        if content.is_empty() {
            return Some(Proposal::Answer);
        }
        if let Some(order) = dropped(&content, before) {
            let outcome = self.read(self.pieces(&text::tokens(order)), before);
            return Some(self.settle(outcome, before));
        }
        let pronoun = |piece: &Piece| plain(piece) && (piece.marks("it") || piece.marks("them") || piece.is("all"));
        if content.iter().all(|piece| yes(piece) || pronoun(piece)) && content.iter().any(|piece| yes(piece)) {
            return Some(Proposal::Refuse {
                key: if before.calls.is_empty() { "no-request" } else { "self-approval" },
                reason: NOT_HERE.to_owned(),
            });
        }
        if content
            .iter()
            .all(|piece| plain(piece) && (piece.marks("no") || piece.marks("not") || yes(piece) || pronoun(piece)))
        {
            return Some(Proposal::Answer);
        }
        let verb = |piece: &Piece| piece.orders() && plain(piece) && !piece.marks("meant");
        let has_verb = pieces.iter().any(|piece| verb(piece) && !piece.marks("no"));
        let marks = |mark: &str| pieces.iter().any(|piece| piece.marks(mark) && plain(piece));
        let asks = pieces.iter().any(|piece| piece.asks);
        let negative =
            content.first().is_some_and(|piece| piece.marks("no") || piece.marks("not") || piece.marks("meant"));
        let same = marks("meant") || negative || marks("same");
        let other = marks("other") && content.iter().all(|piece| elliptic(piece));
        let reads = before.calls.iter().all(|call| effect(&call.tool, &call.args) == Some(Effect::Read));
        let often = marks("carryon") && content.iter().any(|piece| matches!(piece.value, Some(Value::Time(_))));
        let again = !has_verb && (same || often || bare(&content)) && (!asks || reads) || other && (!asks || reads);
        if !before.calls.is_empty()
            && again
            && let Some(calls) = correction::corrected(before, self.inventory, pieces)
        {
            let as_it_was = calls.iter().zip(before.calls).all(|(new, old)| new.0 == old.tool && new.1 == old.args);
            let destroys = calls.iter().any(|(tool, args)| effect(tool, args) == Some(Effect::Destroy));
            // A name alone is how a Destroy is confirmed, and not here.
            if !reads && as_it_was || destroys && !same && !other && !often {
                return Some(Proposal::Refuse { key: "self-approval", reason: NOT_HERE.to_owned() });
            }
            self.said_destroy = true;
            self.understood.push(format!("{utterance} → as before"));
            return Some(self.settle(Outcome { calls, ..Outcome::default() }, before));
        }
        // The answer to what was asked.
        if (before.asked || before.calls.is_empty() && !before.said.is_empty())
            && !before.user.is_empty()
            && !has_verb
            && !asks
        {
            return self.answered(pieces, before);
        }
        // `snapshot it first`, while something else waits.
        if marks("first") && !before.calls.is_empty() {
            let outcome = self.read(pieces.to_vec(), before);
            let waiting: Vec<(String, Args)> =
                before.calls.iter().map(|call| (call.tool.clone(), call.args.clone())).collect();
            let change = waiting.iter().all(|(tool, args)| effect(tool, args) == Some(Effect::Change));
            let low = before.said.to_lowercase();
            let open = low.contains("not applied")
                || low.contains("plan")
                || low.contains("waiting")
                || low.contains("confirm");
            if outcome.other.is_none() && !outcome.calls.is_empty() && change && open && outcome.calls != waiting {
                let mut calls = outcome.calls;
                calls.extend(waiting);
                return Some(self.settle(Outcome { calls, ..Outcome::default() }, before));
            }
            return Some(self.settle(outcome, before));
        }
        None
    }

    /// The last order of the person, with what this answer adds.
    fn answered(&mut self, pieces: &[Piece], before: &Before<'_>) -> Option<Proposal> {
        let tokens = text::tokens(text::clip(before.user, text::LONGEST / 8));
        let mut first = self.pieces(&tokens);
        let alone = self.read(first.clone(), &Before::default());
        let Some(Filled::Ask { missing, .. }) = alone.other else { return None };
        let names = missing.iter().any(|argument| matches!(*argument, "name" | "names" | "prefix" | "dataset"));
        let found = pieces.iter().any(|piece| !piece.objects.is_empty());
        let shift = tokens.len() + 1;
        // What named nothing was the reason to ask.
        if found || !names {
            for piece in &mut first {
                if piece.unknown() {
                    piece.filler = true;
                }
            }
        }
        if let Some(last) = first.last_mut() {
            last.asks = false;
        }
        for piece in pieces {
            let mut piece = piece.clone();
            piece.at += shift;
            if piece.sep == text::Sep::Stop {
                piece.sep = text::Sep::Comma;
            }
            if names && (piece.unknown() || piece.name) && !(missing.contains(&"dataset") && piece.raw.contains('/')) {
                piece.name = true;
            }
            first.push(piece);
        }
        let mut fresh = before.clone();
        fresh.focus.vms.retain(|name| !pieces.iter().any(|piece| piece.raw == *name));
        let outcome = self.read(first, before);
        if outcome.calls.is_empty() && outcome.other.is_none() {
            return None;
        }
        self.said_destroy |= outcome.calls.iter().any(|_| destroys_in_words(&self.pieces(&tokens)));
        Some(self.settle(outcome, before))
    }
}

/// `drop it` calls something off; after something was only looked at, it is an order.
fn dropped(content: &[&Piece], before: &Before<'_>) -> Option<&'static str> {
    let reads = !before.calls.is_empty()
        && before.calls.iter().all(|call| effect(&call.tool, &call.args) == Some(Effect::Read));
    let [piece] = content else { return None };
    match piece.low.as_str() {
        "drop it" if reads && !before.asked => Some("delete it"),
        _ => None,
    }
}

/// Whether a word can stand in `now do the other one`, `and on the other card?`.
fn elliptic(piece: &Piece) -> bool {
    piece.marks("other")
        || piece.objects.is_empty()
            && !piece.name
            && piece.value.is_none()
            && (piece.filler
                || ["and", "on", "to", "from", "same", "it", "them", "meant", "yes"]
                    .iter()
                    .any(|mark| piece.marks(mark))
                || piece.is("run")
                || piece.is("gpu")
                || piece.is("vm"))
}

/// Whether an utterance is only objects and values.
fn bare(content: &[&Piece]) -> bool {
    let joins = ["and", "same", "to", "on", "from", "other"];
    content
        .iter()
        .all(|piece| !piece.objects.is_empty() || piece.value.is_some() || joins.iter().any(|mark| piece.marks(mark)))
}
