//! From tokens to pieces: the longest phrase, the value or the object that begins at each token, and the
//! names that the words before them claim.

use std::collections::HashMap;

use super::describe;
use super::inventory::Inventory;
use super::lexicon::{Class, Form, Hit, Lexicon};
use super::objects::{Object, objects};
use super::piece::Piece;
use super::text::{Sep, Token, is_cjk};
use super::values::{self, Value};

/// The pieces of some tokens.
#[must_use]
pub(super) fn pieces(lexicon: &Lexicon, inventory: &Inventory, tokens: &[Token]) -> Vec<Piece> {
    let languages = lexicon.languages(tokens);
    let named: Vec<Vec<Object>> = tokens.iter().map(|token| objects(inventory, &token.raw)).collect();
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

struct Maker<'a> {
    lexicon: &'a Lexicon,
    inventory: &'a Inventory,
    tokens: &'a [Token],
    words: Vec<String>,
    typos: Vec<bool>,
    named: Vec<Vec<Object>>,
    limits: Vec<usize>,
    languages: Vec<u8>,
    particles: Vec<bool>,
    out: Vec<Piece>,
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
        hits.retain(|hit| !longer(hit));
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
            self.out.push(piece);
            return len;
        }
        let value = values::value(self.lexicon, self.tokens, &self.words, at, limit);
        let own =
            !self.inventory.hostname.is_empty() && self.tokens[at].raw.eq_ignore_ascii_case(&self.inventory.hostname);
        // Two letters are an abbreviation in capitals only.
        if matches!(self.tokens[at].raw.as_str(), "BE" | "BEs") && long < 2 {
            let mut piece = self.piece(at, 1);
            piece.hits.push(Hit {
                concept: "bootenv",
                class: Class::Noun,
                form: Form::Base,
                len: 1,
                particle: None,
                typo: false,
            });
            self.out.push(piece);
            return 1;
        }
        if own && self.named[at].is_empty() && long < 2 {
            let mut piece = self.piece(at, 1);
            piece.hits.push(Hit {
                concept: "host",
                class: Class::Noun,
                form: Form::Base,
                len: 1,
                particle: None,
                typo: false,
            });
            self.out.push(piece);
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

    /// So many tokens are a name because of the word before them.
    fn claimed(&self, at: usize) -> Option<usize> {
        let token = &self.tokens[at];
        let last = self.out.last()?;
        if token.sep == Sep::Stop && !last.marks("named") {
            return None;
        }
        let article = |low: &str| {
            matches!(
                low,
                "a" | "an"
                    | "the"
                    | "my"
                    | "this"
                    | "that"
                    | "it"
                    | "them"
                    | "soon"
                    | "usual"
                    | "well"
                    | "root"
                    | "of"
                    | "to"
                    | "in"
                    | "is"
                    | "one"
                    | "ein"
                    | "eine"
                    | "une"
                    | "un"
                    | "una"
                    | "de"
                    | "and"
                    | "with"
                    | "from"
                    | "on"
                    | "for"
                    | "after"
            )
        };
        if last.marks("named") && last.raw != "name of" {
            let plain = article(&token.low) && self.tokens.get(at + 1).is_some();
            return (!plain && !self.particle_word(at)).then_some(self.name_width(at));
        }
        let valued = values::value(self.lexicon, self.tokens, &self.words, at, self.limits[at])
            .is_some_and(|(value, _)| !matches!(value, Value::Number(_) | Value::Date(_) | Value::Page(_)));
        if last.marks("as") && last.objects.is_empty() && !valued {
            let word = self.lexicon.is_filler(&token.low) || article(&token.low);
            let noun = self.lexicon.hits(&self.words, at, self.limits[at], &self.languages);
            let common = noun.iter().any(|hit| hit.class != Class::Verb) || noun.iter().any(|hit| hit.len > 1);
            // `snapshot it as frozen`: a snapshot may be called anything.
            let snaps = self.out.iter().rev().take_while(|piece| piece.sep < Sep::Stop).any(|piece| piece.is("snap"));
            let next = self.tokens.get(at + 1).filter(|_| at + 1 < self.limits[at]);
            let last = next.is_none_or(|next| next.sep > Sep::Space || matches!(next.low.as_str(), "and" | "then"));
            let vague = article(&token.low)
                || matches!(token.low.as_str(), "possible" | "now" | "is" | "before" | "always" | "normal" | "ever");
            return (!word && !common || snaps && last && !vague).then_some(1);
        }
        if last.is("prefix") && !self.tokens[at].raw.starts_with("with") {
            let word = self.lexicon.is_filler(&token.low) || self.words[at] == "=";
            return (!word).then_some(1);
        }
        // The list goes on: `called a, b and c`.
        if last.name && token.sep == Sep::Comma {
            return self.goes_on(at).then_some(1);
        }
        let previous = self.out.iter().rev().nth(1)?;
        if last.marks("and") && previous.name {
            return self.goes_on(at).then_some(1);
        }
        None
    }

    /// So many tokens are one name: all that is in its quotes, and a number behind it. No name of an
    /// object has a space, which is said later and not hidden here.
    fn name_width(&self, at: usize) -> usize {
        let limit = self.limits[at];
        let quoted = self.tokens[at].quote;
        let inside = (at + 1..limit).take_while(|next| quoted.is_some() && self.tokens[*next].quote == quoted).count();
        let number = |next: usize| self.tokens[next].raw.bytes().all(|b| b.is_ascii_digit());
        let ends = |next: usize| next + 1 >= limit || self.tokens[next + 1].sep > Sep::Space;
        let split = at + 1 < limit && self.tokens[at + 1].sep == Sep::Space && number(at + 1) && ends(at + 1);
        1 + if inside > 0 { inside } else { usize::from(split) }
    }

    fn goes_on(&self, at: usize) -> bool {
        let hits = self.lexicon.hits(&self.words, at, self.limits[at], &self.languages);
        hits.is_empty()
            && !self.lexicon.is_plain(&self.words[at])
            && values::value(self.lexicon, self.tokens, &self.words, at, self.limits[at]).is_none()
            && (self.named[at].is_empty()
                || self.named[at].iter().all(|object| matches!(object, Object::Vm(_) | Object::Container(_))))
    }

    fn particle_word(&self, at: usize) -> bool {
        self.tokens[at].raw.chars().all(|c| !c.is_alphanumeric() && c != '-' && c != '$' && c != '.')
            && !self.tokens[at].raw.is_empty()
    }
}
