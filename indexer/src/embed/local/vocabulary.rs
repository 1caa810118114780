//! WordPiece over a flat hash table: pieces lie in one string, slots hold their places.
//!
//! Knows words and ids, not text.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

/// The `vocab` object of a tokenizer file, in file order.
#[derive(Debug)]
pub(crate) struct Entries<'a>(Vec<(Cow<'a, str>, u32)>);

impl Entries<'_> {
    /// The largest id.
    pub(crate) fn largest(&self) -> Option<u32> {
        self.0.iter().map(|(_, id)| *id).max()
    }
}

#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Vec<(Cow<'de, str>, u32)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map from words to ids")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::with_capacity(1 << 15);
                while let Some((Key(word), id)) = map.next_entry()? {
                    pairs.push((word, id));
                }
                Ok(pairs)
            }
        }
        deserializer.deserialize_map(Pairs).map(Entries)
    }
}

/// Pieces and their ids.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    starting: Table,
    continuing: Table,
    unknown: u32,
    longest_word: usize,
}

impl Vocabulary {
    /// `None` if the vocabulary lacks the token for unknown words.
    pub(crate) fn new(entries: Entries<'_>, unknown: &str, longest_word: usize) -> Option<Vocabulary> {
        let continuing = entries.0.iter().filter(|(word, _)| word.starts_with("##")).count();
        let mut vocabulary = Vocabulary {
            // A word may itself begin with `##` only as punctuation, which is always split off.
            starting: Table::with_capacity(entries.0.len()),
            continuing: Table::with_capacity(continuing),
            unknown: 0,
            longest_word,
        };
        for (word, id) in &entries.0 {
            vocabulary.starting.insert(word, *id);
            if let Some(rest) = word.strip_prefix("##") {
                vocabulary.continuing.insert(rest, *id);
            }
        }
        vocabulary.unknown = vocabulary.starting.get(unknown.as_bytes())?;
        Some(vocabulary)
    }

    /// The id of a word that is in the vocabulary as it stands.
    pub(crate) fn whole(&self, word: &str) -> Option<u32> {
        self.starting.get(word.as_bytes())
    }

    /// The id that stands for a word without pieces.
    pub(crate) fn unknown(&self) -> u32 {
        self.unknown
    }

    /// Appends the pieces of a word: the longest that fits, again and again; or the one unknown
    /// token if that fails anywhere.
    pub(crate) fn split(&self, word: &str, ids: &mut Vec<u32>) {
        if word.len() > self.longest_word && word.chars().count() > self.longest_word {
            ids.push(self.unknown);
            return;
        }
        let before = ids.len();
        let bytes = word.as_bytes();
        let mut start = 0;
        while start < bytes.len() {
            let table = if start == 0 { &self.starting } else { &self.continuing };
            let mut end = bytes.len().min(start + table.longest);
            let found = loop {
                if end <= start {
                    break None;
                }
                if word.is_char_boundary(end)
                    && let Some(id) = table.get(&bytes[start..end])
                {
                    break Some(id);
                }
                end -= 1;
            };
            let Some(id) = found else {
                ids.truncate(before);
                ids.push(self.unknown);
                return;
            };
            ids.push(id);
            start = end;
        }
    }
}

/// An open-addressed table from strings to ids, at most half full.
#[derive(Debug)]
struct Table {
    text: Vec<u8>,
    /// Start and length in `text`, and the id; a length of `u32::MAX` marks an empty slot.
    slots: Vec<(u32, u32, u32)>,
    longest: usize,
}

const EMPTY: u32 = u32::MAX;

impl Table {
    fn with_capacity(entries: usize) -> Table {
        let slots = (2 * entries + 2).next_power_of_two();
        Table { text: Vec::with_capacity(8 * entries), slots: vec![(0, EMPTY, 0); slots], longest: 0 }
    }

    /// The slot that holds `key`, or the empty one where it would go.
    fn slot(&self, key: &[u8]) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = hash(key) as usize & mask;
        loop {
            let (start, length, _) = self.slots[slot];
            if length == EMPTY || (length as usize == key.len() && &self.text[start as usize..][..key.len()] == key) {
                return slot;
            }
            slot = (slot + 1) & mask;
        }
    }

    fn insert(&mut self, key: &str, id: u32) {
        let slot = self.slot(key.as_bytes());
        self.slots[slot] = (self.text.len() as u32, key.len() as u32, id);
        self.text.extend_from_slice(key.as_bytes());
        self.longest = self.longest.max(key.len());
    }

    fn get(&self, key: &[u8]) -> Option<u32> {
        let (_, length, id) = self.slots[self.slot(key)];
        (length != EMPTY).then_some(id)
    }
}

/// A short multiplicative hash: keys are a handful of bytes and come from the model's own file.
fn hash(key: &[u8]) -> u64 {
    const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut state = key.len() as u64;
    let (words, rest) = key.as_chunks::<8>();
    for word in words {
        state = (state.rotate_left(5) ^ u64::from_le_bytes(*word)).wrapping_mul(MULTIPLIER);
    }
    let mut tail = 0;
    for byte in rest {
        tail = tail << 8 | u64::from(*byte);
    }
    state = (state.rotate_left(5) ^ tail).wrapping_mul(MULTIPLIER);
    state ^ state >> 32
}
