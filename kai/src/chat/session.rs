//! A conversation and its name. Knows no files: [`store`](super::store) keeps it.

use std::{fmt, str::FromStr};

use kai_tools::names::Stamp;

/// What the names begin with that nobody chose.
const UNNAMED: &str = "auto-";

/// The name of a conversation: 1 to 64 letters, digits, `-`, `_` and `.`, the first of them a letter,
/// a digit or `_`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SessionName(String);

/// A name that cannot be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} cannot be the name of a conversation: use up to 64 letters, digits, '-', '_' and '.', and begin with a letter or a digit"
)]
pub(crate) struct SessionNameError(String);

impl SessionName {
    /// The name as text.
    #[must_use]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether kai chose it, as long as nobody does.
    #[must_use]
    pub(crate) fn is_automatic(&self) -> bool {
        self.0.starts_with(UNNAMED)
    }
}

impl FromStr for SessionName {
    type Err = SessionNameError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let fits = !name.is_empty()
            && name.len() <= 64
            && !name.starts_with(['-', '.'])
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
        if fits { Ok(Self(name.to_owned())) } else { Err(SessionNameError(name.to_owned())) }
    }
}

impl fmt::Display for SessionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A conversation. `T` is one turn of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session<T> {
    pub(super) name: SessionName,
    /// In seconds since 1970.
    pub(super) created: u64,
    /// Whether a file of this name is ours.
    pub(super) saved: bool,
    /// How many turns we last saw in it.
    pub(super) on_disk: usize,
    /// What was said, first things first.
    pub(crate) turns: Vec<T>,
}

impl<T> Session<T> {
    /// A conversation that begins now, without a name of its own.
    #[must_use]
    pub(crate) fn begin() -> Self {
        let now = now();
        Self { name: unnamed(now, 1), created: now, saved: false, on_disk: 0, turns: Vec::new() }
    }

    /// What it is called.
    #[must_use]
    pub(crate) fn name(&self) -> &SessionName {
        &self.name
    }
}

pub(super) fn now() -> u64 {
    Stamp::now().seconds()
}

/// `auto-20260730-142205`, in UTC.
pub(super) fn unnamed(seconds: u64, number: usize) -> SessionName {
    let moment = Stamp::from_seconds(seconds).compact().replace('T', "-");
    let more = if number > 1 { format!("-{number}") } else { String::new() };
    SessionName(format!("{UNNAMED}{}{more}", moment.trim_end_matches('Z')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_as_files() {
        for good in ["a", "web-1", "_x", "2026.07", "A.b_c-d", &"x".repeat(64)] {
            assert_eq!(good.parse::<SessionName>().unwrap().as_str(), good);
        }
        for bad in ["", "-a", ".a", "..", "a/b", "a b", "é", "a\n", "a\0", &"x".repeat(65)] {
            let error = bad.parse::<SessionName>().unwrap_err();
            assert!(error.to_string().starts_with(&format!("{bad:?} cannot be the name")), "{error}");
        }
    }

    #[test]
    fn automatic_names_tell_the_time() {
        for (seconds, number, expected) in [
            (0, 1, "auto-19700101-000000"),
            (951_868_799, 1, "auto-20000229-235959"),
            (951_868_800, 2, "auto-20000301-000000-2"),
            (1_785_421_325, 1, "auto-20260730-142205"),
        ] {
            assert_eq!(unnamed(seconds, number).as_str(), expected);
        }
    }
}
