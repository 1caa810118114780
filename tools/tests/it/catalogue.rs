//! The catalogue as models and programs see it: names, schemas, calls.

use std::collections::BTreeSet;

use kai_tools::plan::Effect;
use kai_tools::request::{Request, tools};
use serde_json::{Value, json};

/// For every tool: arguments that it takes, and what they do at worst.
fn examples() -> Vec<(&'static str, Value, Effect)> {
    use Effect::{Change, Destroy, Read};
    let key = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=";
    vec![
        ("docs_search", json!({ "query": "zfs send" }), Read),
        ("docs_read", json!({ "page": "zfs-send(8)", "heading": "FLAGS" }), Read),
        ("host_health", json!({}), Read),
        ("host_tune", json!({ "arc_percent": 40 }), Change),
        ("pool_status", json!({ "pool": "tank" }), Read),
        ("pool_scrub", json!({ "pool": "tank", "action": "pause" }), Change),
        ("dataset_list", json!({ "root": "tank", "kind": "snapshot" }), Read),
        ("dataset_create", json!({ "dataset": "tank/a", "recordsize": "16K", "compression": "zstd-3" }), Change),
        ("dataset_destroy", json!({ "dataset": "tank/a", "recursive": true }), Destroy),
        ("snapshot_create", json!({ "datasets": ["tank/a", "tank/b"], "name": "s" }), Change),
        ("snapshot_list", json!({ "vm": "web1" }), Read),
        ("snapshot_destroy", json!({ "snapshot": "tank/a@s" }), Destroy),
        ("dataset_rollback", json!({ "snapshot": "tank/a@s", "keep_current": false }), Destroy),
        ("dataset_rollback", json!({ "snapshot": "tank/a@s" }), Change),
        ("kvm_list", json!({}), Read),
        ("kvm_create", json!({ "name": "web1", "memory": "2G", "os_variant": "debian12" }), Change),
        ("kvm_clone", json!({ "source": "golden", "prefix": "web", "count": 3 }), Change),
        ("kvm_power", json!({ "vm": "web1", "action": "force_off" }), Change),
        ("kvm_resize", json!({ "vm": "web1", "disk": "40G" }), Change),
        ("kvm_snap", json!({ "vm": "web1", "freeze": "yes" }), Change),
        ("kvm_rollback", json!({ "vm": "web1", "snapshot": "s" }), Change),
        ("kvm_rollback", json!({ "vm": "web1", "keep_current": false }), Destroy),
        ("kvm_snap_delete", json!({ "vm": "web1", "snapshot": "s" }), Destroy),
        ("kvm_delete", json!({ "vm": "web1", "force": true }), Destroy),
        ("golden_build", json!({ "name": "g", "image": "https://h/a.qcow2", "sha256": "0".repeat(64) }), Change),
        ("golden_list", json!({}), Read),
        ("fleet_deploy", json!({ "golden": "g", "prefix": "n", "count": 2, "network": "br0" }), Change),
        ("autosnap", json!({ "action": "enable", "scope": "all", "keep": "48h" }), Change),
        ("autosnap", json!({ "action": "status" }), Read),
        ("replicate", json!({ "vm": "web1", "to": "dr1:tank/web1", "bandwidth": "50M", "raw": "yes" }), Change),
        ("replication_status", json!({ "vm": "web1" }), Read),
        ("replication_schedule", json!({ "dataset": "tank/a", "to": "dr1", "every": "15m" }), Change),
        ("replica_failover", json!({ "vm": "web1" }), Destroy),
        ("replica_failback", json!({ "vm": "web1", "to": "hq1" }), Destroy),
        ("gpu_list", json!({}), Read),
        ("gpu_processes", json!({ "gpu": "0" }), Read),
        ("gpu_cdi", json!({ "action": "generate" }), Change),
        ("gpu_time_slice", json!({ "gpu": "all", "slice": "long" }), Change),
        ("gpu_mps", json!({ "action": "start", "active_threads": 25, "memory_limit": "4G" }), Change),
        ("gpu_mig", json!({ "action": "create", "gpu": "0", "profiles": ["1g.10gb"] }), Change),
        ("gpu_mig", json!({ "action": "destroy", "gpu": "0" }), Destroy),
        ("gpu_share_run", json!({ "image": "docker.io/a/b:1", "engine": "docker", "port": 8000 }), Change),
        ("container_list", json!({}), Read),
        (
            "container_create",
            json!({ "name": "pg", "image": "postgres", "profile": "postgres", "ports": ["5432:5432"], "env": { "A": "b" } }),
            Change,
        ),
        ("container_snap", json!({ "names": ["pg"] }), Change),
        ("wireguard_status", json!({ "interface": "wg0" }), Read),
        ("wireguard_setup", json!({ "interface": "wg0", "address": "10.8.0.1/24" }), Change),
        (
            "wireguard_peer",
            json!({ "interface": "wg0", "action": "add", "public_key": key, "allowed_ips": ["10.8.0.2/32"] }),
            Change,
        ),
        ("boot_env", json!({ "action": "activate", "name": "old" }), Change),
        ("boot_env", json!({ "action": "destroy", "name": "old" }), Destroy),
        ("trace_tcp", json!({ "seconds": 5, "port": 443 }), Read),
        ("op_history", json!({ "limit": 3 }), Read),
        ("op_undo", json!({ "op": "last" }), Change),
    ]
}

#[test]
fn every_tool_has_a_name_a_sentence_and_a_strict_schema() {
    let all = tools();
    let names: BTreeSet<&str> = all.iter().map(|tool| tool.name).collect();
    assert_eq!(names.len(), all.len());
    for tool in all {
        assert!(!tool.description.is_empty() && tool.description.len() < 160, "{}: {:?}", tool.name, tool.description);
        assert_eq!(tool.schema["type"], "object", "{}", tool.name);
        assert_eq!(tool.schema["additionalProperties"], false, "{}", tool.name);
        let properties = tool.schema["properties"].as_object().cloned().unwrap_or_default();
        for (name, property) in &properties {
            let said = property["description"].as_str().unwrap_or_default();
            assert!(!said.is_empty(), "{}.{name} says nothing", tool.name);
        }
        for required in tool.schema["required"].as_array().into_iter().flatten() {
            assert!(properties.contains_key(required.as_str().unwrap()), "{}", tool.name);
        }
    }
}

#[test]
fn every_tool_is_called_by_its_name_and_reads_back() {
    let mut left: BTreeSet<&str> = tools().iter().map(|tool| tool.name).collect();
    for (name, args, effect) in examples() {
        left.remove(name);
        let request = Request::from_call(name, args.clone()).unwrap_or_else(|error| panic!("{name} {args}: {error}"));
        assert_eq!((request.tool(), request.effect()), (name, effect), "{args}");
        let json = serde_json::to_value(&request).unwrap();
        assert_eq!(json["tool"], name);
        for (key, value) in args.as_object().unwrap() {
            assert_eq!(&json["args"][key], value, "{name}.{key}");
        }
        assert_eq!(serde_json::from_value::<Request>(json.clone()).unwrap(), request, "{name}");
        assert_eq!(Request::from_call(name, json["args"].clone()).unwrap(), request, "{name}");
        // What only reads and what changes is known before anything is asked of a host.
        let _ = request.scope();
    }
    assert!(left.is_empty(), "no example for {left:?}");
}

#[test]
fn the_schema_says_what_is_taken() {
    for tool in tools() {
        let required: Vec<&str> =
            tool.schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let none = Request::from_call(tool.name, Value::Null);
        assert_eq!(none.is_ok(), required.is_empty(), "{}: {required:?}", tool.name);
        assert!(Request::from_call(tool.name, json!({ "no_such_argument": 1 })).is_err(), "{}", tool.name);
        let (_, args, _) = examples().into_iter().find(|(name, _, _)| *name == tool.name).unwrap();
        for name in required {
            let mut less = args.as_object().unwrap().clone();
            less.remove(name);
            assert!(Request::from_call(tool.name, Value::Object(less)).is_err(), "{} without {name}", tool.name);
        }
        for name in args.as_object().unwrap().keys() {
            assert!(tool.schema["properties"].get(name).is_some(), "{}.{name} is not in the schema", tool.name);
        }
    }
}

#[test]
fn a_call_that_is_no_tool_is_refused() {
    for (name, args) in [
        ("rm", json!({})),
        ("kvm-clone", json!({ "source": "a", "names": ["b"] })),
        ("", Value::Null),
        ("kvm_delete", json!([])),
        ("kvm_delete", json!("web1")),
        ("kvm_delete", json!({ "vm": ["web1"] })),
        ("kvm_delete", json!({ "vm": "web1", "tool": "kvm_list" })),
        ("dataset_destroy", json!({ "dataset": "tank/a; reboot" })),
        ("op_undo", json!({ "op": "--yes" })),
    ] {
        assert!(Request::from_call(name, args.clone()).is_err(), "{name} {args}");
    }
}
