//! What a caller wants of a reply, beside what was said. What it does not say is as kai has it.

use serde_json::{Number, Value, json};

/// How the next reply is to be written. Numbers are passed on as they came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wishes {
    /// How freely words are chosen.
    pub temperature: Option<Number>,
    /// From how much of what is likely.
    pub top_p: Option<Number>,
    /// At most so many tokens.
    pub most_tokens: Option<u64>,
    /// What ends a reply when it is written.
    pub stop: Vec<String>,
    /// The same number with the same conversation should give the same words.
    pub seed: Option<i64>,
    /// Whether a tool may, or has to, be called.
    pub choice: Option<Choice>,
    /// A reply is taken as it is: empty, or cut off at its limit ([`super::Finished::cut_off`]).
    /// Otherwise that is an error.
    pub as_it_is: bool,
}

/// Whether a tool may, or has to, be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// None may.
    None,
    /// The model decides.
    Auto,
    /// One has to.
    Required,
    /// This one has to.
    Named(String),
}

impl Choice {
    /// Whether a reply without a call would not be what was wanted.
    #[must_use]
    pub fn is_demand(&self) -> bool {
        matches!(self, Self::Required | Self::Named(_))
    }

    /// As OpenAI's protocol has it.
    pub(super) fn written(&self) -> Value {
        match self {
            Self::None => json!("none"),
            Self::Auto => json!("auto"),
            Self::Required => json!("required"),
            Self::Named(name) => json!({ "type": "function", "function": { "name": name } }),
        }
    }
}

impl Wishes {
    /// Whether no tool may be called.
    pub(super) fn no_call(&self) -> bool {
        self.choice == Some(Choice::None)
    }

    /// Whether one has to be.
    pub(super) fn demands_call(&self) -> bool {
        self.choice.as_ref().is_some_and(Choice::is_demand)
    }
}
