//! What replication tools leave on a host.

use kai_tools::facts::{Direction, State, Tool};

use super::{MIB, Simulated, base, host, of, peer, seen, set, wait};

#[test]
fn zrepl_is_known_by_its_cursor_and_its_hold() {
    let cursor = |state: &Simulated, snapshot: &str, job: &str| {
        let guid = state.datasets["tank/data"].points[&format!("@{snapshot}")].guid;
        format!("#zrepl_CURSOR_G_{guid:016x}_J_{job}")
    };
    let lab = host(|state| {
        for (snapshot, job) in [("october", "prod to dr"), ("november", "prod to dr"), ("october", "other")] {
            let label = cursor(state, snapshot, job);
            let points = &mut state.datasets.get_mut("tank/data").unwrap().points;
            let point = points[&format!("@{snapshot}")].clone();
            points.insert(label, point);
        }
        // Nobody's: a tentative one, one of another's guid, one that is cut short.
        let november = cursor(state, "november", "x");
        let points = &mut state.datasets.get_mut("tank/data").unwrap().points;
        let point = points["@october"].clone();
        for label in
            [&november, "#zrepl_CURSORTENTATIVE__G_00000000face601d_J_x", "#zrepl_CURSOR_G_12_J_x", "#zrepl_CURSOR_G_"]
        {
            points.insert(label.to_owned(), point.clone());
        }
        wait(state, 60);
        state.receive("tank/vms/web1@after-update", "cold/web1");
        state.datasets.remove("tank/vms/web1");
        let held = state.datasets.get_mut("cold/web1").unwrap().points.get_mut("@after-update").unwrap();
        held.holds = ["zrepl_last_received_J_sink".to_owned(), "keep".to_owned()].into();
    });
    let found = seen(&lab);
    let rows: Vec<_> = found
        .iter()
        .map(|row| (row.dataset.as_str(), row.direction, row.job.as_ref().unwrap().as_str(), row.state, row.waiting))
        .collect();
    assert_eq!(
        rows,
        [
            ("cold/web1", Direction::In, "sink", State::AtMost, None),
            ("tank/data", Direction::Out, "other", State::Behind, Some(MIB)),
            ("tank/data", Direction::Out, "prod to dr", State::Current, Some(0)),
        ]
    );
    assert!(found.iter().all(|row| row.tool == Some(Tool::Zrepl) && row.peer.is_none()));
}

#[test]
fn syncoid_is_known_by_its_snapshots_on_either_end() {
    const FIRST: &str = "syncoid_nightly_pve-1_2026-11-24_02:00:01-GMT01:00";
    const SECOND: &str = "syncoid_nightly_pve-1_2026-11-25_02:00:01-GMT-03:00";
    let sender = |more: fn(&mut Simulated)| {
        host(|state| {
            state.add_snapshot("tank/data", FIRST);
            wait(state, 60);
            more(state);
            state.write("tank/data", "more");
        })
    };
    // One is what arrived last.
    let row = of(&seen(&sender(|_| ())), "tank/data", Direction::Out);
    assert_eq!((row.tool, row.job.as_ref().unwrap().as_str()), (Some(Tool::Syncoid), "nightly_pve-1"));
    assert_eq!((row.state, row.waiting, row.perhaps.is_some()), (State::Behind, Some(MIB), false));
    // It is taken before the transfer: of two, the newer one may have arrived or not.
    let row = of(&seen(&sender(|state| state.add_snapshot("tank/data", SECOND))), "tank/data", Direction::Out);
    assert_eq!((base(&row), row.state), (Some(format!("tank/data@{FIRST}").as_str()), State::AtMost));
    assert_eq!((row.perhaps.unwrap().name, row.waiting), (format!("tank/data@{SECOND}"), None));
    // With its holds that is known.
    let row = of(
        &seen(&sender(|state| {
            state.add_snapshot("tank/data", SECOND);
            let point = state.datasets.get_mut("tank/data").unwrap().points.get_mut(&format!("@{SECOND}")).unwrap();
            point.holds.insert("syncoid_nightly_pve-1".to_owned());
        })),
        "tank/data",
        Direction::Out,
    );
    assert_eq!((base(&row), &row.perhaps), (Some(format!("tank/data@{SECOND}").as_str()), &None));
    // Nothing tells a sender that does not write from a receiver.
    let row = of(&seen(&host(|state| state.add_snapshot("tank/data", FIRST))), "tank/data", Direction::Undecided);
    assert_eq!((row.state, row.peer), (State::AtMost, None));
    // What has arrived is older than where it lies.
    let lab = host(|state| {
        state.add_snapshot("tank/data", FIRST);
        wait(state, 60);
        state.receive(&format!("tank/data@{FIRST}"), "cold/data");
        state.datasets.remove("tank/data");
    });
    let row = of(&seen(&lab), "cold/data", Direction::In);
    assert_eq!((row.tool, row.state), (Some(Tool::Syncoid), State::AtMost));
    // Names that only look like it.
    for label in
        ["syncoid_", "syncoid_pve-1", "syncoid_2026-11-24_02:00:01", "syncoid_a_2026-11-24_02:00", "autosyncoid_a_b"]
    {
        assert_eq!(seen(&host(|state| state.add_snapshot("tank/data", label))), [], "{label}");
    }
    let old = seen(&host(|state| state.add_snapshot("tank/data", "syncoid_pve_2019-11-24:02:00:01")));
    assert_eq!(old[0].job.as_ref().unwrap().as_str(), "pve");
}

#[test]
fn kai_knows_its_own() {
    let lab = host(|state| {
        // A sender, in the middle of a transfer.
        for label in ["@october", "@november"] {
            let point = state.datasets.get_mut("tank/data").unwrap().points.get_mut(label).unwrap();
            point.holds.insert("kai:repl:offsite".to_owned());
        }
        // A replica with a child, a half-made one, and one whose mark is no place.
        state.add_dataset("cold/hq", None);
        set(state, "cold/hq", "com.kai:replica", "hq1:fast/all");
        state.add_snapshot("cold/hq", "a");
        state.add_dataset("cold/hq/child", None);
        state.add_snapshot("cold/hq/child", "a");
        state.add_dataset("cold/hq/empty", None);
        state.add_dataset("cold/odd", None);
        set(state, "cold/odd", "com.kai:replica", "?!");
        state.break_off("cold/half");
    });
    let found = seen(&lab);
    let offsite = of(&found, "tank/data", Direction::Out);
    assert_eq!((offsite.tool, base(&offsite), offsite.unfinished), (Some(Tool::Kai), Some("tank/data@october"), true));
    let inbound: Vec<_> = found.iter().filter(|row| row.direction == Direction::In).collect();
    let stand: Vec<_> =
        inbound.iter().map(|row| (row.dataset.as_str(), peer(row), row.state, row.unfinished)).collect();
    assert_eq!(
        stand,
        [
            ("cold/half", None, State::Unknown, true),
            ("cold/hq", Some("hq1:fast/all".to_owned()), State::AtMost, false),
            ("cold/hq/child", Some("hq1".to_owned()), State::AtMost, false),
            ("cold/odd", None, State::Unknown, false),
        ]
    );
}
