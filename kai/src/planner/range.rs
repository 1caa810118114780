//! Names of a range: `node1..node4`, `node-01-node-06`, `web{1..3}`.

/// Names of a range: `node1..node4`, `node-01-node-06`, `web{1..3}`.
#[must_use]
pub(super) fn range(raw: &str) -> Option<Vec<String>> {
    if let Some((head, rest)) = raw.split_once('{')
        && let Some((inner, tail)) = rest.split_once('}')
    {
        let inner = inner.replace("...", "..").replace('-', "..");
        if let Some((from, to)) = inner.split_once("..") {
            return numbered(head, from, to, tail);
        }
        let list: Vec<String> =
            inner.split(',').filter(|part| !part.is_empty()).map(|part| format!("{head}{part}{tail}")).collect();
        return (list.len() > 1).then_some(list);
    }
    if let Some((head, rest)) = raw.split_once('[')
        && let Some((inner, tail)) = rest.split_once(']')
    {
        let (from, to) = inner.split_once('-').or_else(|| inner.split_once(".."))?;
        return numbered(head, from, to, tail);
    }
    for mark in ["...", "..", "–", "—", "~"] {
        if let Some((from, to)) = raw.split_once(mark) {
            return between(from, to);
        }
    }
    // `node1-node4`, `node1-4`
    for (at, _) in raw.match_indices('-') {
        let (from, to) = (&raw[..at], &raw[at + 1..]);
        let digits = from.ends_with(|c: char| c.is_ascii_digit());
        let alike = to.starts_with(|c: char| c.is_ascii_alphabetic()) || !to.contains('-');
        if digits
            && alike
            && from.starts_with(|c: char| c.is_ascii_alphabetic())
            && let Some(found) = between(from, to)
        {
            return Some(found);
        }
    }
    None
}

/// Names from one to another.
#[must_use]
pub(super) fn between(from: &str, to: &str) -> Option<Vec<String>> {
    let split = |text: &str| {
        text.rfind(|c: char| !c.is_ascii_digit())
            .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8))
    };
    let (head, first) = from.split_at(split(from));
    let (other, last) = to.split_at(split(to));
    if first.is_empty() || last.is_empty() || head.is_empty() || !(other.is_empty() || other == head) {
        return None;
    }
    numbered(head, first, last, "")
}

fn numbered(head: &str, from: &str, to: &str, tail: &str) -> Option<Vec<String>> {
    let (first, last): (u32, u32) = (from.parse().ok()?, to.parse().ok()?);
    let width = if from.starts_with('0') { from.len() } else { 0 };
    let good = last > first && last - first < 256 && from.len() <= 6;
    good.then(|| (first..=last).map(|number| format!("{head}{number:0width$}{tail}")).collect())
}
