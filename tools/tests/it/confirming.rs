//! Nothing happens without a yes that is bound to the very plan.

use kai_tools::confirm::{ConfirmError, Confirmed};
use kai_tools::journal::Outcome;
use kai_tools::names::Stamp;
use kai_tools::plan::{Effect, Plan};
use serde_json::json;

use super::support::{Lab, request};

#[test]
fn a_yes_covers_changes_and_a_destroy_wants_the_name() {
    let lab = Lab::new();
    let now = Stamp::now();
    let change = lab.plan("kvm_snap", json!({ "vm": "web1" })).unwrap();
    assert!(Confirmed::by_yes(change, now).is_ok());
    let destroy = || lab.plan("kvm_delete", json!({ "vm": "db1" })).unwrap();
    assert_eq!(destroy().effect, Effect::Destroy);
    assert!(matches!(Confirmed::by_yes(destroy(), now), Err(ConfirmError::NeedsName { .. })));
    for wrong in ["", "y", "yes", "db", "web1", "DB1"] {
        assert!(matches!(Confirmed::by_name(destroy(), wrong, now), Err(ConfirmError::WrongName { .. })), "{wrong}");
    }
    assert!(Confirmed::by_name(destroy(), "db1\n", now).is_ok());
}

/// A host that works is never quite the same a moment later.
#[test]
fn what_is_only_measured_makes_no_other_plan() {
    let lab = Lab::new();
    let now = Stamp::now();
    for (at, (tool, arguments)) in [
        ("kvm_delete", json!({ "vm": "db1" })),
        ("kvm_create", json!({ "name": "new1", "disk": "20G", "memory": "1G" })),
        ("kvm_create", json!({ "name": "new2", "disk": "900T", "memory": "900G" })),
        ("kvm_resize", json!({ "vm": "db1", "disk": "900T" })),
        ("kvm_clone", json!({ "source": "golden", "names": ["new3"] })),
    ]
    .into_iter()
    .enumerate()
    {
        let request = request(tool, arguments);
        let before = lab.plan_at(&request, now).unwrap();
        let change = lab.sim.change(|state| {
            state.write("tank/vms/db1", "more");
            state.pools.get_mut("tank").unwrap().free -= 1 << 38;
            state.files.insert("/proc/meminfo".to_owned(), format!("MemAvailable: {} kB\n", 40_000_000 - (at << 20)));
        });
        change.unwrap();
        let after = lab.plan_at(&request, now).unwrap();
        let measured =
            |plan: &Plan| (plan.checks.clone(), plan.losses.iter().map(|loss| loss.bytes).collect::<Vec<_>>());
        assert!(tool == "kvm_clone" || measured(&before) != measured(&after), "{tool}: what is measured is shown");
        assert_eq!(before.digest(), after.digest(), "{tool}");
    }
}

#[test]
fn a_digest_confirms_only_its_own_plan() {
    let lab = Lab::new();
    let now = Stamp::now();
    let request = request("kvm_delete", json!({ "vm": "db1" }));
    let plan = lab.plan_at(&request, now).unwrap();
    let digest = plan.digest();
    assert_eq!(lab.plan_at(&request, now).unwrap().digest(), digest, "the same facts make the same plan");
    lab.sim.change(|state| state.add_snapshot("tank/vms/db1", "precious")).unwrap();
    let other = lab.plan_at(&request, now).unwrap();
    assert!(matches!(Confirmed::by_digest(other, &digest, now), Err(ConfirmError::OtherDigest { .. })));
    assert!(Confirmed::by_digest(plan, &digest, now).is_ok());
}

#[test]
fn a_plan_does_not_wait_for_ever() {
    let lab = Lab::new();
    let plan = lab.plan("kvm_snap", json!({ "vm": "web1" })).unwrap();
    let late = Stamp::from_seconds(plan.made.seconds() + 16 * 60);
    assert!(matches!(Confirmed::by_yes(plan, late), Err(ConfirmError::Expired { .. })));
}

#[test]
fn what_changed_between_preview_and_yes_stops_it_before_anything_is_done() {
    let lab = Lab::new();
    let plan = lab.plan("kvm_delete", json!({ "vm": "db1" })).unwrap();
    // The disk is replaced by another of the same name.
    lab.sim
        .change(|state| {
            state.datasets.remove("tank/vms/db1");
            state.add_dataset("tank/vms/db1", Some(40 << 30));
            state.write("tank/vms/db1", "another database");
        })
        .unwrap();
    let report = lab.execute(plan);
    assert_eq!(report.outcome, Outcome::TakenBack, "{report:?}");
    assert!(report.error.unwrap().contains("has changed"));
    let state = lab.sim.state();
    assert_eq!(state.datasets["tank/vms/db1"].content, "another database");
    assert!(state.domains.contains_key("db1"));
}

#[test]
fn a_vm_that_was_started_meanwhile_is_not_rolled_back_under_itself() {
    let lab = Lab::new();
    lab.sim.change(|state| state.add_snapshot("tank/vms/db1", "s")).unwrap();
    let plan = lab.plan("kvm_rollback", json!({ "vm": "db1", "snapshot": "s", "keep_current": false })).unwrap();
    lab.sim.change(|state| state.domains.get_mut("db1").unwrap().state = "running".to_owned()).unwrap();
    let report = lab.execute(plan);
    assert_ne!(report.outcome, Outcome::Done);
    assert!(!lab.sim.state().domains["db1"].corrupted);
}
