//! `zpool status -p` as text (`status_callback`, `print_scan_scrub_resilver_status`).

use super::status::{above, examined, reason, to_examine, why};
use crate::sim::clock::{ctime, dhms, nice};
use crate::sim::pool::{Pool, SCRUB};
use crate::sim::state::State;

/// Of one pool.
pub(super) fn of(state: &State, name: &str, pool: &Pool) -> String {
    let mut out = format!("  pool: {name}\n state: {}\n", pool.health);
    if let Some((status, action, page)) = reason(pool) {
        out.push_str(&format!("status: {status}action: {action}"));
        if let Some(page) = page {
            out.push_str(&format!("   see: https://openzfs.github.io/openzfs-docs/msg/{page}\n"));
        }
    }
    out.push_str(&scan(state, pool));
    out.push_str(&devices(name, pool));
    out.push_str(&match pool.data_errors {
        0 => "\nerrors: No known data errors\n".to_owned(),
        errors => format!("\nerrors: {errors} data errors, use '-v' for a list\n"),
    });
    out
}

fn scan(state: &State, pool: &Pool) -> String {
    let (begun, at) = (ctime(pool.scan.begun / 1000), ctime(pool.scan.at / 1000));
    let spent = pool.scrubbed(state.clock);
    let progress = |paused: bool| {
        let total = to_examine(pool);
        let issued = examined(pool, spent);
        let share = spent as f64 * 100.0 / SCRUB as f64;
        let rate = total / (SCRUB / 1000);
        let line = match (state.has_json(), paused) {
            (true, true) => format!("{0} / {1} scanned, {0} / {1} issued", nice(issued), nice(total)),
            (true, false) => {
                format!("{0} / {1} scanned at {2}/s, {0} / {1} issued at {2}/s", nice(issued), nice(total), nice(rate))
            }
            (false, true) => format!("{0} scanned, {0} issued, {1} total", nice(issued), nice(total)),
            (false, false) => {
                format!("{0} scanned at {2}/s, {0} issued at {2}/s, {1} total", nice(issued), nice(total), nice(rate))
            }
        };
        let left = match (paused, rate >= 10 << 20) {
            (true, _) => String::new(),
            (false, true) => format!(", {} to go", dhms((SCRUB - spent) / 1000)),
            (false, false) => ", no estimated completion time".to_owned(),
        };
        format!("\t{line}\n\t0B repaired, {share:.2}% done{left}\n")
    };
    match pool.scrub.as_str() {
        "scanning" => format!("  scan: scrub in progress since {begun}\n{}", progress(false)),
        "paused" => format!("  scan: scrub paused since {at}\n\tscrub started on {begun}\n{}", progress(true)),
        "finished" => {
            let took = dhms(pool.scan.at.saturating_sub(pool.scan.begun) / 1000);
            format!("  scan: scrub repaired 0B in {took} with {} errors on {at}\n", pool.scan.errors)
        }
        "canceled" => format!("  scan: scrub canceled on {at}\n"),
        // Before the first one it does not say anything.
        _ => String::new(),
    }
}

fn devices(name: &str, pool: &Pool) -> String {
    let disks = pool.all_disks();
    let mut rows = vec![(name.to_owned(), above(&disks), [0; 3], "")];
    rows.push(("  mirror-0".to_owned(), above(&disks), [0; 3], ""));
    for disk in &disks {
        let why = why(&disk.state).map_or("", |(text, _)| text);
        rows.push((format!("    {}", disk.name), &disk.state, [disk.read, disk.write, disk.checksum], why));
    }
    let width = rows.iter().map(|(name, ..)| name.len()).max().unwrap_or(0).max(10);
    let mut out =
        format!("config:\n\n\t{:<width$}  {:<8} {:>5} {:>5} {:>5}\n", "NAME", "STATE", "READ", "WRITE", "CKSUM");
    for (name, state, [read, write, checksum], why) in rows {
        let why = if why.is_empty() { String::new() } else { format!("  {why}") };
        out.push_str(&format!("\t{name:<width$}  {state:<8} {read:>5} {write:>5} {checksum:>5}{why}\n"));
    }
    out
}
