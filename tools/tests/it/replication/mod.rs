//! What is replicated, and how far behind its copy is: seen on a listing of a real host, on simulated ones,
//! and on whatever else a host may list.

mod here;
mod tools;

use kai_tools::facts::{
    self, DatasetFacts, Direction, Facts, Hold, Kind, Peer, Replication, Scope, State, Tool, parse_datasets,
    parse_holds, replication,
};
use kai_tools::names::Stamp;
use kai_tools::sim::State as Simulated;
use proptest::prelude::*;

use crate::support::{CLOCK, Lab};

/// Of a real host with OpenZFS 2.3.2. `cold/data` got two of three snapshots before a transfer broke off;
/// `cold/idle` is mounted, and was read; the first of `tank/z` is left as a bookmark only.
const REAL: &str = include_str!("real.txt");
/// When it was listed.
const THEN: Stamp = Stamp::from_seconds(1_795_879_311);

const MIB: u64 = 1 << 20;

fn of(found: &[Replication], dataset: &str, direction: Direction) -> Replication {
    let mut rows = found.iter().filter(|row| row.dataset.as_str() == dataset && row.direction == direction);
    let row = rows.next().unwrap_or_else(|| panic!("{dataset} {direction:?} in {found:#?}")).clone();
    assert_eq!(rows.next(), None);
    row
}

fn peer(row: &Replication) -> Option<String> {
    row.peer.as_ref().map(Peer::to_string)
}

fn base(row: &Replication) -> Option<&str> {
    row.base.as_ref().map(|base| base.name.as_str())
}

#[test]
fn a_real_host_is_understood() {
    let datasets = parse_datasets(REAL).unwrap();
    let holds = parse_holds("cold/z@zrepl_2\tzrepl_last_received_J_sink\tSat Nov 28 15:21 2026\n").unwrap();
    let facts = Facts { datasets, holds, ..Facts::default() };
    let found = replication(&facts, THEN);
    let is = |dataset: &str, direction: Direction| of(&found, dataset, direction);

    let data = is("tank/data", Direction::Here);
    assert_eq!((peer(&data).as_deref(), base(&data)), (Some("cold/data"), Some("tank/data@two")));
    assert_eq!((data.state, data.lag, data.waiting), (State::Behind, Some(29), Some(2_115_584 + 1_064_960)));
    assert!(data.unfinished && !data.changed);

    let idle = is("tank/idle", Direction::Here);
    assert_eq!((peer(&idle).as_deref(), idle.state, idle.lag), (Some("cold/idle"), State::Current, Some(0)));
    assert!(idle.changed, "mounting it was enough");

    let z = is("tank/z", Direction::Here);
    assert_eq!((peer(&z).as_deref(), z.tool, base(&z)), (Some("cold/z"), Some(Tool::Zrepl), Some("tank/z@zrepl_2")));
    assert_eq!(z.job.as_ref().unwrap().as_str(), "sink");
    let cursor = is("tank/z", Direction::Out);
    assert_eq!((cursor.tool, cursor.job.as_ref().unwrap().as_str()), (Some(Tool::Zrepl), "off site"));
    // Of what the snapshot after it says, some may have been written before it.
    assert_eq!((cursor.state, cursor.lag, cursor.waiting), (State::Behind, Some(14), None));

    let s = is("tank/s", Direction::Out);
    assert_eq!((s.tool, s.job.as_ref().unwrap().as_str()), (Some(Tool::Syncoid), "h1"));
    assert_eq!((s.state, s.lag, s.waiting), (State::Behind, Some(11), Some(1_064_960)));

    let elsewhere = is("cold/z", Direction::In);
    assert_eq!((peer(&elsewhere).as_deref(), elsewhere.state), (Some("hq1:fast/z"), State::AtMost));
    let first = is("cold/first", Direction::In);
    assert_eq!((first.state, first.lag, first.base, first.unfinished), (State::Unknown, None, None, true));
    assert_eq!(found.len(), 7, "{found:#?}");
}

/// A simulated host with a pool for copies, on which some time has passed.
fn host(change: impl FnOnce(&mut Simulated)) -> Lab {
    let mut state = Simulated::playground(CLOCK);
    state.add_pool("cold", 1 << 40);
    wait(&mut state, 60);
    change(&mut state);
    Lab::with(state)
}

fn wait(state: &mut Simulated, seconds: u64) {
    state.clock += seconds * 1000;
}

fn seen(lab: &Lab) -> Vec<Replication> {
    let scope = Scope { all_datasets: true, holds: true, ..Scope::default() };
    let facts = facts::observe(&lab.sim, &scope).unwrap();
    replication(&facts, Stamp::from_seconds(lab.sim.state().seconds()))
}

fn set(state: &mut Simulated, dataset: &str, property: &str, value: &str) {
    state.datasets.get_mut(dataset).unwrap().props.insert(property.to_owned(), value.to_owned());
}

#[test]
fn a_host_without_replication_has_none() {
    assert_eq!(seen(&Lab::new()), []);
    // Clones and what a rollback promotes and keeps have a past in common, and are no replicas.
    let lab = host(|_| ());
    lab.run("kvm_clone", serde_json::json!({ "source": "web1", "names": ["web3"] }));
    lab.run("kvm_rollback", serde_json::json!({ "vm": "web1", "snapshot": "before-update" }));
    assert_eq!(seen(&lab), []);
}

#[test]
fn holds_are_read_and_what_has_gone_meanwhile_is_no_error() {
    let hold = |snapshot: &str, tag: &str| Hold { snapshot: snapshot.to_owned(), tag: tag.to_owned() };
    let text = "a@b\tx y\tSat Nov 28 15:21 2026\na@b\tone\ttab\tSat Nov 28 15:21 2026\n";
    assert_eq!(parse_holds(text).unwrap(), [hold("a@b", "x y"), hold("a@b", "one\ttab")]);
    let error = parse_holds("a@b\tx\tSat\nnothing\n").unwrap_err();
    assert_eq!((error.line, error.command), (2, "zfs holds"));
    let lab = Lab::new();
    let command = kai_tools::host::Command::zfs("holds").arg("-H").args(["tank/nope@a", "tank/vms/golden@golden"]);
    let output = kai_tools::host::Host::run(&lab.sim, &command).unwrap();
    assert_eq!((output.status, output.stderr.as_str()), (1, "cannot open 'tank/nope@a': dataset does not exist\n"));
    assert!(output.stdout.starts_with("tank/vms/golden@golden\tkai:golden\t"));
}

fn point(name: &str, kind: Kind) -> impl Strategy<Value = DatasetFacts> + use<> {
    let name = name.to_owned();
    let numbers = (0..6_u64, 1..9_u64, 0..9_u64, 0..2_u64);
    let marks = (any::<bool>(), any::<bool>(), prop::option::of("hq1:a/b|[a-z:/ ]{0,9}"));
    (numbers, marks).prop_map(move |((guid, createtxg, created, written), (read_only, unfinished, replica))| {
        let line = format!("{name}\tsnapshot\t{guid}\t{createtxg}\t{created}\t0\t0\t{written}{}", "\t-".repeat(11));
        let [parsed] = parse_datasets(&line).unwrap().try_into().unwrap();
        DatasetFacts { kind, read_only, unfinished, replica, ..parsed }
    })
}

fn listing() -> impl Strategy<Value = Vec<DatasetFacts>> {
    let label =
        "[a-c]|syncoid_[a-b]_2026-11-2[0-9]_02:00:01-GMT01:00|zrepl_CURSOR_G_000000000000000[0-5]_J_[a-b]|\\PC{0,12}";
    let dataset = prop::sample::select(vec!["one", "one/a", "two", "two/a", "two/a/b"]);
    let any = (dataset, label, 0..3).prop_flat_map(|(dataset, label, kind)| match kind {
        0 => point(dataset, Kind::Filesystem).boxed(),
        1 => point(&format!("{dataset}@{}", label.replace(['\t', '\n', '\r'], "")), Kind::Snapshot).boxed(),
        _ => point(&format!("{dataset}#{}", label.replace(['\t', '\n', '\r'], "")), Kind::Bookmark).boxed(),
    });
    prop::collection::vec(any, 0..30)
}

proptest! {
    #[test]
    fn whatever_is_listed_is_told_without_contradiction(datasets in listing(), tags in prop::collection::vec("kai:repl:a|syncoid_a|zrepl_last_received_J_a|\\PC{0,9}", 0..9)) {
        let snapshots = datasets.iter().filter(|found| found.kind == Kind::Snapshot);
        let holds = snapshots.zip(tags).map(|(found, tag)| Hold { snapshot: found.name.clone(), tag }).collect();
        let names: Vec<String> = datasets.iter().map(|found| found.name.clone()).collect();
        let facts = Facts { datasets, holds, ..Facts::default() };
        let now = Stamp::from_seconds(5);
        for row in replication(&facts, now) {
            prop_assert!(row.lag.is_none_or(|lag| lag <= now.seconds()));
            prop_assert!(row.state != State::Current || row.lag == Some(0));
            prop_assert_eq!(row.state == State::Unknown, row.base.is_none());
            prop_assert_eq!(row.base.is_none(), row.lag.is_none());
            prop_assert!(row.base.is_none_or(|base| names.contains(&base.name)));
            prop_assert!(names.iter().any(|name| name == row.dataset.as_str()));
            match (row.direction, row.peer) {
                (Direction::Here, Some(Peer::Here(peer))) => prop_assert_ne!(peer, row.dataset),
                (Direction::Undecided, None | Some(Peer::Here(_))) => {}
                (Direction::Out, None) | (Direction::In, None | Some(Peer::There(_))) => {}
                (direction, peer) => prop_assert!(false, "{:?} {:?}", direction, peer),
            }
        }
    }

    #[test]
    fn nothing_makes_the_parser_panic(text in "[a@\t\n]{0,40}|\\PC{0,80}") {
        let _ = parse_holds(&text);
    }
}
