//! The built-in planner: how things are put, in several languages and in few words.

use kai::planner::Proposal;
use serde_json::{Value, json};

use super::planner::{power, proposes, say, turns};

fn looked_at(vm: &str) -> Vec<kai::planner::Turn> {
    turns(json!([
        {"role": "user", "text": format!("show {vm}")},
        {"role": "assistant", "text": format!("{vm} is there."), "calls": [{"tool": "kvm_list", "args": {"vm": vm}}]}
    ]))
}

#[test]
fn a_pronoun_may_lean_on_its_verb() {
    for words in ["accendila", "enciéndela", "liga-a"] {
        proposes(words, &looked_at("old1"), &[power("old1", "start")]);
    }
    for words in ["riavviarla, per favore", "reiníciala"] {
        proposes(words, &looked_at("web1"), &[power("web1", "reboot")]);
    }
}

#[test]
fn verbs_come_apart() {
    proposes("fahr bitte die VM web2 gleich einmal ganz sauber herunter", &[], &[power("web2", "shutdown")]);
    proposes(
        "setz web1 auf den Stand von clean zurück",
        &[],
        &[("kvm_rollback", json!({"vm": "web1", "snapshot": "clean"}))],
    );
    proposes("gooi old1 weg", &[], &[("kvm_delete", json!({"vm": "old1"}))]);
}

#[test]
fn the_same_verb_is_another_one_in_the_next_language() {
    proposes("apaga a vm old1", &[], &[("kvm_delete", json!({"vm": "old1"}))]);
    proposes("apaga la vm web1", &[], &[power("web1", "shutdown")]);
}

#[test]
fn a_number_belongs_to_its_unit() {
    for words in ["réplique web1 vers dr1 toutes les deux heures", "replica web1 su dr1 ogni due ore"] {
        let job = json!({"vm": "web1", "to": "dr1:vault/vm/web1", "every": "2h"});
        proposes(words, &[], &[("replication_schedule", job)]);
    }
}

#[test]
fn what_a_vm_is_to_have_is_said_in_few_words() {
    let made = json!({"name": "lab1", "vcpus": 3, "memory": "6G", "disk": "30G"});
    proposes("new vm lab1 3c/6g/30g", &[], &[("kvm_create", made)]);
    proposes("web1 4c/8g", &[], &[("kvm_resize", json!({"vm": "web1", "vcpus": 4, "memory": "8G"}))]);
}

#[test]
fn behind_a_colon_stands_what_is_wanted() {
    proposes("snapshot web1: before-move", &[], &[("kvm_snap", json!({"vm": "web1", "name": "before-move"}))]);
    proposes("tank scrub: stop", &[], &[("pool_scrub", json!({"pool": "tank", "action": "stop"}))]);
}

#[test]
fn a_snapshot_is_named_by_its_month() {
    let back = |name: &str| ("dataset_rollback", json!({"snapshot": format!("tank/data@{name}")}));
    proposes("roll tank/data back to the February one", &[], &[back("feb")]);
    proposes("setz tank/data auf den Januar zurück", &[], &[back("jan")]);
}

#[test]
fn bounds_are_put_in_many_ways() {
    for words in [
        "make sure the ARC never takes more than a fifth of the memory",
        "the ARC should not exceed 20 percent",
        "the arc must stay below 20%",
    ] {
        proposes(words, &[], &[("host_tune", json!({"arc_percent": 20}))]);
    }
}

#[test]
fn how_it_is_done_may_stand_in_the_next_sentence() {
    let deleted = |force: bool| ("kvm_delete", json!({"vm": "web1", "force": force}));
    proposes("scrap web1. yes it's running, force it", &[], &[deleted(true)]);
    assert!(matches!(
        say("yes it's running, force it"),
        Proposal::Refuse { .. } | Proposal::Answer | Proposal::Ask { .. }
    ));
}

#[test]
fn what_should_be_gone_is_deleted() {
    proposes("I'd like old1 gone", &[], &[("kvm_delete", json!({"vm": "old1"}))]);
    let all = json!({"dataset": "tank/junk", "recursive": true});
    for words in ["remove tank/junk and all that's below it", "delete tank/junk and whatever lies under it"] {
        proposes(words, &[], &[("dataset_destroy", all.clone())]);
    }
}

#[test]
fn out_of_the_hourly_snapshots_is_no_end_of_snapshots() {
    let off: Value = json!({"action": "disable", "scope": "web1"});
    for words in ["remove web1 from autosnap", "take web1 out of the automatic snapshots"] {
        proposes(words, &[], &[("autosnap", off.clone())]);
    }
}

#[test]
fn drop_it_calls_off_and_after_a_look_deletes() {
    assert!(matches!(say("drop it"), Proposal::Answer));
    proposes("drop it", &looked_at("old1"), &[("kvm_delete", json!({"vm": "old1"}))]);
}
