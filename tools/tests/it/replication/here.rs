//! Copies of datasets on the same host.

use kai_tools::facts::{Direction, State, Tool};

use super::{MIB, Simulated, base, host, of, peer, seen, set, wait};
use crate::support::Lab;

/// A bookmark of a snapshot, which goes.
fn leave_bookmark(state: &mut Simulated, dataset: &str, snapshot: &str, bookmark: &str) {
    let points = &mut state.datasets.get_mut(dataset).unwrap().points;
    let point = points.remove(&format!("@{snapshot}")).unwrap();
    points.insert(format!("#{bookmark}"), point);
}

#[test]
fn a_copy_on_the_same_host_is_behind_until_it_has_everything() {
    let lab = host(|state| {
        state.receive("tank/data@october", "cold/data");
        wait(state, 3600);
    });
    let row = of(&seen(&lab), "tank/data", Direction::Here);
    assert_eq!((peer(&row).as_deref(), base(&row)), (Some("cold/data"), Some("tank/data@october")));
    assert_eq!((row.state, row.waiting, row.tool), (State::Behind, Some(MIB), None));
    assert!(row.lag.is_some_and(|lag| (3600..3700).contains(&lag)), "{row:?}");

    lab.sim.change(|state| state.receive("tank/data@november", "cold/data")).unwrap();
    let row = of(&seen(&lab), "tank/data", Direction::Here);
    assert_eq!((row.state, row.lag, row.waiting), (State::Current, Some(0), Some(0)));
    // An empty snapshot is nothing new; what is written is.
    lab.sim.change(|state| state.add_snapshot("tank/data", "december")).unwrap();
    assert_eq!(of(&seen(&lab), "tank/data", Direction::Here).state, State::Current);
    lab.sim.change(|state| state.write("tank/data", "reports of December")).unwrap();
    let row = of(&seen(&lab), "tank/data", Direction::Here);
    assert_eq!((row.state, row.waiting, base(&row)), (State::Behind, Some(MIB), Some("tank/data@november")));
    assert!(!row.unfinished && !row.changed);

    lab.sim.change(|state| state.break_off("cold/data")).unwrap();
    lab.sim.change(|state| state.write("cold/data", "somebody looked")).unwrap();
    let row = of(&seen(&lab), "tank/data", Direction::Here);
    assert!(row.unfinished && row.changed);
}

#[test]
fn a_base_that_the_source_has_as_a_bookmark_only_is_a_base() {
    let lab = host(|state| {
        state.receive("tank/data@october", "cold/data");
        leave_bookmark(state, "tank/data", "october", "october");
    });
    let row = of(&seen(&lab), "tank/data", Direction::Here);
    assert_eq!((base(&row), row.state, row.waiting), (Some("tank/data#october"), State::AtMost, None));
}

#[test]
fn which_one_is_the_copy_is_told_by_what_differs_or_not_at_all() {
    type Change = fn(&mut Simulated);
    let idle: Change = |state| {
        wait(state, 60);
        state.receive("tank/data@november", "cold/data");
    };
    // Nobody remembers when either was made.
    let bare: Change = |state| {
        wait(state, 60);
        state.receive("tank/data@november", "cold/data");
        state.datasets.get_mut("cold/data").unwrap().created = 0;
    };
    let source = |lab: &Lab| match seen(lab).as_slice() {
        [row] if row.direction == Direction::Here => Some(row.dataset.to_string()),
        [row] if row.direction == Direction::Undecided => None,
        rows => panic!("{rows:#?}"),
    };
    let cases: [(Change, Change, Option<&str>); 10] = [
        (idle, |_| (), Some("tank/data")),
        (idle, |state| state.write("cold/data", "mounted"), Some("tank/data")),
        (bare, |_| (), None),
        (bare, |state| set(state, "cold/data", "readonly", "on"), Some("tank/data")),
        (bare, |state| set(state, "tank/data", "readonly", "on"), Some("cold/data")),
        (bare, |state| set(state, "cold/data", "com.kai:replica", "here:tank/data"), Some("tank/data")),
        (bare, |state| state.add_snapshot("tank/data", "newer"), Some("tank/data")),
        (bare, |state| state.write("tank/data", "more"), Some("tank/data")),
        (bare, |state| ["tank/data", "cold/data"].iter().for_each(|both| state.add_snapshot(both, "own")), None),
        // What speaks against each other says nothing.
        (
            bare,
            |state| {
                set(state, "cold/data", "readonly", "on");
                state.add_snapshot("cold/data", "own");
            },
            None,
        ),
    ];
    for (at, (make, then, expected)) in cases.into_iter().enumerate() {
        let lab = host(|state| {
            make(state);
            then(state);
        });
        assert_eq!(source(&lab).as_deref(), expected, "case {at}");
    }
    // In one pool the order of what was made tells it.
    let lab = host(|state| {
        state.receive("tank/data@november", "tank/media/copy");
        state.datasets.get_mut("tank/media/copy").unwrap().created = 0;
        state.write("tank/media/copy", "in use");
    });
    assert_eq!(source(&lab).as_deref(), Some("tank/data"));
}

#[test]
fn two_copies_of_one_source_are_two_rows() {
    let lab = host(|state| {
        for copy in ["cold/a", "cold/b"] {
            wait(state, 5);
            state.receive("tank/data@october", copy);
        }
        state.receive("tank/data@november", "cold/b");
    });
    let found = seen(&lab);
    let stand: Vec<_> = found.iter().map(|row| (row.dataset.as_str(), peer(row).unwrap(), row.state)).collect();
    let expected =
        [("tank/data", "cold/a".to_owned(), State::Behind), ("tank/data", "cold/b".to_owned(), State::Current)];
    assert_eq!(stand, expected);
}

#[test]
fn a_tool_that_replicates_on_this_host_is_named_beside_the_copy() {
    const SYNC: &str = "syncoid_pve-1_2026-11-24_02:00:01-GMT01:00";
    let lab = host(|state| {
        wait(state, 60);
        state.add_snapshot("tank/data", SYNC);
        state.receive(&format!("tank/data@{SYNC}"), "cold/data");
        state.write("tank/data", "more");
    });
    let [row] = seen(&lab).try_into().unwrap();
    assert_eq!(
        (row.direction, row.tool, peer(&row).as_deref()),
        (Direction::Here, Some(Tool::Syncoid), Some("cold/data"))
    );
}

#[test]
fn two_replicas_of_one_elsewhere_are_told_as_such() {
    let lab = host(|state| {
        wait(state, 60);
        for copy in ["cold/one", "tank/media/two"] {
            state.receive("tank/data@october", copy);
            set(state, copy, "com.kai:replica", "hq1:fast/data");
        }
        state.datasets.remove("tank/data");
    });
    let found = seen(&lab);
    for copy in ["cold/one", "tank/media/two"] {
        assert_eq!(peer(&of(&found, copy, Direction::In)).as_deref(), Some("hq1:fast/data"));
    }
    assert_eq!(of(&found, "cold/one", Direction::Undecided).state, State::Current);
}
