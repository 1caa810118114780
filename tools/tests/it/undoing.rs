//! Taking back what has ended well.

use kai_tools::execute::{Cancel, Executor};
use kai_tools::facts::{self, Scope};
use kai_tools::journal::{Journal, Operation, Outcome};
use kai_tools::names::Stamp;
use kai_tools::plan::{Effect, Plan, Reason, Refusal};
use kai_tools::undo;
use serde_json::json;

use super::support::{Lab, journalling, operations, outline};

fn operation(lab: &Lab, op: &str) -> Operation {
    operations(lab.folder.path()).into_iter().find(|operation| operation.id == op).unwrap()
}

fn undo(lab: &Lab, op: &str) -> Result<Plan, Refusal> {
    let scope = Scope { pools: true, all_datasets: true, ..Scope::default() };
    undo::plan(&operation(lab, op), &facts::observe(&lab.sim, &scope).unwrap(), Stamp::now())
}

#[test]
fn the_host_is_as_before() {
    for (tool, args, effect) in [
        ("kvm_create", json!({ "name": "new1" }), Effect::Change),
        ("kvm_clone", json!({ "source": "golden", "names": ["web5", "web6"] }), Effect::Change),
        ("kvm_clone", json!({ "source": "db1", "names": ["db2"] }), Effect::Change),
        ("kvm_snap", json!({ "vm": "web1", "name": "now" }), Effect::Change),
        ("snapshot_create", json!({ "datasets": ["tank/data"], "recursive": true }), Effect::Change),
        ("dataset_create", json!({ "dataset": "tank/new" }), Effect::Destroy),
        ("kvm_power", json!({ "vm": "web1", "action": "suspend" }), Effect::Change),
        ("kvm_resize", json!({ "vm": "db1", "memory": "8G", "vcpus": 8 }), Effect::Change),
    ] {
        let lab = Lab::new();
        let before = outline(&lab.sim.state());
        let report = lab.run(tool, args);
        assert_eq!(report.outcome, Outcome::Done, "{tool}");
        let plan = undo(&lab, &report.op).unwrap();
        assert_eq!(plan.effect, effect, "{tool}");
        let undone = lab.execute(plan);
        assert_eq!(undone.outcome, Outcome::Done, "{tool}: {undone:?}");
        assert_eq!(outline(&lab.sim.state()), before, "{tool}");
    }
}

#[test]
fn a_rollback_is_swapped_back_and_nothing_is_lost() {
    let lab = Lab::new();
    let report = lab.run("kvm_rollback", json!({ "vm": "web1", "snapshot": "before-update" }));
    lab.run("kvm_power", json!({ "vm": "web1", "action": "force_off" }));
    lab.sim.change(|state| state.write("tank/vms/web1", "written after the rollback")).unwrap();
    let plan = undo(&lab, &report.op).unwrap();
    assert_eq!(plan.effect, Effect::Change);
    let undone = lab.execute(plan);
    assert_eq!(undone.outcome, Outcome::Done, "{undone:?}");
    let state = lab.sim.state();
    assert_eq!(state.datasets["tank/vms/web1"].content, "web1 after the update");
    assert!(state.datasets["tank/vms/web1"].points.contains_key("@after-update"));
    let kept = state.datasets.iter().find(|(name, _)| name.starts_with("tank/vms/web1.undone-")).unwrap();
    assert_eq!(kept.1.content, "written after the rollback");
}

#[test]
fn a_clone_that_was_written_to_is_not_destroyed_by_a_plain_yes() {
    let lab = Lab::new();
    let report = lab.run("kvm_clone", json!({ "source": "golden", "names": ["web5"] }));
    lab.sim.change(|state| state.write("tank/vms/web5", "a week's work")).unwrap();
    let plan = undo(&lab, &report.op).unwrap();
    assert_eq!(plan.effect, Effect::Destroy);
    assert!(plan.losses.iter().any(|loss| loss.what == "tank/vms/web5"));
}

#[test]
fn what_took_the_name_since_is_not_touched() {
    let lab = Lab::new();
    let report = lab.run("kvm_snap", json!({ "vm": "db1", "name": "now" }));
    lab.run("kvm_snap_delete", json!({ "vm": "db1", "snapshot": "now" }));
    lab.sim.change(|state| state.add_snapshot("tank/vms/db1", "now")).unwrap();
    let undone = lab.execute(undo(&lab, &report.op).unwrap());
    assert_ne!(undone.outcome, Outcome::Done);
    assert!(lab.sim.state().datasets["tank/vms/db1"].points.contains_key("@now"));
}

#[test]
fn what_failed_or_destroyed_has_nothing_to_undo() {
    let lab = Lab::new();
    let report = lab.run("kvm_delete", json!({ "vm": "db1" }));
    assert!(undo(&lab, &report.op).is_err());
}

#[test]
fn what_something_depends_on_is_not_undone() {
    let lab = Lab::new();
    let created = lab.run("kvm_create", json!({ "name": "base", "disk": "1G", "memory": "1G", "vcpus": 1 }));
    lab.run("kvm_clone", json!({ "source": "base", "names": ["copy"] }));
    let refusal = undo(&lab, &created.op).unwrap_err();
    assert_eq!(refusal.reason, Reason::InUse, "{refusal:?}");
    assert!(refusal.to_string().contains("tank/vms/base@kai-clone-"), "{refusal}");
}

#[test]
fn an_undo_that_fails_half_way_says_what_stays_and_goes_on_later() {
    let lab = Lab::new();
    let before = outline(&lab.sim.state());
    let created = lab.run("kvm_create", json!({ "name": "new1" }));
    let plan = undo(&lab, &created.op).unwrap();
    lab.sim.change(|state| state.add_snapshot("tank/vms/new1", "since")).unwrap();
    let report = lab.execute(plan);
    assert_eq!(report.outcome, Outcome::Left, "{report:?}");
    assert!(report.left.iter().any(|left| left.contains("undefine")), "{report:?}");
    lab.run("snapshot_destroy", json!({ "snapshot": "tank/vms/new1@since" }));
    let _open = journalling();
    let journal = Journal::open(lab.folder.path()).unwrap();
    let cancel = Cancel::default();
    let executor = Executor { host: &lab.sim, journal: &journal, observer: &|_| {}, cancel: &cancel };
    let resumed = executor.resume(&operation(&lab, &report.op)).unwrap();
    assert_eq!(resumed.outcome, Outcome::Done, "{resumed:?}");
    assert_eq!(outline(&lab.sim.state()), before);
}
