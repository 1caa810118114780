//! Search by words: text to terms, terms to postings, postings to BM25F scores.
//!
//! Knows nothing of vectors or stores; the store keeps what [`Lexicon`] encodes to.

mod analyze;
mod lexicon;
mod name;
mod pages;
mod postings;
mod score;
mod stop;

pub use analyze::{Analyzer, Term};
pub use lexicon::{Fields, Lexicon, LexiconBuilder};
pub use name::page_name;
pub use pages::PageWords;
pub use score::{Bm25f, WordScores};
