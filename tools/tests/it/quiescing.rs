//! Snapshots of running guests: frozen by their agent where there is one, and never left so.

use kai_tools::execute::Report;
use kai_tools::journal::{Journal, Outcome};
use kai_tools::plan::Reason;
use kai_tools::sim::{Agent, Fault, State, What, When};
use serde_json::json;

use super::support::{CLOCK, Lab, journalling, operations};

fn lab(agent: Option<Agent>) -> Lab {
    let mut state = State::playground(CLOCK);
    state.domains.get_mut("web1").unwrap().agent = agent;
    Lab::with(state)
}

/// Whatever happened, the guest runs and can write.
fn is_free(lab: &Lab) {
    let vm = &lab.sim.state().domains["web1"];
    assert_eq!((vm.state.as_str(), vm.frozen), ("running", false));
}

/// Whether the snapshot is there, and was taken while the guest was frozen.
fn taken(lab: &Lab) -> Option<bool> {
    lab.sim.state().datasets["tank/vms/web1"].points.get("@now").map(|point| point.frozen)
}

fn snap(lab: &Lab, freeze: &str) -> Report {
    lab.run("kvm_snap", json!({ "vm": "web1", "name": "now", "freeze": freeze }))
}

#[test]
fn a_guest_with_an_agent_is_frozen_for_its_snapshot() {
    for freeze in ["auto", "yes"] {
        let lab = lab(Some(Agent::Well));
        let plan = lab.plan("kvm_snap", json!({ "vm": "web1", "name": "now", "freeze": freeze })).unwrap();
        let verbs: Vec<String> = plan.steps.iter().map(|step| step.action.to_string()).collect();
        let order = ["domfsfreeze web1", "suspend web1", "zfs snapshot", "resume web1", "domfsthaw web1"];
        assert!(verbs.len() == 5 && verbs.iter().zip(order).all(|(verb, part)| verb.contains(part)), "{verbs:?}");
        let report = lab.execute(plan);
        assert_eq!(report.outcome, Outcome::Done, "{report:?}");
        assert!(report.left_out.is_empty() && report.hints.is_empty());
        assert_eq!(taken(&lab), Some(true));
        is_free(&lab);
    }
}

#[test]
fn without_an_agent_auto_only_pauses_and_yes_refuses() {
    let lab = lab(None);
    let plan = lab.plan("kvm_snap", json!({ "vm": "web1", "name": "now" })).unwrap();
    assert!(plan.notes.iter().any(|note| note.contains("as after a power cut")));
    assert_eq!(lab.execute(plan).outcome, Outcome::Done);
    assert_eq!(taken(&lab), Some(false));
    let refused = |vm: &str| lab.plan("kvm_snap", json!({ "vm": vm, "freeze": "yes" })).unwrap_err();
    assert_eq!(refused("web1").reason, Reason::State);
    assert!(refused("web1").hints[0].contains("qemu-guest-agent"));
    lab.run("kvm_power", json!({ "vm": "web1", "action": "suspend" }));
    assert_eq!(refused("web1").reason, Reason::State);
    // A guest that does not run has nothing to freeze.
    assert!(lab.plan("kvm_snap", json!({ "vm": "db1", "freeze": "yes" })).is_ok());
}

#[test]
fn no_means_no() {
    let lab = lab(Some(Agent::Well));
    assert_eq!(snap(&lab, "no").outcome, Outcome::Done);
    assert_eq!(taken(&lab), Some(false));
}

#[test]
fn an_agent_that_cannot_freeze_is_done_without_and_that_is_said() {
    for agent in [Agent::CannotFreeze, Agent::HangsFreezing] {
        let lab = lab(Some(agent));
        let report = snap(&lab, "auto");
        assert_eq!(report.outcome, Outcome::Done, "{report:?}");
        assert_eq!(taken(&lab), Some(false), "{agent:?}");
        is_free(&lab);
        assert!(report.left_out[0].contains("quiesce") && report.hints.contains(&report.left_out[0]), "{report:?}");
        let operation = operations(lab.folder.path()).pop().unwrap();
        assert_eq!(operation.left_out.keys().copied().collect::<Vec<_>>(), [0, 4]);
        assert!(operation.message.contains("not done: let the guest quiesce"), "{}", operation.message);
        let strict = self::lab(Some(agent));
        let report = snap(&strict, "yes");
        assert_eq!((report.outcome, taken(&strict)), (Outcome::TakenBack, None), "{report:?}");
        is_free(&strict);
    }
}

#[test]
fn an_agent_that_went_away_since_the_preview_is_done_without() {
    for (freeze, outcome, there) in [("auto", Outcome::Done, Some(false)), ("yes", Outcome::TakenBack, None)] {
        let lab = lab(Some(Agent::Well));
        let plan = lab.plan("kvm_snap", json!({ "vm": "web1", "name": "now", "freeze": freeze })).unwrap();
        lab.sim.change(|state| state.domains.get_mut("web1").unwrap().agent = None).unwrap();
        let report = lab.execute(plan);
        assert_eq!((report.outcome, taken(&lab)), (outcome, there), "{report:?}");
        is_free(&lab);
    }
}

#[test]
fn a_guest_whose_agent_dies_while_it_is_frozen_is_not_passed_over() {
    let lab = lab(Some(Agent::DiesFrozen));
    let report = snap(&lab, "auto");
    // Nobody can thaw it from outside: that is said, and tried again later.
    assert_eq!(report.outcome, Outcome::Left, "{report:?}");
    assert!(report.error.as_ref().unwrap().contains("let the guest write again"), "{report:?}");
    assert!(report.left.iter().any(|left| left.contains("domfsthaw")), "{report:?}");
    assert_eq!(lab.sim.state().domains["web1"].state, "running");
    // The agent is back.
    lab.sim.change(|state| state.domains.get_mut("web1").unwrap().agent = Some(Agent::Well)).unwrap();
    let operation = operations(lab.folder.path()).pop().unwrap();
    let _open = journalling();
    let journal = Journal::open(lab.folder.path()).unwrap();
    let cancel = kai_tools::execute::Cancel::default();
    let executor =
        kai_tools::execute::Executor { host: &lab.sim, journal: &journal, observer: &|_| {}, cancel: &cancel };
    assert_eq!(executor.resume(&operation).unwrap().outcome, Outcome::TakenBack);
    is_free(&lab);
}

#[test]
fn whatever_fails_the_guest_is_thawed() {
    for freeze in ["auto", "yes"] {
        for when in [When::Before, When::After] {
            let mut failed = 0;
            for at in 1.. {
                let lab = lab(Some(Agent::Well));
                lab.sim.change(|state| state.fault = Some(Fault { at, when, what: What::Fail })).unwrap();
                let report = snap(&lab, freeze);
                if lab.sim.state().changes < at {
                    break;
                }
                let place = format!("{freeze}, failed {when:?} change {at}: {report:?}");
                let vm = lab.sim.state().domains["web1"].clone();
                assert_eq!((vm.state.as_str(), vm.frozen), ("running", false), "{place}");
                let whole = match report.outcome {
                    Outcome::Done => taken(&lab).is_some() && !report.left_out.is_empty(),
                    Outcome::TakenBack => taken(&lab).is_none(),
                    Outcome::Left => false,
                };
                assert!(whole, "{place}");
                failed += 1;
            }
            assert!(failed >= 5, "{failed}");
        }
    }
}

#[test]
fn a_name_that_was_taken_meanwhile_leaves_no_guest_frozen() {
    let lab = lab(Some(Agent::Well));
    let plan = lab.plan("kvm_snap", json!({ "vm": "web1", "name": "now" })).unwrap();
    lab.sim.change(|state| state.add_snapshot("tank/vms/web1", "now")).unwrap();
    assert_eq!(lab.execute(plan).outcome, Outcome::TakenBack);
    is_free(&lab);
}
