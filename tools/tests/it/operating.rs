//! What operations do to a host.

use std::collections::BTreeSet;

use kai_tools::domain;
use kai_tools::journal::Outcome;
use serde_json::json;

use super::support::{Lab, outline, request};

#[test]
fn a_clone_has_an_identity_of_its_own() {
    let lab = Lab::new();
    let report = lab.run("kvm_clone", json!({ "source": "golden", "names": ["web5", "web6"], "start": true }));
    assert_eq!(report.outcome, Outcome::Done, "{report:?}");
    let state = lab.sim.state();
    for name in ["web5", "web6"] {
        let dataset = &state.datasets[&format!("tank/vms/{name}")];
        assert_eq!(dataset.origin.as_deref(), Some("tank/vms/golden@golden"));
        assert_eq!(dataset.content, "a sealed Debian 12");
        assert_eq!(state.domains[name].state, "running");
        let seed = &state.files[&format!("/var/lib/libvirt/images/kai-seed-{name}.iso")];
        assert!(seed.contains("CIDATA") && seed.contains(&format!("local-hostname: \"{name}\"")), "{seed}");
    }
    let domains: Vec<_> = state.domains.values().map(|vm| domain::read(&vm.xml).unwrap()).collect();
    let all = |of: &dyn Fn(&domain::Domain) -> Vec<String>| domains.iter().flat_map(of).collect::<Vec<_>>();
    for texts in [
        all(&|domain| vec![domain.uuid.to_string()]),
        all(&|domain| domain.macs.iter().map(ToString::to_string).collect()),
        all(&|domain| domain.nvram.iter().map(ToString::to_string).collect()),
        all(&|domain| domain.logs.iter().map(ToString::to_string).collect()),
        all(&|domain| domain.volumes().iter().map(ToString::to_string).collect()),
    ] {
        assert_eq!(texts.iter().collect::<BTreeSet<_>>().len(), texts.len(), "shared: {texts:?}");
    }
    assert!(!state.files.keys().any(|path| path.starts_with("/run/kai/")), "cleared up");
}

#[test]
fn prefix_and_count_go_on_after_the_names_that_exist() {
    let lab = Lab::new();
    lab.run("kvm_clone", json!({ "source": "golden", "prefix": "web", "count": 2 }));
    let names: Vec<String> = lab.sim.state().domains.into_keys().collect();
    assert_eq!(names, ["db1", "golden", "web1", "web2", "web3"]);
}

#[test]
fn a_running_source_without_a_golden_snapshot_is_snapshotted_once_for_all_clones() {
    let lab = Lab::new();
    let report = lab.run("kvm_clone", json!({ "source": "web1", "names": ["a", "b"] }));
    assert_eq!(report.outcome, Outcome::Done, "{report:?}");
    let state = lab.sim.state();
    assert_eq!(state.datasets["tank/vms/a"].origin, state.datasets["tank/vms/b"].origin);
    assert_eq!(state.domains["web1"].state, "running");
    // The last clone takes the snapshot with it.
    lab.run("kvm_delete", json!({ "vm": "a" }));
    assert!(lab.sim.state().datasets["tank/vms/web1"].points.keys().any(|label| label.starts_with("@kai-clone-")));
    lab.run("kvm_delete", json!({ "vm": "b" }));
    assert!(!lab.sim.state().datasets["tank/vms/web1"].points.keys().any(|label| label.starts_with("@kai-clone-")));
}

#[test]
fn a_deleted_vm_leaves_nothing() {
    let lab = Lab::new();
    let before = outline(&lab.sim.state());
    lab.run("kvm_create", json!({ "name": "new1", "image": "/srv/images/debian-12.qcow2", "start": true }));
    assert_eq!(lab.sim.state().datasets["tank/vms/new1"].content, "image qcow2 2147483648");
    let report = lab.run("kvm_delete", json!({ "vm": "new1", "force": true }));
    assert_eq!(report.outcome, Outcome::Done, "{report:?}");
    assert_eq!(outline(&lab.sim.state()), before);
}

#[test]
fn a_late_device_is_waited_for() {
    let lab = Lab::new();
    lab.sim.change(|state| state.device_delay = 2500).unwrap();
    let report = lab.run("kvm_clone", json!({ "source": "golden", "names": ["web5"], "start": true }));
    assert_eq!(report.outcome, Outcome::Done, "{report:?}");
}

#[test]
fn a_snapshot_of_a_running_vm_pauses_it_and_lets_it_go_on() {
    let lab = Lab::new();
    let plan = lab.plan("kvm_snap", json!({ "vm": "web1", "name": "now" })).unwrap();
    let commands: Vec<String> = plan.steps.iter().map(|step| step.action.to_string()).collect();
    assert!(commands[0].contains("suspend web1") && commands[2].contains("resume web1"), "{commands:?}");
    assert_eq!(lab.execute(plan).outcome, Outcome::Done);
    let state = lab.sim.state();
    assert_eq!(state.domains["web1"].state, "running");
    assert!(state.datasets["tank/vms/web1"].points.contains_key("@now"));
}

#[test]
fn a_failed_snapshot_leaves_no_guest_paused() {
    let lab = Lab::new();
    let plan = lab.plan("kvm_snap", json!({ "vm": "web1", "name": "now" })).unwrap();
    // Somebody takes the same name after the plan was made.
    lab.sim.change(|state| state.add_snapshot("tank/vms/web1", "now")).unwrap();
    let report = lab.execute(plan);
    assert_eq!(report.outcome, Outcome::TakenBack, "{report:?}");
    let state = lab.sim.state();
    assert_eq!(state.domains["web1"].state, "running");
    assert!(state.datasets["tank/vms/web1"].points.contains_key("@now"), "somebody else's snapshot stays");
}

#[test]
fn a_rollback_keeps_the_present_state_and_never_touches_an_open_volume() {
    let lab = Lab::new();
    lab.sim.change(|state| state.write("tank/vms/web1", "work of today")).unwrap();
    let report = lab.run("kvm_rollback", json!({ "vm": "web1", "snapshot": "before-update" }));
    assert_eq!(report.outcome, Outcome::Done, "{report:?}");
    let state = lab.sim.state();
    assert_eq!(state.datasets["tank/vms/web1"].content, "a sealed Debian 12");
    let aside = state.datasets.iter().find(|(name, _)| name.starts_with("tank/vms/web1.pre-")).unwrap();
    assert_eq!(aside.1.content, "work of today");
    assert_eq!(state.domains["web1"].state, "running");
    assert!(state.domains.values().all(|vm| !vm.corrupted));
}

#[test]
fn going_back_for_good_stops_the_vm_first() {
    let lab = Lab::new();
    lab.sim.change(|state| state.write("tank/vms/web1", "work of today")).unwrap();
    let report = lab.run("kvm_rollback", json!({ "vm": "web1", "snapshot": "after-update", "keep_current": false }));
    assert_eq!(report.outcome, Outcome::Done, "{report:?}");
    let state = lab.sim.state();
    assert_eq!(state.datasets["tank/vms/web1"].content, "web1 after the update");
    assert!(!state.domains["web1"].corrupted && state.domains["web1"].state == "running");
}

#[test]
fn a_guest_that_does_not_listen_keeps_running() {
    let lab = Lab::new();
    lab.run("kvm_power", json!({ "vm": "web1", "action": "shutdown" }));
    assert_eq!(lab.sim.state().domains["web1"].state, "shut off");
    lab.run("kvm_power", json!({ "vm": "web1", "action": "start" }));
    lab.sim.change(|state| state.domains.get_mut("web1").unwrap().deaf = true).unwrap();
    let report = lab.run("kvm_power", json!({ "vm": "web1", "action": "shutdown" }));
    assert_ne!(report.outcome, Outcome::Done);
    assert_eq!(lab.sim.state().domains["web1"].state, "running");
}

#[test]
fn a_disk_grows_and_a_scrub_starts_and_stops() {
    let lab = Lab::new();
    let report = lab.run("kvm_resize", json!({ "vm": "web1", "disk": "30G", "memory": "4G", "vcpus": 4 }));
    assert_eq!(report.outcome, Outcome::Done, "{report:?}");
    let state = lab.sim.state();
    assert_eq!(state.datasets["tank/vms/web1"].volsize, Some(30 << 30));
    let domain = domain::read(&state.domains["web1"].xml).unwrap();
    assert_eq!((domain.memory.to_string().as_str(), domain.vcpus), ("4G", 4));
    for action in ["start", "pause", "start", "stop"] {
        assert_eq!(
            lab.run("pool_scrub", json!({ "pool": "tank", "action": action })).outcome,
            Outcome::Done,
            "{action}"
        );
    }
}

#[test]
fn datasets_come_and_go() {
    let lab = Lab::new();
    lab.run(
        "dataset_create",
        json!({ "dataset": "tank/new", "recordsize": "1M", "compression": "zstd", "quota": "10G" }),
    );
    let made = lab.sim.state().datasets["tank/new"].clone();
    assert_eq!(made.props["recordsize"], "1048576");
    assert_eq!(made.props["quota"], (10_u64 << 30).to_string());
    lab.run("snapshot_create", json!({ "datasets": ["tank/new", "tank/data"], "name": "both" }));
    let state = lab.sim.state();
    let txg = |name: &str| state.datasets[name].points["@both"].txg;
    assert_eq!(txg("tank/new"), txg("tank/data"), "at one moment");
    lab.run("snapshot_destroy", json!({ "snapshot": "tank/new@both" }));
    lab.run("dataset_destroy", json!({ "dataset": "tank/new" }));
    assert!(!lab.sim.state().datasets.contains_key("tank/new"));
}

#[test]
fn reading_finds_what_is_there_and_changes_nothing() {
    let lab = Lab::new();
    let before = lab.sim.state();
    for (tool, args, rows) in [
        ("pool_status", json!({}), 2),
        ("dataset_list", json!({ "root": "tank/vms" }), 4),
        ("dataset_list", json!({ "kind": "snapshot" }), 5),
        ("snapshot_list", json!({ "vm": "web1" }), 2),
        ("kvm_list", json!({}), 3),
    ] {
        let request = request(tool, args);
        let table = request.read(&lab.facts(&request)).unwrap().unwrap();
        assert_eq!(table.rows.len(), rows, "{tool}");
        assert!(table.rows.iter().all(|row| row.len() == table.columns.len()));
    }
    assert_eq!(outline(&lab.sim.state()), outline(&before));
}
