//! One request has many spellings.

use kai_evals::toolcalls::{Normal, bytes, seconds};
use serde_json::{Value, json};

use super::{call, host, verdict};

/// A tool, its arguments as expected and as given, and whether they are the same request.
#[test]
fn one_request_has_many_spellings() {
    let create = |more: Value| {
        let mut args = json!({ "name": "db" });
        args.as_object_mut().expect("arguments").extend(more.as_object().expect("more").clone());
        args
    };
    let same = [
        ("kvm_create", create(json!({ "memory": "1G" })), create(json!({ "memory": "1024 MiB" }))),
        ("kvm_create", create(json!({ "memory": "80G" })), create(json!({ "memory": 85_899_345_920_u64 }))),
        (
            "kvm_create",
            create(json!({})),
            create(json!({ "memory": "2048M", "vcpus": 2, "disk": "20gb", "start": false, "volblocksize": "16384" })),
        ),
        ("kvm_create", create(json!({})), create(json!({ "image": null }))),
        (
            "dataset_create",
            json!({ "dataset": "tank/x", "quota": "1536G" }),
            json!({ "dataset": "tank/x", "quota": "1.5T" }),
        ),
        (
            "replicate",
            json!({ "vm": "web1", "to": "dr", "bandwidth": "50M" }),
            json!({ "vm": "web1", "to": "dr", "bandwidth": "50MB/s", "raw": "auto", "dry_run": false }),
        ),
        ("autosnap", json!({ "action": "run" }), json!({ "action": "run", "scope": "all", "keep": "2d" })),
        ("autosnap", json!({ "action": "enable", "keep": "36h" }), json!({ "action": "enable", "keep": "1d 12h" })),
        ("gpu_processes", json!({ "gpu": "1" }), json!({ "gpu": "NVIDIA A30" })),
        ("gpu_processes", json!({ "gpu": "1" }), json!({ "gpu": "a30" })),
        ("gpu_processes", json!({ "gpu": "1" }), json!({ "gpu": 1 })),
        ("gpu_processes", json!({ "gpu": "0" }), json!({ "gpu": "gpu-5E2B9C1A" })),
        ("gpu_processes", json!({ "gpu": "0" }), json!({ "gpu": "nvidia.com/gpu=0" })),
        ("gpu_processes", json!({}), json!({ "gpu": "ALL" })),
        ("gpu_mps", json!({ "action": "stop" }), json!({ "action": "stop", "gpu": "all" })),
        (
            "kvm_snap_delete",
            json!({ "vm": "web1", "snapshot": "fine" }),
            json!({ "vm": "web1", "snapshot": "tank/vm/web1@fine" }),
        ),
        (
            "kvm_clone",
            json!({ "source": "deb12", "names": ["a", "b"] }),
            json!({ "source": "deb12", "names": ["b", "a"], "snapshot": "@golden" }),
        ),
        (
            "kvm_clone",
            json!({ "source": "web1", "prefix": "w", "count": 2 }),
            json!({ "source": "web1", "prefix": "w", "count": 2, "names": [] }),
        ),
        ("container_snap", json!({ "names": ["caddy"] }), json!({ "names": ["caddy"], "all": false })),
        ("docs_read", json!({ "page": "zfs-send.8" }), json!({ "page": "zfs-send(8)" })),
        ("docs_read", json!({ "page": "zfs-send.8" }), json!({ "page": "ZFS-send" })),
        (
            "docs_read",
            json!({ "page": "a", "heading": "Resume Tokens" }),
            json!({ "page": "a", "heading": "resume tokens:" }),
        ),
        ("docs_search", json!({ "query": "raw send" }), json!({ "query": "The RAW send?", "limit": 8 })),
        ("docs_search", json!({ "query": "Größe" }), json!({ "query": "GRÖSSE" })),
    ];
    let other = [
        ("kvm_create", create(json!({ "vcpus": 4 })), create(json!({ "vcpus": "4" }))),
        ("kvm_create", create(json!({ "vcpus": 4 })), create(json!({ "vcpus": 4.0 }))),
        ("kvm_create", create(json!({ "start": true })), create(json!({ "start": "true" }))),
        ("kvm_create", create(json!({ "memory": "4G" })), create(json!({ "memory": "4" }))),
        ("kvm_create", create(json!({})), create(json!({ "memory": "3G" }))),
        ("kvm_create", create(json!({})), create(json!({ "memory": "9".repeat(400) }))),
        ("autosnap", json!({ "action": "run" }), json!({ "action": "run", "keep": "48" })),
        ("gpu_processes", json!({ "gpu": "1" }), json!({ "gpu": "NVIDIA" })),
        ("gpu_mig", json!({ "gpu": "0" }), json!({ "gpu": "0", "action": "destroy" })),
        ("snapshot_destroy", json!({ "snapshot": "tank/a@s" }), json!({ "snapshot": "s" })),
        (
            "kvm_clone",
            json!({ "source": "web1", "names": ["a"] }),
            json!({ "source": "web1", "names": ["a"], "snapshot": "golden" }),
        ),
        ("kvm_clone", json!({ "source": "web1", "names": ["a"] }), json!({ "source": ["web1"], "names": ["a"] })),
        ("kvm_delete", json!({ "vm": "web1" }), json!({ "vm": "web1", "force": true })),
        ("kvm_delete", json!({ "vm": "web1" }), json!({ "vm": "Web1" })),
        ("kvm_list", json!({}), json!({ "everything": true })),
        ("docs_read", json!({ "page": "zfs-send.8" }), json!({ "page": "zfs-receive.8" })),
    ];
    let spelt = |tool: &str, args: &Value| {
        Normal::of(&serde_json::from_value(call(tool, args.clone())["call"].clone()).expect("a call"), &host())
    };
    for (pairs, wanted) in [(&same[..], true), (&other[..], false)] {
        for (tool, expected, given) in pairs {
            assert_eq!(spelt(tool, expected) == spelt(tool, given), wanted, "{tool} {expected} {given}");
            let output = json!({ "kind": "call", "call": { "tool": tool, "args": given } });
            assert_eq!(verdict(&call(tool, expected.clone()), &[], &output).right, wanted, "{tool} {expected} {given}");
        }
    }
    let wrong = ["", "G", "1.G", "1x", "1 G B", "-1G", "1e3", "ten", "1K B/s", "1\u{212a}", "\u{662}G"];
    assert!(wrong.iter().all(|text| bytes(text).is_none()), "{:?}", wrong.map(bytes));
    let wrong = ["", "48", "h", "1h30", "1.5.5h", "2\u{17f}", "1\th", "-1h"];
    assert!(wrong.iter().all(|text| seconds(text).is_none()), "{:?}", wrong.map(seconds));
    assert_eq!(
        (bytes(" 1.5 kib "), bytes("2b"), bytes("1P")),
        (Some(1536.0), Some(2.0), Some(1_125_899_906_842_624.0))
    );
    assert_eq!((seconds("90M"), seconds("1w 2d"), seconds("1.5h")), (Some(5400.0), Some(777_600.0), Some(5400.0)));
}
