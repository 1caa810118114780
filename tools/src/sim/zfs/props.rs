//! Which values properties take, and how ZFS words it when it does not take one.

use crate::sim::clock::nice;
use crate::sim::state::Dataset;

const COMPRESSION: &str = "on | off | lzjb | gzip | gzip-[1-9] | zle | lz4 | zstd | zstd-[1-19] | zstd-fast | \
zstd-fast-[1-10,20,30,40,50,60,70,80,90,100,500,1000]";

/// Those of file systems, of volumes, and of both, that are simulated.
const OF_FILESYSTEMS: [&str; 9] =
    ["recordsize", "quota", "refquota", "mountpoint", "canmount", "atime", "relatime", "exec", "setuid"];
const OF_VOLUMES: [&str; 4] = ["volsize", "volblocksize", "volmode", "snapdev"];
const OF_BOTH: [&str; 9] = [
    "compression",
    "readonly",
    "reservation",
    "refreservation",
    "checksum",
    "copies",
    "sync",
    "primarycache",
    "logbias",
];

/// What is wrong with a value, if something is.
pub(super) fn wrong(key: &str, value: &str, found: &Dataset) -> Option<String> {
    let is_volume = found.volsize.is_some();
    if key.contains(':') {
        return None;
    }
    if OF_FILESYSTEMS.contains(&key) && is_volume || OF_VOLUMES.contains(&key) && !is_volume {
        return Some(format!("'{key}' does not apply to datasets of this type"));
    }
    if ![&OF_FILESYSTEMS[..], &OF_VOLUMES, &OF_BOTH].concat().contains(&key) {
        return Some(format!("invalid property '{key}'"));
    }
    let one_of = |values: &str| {
        let known = values.split(" | ").any(|known| known == value);
        (!known).then(|| format!("'{key}' must be one of '{values}'"))
    };
    match key {
        "compression" => {
            let level = |prefix: &str, most: u32| {
                let level = value.strip_prefix(prefix).and_then(|level| level.parse::<u32>().ok());
                level.is_some_and(|level| (1..=most).contains(&level))
            };
            let fast = ["20", "30", "40", "50", "60", "70", "80", "90", "100", "500", "1000"];
            let fast = value.strip_prefix("zstd-fast-").is_some_and(|level| fast.contains(&level));
            let levelled = level("gzip-", 9) || level("zstd-", 19) || level("zstd-fast-", 10) || fast;
            if levelled { None } else { one_of(COMPRESSION) }
        }
        "readonly" | "atime" | "relatime" | "exec" | "setuid" => one_of("on | off"),
        "canmount" => one_of("on | off | noauto"),
        "recordsize" | "volblocksize" => {
            let size = value.parse::<u64>().ok().filter(|size| size.is_power_of_two());
            let fits = size.is_some_and(|size| (512..=16 << 20).contains(&size));
            (!fits).then(|| format!("'{key}' must be power of 2 from 512B to 16M"))
        }
        "volsize" => {
            let block = found.volblocksize.unwrap_or(1);
            match value.parse::<u64>() {
                Ok(size) if size.is_multiple_of(block) => None,
                Ok(_) => Some(format!("'volsize' must be a multiple of volume block size ({})", nice(block))),
                Err(_) => Some(format!("bad numeric value '{value}'")),
            }
        }
        "quota" | "refquota" | "reservation" | "refreservation" => match value.parse::<u64>() {
            Ok(size) if key == "quota" && size > 0 && size < found.referenced => {
                Some("size is less than current used or reserved space".to_owned())
            }
            Ok(_) => None,
            Err(_) if value == "none" => None,
            Err(_) => Some(format!("bad numeric value '{value}'")),
        },
        "mountpoint" => {
            let known = value.starts_with('/') || matches!(value, "none" | "legacy");
            (!known).then(|| "'mountpoint' must be an absolute path, 'none', or 'legacy'".to_owned())
        }
        _ => None,
    }
}
