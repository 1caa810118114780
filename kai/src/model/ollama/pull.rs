//! Fetching a model that the server does not have yet.
//!
//! The server fetches; what comes here is its reports. Whether it is wanted was asked before. Dropping
//! the future stops the fetch; the next one goes on where it stopped.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::Ollama;
use crate::model::{
    ModelError, ModelEvent, Wait,
    lines::{Line, Lines},
    link::{Refusal, words_of},
    stream::beginning,
};

/// Receives the reports.
pub type PullSink<'a> = &'a mut (dyn FnMut(PullEvent) + Send);

/// What is reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PullEvent {
    /// Nothing came for a while; sent about once a second.
    Waiting {
        /// Since when.
        elapsed: Duration,
    },
    /// How far it is.
    Progress(Progress),
}

/// How far a fetch is. A model comes in parts; the figures are those of one part.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Progress {
    /// What is being done: `pulling manifest`, `pulling 96c415656d37`, `verifying sha256 digest` …
    #[serde(default)]
    pub status: String,
    /// The part, by its digest.
    pub digest: Option<String>,
    /// Its size in bytes.
    pub total: Option<u64>,
    /// How much of it is there. Missing at the beginning.
    pub completed: Option<u64>,
}

/// Checking the digest of a large file is long and silent; this many times the usual silence is
/// waited out.
const PATIENCE: u32 = 10;
const SUCCESS: &str = "success";

/// What one line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PullLine {
    /// How far it is.
    Progress(Progress),
    /// It is done. Nothing after it is read.
    Done,
    /// It failed; the server's words.
    Failed(String),
    /// A line that is no JSON of this protocol; its beginning.
    Garbage(String),
}

/// Puts lines together and reads them.
#[derive(Debug, Default)]
pub struct PullReader {
    lines: Lines,
    ended: bool,
}

impl PullReader {
    /// Takes the next bytes and returns what they complete.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<PullLine> {
        let mut out = Vec::new();
        let Self { lines, ended } = self;
        lines.push(bytes, |line| read(ended, line, &mut out));
        out
    }

    /// The end of the bytes.
    pub fn finish(&mut self) -> Vec<PullLine> {
        let mut out = Vec::new();
        let Self { lines, ended } = self;
        lines.finish(|line| read(ended, line, &mut out));
        out
    }
}

fn read(ended: &mut bool, line: Line, out: &mut Vec<PullLine>) {
    let (value, line) = match line {
        Line::Whole(line) => (serde_json::from_slice::<Value>(&line).ok(), line),
        Line::TooLong(line) => (None, line),
    };
    if *ended || line.trim_ascii().is_empty() {
        return;
    }
    let said = match value {
        Some(value) => match value.get("error") {
            Some(error) if !error.is_null() => PullLine::Failed(words_of(error)),
            _ => match serde_json::from_value::<Progress>(value) {
                Ok(progress) if progress.status == SUCCESS => PullLine::Done,
                Ok(progress) => PullLine::Progress(progress),
                Err(_) => PullLine::Garbage(beginning(&line)),
            },
        },
        None => PullLine::Garbage(beginning(&line)),
    };
    *ended = !matches!(said, PullLine::Progress(_));
    out.push(said);
}

impl Ollama {
    /// Has the server fetch a model, such as [`ModelError::pullable`] names.
    ///
    /// # Errors
    /// The server cannot be reached or breaks off, knows no such model, or cannot fetch or keep it.
    pub async fn pull(&self, model: &str, sink: PullSink<'_>) -> Result<(), ModelError> {
        const DOING: &str = "fetching a model";
        let failed =
            |message: &str| ModelError::PullFailed { model: model.to_owned(), message: self.link.clean(message) };
        let mut waiting = |event| {
            if let ModelEvent::Waiting { elapsed, .. } = event {
                sink(PullEvent::Waiting { elapsed });
            }
        };
        let request = self.link.post("api/pull", &json!({ "model": model, "stream": true }));
        let mut response = match self.link.open((DOING, Wait::Pull), request, &mut waiting).await? {
            Ok(response) => response,
            Err(Refusal { message, .. }) => return Err(failed(&message)),
        };
        let mut reader = PullReader::default();
        loop {
            let mut waiting = |event| {
                if let ModelEvent::Waiting { elapsed, .. } = event {
                    sink(PullEvent::Waiting { elapsed });
                }
            };
            let chunk = self.link.chunk((DOING, Wait::Pull, PATIENCE), &mut response, &mut waiting).await?;
            let ended = chunk.is_none();
            let lines = match chunk {
                Some(bytes) => reader.push(&bytes),
                None => reader.finish(),
            };
            for line in lines {
                match line {
                    PullLine::Progress(mut progress) => {
                        if !progress.status.is_empty() {
                            progress.status = self.link.clean(&progress.status);
                        }
                        sink(PullEvent::Progress(progress));
                    }
                    PullLine::Done => return Ok(()),
                    PullLine::Failed(message) => return Err(failed(&message)),
                    PullLine::Garbage(line) => return Err(self.link.garbled(line)),
                }
            }
            if ended {
                return Err(ModelError::PullCutOff { model: model.to_owned() });
            }
        }
    }
}
