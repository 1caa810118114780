//! What `zpool status` says of a pool, read from both of its forms, and what kai makes of it.

use kai_tools::facts::{self, PoolStatus, Scan, ScanKind, ScanState, ZfsVersion, parse_status_json, parse_status_text};
use kai_tools::host::{Command, Host, HostError};
use kai_tools::journal::Outcome;
use kai_tools::plan::Reason;
use kai_tools::sim::{Disk, State};
use kai_tools::tool::Table;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::support::{CLOCK, Lab, request};

/// Of a real host with OpenZFS 2.3.2, whose scrub was paused and one of whose disks is faulted.
const REAL_JSON: &str = r#"{"output_version":{"command":"zpool status","vers_major":0,"vers_minor":1},"pools":{"tank":{"name":"tank","state":"DEGRADED","pool_guid":"9556995489964132844","txg":"15","spa_version":"5000","zpl_version":"5","status":"One or more devices are faulted in response to persistent errors.\n\tSufficient replicas exist for the pool to continue functioning in a\n\tdegraded state.\n","action":"Replace the faulted device, or use 'zpool clear' to mark the device\n\trepaired.\n","scan_stats":{"function":"SCRUB","state":"SCANNING","start_time":"1795577692","end_time":"0","to_examine":"68206592","examined":"67739648","skipped":"180224","processed":"0","errors":"0","bytes_per_scan":"0","pass_start":"1795577692","scrub_pause":"0","scrub_spent_paused":"0","issued_bytes_per_scan":"6860800","issued":"6860800"},"vdevs":{"tank":{"name":"tank","vdev_type":"root","guid":"9556995489964132844","class":"normal","state":"DEGRADED","alloc_space":"503808","total_space":"8053063680","def_space":"8053063680","read_errors":"0","write_errors":"0","checksum_errors":"0","vdevs":{"mirror-0":{"name":"mirror-0","vdev_type":"mirror","guid":"1748420815529885347","class":"normal","state":"DEGRADED","alloc_space":"503808","total_space":"8053063680","def_space":"8053063680","rep_dev_size":"8053063680","read_errors":"0","write_errors":"0","checksum_errors":"0","vdevs":{"vdb":{"name":"vdb","vdev_type":"disk","guid":"12860107634960429377","path":"/dev/vdb1","class":"normal","state":"ONLINE","rep_dev_size":"8057782272","phys_space":"8579448832","read_errors":"0","write_errors":"0","checksum_errors":"2","slow_ios":"0"},"vdc":{"name":"vdc","vdev_type":"disk","guid":"14567310872384935969","path":"/dev/vdc1","class":"normal","state":"FAULTED","rep_dev_size":"8057782272","phys_space":"8579448832","read_errors":"0","write_errors":"0","checksum_errors":"0","slow_ios":"0","aux":"EXTERNAL"}}}}}},"error_count":"0"}},"time":"1795577702"}"#;

/// Of the same, as text.
const REAL_TEXT: &str = "  pool: tank
 state: DEGRADED
status: One or more devices are faulted in response to persistent errors.
	Sufficient replicas exist for the pool to continue functioning in a
	degraded state.
action: Replace the faulted device, or use 'zpool clear' to mark the device
	repaired.
  scan: scrub in progress since Wed Nov 25 03:34:52 2026
	64.6M / 65.0M scanned, 6.54M / 64.9M issued at 25.4M/s
	0B repaired, 10.08% done, 1 days 00:00:02 to go
config:

	NAME        STATE     READ WRITE CKSUM
	tank        DEGRADED     0     0     0
	  mirror-0  DEGRADED     0     0     0
	    vdb     ONLINE       0     0     2
	    vdc     FAULTED      0     0     0  external device fault

errors: No known data errors
";

fn one(found: Vec<PoolStatus>) -> PoolStatus {
    let [status] = found.try_into().unwrap();
    status
}

#[test]
fn both_forms_say_the_same() {
    let (text, json) = (one(parse_status_text(REAL_TEXT).unwrap()), one(parse_status_json(REAL_JSON).unwrap()));
    assert_eq!(
        (&text.pool, &text.state, &text.status, &text.action),
        (&json.pool, &json.state, &json.status, &json.action)
    );
    assert_eq!(text.vdevs, json.vdevs);
    assert_eq!((text.errors, json.errors), (Some(0), Some(0)));
    assert!(text.other.is_empty() && json.other.is_empty(), "{text:?} {json:?}");
    let well: Vec<bool> = text.vdevs.iter().map(facts::Vdev::is_well).collect();
    assert_eq!(well, [false, false, false, false]);
    assert_eq!(text.vdevs[3].note.as_deref(), Some("external device fault"));
    let running = |done, left, at: &str| {
        vec![Scan { kind: ScanKind::Scrub, state: ScanState::Running { done, left: Some(left) }, at: at.to_owned() }]
    };
    assert_eq!(text.scans, running(1008, 86_402, "Wed Nov 25 03:34:52 2026"));
    // 686,080 bytes a second for ten seconds, and 61,165,568 left.
    assert_eq!(json.scans, running(1008, 89, "2026-11-25T03:34:52Z"));
}

#[test]
fn scans_are_read_in_every_state() {
    let text = |scan: &str| one(parse_status_text(&format!("  pool: a\n state: ONLINE\n  scan: {scan}\n")).unwrap());
    let at = "Sun Nov 22 00:24:13 2026";
    for (line, kind, state) in [
        (
            format!("scrub repaired 0B in 00:24:12 with 0 errors on {at}"),
            ScanKind::Scrub,
            ScanState::Finished { errors: 0 },
        ),
        (
            format!("scrub repaired 4K in 2 days 01:24:12 with 17 errors on {at}"),
            ScanKind::Scrub,
            ScanState::Finished { errors: 17 },
        ),
        (format!("scrub canceled on {at}"), ScanKind::Scrub, ScanState::Canceled),
        (
            format!(
                "scrub paused since {at}\n\tscrub started on {at}\n\t1G scanned, 1G issued, 2G total\n\t0B repaired, 50.00% done"
            ),
            ScanKind::Scrub,
            ScanState::Paused { done: 5000 },
        ),
        (
            format!(
                "scrub in progress since {at}\n\t0B scanned at 0B/s, 0B issued at 0B/s, 2G total\n\t0B repaired, 0.00% done, no estimated completion time"
            ),
            ScanKind::Scrub,
            ScanState::Running { done: 0, left: None },
        ),
        (
            format!(
                "scrub in progress since {at}\n\t0B / 0B scanned, 0B / 0B issued\n\t0B repaired, -nan% done, no estimated completion time"
            ),
            ScanKind::Scrub,
            ScanState::Running { done: 0, left: None },
        ),
        (
            format!(
                "resilver in progress since {at}\n\t1G scanned at 1G/s, 1G issued at 1G/s, 2G total\n\t1G resilvered, 99.99% done, 00:01:02 to go"
            ),
            ScanKind::Resilver,
            ScanState::Running { done: 9999, left: Some(62) },
        ),
        (
            format!("resilvered 1.2G in 00:10:00 with 0 errors on {at}"),
            ScanKind::Resilver,
            ScanState::Finished { errors: 0 },
        ),
        (
            format!("resilvered (mirror-0) 1.2G in 00:10:00 with 2 errors on {at}"),
            ScanKind::Resilver,
            ScanState::Finished { errors: 2 },
        ),
        (
            format!(
                "resilver (draid1-0) in progress since {at}\n\t1G scanned at 1G/s, 1G issued 1G/s, 2G total\n\t1G resilvered, 50.00% done, 00:00:09 to go"
            ),
            ScanKind::Resilver,
            ScanState::Running { done: 5000, left: Some(9) },
        ),
    ] {
        let status = text(&line);
        assert_eq!(status.scans, [Scan { kind, state, at: at.to_owned() }], "{line}");
        assert!(status.other.is_empty(), "{line}");
    }
    assert!(text("none requested").scans.is_empty());
    for odd in
        ["scrub went to lunch", "resilver in progress since ever", "scrub repaired 0B with many errors on Monday"]
    {
        let status = text(odd);
        assert!(status.scans.is_empty() && status.other == [format!("scan: {odd}")], "{status:?}");
    }
    let json = |scan: Value| {
        let all = json!({ "output_version": { "vers_major": 0 }, "pools": { "a": { "state": "ONLINE", "scan_stats": scan } } });
        one(parse_status_json(&all.to_string()).unwrap())
    };
    let base = json!({ "function": "SCRUB", "start_time": 1, "end_time": "2", "errors": "3", "to_examine": 200, "issued": "50", "pass_start": 1 });
    let with = |changes: Value| {
        let mut scan = base.clone();
        scan.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        json(scan)
    };
    for (changes, state) in [
        (json!({ "state": "FINISHED" }), Some(ScanState::Finished { errors: 3 })),
        (json!({ "state": "CANCELED" }), Some(ScanState::Canceled)),
        (json!({ "state": "SCANNING" }), Some(ScanState::Running { done: 2500, left: None })),
        (json!({ "state": "SCANNING", "scrub_pause": "9", "skipped": "100" }), Some(ScanState::Paused { done: 5000 })),
        (json!({ "function": "NONE", "state": "NONE" }), None),
    ] {
        let status = with(changes.clone());
        assert_eq!(status.scans.first().map(|scan| scan.state), state, "{changes}");
        assert!(status.other.is_empty(), "{status:?}");
    }
    for odd in [
        json!({ "state": "DREAMING" }),
        json!({ "function": "SCRABBLE", "state": "FINISHED" }),
        json!({ "state": "FINISHED", "errors": "many" }),
    ] {
        let status = with(odd.clone());
        assert!(status.scans.is_empty() && status.other.len() == 1, "{odd}: {status:?}");
    }
    let rebuilt = json(
        json!({ "rebuild_stats": { "mirror-0": { "state": "ACTIVE", "start_time": "1", "end_time": "0", "scanned": "50", "to_scan": "100", "pass_time": "5000000000", "pass_scanned": "50" } } }),
    );
    assert_eq!(rebuilt.scans[0].state, ScanState::Running { done: 5000, left: Some(5) });
}

#[test]
fn what_is_not_understood_is_shown_and_not_left_out() {
    let text = REAL_TEXT
        .replace("errors: No known", "errors: Perhaps some")
        .replace("config:", "remove: Evacuation of vdd in progress since today\n\t1G copied\nconfig:")
        .replace("\t    vdb     ONLINE       0     0     2", "\t    vdb     ONLINE\n\tlogs\t\n\t  vdd       WOBBLY       0     0     0\n\tspares\n\t  vde       AVAIL   \n\t  vdf       INUSE     currently in use\n\thuh");
    let status = one(parse_status_text(&text).unwrap());
    assert_eq!(status.errors, None);
    assert_eq!(
        status.other,
        [
            "remove: Evacuation of vdd in progress since today 1G copied",
            "config: huh",
            "errors: Perhaps some data errors"
        ]
    );
    let named = |name: &str| status.vdevs.iter().find(|vdev| vdev.name == name).unwrap();
    assert!(!named("vdd").is_well() && named("vdd").class.as_deref() == Some("logs"));
    assert!(named("vde").is_well() && !named("vdf").is_well());
    let trims = one(parse_status_text(&REAL_TEXT.replace("     2\n", "     0  (trimming)\n")).unwrap());
    assert!(trims.vdevs[2].is_well() && trims.vdevs[2].note.as_deref() == Some("(trimming)"), "{trims:?}");
    for bad in ["", "no pools available\n", " state: ONLINE\n", "  pool: tank\n", "  pool: -rf\n state: ONLINE\n"] {
        let read = parse_status_text(bad);
        assert_eq!(read.is_err(), !bad.is_empty(), "{bad:?}: {read:?}");
    }
    let mut json: Value = serde_json::from_str(REAL_JSON).unwrap();
    json["pools"]["tank"]["surprise"] = json!({ "a": 1 });
    json["pools"]["tank"]["error_count"] = json!("lots");
    json["pools"]["tank"]["vdevs"]["tank"]["vdevs"]["mirror-0"]["vdevs"]["vdb"]["read_errors"] = json!(null);
    json["pools"]["tank"]["vdevs"]["tank"]["vdevs"]["mirror-0"]["vdevs"]["vdb"]
        .as_object_mut()
        .unwrap()
        .remove("state");
    json["pools"]["tank"]["spares"] = json!({ "vde": { "state": "AVAIL" } });
    let status = one(parse_status_json(&json.to_string()).unwrap());
    for said in ["surprise", "error_count: lots", "read_errors: null"] {
        assert!(status.other.iter().any(|other| other.contains(said)), "{said} not in {:?}", status.other);
    }
    assert_eq!(status.vdevs.iter().find(|vdev| vdev.name == "vdb").unwrap().state, "UNKNOWN");
    assert!(status.vdevs.iter().any(|vdev| vdev.name == "vde" && vdev.is_well()));
    for bad in [
        "",
        "{}",
        "[]",
        r#"{"pools":{}}"#,
        r#"{"output_version":{"vers_major":1},"pools":{}}"#,
        r#"{"output_version":{"vers_major":0}}"#,
        r#"{"output_version":{"vers_major":0},"pools":{"a":{}}}"#,
    ] {
        assert!(parse_status_json(bad).is_err(), "{bad}");
    }
    assert!(parse_status_json(r#"{"output_version":{"vers_major":"0"},"pools":{}}"#).unwrap().is_empty());
}

#[test]
fn versions_are_read_as_distributions_write_them() {
    for (text, version, json) in [
        ("zfs-2.1.11-1\nzfs-kmod-2.1.11-1\n", Some((2, 1)), false),
        ("zfs-2.3.2-2~bpo12+2\nzfs-kmod-2.3.2-2~bpo12+2\n", Some((2, 3)), true),
        ("zfs-2.2.2-0ubuntu9.1\nzfs-kmod-2.3.0\n", Some((2, 2)), false),
        ("zfs-2.4.0-rc1\n", Some((2, 4)), true),
        ("zfs-10.0_1\n", Some((10, 0)), true),
        ("zfs-0.8.3-1ubuntu12\n", Some((0, 8)), false),
        ("", None, false),
        ("unrecognized command 'version'", None, false),
    ] {
        let found = ZfsVersion::read(text);
        assert_eq!(found.map(|found| (found.major, found.minor)), version, "{text}");
        assert_eq!(found.is_some_and(ZfsVersion::has_json), json, "{text}");
    }
}

proptest! {
    #[test]
    fn nothing_makes_them_panic(
        text in "\\PC{0,80}|[a-z0-9\t\n :.%/-]{0,200}",
        lines in proptest::collection::vec(prop_oneof![
            Just("  pool: tank"), Just(" state: ONLINE"), Just("  scan: scrub in progress since x"), Just("\t0B repaired, 1.00% done, 99999999999999999999 days 1:2:3 to go"),
            Just("  scan: scrub repaired 1 in 1 with 99999999999999999999 errors on y"), Just("config:"), Just("\tNAME  STATE READ WRITE CKSUM"), Just("\tNAME"), Just("\t\u{e9}\u{e9}\u{e9}\u{e9} ONLINE 0 0 0"),
            Just("\ttank  ONLINE 0 0"), Just("\ttank  ONLINE 1 2 3 huh"), Just("\tlogs"), Just("errors: 5 data errors, use '-v' for a list"), Just(""), Just("\t"), Just("garbage"),
        ], 0..14),
    ) {
        let _ = (parse_status_text(&text), parse_status_json(&text), ZfsVersion::read(&text));
        let _ = parse_status_text(&lines.join("\n"));
    }

    #[test]
    fn json_of_any_shape_is_read_or_refused(cut in any::<prop::sample::Index>(), put in "[\"{}\\[\\]:,0-9a-z\\\\ -]{0,6}", key in any::<prop::sample::Index>(), value in prop_oneof![Just(json!(null)), Just(json!(-1)), Just(json!(u64::MAX)), Just(json!("18446744073709551615")), Just(json!([])), Just(json!({})), Just(json!("\u{1f600}"))]) {
        let mut text = REAL_JSON.to_owned();
        let at = cut.index(text.len());
        let _ = parse_status_json(&text[..at]);
        text.insert_str(at, &put);
        let _ = parse_status_json(&text);
        // One value anywhere is another.
        let mut all: Value = serde_json::from_str(REAL_JSON).unwrap();
        let mut paths = Vec::new();
        fn walk(value: &Value, path: &str, paths: &mut Vec<String>) {
            for (key, below) in value.as_object().into_iter().flatten() {
                let path = format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"));
                walk(below, &path, paths);
                paths.push(path);
            }
        }
        walk(&all, "", &mut paths);
        let path = &paths[key.index(paths.len())];
        *all.pointer_mut(path).unwrap() = value;
        let read = parse_status_json(&all.to_string());
        if let Ok(read) = &read && path.ends_with("_errors") {
            // A count that is no number is said; it does not pass for none.
            let status = &read[0];
            let count: u64 = status.vdevs.iter().map(|vdev| vdev.checksum.max(vdev.read).max(vdev.write)).max().unwrap();
            prop_assert!(!status.other.is_empty() || count >= 2, "{} {:?}", path, status);
        }
    }
}

fn table(lab: &Lab, args: Value) -> Table {
    let request = request("pool_status", args);
    request.read(&lab.facts(&request)).unwrap().unwrap()
}

/// The simulated host with that version of OpenZFS.
fn lab(version: &str) -> Lab {
    let lab = Lab::new();
    lab.sim.change(|state| state.version = version.to_owned()).unwrap();
    lab
}

#[test]
fn an_administrator_sees_what_is_wrong_on_every_version() {
    for version in ["2.3.2", "2.1.11"] {
        let lab = lab(version);
        let row = |lab: &Lab| table(lab, json!({ "pool": "tank" })).json()[0].clone();
        assert_eq!((row(&lab)["scan"].as_str(), row(&lab)["data_errors"].as_u64()), (Some("never scrubbed"), Some(0)));
        assert!(table(&lab, json!({})).notes.is_empty());
        lab.run("pool_scrub", json!({ "pool": "tank" }));
        lab.sim.sleep(std::time::Duration::from_secs(900));
        let scan = row(&lab)["scan"].as_str().unwrap().to_owned();
        assert!(
            scan.starts_with("scrub 25.0") && (version == "2.1.11" || scan.ends_with(" left")),
            "{version}: {scan}"
        );
        lab.run("pool_scrub", json!({ "pool": "tank", "action": "pause" }));
        assert!(row(&lab)["scan"].as_str().unwrap().starts_with("scrub paused at 25.0"));
        lab.run("pool_scrub", json!({ "pool": "tank" }));
        lab.sim.sleep(std::time::Duration::from_secs(3600));
        let scan = row(&lab)["scan"].as_str().unwrap().to_owned();
        assert!(scan.starts_with("scrub finished ") && scan.ends_with(", 0 errors"), "{scan}");
        lab.sim.change(|state| state.pools.get_mut("tank").unwrap().health = "DEGRADED".to_owned()).unwrap();
        assert_eq!(row(&lab)["bad_devices"], json!(["mirror-0 DEGRADED", "sdb FAULTED"]), "{version}");
        let notes = table(&lab, json!({})).notes;
        for said in [
            "faulted in response to persistent errors",
            "what to do: Replace the faulted device",
            "sdb is FAULTED, 23 read errors, too many errors",
        ] {
            assert!(
                notes.iter().any(|note| note.starts_with("tank: ") && note.contains(said)),
                "{version}: {said} not in {notes:?}"
            );
        }
        lab.sim
            .change(|state| {
                let pool = state.pools.get_mut("tank").unwrap();
                pool.health = "ONLINE".to_owned();
                pool.data_errors = 2;
                let disk = |name: &str, checksum| Disk {
                    name: name.to_owned(),
                    state: "ONLINE".to_owned(),
                    read: 0,
                    write: 0,
                    checksum,
                };
                pool.disks = vec![disk("sda", 0), disk("sdb", 7)];
            })
            .unwrap();
        assert_eq!(
            (row(&lab)["data_errors"].as_u64(), &row(&lab)["bad_devices"]),
            (Some(2), &json!(["sdb ONLINE"])),
            "{version}"
        );
        let notes = table(&lab, json!({})).notes;
        assert!(
            notes.iter().any(|note| note.contains("7 checksum errors"))
                && notes.iter().any(|note| note.contains("zpool status -v tank")),
            "{notes:?}"
        );
    }
}

#[test]
fn a_scrub_is_only_asked_for_where_it_makes_sense() {
    let lab = Lab::new();
    let refused =
        |action: &str| lab.plan("pool_scrub", json!({ "pool": "tank", "action": action })).unwrap_err().reason;
    assert_eq!((refused("pause"), refused("stop")), (Reason::Nothing, Reason::Nothing));
    assert_eq!(lab.run("pool_scrub", json!({ "pool": "tank" })).outcome, Outcome::Done);
    assert_eq!(refused("start"), Reason::Nothing);
    assert_eq!(lab.run("pool_scrub", json!({ "pool": "tank", "action": "pause" })).outcome, Outcome::Done);
    assert_eq!(refused("pause"), Reason::Nothing);
    assert_eq!(lab.run("pool_scrub", json!({ "pool": "tank", "action": "stop" })).outcome, Outcome::Done);
}

#[test]
fn nothing_is_changed_on_a_pool_that_is_read_only_and_a_scrub_that_would_hang_is_not_begun() {
    let mut state = State::playground(CLOCK);
    state.pools.get_mut("tank").unwrap().read_only = true;
    let lab = Lab::with(state);
    for (tool, args) in [
        ("pool_scrub", json!({ "pool": "tank" })),
        ("snapshot_create", json!({ "datasets": ["tank/data"] })),
        ("kvm_create", json!({ "name": "new1" })),
        ("dataset_destroy", json!({ "dataset": "tank/media" })),
    ] {
        let refusal = lab.plan(tool, args).unwrap_err();
        assert_eq!(refusal.reason, Reason::PoolReadOnly, "{refusal:?}");
        assert!(refusal.hints[0].contains("zpool import tank"));
    }
    assert!(table(&lab, json!({})).notes.iter().any(|note| note.contains("tank: it was imported for reading only")));
    // That is what would have happened.
    let command = Command::zpool("scrub").arg("tank".parse::<kai_tools::names::PoolName>().unwrap());
    let before = lab.sim.state().clock;
    assert!(matches!(lab.sim.run(&command), Err(HostError::TimedOut { .. })));
    assert!(lab.sim.state().clock >= before + 120_000);
}
