//! Requests to a server, many at a time: how many it answers a second, how long each takes, and what its
//! memory does meanwhile. Knows nothing of what is asked: whatever speaks HTTP can be measured beside kai.

mod load;
mod memory;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use load::{Load, Measured};
pub use memory::resident;

/// One request, as a line of a file has it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wire {
    /// `GET`, if nothing is said.
    #[serde(default = "get")]
    pub method: String,
    /// Where.
    pub url: String,
    /// What is sent, as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<serde_json::Value>,
}

fn get() -> String {
    "GET".to_owned()
}

/// Why a server could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum ServingError {
    /// The requests could not be read.
    #[error("{} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line is no request.
    #[error("line {line} of {} is no request", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// Why.
        source: serde_json::Error,
    },
    /// There is nothing to send.
    #[error("{} has no requests", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A request cannot be made of it.
    #[error("{method} {url} is no request")]
    Request {
        /// How.
        method: String,
        /// Where.
        url: String,
    },
    /// The client cannot be set up.
    #[error("the client cannot be set up")]
    Client(#[source] reqwest::Error),
}

/// The requests of a file of JSON lines.
///
/// # Errors
/// If it cannot be read, or a line is none.
pub fn read(path: &Path) -> Result<Vec<Wire>, ServingError> {
    let text = std::fs::read_to_string(path).map_err(|source| ServingError::Read { path: path.to_owned(), source })?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let requests: Result<Vec<Wire>, ServingError> = lines
        .map(|(at, line)| {
            let bad = |source| ServingError::Line { path: path.to_owned(), line: at + 1, source };
            serde_json::from_str(line).map_err(bad)
        })
        .collect();
    let requests = requests?;
    if requests.is_empty() { Err(ServingError::Empty { path: path.to_owned() }) } else { Ok(requests) }
}
