//! `docs_search` and `docs_read`: what a model may look up. The documents belong to kai's index, which
//! this crate does not know: the assistant answers these itself, and no host is asked.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Tool;
use crate::facts::{Facts, Scope};
use crate::plan::{Effect, Reason, Refusal};

/// Search the documentation: passages with page, heading and score.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DocsSearch {
    /// What to look for.
    pub query: String,
    /// So many passages.
    #[serde(default = "eight")]
    pub limit: u16,
    /// Only pages of this source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

fn eight() -> u16 {
    8
}

/// Read one page of the documentation, or one section of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DocsRead {
    /// The page: zfs-send(8), zfs-send.8, or its name in the index.
    pub page: String,
    /// Only the section under this heading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heading: Option<String>,
}

fn elsewhere() -> Refusal {
    Refusal::new(Reason::Unsupported, "documents are not looked up on a host")
        .hint("`kai search` and `kai ask` look them up")
}

impl Tool for DocsSearch {
    const ONLY_READS: bool = true;

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn scope(&self) -> Scope {
        Scope::default()
    }

    fn read(&self, _: &Facts) -> Result<Option<super::Table>, Refusal> {
        Err(elsewhere())
    }
}

impl Tool for DocsRead {
    const ONLY_READS: bool = true;

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn scope(&self) -> Scope {
        Scope::default()
    }

    fn read(&self, _: &Facts) -> Result<Option<super::Table>, Refusal> {
        Err(elsewhere())
    }
}
