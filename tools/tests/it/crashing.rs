//! `kill -9` at every change that an operation makes: afterwards resuming or undoing leaves the host
//! whole. The real program is killed, and the real journal is read.

use std::path::Path;
use std::process::{Command, Stdio};

use kai_tools::face::{HistoryCommand, HostOptions, Options, Say, Session};
use kai_tools::names::OperationId;
use kai_tools::sim::{Agent, Fault, Simulator, State, What, When};

use super::support::{CLOCK, Outline, journalling, operations, outline, starting};

/// Runs the light program on the state in `file`; whether it ended by itself.
#[allow(clippy::disallowed_methods, reason = "the program under test is started here")]
fn program(file: &Path, args: &[&str]) -> bool {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kai-kvm"));
    command.env("KAI_CONFIG", "/dev/null");
    command.arg("--sim").arg(file).args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.env_remove("KAI_SIM").env_remove("KAI_VM_ROOT").env_remove("KAI_DATA_DIR");
    let mut child = {
        let _alone = starting();
        command.spawn().unwrap()
    };
    child.wait().unwrap().code().is_some()
}

/// Applies a Destroy by its digest, as a script does.
#[allow(clippy::disallowed_methods, reason = "the program under test is started here")]
fn digest(file: &Path, args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kai-kvm"));
    command.env("KAI_CONFIG", "/dev/null");
    command.arg("--sim").arg(file).args(args).args(["--dry-run", "--json"]).stdin(Stdio::null());
    command.env_remove("KAI_SIM").env_remove("KAI_VM_ROOT").env_remove("KAI_DATA_DIR");
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let child = {
        let _alone = starting();
        command.spawn().unwrap()
    };
    let out = child.wait_with_output().unwrap().stdout;
    let shown: serde_json::Value = serde_json::from_slice(&out).unwrap();
    shown["digest"].as_str().unwrap().to_owned()
}

fn history(file: &Path, command: &HistoryCommand) -> u8 {
    let _open = journalling();
    let host = HostOptions { sim: Some(file.to_owned()), ..HostOptions::default() };
    let options = Options { host, yes: true, ..Options::default() };
    Session::open(options, None, Say::new(false, true)).unwrap().history(command)
}

/// Names that carry the time are the same in every run.
fn comparable(outline: Outline) -> Outline {
    let strip = |name: String| match name.find(".pre-").or_else(|| name.find("@kai-")) {
        Some(at) => {
            let rest = name[at..].find('@').filter(|_| name[at..].starts_with(".pre-")).map_or("", |p| &name[at + p..]);
            format!("{}{}{rest}", &name[..at], if name[at..].starts_with('@') { "@stamp" } else { ".pre" })
        }
        None => name,
    };
    Outline {
        datasets: outline.datasets.into_iter().map(|(name, content)| (strip(name), content)).collect(),
        snapshots: outline.snapshots.into_iter().map(strip).collect(),
        ..outline
    }
}

fn now(file: &Path) -> Outline {
    let state: State = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert!(state.domains.values().all(|vm| !vm.corrupted), "a disk was changed under its guest");
    assert!(state.domains.values().all(|vm| !vm.frozen), "a guest was left frozen");
    comparable(outline(&state))
}

/// Kills the operation before and after each of its changes; returns how often it was killed.
fn killed_everywhere(args: &[&str], destroys: bool) -> usize {
    killed_everywhere_on(|_| {}, args, destroys)
}

/// The same on a playground where something is different.
fn killed_everywhere_on(prepare: impl Fn(&mut State), args: &[&str], destroys: bool) -> usize {
    let setup = |file: &Path, fault: Option<Fault>| {
        let simulator = Simulator::open(file).unwrap();
        simulator
            .change(|state| {
                *state = State::playground(CLOCK);
                prepare(state);
                state.fault = fault;
            })
            .unwrap();
    };
    let apply = |file: &Path| {
        if destroys {
            let digest = digest(file, args);
            program(file, &[args, &["--confirm", &digest]].concat())
        } else {
            program(file, &[args, &["--yes"]].concat())
        }
    };
    let whole = tempfile::tempdir().unwrap();
    let file = whole.path().join("host.json");
    setup(&file, None);
    let before = now(&file);
    assert!(apply(&file));
    let after = now(&file);
    assert_ne!(before, after);
    let mut kills = 0;
    for at in 1.. {
        let mut reached = false;
        for when in [When::Before, When::After] {
            for resume in [true, false] {
                let folder = tempfile::tempdir().unwrap();
                let file = folder.path().join("host.json");
                setup(&file, Some(Fault { at, when, what: What::Kill }));
                if apply(&file) {
                    continue;
                }
                reached = true;
                kills += 1;
                let operation = operations(&file.with_extension("ops")).pop().unwrap();
                assert!(operation.is_open());
                let op: OperationId = operation.id.parse().unwrap();
                let place = format!("{args:?}, killed {when:?} change {at}");
                if resume {
                    assert_eq!(history(&file, &HistoryCommand::Resume { op }), 0, "{place}, resumed");
                    assert_eq!(now(&file), after, "{place}, resumed");
                } else if destroys {
                    assert_ne!(history(&file, &HistoryCommand::Undo { op: op.clone() }), 0, "{place}, undone");
                    assert_eq!(history(&file, &HistoryCommand::Resume { op }), 0, "{place}, resumed");
                    assert_eq!(now(&file), after, "{place}, resumed");
                } else {
                    assert_eq!(history(&file, &HistoryCommand::Undo { op }), 0, "{place}, undone");
                    assert_eq!(now(&file), before, "{place}, undone");
                }
            }
        }
        if !reached {
            break;
        }
    }
    kills
}

#[test]
fn create() {
    assert!(killed_everywhere(&["create", "new1", "--image", "/srv/images/debian-12.qcow2", "--start"], false) >= 20);
}

#[test]
fn clone() {
    assert!(killed_everywhere(&["clone", "web1", "web8", "--start"], false) >= 36);
}

#[test]
fn snapshot() {
    assert!(killed_everywhere(&["snap", "web1", "take", "now"], false) >= 12);
}

#[test]
fn snapshot_of_a_guest_with_an_agent() {
    let with = |agent: Agent| move |state: &mut State| state.domains.get_mut("web1").unwrap().agent = Some(agent);
    assert!(killed_everywhere_on(with(Agent::Well), &["snap", "web1", "take", "now"], false) >= 20);
    assert!(killed_everywhere_on(with(Agent::CannotFreeze), &["snap", "web1", "take", "now"], false) >= 16);
}

#[test]
fn rollback() {
    assert!(killed_everywhere(&["snap", "web1", "rollback", "before-update"], false) >= 20);
}

#[test]
fn delete() {
    assert!(killed_everywhere(&["delete", "web1", "--force"], true) >= 8);
}

#[test]
fn rollback_for_good() {
    let args = ["snap", "web1", "rollback", "before-update", "--discard-current"];
    assert!(killed_everywhere(&args, true) >= 12);
}
