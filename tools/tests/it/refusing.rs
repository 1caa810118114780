//! What is refused, whatever is approved: a plan is never made.

use kai_tools::facts::{self, ObserveError};
use kai_tools::plan::Reason;
use kai_tools::sim::State;
use serde_json::{Value, json};

use super::support::{CLOCK, Lab, outline, request};

fn refused(lab: &Lab, tool: &str, args: Value) -> Reason {
    let before = outline(&lab.sim.state());
    let refusal = lab.plan(tool, args.clone()).expect_err(&format!("{tool} {args} was planned"));
    assert!(!refusal.message.is_empty());
    assert_eq!(outline(&lab.sim.state()), before);
    refusal.reason
}

#[test]
fn the_never_list() {
    let lab = Lab::new();
    lab.sim
        .change(|state| {
            state.add_snapshot("rpool/ROOT/debian", "s");
            state.add_snapshot("tank/data", "base");
            let point = state.datasets.get_mut("tank/data").unwrap().points.get_mut("@base").unwrap();
            point.holds.insert("kai:repl:job".to_owned());
        })
        .unwrap();
    let cases = [
        ("dataset_destroy", json!({ "dataset": "rpool" }), Reason::RootPool),
        ("dataset_destroy", json!({ "dataset": "rpool/ROOT", "recursive": true }), Reason::RootPool),
        ("dataset_destroy", json!({ "dataset": "rpool/ROOT/debian" }), Reason::RootPool),
        ("dataset_rollback", json!({ "snapshot": "rpool/ROOT/debian@s" }), Reason::RootPool),
        ("dataset_destroy", json!({ "dataset": "tank", "recursive": true }), Reason::Invalid),
        ("dataset_destroy", json!({ "dataset": "tank/vms" }), Reason::InUse),
        ("dataset_destroy", json!({ "dataset": "tank/vms/web1" }), Reason::InUse),
        ("dataset_destroy", json!({ "dataset": "tank/data" }), Reason::InUse),
        ("dataset_rollback", json!({ "snapshot": "tank/data@october" }), Reason::InUse),
        ("dataset_rollback", json!({ "snapshot": "tank/data@october", "keep_current": false }), Reason::InUse),
        ("dataset_rollback", json!({ "snapshot": "tank/vms/web1@before-update" }), Reason::InUse),
        ("snapshot_destroy", json!({ "snapshot": "tank/data@base" }), Reason::InUse),
        ("snapshot_destroy", json!({ "snapshot": "tank/vms/golden@golden" }), Reason::InUse),
        ("kvm_snap_delete", json!({ "vm": "golden", "snapshot": "golden" }), Reason::InUse),
        ("kvm_delete", json!({ "vm": "golden" }), Reason::InUse),
        ("kvm_delete", json!({ "vm": "web1" }), Reason::State),
        ("kvm_resize", json!({ "vm": "web1", "disk": "10G" }), Reason::Shrink),
        ("kvm_resize", json!({ "vm": "web1", "memory": "1G" }), Reason::Shrink),
    ];
    for (tool, args, reason) in cases {
        assert_eq!(refused(&lab, tool, args.clone()), reason, "{tool} {args}");
    }
}

#[test]
fn a_replica_goes_only_when_its_source_is_known_to_be_there() {
    let lab = Lab::new();
    let replica = |state: &mut State| {
        state.add_dataset("tank/media/copy", None);
        let source = "hq1:fast/copy".to_owned();
        state.datasets.get_mut("tank/media/copy").unwrap().props.insert("com.kai:replica".to_owned(), source);
    };
    lab.sim.change(replica).unwrap();
    for args in [json!({ "dataset": "tank/media/copy" }), json!({ "dataset": "tank/media", "recursive": true })] {
        assert_eq!(refused(&lab, "dataset_destroy", args), Reason::LastReplica);
    }
    let request = request("dataset_destroy", json!({ "dataset": "tank/media/copy" }));
    for (there, planned) in [(true, true), (false, false)] {
        let mut facts = lab.facts(&request);
        facts.sources.insert("hq1:fast/copy".to_owned(), there);
        let made = kai_tools::names::Stamp::now();
        assert_eq!(request.plan(kai_tools::request::Situation { facts: &facts, made }).is_ok(), planned);
    }
}

#[test]
fn what_this_version_cannot_do_yet_is_said_and_not_planned() {
    let lab = Lab::new();
    for (tool, args) in [
        ("golden_build", json!({ "name": "g1", "image": "https://images.example/a.qcow2" })),
        ("replicate", json!({ "vm": "web1", "to": "dr1:vault/web1" })),
        ("gpu_mig", json!({ "action": "destroy", "gpu": "0" })),
        ("boot_env", json!({ "action": "activate", "name": "old" })),
    ] {
        assert_eq!(refused(&lab, tool, args.clone()), Reason::Unsupported, "{tool} {args}");
        assert!(!request(tool, args).available());
    }
}

#[test]
fn a_pool_that_is_not_online_is_only_read_and_scrubbed() {
    for health in ["DEGRADED", "FAULTED", "SUSPENDED"] {
        let lab = Lab::new();
        lab.sim.change(|state| state.pools.get_mut("tank").unwrap().health = health.to_owned()).unwrap();
        for (tool, args) in [
            ("kvm_create", json!({ "name": "new1" })),
            ("kvm_clone", json!({ "source": "golden", "names": ["new1"] })),
            ("kvm_snap", json!({ "vm": "web1" })),
            ("kvm_rollback", json!({ "vm": "web1" })),
            ("kvm_delete", json!({ "vm": "db1" })),
            ("kvm_power", json!({ "vm": "db1", "action": "start" })),
            ("dataset_create", json!({ "dataset": "tank/new" })),
            ("dataset_destroy", json!({ "dataset": "tank/media" })),
            ("snapshot_create", json!({ "datasets": ["tank/data"] })),
            ("snapshot_destroy", json!({ "snapshot": "tank/data@october" })),
        ] {
            assert_eq!(refused(&lab, tool, args.clone()), Reason::PoolNotOnline, "{tool} {args}");
        }
        assert!(lab.plan("pool_scrub", json!({ "pool": "tank" })).is_ok());
    }
}

#[test]
fn what_is_not_there_and_what_is_taken() {
    let lab = Lab::new();
    let cases = [
        ("kvm_snap", json!({ "vm": "nobody" }), Reason::Unknown),
        ("kvm_rollback", json!({ "vm": "web1", "snapshot": "never" }), Reason::Unknown),
        ("kvm_rollback", json!({ "vm": "db1" }), Reason::Unknown),
        ("kvm_clone", json!({ "source": "golden", "names": ["new1"], "snapshot": "never" }), Reason::Unknown),
        ("kvm_create", json!({ "name": "new1", "image": "/srv/images/none.qcow2" }), Reason::Unknown),
        ("kvm_create", json!({ "name": "new1", "iso": "/srv/iso/none.iso" }), Reason::Unknown),
        ("pool_scrub", json!({ "pool": "nopool" }), Reason::Unknown),
        ("kvm_create", json!({ "name": "web1" }), Reason::Taken),
        ("kvm_clone", json!({ "source": "golden", "names": ["db1"] }), Reason::Taken),
        ("kvm_clone", json!({ "source": "golden", "names": ["a", "a"] }), Reason::Invalid),
        ("snapshot_create", json!({ "datasets": ["tank/data"], "name": "october" }), Reason::Taken),
        ("snapshot_create", json!({ "datasets": ["tank/data", "rpool/ROOT"] }), Reason::Invalid),
        ("kvm_create", json!({ "name": "new1", "image": "/srv/images/debian-12.qcow2", "disk": "1G" }), Reason::NoRoom),
        ("kvm_create", json!({ "name": "new1", "memory": "4T", "start": true }), Reason::NoRoom),
        ("kvm_power", json!({ "vm": "web1", "action": "start" }), Reason::Nothing),
        ("kvm_power", json!({ "vm": "db1", "action": "shutdown" }), Reason::Nothing),
    ];
    for (tool, args, reason) in cases {
        if let Some(path) = args["image"].as_str().filter(|path| path.contains("none")) {
            // What is not there cannot be measured either.
            let request = request(tool, json!({ "name": "new1", "image": path }));
            assert!(facts::observe(&lab.sim, &request.scope()).is_err());
            continue;
        }
        assert_eq!(refused(&lab, tool, args.clone()), reason, "{tool} {args}");
    }
}

#[test]
fn a_file_that_was_left_by_another_vm_of_that_name_is_not_taken_over() {
    let lab = Lab::new();
    let left = "/var/lib/libvirt/qemu/nvram/new1_VARS.fd";
    lab.sim.change(|state| state.files.insert(left.to_owned(), "somebody's".to_owned())).unwrap();
    assert_eq!(refused(&lab, "kvm_create", json!({ "name": "new1" })), Reason::Taken);
    assert_eq!(refused(&lab, "kvm_clone", json!({ "source": "golden", "names": ["new1"] })), Reason::Taken);
}

#[test]
fn libvirt_down_and_programs_missing_say_what_to_do() {
    let lab = Lab::new();
    let request = request("kvm_snap", json!({ "vm": "web1" }));
    lab.sim.change(|state| state.libvirt = false).unwrap();
    let error = facts::observe(&lab.sim, &request.scope()).unwrap_err();
    assert!(matches!(error, ObserveError::NoLibvirt { .. }), "{error}");
    assert!(error.hints()[0].contains("systemctl start"));
    for program in ["zfs", "zpool", "virsh"] {
        let mut state = State::playground(CLOCK);
        state.missing.insert(program.to_owned());
        let lab = Lab::with(state);
        let error = facts::observe(&lab.sim, &request.scope()).unwrap_err();
        assert!(error.to_string().contains(program), "{error}");
        assert!(error.hints()[0].contains("apt install"), "{:?}", error.hints());
    }
}

#[test]
fn a_pool_without_room_leaves_nothing_half_made() {
    let lab = Lab::new();
    lab.sim.change(|state| state.pools.get_mut("tank").unwrap().free = 0).unwrap();
    let before = outline(&lab.sim.state());
    let report = lab.run("kvm_create", json!({ "name": "new1" }));
    assert_eq!(report.outcome, kai_tools::journal::Outcome::TakenBack, "{report:?}");
    assert!(report.error.unwrap().contains("out of space"));
    assert_eq!(outline(&lab.sim.state()), before);
}

#[test]
fn an_operating_system_that_nobody_knows_is_refused_with_the_nearest_names() {
    let create = |lab: &Lab, os: &str| lab.plan("kvm_create", json!({ "name": "new1", "os_variant": os }));
    let missing = |programs: &[&str]| {
        let mut state = State::playground(CLOCK);
        state.missing.extend(programs.iter().map(|program| (*program).to_owned()));
        Lab::with(state)
    };
    for lab in [missing(&[]), missing(&["osinfo-query"]), missing(&["virt-install"])] {
        assert!(create(&lab, "debian12").is_ok() && create(&lab, "generic").is_ok());
        for (os, near) in [("debian14", "debian13, debian12"), ("ubunto24.04", "ubuntu24.04"), ("Debian12", "debian12")]
        {
            let refusal = create(&lab, os).unwrap_err();
            assert_eq!(refusal.reason, Reason::Unknown, "{refusal:?}");
            assert!(refusal.message.contains(os) && refusal.hints[0].contains(near), "{refusal:?}");
        }
        let refusal = create(&lab, "plan9").unwrap_err();
        assert!(refusal.hints[0].contains("osinfo-query os"), "{refusal:?}");
    }
    // Only virt-install knows the other names.
    assert!(create(&missing(&["osinfo-query"]), "debianbookworm").is_ok());
    let plan = create(&missing(&["osinfo-query", "virt-install"]), "plan9").unwrap();
    assert!(
        plan.notes.iter().any(|note| note.contains("plan9") && note.contains("was not checked")),
        "{:?}",
        plan.notes
    );
    // Nobody is asked for nothing: it takes a while.
    assert!(!request("kvm_create", json!({ "name": "new1" })).scope().os_variants);
}

#[test]
fn what_is_in_the_way_is_named_with_the_command_that_removes_it() {
    let lab = Lab::new();
    let report = lab.run("kvm_rollback", json!({ "vm": "web1", "snapshot": "before-update" }));
    let delete = || lab.plan("kvm_delete", json!({ "vm": "web1", "force": true }));
    let refusal = delete().unwrap_err();
    let state = lab.sim.state();
    let kept = state.datasets.keys().find(|name| name.contains(".pre-")).unwrap();
    assert_eq!(refusal.reason, Reason::InUse);
    let hint = &refusal.hints[0];
    assert!(hint.contains(&format!("`kai op dataset-destroy --dataset {kept}`")), "{hint}");
    assert!(hint.contains(&format!("`kai op undo {}`", report.op)), "{hint}");
    // And that is right.
    lab.run("dataset_destroy", json!({ "dataset": kept }));
    assert!(delete().is_ok());
    let refusal = lab.plan("kvm_snap_delete", json!({ "vm": "golden", "snapshot": "golden" })).unwrap_err();
    assert!(refusal.message.contains("held"), "{refusal:?}");
    lab.sim
        .change(|state| {
            state.datasets.get_mut("tank/vms/golden").unwrap().points.get_mut("@golden").unwrap().holds.clear()
        })
        .unwrap();
    let refusal = lab.plan("kvm_delete", json!({ "vm": "golden" })).unwrap_err();
    assert!(refusal.hints[0].contains("`kai op kvm-delete --vm web1`"), "{refusal:?}");
}
