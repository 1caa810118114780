//! The journal: complete, chained, without secrets; no execution without it.

use kai_tools::journal::{Event, Journal, JournalError, Outcome, StepState};
use kai_tools::operator::Operator;
use kai_tools::sim::Simulator;
use serde_json::json;

use super::support::{Lab, journalling, operations, starting};

#[test]
fn every_step_is_written_down_with_what_it_made() {
    let lab = Lab::new();
    let report = lab.run("kvm_clone", json!({ "source": "golden", "names": ["web5"] }));
    let operation = operations(lab.folder.path()).pop().unwrap();
    assert_eq!((operation.id.as_str(), operation.outcome), (report.op.as_str(), Some(Outcome::Done)));
    assert!(operation.steps.iter().all(|state| *state == StepState::Done));
    assert_eq!(operation.made["tank/vms/web5"], report.made["tank/vms/web5"]);
    assert_eq!(operation.by, "tester");
}

#[test]
fn secrets_do_not_get_there() {
    let lab = Lab::new();
    let secret = "#cloud-config\npassword: correct-horse-battery\n";
    let args = json!({ "source": "golden", "names": ["web5"], "user_data": secret });
    assert_eq!(lab.run("kvm_clone", args).outcome, Outcome::Done);
    for entry in walk(lab.folder.path()) {
        let text = String::from_utf8_lossy(&std::fs::read(&entry).unwrap()).into_owned();
        assert!(!text.contains("correct-horse"), "{}", entry.display());
    }
    let seed = &lab.sim.state().files["/var/lib/libvirt/images/kai-seed-web5.iso"];
    assert!(seed.contains("correct-horse"), "the guest gets it");
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() { files.extend(walk(&entry.path())) } else { files.push(entry.path()) }
    }
    files
}

#[test]
fn a_changed_line_is_noticed_and_stops_everything() {
    let lab = Lab::new();
    lab.run("kvm_snap", json!({ "vm": "db1", "name": "one" }));
    lab.run("kvm_snap", json!({ "vm": "db1", "name": "two" }));
    let path = lab.folder.path().join("journal.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let without = lines.iter().enumerate().filter(|(at, _)| *at != 2).map(|(_, line)| format!("{line}\n"));
    let _open = journalling();
    for changed in [text.replacen("tester", "nobody", 1), without.collect(), text.replacen("one", "six", 1)] {
        std::fs::write(&path, changed).unwrap();
        assert!(matches!(Journal::entries(lab.folder.path()), Err(JournalError::Broken { .. })));
        assert!(matches!(Journal::open(lab.folder.path()), Err(JournalError::Broken { .. })));
    }
}

#[test]
fn half_a_line_is_what_a_crash_leaves_and_is_dropped() {
    let lab = Lab::new();
    lab.run("kvm_snap", json!({ "vm": "db1", "name": "one" }));
    let path = lab.folder.path().join("journal.jsonl");
    let whole = std::fs::read(&path).unwrap();
    for cut in 1..200.min(whole.len()) {
        std::fs::write(&path, &whole[..whole.len() - cut]).unwrap();
        Journal::entries(lab.folder.path()).unwrap();
    }
    std::fs::write(&path, [&whole[..], &b"{\"seq\":99,"[..]].concat()).unwrap();
    assert_eq!(lab.run("kvm_snap", json!({ "vm": "db1", "name": "two" })).outcome, Outcome::Done);
    assert_eq!(operations(lab.folder.path()).len(), 2);
}

#[test]
fn one_operation_at_a_time() {
    let lab = Lab::new();
    let _open = journalling();
    let held = Journal::open(lab.folder.path()).unwrap();
    assert!(matches!(Journal::open(lab.folder.path()), Err(JournalError::Busy { .. })));
    drop(held);
    Journal::open(lab.folder.path()).unwrap();
}

#[test]
fn the_program_of_a_killed_operation_is_waited_for() {
    let lab = Lab::new();
    let _open = journalling();
    drop(Journal::open(lab.folder.path()).unwrap());
    let path = lab.folder.path().join("lock");
    // No process has this number; what it had started still holds its lock.
    std::fs::write(&path, "1999999999").unwrap();
    let held = std::fs::File::open(&path).unwrap();
    held.lock().unwrap();
    let (waits, begun) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            waits.send(()).unwrap();
            Journal::open(lab.folder.path()).unwrap();
        });
        begun.recv().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(50));
        held.unlock().unwrap();
    });
    assert_eq!(std::fs::read_to_string(&path).unwrap(), std::process::id().to_string());
}

#[test]
fn the_whole_id_is_found_before_those_that_only_begin_so() {
    let lab = Lab::new();
    let _open = journalling();
    let journal = Journal::open(lab.folder.path()).unwrap();
    for id in ["abc", "abcd", "abcdef"] {
        let plan = lab.plan("kvm_snap", json!({ "vm": "db1", "name": id })).unwrap();
        let digest = plan.digest();
        journal.append(id, Event::Started { plan: Box::new(plan), digest, by: "tester".to_owned() }).unwrap();
    }
    let operator = Operator::with(Box::new(Simulator::new(lab.sim.state())), lab.folder.path().to_owned());
    let found = |id: &str| operator.operation(&id.parse().unwrap()).map(|found| found.id);
    assert_eq!((found("abc").unwrap(), found("abcd").unwrap()), ("abc".to_owned(), "abcd".to_owned()));
    assert_eq!(found("abcde").unwrap(), "abcdef");
    assert!(found("ab").is_err());
}

/// The limit counts for a whole process: this one starts itself again for it.
#[test]
#[allow(clippy::disallowed_methods, reason = "the program under test is started here")]
fn a_disk_that_is_full_for_a_moment_spoils_nothing() {
    const ALONE: &str = "KAI_TEST_FULL_DISK";
    if std::env::var_os(ALONE).is_some() {
        return full_for_a_moment();
    }
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "journalling::a_disk_that_is_full_for_a_moment_spoils_nothing"]).env(ALONE, "1");
    command.stdin(std::process::Stdio::null());
    let child = {
        let _alone = starting();
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
    };
    let done = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&done.stderr));
}

fn full_for_a_moment() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    // Without this, the limit ends the process.
    let hit = signal_hook::consts::SIGXFSZ;
    signal_hook::flag::register(hit, std::sync::Arc::default()).unwrap();
    let lab = Lab::new();
    lab.run("kvm_snap", json!({ "vm": "db1", "name": "one" }));
    let path = lab.folder.path().join("journal.jsonl");
    let before = std::fs::read(&path).unwrap();
    let journal = Journal::open(lab.folder.path()).unwrap();
    let limit = getrlimit(Resource::Fsize);
    let full = before.len() as u64 + 40;
    setrlimit(Resource::Fsize, rustix::process::Rlimit { current: Some(full), ..limit }).unwrap();
    let failed = journal.append("abc", Event::Begin { step: 0 });
    setrlimit(Resource::Fsize, limit).unwrap();
    assert!(matches!(failed, Err(JournalError::File { action: "write", .. })), "{failed:?}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
    // There is room again: what comes next follows.
    let ended = Event::Ended { outcome: Outcome::TakenBack, message: "the disk was full".to_owned() };
    journal.append("abc", ended).unwrap();
    drop(journal);
    let entries = Journal::entries(lab.folder.path()).unwrap();
    assert!(matches!(entries.last().unwrap().event, Event::Ended { outcome: Outcome::TakenBack, .. }));
    assert_eq!(lab.run("kvm_snap", json!({ "vm": "db1", "name": "two" })).outcome, Outcome::Done);
}
