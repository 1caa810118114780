//! Sentences cut into clauses: one thing to do each.

use super::lexicon::{Class, Form};
use super::piece::{Object, Piece};
use super::text::Sep;

/// A part of a sentence that asks for one thing.
#[derive(Debug, Clone, Default)]
pub struct Clause {
    /// Its pieces, in order.
    pub pieces: Vec<Piece>,
    /// Whether it comes before the clause in front of it in time (`before …`).
    pub reversed: bool,
}

/// A sentence.
#[derive(Debug, Clone, Default)]
pub struct Sentence {
    /// Its pieces, in order.
    pub pieces: Vec<Piece>,
}

/// Pieces as sentences. What stands in a quotation of several words is left out: it is somebody
/// else's.
#[must_use]
pub fn sentences(pieces: Vec<Piece>) -> Vec<Sentence> {
    let mut quoted = std::collections::BTreeMap::<u16, usize>::new();
    for piece in &pieces {
        if let Some(quote) = piece.quote {
            *quoted.entry(quote).or_default() += 1;
        }
    }
    let mut out: Vec<Sentence> = Vec::new();
    for piece in pieces {
        if piece.sep == Sep::Stop || out.is_empty() {
            out.push(Sentence::default());
        }
        let long = piece.quote.is_some_and(|quote| quoted.get(&quote).is_some_and(|count| *count > 3));
        if let Some(last) = out.last_mut().filter(|_| !long) {
            last.pieces.push(piece);
        }
    }
    out.retain(|sentence| !sentence.pieces.is_empty());
    out
}

/// Whether a piece opens an order here: a verb that is no object's name.
fn opens(piece: &Piece) -> bool {
    piece.orders() && piece.objects.is_empty() && !piece.name && !only_noun(piece)
}

/// Plurals like `snapshots` and `clones` are verbs only by form.
fn only_noun(piece: &Piece) -> bool {
    piece.verbs().all(|hit| hit.form == Form::Third || hit.form == Form::Past)
}

/// A word that changes nothing of who is addressed.
fn light(piece: &Piece) -> bool {
    piece.filler || piece.marks("polite") || piece.marks("first") || piece.marks("again") || piece.marks("then")
}

/// Cuts a sentence into clauses.
#[must_use]
pub fn clauses(sentence: &Sentence) -> Vec<Clause> {
    let mut out = vec![Clause::default()];
    let pieces = &sentence.pieces;
    let mut verb = false;
    let mut at = 0;
    while at < pieces.len() {
        let piece = &pieces[at];
        let next = |from: usize| pieces[from..].iter().position(|piece| !light(piece)).map(|add| from + add);
        let joins = piece.marks("and") && piece.objects.is_empty() && !piece.name;
        let comma = piece.sep == Sep::Comma || piece.sep == Sep::Colon;
        let then = piece.marks("then") && piece.hits.iter().all(|hit| hit.class == Class::Mark);
        let before = piece.marks("before") && !piece.name;
        if verb && (joins || comma || then || before) {
            let from = if joins || then || before { at + 1 } else { at };
            let opened = next(from).filter(|place| {
                opens(&pieces[*place])
                    || pieces[*place].marks("not") && place + 1 < pieces.len() && opens(&pieces[*place + 1])
            });
            if let Some(place) = opened {
                out.push(Clause { pieces: Vec::new(), reversed: before });
                // `not` and the like stay with their verb.
                at = if joins || then || before { at + 1 } else { at };
                let _ = place;
                verb = false;
                if let Some(piece) = pieces.get(at) {
                    verb |= opens(piece);
                    push(&mut out, piece);
                }
                at += 1;
                continue;
            }
        }
        verb |= opens(piece) || piece.orders();
        push(&mut out, piece);
        at += 1;
    }
    for clause in &mut out {
        clause.settle();
    }
    out.retain(|clause| !clause.pieces.is_empty());
    out
}

fn push(out: &mut [Clause], piece: &Piece) {
    if let Some(last) = out.last_mut() {
        last.pieces.push(piece.clone());
    }
}

impl Clause {
    /// Decides words that are both an object's name and a verb: `build a golden image`, `restart build`.
    pub fn settle(&mut self) {
        let first = self.pieces.iter().position(|piece| !light(piece));
        let other_verb = self.pieces.iter().any(|piece| piece.objects.is_empty() && !piece.name && piece.orders());
        let content = self.pieces.iter().filter(|piece| !light(piece)).count();
        for (at, piece) in self.pieces.iter_mut().enumerate() {
            if piece.name {
                piece.hits.clear();
                continue;
            }
            if piece.objects.is_empty() {
                continue;
            }
            let verb = piece.hits.iter().any(|hit| hit.class == Class::Verb);
            if verb && Some(at) == first && !other_verb && content > 1 {
                piece.objects.clear();
            } else {
                let strong = |hit: &super::lexicon::Hit| hit.class == Class::Noun;
                piece.hits.retain(strong);
            }
        }
    }

    /// Whether a concept is in it. Verbs count in the forms that orders have.
    #[must_use]
    pub fn has(&self, concept: &str) -> bool {
        self.pieces.iter().any(|piece| {
            piece.hits.iter().any(|hit| {
                hit.concept == concept && (hit.class != Class::Verb || matches!(hit.form, Form::Base | Form::Gerund))
            })
        })
    }

    /// Whether the first verb stands for that concept.
    #[must_use]
    pub fn heads(&self, concept: &str) -> bool {
        self.head().is_some_and(|piece| piece.is(concept))
    }

    /// The first verb.
    #[must_use]
    pub fn head(&self) -> Option<&Piece> {
        self.pieces.iter().find(|piece| piece.orders())
    }

    /// All objects, in order, with their places.
    pub fn objects(&self) -> impl Iterator<Item = (usize, &Object)> {
        self.pieces.iter().enumerate().flat_map(|(at, piece)| piece.objects.iter().map(move |object| (at, object)))
    }

    /// The names that were claimed by `called …` and the like.
    pub fn names(&self) -> impl Iterator<Item = &Piece> {
        self.pieces.iter().filter(|piece| piece.name)
    }

    /// Its text.
    #[must_use]
    pub fn text(&self) -> String {
        self.pieces.iter().map(|piece| piece.raw.as_str()).collect::<Vec<_>>().join(" ")
    }
}
