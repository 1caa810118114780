//! What a question brings along: the passages that a search found, and how good they look.
//!
//! Plain data. Who searched, and with what, is not known here.

use schemars::JsonSchema;
use serde::Serialize;

/// One passage of one page, as it goes to a model or to the built-in engine.
#[derive(Debug, Clone, PartialEq, Default, Serialize, JsonSchema)]
pub struct Passage {
    /// The page's name in the index: its path relative to the source's folder, or its URL.
    pub page: String,
    /// The page's title (`zfs-send(8)`).
    pub title: String,
    /// The headings above the passage, outermost first; empty at the top of a page.
    pub heading: String,
    /// The documentation pack or folder that the page belongs to.
    pub source: String,
    /// Where the passage can be read in a browser, if anywhere.
    pub url: Option<String>,
    /// Blocks separated by blank lines. Code stands between ``` lines, a table has ` | ` between
    /// its cells, a definition has its term on the first line and the explanation after it.
    pub text: String,
    /// The search's score; only its order within one question means anything.
    pub score: f32,
}

/// A question with the passages found for it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Question {
    /// What the person asked.
    pub text: String,
    /// Best first, about a dozen.
    pub passages: Vec<Passage>,
    /// Whether the search believes that the documents hold the answer. An estimate, not a verdict.
    pub answerable: bool,
    /// The estimate behind it, 0 to 1.
    pub answerable_score: f32,
    /// What a reader should know about the search, a sentence each. They become notes of the answer.
    pub notes: Vec<String>,
}
