//! Words that shape a sentence and name nothing: what stands before nouns, says how things are, or
//! only makes it polite.

use super::piece::Piece;

/// Words that a noun follows, not a verb.
#[must_use]
pub(super) fn determines(piece: &Piece) -> bool {
    piece.objects.is_empty()
        && !piece.name
        && matches!(
            piece.low.as_str(),
            "the"
                | "a"
                | "an"
                | "my"
                | "our"
                | "your"
                | "its"
                | "his"
                | "her"
                | "their"
                | "this"
                | "that"
                | "these"
                | "those"
                | "every"
                | "each"
                | "any"
                | "some"
                | "another"
                | "no"
                | "which"
                | "der"
                | "das"
                | "den"
                | "dem"
                | "des"
                | "ein"
                | "eine"
                | "einen"
                | "einem"
                | "einer"
                | "un"
                | "une"
                | "una"
                | "uno"
                | "um"
                | "uma"
                | "het"
                | "een"
        )
}

/// A word that changes nothing of who is addressed.
pub(super) fn light(piece: &Piece) -> bool {
    piece.filler || piece.marks("polite") || piece.marks("first") || piece.marks("again") || piece.marks("then")
}

/// Words that say how something is, not what is to be done.
const STATES: [&str; 36] = [
    "is", "are", "was", "were", "has", "have", "had", "isn't", "aren't", "wasn't", "hasn't", "doesn't", "seems",
    "looks", "became", "keeps", "gets", "got", "went", "failed", "can't", "won't", "ist", "sind", "war", "hat", "est",
    "sont", "etait", "esta", "son", "sono", "ha", "zijn", "heeft", "sao",
];

/// Whether a word says how something is.
pub(super) fn is_copula(piece: &Piece) -> bool {
    piece.objects.is_empty() && !piece.name && STATES.contains(&piece.low.split(' ').next().unwrap_or_default())
}
