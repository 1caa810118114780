//! Question sets: JSON lines, one question a line, and the sets that come with this crate.
//!
//! A set is data. Nothing here searches, and nothing here knows what was found.
//!
//! ```text
//! {"id": "z01", "question": "…", "category": "howto",
//!  "gold": [{"page": "man8/zfs-send.8.gz", "section": "DESCRIPTION", "source": "openzfs"}],
//!  "must": ["--raw|-w\\b"]}
//! ```
//!
//! `gold` empty means that no page answers the question. `section` and `source` are optional.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use regex::Regex;
use serde::Deserialize;

/// The sets of this crate, by name.
pub const BUILT_IN: [(&str, &str); 6] = [
    ("zfs", include_str!("../questions/zfs.jsonl")),
    ("kvm", include_str!("../questions/kvm.jsonl")),
    ("containers", include_str!("../questions/containers.jsonl")),
    ("host", include_str!("../questions/host.jsonl")),
    ("network", include_str!("../questions/network.jsonl")),
    ("unanswerable", include_str!("../questions/unanswerable.jsonl")),
];

/// A question and what a right answer rests on.
#[derive(Debug, Clone)]
pub struct Question {
    /// Names the question in reports; unique in a run.
    pub id: String,
    /// The question, as a person put it.
    pub text: String,
    /// A label that reports group by.
    pub category: String,
    /// The pages that answer it. Empty: none does.
    pub gold: Vec<Gold>,
    /// What the answer must contain: each of these is found in the text of a gold page.
    pub must: Vec<Regex>,
    /// Fields that scoring does not use.
    pub notes: BTreeMap<String, serde_json::Value>,
}

/// One page that answers a question.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gold {
    /// The last components of the page's path: `man8/zfs-send.8.gz` stands for any page whose path
    /// ends so, cut at a `/`.
    pub page: String,
    /// The heading that holds the answer. A note for people: scoring works on pages.
    #[serde(default)]
    pub section: Option<String>,
    /// The source that the page must come from, where its name alone could mean another's page.
    #[serde(default)]
    pub source: Option<String>,
}

/// Why a set could not be used.
#[derive(Debug, thiserror::Error)]
pub enum SetError {
    /// The file could not be read.
    #[error("the question set {} could not be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A line is not a question.
    #[error("{set}, line {line}: not a question")]
    Line {
        /// The set's name or path.
        set: String,
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A required fact is no regular expression.
    #[error("{set}, line {line}: `must` holds an invalid regular expression")]
    Must {
        /// The set's name or path.
        set: String,
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        #[source]
        source: regex::Error,
    },
    /// A question has no words, or a gold page no name.
    #[error("{set}, line {line}: `{field}` is empty; give it a value")]
    Empty {
        /// The set's name or path.
        set: String,
        /// Counted from 1.
        line: usize,
        /// The field.
        field: &'static str,
    },
    /// Two questions of a run share an id.
    #[error("two questions have the id {id}; rename one")]
    Twice {
        /// The id.
        id: String,
    },
    /// There is nothing to ask.
    #[error("{set} holds no questions")]
    None {
        /// The set's name or path.
        set: String,
    },
}

#[derive(Deserialize)]
struct Line {
    id: String,
    question: String,
    #[serde(default)]
    gold: Vec<Gold>,
    category: String,
    #[serde(default)]
    must: Vec<String>,
    #[serde(flatten)]
    notes: BTreeMap<String, serde_json::Value>,
}

impl Question {
    /// Whether some page answers it.
    #[must_use]
    pub fn is_answerable(&self) -> bool {
        !self.gold.is_empty()
    }
}

impl Gold {
    /// Whether a page found in `source` under the path `page` is this one. Paths are compared from
    /// their ends, component by component, so that a set written for one folder holds for a folder
    /// above it.
    #[must_use]
    pub fn is(&self, source: &str, page: &str) -> bool {
        let same_source = self.source.as_deref().is_none_or(|wanted| wanted == source);
        let rest = page.strip_suffix(self.page.as_str());
        same_source && rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
    }
}

/// The questions of all files, or of the sets that come with this crate if there are none.
///
/// # Errors
/// If a file cannot be read or a line is not a question, or two questions share an id.
pub fn load(files: &[PathBuf]) -> Result<Vec<Question>, SetError> {
    let mut questions = Vec::new();
    if files.is_empty() {
        for (name, text) in BUILT_IN {
            questions.extend(parse(name, text)?);
        }
    }
    for file in files {
        let text = std::fs::read_to_string(file).map_err(|source| SetError::Read { path: file.clone(), source })?;
        questions.extend(parse(&name(file), &text)?);
    }
    let mut seen = BTreeSet::new();
    match questions.iter().find(|q| !seen.insert(q.id.as_str())) {
        Some(twice) => Err(SetError::Twice { id: twice.id.clone() }),
        None => Ok(questions),
    }
}

/// The questions in `text`. Blank lines are skipped; anything else must be a question.
///
/// # Errors
/// Names the first line that is not one.
pub fn parse(set: &str, text: &str) -> Result<Vec<Question>, SetError> {
    let questions = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(at, line)| question(set, at + 1, line))
        .collect::<Result<Vec<_>, _>>()?;
    if questions.is_empty() {
        return Err(SetError::None { set: set.to_owned() });
    }
    Ok(questions)
}

fn question(set: &str, line: usize, json: &str) -> Result<Question, SetError> {
    let read: Line =
        serde_json::from_str(json).map_err(|source| SetError::Line { set: set.to_owned(), line, source })?;
    let blank = [
        ("id", read.id.trim().is_empty()),
        ("question", read.question.trim().is_empty()),
        ("page", read.gold.iter().any(|gold| gold.page.trim().is_empty())),
    ];
    if let Some((field, _)) = blank.into_iter().find(|(_, blank)| *blank) {
        return Err(SetError::Empty { set: set.to_owned(), line, field });
    }
    let must = read
        .must
        .iter()
        .map(|pattern| Regex::new(pattern))
        .collect::<Result<_, _>>()
        .map_err(|source| SetError::Must { set: set.to_owned(), line, source })?;
    Ok(Question { id: read.id, text: read.question, category: read.category, gold: read.gold, must, notes: read.notes })
}

fn name(file: &Path) -> String {
    file.display().to_string()
}
