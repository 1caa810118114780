//! The JSON of `zpool status -j -p` (OpenZFS 2.3 and later; `cmd/zpool/zpool_main.c`,
//! `status_callback_json`). Numbers are texts there unless `--json-int` is given; both are read.

use serde_json::{Map, Value};

use super::{PoolStatus, Scan, ScanKind, ScanState, Vdev, error, on_one_line};
use crate::facts::ParseError;
use crate::names::Stamp;

/// What a pool has that says nothing about its health, or is read elsewhere.
const KNOWN: [&str; 20] = [
    "name",
    "state",
    "type",
    "pool_guid",
    "txg",
    "spa_version",
    "zpl_version",
    "status",
    "action",
    "msgid",
    "moreinfo",
    "scan_stats",
    "vdevs",
    "dedup",
    "special",
    "logs",
    "l2cache",
    "spares",
    "error_count",
    "dedup_stats",
];

/// Where devices stand, and what the text calls their class.
const CLASSES: [(&str, Option<&str>); 6] = [
    ("vdevs", None),
    ("dedup", Some("dedup")),
    ("special", Some("special")),
    ("logs", Some("logs")),
    ("l2cache", Some("cache")),
    ("spares", Some("spares")),
];

/// What the text says for the kernel's words (`vdev_aux_str`).
const AUX: [(&str, &str); 12] = [
    ("OPEN_FAILED", "cannot open"),
    ("CORRUPT_DATA", "corrupted data"),
    ("NO_REPLICAS", "insufficient replicas"),
    ("BAD_GUID_SUM", "missing device"),
    ("BAD_LABEL", "invalid label"),
    ("UNSUP_FEAT", "unsupported feature(s)"),
    ("SPARED", "currently in use"),
    ("ERR_EXCEEDED", "too many errors"),
    ("IO_FAILURE", "experienced I/O failures"),
    ("BAD_LOG", "bad intent log"),
    ("EXTERNAL", "external device fault"),
    ("CHILDREN_OFFLINE", "all children offline"),
];

/// Reads it.
///
/// # Errors
/// If it is no JSON of that form and major version 0, or a pool lacks its state.
pub fn parse(output: &str) -> Result<Vec<PoolStatus>, ParseError> {
    let all: Value = serde_json::from_str(output).map_err(|bad| error(bad.line(), "no JSON", output))?;
    let major = all.pointer("/output_version/vers_major");
    if major.and_then(number) != Some(0) {
        let text = major.map_or_else(|| output.to_owned(), Value::to_string);
        return Err(error(1, "a version of the output that kai does not know", &text));
    }
    let now = all.get("time").and_then(number);
    let pools = all.get("pools").and_then(Value::as_object).ok_or_else(|| error(1, "no pools", output))?;
    pools.iter().map(|(name, pool)| status(name, pool, now)).collect()
}

fn status(name: &str, value: &Value, now: Option<u64>) -> Result<PoolStatus, ParseError> {
    let lacks = |what| error(1, what, &format!("{name}: {value}"));
    let pool = value.as_object().ok_or_else(|| lacks("no pool"))?;
    let text = |key: &str| pool.get(key).and_then(Value::as_str);
    let state = text("state").ok_or_else(|| lacks("no state of a pool"))?;
    let name = text("name").unwrap_or(name).parse().map_err(|_| lacks("no pool name"))?;
    let mut status = PoolStatus::new(name, state.to_owned());
    status.status = text("status").map(on_one_line);
    status.action = text("action").map(on_one_line);
    let mut other = Vec::new();
    if let Some(found) = pool.get("scan_stats") {
        status.scans = scans(found, now, &mut other);
    }
    for (key, class) in CLASSES {
        if let Some(found) = pool.get(key) {
            devices(found, class, &mut status.vdevs, &mut other);
        }
    }
    status.errors = pool.get("error_count").and_then(|errors| understood("error_count", errors, &mut other));
    other.extend(pool.iter().filter(|(key, _)| !KNOWN.contains(&key.as_str())).map(|(key, found)| said(key, found)));
    status.other = other;
    Ok(status)
}

/// A number, as text or as itself.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// What it says, for people.
fn said(key: &str, value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), on_one_line);
    format!("{key}: {}", text.chars().take(400).collect::<String>())
}

/// The number that it is; if it is none, that is said.
fn understood(key: &str, value: &Value, other: &mut Vec<String>) -> Option<u64> {
    let found = number(value);
    if found.is_none() {
        other.push(said(key, value));
    }
    found
}

fn devices(value: &Value, class: Option<&str>, vdevs: &mut Vec<Vdev>, other: &mut Vec<String>) {
    let Some(all) = value.as_object() else { return other.push(said("vdevs", value)) };
    for (name, found) in all {
        let Some(vdev) = found.as_object() else {
            other.push(said(name, found));
            continue;
        };
        let mut count = |key: &str| vdev.get(key).and_then(|value| understood(key, value, other)).unwrap_or(0);
        let [read, write, checksum] = ["read_errors", "write_errors", "checksum_errors"].map(&mut count);
        vdevs.push(Vdev {
            name: name.clone(),
            class: class.map(str::to_owned),
            // One that does not say how it is, is not well.
            state: vdev.get("state").and_then(Value::as_str).unwrap_or("UNKNOWN").replace("CANT_OPEN", "UNAVAIL"),
            read,
            write,
            checksum,
            note: remark(vdev),
        });
        if let Some(below) = vdev.get("vdevs") {
            devices(below, class, vdevs, other);
        }
    }
}

/// What the text says behind the numbers.
fn remark(vdev: &Map<String, Value>) -> Option<String> {
    let text = |key: &str| vdev.get(key).and_then(Value::as_str);
    let is_set = |key: &str| vdev.get(key).and_then(number).is_some_and(|value| value != 0);
    let mut notes: Vec<String> = Vec::new();
    notes.extend(text("was").map(|path| format!("was {path}")));
    notes.extend(text("aux").map(|aux| match AUX.iter().find(|(word, _)| *word == aux) {
        Some((_, said)) => (*said).to_owned(),
        None => aux.to_lowercase().replace('_', " "),
    }));
    notes.extend(text("used_by").map(|pool| format!("in use by pool {pool}")));
    if let (Some(configured), Some(physical)) =
        (vdev.get("configured_ashift").and_then(number), vdev.get("physical_ashift").and_then(number))
    {
        let bytes = |shift: u64| 1_u64.checked_shl(u32::try_from(shift).unwrap_or(64)).unwrap_or(0);
        notes.push(format!("block size: {}B configured, {}B native", bytes(configured), bytes(physical)));
    }
    for (key, said) in
        [("removing", "being removed"), ("noalloc", "takes nothing new"), ("resilver_deferred", "waits for a resilver")]
    {
        notes.extend(is_set(key).then(|| said.to_owned()));
    }
    if notes.is_empty() { None } else { Some(notes.join(", ")) }
}

fn scans(value: &Value, now: Option<u64>, other: &mut Vec<String>) -> Vec<Scan> {
    let mut found = Vec::new();
    let rebuilds = value.get("rebuild_stats").and_then(Value::as_object);
    for (name, rebuild) in rebuilds.into_iter().flatten() {
        match self::rebuild(rebuild) {
            Some(scan) => found.extend(scan),
            None => other.push(said(&format!("rebuild of {name}"), rebuild)),
        }
    }
    // There may have been rebuilds and nothing else.
    if value.get("function").is_some() {
        match scan(value, now) {
            Some(scan) => found.extend(scan),
            None => other.push(said("scan_stats", value)),
        }
    }
    if let Some(state) = value.get("err_scrub_state") {
        other.push(said("error scrub", state));
    }
    found
}

fn moment(seconds: u64) -> String {
    Stamp::from_seconds(seconds).to_string()
}

/// In hundredths of a percent.
fn share(part: u64, whole: u64) -> u32 {
    let share = (u128::from(part) * 10_000).checked_div(u128::from(whole)).unwrap_or(0);
    u32::try_from(share.min(10_000)).unwrap_or(10_000)
}

/// A scrub or resilver; nothing if there never was one; an error if it is not understood.
fn scan(value: &Value, now: Option<u64>) -> Option<Option<Scan>> {
    let get = |key: &str| value.get(key).and_then(number);
    let kind = match value.get("function")?.as_str()? {
        "NONE" => return Some(None),
        "SCRUB" => ScanKind::Scrub,
        "RESILVER" => ScanKind::Resilver,
        "ERRORSCRUB" => ScanKind::ErrorScrub,
        _ => return None,
    };
    let (start, end) = (get("start_time")?, get("end_time")?);
    let state = match value.get("state")?.as_str()? {
        "NONE" => return Some(None),
        "FINISHED" => ScanState::Finished { errors: get("errors")? },
        "CANCELED" => ScanState::Canceled,
        "SCANNING" | "ERRORSCRUBBING" => {
            let (issued, total) = (get("issued")?, get("to_examine")?.saturating_sub(get("skipped").unwrap_or(0)));
            let done = share(issued, total);
            if get("scrub_pause").unwrap_or(0) != 0 {
                ScanState::Paused { done }
            } else {
                let since = get("pass_start")?.saturating_add(get("scrub_spent_paused").unwrap_or(0));
                let took = now.map(|now| now.saturating_sub(since).max(1));
                let rate = took.zip(get("issued_bytes_per_scan")).map(|(took, bytes)| bytes / took);
                let left = rate.and_then(|rate| total.saturating_sub(issued).checked_div(rate));
                ScanState::Running { done, left }
            }
        }
        _ => return None,
    };
    let at = match state {
        ScanState::Running { .. } => start,
        ScanState::Paused { .. } => get("scrub_pause").unwrap_or(start),
        ScanState::Finished { .. } | ScanState::Canceled => end,
    };
    Some(Some(Scan { kind, state, at: moment(at) }))
}

/// A sequential resilver (`zpool replace -s`) of one vdev.
fn rebuild(value: &Value) -> Option<Option<Scan>> {
    let get = |key: &str| value.get(key).and_then(number);
    let (start, end) = (get("start_time")?, get("end_time")?);
    let (state, at) = match value.get("state")?.as_str()? {
        "NONE" => return Some(None),
        "ACTIVE" => {
            let (scanned, total) = (get("scanned")?, get("to_scan")?);
            // Both in nanoseconds and bytes of this pass.
            let rate = get("pass_time").zip(get("pass_scanned"));
            let rate = rate.and_then(|(time, bytes)| bytes.checked_div(time / 1_000_000_000));
            let left = rate.and_then(|rate| total.saturating_sub(scanned).checked_div(rate));
            (ScanState::Running { done: share(scanned, total), left }, start)
        }
        "COMPLETE" => (ScanState::Finished { errors: get("errors")? }, end),
        "CANCELED" => (ScanState::Canceled, end),
        _ => return None,
    };
    Some(Some(Scan { kind: ScanKind::Resilver, state, at: moment(at) }))
}
