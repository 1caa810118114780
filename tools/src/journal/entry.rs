//! One line of the journal.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::names::{Guid, Stamp};
use crate::plan::{Plan, hex};

/// How an operation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All of it was done and read back.
    Done,
    /// It failed, and what it had done was taken back.
    TakenBack,
    /// It failed, and something could not be taken back.
    Left,
}

/// Something that happened in an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub enum Event {
    /// It is about to begin. What it will do is in the plan.
    Started {
        /// The plan, contents of files as digests.
        plan: Box<Plan>,
        /// Its digest.
        digest: String,
        /// The user who started it.
        by: String,
    },
    /// A step is about to be done.
    Begin {
        /// Which.
        step: usize,
    },
    /// A step was done and read back.
    Done {
        /// Which.
        step: usize,
        /// What it made: names and guids.
        made: Vec<(String, Guid)>,
    },
    /// A step failed.
    Failed {
        /// Which.
        step: usize,
        /// Why.
        error: String,
    },
    /// An optional step was left out: it failed and was taken back, or what it belongs to was left out.
    LeftOut {
        /// Which.
        step: usize,
        /// Why.
        why: String,
    },
    /// Part of a step was taken back.
    Undone {
        /// Which step.
        step: usize,
        /// Which part of its undoing.
        part: usize,
    },
    /// Part of a step was not taken back.
    NotUndone {
        /// Which step.
        step: usize,
        /// Which part of its undoing.
        part: usize,
        /// Why.
        why: String,
    },
    /// It has ended.
    Ended {
        /// How.
        outcome: Outcome,
        /// In words.
        message: String,
    },
    /// It was undone by another operation.
    Reversed {
        /// Which.
        by: String,
    },
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// From 1, without gaps.
    pub seq: u64,
    /// When.
    pub at: Stamp,
    /// The operation: its plan's id.
    pub op: String,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
    /// The hash of the line before; empty in the first.
    pub prev: String,
    /// SHA-256 over this line without this field, in hexadecimal.
    pub hash: String,
}

impl Entry {
    /// The next line after one with that number and hash.
    pub(super) fn after(seq: u64, prev: &str, at: Stamp, op: &str, event: Event) -> Self {
        let mut entry = Self { seq: seq + 1, at, op: op.to_owned(), event, prev: prev.to_owned(), hash: String::new() };
        entry.hash = entry.expected_hash();
        entry
    }

    /// The line that stands behind one with that number and hash, if it follows from it; else what is wrong.
    pub(super) fn following(seq: u64, prev: &str, line: &[u8]) -> Result<Self, String> {
        let entry: Self = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        if entry.seq != seq + 1 || entry.prev != prev {
            return Err("a line is missing or in the wrong place".to_owned());
        }
        if entry.hash != entry.expected_hash() {
            return Err("its content does not fit its hash".to_owned());
        }
        Ok(entry)
    }

    /// What its hash has to be.
    fn expected_hash(&self) -> String {
        let unhashed = Self { hash: String::new(), ..self.clone() };
        hex(&Sha256::digest(serde_json::to_vec(&unhashed).unwrap_or_default()))
    }
}
