//! `docs_search` and `docs_read`: what a model may look up. The documents belong to kai's index, which
//! this crate does not know: the assistant answers these itself, and no host is asked.

use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use super::Tool;
use crate::facts::{Facts, Scope};
use crate::plan::{Effect, Reason, Refusal};

/// Search the documentation: passages with page, heading and score.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DocsSearch {
    /// What to look for.
    #[serde(deserialize_with = "words")]
    #[schemars(length(min = 1, max = 4096))]
    pub query: String,
    /// So many passages.
    #[serde(default = "eight", deserialize_with = "passages")]
    #[schemars(range(min = 1, max = 200))]
    pub limit: u16,
    /// Only pages of this source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

fn eight() -> u16 {
    8
}

/// The longest query, in bytes.
pub const LONGEST_QUERY: usize = 4096;
/// The most passages that one search gives.
pub const MOST_PASSAGES: u16 = 200;

fn words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let query = String::deserialize(deserializer)?;
    if query.trim().is_empty() {
        return Err(D::Error::custom("the query is empty"));
    }
    if query.len() > LONGEST_QUERY {
        return Err(D::Error::custom(format!("the query is longer than {LONGEST_QUERY} bytes")));
    }
    Ok(query)
}

fn passages<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let limit = u16::deserialize(deserializer)?;
    if (1..=MOST_PASSAGES).contains(&limit) {
        return Ok(limit);
    }
    Err(D::Error::custom(format!("limit is from 1 to {MOST_PASSAGES}")))
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
