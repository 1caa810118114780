//! What replication tools leave on a host to find their base again, by the forms of their names. A name
//! of another form is nobody's mark, and no error.
//!
//! zrepl: `internal/endpoint` of its source; syncoid: `newsyncsnap`, `getdate` and `--use-hold` of its.

use crate::names::{Guid, JobName};

/// zrepl's cursor, a bookmark on the sender: `zrepl_CURSOR_G_<guid, 16 hexadecimal digits>_J_<job>`. It is
/// moved when a step has arrived.
pub(super) fn zrepl_cursor(label: &str) -> Option<(Guid, JobName)> {
    let (guid, job) = label.strip_prefix("zrepl_CURSOR_G_")?.split_at_checked(16)?;
    let is_hex = guid.bytes().all(|digit| digit.is_ascii_digit() || matches!(digit, b'a'..=b'f'));
    let guid = u64::from_str_radix(guid, 16).ok().filter(|_| is_hex)?;
    Some((guid.to_string().parse().ok()?, job.strip_prefix("_J_")?.parse().ok()?))
}

/// zrepl's hold on what a receiver got last: `zrepl_last_received_J_<job>`.
pub(super) fn zrepl_received(tag: &str) -> Option<JobName> {
    tag.strip_prefix("zrepl_last_received_J_")?.parse().ok()
}

/// syncoid's snapshot, taken before each transfer and kept on both sides: `syncoid_<job>_<time>`. The job is
/// an identifier, if one was given, and the name of the host where syncoid runs. The time is
/// `2026-11-24_11:05:00-GMT01:00`; older ones have a colon before the hours, and no zone.
pub(super) fn syncoid_snapshot(label: &str) -> Option<JobName> {
    let rest = label.strip_prefix("syncoid_")?;
    let zoned = rest.rsplit_once("-GMT").filter(|(_, zone)| has_form(zone.strip_prefix('-').unwrap_or(zone), "00:00"));
    let rest = zoned.map_or(rest, |(rest, _)| rest);
    let (job, time) = rest.split_at_checked(rest.len().checked_sub("_0000-00-00_00:00:00".len())?)?;
    let is_time = ["_0000-00-00_00:00:00", "_0000-00-00:00:00:00"].iter().any(|form| has_form(time, form));
    if is_time { job.parse().ok() } else { None }
}

/// Whether a text has digits where the form has zeros, and else what the form has.
fn has_form(text: &str, form: &str) -> bool {
    let fits = |(byte, wanted): (u8, u8)| if wanted == b'0' { byte.is_ascii_digit() } else { byte == wanted };
    text.len() == form.len() && text.bytes().zip(form.bytes()).all(fits)
}

/// syncoid's hold on what arrived last, on both sides: `syncoid_<job>`.
pub(super) fn syncoid_hold(tag: &str) -> Option<JobName> {
    tag.strip_prefix("syncoid_")?.parse().ok()
}

/// kai's hold on a base, on both sides, and on what is being sent: `kai:repl:<job>`.
pub(super) fn kai_hold(tag: &str) -> Option<JobName> {
    tag.strip_prefix("kai:repl:")?.parse().ok()
}
