//! What the journal tells of an operation while somebody carries it out, and of one that was taken back.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use kai_tools::confirm::Confirmed;
use kai_tools::execute::{Cancel, Progress};
use kai_tools::face::{HistoryCommand, HostOptions, Options, Say, Session, status};
use kai_tools::journal::{Event, Journal, Operation, Outcome, Standing, StepState};
use kai_tools::names::{OperationId, Stamp};
use kai_tools::operator::{Operator, Proposed, Target};
use kai_tools::sim::{Fault, Simulator, State, What, When};
use kai_tools::undo;
use serde_json::json;

use super::support::{CLOCK, Lab, journalling, operations, request};

fn operator(file: &Path) -> Operator {
    Operator::open(&Target::Simulated(file.to_owned()), None, None).unwrap()
}

fn history(file: &Path, command: &HistoryCommand) -> u8 {
    let host = HostOptions { sim: Some(file.to_owned()), ..HostOptions::default() };
    let options = Options { host, yes: true, ..Options::default() };
    Session::open(options, None, Say::new(false, true)).unwrap().history(command)
}

#[test]
fn an_operation_runs_for_everybody_until_it_has_ended() {
    let _open = journalling();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("host.json");
    Simulator::open(&file).unwrap().change(|state| *state = State::playground(CLOCK)).unwrap();
    let Proposed::Plan(plan) =
        operator(&file).propose(&request("kvm_snap", json!({ "vm": "web1", "name": "now" })), Stamp::now()).unwrap()
    else {
        panic!("a plan")
    };
    let confirmed = Confirmed::by_yes(plan.plan, Stamp::now()).unwrap();
    // Whoever looks in the middle of it has a journal of their own.
    let looks = std::sync::Mutex::new(0);
    let observer = |progress: Progress<'_>| {
        if !matches!(progress, Progress::Begin(step) if step.id == 1) {
            return;
        }
        let found = operator(&file).history().unwrap().last().unwrap().clone();
        assert!(found.running && found.outcome.is_none());
        assert_eq!(found.ending(), "running");
        assert_eq!((found.standing(0), found.standing(1)), (Standing::Done, Standing::Waiting));
        let asked = request("op_history", json!({}));
        let Proposed::Found(table) = operator(&file).propose(&asked, Stamp::now()).unwrap() else { panic!("a table") };
        assert!(table.rows[0].contains(&json!("running")), "{table:?}");
        // Nobody else takes it back or goes on with it.
        let op: OperationId = found.id.parse().unwrap();
        assert_eq!(history(&file, &HistoryCommand::Undo { op: op.clone() }), status::FAILED);
        assert_eq!(history(&file, &HistoryCommand::Resume { op }), status::FAILED);
        let facts = operator(&file).observe(&kai_tools::facts::Scope::default()).unwrap();
        let refused = undo::plan(&found, &facts, Stamp::now()).unwrap_err();
        assert!(refused.message.contains("is running"), "{refused}");
        *looks.lock().unwrap() += 1;
    };
    let report = operator(&file).execute(confirmed, None, &observer, &Cancel::default()).unwrap();
    assert_eq!((report.outcome, *looks.lock().unwrap()), (Outcome::Done, 1));
    let ended = operator(&file).history().unwrap().last().unwrap().clone();
    assert_eq!((ended.running, ended.ending()), (false, "done"));
}

#[test]
fn it_runs_as_long_as_the_lock_is_held_for_it_and_was_cut_off_after() {
    let lab = Lab::new();
    let _open = journalling();
    let begin = |name: &str| {
        let plan = lab.plan("kvm_snap", json!({ "vm": "db1", "name": name })).unwrap();
        let (id, digest) = (plan.id.clone(), plan.digest());
        let journal = Journal::open(lab.folder.path()).unwrap();
        journal.append(&id, Event::Started { plan: Box::new(plan), digest, by: "tester".to_owned() }).unwrap();
        id
    };
    let (first, second) = (begin("one"), begin("two"));
    let endings = || -> Vec<&str> { operations(lab.folder.path()).iter().map(Operation::ending).collect() };
    assert_eq!(endings(), ["cut off", "cut off"]);
    let path = lab.folder.path().join("lock");
    let held = File::open(&path).unwrap();
    held.lock().unwrap();
    // A lock that is only taken is no operation yet.
    std::fs::write(&path, "1999999999").unwrap();
    assert_eq!(endings(), ["cut off", "cut off"]);
    std::fs::write(&path, format!("1999999999 {first}")).unwrap();
    assert_eq!(endings(), ["running", "cut off"]);
    std::fs::write(&path, format!("1999999999 {second}")).unwrap();
    assert_eq!(endings(), ["cut off", "running"]);
    held.unlock().unwrap();
    assert_eq!(endings(), ["cut off", "cut off"]);
}

#[test]
fn whoever_looks_is_in_nobodys_way() {
    let lab = Lab::new();
    let _open = journalling();
    drop(Journal::open(lab.folder.path()).unwrap());
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::SeqCst) {
                operations(lab.folder.path());
            }
        });
        let opened = (0..100).all(|_| Journal::open(lab.folder.path()).is_ok());
        over.store(true, Ordering::SeqCst);
        assert!(opened);
    });
}

#[test]
fn what_was_taken_back_does_not_stand_as_done() {
    let lab = Lab::new();
    // The guest is paused, the snapshot taken, and then something fails.
    lab.sim.change(|state| state.fault = Some(Fault { at: 3, when: When::Before, what: What::Fail })).unwrap();
    let report = lab.run("kvm_snap", json!({ "vm": "web1", "name": "now" }));
    assert_eq!(report.outcome, Outcome::TakenBack, "{report:?}");
    let operation = operations(lab.folder.path()).pop().unwrap();
    assert_eq!(operation.steps[1], StepState::Done);
    assert_eq!(operation.standing(1), Standing::TakenBack);
    assert!(operation.left().is_empty());
}

#[test]
fn what_could_not_be_taken_back_is_known_later() {
    let lab = Lab::new();
    let plan = lab.plan("kvm_create", json!({ "name": "new1" })).unwrap();
    let id = plan.id.clone();
    let made = plan.steps.iter().find(|step| !step.undo.is_empty()).unwrap();
    let (step, left) = (made.id, made.undo[0].action.to_string());
    let _open = journalling();
    let journal = Journal::open(lab.folder.path()).unwrap();
    let digest = plan.digest();
    journal.append(&id, Event::Started { plan: Box::new(plan), digest, by: "tester".to_owned() }).unwrap();
    let state = || operations(lab.folder.path()).pop().unwrap();
    journal.append(&id, Event::NotUndone { step, part: 0, why: "it is busy".to_owned() }).unwrap();
    assert_eq!((state().standing(step), state().left()), (Standing::Left, vec![format!("{left} (it is busy)")]));
    journal.append(&id, Event::Undone { step, part: 0 }).unwrap();
    assert_eq!((state().standing(step), state().left()), (Standing::TakenBack, Vec::new()));
}

#[test]
fn a_stop_is_told_as_what_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("host.json");
    let asked = request("kvm_snap", json!({ "vm": "db1", "name": "one" }));
    let Proposed::Plan(plan) = operator(&file).propose(&asked, Stamp::now()).unwrap() else { panic!("a plan") };
    let confirmed = Confirmed::by_yes(plan.plan, Stamp::now()).unwrap();
    let cancel = Cancel::default();
    cancel.request();
    let _open = journalling();
    let report = operator(&file).execute(confirmed, None, &|_| {}, &cancel).unwrap();
    assert!(report.error.unwrap().ends_with("stopped on request"));
}
