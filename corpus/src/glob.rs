//! Path patterns of the manifest: `*`, `?`, `[a-z]`, `[!x]`, `{a,b}` inside one segment and `**`
//! for any number of segments. Pure text: nothing here may look at a file system.

use serde::{Deserialize, Serialize};

/// A pattern over relative paths with `/` between segments. It cannot name anything outside the
/// folder it is applied to: no leading `/`, no `.` or `..` segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Glob {
    text: String,
    /// The brace-free alternatives, each split into segments.
    alternatives: Vec<Vec<String>>,
}

/// Why a pattern was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GlobError {
    /// Empty, absolute, or with an empty, `.` or `..` segment.
    #[error("the pattern {0:?} must be a relative path without `.`, `..` or empty parts")]
    NotRelative(String),
    /// A backslash or a control character.
    #[error("the pattern {0:?} holds a backslash or a control character")]
    Character(String),
    /// `{` or `[` without its partner, or nested braces.
    #[error("the pattern {0:?} has an unbalanced or nested bracket or brace")]
    Unbalanced(String),
    /// Too many brace combinations, or too long.
    #[error("the pattern {0:?} is too large (at most 8,192 bytes and 1,024 brace combinations)")]
    TooLarge(String),
}

impl Glob {
    /// Checks and compiles a pattern.
    pub fn parse(text: &str) -> Result<Self, GlobError> {
        if text.chars().any(|c| c.is_control() || c == '\\') {
            return Err(GlobError::Character(text.to_owned()));
        }
        if text.len() > 8_192 {
            return Err(GlobError::TooLarge(text.chars().take(60).collect()));
        }
        let mut alternatives = Vec::new();
        for plain in expand(text)? {
            let segments: Vec<String> = plain.split('/').map(str::to_owned).collect();
            if segments.iter().any(|s| s.is_empty() || s == "." || s == "..") {
                return Err(GlobError::NotRelative(text.to_owned()));
            }
            if !segments.iter().all(|s| brackets_close(s)) {
                return Err(GlobError::Unbalanced(text.to_owned()));
            }
            alternatives.push(segments);
        }
        Ok(Self { text: text.to_owned(), alternatives })
    }

    /// Whether the relative path (with `/`) matches as a whole.
    pub fn matches(&self, path: &str) -> bool {
        let path: Vec<&str> = path.split('/').collect();
        self.alternatives.iter().any(|pattern| segments_match(pattern, &path))
    }
}

impl TryFrom<String> for Glob {
    type Error = GlobError;
    fn try_from(text: String) -> Result<Self, GlobError> {
        Self::parse(&text)
    }
}

impl From<Glob> for String {
    fn from(glob: Glob) -> Self {
        glob.text
    }
}

fn brackets_close(segment: &str) -> bool {
    let mut open = false;
    for c in segment.chars() {
        match c {
            '[' => open = true,
            ']' => open = false,
            _ => {}
        }
    }
    !open
}

fn expand(text: &str) -> Result<Vec<String>, GlobError> {
    let mut done = vec![String::new()];
    let mut rest = text;
    while let Some(open) = rest.find(['{', '}']) {
        let unbalanced = || GlobError::Unbalanced(text.to_owned());
        let (before, from) = rest.split_at(open);
        let body = from.strip_prefix('{').ok_or_else(unbalanced)?;
        let (inside, after) = body.split_once('}').ok_or_else(unbalanced)?;
        if inside.contains('{') {
            return Err(unbalanced());
        }
        done = done
            .iter()
            .flat_map(|head| inside.split(',').map(move |choice| format!("{head}{before}{choice}")))
            .collect();
        if done.len() > 1_024 {
            return Err(GlobError::TooLarge(text.chars().take(60).collect()));
        }
        rest = after;
    }
    for head in &mut done {
        head.push_str(rest);
    }
    Ok(done)
}

/// Both matchers keep one fallback point (the last star), which is enough for globs and keeps
/// the work at pattern × path even for hostile input.
fn segments_match(pattern: &[String], path: &[&str]) -> bool {
    let (mut p, mut s) = (0, 0);
    let mut fallback: Option<(usize, usize)> = None;
    while s < path.len() {
        if pattern.get(p).is_some_and(|segment| segment == "**") {
            fallback = Some((p, s));
            p += 1;
        } else if pattern.get(p).is_some_and(|segment| segment_matches(segment, path[s])) {
            p += 1;
            s += 1;
        } else if let Some((star, start)) = fallback {
            fallback = Some((star, start + 1));
            p = star + 1;
            s = start + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|segment| segment == "**")
}

fn segment_matches(pattern: &str, name: &str) -> bool {
    let pattern = units(pattern);
    let name: Vec<char> = name.chars().collect();
    let (mut p, mut n) = (0, 0);
    let mut fallback: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(Unit::Star) => {
                fallback = Some((p, n));
                p += 1;
            }
            Some(unit) if unit.accepts(name[n]) => {
                p += 1;
                n += 1;
            }
            Some(_) | None => match fallback {
                Some((star, start)) => {
                    fallback = Some((star, start + 1));
                    p = star + 1;
                    n = start + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|unit| matches!(unit, Unit::Star))
}

enum Unit {
    Star,
    Any,
    One(char),
    Set { negated: bool, ranges: Vec<(char, char)> },
}

impl Unit {
    fn accepts(&self, c: char) -> bool {
        match self {
            Unit::Star => false,
            Unit::Any => true,
            Unit::One(own) => *own == c,
            Unit::Set { negated, ranges } => ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated,
        }
    }
}

fn units(pattern: &str) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        units.push(match c {
            '*' => Unit::Star,
            '?' => Unit::Any,
            '[' => {
                let inside: Vec<char> = rest.by_ref().take_while(|c| *c != ']').collect();
                let negated = inside.first() == Some(&'!');
                Unit::Set { negated, ranges: ranges(&inside[usize::from(negated)..]) }
            }
            other => Unit::One(other),
        });
    }
    units
}

fn ranges(inside: &[char]) -> Vec<(char, char)> {
    let mut ranges = Vec::new();
    let mut rest = inside;
    loop {
        match rest {
            [low, '-', high, tail @ ..] => {
                ranges.push((*low, *high));
                rest = tail;
            }
            [one, tail @ ..] => {
                ranges.push((*one, *one));
                rest = tail;
            }
            [] => return ranges,
        }
    }
}
