//! What a token says by its form alone: sizes, times, numbers, addresses, keys, paths. No inventory,
//! no meaning.

use super::lexicon::Lexicon;
use super::text::{Sep, Token};

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
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
pub(super) type Found = Option<(Value, usize)>;

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

/// What begins at a token.
#[must_use]
pub(super) fn value(lexicon: &Lexicon, tokens: &[Token], words: &[String], at: usize, limit: usize) -> Found {
    let token = tokens.get(at)?;
    if let Some(found) = formed(lexicon, tokens, at, limit) {
        return Some(found);
    }
    quantity(lexicon, token, words, at, limit)
}

/// What has a form of its own.
fn formed(lexicon: &Lexicon, tokens: &[Token], at: usize, limit: usize) -> Found {
    let raw = tokens[at].raw.as_str();
    let one = |value: Value| Some((value, 1));
    if raw.starts_with("https://") || raw.starts_with("http://") {
        return one(Value::Url(raw.to_owned()));
    }
    if ["ssh-ed25519", "ssh-rsa", "sk-ssh-ed25519@openssh.com"].contains(&raw) || raw.starts_with("ecdsa-sha2-") {
        let body = tokens.get(at + 1).filter(|token| token.raw.len() >= 40 && at + 1 < limit)?;
        // What follows is the comment, if it looks like one.
        let last = at + 3 >= limit || tokens[at + 3].sep > Sep::Space;
        let comment = tokens.get(at + 2).filter(|token| {
            let free = last && token.sep == Sep::Space && !lexicon.is_plain(&token.low) && !lexicon.knows(&token.low);
            at + 2 < limit && (token.raw.contains('@') || free) && token.quote == tokens[at].quote
        });
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
    if let Some((name, section)) = raw.rsplit_once('.')
        && section.len() <= 2
        && section.starts_with(|c: char| ('1'..='9').contains(&c))
        && section.bytes().skip(1).all(|b| b.is_ascii_lowercase())
        && manual(name)
    {
        return one(Value::Page(raw.to_owned()));
    }
    if raw.len() == 10
        && raw.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() })
    {
        return one(Value::Date(raw.to_owned()));
    }
    None
}

/// Whether a name with a section behind it is a page of a manual, and no version of something.
fn manual(name: &str) -> bool {
    let shaped = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.ends_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b));
    let known = ["zfs", "zpool", "zdb", "virsh", "qemu", "podman", "systemd", "wg", "ssh", "nft", "sanoid", "syncoid"];
    shaped && known.iter().any(|known| name.starts_with(known))
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
