//! BM25 of whole pages: which page a question is about, whatever passage says it best.
//!
//! A passage of a page that is about something else altogether is often a passing mention; ranking
//! by the page as well holds it back.

use super::lexicon::Lexicon;
use super::score::idf;

const K1: f32 = 1.5;
const B: f32 = 0.6;
/// What one occurrence in the title counts, and in the headings above each passage.
const TITLE: f32 = 3.0;
const HEADING: f32 = 1.0;

/// How passages make up pages, by the ordinal of each page's first passage.
#[derive(Debug, Clone)]
pub struct PageWords {
    /// By passage, the ordinal of the first passage of its page.
    first_of_page: Vec<u32>,
    /// By ordinal of a first passage, the terms on the whole page; 0 elsewhere.
    lengths: Vec<f32>,
    average: f32,
    pages: usize,
}

impl PageWords {
    /// Adds up the lengths of the passages of each page.
    #[must_use]
    pub fn new(lexicon: &Lexicon, first_of_page: Vec<u32>) -> Self {
        let mut lengths = vec![0.0_f32; first_of_page.len()];
        for (&first, fields) in first_of_page.iter().zip(lexicon.lengths()) {
            // At least one, so that every page counts as one.
            lengths[first as usize] += f32::from(fields[0]).max(1.0);
        }
        let pages = lengths.iter().filter(|length| **length > 0.0).count().max(1);
        let average = (lengths.iter().sum::<f32>() / pages as f32).max(1.0);
        Self { first_of_page, lengths, average, pages }
    }

    /// The ordinal of the first passage of the page that a passage is on.
    #[must_use]
    pub fn first_of_page(&self, ordinal: usize) -> usize {
        self.first_of_page[ordinal] as usize
    }

    /// Scores every page for the terms of a question, by the ordinal of its first passage.
    #[must_use]
    pub fn score(&self, lexicon: &Lexicon, terms: &[String]) -> Vec<f32> {
        let mut scores = vec![0.0; self.first_of_page.len()];
        // What one term counts on each page, and which pages that is.
        let mut counts = vec![0.0_f32; self.first_of_page.len()];
        let mut pages: Vec<u32> = Vec::new();
        for (at, term) in terms.iter().enumerate() {
            if terms[..at].contains(term) {
                continue;
            }
            lexicon.each(term, |ordinal, fields| {
                let first = self.first_of_page[ordinal];
                let count = &mut counts[first as usize];
                // A page that a passage was found on is known by being above zero, however little that counts.
                if *count == 0.0 {
                    *count = f32::MIN_POSITIVE;
                    pages.push(first);
                }
                // The title stands on every passage of the page, and counts once.
                let title = if first as usize == ordinal { TITLE * f32::from(fields[1]) } else { 0.0 };
                *count += f32::from(fields[0]) + title + HEADING * f32::from(fields[2]);
            });
            let idf = idf(self.pages, pages.len());
            for first in pages.drain(..) {
                let first = first as usize;
                let count = std::mem::take(&mut counts[first]);
                let tf = count / (1.0 - B + B * self.lengths[first] / self.average);
                scores[first] += idf * tf / (K1 + tf);
            }
        }
        scores
    }
}
