//! Names that the words before them claim: `called X`, `as X`, `prefix X`, whatever else X may mean.

use super::chunk::Maker;
use super::frame::is_snapshot_name;
use super::lexicon::Class;
use super::objects::Object;
use super::text::Sep;
use super::values::{self, Value};

impl Maker<'_> {
    /// So many tokens are a name because of the word before them.
    pub(super) fn claimed(&self, at: usize) -> Option<usize> {
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
        let value = values::value(self.lexicon, self.tokens, &self.words, at, self.limits[at]);
        let valued = value.is_some_and(|(value, _)| {
            // `snapshot them as weekly`
            let word = matches!(value, Value::Time(_)) && !token.low.starts_with(|c: char| c.is_ascii_digit());
            !word && !matches!(value, Value::Number(_) | Value::Date(_) | Value::Page(_))
        });
        if last.marks("as") && last.objects.is_empty() && !valued {
            let word = self.lexicon.is_filler(&token.low) || article(&token.low);
            let noun = self.lexicon.hits(&self.words, at, self.limits[at], &self.languages);
            let common = noun.iter().any(|hit| hit.class != Class::Verb) || noun.iter().any(|hit| hit.len > 1);
            // `snapshot it as frozen`: a snapshot may be called anything.
            let sentence = self.out.iter().rposition(|piece| piece.sep == Sep::Stop).unwrap_or_default();
            let snaps = self.out[sentence..].iter().any(|piece| piece.is("snap"));
            let next = self.tokens.get(at + 1).filter(|_| at + 1 < self.limits[at]);
            let last = next.is_none_or(|next| next.sep > Sep::Space || matches!(next.low.as_str(), "and" | "then"));
            let vague = article(&token.low)
                || matches!(token.low.as_str(), "possible" | "now" | "is" | "always" | "normal" | "ever");
            return (!word && !common || snaps && last && !vague).then_some(1);
        }
        // `web1 snapshot before-move please`
        let deletes = self
            .out
            .iter()
            .any(|piece| piece.is("delete") || piece.is("rollback") || piece.is("discard") || piece.marks("ask"));
        if last.is("snapshot")
            && last.low == "snapshot"
            && token.sep == Sep::Space
            && !deletes
            && self.names_snapshot(at)
        {
            return Some(1);
        }
        // `snapshot forge: before-move`
        if token.sep == Sep::Colon && !deletes && self.labels(at) {
            return Some(1);
        }
        if last.is("prefix") && !self.tokens[at].raw.starts_with("with") {
            let word = article(&token.low) || self.words[at] == "=";
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

    /// `the machine called web1` is there already.
    pub(super) fn there(&self, at: usize) -> bool {
        let mut before = self.out.iter().rev();
        let called = before.next().is_some_and(|piece| piece.marks("named") && piece.low != "name");
        let whole = self.out.iter().rev().nth(1).is_some_and(|piece| piece.low.starts_with("the "));
        let noun = before.next().is_some_and(|piece| piece.is("vm") || piece.is("container") || piece.is("dataset"));
        let the = before.next().is_some_and(|piece| matches!(piece.low.as_str(), "the" | "that" | "this"));
        called && noun && (the || whole) && self.named[at].iter().any(Object::acted_on)
    }

    /// Whether a word behind a colon is what a snapshot is to be called.
    fn labels(&self, at: usize) -> bool {
        let sentence = self.out.iter().rposition(|piece| piece.sep == Sep::Stop).unwrap_or_default();
        let snaps = self.out[sentence..].iter().any(|piece| piece.is("snap") || piece.is("snapshot"));
        let next = self.tokens.get(at + 1).filter(|_| at + 1 < self.limits[at]);
        let low = &self.tokens[at].low;
        let fresh = self.named[at].is_empty() && !self.lexicon.knows(low) && !self.lexicon.is_plain(low);
        let owner = self.out[sentence..].iter().any(|piece| piece.objects.iter().any(Object::acted_on));
        snaps && owner && fresh && next.is_none_or(|next| next.sep > Sep::Space)
    }

    /// Whether a word can only be the name of a snapshot that is to be made.
    fn names_snapshot(&self, at: usize) -> bool {
        let raw = self.tokens[at].raw.as_str();
        let next = self.tokens.get(at + 1).filter(|_| at + 1 < self.limits[at]);
        let last =
            next.is_none_or(|next| next.sep > Sep::Space || matches!(next.low.as_str(), "and" | "then" | "please"));
        let there = is_snapshot_name(self.inventory, raw);
        let fresh = !there && self.named[at].is_empty() && !self.lexicon.knows(&self.tokens[at].low);
        fresh && last && raw.contains(['-', '_']) && raw.starts_with(|c: char| c.is_ascii_alphabetic())
    }
}
