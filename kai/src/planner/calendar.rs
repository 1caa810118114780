//! Days that are named without a year: `10 March`, `Tuesday`. The last such day before now is meant.

use kai_tools::names::Stamp;

use super::text::Token;

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["thursday", "friday", "saturday", "sunday", "monday", "tuesday", "wednesday"];
const DAY: u64 = 86_400;

/// The month that a word names, from 1.
#[must_use]
pub(super) fn month(low: &str) -> Option<usize> {
    let full = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let at = full.iter().position(|name| *name == low);
    at.or_else(|| MONTHS.iter().position(|name| *name == low)).map(|at| at + 1)
}

/// The month that a word names in any language, from 1: `February`, `Oktober`.
#[must_use]
pub(super) fn named_month(low: &str) -> Option<usize> {
    const OTHERS: [&str; 12] = [
        "januar janvier enero gennaio janeiro januari",
        "februar fevrier febrero febbraio fevereiro februari",
        "marz mars marzo marco maart",
        "avril abril aprile",
        "mai mayo maggio maio mei",
        "juni juin junio giugno junho",
        "juli juillet julio luglio julho",
        "aout agosto augustus",
        "septembre septiembre settembre setembro",
        "oktober octobre octubre ottobre outubro",
        "novembre noviembre novembro",
        "dezember decembre diciembre dicembre dezembro",
    ];
    let other = || OTHERS.iter().position(|names| names.split(' ').any(|name| name == low)).map(|at| at + 1);
    month(low).filter(|_| low.len() > 3 || low == "may").or_else(other)
}

fn day(low: &str) -> Option<usize> {
    let digits = low.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let ending = &low[digits.len()..];
    let number: usize = digits.parse().ok()?;
    ((1..=31).contains(&number) && ["", "st", "nd", "rd", "th"].contains(&ending)).then_some(number)
}

/// The date that begins at a token, and how many tokens it takes.
#[must_use]
pub(super) fn date(now: &str, tokens: &[Token], at: usize) -> Option<(String, usize)> {
    let low = tokens.get(at)?.low.as_str();
    let next = tokens.get(at + 1).map(|token| token.low.as_str());
    let pair = next.and_then(|next| Some((day(low)?, month(next)?)).or_else(|| Some((day(next)?, month(low)?))));
    if let Some((day, month)) = pair {
        let year: u32 = now.get(..4)?.parse().ok()?;
        let shown = format!("{year:04}-{month:02}-{day:02}");
        let shown =
            if shown.as_str() > now.get(..10)? { format!("{:04}-{month:02}-{day:02}", year - 1) } else { shown };
        return Some((shown, 2));
    }
    let weekday = WEEKDAYS.iter().position(|name| *name == low)?;
    // `next Tuesday`, `on Sunday`: a day to come, or a habit.
    let before = at.checked_sub(1).map(|at| tokens[at].low.as_str());
    if !matches!(before, Some("the" | "last" | "of" | "to" | "from" | "from last")) {
        return None;
    }
    let seconds = now.parse::<Stamp>().ok()?.seconds();
    let today = usize::try_from(seconds / DAY % 7).ok()?;
    let back = (today + 7 - weekday) % 7;
    let back = u64::try_from(if back == 0 { 7 } else { back }).ok()?;
    let stamp = Stamp::from_seconds(seconds.saturating_sub(back * DAY)).to_string();
    Some((stamp.get(..10)?.to_owned(), 1))
}
