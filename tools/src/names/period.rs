//! Durations: what people write, seconds out.

use super::text_type;

/// A length of time, in seconds. Read as `48h`, `15m`, `1d12h`, `2w`; at least one second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period(u64);

text_type!(Period, "duration", "A duration: 15m, 48h, 7d");

/// The units, the largest first.
const UNITS: [(char, u64); 5] = [('w', 604_800), ('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];
/// A century: longer ones are mistakes.
const LONGEST: u64 = 100 * 366 * 86_400;

impl Period {
    /// That many seconds.
    #[must_use]
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds)
    }

    /// In seconds.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.0
    }

    pub(super) fn check(text: &str) -> Result<Self, &'static str> {
        const FORM: &str = "write it like 15m, 48h or 1d12h";
        let mut rest = text;
        let mut total: u64 = 0;
        while !rest.is_empty() {
            let end = rest.find(|c: char| !c.is_ascii_digit()).ok_or(FORM)?;
            let (number, after) = rest.split_at(end);
            let unit = after.chars().next().ok_or(FORM)?;
            let (_, seconds) = UNITS.iter().find(|(letter, _)| *letter == unit.to_ascii_lowercase()).ok_or(FORM)?;
            let number: u64 = number.parse().map_err(|_| FORM)?;
            let part = number.checked_mul(*seconds).ok_or("it is too long")?;
            total = total.checked_add(part).ok_or("it is too long")?;
            rest = after.get(unit.len_utf8()..).unwrap_or_default();
        }
        match total {
            0 => Err("it is longer than nothing"),
            total if total > LONGEST => Err("it is too long"),
            total => Ok(Self(total)),
        }
    }

    /// In the largest of hours, minutes and seconds that is exact: `72h`, `15m`, `90s`.
    fn text(&self) -> String {
        let unit = UNITS.iter().skip(2).find(|(_, seconds)| self.0.is_multiple_of(*seconds));
        unit.map_or_else(|| format!("{}s", self.0), |(letter, seconds)| format!("{}{letter}", self.0 / seconds))
    }
}
