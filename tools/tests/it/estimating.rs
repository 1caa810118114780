//! About how long it takes, as the preview says: in the right order of magnitude, and growing with the work.

use serde_json::{Value, json};

use super::support::Lab;

fn seconds(lab: &Lab, tool: &str, args: Value) -> u32 {
    lab.plan(tool, args).unwrap().seconds
}

#[test]
fn small_things_take_seconds_and_more_work_takes_longer() {
    let lab = Lab::new();
    // What the lab measured: one clone 1.74 s, four in one command 2.2 times that.
    let clones = |names: Value, start: bool| {
        seconds(&lab, "kvm_clone", json!({ "source": "golden", "names": names, "start": start }))
    };
    let one = clones(json!(["a"]), false);
    assert!((1..=3).contains(&one), "{one}");
    let (four, sixteen) = (
        clones(json!(["a", "b", "c", "d"]), false),
        seconds(&lab, "kvm_clone", json!({ "source": "golden", "prefix": "n", "count": 16 })),
    );
    assert!((one..=2 * one + 1).contains(&four), "{one} {four}");
    assert!(sixteen >= 3 * four && sixteen <= 5 * four, "{four} {sixteen}");
    assert!(clones(json!(["a"]), true) > one);
    for (tool, args, most) in [
        ("snapshot_create", json!({ "datasets": ["tank/data"] }), 1),
        ("kvm_snap", json!({ "vm": "web1" }), 2),
        ("kvm_rollback", json!({ "vm": "web1" }), 6),
        ("kvm_delete", json!({ "vm": "db1" }), 2),
        ("pool_scrub", json!({ "pool": "tank" }), 1),
    ] {
        let seconds = seconds(&lab, tool, args);
        assert!((1..=most).contains(&seconds), "{tool}: {seconds}");
    }
}

#[test]
fn a_guest_is_given_time_to_shut_down() {
    let seconds = seconds(&Lab::new(), "kvm_power", json!({ "vm": "web1", "action": "shutdown" }));
    assert!((30..40).contains(&seconds), "{seconds}");
}

#[test]
fn an_image_takes_as_long_as_it_is_large() {
    let lab = Lab::new();
    let create = |gib: u64| {
        let image = format!("/srv/images/{gib}.qcow2");
        lab.sim.change(|state| state.files.insert(image.clone(), format!("image qcow2 {}", gib << 30))).unwrap();
        seconds(&lab, "kvm_create", json!({ "name": "new1", "image": image, "disk": "4T" }))
    };
    let (without, two, two_hundred) = (seconds(&lab, "kvm_create", json!({ "name": "new1" })), create(2), create(200));
    assert!(without <= 2 && two >= without + 10, "{without} {two}");
    assert!((1000..1200).contains(&two_hundred), "{two_hundred}");
}
