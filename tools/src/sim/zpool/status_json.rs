//! `zpool status -j -p` (`status_callback_json`).

use serde_json::{Map, Value, json};

use super::status::{above, examined, reason, to_examine, why};
use crate::sim::pool::{Disk, Pool};
use crate::sim::state::State;

/// Of one pool.
pub(super) fn of(state: &State, name: &str, pool: &Pool) -> Value {
    let mut item = super::head(name, pool, state);
    if let Some((status, action, page)) = reason(pool) {
        item.insert("status".to_owned(), json!(status));
        item.insert("action".to_owned(), json!(action));
        if let Some(page) = page {
            item.insert("msgid".to_owned(), json!(page));
            item.insert("moreinfo".to_owned(), json!(format!("https://openzfs.github.io/openzfs-docs/msg/{page}")));
        }
    }
    if let Some(scan) = scan(state, pool) {
        item.insert("scan_stats".to_owned(), scan);
    }
    item.insert("vdevs".to_owned(), devices(name, pool));
    item.insert("error_count".to_owned(), json!(pool.data_errors.to_string()));
    Value::Object(item)
}

fn scan(state: &State, pool: &Pool) -> Option<Value> {
    let word = match pool.scrub.as_str() {
        "none" => return None,
        "scanning" | "paused" => "SCANNING",
        "finished" => "FINISHED",
        _ => "CANCELED",
    };
    let seconds = |milliseconds: u64| (milliseconds / 1000).to_string();
    let total = to_examine(pool);
    let spent = pool.scrubbed(state.clock);
    let issued = examined(pool, spent);
    let goes_on = word == "SCANNING";
    let paused = pool.scrub == "paused";
    // Of this pass: since it was started, or last gone on with.
    let pass = if paused { 0 } else { spent.saturating_sub(pool.scan.spent) };
    Some(json!({
        "function": "SCRUB", "state": word,
        "start_time": seconds(pool.scan.begun), "end_time": if goes_on { "0".to_owned() } else { seconds(pool.scan.at) },
        "to_examine": total.to_string(), "examined": issued.to_string(), "skipped": "0", "processed": "0",
        "errors": pool.scan.errors.to_string(),
        "bytes_per_scan": examined(pool, pass).to_string(), "pass_start": seconds(pool.scan.at),
        "scrub_pause": if paused { seconds(pool.scan.at) } else { "0".to_owned() }, "scrub_spent_paused": "0",
        "issued_bytes_per_scan": examined(pool, pass).to_string(), "issued": issued.to_string(),
    }))
}

fn devices(name: &str, pool: &Pool) -> Value {
    let disks = pool.all_disks();
    let leaves: Map<String, Value> = disks.iter().map(|disk| (disk.name.clone(), leaf(disk))).collect();
    let mirror = json!({
        "name": "mirror-0", "vdev_type": "mirror", "guid": (pool.guid ^ 1).to_string(), "class": "normal",
        "state": said(above(&disks)), "alloc_space": (pool.size - pool.free).to_string(),
        "total_space": pool.size.to_string(), "def_space": pool.size.to_string(),
        "read_errors": "0", "write_errors": "0", "checksum_errors": "0", "vdevs": leaves,
    });
    let root = json!({
        "name": name, "vdev_type": "root", "guid": pool.guid.to_string(), "class": "normal",
        "state": said(above(&disks)), "alloc_space": (pool.size - pool.free).to_string(),
        "total_space": pool.size.to_string(), "def_space": pool.size.to_string(),
        "read_errors": "0", "write_errors": "0", "checksum_errors": "0", "vdevs": { "mirror-0": mirror },
    });
    json!({ name: root })
}

fn leaf(disk: &Disk) -> Value {
    let mut leaf = json!({
        "name": disk.name, "vdev_type": "disk", "guid": "1", "path": format!("/dev/{}", disk.name), "class": "normal",
        "state": said(&disk.state), "read_errors": disk.read.to_string(), "write_errors": disk.write.to_string(),
        "checksum_errors": disk.checksum.to_string(), "slow_ios": "0",
    });
    if let (Some((_, aux)), Some(fields)) = (why(&disk.state), leaf.as_object_mut()) {
        fields.insert("aux".to_owned(), json!(aux));
    }
    leaf
}

/// The JSON's names of states are the kernel's.
fn said(state: &str) -> &str {
    if state == "UNAVAIL" { "CANT_OPEN" } else { state }
}
