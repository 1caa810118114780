//! The simulated host against what real ones print: OpenZFS 2.3.2 and 2.1.11 on Debian 12, libvirt 9.0.

use std::collections::{BTreeMap, BTreeSet};

use kai_tools::host::{Command, Host, Output};
use kai_tools::sim::{Simulator, State};
use serde_json::{Value, json};

use super::support::CLOCK;

fn zfs(sim: &Simulator, line: &'static str) -> Output {
    let mut words = line.split(' ');
    let command = match words.next() {
        Some("zfs") => Command::zfs(words.next().unwrap()),
        Some("zpool") => Command::zpool(words.next().unwrap()),
        Some("virsh") => Command::virsh(words.next().unwrap()),
        other => panic!("{other:?}"),
    };
    sim.run(&command.args(words)).unwrap()
}

fn json(sim: &Simulator, line: &'static str) -> Value {
    let output = zfs(sim, line);
    assert!(output.is_ok(), "{line}: {output:?}");
    let all: Value = serde_json::from_str(&output.stdout).unwrap();
    let command: Vec<&str> = line.split(' ').take(2).collect();
    assert_eq!(all["output_version"], json!({ "command": command.join(" "), "vers_major": 0, "vers_minor": 1 }));
    all
}

#[test]
fn json_says_what_the_columns_say() {
    let sim = Simulator::new(State::playground(CLOCK));
    for (columns, as_json, things) in [
        (
            "zfs list -Hp -t all -o name,type,guid,used,volsize,origin,clones",
            "zfs list -jp -t all -o name,type,guid,used,volsize,origin,clones",
            "datasets",
        ),
        (
            "zpool list -Hp -o name,guid,health,size,free,capacity,bootfs,readonly",
            "zpool list -jp -o name,guid,health,size,free,capacity,bootfs,readonly",
            "pools",
        ),
    ] {
        let names: Vec<&str> = columns.split(' ').next_back().unwrap().split(',').collect();
        let rows: BTreeMap<String, Vec<String>> = zfs(&sim, columns)
            .stdout
            .lines()
            .map(|line| line.split('\t').map(str::to_owned).collect::<Vec<_>>())
            .map(|cells| (cells[0].clone(), cells))
            .collect();
        let all = json(&sim, as_json);
        let found = all[things].as_object().unwrap();
        assert_eq!(found.keys().collect::<BTreeSet<_>>(), rows.keys().collect::<BTreeSet<_>>());
        for (name, cells) in rows {
            for (column, cell) in names.iter().zip(&cells).skip(1) {
                assert_eq!(found[&name]["properties"][column]["value"], json!(cell), "{name} {column}");
                assert!(found[&name]["properties"][column]["source"]["type"].is_string());
            }
        }
    }
    let web1 = json(&sim, "zfs get -jp mountpoint,com.kai:x,used tank/data")["datasets"]["tank/data"].clone();
    assert_eq!((&web1["type"], &web1["pool"]), (&json!("FILESYSTEM"), &json!("tank")));
    assert_eq!(
        web1["properties"]["mountpoint"],
        json!({ "value": "/tank/data", "source": { "type": "DEFAULT", "data": "-" } })
    );
    let snapshot =
        json(&sim, "zfs get -jp userrefs tank/vms/golden@golden")["datasets"]["tank/vms/golden@golden"].clone();
    assert_eq!((&snapshot["dataset"], &snapshot["snapshot_name"]), (&json!("tank/vms/golden"), &json!("golden")));
    let pool = json(&sim, "zpool get -jp health,readonly tank")["pools"]["tank"].clone();
    assert_eq!((&pool["type"], &pool["properties"]["readonly"]["value"]), (&json!("POOL"), &json!("off")));
    assert!(json(&sim, "zpool status -jp -T u tank")["time"].is_string());
    assert_eq!(json(&sim, "zfs version -j")["zfs_version"]["userland"], "zfs-2.3.2-1");
    // Nothing is printed if one is not there.
    let half = zfs(&sim, "zfs list -jp tank/data tank/nope");
    assert_eq!((half.status, half.stdout.as_str()), (1, ""));
}

#[test]
fn versions_before_2_3_do_not_know_json() {
    let sim = Simulator::new(State { version: "2.1.11".to_owned(), ..State::playground(CLOCK) });
    for line in [
        "zfs list -jp",
        "zfs get -jp used tank",
        "zfs version -j",
        "zpool list -jp",
        "zpool get -jp health tank",
        "zpool status -jp",
    ] {
        let output = zfs(&sim, line);
        assert_eq!(output.status, 2, "{line}");
        assert!(output.stderr.starts_with("invalid option 'j'\nusage:"), "{output:?}");
    }
    assert_eq!(zfs(&sim, "zfs version").stdout, "zfs-2.1.11-1\nzfs-kmod-2.1.11-1\n");
    assert_eq!(zfs(&Simulator::new(State::playground(CLOCK)), "zfs holds -j tank/vms/golden@golden").status, 2);
}

#[test]
fn a_value_that_a_property_does_not_take_is_worded_as_zfs_does_and_set_exits_with_255() {
    let sim = Simulator::new(State::playground(CLOCK));
    let fast = "zstd-fast-[1-10,20,30,40,50,60,70,80,90,100,500,1000]";
    let compression = format!(
        "'compression' must be one of 'on | off | lzjb | gzip | gzip-[1-9] | zle | lz4 | zstd | zstd-[1-19] | zstd-fast | {fast}'"
    );
    for (line, says) in [
        ("zfs set compression=nonsense tank/data", compression.as_str()),
        ("zfs set recordsize=3 tank/data", "'recordsize' must be power of 2 from 512B to 16M"),
        ("zfs set quota=abc tank/data", "bad numeric value 'abc'"),
        ("zfs set quota=1024 tank/data", "size is less than current used or reserved space"),
        ("zfs set volsize=1073741824 tank/data", "'volsize' does not apply to datasets of this type"),
        ("zfs set volsize=100000 tank/vms/db1", "'volsize' must be a multiple of volume block size (16K)"),
        ("zfs set volsize=abc tank/vms/db1", "bad numeric value 'abc'"),
        ("zfs set nosuch=1 tank/vms/db1", "invalid property 'nosuch'"),
        ("zfs set readonly=maybe tank/vms/db1", "'readonly' must be one of 'on | off'"),
        ("zfs set volblocksize=8192 tank/vms/db1", "'volblocksize' is readonly"),
    ] {
        let output = zfs(&sim, line);
        let name = line.rsplit(' ').next().unwrap();
        assert_eq!(
            (output.status, output.stderr),
            (255, format!("cannot set property for '{name}': {says}\n")),
            "{line}"
        );
    }
    let output = zfs(&sim, "zfs set quota=1 tank/nope");
    assert_eq!((output.status, output.stderr.as_str()), (1, "cannot open 'tank/nope': dataset does not exist\n"));
    let output = zfs(&sim, "zfs create -o recordsize=33554432 tank/new");
    assert_eq!(
        (output.status, output.stderr.as_str()),
        (1, "cannot create 'tank/new': 'recordsize' must be power of 2 from 512B to 16M\n")
    );
    for good in
        ["zfs set compression=zstd-fast-500 tank/data", "zfs set com.kai:x=y tank/data", "zfs set quota=none tank/data"]
    {
        assert!(zfs(&sim, good).is_ok(), "{good}");
    }
}

#[test]
fn a_new_volume_has_no_device_at_first_and_is_busy_for_a_moment() {
    for (line, name) in [
        ("zfs create -s -V 67108864 tank/vms/new", "tank/vms/new"),
        ("zfs clone tank/vms/golden@golden tank/vms/new", "tank/vms/new"),
        ("zfs rename tank/vms/db1 tank/vms/new", "tank/vms/new"),
    ] {
        let sim = Simulator::new(State::playground(CLOCK));
        assert!(zfs(&sim, line).is_ok());
        let device = format!("/dev/zvol/{name}").parse().unwrap();
        let there = || sim.resolve(&device).unwrap().is_some();
        assert!(!there(), "{line}");
        let busy = zfs(&sim, "zfs destroy tank/vms/new");
        assert_eq!((busy.status, busy.stderr.as_str()), (1, "cannot destroy 'tank/vms/new': dataset is busy\n"));
        sim.sleep(std::time::Duration::from_millis(160));
        assert!(there(), "{line}");
        sim.sleep(std::time::Duration::from_millis(160));
        assert!(zfs(&sim, "zfs destroy tank/vms/new").is_ok());
    }
    // A file system has no device.
    let sim = Simulator::new(State::playground(CLOCK));
    assert!(zfs(&sim, "zfs create tank/fs").is_ok() && zfs(&sim, "zfs destroy tank/fs").is_ok());
}

#[test]
fn scrubs_answer_as_zfs_does() {
    let sim = Simulator::new(State::playground(CLOCK));
    let stop = || zfs(&sim, "zpool scrub -s tank");
    assert_eq!(
        (stop().status, stop().stderr.as_str()),
        (1, "cannot cancel scrubbing tank: there is no active scrub\n")
    );
    assert!(zfs(&sim, "zpool scrub -p tank").is_ok(), "there is nothing to pause, and it does not say so");
    assert!(zfs(&sim, "zpool scrub tank").is_ok());
    assert!(zfs(&sim, "zpool scrub tank").stderr.contains("currently scrubbing"));
    assert!(stop().is_ok());
    assert!(zfs(&sim, "zpool status -p tank").stdout.contains("  scan: scrub canceled on "));
}
