//! What the word at the cursor may become: names of commands and of the things on this host.
//!
//! Pure functions of the line and of plain names; nothing here looks at the host, and nothing knows
//! the line editor.

use std::cmp::Ordering;

use super::commands::COMMANDS;

/// More than this in a list helps nobody.
const MOST: usize = 200;
/// Letters of a name before the rest is offered without being asked for.
const HINT_FROM: usize = 3;

/// The names that can be completed. Whoever knows the host fills them in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Names {
    /// Operations.
    pub(crate) tools: Vec<String>,
    /// Virtual machines.
    pub(crate) machines: Vec<String>,
    /// Snapshots of virtual machines and of datasets, `name@snapshot`.
    pub(crate) snapshots: Vec<String>,
    /// Datasets, volumes too.
    pub(crate) datasets: Vec<String>,
    /// Pools.
    pub(crate) pools: Vec<String>,
    /// Saved conversations.
    pub(crate) sessions: Vec<String>,
    /// Plans that can be applied.
    pub(crate) plans: Vec<String>,
    /// Operations that can be taken back.
    pub(crate) operations: Vec<String>,
    /// How many sources the last answer has.
    pub(crate) sources: usize,
}

/// What a candidate is the name of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub(crate) enum Kind {
    Command,
    Machine,
    Dataset,
    Pool,
    Snapshot,
    Host,
    Tool,
    Source,
    Session,
    Plan,
    Operation,
}

impl Kind {
    /// In a word.
    #[must_use]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Machine => "VM",
            Self::Dataset => "dataset",
            Self::Pool => "pool",
            Self::Snapshot => "snapshot",
            Self::Host => "host",
            Self::Tool => "operation",
            Self::Source => "source",
            Self::Session => "conversation",
            Self::Plan => "plan",
            Self::Operation => "done before",
        }
    }
}

/// Something that the word may become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// What takes the word's place.
    pub(crate) text: String,
    /// What it is the name of.
    pub(crate) kind: Kind,
}

/// What could follow, shown behind the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hint {
    /// What is shown.
    pub(crate) shown: String,
    /// Whether it can be taken over; else it only says what the argument is.
    pub(crate) complete: bool,
}

/// What the word at `position` may become, and where that word begins; both in bytes.
///
/// Upper and lower case are the same. Names that fit in more than one way come once.
#[must_use]
pub(crate) fn candidates(line: &str, position: usize, names: &Names) -> (usize, Vec<Candidate>) {
    let before = line.get(..position).unwrap_or(line);
    let start = word_start(before);
    let word = &before[start..];
    let mut found: Vec<Candidate> = Vec::new();
    let mut add = |kind: Kind, names: &[String]| {
        let fitting = names.iter().filter(|name| begins(name, word) && !name.contains(char::is_whitespace));
        found.extend(fitting.map(|name| Candidate { text: name.clone(), kind }));
    };
    match before[..start].split_whitespace().collect::<Vec<_>>().as_slice() {
        [] if word.starts_with('/') && before.starts_with('/') => {
            let with_space = |spec: &super::commands::Spec| {
                if spec.argument.is_empty() { spec.name.to_owned() } else { format!("{} ", spec.name) }
            };
            let specs = COMMANDS.iter().filter(|spec| begins(spec.name, word));
            let found = specs.map(|spec| Candidate { text: with_space(spec), kind: Kind::Command });
            return (start, found.collect());
        }
        [command, arguments @ ..] if before.starts_with('/') && !command[1..].contains('/') => {
            match (*command, arguments) {
                ("/source", []) => add(Kind::Source, &(1..=names.sources).map(|n| n.to_string()).collect::<Vec<_>>()),
                ("/apply", []) => add(Kind::Plan, &names.plans),
                ("/undo", []) => add(Kind::Operation, &names.operations),
                ("/save" | "/resume", []) => add(Kind::Session, &names.sessions),
                ("/host", []) => add(Kind::Host, &["local".to_owned(), "sim".to_owned()]),
                _ => {}
            }
        }
        _ => {
            add(Kind::Machine, &names.machines);
            add(Kind::Pool, &names.pools);
            add(Kind::Dataset, &names.datasets);
            // There may be thousands of them.
            if word.contains('@') {
                add(Kind::Snapshot, &names.snapshots);
            }
            if !word.is_empty() {
                add(Kind::Tool, &names.tools);
            }
        }
    }
    // Of one name the first kind stays.
    let mut seen = std::collections::HashSet::new();
    found.retain(|candidate| seen.insert(candidate.text.clone()));
    found.sort_by(|a, b| natural(&a.text, &b.text));
    found.truncate(MOST);
    (start, found)
}

/// What could follow the end of the line, if there is one thing that could.
#[must_use]
pub(crate) fn hint(line: &str, position: usize, names: &Names) -> Option<Hint> {
    if position != line.len() {
        return None;
    }
    if let Some(spec) = COMMANDS.iter().find(|spec| spec.name == line.trim_end() && !spec.argument.is_empty()) {
        let space = if line.ends_with(' ') { "" } else { " " };
        return Some(Hint { shown: format!("{space}{}", spec.argument), complete: false });
    }
    let (start, found) = candidates(line, position, names);
    let word = &line[start..];
    let enough = if word.starts_with('/') && start == 0 { 2 } else { HINT_FROM };
    match found.as_slice() {
        [one] if word.chars().count() >= enough => {
            let rest = one.text.strip_prefix(word).map(str::trim_end).filter(|rest| !rest.is_empty())?;
            Some(Hint { shown: rest.to_owned(), complete: true })
        }
        _ => None,
    }
}

/// A name has none of these in it.
fn word_start(before: &str) -> usize {
    let ends = |c: char| {
        c.is_whitespace()
            || matches!(c, '"' | '\'' | '`' | '(' | ')' | '[' | ']' | '{' | '}' | ',' | ';' | '=' | '<' | '>')
    };
    before.char_indices().rev().find(|(_, c)| ends(*c)).map_or(0, |(at, c)| at + c.len_utf8())
}

fn begins(name: &str, word: &str) -> bool {
    let mut letters = name.chars().flat_map(char::to_lowercase);
    word.chars().flat_map(char::to_lowercase).all(|letter| letters.next() == Some(letter))
}

/// Numbers by their value: `web-2` before `web-10`.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    loop {
        match (left.chars().next(), right.chars().next()) {
            (Some(x), Some(y)) if x.is_ascii_digit() && y.is_ascii_digit() => {
                let (x, y) = (number(&mut left), number(&mut right));
                let order = x.len().cmp(&y.len()).then_with(|| x.cmp(y));
                if order != Ordering::Equal {
                    return order;
                }
            }
            (Some(x), Some(y)) => {
                let order = x.to_lowercase().cmp(y.to_lowercase());
                if order != Ordering::Equal {
                    return order;
                }
                left = &left[x.len_utf8()..];
                right = &right[y.len_utf8()..];
            }
            _ => return left.len().cmp(&right.len()).then_with(|| a.cmp(b)),
        }
    }
}

/// Takes the number at the beginning, without the zeros before it.
fn number<'a>(text: &mut &'a str) -> &'a str {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    *text = rest;
    digits.trim_start_matches('0')
}

#[cfg(test)]
#[path = "complete_tests.rs"]
mod tests;
