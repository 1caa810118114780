//! What ranking needs of an index, in memory: postings, vectors, and which page a passage is on.

use std::collections::HashMap;

use super::bytes::ByteVectors;
use crate::embed::EmbedderId;
use crate::store::{Key, PassageHead, Reader, StoreError};
use crate::words::{Lexicon, PageWords};

/// The row of a passage that has none.
pub(super) const LOST: u64 = u64::MAX;

/// One version of an index in memory. Passages are counted by their ordinal in the lexicon.
#[derive(Debug)]
pub(super) struct Resident {
    pub(super) lexicon: Lexicon,
    pub(super) page_words: PageWords,
    heads: Vec<PassageHead>,
    source_of: Vec<u16>,
    sources: Vec<String>,
    vectors: ByteVectors,
    /// By vector, the ordinals of the passages it belongs to, as a range in `owners`.
    owner_ranges: Vec<(u32, u32)>,
    owners: Vec<u32>,
    with_vector: usize,
}

impl Resident {
    pub(super) async fn load(reader: &Reader, embedder: Option<&EmbedderId>) -> Result<Self, StoreError> {
        let (lexicon, heads, page_sources, (keys, vectors)) =
            tokio::try_join!(reader.lexicon(), reader.heads(), reader.page_sources(), vectors(reader, embedder))?;
        Ok(Self::assemble(lexicon, heads, &page_sources, &keys, vectors))
    }

    fn assemble(
        lexicon: Lexicon,
        heads: Vec<PassageHead>,
        pages: &[(u32, String)],
        keys: &[Key],
        vectors: ByteVectors,
    ) -> Self {
        let heads = in_order_of(lexicon.ids(), heads);
        let mut sources: Vec<String> = pages.iter().map(|(_, source)| source.clone()).collect();
        sources.sort_unstable();
        sources.dedup();
        let number = |name: &String| sources.binary_search(name).ok().and_then(|at| u16::try_from(at).ok());
        let source_of_page: HashMap<u32, u16> =
            pages.iter().filter_map(|(id, source)| Some((*id, number(source)?))).collect();
        let source_of =
            heads.iter().map(|head| source_of_page.get(&head.page_id).copied().unwrap_or(u16::MAX)).collect();
        let (owner_ranges, owners, with_vector) = owners(&heads, keys);
        let first_of_page = first_of_page(&heads);
        let page_words = PageWords::new(&lexicon, first_of_page);
        Self { lexicon, page_words, heads, source_of, sources, vectors, owner_ranges, owners, with_vector }
    }

    pub(super) fn passages(&self) -> usize {
        self.heads.len()
    }

    pub(super) fn head(&self, ordinal: usize) -> PassageHead {
        self.heads[ordinal]
    }

    /// The passages of these pages: page by page, in the order of the text.
    pub(super) fn of_pages(&self, pages: &[u32]) -> Vec<PassageHead> {
        let order: HashMap<u32, usize> = pages.iter().enumerate().map(|(at, page)| (*page, at)).collect();
        let mut heads: Vec<PassageHead> =
            self.heads.iter().filter(|head| order.contains_key(&head.page_id)).copied().collect();
        heads.sort_by_key(|head| (order.get(&head.page_id), head.place));
        heads
    }

    pub(super) fn vectors(&self) -> &ByteVectors {
        &self.vectors
    }

    /// For each vector, the ordinals of the passages it belongs to.
    pub(super) fn owners(&self) -> impl Iterator<Item = &[u32]> {
        self.owner_ranges.iter().map(|&(from, to)| &self.owners[from as usize..to as usize])
    }

    /// The share of passages that have a vector, 0 to 1.
    pub(super) fn vector_share(&self) -> f32 {
        if self.heads.is_empty() { 0.0 } else { self.with_vector as f32 / self.heads.len() as f32 }
    }

    pub(super) fn source(&self, name: &str) -> Option<u16> {
        self.sources.iter().position(|source| source == name).and_then(|at| u16::try_from(at).ok())
    }

    pub(super) fn source_names(&self) -> &[String] {
        &self.sources
    }

    pub(super) fn is_from(&self, ordinal: usize, source: u16) -> bool {
        self.source_of[ordinal] == source
    }
}

/// The vectors of an embedder, with the keys of the passages they belong to.
async fn vectors(reader: &Reader, embedder: Option<&EmbedderId>) -> Result<(Vec<Key>, ByteVectors), StoreError> {
    let mut keys = Vec::new();
    let mut vectors = ByteVectors::new(embedder.map_or(0, |embedder| embedder.dimensions));
    if let Some(embedder) = embedder {
        let each = |key, vector: &[f32]| {
            keys.push(key);
            vectors.push(vector);
        };
        reader.each_vector(embedder, each).await?;
    }
    vectors.shrink();
    Ok((keys, vectors))
}

/// The heads in the lexicon's order. Both come from one version of the table; a passage that only
/// one of them had would be a fault of the store, and gets a head that no page claims.
fn in_order_of(ids: &[u32], heads: Vec<PassageHead>) -> Vec<PassageHead> {
    let by_id: HashMap<u32, PassageHead> = heads.into_iter().map(|head| (head.id, head)).collect();
    let lost = |id| PassageHead { id, page_id: 0, place: u32::MAX, key: [0; 16], row: LOST };
    ids.iter().map(|&id| by_id.get(&id).copied().unwrap_or_else(|| lost(id))).collect()
}

fn first_of_page(heads: &[PassageHead]) -> Vec<u32> {
    let mut first: HashMap<u32, (u32, u32)> = HashMap::new();
    for (ordinal, head) in (0_u32..).zip(heads) {
        let entry = first.entry(head.page_id).or_insert((head.place, ordinal));
        if head.place < entry.0 {
            *entry = (head.place, ordinal);
        }
    }
    heads.iter().map(|head| first.get(&head.page_id).map_or(0, |(_, ordinal)| *ordinal)).collect()
}

/// Passages of equal text share their vectors, and a long passage has several.
fn owners(heads: &[PassageHead], keys: &[Key]) -> (Vec<(u32, u32)>, Vec<u32>, usize) {
    let mut ordinals: Vec<u32> = (0_u32..).take(heads.len()).collect();
    ordinals.sort_unstable_by_key(|&ordinal| heads[ordinal as usize].key);
    let key_at = |at: usize| heads[ordinals[at] as usize].key;
    let mut ranges = HashMap::with_capacity(heads.len());
    let mut start = 0;
    for at in 1..=ordinals.len() {
        if at == ordinals.len() || key_at(at) != key_at(start) {
            ranges.insert(key_at(start), (start as u32, at as u32));
            start = at;
        }
    }
    let owner_ranges: Vec<(u32, u32)> = keys.iter().map(|key| ranges.get(key).copied().unwrap_or((0, 0))).collect();
    let mut has = vec![false; heads.len()];
    for &(from, to) in &owner_ranges {
        for &ordinal in &ordinals[from as usize..to as usize] {
            has[ordinal as usize] = true;
        }
    }
    (owner_ranges, ordinals, has.iter().filter(|has| **has).count())
}
