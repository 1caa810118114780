//! Looks at a journal that this process has read before: what others add is seen, and so is what they change.

#![allow(clippy::disallowed_methods, reason = "another program is started here")]

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use kai_tools::journal::{History, Journal, JournalError, Operation, Outcome};
use kai_tools::operator::{Operator, Target};
use kai_tools::sim::{Simulator, State};
use serde_json::json;

use super::support::{CLOCK, Lab, journalling, starting};

/// A journal with two operations, which this process has looked at.
struct Read {
    lab: Lab,
    text: String,
}

impl Read {
    fn new() -> Self {
        let lab = Lab::new();
        lab.run("kvm_snap", json!({ "vm": "db1", "name": "one" }));
        lab.run("kvm_snap", json!({ "vm": "db1", "name": "two" }));
        let read = Self { text: std::fs::read_to_string(lab.folder.path().join("journal.jsonl")).unwrap(), lab };
        assert_eq!(read.outcomes(), [Some(Outcome::Done); 2]);
        read
    }

    fn path(&self) -> PathBuf {
        self.lab.folder.path().join("journal.jsonl")
    }

    fn look(&self) -> Result<History, JournalError> {
        Journal::history(self.lab.folder.path())
    }

    fn outcomes(&self) -> Vec<Option<Outcome>> {
        self.look().unwrap().iter().map(|operation| operation.outcome).collect()
    }

    /// As others write it: with some other moment of its last change.
    fn write(&self, text: &str) {
        std::thread::sleep(Duration::from_millis(50));
        std::fs::write(self.path(), text).unwrap();
    }

    fn last_line(&self) -> usize {
        self.text.trim_end().rfind('\n').unwrap() + 1
    }
}

fn is_broken<T: std::fmt::Debug>(looked: &Result<T, JournalError>) -> bool {
    matches!(looked, Err(JournalError::Broken { .. }))
}

#[test]
fn nothing_is_copied_where_nothing_was_added() {
    let read = Read::new();
    let (first, second) = (read.look().unwrap(), read.look().unwrap());
    assert!(first.iter().zip(second.iter()).all(|(one, other)| Arc::ptr_eq(one, other)));
    // Whoever has it keeps it as it stood.
    read.lab.run("kvm_snap", json!({ "vm": "db1", "name": "three" }));
    let third = read.look().unwrap();
    assert_eq!((first.len(), third.len()), (2, 3));
    assert!(Arc::ptr_eq(&first[1], &third[1]));
}

#[test]
fn what_is_changed_in_any_line_is_noticed_by_who_has_read_it() {
    let read = Read::new();
    let (before, last) = read.text.split_at(read.last_line());
    assert!(last.contains("ended"), "{last}");
    let in_the_last = format!("{before}{}", last.replacen("done", "gone", 1));
    let in_the_first = read.text.replacen("tester", "nobody", 1);
    let longer = read.text.replacen("tester", "somebody", 1);
    for changed in [&in_the_last, &in_the_first, &longer] {
        read.write(changed);
        assert!(is_broken(&read.look()), "{changed}");
        assert!(is_broken(&read.look()), "and again");
        read.write(&read.text);
        assert_eq!(read.outcomes(), [Some(Outcome::Done); 2]);
    }
    // The last line, at once: the clock of the file system may stand still meanwhile.
    std::fs::write(read.path(), in_the_last).unwrap();
    assert!(is_broken(&read.look()));
}

#[test]
fn a_journal_that_was_long_as_it_is_is_looked_at_when_it_changes() {
    let read = Read::new();
    std::thread::sleep(Duration::from_millis(2200));
    for _ in 0..2 {
        assert_eq!(read.outcomes(), [Some(Outcome::Done); 2]);
    }
    std::fs::write(read.path(), read.text.replacen("tester", "nobody", 1)).unwrap();
    assert!(is_broken(&read.look()));
}

#[test]
fn what_is_cut_off_is_missing() {
    let read = Read::new();
    read.write(&read.text[..read.last_line()]);
    assert_eq!(read.outcomes(), [Some(Outcome::Done), None]);
    read.write(&read.text[..read.text.len() - 1]);
    assert_eq!(read.outcomes(), [Some(Outcome::Done), None], "half a line");
    read.write(&read.text);
    assert_eq!(read.outcomes(), [Some(Outcome::Done); 2]);
    read.write("");
    assert!(read.outcomes().is_empty());
    read.write(&read.text);
    std::fs::remove_file(read.path()).unwrap();
    assert!(read.outcomes().is_empty());
}

#[test]
fn another_journal_in_its_place_is_another_journal() {
    let (read, other) = (Read::new(), Read::new());
    other.lab.run("kvm_snap", json!({ "vm": "db1", "name": "three" }));
    let ids = |history: &History| -> Vec<String> { history.iter().map(|operation| operation.id.clone()).collect() };
    let own = ids(&read.look().unwrap());
    let others = ids(&other.look().unwrap());
    // The same file with other lines, and another file.
    read.write(&std::fs::read_to_string(other.path()).unwrap());
    assert_eq!(ids(&read.look().unwrap()), others);
    read.write(&read.text);
    assert_eq!(ids(&read.look().unwrap()), own);
    std::fs::rename(other.path(), read.path()).unwrap();
    assert_eq!(ids(&read.look().unwrap()), others);
}

#[test]
fn a_line_that_was_changed_while_others_were_added_is_found_before_anything_is_written() {
    let read = Read::new();
    read.write(&read.text[..read.last_line()]);
    assert_eq!(read.outcomes(), [Some(Outcome::Done), None]);
    read.write(&read.text.replacen("tester", "nobody", 1));
    let _open = journalling();
    assert!(is_broken(&Journal::open(read.lab.folder.path())));
    assert!(is_broken(&read.look()), "and stays found");
}

#[test]
fn what_another_program_adds_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("host.json");
    Simulator::open(&file).unwrap().change(|state| *state = State::playground(CLOCK)).unwrap();
    let operator = Operator::open(&Target::Simulated(file.clone()), None, None).unwrap();
    assert!(operator.history().unwrap().is_empty());
    for (at, name) in ["one", "two", "three"].into_iter().enumerate() {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kai-kvm"));
        command.env("KAI_CONFIG", "/dev/null").arg("--sim").arg(&file).args(["--yes", "snap", "db1", "take", name]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut other = {
            let _alone = starting();
            command.spawn().unwrap()
        };
        // Half a line may stand at the end of it at any moment.
        while other.try_wait().unwrap().is_none() {
            assert!(operator.history().unwrap().len() >= at);
        }
        assert!(other.wait().unwrap().success());
        let history = operator.history().unwrap();
        assert_eq!(history.iter().map(|found| found.ending()).collect::<Vec<_>>(), vec!["done"; at + 1]);
        let copied: Vec<Operation> = history.iter().map(|found| Operation::clone(found)).collect();
        assert_eq!(copied.last().unwrap().id, history[at].id);
        assert!(operator.has_begun(&history[at].id).unwrap());
    }
}
