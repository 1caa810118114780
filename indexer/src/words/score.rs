//! BM25F: one score a passage from the counts in its weighted fields.
//!
//! Robertson, Zaragoza: "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), section 3.4:
//! `score = Σ_t idf(t) · tf / (k1 + tf)` with `tf = Σ_f w_f · count_f / (1 - b_f + b_f · len_f / avglen_f)`
//! and `idf = ln(1 + (N - n + ½) / (n + ½))`.

use super::lexicon::{FIELDS, Lexicon};

/// The parameters. Fields are in the order body, title, headings, name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bm25f {
    /// How fast further occurrences stop counting.
    pub k1: f32,
    /// How much a field's length counts against it, 0 to 1.
    pub b: [f32; FIELDS],
    /// What one occurrence in a field counts.
    pub weight: [f32; FIELDS],
}

impl Default for Bm25f {
    fn default() -> Self {
        Self { k1: 0.8, b: [0.5, 0.5, 0.5, 0.5], weight: [1.0, 3.0, 1.0, 2.0] }
    }
}

/// What the words of a question say about every passage of an index.
#[derive(Debug, Clone)]
pub struct WordScores {
    /// BM25F by ordinal; 0 where no word of the question stands.
    pub scores: Vec<f32>,
    /// By ordinal: the idf of the question's terms that stand in the passage.
    covered: Vec<f32>,
    /// The idf of all of its terms.
    total: f32,
}

impl WordScores {
    /// The share of the question's idf whose terms stand in a passage, 0 to 1.
    #[must_use]
    pub fn covered(&self, ordinal: usize) -> f32 {
        if self.total > 0.0 { self.covered[ordinal] / self.total } else { 0.0 }
    }
}

impl Bm25f {
    /// Scores every passage for the terms of a question.
    #[must_use]
    pub fn score(&self, lexicon: &Lexicon, terms: &[String]) -> WordScores {
        let passages = lexicon.ids().len();
        let average = lexicon.averages();
        let mut scores = vec![0.0; passages];
        let mut covered = vec![0.0; passages];
        let mut total = 0.0;
        let mut hits: Vec<(usize, f32)> = Vec::new();
        for (at, term) in terms.iter().enumerate() {
            if terms[..at].contains(term) {
                continue;
            }
            hits.clear();
            let found = lexicon.each(term, |ordinal, counts| {
                let lengths = lexicon.lengths()[ordinal];
                let tf: f32 = (0..FIELDS)
                    .filter(|&field| counts[field] > 0)
                    .map(|field| {
                        let long = f32::from(lengths[field]) / average[field];
                        self.weight[field] * f32::from(counts[field]) / (1.0 - self.b[field] + self.b[field] * long)
                    })
                    .sum();
                hits.push((ordinal, tf / (self.k1 + tf)));
            });
            // A compound that stands nowhere is judged by its parts alone.
            if found == 0 && !term.chars().all(char::is_alphanumeric) {
                continue;
            }
            let idf = idf(passages, found);
            total += idf;
            for &(ordinal, saturated) in &hits {
                scores[ordinal] += idf * saturated;
                covered[ordinal] += idf;
            }
        }
        WordScores { scores, covered, total }
    }
}

pub(super) fn idf(passages: usize, found: usize) -> f32 {
    let (n, found) = (passages as f32, found as f32);
    (1.0 + (n - found + 0.5) / (found + 0.5)).ln()
}
