//! From tokens to pieces: the longest phrase, the value or the object that begins at each token, and the
//! names that the words before them claim.

use std::collections::HashMap;

use super::amounts;
use super::calendar;
use super::describe;
use super::enclitic;
use super::inventory::Inventory;
use super::lexicon::{Class, Form, Hit, Lexicon};
use super::objects::{Object, objects};
use super::piece::Piece;
use super::text::{Sep, Token, is_cjk};
use super::values::{self, Value};

/// The pieces of some tokens.
#[must_use]
pub(super) fn pieces(lexicon: &Lexicon, inventory: &Inventory, tokens: &[Token]) -> Vec<Piece> {
    let tokens = &enclitic::parted(lexicon, inventory, tokens);
    let named: Vec<Vec<Object>> = tokens.iter().map(|token| objects(inventory, &token.raw)).collect();
    // A name is of no language.
    let words: Vec<Token> =
        tokens.iter().zip(&named).filter(|(_, named)| named.is_empty()).map(|(token, _)| token.clone()).collect();
    let languages = lexicon.languages(&words);
    let mut typos = vec![false; tokens.len()];
    let mut words: Vec<String> = Vec::with_capacity(tokens.len());
    let mut seen: HashMap<&str, Option<String>> = HashMap::new();
    for (at, token) in tokens.iter().enumerate() {
        let known = !named[at].is_empty()
            || lexicon.is_word(&token.low, &languages)
            || lexicon.is_plain(&token.low)
            || token.low.chars().any(is_cjk);
        // Where a name stands, nothing is mended: `as container telly`.
        let named = at > 0
            && token.sep == Sep::Space
            && matches!(
                words[at - 1].as_str(),
                "as" | "called"
                    | "named"
                    | "name"
                    | "into"
                    | "container"
                    | "vm"
                    | "machine"
                    | "guest"
                    | "prefix"
                    | "label"
                    | "snapshot"
                    | "namens"
                    | "als"
                    | "image"
                    | "dataset"
            );
        let mended = if known || named {
            None
        } else {
            seen.entry(&token.low).or_insert_with(|| lexicon.spelt(&token.low, &languages)).clone()
        };
        // `rebot web1`: an order begins with a verb.
        let copula = |token: &Token| matches!(token.low.as_str(), "is" | "are" | "was" | "has" | "were" | "and");
        let begins = at == 0 && !known && tokens.len() > 1 && !copula(&tokens[1]) && token.raw == token.low;
        let verb = mended.as_ref().is_none_or(|word| lexicon.spelt_verb(word).is_none());
        let mended = if begins && verb { lexicon.spelt_verb(&token.low).or(mended) } else { mended };
        typos[at] = mended.is_some();
        words.push(mended.unwrap_or_else(|| token.low.clone()));
    }
    // Where the sentence of each token ends: one pass from the back.
    let mut limits = vec![tokens.len(); tokens.len()];
    let mut limit = tokens.len();
    for at in (0..tokens.len()).rev() {
        limits[at] = limit;
        if tokens[at].sep == Sep::Stop {
            limit = at;
        }
    }
    let mut maker = Maker {
        lexicon,
        inventory,
        tokens,
        words,
        typos,
        named,
        limits,
        languages,
        particles: vec![false; tokens.len()],
        out: Vec::new(),
    };
    let mut at = 0;
    while at < tokens.len() {
        at += maker.next(at).max(1);
    }
    let mut out = maker.out;
    describe::mark(lexicon, inventory, &mut out);
    out
}

/// Makes the pieces, one after the other.
pub(super) struct Maker<'a> {
    pub(super) lexicon: &'a Lexicon,
    pub(super) inventory: &'a Inventory,
    pub(super) tokens: &'a [Token],
    pub(super) words: Vec<String>,
    pub(super) typos: Vec<bool>,
    pub(super) named: Vec<Vec<Object>>,
    pub(super) limits: Vec<usize>,
    pub(super) languages: Vec<u8>,
    pub(super) particles: Vec<bool>,
    pub(super) out: Vec<Piece>,
}

impl Maker<'_> {
    fn piece(&self, at: usize, len: usize) -> Piece {
        let token = &self.tokens[at];
        let mut raw = String::new();
        for (index, part) in self.tokens[at..at + len].iter().enumerate() {
            if index > 0 && !part.glued {
                raw.push(' ');
            }
            raw.push_str(&part.raw);
        }
        Piece {
            at,
            low: self.words[at..at + len].join(" "),
            raw,
            sep: token.sep,
            quote: token.quote,
            hits: Vec::new(),
            value: None,
            objects: Vec::new(),
            name: false,
            filler: false,
            describes: false,
            label: false,
            possessive: self.tokens[at + len - 1].possessive,
            asks: self.tokens[at..at + len].iter().any(|token| token.asks),
        }
    }

    /// A token that is a noun whatever the phrases say.
    fn push_noun(&mut self, at: usize, concept: &'static str) {
        let mut piece = self.piece(at, 1);
        piece.hits.push(Hit { concept, class: Class::Noun, form: Form::Base, len: 1, particle: None, typo: false });
        self.out.push(piece);
    }

    /// Makes the piece that begins at a token; says how many tokens it has.
    fn next(&mut self, at: usize) -> usize {
        let limit = self.limits[at];
        let mut hits = self.lexicon.hits(&self.words, at, limit, &self.languages);
        if self.particles[at] {
            hits.retain(|hit| hit.class == Class::Noun);
        }
        // `the snapshot schedule` is no `the snapshot`.
        let longer = |hit: &Hit| {
            let last = at + hit.len - 1;
            hit.len > 1
                && matches!(hit.concept, "it" | "them" | "other")
                && self
                    .lexicon
                    .hits(&self.words, last, limit, &self.languages)
                    .iter()
                    .any(|next| next.len > 1 && next.particle.is_none())
        };
        hits.retain(|hit| !longer(hit) && !self.goes_somewhere(hit, at) && !self.counts(hit, at));
        // `snapshot web1 as before`: a name, and nothing that was said before.
        let last = at + 2 >= limit || self.tokens[at + 2].sep > Sep::Space;
        let named = self.words[at] == "as" && last && self.out.iter().any(|piece| piece.is("snap"));
        hits.retain(|hit| !named || hit.len == 1);
        let size = |hit: &Hit| hit.len * 2 + hit.particle.map_or(0, |(_, width)| width * 2 - 1);
        // Words about taking part (`add … to`) do not hide what else the verb means.
        let soft = |hit: &Hit| matches!(hit.concept, "exempt" | "enrol");
        let best = hits.iter().filter(|hit| !soft(hit)).map(size).max().unwrap_or(0);
        hits.retain(|hit| {
            size(hit) == best
                || soft(hit) && hit.len == 1
                || (hit.len == 1 && best <= 3 && hit.class == Class::Noun && hit.particle.is_none())
        });
        let long = hits.iter().map(|hit| hit.len).max().unwrap_or(0);
        // `called X`: X is a name, whatever else it may be.
        if let Some(len) = self.claimed(at) {
            let mut piece = self.piece(at, len);
            piece.name = true;
            piece.objects = self.named[at].clone();
            piece.name = !self.there(at);
            self.out.push(piece);
            return len;
        }
        let dated = (long < 2).then(|| calendar::date(&self.inventory.now, self.tokens, at)).flatten();
        let value = dated
            .map(|(date, len)| (Value::Date(date), len))
            .or_else(|| values::value(self.lexicon, self.tokens, &self.words, at, limit));
        let own =
            !self.inventory.hostname.is_empty() && self.tokens[at].raw.eq_ignore_ascii_case(&self.inventory.hostname);
        // Two letters are an abbreviation in capitals only.
        if matches!(self.tokens[at].raw.as_str(), "BE" | "BEs") && long < 2 {
            self.push_noun(at, "bootenv");
            return 1;
        }
        if own && self.named[at].is_empty() && long < 2 {
            self.push_noun(at, "host");
            return 1;
        }
        let begins = at == 0 || self.limits[at - 1] == at;
        if !self.named[at].is_empty()
            && (long < 2 || !begins && self.named[at].iter().any(|object| object.label().is_some()))
        {
            let mut piece = self.piece(at, 1);
            piece.objects.clone_from(&self.named[at]);
            // A name may also be a verb (`build`), a number (`3080`) or a key.
            piece.hits = hits.into_iter().filter(|hit| hit.particle.is_none()).collect();
            piece.value = value.filter(|(_, len)| *len == 1).map(|(value, _)| value);
            self.gpu(&mut piece);
            self.out.push(piece);
            return 1;
        }
        if let Some((value, len)) = value.filter(|(_, len)| *len >= long) {
            let mut piece = self.piece(at, len);
            piece.value = Some(value);
            if len == 1 {
                piece.hits = hits.into_iter().filter(|hit| hit.particle.is_none() && hit.len == 1).collect();
            }
            piece.objects = if len == 1 { self.named[at].clone() } else { Vec::new() };
            if len == 1 && amounts::of_cores(&piece.low) {
                let core =
                    Hit { concept: "vcpu", class: Class::Noun, form: Form::Base, len, particle: None, typo: false };
                piece.hits.push(core);
            }
            self.gpu(&mut piece);
            self.out.push(piece);
            return len;
        }
        if !hits.is_empty() {
            let len = long;
            for hit in &hits {
                if let Some((start, width)) = hit.particle {
                    self.particles[start..start + width].fill(true);
                }
            }
            let mut piece = self.piece(at, len);
            let typo = self.typos[at..at + len].iter().any(|typo| *typo);
            piece.hits = hits.into_iter().filter(|hit| hit.len == len || hit.particle.is_some() || len == 1).collect();
            // `the snapshot` may be what was spoken of, and is a snapshot.
            if len > 1 && piece.hits.iter().any(|hit| matches!(hit.concept, "it" | "them" | "other")) {
                let last = self.lexicon.hits(&self.words, at + len - 1, limit, &self.languages);
                piece.hits.extend(last.into_iter().filter(|hit| hit.class == Class::Noun && hit.len == 1));
            }
            for hit in &mut piece.hits {
                hit.typo = typo;
            }
            self.out.push(piece);
            return len;
        }
        let mut piece = self.piece(at, 1);
        if piece.low.chars().any(is_cjk) {
            // Characters that belong to no phrase.
            piece.filler = true;
            self.out.push(piece);
            return 1;
        }
        piece.filler =
            self.particles[at] || self.lexicon.is_filler(&piece.low) || !piece.raw.chars().any(char::is_alphanumeric);
        self.out.push(piece);
        1
    }

    /// `toutes les deux heures`: the number is of the hours, and `toutes les deux` no pronoun.
    fn counts(&self, hit: &Hit, at: usize) -> bool {
        let last = at + hit.len - 1;
        let whole = |value: &Value| matches!(value, Value::Time(_) | Value::Size(_) | Value::Rate(_));
        hit.len > 1
            && matches!(hit.concept, "it" | "them" | "both" | "all" | "other")
            && values::value(self.lexicon, self.tokens, &self.words, last, self.limits[at])
                .is_some_and(|(value, width)| width > 1 && whole(&value))
    }

    /// `may go on`, `has to go back`: what goes somewhere does not go away.
    fn goes_somewhere(&self, hit: &Hit, at: usize) -> bool {
        let places = [
            "on", "back", "home", "to", "up", "into", "live", "ahead", "down", "over", "through", "offline", "online",
            "ahead", "forward", "under", "beyond", "past", "above", "below", "wrong", "together", "first", "in",
            "onto",
        ];
        let last = at + hit.len - 1;
        let next = self.tokens.get(last + 1).filter(|next| next.sep == Sep::Space);
        let leaves = matches!(hit.concept, "delete" | "discard") && hit.len > 1;
        let goes = matches!(self.words[last].as_str(), "go" | "leave");
        leaves && goes && next.is_some_and(|next| places.contains(&next.low.as_str()))
    }

    /// A number after `gpu` or `card` is a GPU.
    fn gpu(&self, piece: &mut Piece) {
        let Some(Value::Number(number)) = piece.value else { return };
        let before = self.out.last().is_some_and(|last| {
            last.is("gpu")
                || (last.low == "number" || last.low == "#" || last.low == "no")
                    && self.out.iter().rev().nth(1).is_some_and(|piece| piece.is("gpu"))
        });
        if before && number.fract() == 0.0 && (0.0..64.0).contains(&number) && piece.sep == Sep::Space {
            piece.objects = vec![Object::Gpu(number as u32)];
            piece.value = None;
        }
    }
}
