//! The text of `zpool status -p` (OpenZFS 0.8 to 2.2; `cmd/zpool/zpool_main.c`, `status_callback`).
//!
//! Parts begin with a word and a colon, at most a few spaces from the left; what goes on below one
//! is set in by a tab or more spaces. The devices stand in columns, whose places the head gives.

use super::{PoolStatus, Scan, ScanKind, ScanState, Vdev, error, on_one_line};
use crate::facts::ParseError;

/// A part: what it is called, its text, and the line that it begins in.
struct Part<'a> {
    line: usize,
    name: &'a str,
    lines: Vec<&'a str>,
}

/// Reads it.
///
/// # Errors
/// If it does not begin with a pool, or a pool has no name or state.
pub fn parse(output: &str) -> Result<Vec<PoolStatus>, ParseError> {
    let mut pools: Vec<PoolStatus> = Vec::new();
    for part in parts(output)? {
        let first = part.lines.first().map_or("", |text| text.trim());
        if part.name == "pool" {
            let pool = first.parse().map_err(|_| error(part.line, "no pool name", first))?;
            pools.push(PoolStatus::new(pool, String::new()));
            continue;
        }
        let Some(pool) = pools.last_mut() else { return Err(error(part.line, "no pool before it", first)) };
        let text = on_one_line(&part.lines.join(" "));
        match part.name {
            "state" => pool.state = text,
            "status" => pool.status = Some(text),
            "action" => pool.action = Some(text),
            // A page on what `status` says.
            "see" => {}
            "scan" if text == "none requested" => {}
            "scan" => match scan(&text) {
                Some(scan) => pool.scans.push(scan),
                None => pool.other.push(format!("scan: {text}")),
            },
            "config" => devices(pool, &part.lines),
            "errors" => match errors(&text) {
                Some(errors) => pool.errors = Some(errors),
                None => pool.other.push(format!("errors: {text}")),
            },
            name => pool.other.push(format!("{name}: {text}")),
        }
    }
    match pools.iter().find(|pool| pool.state.is_empty()) {
        Some(pool) => Err(error(1, "no state of a pool", pool.pool.as_str())),
        None => Ok(pools),
    }
}

fn parts(output: &str) -> Result<Vec<Part<'_>>, ParseError> {
    let mut parts: Vec<Part<'_>> = Vec::new();
    for (at, line) in output.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        if let Some((name, text)) = head(line) {
            parts.push(Part { line: at + 1, name, lines: vec![text] });
        } else if let Some(part) = parts.last_mut() {
            part.lines.push(line);
        } else {
            return Err(error(at + 1, "no part begins so", line));
        }
    }
    Ok(parts)
}

/// `  pool: tank` is `pool` and ` tank`.
fn head(line: &str) -> Option<(&str, &str)> {
    let (name, text) = line.split_once(':')?;
    let word = name.trim_start_matches(' ');
    let is_word = !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    (is_word && name.len() - word.len() <= 4).then_some((word, text))
}

/// Everything below `config:`.
fn devices(pool: &mut PoolStatus, lines: &[&str]) {
    let mut columns = None;
    let mut class = None;
    for line in lines {
        let row = line.strip_prefix('\t').unwrap_or(line);
        if row.trim().is_empty() {
            continue;
        }
        if row.starts_with("NAME ") {
            columns = row.find("STATE");
        } else if ["logs", "cache", "spares", "special", "dedup"].contains(&row.trim()) {
            class = Some(row.trim().to_owned());
        } else {
            match columns.and_then(|columns| device(row, columns, class.clone())) {
                Some(vdev) => pool.vdevs.push(vdev),
                None => pool.other.push(format!("config: {}", on_one_line(row))),
            }
        }
    }
}

/// One device: name, state, three numbers (but for spares), and a remark.
fn device(row: &str, column: usize, class: Option<String>) -> Option<Vdev> {
    let (name, rest) = (row.get(..column)?.trim(), row.get(column..)?);
    let (state, rest) = word(rest)?;
    let mut vdev =
        Vdev { name: name.to_owned(), class, state: state.to_owned(), read: 0, write: 0, checksum: 0, note: None };
    let mut note = rest;
    if let Some(counted) = counts(rest) {
        ([vdev.read, vdev.write, vdev.checksum], note) = counted;
    }
    vdev.note = Some(on_one_line(note)).filter(|note| !note.is_empty());
    (!name.is_empty()).then_some(vdev)
}

fn word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    Some(text.split_at(end)).filter(|(word, _)| !word.is_empty())
}

fn counts(text: &str) -> Option<([u64; 3], &str)> {
    let mut rest = text;
    let mut numbers = [0; 3];
    for number in &mut numbers {
        let (digits, behind) = word(rest)?;
        *number = digits.parse().ok()?;
        rest = behind;
    }
    Some((numbers, rest))
}

/// What stands behind `scan:`, on one line.
fn scan(text: &str) -> Option<Scan> {
    let kind = if text.starts_with("scrub") { ScanKind::Scrub } else { ScanKind::Resilver };
    let (head, at) = [" in progress since ", " paused since ", " canceled on ", " on "]
        .iter()
        .find_map(|part| text.split_once(part).map(|(_, at)| (*part, at)))?;
    // A moment as `ctime` writes it, in five words.
    let moment = at.split(' ').take(5).collect::<Vec<_>>().join(" ");
    let state = match head {
        " in progress since " => ScanState::Running { done: done(text)?, left: left(text) },
        " paused since " => ScanState::Paused { done: done(text)? },
        " canceled on " => ScanState::Canceled,
        _ => ScanState::Finished { errors: finished(text)? },
    };
    let known = ["scrub ", "resilver ", "resilvered "].iter().any(|start| text.starts_with(start));
    known.then_some(Scan { kind, state, at: moment })
}

/// `… with 3 errors on …`
fn finished(text: &str) -> Option<u64> {
    text.split_once(" with ")?.1.split_once(" errors on ")?.0.parse().ok()
}

/// `… 42.13% done …`, in hundredths of a percent.
fn done(text: &str) -> Option<u32> {
    let share = text.split_once("% done")?.0.rsplit(' ').next()?;
    // Nothing of nothing: it has just begun.
    if share.ends_with("nan") {
        return Some(0);
    }
    let (whole, part) = share.split_once('.')?;
    let part: u32 = Some(part).filter(|part| part.len() == 2)?.parse().ok()?;
    whole.parse::<u32>().ok()?.checked_mul(100)?.checked_add(part)
}

/// `… , 2 days 03:04:05 to go`, in seconds.
fn left(text: &str) -> Option<u64> {
    let time = text.split_once(" to go")?.0.rsplit(", ").next()?;
    let (days, clock) = time.split_once(" days ").unwrap_or(("0", time));
    let mut seconds = days.parse::<u64>().ok()?.checked_mul(24)?;
    let mut parts = clock.split(':');
    seconds = seconds.checked_add(parts.next()?.parse().ok()?)?;
    for part in [parts.next()?, parts.next()?] {
        seconds = seconds.checked_mul(60)?.checked_add(part.parse().ok()?)?;
    }
    Some(seconds)
}

/// What stands behind `errors:`.
fn errors(text: &str) -> Option<u64> {
    if text == "No known data errors" {
        return Some(0);
    }
    text.split_once(" data errors").and_then(|(number, _)| number.parse().ok())
}
