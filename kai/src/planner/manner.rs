//! Sentences that ask for nothing by themselves and say how the one before them is done.

use serde_json::Value as Json;

use super::clause::Sentence;
use super::fill::{self, Args};
use super::grammar::is_copula;
use super::piece::Piece;
use super::{Outcome, Planner};

/// `scrap web1. yes it's running, force it`: a sentence that only says how belongs to the one before it.
pub(super) fn insists(sentence: &Sentence, outcome: &mut Outcome) -> bool {
    let manner = |piece: &Piece| {
        let marks = ["it", "them", "yes", "polite", "and", "butnot"].iter().any(|mark| piece.marks(mark));
        let says = is_copula(piece) || matches!(piece.low.as_str(), "it's" | "it is" | "but" | "they're");
        piece.is("force") || piece.is("forceoff") || piece.is("running") || piece.filler || marks || says
    };
    let pieces = &sentence.pieces;
    let plain = |piece: &Piece| piece.objects.is_empty() && !piece.name && piece.value.is_none() && !piece.asks;
    let how = pieces.iter().any(|piece| piece.is("force"))
        && pieces.iter().all(|piece| plain(piece) && manner(piece) && !piece.marks("not"));
    let deletes = |call: &(String, Args)| call.0 == "kvm_delete";
    if !how || !outcome.calls.last().is_some_and(deletes) {
        return false;
    }
    for (_, args) in outcome.calls.iter_mut().filter(|call| deletes(call)) {
        args.insert("force".to_owned(), Json::from(true));
    }
    true
}

/// `build a golden image …; don't seal it`
pub(super) fn unsealed(sentence: &Sentence, outcome: &mut Outcome) -> bool {
    let pieces = &sentence.pieces;
    let other = |piece: &Piece| {
        !piece.objects.is_empty() || piece.asks || piece.orders() && !piece.is("seal") && !piece.is("exempt")
    };
    let Some((tool, args)) = outcome.calls.last_mut() else { return false };
    let says = tool == "golden_build" && fill::unsealed(pieces) && !pieces.iter().any(other);
    if says {
        args.insert("seal".to_owned(), Json::from(false));
    }
    says
}

impl Planner<'_> {
    /// `roll web1 back to clean; anything newer may be lost`
    pub(super) fn gives_up(&mut self, sentence: &Sentence, outcome: &mut Outcome) -> bool {
        let pieces = &sentence.pieces;
        let plain = |piece: &Piece| piece.objects.is_empty() && !piece.name && !piece.asks;
        let bound = ["not", "hypo", "reported", "concept", "ask"];
        let open = |piece: &Piece| bound.iter().any(|mark| piece.marks(mark)) && !piece.is("lossok");
        let consents = fill::consents(pieces) && pieces.iter().all(|piece| plain(piece) && !open(piece));
        let back = |call: &(String, Args)| matches!(call.0.as_str(), "kvm_rollback" | "dataset_rollback");
        if !consents || outcome.quoted || !outcome.calls.iter().any(back) {
            return false;
        }
        for (_, args) in outcome.calls.iter_mut().filter(|call| back(call)) {
            args.insert("keep_current".to_owned(), Json::from(false));
        }
        self.said_destroy = true;
        true
    }
}
