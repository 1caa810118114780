//! Going back to a snapshot for good: what is newer goes with it, by name, or nothing does.

use kai_tools::journal::Outcome;
use kai_tools::plan::{Effect, Reason};
use serde_json::{Value, json};

use super::support::{Lab, outline};

/// `tank/data` with three snapshots after `october`.
fn lab() -> Lab {
    let lab = Lab::new();
    lab.sim
        .change(|state| {
            for label in ["december", "january"] {
                state.write("tank/data", &format!("reports of {label}"));
                state.add_snapshot("tank/data", label);
            }
            state.write("tank/data", "not in any snapshot");
        })
        .unwrap();
    lab
}

fn for_good() -> Value {
    json!({ "snapshot": "tank/data@october", "keep_current": false })
}

#[test]
fn what_is_newer_is_named_and_goes_newest_first() {
    let lab = lab();
    let plan = lab.plan("dataset_rollback", for_good()).unwrap();
    assert_eq!((plan.effect, plan.object.as_str()), (Effect::Destroy, "tank/data@october"));
    let commands: Vec<String> = plan.steps.iter().map(|step| step.action.to_string()).collect();
    assert_eq!(
        commands,
        [
            "zfs destroy tank/data@january",
            "zfs destroy tank/data@december",
            "zfs destroy tank/data@november",
            "zfs rollback tank/data@october"
        ]
    );
    let losses: Vec<&str> = plan.losses.iter().map(|loss| loss.what.as_str()).collect();
    assert_eq!(losses.len(), 4);
    assert!(losses[3].contains("written to tank/data since tank/data@october"), "{losses:?}");
    assert!(plan.losses.iter().all(|loss| loss.identity.is_some() && loss.bytes.is_some()));
    let report = lab.execute(plan);
    assert_eq!(report.outcome, Outcome::Done, "{report:?}");
    let state = lab.sim.state();
    let labels: Vec<&String> = state.datasets["tank/data"].points.keys().collect();
    assert_eq!(labels, ["@october"]);
    assert_eq!(state.datasets["tank/data"].content, "reports of October");
}

#[test]
fn what_somebody_needs_keeps_all_of_it() {
    for (what, need) in [("held", 0), ("a bookmark", 1), ("cloned", 2)] {
        let lab = lab();
        lab.sim
            .change(|state| {
                if need == 0 {
                    let points = &mut state.datasets.get_mut("tank/data").unwrap().points;
                    points.get_mut("@december").unwrap().holds.insert("kai:repl:job".to_owned());
                } else if need == 1 {
                    let points = &mut state.datasets.get_mut("tank/data").unwrap().points;
                    let point = points["@december"].clone();
                    points.insert("#cursor".to_owned(), point);
                } else {
                    state.add_dataset("tank/copy", None);
                    state.datasets.get_mut("tank/copy").unwrap().origin = Some("tank/data@december".to_owned());
                }
            })
            .unwrap();
        let before = outline(&lab.sim.state());
        let refusal = lab.plan("dataset_rollback", for_good()).unwrap_err();
        assert_eq!(refusal.reason, Reason::InUse, "{what}: {refusal:?}");
        assert!(!refusal.hints.is_empty() && refusal.message.contains("tank/data"), "{refusal:?}");
        assert_eq!(outline(&lab.sim.state()), before);
    }
}

#[test]
fn a_snapshot_that_came_after_the_preview_is_not_taken_along() {
    let lab = lab();
    let plan = lab.plan("dataset_rollback", for_good()).unwrap();
    lab.sim.change(|state| state.add_snapshot("tank/data", "precious")).unwrap();
    let report = lab.execute(plan);
    assert_ne!(report.outcome, Outcome::Done, "{report:?}");
    assert!(report.error.unwrap().contains("tank/data@october is the newest"));
    let state = lab.sim.state();
    assert!(state.datasets["tank/data"].points.contains_key("@precious"));
    assert_eq!(state.datasets["tank/data"].content, "not in any snapshot", "nothing was rolled back");
}

#[test]
fn a_clone_that_came_after_the_preview_stops_it_before_its_snapshot_goes() {
    let lab = lab();
    let plan = lab.plan("dataset_rollback", for_good()).unwrap();
    lab.sim
        .change(|state| {
            state.add_dataset("tank/copy", None);
            state.datasets.get_mut("tank/copy").unwrap().origin = Some("tank/data@january".to_owned());
        })
        .unwrap();
    let before = outline(&lab.sim.state());
    let report = lab.execute(plan);
    assert_ne!(report.outcome, Outcome::Done, "{report:?}");
    assert_eq!(outline(&lab.sim.state()), before, "january was the first to go");
}
