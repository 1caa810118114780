//! A piece of an utterance: a phrase, a value, objects of the host, a name, or a word that is not
//! understood. What pieces mean together is decided elsewhere.

use super::lexicon::{Class, Form, Hit};
pub(super) use super::objects::Object;
use super::text::Sep;
use super::values::Value;

/// A piece of an utterance.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    /// Its first token, counted over the utterance.
    pub at: usize,
    /// As it was written.
    pub raw: String,
    /// Folded.
    pub low: String,
    /// What stands before it.
    pub sep: Sep,
    /// The quotation that it stands in.
    pub quote: Option<u16>,
    /// What its phrase stands for.
    pub hits: Vec<Hit>,
    /// What its form says.
    pub value: Option<Value>,
    /// What it names.
    pub objects: Vec<Object>,
    /// Whether it is claimed as a name by the word before it (`called …`).
    pub name: bool,
    /// Whether it means nothing by itself.
    pub filler: bool,
    /// Whether it ended in a possessive.
    pub possessive: bool,
    /// Whether a snapshot on the host is called so.
    pub label: bool,
    /// Whether it may describe a VM.
    pub describes: bool,
    /// Whether a question mark follows.
    pub asks: bool,
}

impl Piece {
    /// Whether its phrase stands for that.
    #[must_use]
    pub(super) fn is(&self, concept: &str) -> bool {
        self.hits.iter().any(|hit| hit.concept == concept)
    }

    /// Whether it stands for a mark of that name.
    #[must_use]
    pub(super) fn marks(&self, concept: &str) -> bool {
        self.hits.iter().any(|hit| hit.class == Class::Mark && hit.concept == concept)
    }

    /// Its verbs.
    pub(super) fn verbs(&self) -> impl Iterator<Item = &Hit> {
        self.hits.iter().filter(|hit| hit.class == Class::Verb)
    }

    /// Whether it is a verb as orders have it.
    #[must_use]
    pub(super) fn orders(&self) -> bool {
        self.verbs().any(|hit| matches!(hit.form, Form::Base | Form::Gerund))
    }

    /// The whole number, from 1, that it is.
    #[must_use]
    pub(super) fn whole(&self) -> Option<u64> {
        match self.value {
            Some(Value::Number(number)) if number >= 1.0 && number.fract() == 0.0 => Some(number as u64),
            Some(_) | None => None,
        }
    }

    /// The port that it is.
    #[must_use]
    pub(super) fn port(&self) -> Option<u64> {
        self.whole().filter(|number| *number < 65536)
    }

    /// Whether it was not understood, and may be a name.
    #[must_use]
    pub(super) fn unknown(&self) -> bool {
        !self.filler && self.hits.is_empty() && self.value.is_none() && self.objects.is_empty()
    }

    /// Whether it looks like the name of an object rather than like a word.
    #[must_use]
    pub(super) fn named_like(&self) -> bool {
        let raw = self.raw.as_str();
        raw.chars().any(|c| c.is_ascii_digit()) || raw.contains(['-', '_', '.', '/'])
    }
}

/// Concepts in some pieces.
#[must_use]
pub(super) fn has(pieces: &[Piece], concept: &str) -> bool {
    pieces.iter().any(|piece| piece.is(concept))
}
