//! apt's texts: the tables that `apt-cache madison` and `policy` print, the lines of a running
//! download, and the two formats of source lists. Text in, values out; nothing is run or read.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::str::Chars;

use crate::names::{is_package, is_version};

/// Versions that sources offer, per package, in the order printed (highest first):
/// `name | version | source` lines. Lines of another shape, and those of source packages, are
/// not offers.
pub fn madison(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut offers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in text.lines() {
        let mut columns = line.split('|').map(str::trim);
        let (Some(name), Some(version), Some(source)) = (columns.next(), columns.next(), columns.next()) else {
            continue;
        };
        if is_package(name) && is_version(version) && !source.ends_with("Sources") {
            let versions = offers.entry(name.to_owned()).or_default();
            if !versions.iter().any(|own| own == version) {
                versions.push(version.to_owned());
            }
        }
    }
    offers
}

/// The version that apt would choose, per package, from `apt-cache policy`.
pub fn policy(text: &str) -> BTreeMap<String, String> {
    let mut chosen = BTreeMap::new();
    let mut current = None;
    for line in text.lines() {
        if let Some(name) = line.strip_suffix(':').filter(|name| is_package(name)) {
            current = Some(name.to_owned());
        } else if let Some(version) = line.trim().strip_prefix("Candidate:").map(str::trim) {
            chosen.extend(current.take().filter(|_| is_version(version)).map(|name| (name, version.to_owned())));
        }
    }
    chosen
}

/// What to ask for: apt's choice where a source offers it, else the highest offer. An installed
/// version that no source holds any more is a choice that cannot be downloaded.
pub fn choose(
    mut candidates: BTreeMap<String, String>,
    offers: BTreeMap<String, Vec<String>>,
) -> BTreeMap<String, String> {
    let mut chosen = BTreeMap::new();
    for (name, versions) in offers {
        let candidate = candidates.remove(&name).filter(|version| versions.contains(version));
        if let Some(version) = candidate.or_else(|| versions.into_iter().next()) {
            chosen.insert(name, version);
        }
    }
    chosen
}

/// Package and size of a line like
/// `Get:3 http://… bookworm/main amd64 sanoid all 2.1.0-3 [67.4 kB]`.
pub fn download_line(line: &str) -> Option<(String, Option<u64>)> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    words.first()?.strip_prefix("Get:")?;
    let name = (*words.get(4)?).to_owned();
    is_package(&name).then(|| (name, words.get(7..).and_then(size)))
}

fn size(words: &[&str]) -> Option<u64> {
    let number: f64 = words.first()?.strip_prefix('[')?.replace(',', "").parse().ok()?;
    let factor = match words.get(1)?.trim_end_matches(']') {
        "B" => 1.0,
        "kB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        _ => return None,
    };
    // Sizes on a progress line are rounded anyway.
    Some((number * factor) as u64)
}

/// A `.list` file for our private state: its binary sources that belong to the distribution,
/// with `contrib` beside `main`. `codename` is the release's; without one every source with
/// `main` stays.
pub fn list_with_contrib(text: &str, codename: Option<&str>) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or("").trim();
        let Some(rest) = line.strip_prefix("deb ").or_else(|| line.strip_prefix("deb\t")) else {
            continue;
        };
        let rest = rest.trim_start();
        let (options, rest) = match rest.strip_prefix('[').and_then(|inside| inside.split_once(']')) {
            Some((options, rest)) => (format!("[{options}] "), rest),
            None => (String::new(), rest),
        };
        let words: Vec<&str> = rest.split_ascii_whitespace().collect();
        let [uri, suite, components @ ..] = words.as_slice() else {
            continue;
        };
        if let Some(components) = wanted(&[suite], components, codename) {
            out.push_str(&format!("deb {options}{uri} {suite} {components}\n"));
        }
    }
    out
}

/// A `.sources` file for our private state, in the same way. Fields we do not know are kept.
pub fn sources_with_contrib(text: &str, codename: Option<&str>) -> String {
    let mut out = String::new();
    let mut lines = text.lines().filter(|line| !line.starts_with('#')).peekable();
    while lines.peek().is_some() {
        let stanza: Vec<&str> = lines.by_ref().take_while(|line| !line.trim().is_empty()).collect();
        let field = |name: &str| field(&stanza, name);
        let enabled = !matches!(field("Enabled").to_ascii_lowercase().trim(), "no" | "false" | "0");
        let types = field("Types");
        let binary = types.split_ascii_whitespace().any(|kind| kind == "deb");
        let (suites, components) = (field("Suites"), field("Components"));
        let suites: Vec<&str> = suites.split_ascii_whitespace().collect();
        let components: Vec<&str> = components.split_ascii_whitespace().collect();
        let Some(components) = wanted(&suites, &components, codename) else {
            continue;
        };
        if !enabled || !binary {
            continue;
        }
        out.push_str(&format!("Types: deb\nComponents: {components}\n"));
        let mut keep = false;
        for line in stanza {
            if !line.starts_with([' ', '\t']) {
                let name = line.split(':').next().unwrap_or("").to_ascii_lowercase();
                keep = !["types", "components", "enabled"].contains(&name.as_str());
            }
            if keep {
                out.push_str(line);
                out.push('\n');
            }
        }
        out.push('\n');
    }
    out
}

/// A field's value with its continuation lines; empty if absent.
fn field(stanza: &[&str], name: &str) -> String {
    let mut value = String::new();
    let mut inside = false;
    for line in stanza {
        if line.starts_with([' ', '\t']) {
            if inside {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else {
            let (key, rest) = line.split_once(':').unwrap_or((line, ""));
            inside = key.eq_ignore_ascii_case(name);
            if inside {
                value.push_str(rest.trim());
            }
        }
    }
    value
}

/// The components to list, or none if the source is not the distribution's own. Other makers'
/// repositories hold none of our packages and would only slow the lists down.
fn wanted(suites: &[&str], components: &[&str], codename: Option<&str>) -> Option<String> {
    if !components.contains(&"main") {
        return None;
    }
    let own = |suite: &&str| {
        let base = suite.split(['-', '/']).next().unwrap_or(suite);
        codename.is_none_or(|codename| base == codename)
            || ["stable", "testing", "unstable", "sid", "oldstable"].contains(&base)
    };
    if !suites.iter().any(own) {
        return None;
    }
    let mut list = components.to_vec();
    // Ubuntu keeps the same packages in main and universe.
    if !list.contains(&"contrib") && !list.contains(&"universe") && !list.contains(&"restricted") {
        list.push("contrib");
    }
    Some(list.join(" "))
}

/// Whether `a` is the lower of two names in the order in which `doc-9` comes before `doc-15`.
pub fn natural(a: &str, b: &str) -> std::cmp::Ordering {
    let (mut a, mut b) = (a.chars().peekable(), b.chars().peekable());
    loop {
        let digits = |c: Option<&char>| c.is_some_and(char::is_ascii_digit);
        if digits(a.peek()) && digits(b.peek()) {
            let (left, right) = (number(&mut a), number(&mut b));
            match left.len().cmp(&right.len()).then_with(|| left.cmp(&right)) {
                std::cmp::Ordering::Equal => {}
                other @ (std::cmp::Ordering::Less | std::cmp::Ordering::Greater) => return other,
            }
            continue;
        }
        match (a.next(), b.next()) {
            (None, None) => return std::cmp::Ordering::Equal,
            (left, right) if left == right => {}
            (left, right) => return left.cmp(&right),
        }
    }
}

/// A run of digits without leading zeros, so that its length orders it.
fn number(chars: &mut Peekable<Chars<'_>>) -> String {
    let mut digits = String::new();
    while let Some(digit) = chars.next_if(char::is_ascii_digit) {
        if digit != '0' || !digits.is_empty() {
            digits.push(digit);
        }
    }
    digits
}
