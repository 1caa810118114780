//! Amounts: numbers in digits and in words, with and without units.

use super::lexicon::Lexicon;
use super::text::{self, Token};
use super::values::{Found, Value};

const LETTERS: &str = "BKMGTPE";

fn bytes(number: f64, letter: char) -> Option<u64> {
    let power = LETTERS.find(letter)?;
    let value = number * 1024_f64.powi(i32::try_from(power).ok()?);
    // Far above anything that can be bought, far below what a u64 holds.
    (0.0..1e18).contains(&value).then_some(value.round() as u64)
}

/// A number in digits: `4`, `1.5`, `0,5`.
fn digits(text: &str) -> Option<f64> {
    let plain = text.replacen(',', ".", 1);
    let shaped = !plain.is_empty()
        && plain.starts_with(|c: char| c.is_ascii_digit())
        && plain.ends_with(|c: char| c.is_ascii_digit())
        && plain.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && plain.matches('.').count() <= 1
        && plain.len() <= 15;
    if shaped { plain.parse().ok() } else { None }
}

/// Digits and the letters stuck to them: `40gb`.
fn fused(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ',')).filter(|at| *at > 0)?;
    Some((digits(&text[..end])?, &text[end..]))
}

/// The letter of a unit of size.
#[must_use]
pub(super) fn size_unit(lexicon: &Lexicon, word: &str) -> Option<char> {
    lexicon
        .words
        .size
        .iter()
        .find(|(_, list)| list.iter().any(|unit| unit == word))
        .and_then(|(letter, _)| letter.chars().next())
}

/// What is stuck to a number of processors: `4-core`, `3c`.
const CORES: [&str; 11] = ["c", "-core", "-cores", "-cpu", "-vcpu", "cpu", "cpus", "vcpu", "vcpus", "core", "cores"];

/// Whether a word is a number of processors, noun and all.
#[must_use]
pub(super) fn of_cores(low: &str) -> bool {
    fused(low).is_some_and(|(_, unit)| CORES.contains(&unit))
}

fn per_second(word: &str) -> Option<&str> {
    ["/s", "/sec", "/second", "ps", "/sek", "/seg"]
        .iter()
        .find_map(|end| word.strip_suffix(end))
        .filter(|unit| !unit.is_empty())
}

/// A unit with bits or bytes a second: bytes in one of it.
fn rate(lexicon: &Lexicon, number: f64, unit: &str) -> Option<u64> {
    let word = per_second(unit)?;
    if let Some(letter) =
        word.strip_suffix("bit").or_else(|| word.strip_suffix("bits")).and_then(|word| word.chars().next())
    {
        return bytes(number / 8.0, letter.to_ascii_uppercase());
    }
    bytes(number, size_unit(lexicon, word)?)
}

/// `third` of `two thirds`.
fn part(word: &str) -> Option<f64> {
    let parts = [
        ("half", 2.0),
        ("halves", 2.0),
        ("third", 3.0),
        ("thirds", 3.0),
        ("quarter", 4.0),
        ("quarters", 4.0),
        ("fourth", 4.0),
        ("fourths", 4.0),
        ("fifth", 5.0),
        ("fifths", 5.0),
        ("sixth", 6.0),
        ("sixths", 6.0),
        ("eighth", 8.0),
        ("eighths", 8.0),
        ("tenth", 10.0),
        ("tenths", 10.0),
        ("drittel", 3.0),
        ("viertel", 4.0),
        ("funftel", 5.0),
        ("tiers", 3.0),
        ("quart", 4.0),
        ("quarts", 4.0),
        ("tercio", 3.0),
        ("tercios", 3.0),
        ("cuarto", 4.0),
        ("cuartos", 4.0),
        ("terzo", 3.0),
        ("terzi", 3.0),
        ("kwart", 4.0),
        ("derde", 3.0),
    ];
    parts.iter().find(|(name, _)| *name == word).map(|(_, of)| *of)
}

/// `two fifths`, `a third`, `3/4`.
fn fraction(lexicon: &Lexicon, words: &[String], at: usize, limit: usize) -> Option<(f64, usize)> {
    let word = words[at].as_str();
    if let Some((a, b)) = word.split_once('/')
        && let (Ok(a), Ok(b)) = (a.parse::<u8>(), b.parse::<u8>())
        && a < b
        && b <= 10
    {
        return Some((f64::from(a) / f64::from(b), 1));
    }
    let count = match word {
        "a" | "an" | "one" | "ein" | "un" | "une" | "una" | "um" | "een" => 1.0,
        word => digits(word).or_else(|| lexicon.words.number.get(word).copied())?,
    };
    let of = part(words.get(at + 1).filter(|_| at + 1 < limit)?)?;
    // `a quarter of an hour` is a time.
    let time = words[at + 2..limit.min(at + 5).max(at + 2)].iter().any(|word| word == "hour" || word == "hours");
    (count.fract() == 0.0 && count >= 1.0 && count < of && !time).then_some((count / of, 2))
}

/// Numbers with and without units.
pub(super) fn quantity(lexicon: &Lexicon, token: &Token, words: &[String], at: usize, limit: usize) -> Found {
    let low = token.low.trim_start_matches('+');
    let low = low
        .strip_prefix('x')
        .filter(|rest| rest.bytes().all(|b| b.is_ascii_digit()) && !rest.is_empty())
        .unwrap_or(low);
    let low = low
        .strip_suffix('x')
        .filter(|rest| rest.bytes().all(|b| b.is_ascii_digit()) && !rest.is_empty())
        .unwrap_or(low);
    let low = low.strip_prefix('~').unwrap_or(low);
    if let Some(number) = low.strip_suffix('%').and_then(digits) {
        return Some((Value::Percent(number as u64), 1));
    }
    // Periods in words come before numbers: `every other day`.
    for width in (1..=4).rev() {
        if at + width <= limit
            && let Some(seconds) = lexicon.words.period.get(&words[at..at + width].join(" "))
        {
            return Some((Value::Time(*seconds), width));
        }
    }
    let share = fraction(lexicon, words, at, limit);
    let (number, width) = match fused(low) {
        _ if share.is_some() => share?,
        Some((number, unit)) => {
            // 1d12h
            if let Some(seconds) = compound(lexicon, low) {
                return Some((Value::Time(seconds), 1));
            }
            if let Some(letter) = size_unit(lexicon, unit) {
                // `15 m` is time or memory; with a capital it is memory.
                if unit == "m" && !token.raw.ends_with('M') {
                    return Some((Value::Time((number * 60.0) as u64), 1));
                }
                if let Some(width) = second_follows(words, at + 1, limit) {
                    return Some((Value::Rate(bytes(number, letter)?), 1 + width));
                }
                return Some((Value::Size(bytes(number, letter)?), 1));
            }
            if let Some(rate) = rate(lexicon, number, unit) {
                return Some((Value::Rate(rate), 1));
            }
            if let Some(seconds) = lexicon.words.time.get(unit.trim_start_matches('-')) {
                return Some((Value::Time((number * *seconds as f64) as u64), 1));
            }
            if CORES.contains(&unit) {
                return Some((Value::Number(number), 1));
            }
            if let Some(letter) = unit.strip_prefix('-').and_then(|unit| size_unit(lexicon, unit)) {
                return Some((Value::Size(bytes(number, letter)?), 1));
            }
            return None;
        }
        None => match digits(low) {
            Some(number) => (number, 1),
            None => {
                let mut found = None;
                for width in (1..=4).rev() {
                    if at + width <= limit
                        && let Some(number) = lexicon.words.number.get(&words[at..at + width].join(" "))
                    {
                        found = Some((*number, width));
                        break;
                    }
                }
                match found {
                    Some(found) => found,
                    // `a terabyte`
                    None if ["a", "an", "one", "ein", "eine", "un", "une", "una", "um", "uma", "een"]
                        .contains(&low)
                        && at + 1 < limit
                        && words[at + 1].len() > 1
                        && (size_unit(lexicon, &words[at + 1]).is_some()
                            || lexicon.words.time.contains_key(&words[at + 1]) && words[at + 1].len() > 3) =>
                    {
                        (1.0, 1)
                    }
                    None => return None,
                }
            }
        },
    };
    let mut end = at + width;
    // `half a terabyte`, `a dozen of`
    if number < 1.0 || number.fract() != 0.0 {
        while end < limit && matches!(words[end].as_str(), "a" | "an" | "of" | "de") {
            end += 1;
        }
    }
    if end < limit {
        let unit = words[end].as_str();
        if unit == "%" {
            return Some((Value::Percent(number as u64), end + 1 - at));
        }
        if (unit != "m" || number.fract() == 0.0)
            && let Some(rate) = rate(lexicon, number, unit)
        {
            return Some((Value::Rate(rate), end + 1 - at));
        }
        if let Some(letter) = size_unit(lexicon, unit).filter(|_| unit != "go" || at > 0) {
            if let Some(width) = second_follows(words, end + 1, limit) {
                return Some((Value::Rate(bytes(number, letter)?), end + 1 + width - at));
            }
            return Some((Value::Size(bytes(number, letter)?), end + 1 - at));
        }
        // `48 hours`, and characters that are a unit together.
        for width in (1..=4).rev() {
            if end + width > limit {
                continue;
            }
            let unit = words[end..end + width].concat();
            if width > 1 && !unit.chars().any(text::is_cjk) {
                continue;
            }
            if unit.chars().any(text::is_cjk)
                && let Some(letter) = size_unit(lexicon, &unit)
            {
                return Some((Value::Size(bytes(number, letter)?), end + width - at));
            }
            if let Some(seconds) = lexicon.words.time.get(&unit) {
                return Some((Value::Time((number * *seconds as f64) as u64), end + width - at));
            }
        }
    }
    Some((Value::Number(number), width))
}

/// `per second`, `a second`, `/ s` behind a size: how many words.
fn second_follows(words: &[String], at: usize, limit: usize) -> Option<usize> {
    let word = |at: usize| if at < limit { words.get(at).map_or("", String::as_str) } else { "" };
    let second = |word: &str| matches!(word, "second" | "sec" | "s" | "sekunde" | "seconde" | "segundo" | "secondo");
    if matches!(word(at), "per" | "a" | "pro" | "par" | "por" | "al" | "each" | "every") && second(word(at + 1)) {
        return Some(2);
    }
    (word(at) == "/s").then_some(1)
}

/// `1d12h`
fn compound(lexicon: &Lexicon, text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total = 0_u64;
    let mut parts = 0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit()).filter(|at| *at > 0)?;
        let number: u64 = rest[..end].parse().ok()?;
        let tail = &rest[end..];
        let stop = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        total = total.checked_add(number.checked_mul(*lexicon.words.time.get(&tail[..stop])?)?)?;
        rest = &tail[stop..];
        parts += 1;
    }
    (parts > 1).then_some(total)
}
