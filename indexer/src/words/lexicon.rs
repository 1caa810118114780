//! The full-text index: every term, where it stands, and how long each passage's fields are.
//!
//! Built in memory, kept by the store as two columns (term, postings) sorted by term, and read back
//! without being taken apart: a look-up is a binary search.

use std::collections::HashMap;

use arrow_array::{Array, BinaryArray, StringArray};

use super::analyze::Analyzer;
use super::postings::{self, Counts};

/// Body, title, headings, page name.
pub(crate) const FIELDS: usize = 4;

/// The texts of one passage that are searched by words, each with a weight of its own.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'a> {
    /// What the passage says.
    pub body: &'a str,
    /// The page's title.
    pub title: &'a str,
    /// The heading path.
    pub headings: &'a str,
    /// The page's name: its path.
    pub name: &'a str,
}

/// Terms to postings over the passages of one index version.
#[derive(Debug, Clone)]
pub struct Lexicon {
    terms: StringArray,
    postings: BinaryArray,
    ids: Vec<u32>,
    lengths: Vec<[u16; FIELDS]>,
    averages: [f32; FIELDS],
}

/// The columns are not those of a lexicon.
#[derive(Debug, thiserror::Error)]
#[error("the full-text index is damaged: {0}")]
pub struct DamagedLexicon(&'static str);

impl Lexicon {
    /// From the store's columns. The first row, whose term is empty, holds each passage's id and
    /// field lengths; the others are sorted by term.
    ///
    /// # Errors
    /// If the columns do not fit one another or the first row is not what it should be.
    pub fn from_columns(terms: StringArray, postings: BinaryArray) -> Result<Self, DamagedLexicon> {
        if terms.is_empty() || terms.len() != postings.len() || !terms.value(0).is_empty() {
            return Err(DamagedLexicon("its first row is not the list of passages"));
        }
        const ROW: usize = 4 + 2 * FIELDS;
        let rows = postings.value(0);
        if !rows.len().is_multiple_of(ROW) {
            return Err(DamagedLexicon("its list of passages is cut off"));
        }
        let mut ids = Vec::with_capacity(rows.len() / ROW);
        let mut lengths = Vec::with_capacity(rows.len() / ROW);
        for row in rows.chunks_exact(ROW) {
            ids.push(u32::from_le_bytes([row[0], row[1], row[2], row[3]]));
            lengths.push(std::array::from_fn(|field| u16::from_le_bytes([row[4 + 2 * field], row[5 + 2 * field]])));
        }
        Ok(Self { terms, postings, averages: averages(&lengths), ids, lengths })
    }

    /// The two columns that [`Self::from_columns`] reads.
    #[must_use]
    pub fn columns(&self) -> (StringArray, BinaryArray) {
        (self.terms.clone(), self.postings.clone())
    }

    /// The ids of the passages, by ordinal.
    #[must_use]
    pub fn ids(&self) -> &[u32] {
        &self.ids
    }

    pub(super) fn lengths(&self) -> &[[u16; FIELDS]] {
        &self.lengths
    }

    /// The mean length of each field, at least 1.
    pub(super) fn averages(&self) -> [f32; FIELDS] {
        self.averages
    }

    /// Calls `sink` with each ordinal that has `term`. Returns how many there were.
    pub(super) fn each(&self, term: &str, mut sink: impl FnMut(usize, Counts)) -> usize {
        let Some(row) = self.find(term) else { return 0 };
        let mut count = 0;
        postings::decode(self.postings.value(row), |ordinal, counts| {
            if (ordinal as usize) < self.ids.len() {
                count += 1;
                sink(ordinal as usize, counts);
            }
        });
        count
    }

    fn find(&self, term: &str) -> Option<usize> {
        let (mut low, mut high) = (1, self.terms.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.terms.value(middle).cmp(term) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(middle),
            }
        }
        None
    }
}

/// Gathers passages into a [`Lexicon`].
#[derive(Debug, Default)]
pub struct LexiconBuilder {
    analyzer: Analyzer,
    postings: HashMap<String, Vec<(u32, Counts)>>,
    ids: Vec<u32>,
    lengths: Vec<[u16; FIELDS]>,
}

impl LexiconBuilder {
    /// Adds one passage.
    pub fn add(&mut self, id: u32, fields: Fields<'_>) {
        let ordinal = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
        let mut lengths = [0_u16; FIELDS];
        for (field, text) in [fields.body, fields.title, fields.headings, fields.name].into_iter().enumerate() {
            let postings = &mut self.postings;
            self.analyzer.terms(text, |term| {
                lengths[field] = lengths[field].saturating_add(1);
                let list = match postings.get_mut(term) {
                    Some(list) => list,
                    None => postings.entry(term.to_owned()).or_default(),
                };
                match list.last_mut() {
                    Some((last, counts)) if *last == ordinal => counts[field] = counts[field].saturating_add(1),
                    _ => {
                        let mut counts = Counts::default();
                        counts[field] = 1;
                        list.push((ordinal, counts));
                    }
                }
            });
        }
        self.ids.push(id);
        self.lengths.push(lengths);
    }

    /// Puts the passages of `other` behind those of `self`.
    #[must_use]
    pub fn append(mut self, other: Self) -> Self {
        let base = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
        for (term, list) in other.postings {
            let shifted = list.into_iter().map(|(ordinal, counts)| (ordinal.saturating_add(base), counts));
            self.postings.entry(term).or_default().extend(shifted);
        }
        self.ids.extend(other.ids);
        self.lengths.extend(other.lengths);
        self
    }

    /// The finished index.
    #[must_use]
    pub fn finish(self) -> Lexicon {
        let mut entries: Vec<_> = self.postings.into_iter().collect();
        entries.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        let mut passages = Vec::with_capacity(self.ids.len() * (4 + 2 * FIELDS));
        for (id, lengths) in self.ids.iter().zip(&self.lengths) {
            passages.extend_from_slice(&id.to_le_bytes());
            lengths.iter().for_each(|length| passages.extend_from_slice(&length.to_le_bytes()));
        }
        let terms = std::iter::once("").chain(entries.iter().map(|(term, _)| term.as_str()));
        let terms = StringArray::from_iter_values(terms);
        let lists = entries.iter().map(|(_, list)| encoded(list));
        let postings = BinaryArray::from_iter_values(std::iter::once(passages).chain(lists));
        Lexicon { terms, postings, ids: self.ids, averages: averages(&self.lengths), lengths: self.lengths }
    }
}

fn encoded(list: &[(u32, Counts)]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(list.len() * 3);
    let mut last = 0;
    for &(ordinal, counts) in list {
        postings::encode(&mut bytes, ordinal + 1 - last, counts);
        last = ordinal + 1;
    }
    bytes
}

fn averages(lengths: &[[u16; FIELDS]]) -> [f32; FIELDS] {
    let mut sums = [0_u64; FIELDS];
    for row in lengths {
        for field in 0..FIELDS {
            sums[field] += u64::from(row[field]);
        }
    }
    sums.map(|sum| (sum as f32 / lengths.len().max(1) as f32).max(1.0))
}
