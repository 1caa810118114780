//! `zpool status`: what there is to say of a pool, whichever way it is said.

use super::{pools, status_json, status_text};
use crate::sim::pool::{Disk, Pool, SCRUB};
use crate::sim::state::State;
use crate::sim::zfs::{Parsed, usage};
use crate::sim::{Answer, json};

pub(super) fn status(state: &State, args: &[&str]) -> Answer {
    let parsed = Parsed::new(args, &state.flags("p"), "T")?;
    if !matches!(parsed.value('T'), None | Some("u")) {
        return usage("only -T u is simulated");
    }
    let pools = pools(state, &parsed.operands)?;
    if !parsed.has('j') {
        let texts: Vec<String> = pools.iter().map(|(name, pool)| status_text::of(state, name, pool)).collect();
        return Ok(texts.join("\n"));
    }
    if !parsed.has('p') {
        return usage("only exact numbers are simulated");
    }
    let all = pools.into_iter().map(|(name, pool)| (name.to_owned(), status_json::of(state, name, pool))).collect();
    let time = parsed.value('T').map(|_| ("time", serde_json::json!(state.seconds().to_string())));
    Ok(json::output("zpool status", ("pools", all), time.as_slice()))
}

/// What is wrong and what to do about it, with the page that explains it (`print_status_reason`).
pub(super) fn reason(pool: &Pool) -> Option<(&'static str, &'static str, Option<&'static str>)> {
    let disks = pool.all_disks();
    let has = |state: &str| disks.iter().any(|disk| disk.state == state);
    let errors = disks.iter().any(|disk| disk.read + disk.write + disk.checksum > 0);
    Some(if pool.health == "SUSPENDED" {
        (
            "One or more devices are faulted in response to IO failures.\n",
            "Make sure the affected devices are connected, then run 'zpool clear'.\n",
            Some("ZFS-8000-HC"),
        )
    } else if disks.iter().all(|disk| disk.state == "UNAVAIL") {
        (
            "One or more devices could not be opened.  There are insufficient\n\treplicas for the pool to continue functioning.\n",
            "Attach the missing device and online it using 'zpool online'.\n",
            Some("ZFS-8000-3C"),
        )
    } else if pool.data_errors > 0 {
        (
            "One or more devices has experienced an error resulting in data\n\tcorruption.  Applications may be affected.\n",
            "Restore the file in question if possible.  Otherwise restore the\n\tentire pool from backup.\n",
            Some("ZFS-8000-8A"),
        )
    } else if has("FAULTED") {
        (
            "One or more devices are faulted in response to persistent errors.\n\tSufficient replicas exist for the pool to continue functioning in a\n\tdegraded state.\n",
            "Replace the faulted device, or use 'zpool clear' to mark the device\n\trepaired.\n",
            Some("ZFS-8000-K4"),
        )
    } else if has("UNAVAIL") {
        (
            "One or more devices could not be opened.  Sufficient replicas exist for\n\tthe pool to continue functioning in a degraded state.\n",
            "Attach the missing device and online it using 'zpool online'.\n",
            Some("ZFS-8000-2Q"),
        )
    } else if has("OFFLINE") {
        (
            "One or more devices has been taken offline by the administrator.\n\tSufficient replicas exist for the pool to continue functioning in a\n\tdegraded state.\n",
            "Online the device using 'zpool online' or replace the device with\n\t'zpool replace'.\n",
            None,
        )
    } else if has("REMOVED") {
        (
            "One or more devices has been removed by the administrator.\n\tSufficient replicas exist for the pool to continue functioning in a\n\tdegraded state.\n",
            "Online the device using zpool online' or replace the device with\n\t'zpool replace'.\n",
            None,
        )
    } else if errors {
        (
            "One or more devices has experienced an unrecoverable error.  An\n\tattempt was made to correct the error.  Applications are unaffected.\n",
            "Determine if the device needs to be replaced, and clear the errors\n\tusing 'zpool clear' or replace the device with 'zpool replace'.\n",
            Some("ZFS-8000-9P"),
        )
    } else {
        return None;
    })
}

/// The states of the whole and of its mirror.
pub(super) fn above(disks: &[Disk]) -> &'static str {
    let well = disks.iter().filter(|disk| disk.state == "ONLINE").count();
    if well == disks.len() {
        "ONLINE"
    } else if well == 0 {
        "UNAVAIL"
    } else {
        "DEGRADED"
    }
}

/// Why a disk is as it is: as the text has it, and as the JSON has it.
pub(super) fn why(state: &str) -> Option<(&'static str, &'static str)> {
    match state {
        "FAULTED" => Some(("too many errors", "ERR_EXCEEDED")),
        "UNAVAIL" => Some(("cannot open", "OPEN_FAILED")),
        _ => None,
    }
}

/// What a scrub of the pool reads, in bytes.
pub(super) fn to_examine(pool: &Pool) -> u64 {
    (pool.size - pool.free).max(1 << 30)
}

/// What it has read of that after so many milliseconds.
pub(super) fn examined(pool: &Pool, spent: u64) -> u64 {
    let part = u128::from(to_examine(pool)) * u128::from(spent) / u128::from(SCRUB);
    u64::try_from(part).unwrap_or(u64::MAX)
}
