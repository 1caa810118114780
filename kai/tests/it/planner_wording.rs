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

fn answered(words: &str) {
    let proposal = say(words);
    assert!(matches!(proposal, Proposal::Answer), "{words:?}: {proposal:?}");
}

#[test]
fn what_nobody_needs_goes_where_that_is_said() {
    for words in [
        "we no longer need old1, remove it",
        "remove old1, we don't need it any more",
        "we passed the audit, so old1 isn't needed, get rid of it",
        "podemos prescindir de old1, bórrala",
    ] {
        proposes(words, &[], &[("kvm_delete", json!({"vm": "old1", "force": false}))]);
    }
    let environment = json!({"action": "destroy", "name": "be-old"});
    proposes("we can do without the boot environment be-old, remove it for good", &[], &[("boot_env", environment)]);
    proposes(
        "I don't need the snapshot clean of old1 any longer, drop it",
        &[],
        &[("kvm_snap_delete", json!({"vm": "old1", "snapshot": "clean"}))],
    );
    for words in [
        "we no longer need old1",
        "we don't need to delete old1",
        "if we no longer need old1, remove it",
        "can we do without old1?",
        "old1 may be lost",
        "we don't need a clone of old1, drop it",
        "don't bother with old1, drop it",
        "delete old1, drop it",
    ] {
        answered(words);
    }
}

#[test]
fn what_is_newer_may_be_given_up() {
    let back = |keep: bool| ("kvm_rollback", json!({"vm": "web1", "snapshot": "clean", "keep_current": keep}));
    for words in [
        "roll web1 back to clean; anything newer may be lost",
        "roll web1 back to clean, newer state can go",
        "take web1 back to clean. Nothing newer needs to be kept.",
        "setz web1 auf clean zurück, neueres darf verloren gehen",
    ] {
        proposes(words, &[], &[back(false)]);
    }
    for words in
        ["roll web1 back to clean, newer data must be kept", "roll web1 back to clean; may anything newer be lost?"]
    {
        proposes(words, &[], &[back(true)]);
    }
    proposes("roll web1 back to clean. Careful, newer data may be lost.", &[], &[back(true)]);
    proposes("restart web1, newer state can go", &[], &[power("web1", "reboot")]);
    assert!(matches!(say("we don't need a clone of old1, remove it"), Proposal::Ask { .. }));
    let data = json!({"snapshot": "tank/data@jan", "keep_current": false});
    proposes("roll tank/data back to jan; anything newer may be lost", &[], &[("dataset_rollback", data)]);
}

#[test]
fn an_option_may_be_left_out() {
    let image = "https://example.org/x.qcow2";
    let built = |seal: bool| ("golden_build", json!({"name": "g2", "image": image, "seal": seal}));
    proposes(&format!("build a golden image g2 from {image} without sealing"), &[], &[built(false)]);
    proposes(&format!("build an unsealed golden image g2 from {image}"), &[], &[built(false)]);
    proposes(&format!("build a golden image g2 from {image}; don't seal it"), &[], &[built(false)]);
    proposes(&format!("baue ein Golden Image g2 aus {image} ohne es zu versiegeln"), &[], &[built(false)]);
    proposes(&format!("build a golden image g2 from {image} and seal it"), &[], &[built(true)]);
    let snapshot = json!({"datasets": ["tank/data"], "name": "x1", "recursive": false});
    for words in ["snapshot tank/data as x1 without its children", "snapshot tank/data as x1, not recursive"] {
        proposes(words, &[], &[("snapshot_create", snapshot.clone())]);
    }
}

#[test]
fn lists_are_asked_for_and_purposes_are_not_looked_up_on_the_host() {
    for words in [
        "what golden templates are available?",
        "which golden images exist?",
        "which templates have I got to clone from?",
    ] {
        proposes(words, &[], &[("golden_list", json!({}))]);
    }
    for words in ["what boot environments do I have", "please you tell me which boot environments exist"] {
        proposes(words, &[], &[("boot_env", json!({"action": "list"}))]);
    }
    proposes(
        "which points in time can I go back to on tank/data?",
        &[],
        &[("snapshot_list", json!({"dataset": "tank/data"}))],
    );
    for words in [
        "À quoi sert un bookmark ZFS ?",
        "wozu dient ein Bookmark?",
        "¿para qué sirve un bookmark?",
        "waar dient een bookmark voor?",
        "what is a bookmark for?",
        "what is the scrub for?",
    ] {
        answered(words);
    }
}

#[test]
fn a_chapter_is_a_part_of_a_page_or_a_page() {
    let part = json!({"page": "golden-images", "heading": "Sealing"});
    for words in [
        "show the chapter Sealing from the golden-images page",
        "show the Sealing chapter of the golden-images page",
        "read golden-images, chapter Sealing",
    ] {
        proposes(words, &[], &[("docs_read", part.clone())]);
    }
    proposes("open the networking chapter", &[], &[("docs_read", json!({"page": "networking"}))]);
}

#[test]
fn no_such_thing_is_no_order_for_it() {
    let stop = json!({"pool": "tank", "action": "stop"});
    for words in ["no scrub on tank, stop it", "there should be no scrub on tank, cancel it"] {
        proposes(words, &[], &[("pool_scrub", stop.clone())]);
    }
    proposes("no reboot of web1, just suspend it", &[], &[power("web1", "suspend")]);
    proposes("no, scrub tank", &[], &[("pool_scrub", json!({"pool": "tank", "action": "start"}))]);
    for words in ["no scrub on tank please", "no reboot of web1", "no snapshot of web1, please"] {
        answered(words);
    }
}

#[test]
fn an_order_may_stand_behind_a_long_preamble() {
    for words in [
        "the customer complains that web1 hangs, so please restart it",
        "my boss wants me to restart web1, so please restart it",
        "long story short, after two days of swapping cables, I would like you to restart web1",
    ] {
        proposes(words, &[], &[power("web1", "reboot")]);
    }
    proposes(
        "since the marketing people keep complaining that the shop is slow, give web1 8 cores",
        &[],
        &[("kvm_resize", json!({"vm": "web1", "vcpus": 8}))],
    );
    // Nothing is destroyed on the word of others, and what a ticket says is not an order.
    answered("my boss told me old1 is useless, so please delete it");
    answered("the ticket says web1 hangs, please restart it");
}
