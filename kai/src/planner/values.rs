//! What a token says by its form alone: sizes, times, numbers, addresses, keys, paths. No inventory,
//! no meaning.

use super::lexicon::Lexicon;
use super::text::Token;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number without a unit.
    Number(f64),
    /// Bytes; and whether a `+` stood before it.
    Size(u64),
    /// Bytes a second.
    Rate(u64),
    /// Seconds.
    Time(u64),
    /// A share.
    Percent(u64),
    /// An address with its prefix length.
    Network(String),
    /// An address alone.
    Ip(String),
    /// `host:port`.
    Endpoint(String),
    /// A WireGuard key.
    Key(String),
    /// `http://` or `https://`.
    Url(String),
    /// An absolute path.
    Path(String),
    /// A SHA-256 checksum.
    Sha(String),
    /// An ssh public key, all of it.
    SshKey(String),
    /// `8080:80`.
    Ports(String),
    /// `KEY=value`.
    Env(String, String),
    /// `1g.10gb`.
    Mig(String),
    /// `zfs-send(8)`.
    Page(String),
    /// An identity of a GPU.
    GpuUuid(String),
    /// `2026-11-19`.
    Date(String),
}

/// A value and how many tokens it takes.
pub type Found = Option<(Value, usize)>;

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
pub fn size_unit(lexicon: &Lexicon, word: &str) -> Option<char> {
    lexicon
        .words
        .size
        .iter()
        .find(|(_, list)| list.iter().any(|unit| unit == word))
        .and_then(|(letter, _)| letter.chars().next())
}

fn per_second(word: &str) -> Option<&str> {
    ["/s", "/sec", "/second", "ps", "/sek", "/seg"]
        .iter()
        .find_map(|end| word.strip_suffix(end))
        .filter(|unit| !unit.is_empty())
}

/// A unit with bits or bytes a second: bytes in one of it.
fn rate(lexicon: &Lexicon, number: f64, unit: &str) -> Option<u64> {
    let bits = ["mbit", "gbit", "kbit", "mb", "gb"];
    let word = per_second(unit)?;
    if let Some(letter) =
        word.strip_suffix("bit").or_else(|| word.strip_suffix("bits")).and_then(|word| word.chars().next())
    {
        let _ = bits;
        return bytes(number / 8.0, letter.to_ascii_uppercase());
    }
    bytes(number, size_unit(lexicon, word)?)
}

/// What begins at a token.
#[must_use]
pub fn value(lexicon: &Lexicon, tokens: &[Token], words: &[String], at: usize, limit: usize) -> Found {
    let token = tokens.get(at)?;
    if let Some(found) = formed(tokens, at, limit) {
        return Some(found);
    }
    quantity(lexicon, token, words, at, limit)
}

/// What has a form of its own.
fn formed(tokens: &[Token], at: usize, limit: usize) -> Found {
    let raw = tokens[at].raw.as_str();
    let one = |value: Value| Some((value, 1));
    if raw.starts_with("https://") || raw.starts_with("http://") {
        return one(Value::Url(raw.to_owned()));
    }
    if ["ssh-ed25519", "ssh-rsa", "sk-ssh-ed25519@openssh.com"].contains(&raw) || raw.starts_with("ecdsa-sha2-") {
        let body = tokens.get(at + 1).filter(|token| token.raw.len() >= 40 && at + 1 < limit)?;
        // What follows is the comment, if it looks like one.
        let comment = tokens
            .get(at + 2)
            .filter(|token| at + 2 < limit && token.raw.contains('@') && token.quote == tokens[at].quote);
        let mut key = format!("{raw} {}", body.raw);
        if let Some(comment) = comment {
            key = format!("{key} {}", comment.raw);
        }
        return Some((Value::SshKey(key), 2 + usize::from(comment.is_some())));
    }
    if raw.starts_with('/') && raw.len() > 1 {
        return one(Value::Path(raw.to_owned()));
    }
    let base64 = |b: u8| b.is_ascii_alphanumeric() || b == b'+' || b == b'/';
    if raw.len() == 44 && raw.ends_with('=') && raw.bytes().take(43).all(base64) {
        return one(Value::Key(raw.to_owned()));
    }
    let hex = raw.strip_prefix("sha256:").unwrap_or(raw);
    if hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return one(Value::Sha(hex.to_owned()));
    }
    if raw.starts_with("GPU-") || raw.starts_with("MIG-") {
        return one(Value::GpuUuid(raw.to_owned()));
    }
    if let Some((address, length)) = raw.split_once('/')
        && address.parse::<std::net::IpAddr>().is_ok()
        && length.parse::<u8>().is_ok()
    {
        return one(Value::Network(raw.to_owned()));
    }
    if raw.parse::<std::net::IpAddr>().is_ok() && raw.len() > 2 {
        return one(Value::Ip(raw.to_owned()));
    }
    let (ports, protocol) = raw.split_once('/').unwrap_or((raw, "tcp"));
    if let Some((host, port)) = ports.rsplit_once(':')
        && port.parse::<u16>().is_ok()
    {
        if host.parse::<u16>().is_ok() && (protocol == "tcp" || protocol == "udp") {
            return one(Value::Ports(raw.to_owned()));
        }
        if !raw.contains('/') && (host.contains('.') || host.contains(']')) {
            return one(Value::Endpoint(raw.to_owned()));
        }
    }
    if let Some((key, value)) = raw.split_once('=')
        && !key.is_empty()
        && key.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    {
        return one(Value::Env(key.to_owned(), value.to_owned()));
    }
    if let Some((head, tail)) = raw.split_once("g.")
        && head.parse::<u8>().is_ok()
        && tail.starts_with(|c: char| c.is_ascii_digit())
    {
        return one(Value::Mig(raw.to_ascii_lowercase()));
    }
    if let Some((name, section)) = raw.strip_suffix(')').and_then(|raw| raw.split_once('('))
        && !name.is_empty()
        && section.len() <= 3
        && section.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.+".contains(&b))
    {
        return one(Value::Page(format!("{name}.{section}")));
    }
    if raw.len() == 10
        && raw.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() })
    {
        return one(Value::Date(raw.to_owned()));
    }
    None
}

/// Numbers with and without units.
fn quantity(lexicon: &Lexicon, token: &Token, words: &[String], at: usize, limit: usize) -> Found {
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
    let (number, width) = match fused(low) {
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
                let follows = words.get(at + 1).map(String::as_str).filter(|_| at + 1 < limit);
                if let Some(width) = second_follows(words, at + 1, limit) {
                    return Some((Value::Rate(bytes(number, letter)?), 1 + width));
                }
                let _ = follows;
                return Some((Value::Size(bytes(number, letter)?), 1));
            }
            if let Some(rate) = rate(lexicon, number, unit) {
                return Some((Value::Rate(rate), 1));
            }
            if let Some(seconds) = lexicon.words.time.get(unit.trim_start_matches('-')) {
                return Some((Value::Time((number * *seconds as f64) as u64), 1));
            }
            if unit == "-core"
                || unit == "-cpu"
                || unit == "-vcpu"
                || unit == "cpu"
                || unit == "vcpu"
                || unit == "cpus"
                || unit == "vcpus"
                || unit == "cores"
            {
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
        if unit != "m" || number.fract() == 0.0 {
            if let Some(rate) = rate(lexicon, number, unit) {
                return Some((Value::Rate(rate), end + 1 - at));
            }
        }
        if let Some(letter) = size_unit(lexicon, unit)
            .filter(|_| unit != "m" && unit != "go" && unit != "mo" || words[end] != "go" || at > 0)
        {
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
            if width > 1 && !unit.chars().any(super::text::is_cjk) {
                continue;
            }
            if unit.chars().any(super::text::is_cjk)
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
