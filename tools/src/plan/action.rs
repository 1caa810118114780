//! What a step does.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Condition, hex};
use crate::host::Command;
use crate::names::HostPath;

/// One thing done to a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Runs a program, which has to exit with 0.
    Run(Command),
    /// Runs a program again and again while it says that the object is busy, for some seconds.
    RunWhileBusy(Command),
    /// Writes a file that is not there yet.
    Create {
        /// Where.
        path: HostPath,
        /// What.
        content: Content,
        /// Its permissions.
        mode: u32,
    },
    /// Copies a file to a name that is free, with owner and permissions.
    Copy {
        /// From where.
        from: HostPath,
        /// To where.
        to: HostPath,
    },
    /// Removes a file.
    Remove {
        /// Which.
        path: HostPath,
    },
    /// Waits until something holds.
    Await {
        /// What.
        condition: Condition,
        /// For so many seconds at most.
        seconds: u32,
    },
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(command) | Self::RunWhileBusy(command) => command.fmt(f),
            Self::Create { path, content, mode } => write!(f, "write {path} ({} bytes, mode {mode:o})", content.len()),
            Self::Copy { from, to } => write!(f, "copy {from} to {to}"),
            Self::Remove { path } => write!(f, "remove {path}"),
            Self::Await { condition, seconds } => write!(f, "wait until {condition}, for {seconds} s at most"),
        }
    }
}

/// A file's content. In a digest and in the journal it stands as its SHA-256: it may hold secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Content {
    sha256: String,
    len: usize,
    /// Absent in what was read back from a journal.
    bytes: Option<Vec<u8>>,
}

impl Content {
    /// Those bytes.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self { sha256: hex(&Sha256::digest(&bytes)), len: bytes.len(), bytes: Some(bytes) }
    }

    /// How many bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The digest, in hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The bytes; none in a plan that was read from a journal.
    #[must_use]
    pub fn bytes(&self) -> Option<&[u8]> {
        self.bytes.as_deref()
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Content({} bytes)", self.len)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    sha256: String,
    len: usize,
}

impl Serialize for Content {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Written { sha256: self.sha256.clone(), len: self.len }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Written { sha256, len } = Written::deserialize(deserializer)?;
        Ok(Self { sha256, len, bytes: None })
    }
}
