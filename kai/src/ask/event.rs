//! What happens while a question is answered, and what the answer is in the end.
//!
//! Data only. The faces render these; nothing here prints, and nothing here decides.

use std::{fmt, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Passage;
use crate::model::{Finished, Wait};

/// Something that happened. All [`AskEvent::Text`] pieces together are exactly [`Answer::text`].
#[derive(Debug, Clone, PartialEq)]
pub enum AskEvent {
    /// The passages that the answer will be made from, best first.
    Passages(Vec<Source>),
    /// Who answers now. Sent again when the built-in engine takes over.
    Engine(EngineUsed),
    /// A sign of life, about once a second while nothing else happens.
    Waiting {
        /// What is being waited for.
        what: Wait,
        /// Since when.
        elapsed: Duration,
    },
    /// A piece of the model's reasoning; never part of the answer.
    Thinking(String),
    /// A piece of the answer, its citations checked and numbered.
    Text(String),
    /// A source cited for the first time; comes before the text that cites it.
    Citation(Citation),
    /// The model gave no complete answer; the built-in engine takes over.
    Fallback(Fallback),
    /// The end.
    Done(Box<Answer>),
}

/// Why the built-in engine took over from a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Fallback {
    /// The model's name, if it was known by then.
    pub from: Option<String>,
    /// What happened.
    pub reason: String,
    /// What a person can do about it.
    pub hint: Option<String>,
    /// Whether a part of the model's answer had been shown.
    pub broken_off: bool,
}

/// Who wrote an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum EngineUsed {
    /// The built-in engine: the documents' own sentences.
    BuiltIn,
    /// A model.
    Model {
        /// Its name on the server.
        name: String,
    },
}

impl fmt::Display for EngineUsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("built-in"),
            Self::Model { name } => f.write_str(name),
        }
    }
}

/// Where something stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Source {
    /// The page's name in the index.
    pub page: String,
    /// The page's title.
    pub title: String,
    /// The headings above the passage.
    pub heading: String,
    /// The documentation pack or folder.
    pub source: String,
    /// Where it can be read in a browser, if anywhere.
    pub url: Option<String>,
}

impl From<&Passage> for Source {
    fn from(passage: &Passage) -> Self {
        Self {
            page: passage.page.clone(),
            title: passage.title.clone(),
            heading: passage.heading.clone(),
            source: passage.source.clone(),
            url: passage.url.clone(),
        }
    }
}

/// One numbered source of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Citation {
    /// The number that stands in the text, from 1, in the order of appearance.
    pub number: usize,
    /// Where it stands.
    #[serde(flatten)]
    pub at: Source,
    /// The sentence of the passage that supports the first use, word for word.
    pub quote: Option<String>,
}

/// An answer, complete.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Answer {
    /// Markdown with numbers in square brackets.
    pub text: String,
    /// The sources behind the numbers, in order.
    pub citations: Vec<Citation>,
    /// Who wrote it. After a fallback this is the built-in engine.
    pub engine: EngineUsed,
    /// Whether it rests on the documents: it cites at least one passage that supports it.
    pub grounded: bool,
    /// Whether the search believed that the documents hold the answer.
    pub answerable: bool,
    /// The estimate behind that, 0 to 1.
    pub answerable_score: f32,
    /// The pages closest to the question; given when the answer does not rest on them.
    pub nearest: Vec<Source>,
    /// What a reader should know before relying on it, a sentence each.
    pub notes: Vec<String>,
    /// Why no model wrote it, if one was to.
    pub fallback: Option<Fallback>,
    /// What the model server counted, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
}

/// Tokens of all replies that an answer took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Usage {
    /// Of what was sent.
    pub prompt_tokens: u64,
    /// Of what was written.
    pub answer_tokens: u64,
}

impl Usage {
    /// What the server counted for one reply; nothing if it did not count both.
    #[must_use]
    pub fn of(finished: &Finished) -> Option<Self> {
        Some(Self { prompt_tokens: finished.prompt_tokens?, answer_tokens: finished.answer_tokens? })
    }

    /// The two together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            prompt_tokens: self.prompt_tokens.saturating_add(other.prompt_tokens),
            answer_tokens: self.answer_tokens.saturating_add(other.answer_tokens),
        }
    }
}
