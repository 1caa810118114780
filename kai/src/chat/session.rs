//! A conversation and its name. Knows no files: [`store`](super::store) keeps it.

use std::{
    fmt,
    str::FromStr,
    time::{SystemTime, UNIX_EPOCH},
};

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
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// `auto-20260730-142205`, in UTC.
pub(super) fn unnamed(seconds: u64, number: usize) -> SessionName {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let more = if number > 1 { format!("-{number}") } else { String::new() };
    SessionName(format!("{UNNAMED}{year:04}{month:02}{day:02}-{hour:02}{minute:02}{second:02}{more}"))
}

/// Year, month and day of a day since 1970: <https://howardhinnant.github.io/date_algorithms.html>.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
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
