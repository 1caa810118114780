//! Sentences cut into clauses: one thing to do each.

use super::grammar::{determines, is_copula, light};
use super::lexicon::{Class, Form};
use super::piece::{Object, Piece};
use super::text::Sep;

/// A part of a sentence that asks for one thing.
#[derive(Debug, Clone, Default)]
pub(super) struct Clause {
    /// Its pieces, in order.
    pub pieces: Vec<Piece>,
    /// Whether it is why the next one is asked for: `we want a box, so make vm web1`.
    pub reason: bool,
    /// When it is done, seen from the clause that it leans on.
    pub order: Order,
}

/// When a clause is done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Order {
    /// In the order in which it was said.
    #[default]
    Told,
    /// `before …`: after the rest, and only if it is complete.
    Last,
    /// `after …`: before the rest.
    Before,
}

/// A sentence.
#[derive(Debug, Clone, Default)]
pub(super) struct Sentence {
    /// Its pieces, in order.
    pub pieces: Vec<Piece>,
}

/// Pieces as sentences, and whether somebody else was quoted. What stands in a quotation of several
/// words is left out: it is somebody else's.
#[must_use]
pub(super) fn sentences(pieces: Vec<Piece>) -> (Vec<Sentence>, bool) {
    let mut counts = std::collections::BTreeMap::<u16, usize>::new();
    for piece in &pieces {
        if let Some(quote) = piece.quote {
            *counts.entry(quote).or_default() += 1;
        }
    }
    let mut out: Vec<Sentence> = Vec::new();
    let mut quoted = false;
    for mut piece in pieces {
        // `a snapshot of web1? name: before-move`
        if piece.sep == Sep::Stop && piece.marks("named") && !out.is_empty() {
            piece.sep = Sep::Comma;
        }
        if piece.sep == Sep::Stop || out.is_empty() {
            out.push(Sentence::default());
        }
        let long = piece.quote.is_some_and(|quote| counts.get(&quote).is_some_and(|count| *count > 3));
        quoted |= long;
        if let Some(last) = out.last_mut().filter(|_| !long) {
            last.pieces.push(piece);
        }
    }
    out.retain(|sentence| !sentence.pieces.is_empty());
    (out, quoted)
}

/// Whether a piece opens an order here: a verb in the form of an order that is no object's name.
pub(super) fn opens(piece: &Piece) -> bool {
    piece.objects.is_empty() && !piece.name && piece.verbs().any(|hit| hit.form == Form::Base)
}

/// The same, and `resizing` behind `before` and `after`.
fn leans(piece: &Piece) -> bool {
    piece.orders() && piece.objects.is_empty() && !piece.name
}

/// The place of the next order, from a place on, if one opens there.
fn opening(pieces: &[Piece], from: usize, verb: fn(&Piece) -> bool) -> Option<usize> {
    let mut at = from;
    while at < pieces.len() && light(&pieces[at]) && !verb(&pieces[at]) {
        if determines(&pieces[at]) || at > from && pieces[at].sep > Sep::Space {
            return None;
        }
        at += 1;
    }
    let not = |at: usize| pieces[at].marks("not") && pieces.get(at + 1).is_some_and(verb);
    (at < pieces.len() && (verb(&pieces[at]) || not(at))).then_some(at)
}

/// Whether some pieces only name what is spoken of: `wg0`, `the scrub of tank`.
fn heading(pieces: &[Piece]) -> bool {
    let acts = |piece: &Piece| piece.objects.is_empty() && piece.verbs().next().is_some() && !piece.is("scrub_n");
    let says = |piece: &Piece| is_copula(piece) || acts(piece);
    !pieces.is_empty() && pieces.len() <= 5 && !pieces.iter().any(says)
}

/// Whether something has been said that an order can be about.
fn content(pieces: &[Piece]) -> bool {
    pieces.iter().any(|piece| !piece.objects.is_empty() || piece.name || piece.value.is_some() || piece.unknown())
}

/// Cuts a sentence into clauses.
#[must_use]
pub(super) fn clauses(sentence: &Sentence) -> Vec<Clause> {
    let mut out = vec![Clause::default()];
    let pieces = &sentence.pieces;
    let mut verb = false;
    let mut at = 0;
    while at < pieces.len() {
        let piece = &pieces[at];
        let plain = piece.objects.is_empty() && !piece.name;
        let after_article = at > 0 && determines(&pieces[at - 1]);
        let joins = piece.marks("and") && plain;
        let parted = piece.sep == Sep::Comma || piece.sep == Sep::Colon;
        let then = piece.marks("then") && piece.hits.iter().all(|hit| hit.class == Class::Mark) && !after_article;
        let so = piece.low == "so" && plain;
        let order = match () {
            () if piece.marks("before") && plain => Order::Last,
            () if piece.marks("after") && plain && !piece.marks("hypo") => Order::Before,
            () => Order::Told,
        };
        let own = joins || then || so || order != Order::Told;
        let earlier = out.last().is_some_and(|clause| content(&clause.pieces));
        // `wg0: add this peer`, `gpu 0: slice long`: what stands before the colon is what it is about.
        let about = piece.sep == Sep::Colon && out.last().is_some_and(|clause| heading(&clause.pieces));
        let sought = piece.sep == Sep::Colon
            && out.last().is_some_and(|clause| clause.has("docs") && (clause.has("search") || clause.pieces.len() < 3));
        if sought {
            push(&mut out, piece);
            at += 1;
            continue;
        }
        if about && opens(piece) {
            verb = true;
            push(&mut out, piece);
            at += 1;
            continue;
        }
        if verb && own || parted && (verb || earlier) || so && earlier || order != Order::Told {
            let from = if own { at + 1 } else { at };
            let opened = opening(pieces, from, if order == Order::Told { opens } else { leans });
            if opened.is_some() {
                if out.last().is_some_and(|clause| clause.pieces.is_empty()) {
                    out.pop();
                }
                // `before i upgrade it`: the person does that.
                let theirs = order != Order::Told
                    && pieces.get(from).is_some_and(|piece| matches!(piece.low.as_str(), "i" | "we" | "they"));
                if theirs {
                    at = skipped(pieces, at);
                    continue;
                }
                if so && let Some(last) = out.last_mut() {
                    last.reason = true;
                }
                out.push(Clause { pieces: Vec::new(), reason: false, order });
                at = from;
                verb = false;
                if let Some(piece) = pieces.get(at) {
                    verb |= opens(piece) || order != Order::Told;
                    push(&mut out, piece);
                }
                at += 1;
                continue;
            }
        }
        // `after stopping web1 grow its disk`
        let leaning = out.last().is_some_and(|clause| clause.order != Order::Told && clause.has_object());
        if leaning && opens(piece) && !after_article {
            out.push(Clause::default());
        }
        // Reasons and purposes are no part of the order: `restart web1 because web2 is down`.
        if verb && plain && piece.marks("because") && gives_reason(pieces, at) {
            at = skipped(pieces, at);
            continue;
        }
        verb |= opens(piece) || piece.orders();
        push(&mut out, piece);
        at += 1;
    }
    // `since the shop is slow, give web1 8 cores`
    if let [first, _, ..] = out.as_mut_slice() {
        let reason = |at: &usize| first.pieces[*at].marks("because") && first.pieces[*at].objects.is_empty();
        let head = first.pieces.iter().position(|piece| !light(piece));
        first.reason |= head.filter(reason).is_some_and(|at| gives_reason(&first.pieces, at));
    }
    for clause in &mut out {
        clause.settle();
    }
    out.retain(|clause| !clause.pieces.is_empty());
    out
}

/// Whether a reason follows, and not a moment: `everything since pre-upgrade`.
fn gives_reason(pieces: &[Piece], at: usize) -> bool {
    let behind = pieces[at + 1..].iter().take_while(|piece| piece.sep == Sep::Space);
    // `tune it so that the ARC gets 60 %`: the purpose says what is to be set.
    let aim = pieces[at].low == "so that" && pieces[at + 1..].iter().any(|piece| piece.is("arc"));
    !aim && (pieces[at].low != "since" || behind.skip(1).any(is_copula) || behind_verb(pieces, at))
}

/// Whether what follows ends in a verb: `since db1 hangs`.
fn behind_verb(pieces: &[Piece], at: usize) -> bool {
    let third = |piece: &Piece| piece.verbs().next().is_some() && piece.verbs().all(|hit| hit.form == Form::Third);
    pieces.get(at + 2).is_some_and(|piece| third(piece) || piece.unknown() && piece.low.ends_with('s'))
}

/// The place behind what is left out: the next comma that an order follows, or the end.
fn skipped(pieces: &[Piece], from: usize) -> usize {
    let next = |at: &usize| {
        let piece = &pieces[*at];
        let parts = piece.sep > Sep::Space || piece.marks("and") || piece.marks("then");
        let names = piece.sep > Sep::Space && (piece.marks("named") || piece.marks("as"));
        parts && (names || opening(pieces, if piece.sep > Sep::Space { *at } else { *at + 1 }, opens).is_some())
    };
    (from + 1..pieces.len()).find(next).unwrap_or(pieces.len())
}

fn push(out: &mut Vec<Clause>, piece: &Piece) {
    if out.is_empty() {
        out.push(Clause::default());
    }
    if let Some(last) = out.last_mut() {
        last.pieces.push(piece.clone());
    }
}

impl Clause {
    /// Whether it only says how something is.
    #[must_use]
    pub(super) fn states(&self) -> bool {
        let verb = |at: usize| {
            let piece = &self.pieces[at];
            piece.objects.is_empty() && !piece.name && piece.orders() && !(at > 0 && determines(&self.pieces[at - 1]))
        };
        let acts = (0..self.pieces.len()).any(verb);
        let wants = self.pieces.iter().any(|piece| piece.is("want") || piece.marks("polite"));
        let says = |piece: &Piece| {
            is_copula(piece)
                || piece.objects.is_empty() && !piece.name && piece.marks("past")
                || piece.verbs().next().is_some() && piece.verbs().all(|hit| hit.form == Form::Past)
        };
        let told = self.tells() || self.recounts();
        told || !acts && !wants && self.pieces.iter().skip(1).any(says)
    }

    /// Whether somebody tells what they do: `we upgrade tonight`, `the last update broke it`.
    fn tells(&self) -> bool {
        let mut pieces = self.pieces.iter().filter(|piece| !piece.marks("then"));
        let (Some(first), Some(second)) = (pieces.next(), pieces.next()) else { return false };
        let who = matches!(first.low.as_str(), "we" | "i" | "they" | "he" | "she" | "someone" | "somebody");
        let did = second.unknown() && second.low.len() > 4 && second.low.ends_with("ed");
        who && (did || second.verbs().any(|hit| hit.class == Class::Verb))
            && !["want", "create"].iter().any(|verb| second.is(verb))
            && !second.marks("polite")
    }

    /// Whether it only says what the person has been at: `after two days of swapping cables`.
    fn recounts(&self) -> bool {
        let mut verbs = self.pieces.iter().filter(|piece| piece.objects.is_empty() && piece.verbs().next().is_some());
        let gerunds = verbs.all(|piece| piece.verbs().all(|hit| hit.form == Form::Gerund));
        let after = self.pieces.first().is_some_and(|piece| piece.marks("after") && piece.objects.is_empty());
        let meant = |piece: &Piece| piece.marks("it") || piece.marks("them");
        after && self.order == Order::Told && gerunds && !self.has_object() && !self.pieces.iter().any(meant)
    }

    /// Whether a concept is in it. Verbs count in the forms that orders have.
    #[must_use]
    pub(super) fn has(&self, concept: &str) -> bool {
        self.pieces.iter().any(|piece| {
            piece.hits.iter().any(|hit| {
                hit.concept == concept && (hit.class != Class::Verb || matches!(hit.form, Form::Base | Form::Gerund))
            })
        })
    }

    /// Whether the first verb stands for that concept.
    #[must_use]
    pub(super) fn heads(&self, concept: &str) -> bool {
        self.head().is_some_and(|piece| piece.is(concept))
    }

    /// The first verb.
    #[must_use]
    pub(super) fn head(&self) -> Option<&Piece> {
        self.pieces.iter().find(|piece| piece.orders())
    }

    /// All objects, in order, with their places.
    pub(super) fn objects(&self) -> impl Iterator<Item = (usize, &Object)> {
        self.pieces.iter().enumerate().flat_map(|(at, piece)| piece.objects.iter().map(move |object| (at, object)))
    }

    /// Whether it names something that can be acted on, by name.
    #[must_use]
    pub(super) fn has_object(&self) -> bool {
        self.pieces.iter().any(|piece| !piece.name && piece.objects.iter().any(Object::acted_on))
    }

    /// The names that were claimed by `called …` and the like.
    pub(super) fn names(&self) -> impl Iterator<Item = &Piece> {
        self.pieces.iter().filter(|piece| piece.name)
    }

    /// Whether VMs are made in it.
    #[must_use]
    pub(super) fn is_making(&self) -> bool {
        ["create", "clone", "clone_n", "deploy", "fleet", "build"].iter().any(|concept| self.has(concept))
    }

    /// Its text.
    #[must_use]
    pub(super) fn text(&self) -> String {
        self.pieces.iter().map(|piece| piece.raw.as_str()).collect::<Vec<_>>().join(" ")
    }
}
