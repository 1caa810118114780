//! Orders behind what others asked for: `the customer complains that web1 hangs, so please restart it`.
//! What others want is talk; what the person then asks for in their own words is an order.

use super::clause::{Sentence, opens};
use super::grammar::light;
use super::piece::Piece;
use super::text::Sep;

/// Words of somebody who passes on what was asked for, and quotes nothing.
const ASKED: [&str; 22] = [
    "told me",
    "tells me",
    "asked me",
    "asks me",
    "wants me to",
    "wants us to",
    "asked to",
    "has asked to",
    "wants to",
    "wanted to",
    "they want to",
    "he wants to",
    "she wants to",
    "he wants",
    "she wants",
    "they want",
    "i was told",
    "we were told",
    "i was asked",
    "my boss",
    "my colleague",
    "the customer",
];

fn plain(piece: &Piece) -> bool {
    piece.objects.is_empty() && !piece.name && piece.quote.is_none()
}

/// Whether an order of the person begins at a place: `, so restart it`, `, please restart it`.
fn own(pieces: &[Piece], at: usize) -> bool {
    let said = |piece: &Piece| plain(piece) && (piece.low == "so" || piece.marks("polite"));
    let parted = pieces[at].sep == Sep::Comma && said(&pieces[at]);
    let verb = pieces[at..].iter().position(|piece| !(said(piece) || light(piece)));
    parted && verb.is_some_and(|verb| opens(&pieces[at + verb]))
}

/// The place where the person's own order begins, behind what others asked for.
#[must_use]
pub(super) fn begins(sentence: &Sentence) -> Option<usize> {
    let pieces = &sentence.pieces;
    let reported = |piece: &Piece| plain(piece) && piece.marks("reported");
    let passed = |piece: &Piece| ASKED.contains(&piece.low.as_str());
    let at = (2..pieces.len()).find(|at| own(pieces, *at))?;
    let (told, order) = pieces.split_at(at);
    let quotes = |piece: &Piece| piece.quote.is_some() || piece.sep == Sep::Colon || reported(piece) && !passed(piece);
    let passes = told.iter().any(reported) && !told.iter().any(quotes);
    (passes && !order.iter().any(|piece| reported(piece) || piece.quote.is_some() || piece.asks)).then_some(at)
}
