//! An executor over its socket: the same operations as without one, and nothing but what was confirmed.

#![allow(clippy::disallowed_methods, reason = "the program under test is started here")]

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use kai_tools::operator::{Operator, Target};
use serde_json::{Value, json};

struct Stage {
    folder: tempfile::TempDir,
    executor: Child,
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = self.executor.kill();
        let _ = self.executor.wait();
    }
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (sim, socket) = (folder.path().join("host.json"), folder.path().join("executor.sock"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_kai-kvm"));
        command.env("KAI_CONFIG", "/dev/null");
        command.arg("--sim").arg(sim).arg("executor").arg("--socket").arg(&socket);
        let mut executor = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(executor.stderr.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains("listening"), "{line}");
        Self { folder, executor }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("executor.sock")
    }

    /// What somebody who may only open the socket calls.
    fn op(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kai-kvm"));
        command.env("KAI_CONFIG", "/dev/null");
        command.env("KAI_DATA_DIR", self.folder.path().join("data"));
        command.arg("--executor").arg(self.socket()).args(args).stdin(Stdio::null()).output().unwrap()
    }

    fn json(&self, args: &[&str]) -> Value {
        let args: Vec<&str> = ["--json"].into_iter().chain(args.iter().copied()).collect();
        let done = self.op(&args);
        serde_json::from_slice(&done.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&done.stderr)))
    }

    /// A connection on which a line was said.
    fn said(&self, line: &str) -> UnixStream {
        let mut stream = UnixStream::connect(self.socket()).unwrap();
        stream.write_all(line.as_bytes()).unwrap();
        stream.write_all(b"\n").unwrap();
        stream
    }

    /// The first answer to a line.
    fn say(&self, line: &str) -> String {
        let mut answer = String::new();
        BufReader::new(self.said(line)).read_line(&mut answer).unwrap();
        answer
    }

    /// The operations of which something was written since a line of the journal, and how the answer ends.
    fn since(&self, mark: &Value) -> (Vec<Value>, Value) {
        let call = json!({ "operations": { "since": mark } });
        let answer = BufReader::new(self.said(&call.to_string()));
        let mut parts: Vec<Value> = answer.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
        let end = parts.pop().unwrap()["operations"]["end"].take();
        (parts.iter_mut().map(|part| part["operations"]["one"].take()).collect(), end)
    }

    /// Who lives on, and asks again and again.
    fn operator(&self) -> Operator {
        Operator::open(&Target::Executor(self.socket()), Some(&self.folder.path().join("other")), None).unwrap()
    }

    fn snapshots(&self) -> String {
        String::from_utf8(self.op(&["op", "snapshot-list", "--dataset", "tank/vms/web1"]).stdout).unwrap()
    }
}

#[test]
fn operations_are_planned_carried_out_and_taken_back_over_the_socket() {
    let stage = Stage::new();
    assert!(String::from_utf8(stage.op(&["list"]).stdout).unwrap().contains("web1"));
    let dry = stage.json(&["snap", "web1", "take", "alpha", "--dry-run"]);
    assert!(dry["digest"].is_string(), "{dry}");
    assert!(!stage.snapshots().contains("alpha"));
    // Nobody there: no yes.
    assert_eq!(stage.op(&["snap", "web1", "take", "alpha"]).status.code(), Some(4));
    let done = stage.op(&["--yes", "snap", "web1", "take", "alpha"]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(String::from_utf8_lossy(&done.stderr).contains("zfs snapshot"), "progress is told");
    assert!(stage.snapshots().contains("alpha"));
    let history = stage.json(&["op", "history"]);
    assert!(history[0]["by"].as_str().unwrap().ends_with("(executor)"), "{history}");
    let plan = stage.json(&["op", "undo", "last", "--dry-run"]);
    assert!(stage.snapshots().contains("alpha"));
    let undone = stage.op(&["op", "apply", plan["digest"].as_str().unwrap()]);
    assert!(undone.status.success(), "{}", String::from_utf8_lossy(&undone.stderr));
    assert!(!stage.snapshots().contains("alpha"));
    assert!(stage.op(&["snap", "nowhere", "take", "a"]).status.code() == Some(1));
}

#[test]
fn a_document_goes_with_its_plan() {
    let stage = Stage::new();
    let document = stage.folder.path().join("user-data");
    std::fs::write(&document, "#cloud-config\npassword: swordfish\n").unwrap();
    let document = document.to_str().unwrap();
    let clone = |name: &str| stage.op(&["--yes", "clone", "golden", name, "--user-data", document]);
    let done = clone("web5");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    // And where the digest alone confirms it later.
    let dry = stage.json(&["clone", "golden", "web6", "--user-data", document, "--dry-run"]);
    let done = stage.op(&["op", "apply", dry["digest"].as_str().unwrap()]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let list = String::from_utf8(stage.op(&["list"]).stdout).unwrap();
    assert!(list.contains("web5") && list.contains("web6"), "{list}");
    assert!(!String::from_utf8(stage.op(&["op", "show", "last"]).stdout).unwrap().contains("swordfish"));
}

#[test]
fn nothing_is_executed_but_the_plan_that_was_confirmed() {
    let stage = Stage::new();
    let dry = stage.json(&["delete", "db1", "--dry-run"]);
    let (made, digest) = (&dry["plan"]["made"], dry["digest"].as_str().unwrap());
    let request = &dry["plan"]["request"];
    let execute = |request: &Value, made: &Value, digest: &str| {
        let call = json!({ "execute": {
            "request": request, "reverses": null, "made": made, "digest": digest, "by": "somebody" } });
        stage.say(&call.to_string())
    };
    let other = json!({ "tool": "kvm_delete", "args": { "vm": "golden" } });
    for answer in [
        execute(&other, made, digest),
        execute(request, made, &"0".repeat(64)),
        execute(request, made, ""),
        execute(request, &json!("2020-01-01T00:00:00Z"), digest),
        execute(request, &json!("2999-01-01T00:00:00Z"), digest),
        execute(&json!({ "tool": "kvm_list", "args": {} }), made, digest),
        execute(&json!({ "tool": "kvm_delete", "args": { "vm": "db1; reboot" } }), made, digest),
        execute(&json!({ "tool": "sh", "args": { "command": "reboot" } }), made, digest),
        stage.say("{\"run\": [\"zfs\", \"destroy\", \"tank\"]}"),
        stage.say("not json"),
        stage.say("\"stop\""),
    ] {
        assert!(answer.starts_with("{\"failed\"") || answer.starts_with("{\"refused\""), "{answer}");
    }
    assert!(String::from_utf8(stage.op(&["list"]).stdout).unwrap().contains("db1"));
    // The real one.
    assert!(execute(request, made, digest).starts_with("{\"step\""));
}

#[test]
fn whoever_says_nothing_or_too_much_holds_up_nobody() {
    let stage = Stage::new();
    let idle: Vec<UnixStream> = (0..20).map(|_| UnixStream::connect(stage.socket()).unwrap()).collect();
    let mut long = UnixStream::connect(stage.socket()).unwrap();
    let _ = long.write_all(&vec![b'x'; 2 << 20]);
    let mut said = Vec::new();
    let _ = long.take(1 << 16).read_to_end(&mut said);
    assert!(stage.op(&["list"]).status.success());
    drop(idle);
}

#[test]
fn of_what_was_done_only_what_is_new_is_told() {
    let stage = Stage::new();
    let (none, nothing) = stage.since(&Value::Null);
    assert_eq!((none.len(), &nothing["mark"]), (0, &Value::Null));
    for name in ["alpha", "beta"] {
        assert!(stage.op(&["--yes", "snap", "web1", "take", name]).status.success());
    }
    let (all, end) = stage.since(&Value::Null);
    assert_eq!((all.len(), &end["adds"]), (2, &json!(false)));
    let (none, same) = stage.since(&end["mark"]);
    assert_eq!((none.len(), &same["adds"], &same["mark"]), (0, &json!(true), &end["mark"]));
    // An undo is an operation, and something that happened to another one.
    assert!(stage.op(&["--yes", "op", "undo", "last"]).status.success());
    let (new, end) = stage.since(&end["mark"]);
    assert_eq!(new.iter().map(|one| &one["at"]).collect::<Vec<_>>(), [&json!(1), &json!(2)]);
    assert_eq!(new[0]["operation"]["reversed_by"], new[1]["operation"]["id"]);
    // What is no line of it is as good as nothing.
    for (seq, hash) in [(json!(0), json!("")), (json!(1), end["mark"]["hash"].clone()), (json!(9999), json!(""))] {
        let (all, end) = stage.since(&json!({ "seq": seq, "hash": hash }));
        assert_eq!((all.len(), &end["adds"]), (3, &json!(false)));
    }
    for wrong in ["\"operations\"", "{\"operations\":{\"since\":null,\"all\":true}}", "{\"operations\":{\"since\":7}}"]
    {
        assert!(stage.say(wrong).starts_with("{\"failed\""), "{wrong}");
    }
}

#[test]
fn who_asks_again_and_again_knows_what_was_done() {
    let stage = Stage::new();
    let operator = stage.operator();
    assert!(operator.history().unwrap().is_empty());
    assert!(stage.op(&["--yes", "snap", "web1", "take", "alpha"]).status.success());
    let first = operator.history().unwrap();
    assert_eq!(first.iter().map(|found| found.ending()).collect::<Vec<_>>(), ["done"]);
    let again = operator.history().unwrap();
    assert!(std::sync::Arc::ptr_eq(&first[0], &again[0]), "it is told once");
    assert!(stage.op(&["--yes", "op", "undo", "last"]).status.success());
    let undone = operator.history().unwrap();
    assert_eq!(undone.iter().map(|found| found.ending()).collect::<Vec<_>>(), ["undone", "done"]);
    assert_eq!(operator.history().unwrap().len(), 2);
    // Another journal in its place.
    std::fs::remove_file(stage.folder.path().join("host.ops/journal.jsonl")).unwrap();
    assert!(operator.history().unwrap().is_empty());
    assert!(stage.op(&["--yes", "snap", "web1", "take", "gamma"]).status.success());
    let other = operator.history().unwrap();
    assert!(other.len() == 1 && other[0].id != first[0].id);
}

#[test]
fn who_does_not_read_how_far_it_is_keeps_nothing_from_ending() {
    let stage = Stage::new();
    let names: Vec<String> = (0..20).map(|at| format!("many{at}")).collect();
    let mut args = vec!["clone", "golden", "--dry-run"];
    args.extend(names.iter().map(String::as_str));
    let dry = stage.json(&args);
    let steps = dry["plan"]["steps"].as_array().unwrap().len();
    let plan = &dry["plan"];
    let call = json!({ "execute": { "request": plan["request"], "reverses": null, "made": plan["made"],
        "digest": dry["digest"], "by": "somebody" } });
    let deaf = stage.said(&call.to_string());
    let operator = stage.operator();
    let ends_by = std::time::Instant::now() + std::time::Duration::from_secs(120);
    let ended = loop {
        if let Some(found) = operator.history().unwrap().first().filter(|found| found.outcome.is_some()) {
            break found.clone();
        }
        assert!(std::time::Instant::now() < ends_by, "it hangs");
        std::thread::sleep(std::time::Duration::from_millis(100));
    };
    assert_eq!(ended.ending(), "done");
    // It was told less than there was.
    let told = BufReader::new(deaf).lines().count();
    assert!(told < 2 * steps + 1, "{told} of {steps} steps");
    assert!(stage.op(&["--yes", "snap", "web1", "take", "alpha"]).status.success(), "the journal is free");
}
