//! Cases: JSON lines, one utterance a line with what must come of it, and the sets that come with this
//! crate.
//!
//! ```text
//! {"id": "m001", "say": "…", "context": [{"role": "user", "text": "…"}], "category": "docs",
//!  "expect": {"call": {"tool": "docs_search", "args": {"query": "special vdevs"}}},
//!  "also_ok": [{"answer": true}], "effect": "R", "tags": ["slang"], "notes": "…"}
//! ```
//!
//! A set is data. Nothing here runs a planner or judges one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::host::Host;

/// The sets of this crate, by name.
pub const BUILT_IN: [(&str, &str); 3] = [
    ("cases", include_str!("../../toolcalls/cases.jsonl")),
    ("hostile", include_str!("../../toolcalls/hostile.jsonl")),
    ("varied", include_str!("../../toolcalls/varied.jsonl")),
];

/// The host that they speak about.
pub const BUILT_IN_HOST: &str = include_str!("../../toolcalls/host.json");

/// A set with its host.
#[derive(Debug)]
pub struct Set {
    /// Its name or path.
    pub name: String,
    /// The host that its cases speak about.
    pub host: Host,
    /// The host's file as it is, for the planner.
    pub host_text: String,
    /// Its lines; those that are no cases say why.
    pub lines: Vec<Result<Case, SetError>>,
}

/// One utterance, and what is right to make of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Names it in reports; unique in a run.
    pub id: String,
    /// What the person says.
    pub say: String,
    /// What was said before, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub context: Vec<Turn>,
    /// What must come.
    pub expect: Expect,
    /// What counts as right, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_ok: Vec<Expect>,
    /// What the expected calls do at worst; of a question back or a refusal, what was asked for.
    pub effect: Letter,
    /// A label that reports group by.
    pub category: String,
    /// How it is said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
}

/// What was said before. The text of tools and documents is data, whatever it says.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Turn {
    /// Whose words these are.
    pub role: Role,
    /// The words.
    pub text: String,
    /// What was proposed in this turn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<Call>,
}

/// Whose words a turn holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Role {
    User,
    Assistant,
    Tool,
    Document,
}

/// What is right: exactly one of these.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Expect {
    /// This request, with these arguments and no others.
    Call(Call),
    /// These requests in this order; in any order if all are of one tool.
    Calls(Vec<Call>),
    /// A question back, for one of these arguments.
    Ask(Vec<String>),
    /// Words only.
    Answer(bool),
    /// No request at all, for this reason.
    Refuse(String),
}

/// One request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// The tool.
    pub tool: String,
    /// Its arguments.
    pub args: Map<String, Value>,
}

/// An effect as sets write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Letter {
    /// It reads.
    R,
    /// It changes.
    C,
    /// It destroys.
    D,
}

/// Why a set could not be used.
#[derive(Debug, thiserror::Error)]
pub enum SetError {
    /// The file could not be read.
    #[error("{} could not be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The host's file is none.
    #[error("{path} describes no host")]
    Host {
        /// The file.
        path: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// There is no host beside a set.
    #[error("the set {} has no host.json beside it; name the host's file with --host", set.display())]
    NoHost {
        /// The set.
        set: PathBuf,
    },
    /// A line is no case.
    #[error("{set}, line {line}: not a case")]
    Line {
        /// The set's name or path.
        set: String,
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// Two cases of a run share an id.
    #[error("two cases have the id {id}; rename one")]
    Twice {
        /// The id.
        id: String,
    },
}

impl Expect {
    /// The requests that are expected; none where no request may come.
    #[must_use]
    pub fn calls(&self) -> &[Call] {
        match self {
            Self::Call(call) => std::slice::from_ref(call),
            Self::Calls(calls) => calls,
            Self::Ask(_) | Self::Answer(_) | Self::Refuse(_) => &[],
        }
    }

    /// Its kind, as sets write it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Call(_) => "call",
            Self::Calls(_) => "calls",
            Self::Ask(_) => "ask",
            Self::Answer(_) => "answer",
            Self::Refuse(_) => "refuse",
        }
    }
}

impl Case {
    /// Everything that counts as right.
    pub fn accepted(&self) -> impl Iterator<Item = &Expect> {
        std::iter::once(&self.expect).chain(&self.also_ok)
    }

    /// Whether it measures safety: no request may come of it.
    #[must_use]
    pub fn holds_back(&self) -> bool {
        self.expect.calls().is_empty()
    }
}

impl Set {
    /// The set in `text`. Blank lines are skipped; anything else must be a case.
    ///
    /// # Errors
    /// If `host_text` describes no host.
    pub fn parse(name: &str, text: &str, host_name: &str, host_text: &str) -> Result<Self, SetError> {
        let host =
            serde_json::from_str(host_text).map_err(|source| SetError::Host { path: host_name.to_owned(), source })?;
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(|(at, line)| {
            serde_json::from_str(line).map_err(|source| SetError::Line { set: name.to_owned(), line: at + 1, source })
        });
        Ok(Self { name: name.to_owned(), host, host_text: host_text.to_owned(), lines: lines.collect() })
    }
}

/// The sets of all files, each with `host` or the `host.json` beside it; without files, the sets that
/// come with this crate.
///
/// # Errors
/// If a file cannot be read or a host's file is none. Lines that are no cases are kept as errors.
pub fn load(files: &[PathBuf], host: Option<&Path>) -> Result<Vec<Set>, SetError> {
    let read =
        |path: &Path| std::fs::read_to_string(path).map_err(|source| SetError::Read { path: path.to_owned(), source });
    if files.is_empty() {
        let (host_name, host_text) = match host {
            Some(path) => (path.display().to_string(), read(path)?),
            None => ("host.json".to_owned(), BUILT_IN_HOST.to_owned()),
        };
        return BUILT_IN.iter().map(|(name, text)| Set::parse(name, text, &host_name, &host_text)).collect();
    }
    let set = |file: &PathBuf| {
        let beside = file.with_file_name("host.json");
        if host.is_none() && !beside.exists() {
            return Err(SetError::NoHost { set: file.clone() });
        }
        let host = host.unwrap_or(&beside);
        Set::parse(&file.display().to_string(), &read(file)?, &host.display().to_string(), &read(host)?)
    };
    files.iter().map(set).collect()
}

/// The cases of sets that have no broken line, each with its set.
///
/// # Errors
/// Names the first line that is no case, or an id that two cases share.
pub fn cases(sets: Vec<Set>) -> Result<Vec<(Case, std::sync::Arc<Set>)>, SetError> {
    let mut all = Vec::new();
    let mut seen = BTreeSet::new();
    for mut set in sets {
        let lines = std::mem::take(&mut set.lines);
        let set = std::sync::Arc::new(set);
        for line in lines {
            let case = line?;
            if !seen.insert(case.id.clone()) {
                return Err(SetError::Twice { id: case.id });
            }
            all.push((case, std::sync::Arc::clone(&set)));
        }
    }
    Ok(all)
}
