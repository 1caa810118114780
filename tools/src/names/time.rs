//! A moment, in whole seconds of UTC: when a plan was made, and what names are stamped with.

use std::time::{SystemTime, UNIX_EPOCH};

use super::text_type;

/// Seconds since 1970, written `2026-11-24T11:05:00Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp(u64);

text_type!(Stamp, "moment", "A moment in UTC: 2026-11-24T11:05:00Z");

impl Stamp {
    /// Now, by this machine's clock.
    #[must_use]
    pub fn now() -> Self {
        Self(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
    }

    /// That many seconds since 1970.
    #[must_use]
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds)
    }

    /// Seconds since 1970.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.0
    }

    /// For names: `20261124T110500Z`, without colons and dashes.
    #[must_use]
    pub fn compact(self) -> String {
        self.text().replace(['-', ':'], "")
    }

    /// Days since 1970 to a date: Howard Hinnant's `civil_from_days`.
    fn date(self) -> (i64, i64, i64) {
        let days = i64::try_from(self.0 / 86_400).unwrap_or(0) + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        (year, month, day)
    }

    fn text(&self) -> String {
        let (year, month, day) = self.date();
        let second = self.0 % 86_400;
        format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60)
    }

    pub(super) fn check(text: &str) -> Result<Self, &'static str> {
        const FORM: &str = "write it like 2026-11-24T11:05:00Z";
        let bytes = text.as_bytes();
        if bytes.len() != 20 || !text.is_ascii() {
            return Err(FORM);
        }
        let number = |from: usize, to: usize| -> Option<u64> {
            let part = text.get(from..to)?;
            part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok()).flatten()
        };
        let parts = (number(0, 4), number(5, 7), number(8, 10), number(11, 13), number(14, 16), number(17, 19));
        let (Some(year), Some(month), Some(day), Some(hour), Some(minute), Some(second)) = parts else {
            return Err(FORM);
        };
        // Days of the years and months before, found by walking: dates here are few and recent.
        if !(1970..=9999).contains(&year)
            || !(1..=12).contains(&month)
            || day == 0
            || hour > 23
            || minute > 59
            || second > 59
        {
            return Err(FORM);
        }
        let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days_of = |month: u64| match month {
            2 => 28 + u64::from(leap(year)),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        if day > days_of(month) {
            return Err(FORM);
        }
        let years: u64 = (1970..year).map(|year| 365 + u64::from(leap(year))).sum();
        let months: u64 = (1..month).map(days_of).sum();
        let stamp = Self(((years + months + day - 1) * 24 + hour) * 3600 + minute * 60 + second);
        if stamp.text() == text { Ok(stamp) } else { Err(FORM) }
    }
}
