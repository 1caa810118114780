//! Moments and sizes as ZFS prints them.

use crate::names::Stamp;

/// A moment as `ctime` writes it: `Tue Nov 24 12:00:00 2026`.
pub(super) fn ctime(seconds: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = Stamp::from_seconds(seconds).to_string();
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let day = DAYS.get(usize::try_from(seconds / 86_400 % 7).unwrap_or(0)).copied().unwrap_or_default();
    let month = part(5, 7).parse::<usize>().ok().and_then(|month| MONTHS.get(month.wrapping_sub(1)));
    let date = part(8, 10).trim_start_matches('0');
    format!("{day} {} {date:>2} {} {}", month.copied().unwrap_or_default(), part(11, 19), part(0, 4))
}

/// A length of time as ZFS writes it: `01:02:03`, `2 days 01:02:03`.
pub(super) fn dhms(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let clock = format!("{:02}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60);
    if days > 0 { format!("{days} days {clock}") } else { clock }
}

/// A size in at most five characters, as `zfs_nicebytes` writes it: `512B`, `1.50G`, `50.0G`.
pub(super) fn nice(bytes: u64) -> String {
    let mut unit = 0;
    let mut value = bytes;
    while value >= 1024 && unit < 6 {
        value /= 1024;
        unit += 1;
    }
    let letter = ["B", "K", "M", "G", "T", "P", "E"].get(unit).copied().unwrap_or_default();
    let scale = 1_u64 << (10 * unit);
    if unit == 0 || bytes.is_multiple_of(scale) {
        return format!("{value}{letter}");
    }
    let exact = bytes as f64 / scale as f64;
    let tries = [2, 1, 0].map(|digits| format!("{exact:.digits$}{letter}"));
    tries.iter().find(|text| text.len() <= 5).unwrap_or(&tries[2]).clone()
}
