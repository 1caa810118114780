//! What is asked, and what comes back.

use serde::Serialize;

use crate::embed::EmbedError;

/// A question and how it is to be searched for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Query {
    /// The question, in a person's words.
    pub text: String,
    /// At most this many passages.
    pub limit: usize,
    /// Only pages of this source.
    pub source: Option<String>,
    /// Leave the vectors out, even where there are some.
    pub words_only: bool,
}

/// The answer to a [`Query`], best passage first. Its JSON shape is part of kai's interface.
#[derive(Debug, Serialize)]
pub struct Found {
    /// The question as it was asked.
    pub query: String,
    /// From the question to the texts, the question's embedding included, in milliseconds.
    pub took_ms: f64,
    /// What of that was the question's embedding.
    #[serde(skip)]
    pub embed_ms: f64,
    /// Whether the pages seem to hold an answer.
    pub answerable: bool,
    /// How sure that is, 0 to 1.
    pub answerable_score: f32,
    /// What the ranking went by.
    pub mode: Mode,
    /// Why vectors were not used although the index has some.
    #[serde(skip)]
    pub problem: Option<EmbedError>,
    /// Best first.
    pub hits: Vec<Hit>,
}

/// What a ranking went by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Words alone.
    Words,
    /// Words, and vectors where they exist already.
    Partial,
    /// Words and vectors.
    Hybrid,
}

/// One passage.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hit {
    /// The page's name within its source.
    pub page: String,
    /// The page's title.
    pub title: String,
    /// The heading path, outermost first, joined by ` > `; empty before the first heading.
    pub heading: String,
    /// The source it belongs to.
    pub source: String,
    /// 0 to 1, comparable within one answer only.
    pub score: f32,
    /// The passage.
    pub text: String,
    /// Where a person can open it.
    pub url: String,
}
