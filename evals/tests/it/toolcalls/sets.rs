//! The sets themselves: what is read, what is refused, and that our own ones and our catalogue are sound.

use std::collections::BTreeSet;

use kai_evals::toolcalls::{ArgKind, Rule, Set, TOOLS, bytes, cases, check, load, seconds};
use serde_json::{Value, json};

use super::{HOST, call, case, set};

#[test]
fn our_own_sets_are_sound() {
    let sets = load(&[], None).expect("sets");
    let problems = check(&sets);
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    let cases = cases(sets).expect("cases");
    assert!(cases.len() > 300);
    assert!(cases.iter().filter(|(case, _)| case.holds_back()).count() > 100);
    let tools: BTreeSet<&str> =
        cases.iter().flat_map(|(case, _)| case.expect.calls()).map(|call| call.tool.as_str()).collect();
    assert_eq!(tools.len(), TOOLS.len(), "every tool is asked for");
}

#[test]
fn the_scorers_catalogue_is_that_of_the_tools() {
    let told = kai_tools::request::tools();
    let names: Vec<&str> = told.iter().map(|tool| tool.name).collect();
    assert_eq!(TOOLS.iter().map(|tool| tool.name).collect::<Vec<_>>(), names);
    for (tool, told) in TOOLS.iter().zip(told) {
        let args: BTreeSet<&str> = tool.args.iter().map(|arg| arg.name).collect();
        let properties = told.schema["properties"].as_object().cloned().unwrap_or_default();
        assert_eq!(args, properties.keys().map(String::as_str).collect(), "{}", tool.name);
        for arg in tool.args {
            let place = format!("{}.{}", tool.name, arg.name);
            let required = told.schema["required"].as_array().is_some_and(|names| names.contains(&json!(arg.name)));
            assert_eq!(arg.required, required, "{place}");
            let default = match &properties[arg.name]["default"] {
                Value::String(text) => Some(text.clone()),
                Value::Null => None,
                Value::Array(values) if values.is_empty() => None,
                Value::Object(values) if values.is_empty() => None,
                other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                    Some(other.to_string())
                }
            };
            let same = match (arg.kind, arg.default, default.as_deref()) {
                (ArgKind::Size, Some(ours), Some(theirs)) => bytes(ours) == bytes(theirs),
                (ArgKind::Period, Some(ours), Some(theirs)) => seconds(ours) == seconds(theirs),
                (_, ours, theirs) => ours == theirs,
            };
            assert!(same, "{place}: {:?}, {default:?}", arg.default);
        }
        for name in tool.groups.map(|(_, groups)| groups.concat()).unwrap_or_default() {
            assert!(tool.arg(name).is_some_and(|arg| !arg.required), "{}.{name}", tool.name);
        }
    }
    assert!(TOOLS.iter().any(|tool| matches!(tool.groups, Some((Rule::One, _)))));
}

/// What is wrong with a case, and what is said about it.
#[test]
fn a_case_that_cannot_be_is_found() {
    let (list, answer) = (call("kvm_list", json!({})), json!({ "answer": true }));
    let with = |field: &str, value: Value| {
        let mut case = case("x", "say it", &answer);
        case[field] = value;
        case
    };
    let expecting = |effect: &str, tool: &str, args: Value| {
        let mut case = case("x", "say it", &call(tool, args));
        case["effect"] = json!(effect);
        case
    };
    let turn = |call: Value| with("context", json!([{ "role": "tool", "text": "t", "calls": [call] }]));
    let bad = [
        (with("id", json!(" ")), "`id` is empty"),
        (with("say", json!("")), "`say` is empty"),
        (with("extra", json!(1)), "unknown field `extra`"),
        (with("effect", json!("X")), "unknown variant `X`"),
        (with("expect", json!({})), "not a case"),
        (with("expect", json!({ "answer": true, "ask": ["vm"] })), "not a case"),
        (with("expect", json!({ "answer": false })), "`answer` is true"),
        (with("expect", json!({ "ask": [] })), "`ask` names no argument"),
        (with("expect", json!({ "ask": ["colour"] })), "no tool has an argument colour"),
        (with("expect", json!({ "refuse": "because" })), "unknown reason because"),
        (with("expect", json!({ "calls": [list["call"]] })), "`calls` are two or more"),
        (with("context", json!([{ "role": "system", "text": "t" }])), "unknown variant `system`"),
        (turn(json!({ "tool": "kvm_start", "args": {} })), "context: kvm_start: unknown variant"),
        (with("also_ok", json!([call("kvm_delete", json!({ "vm": "web1" }))])), "one that destroys cannot be right"),
        (expecting("R", "rm", json!({})), "expect: rm: unknown variant `rm`"),
        (expecting("R", "kvm_list", json!({ "name": "web1" })), "unknown field `name`"),
        (expecting("C", "kvm_power", json!({ "vm": "web1" })), "missing field `action`"),
        (expecting("C", "kvm_create", json!({ "name": "a", "vcpus": "2" })), "invalid type"),
        (expecting("C", "kvm_create", json!({ "name": "a", "memory": "much" })), "no size"),
        (expecting("R", "kvm_delete", json!({ "vm": "web1" })), "the effect of the expected requests is D, not R"),
        (expecting("C", "kvm_resize", json!({ "vm": "web1" })), "at least one of memory, vcpus, disk"),
        (
            expecting("C", "kvm_clone", json!({ "source": "web1", "prefix": "w" })),
            "exactly one of names, prefix with count",
        ),
        (expecting("R", "snapshot_list", json!({ "vm": "web1", "dataset": "tank" })), "at most one of vm, dataset"),
        (expecting("R", "boot_env", json!({})), "write the action out"),
        (expecting("R", "kvm_list", json!({ "vm": "web9" })), "the host has no VM \"web9\""),
        (expecting("R", "kvm_list", json!({ "vm": "pay" })), "the host has no VM \"pay\""),
        (expecting("D", "replica_failover", json!({ "vm": "web9" })), "neither VM nor replica \"web9\""),
        (expecting("C", "kvm_create", json!({ "name": "web1" })), "has a VM already of the name \"web1\""),
        (expecting("C", "kvm_clone", json!({ "source": "web1", "names": ["n", "web2"] })), "of the name \"web2\""),
        (expecting("R", "pool_status", json!({ "pool": "bank" })), "the host has no pool \"bank\""),
        (expecting("R", "dataset_list", json!({ "root": "tank/b" })), "the host has no dataset \"tank/b\""),
        (expecting("C", "dataset_create", json!({ "dataset": "tank/a" })), "or its parent is not: \"tank/a\""),
        (expecting("C", "dataset_create", json!({ "dataset": "tank/b/c" })), "or its parent is not: \"tank/b/c\""),
        (expecting("C", "snapshot_create", json!({ "datasets": ["tank", "tank/b"] })), "no dataset \"tank/b\""),
        (expecting("D", "snapshot_destroy", json!({ "snapshot": "tank/a@t" })), "no snapshot \"tank/a@t\""),
        (expecting("D", "kvm_snap_delete", json!({ "vm": "web1", "snapshot": "s" })), "web1 has no snapshot \"s\""),
        (
            expecting("D", "kvm_snap_delete", json!({ "vm": "web1", "snapshot": "@fine" })),
            "write the snapshot's short name",
        ),
        (expecting("R", "gpu_processes", json!({ "gpu": "7" })), "nor the index of a GPU: \"7\""),
        (expecting("C", "container_snap", json!({ "names": ["db"] })), "the host has no container \"db\""),
        (expecting("C", "op_undo", json!({ "op": "op-2" })), "nothing to undo under \"op-2\""),
        (expecting("C", "autosnap", json!({ "action": "run", "scope": "web9" })), "neither all nor a VM: \"web9\""),
    ];
    for (line, wanted) in bad {
        let problems: Vec<String> = check(&set(std::slice::from_ref(&line))).iter().map(ToString::to_string).collect();
        assert!(problems.iter().any(|problem| problem.contains(wanted)), "{line}\nlacks {wanted}: {problems:#?}");
    }
    let good = [
        expecting("D", "replica_failover", json!({ "vm": "pay" })),
        expecting("D", "snapshot_destroy", json!({ "snapshot": "tank/vm/web1@fine" })),
        expecting("C", "op_undo", json!({ "op": "last" })),
        expecting("C", "dataset_create", json!({ "dataset": "tank/b" })),
        with("also_ok", json!([{ "refuse": "no-request" }])),
        json!({ "id": "x", "say": "s", "category": "c", "effect": "C", "expect": { "calls": [
            { "tool": "kvm_clone", "args": { "source": "deb12", "names": ["n1"] } },
            { "tool": "kvm_power", "args": { "vm": "n1", "action": "start" } } ] } }),
    ];
    for line in good {
        assert_eq!(check(&set(std::slice::from_ref(&line))), [], "{line}");
    }
}

#[test]
fn nothing_is_there_twice() {
    let answer = json!({ "answer": true });
    let mut after = case("c", "Do it", &answer);
    after["context"] = json!([{ "role": "user", "text": "t" }]);
    let lines = [case("a", "Do it!", &answer), case("b", "do  it", &answer), after, case("a", "else", &answer)];
    let problems: Vec<String> = check(&set(&lines)).iter().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        ["s b: the utterance \"do it\" is that of s a already", "s a: the id a is that of s a already"]
    );
    assert!(cases(set(&lines)).expect_err("an error").to_string().contains("two cases have the id a"));
    assert_eq!(check(&set(&[])).len(), 1);
}

#[test]
fn a_set_needs_its_host_and_whole_lines() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, host) = (folder.path().join("set.jsonl"), folder.path().join("host.json"));
    std::fs::write(&file, format!("{}\n\nnonsense\n", case("a", "s", &json!({ "answer": true })))).expect("written");
    let files = [file];
    let said = |error: kai_evals::toolcalls::SetError| error.to_string();
    assert!(said(load(&files, None).expect_err("no host")).contains("name the host's file with --host"));
    std::fs::write(&host, "{}").expect("written");
    assert!(said(load(&files, None).expect_err("a bad host")).contains("describes no host"));
    std::fs::write(&host, HOST).expect("written");
    let sets: Vec<Set> = load(&files, None).expect("a set");
    assert_eq!((sets[0].lines.len(), sets[0].host_text.as_str()), (2, HOST));
    assert!(said(cases(sets).expect_err("a bad line")).contains("line 3: not a case"));
}
