//! Plans that wait, for every program that works on one folder, and that each is carried out once.

use std::path::PathBuf;

use kai_tools::confirm::Confirmed;
use kai_tools::execute::{Cancel, Report};
use kai_tools::face::{HistoryCommand, HostOptions, Options, Say, Session, status};
use kai_tools::journal::{JournalError, Outcome};
use kai_tools::names::Stamp;
use kai_tools::operator::{Operator, Proposal, ProposeError, Proposed, Target};
use kai_tools::plan::VALID_SECONDS;
use kai_tools::sim::{Simulator, State};
use serde_json::json;

use super::support::{CLOCK, journalling, request};

struct Stage {
    folder: tempfile::TempDir,
}

impl Stage {
    fn new() -> Self {
        let stage = Self { folder: tempfile::tempdir().unwrap() };
        stage.change(|state| *state = State::playground(CLOCK));
        stage
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("host.json")
    }

    /// As every program opens it.
    fn operator(&self) -> Operator {
        Operator::open(&Target::Simulated(self.file()), None, None).unwrap()
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        Simulator::open(&self.file()).unwrap().change(change).unwrap();
    }

    fn state(&self) -> State {
        Simulator::open(&self.file()).unwrap().state()
    }

    fn propose(&self, tool: &str, args: serde_json::Value, made: Stamp) -> Proposal {
        match self.operator().propose(&request(tool, args), made).unwrap() {
            Proposed::Plan(proposal) => *proposal,
            Proposed::Found(table) => panic!("{table:?}"),
        }
    }

    /// `op apply`, with a digest after `--confirm` or without.
    fn apply(&self, plan: &str, confirm: Option<&str>) -> u8 {
        let _open = journalling();
        let host = HostOptions { sim: Some(self.file()), ..HostOptions::default() };
        let options = Options { host, confirm: confirm.map(str::to_owned), ..Options::default() };
        let session = Session::open(options, None, Say::new(false, true)).unwrap();
        session.history(&HistoryCommand::Apply { plan: plan.to_owned() })
    }

    fn waiting(&self) -> Vec<(String, String)> {
        let waiting = self.operator().waiting().unwrap();
        waiting.into_iter().map(|waiting| (waiting.proposal.plan.id, waiting.by)).collect()
    }
}

/// The request as it is written down.
fn as_written(plan: &Proposal) -> kai_tools::request::Request {
    serde_json::from_value(serde_json::to_value(&plan.plan.request).unwrap()).unwrap()
}

fn confirmed(proposal: &Proposal) -> Confirmed {
    Confirmed::by_digest(proposal.plan.clone(), &proposal.digest, Stamp::now()).unwrap()
}

fn execute(operator: &Operator, proposal: &Proposal) -> Result<Report, JournalError> {
    let _open = journalling();
    operator.execute(confirmed(proposal), None, &|_| {}, &Cancel::default())
}

#[test]
fn a_plan_is_carried_out_once_even_where_it_fits_again() {
    let stage = Stage::new();
    let plan = stage.propose("kvm_snap", json!({ "vm": "db1", "name": "one" }), Stamp::now());
    stage.operator().remember(&plan).unwrap();
    assert_eq!(stage.apply(&plan.digest, None), 0);
    // The host is as it was when the plan was made.
    let gone =
        |state: &mut State| state.datasets.get_mut("tank/vms/db1").unwrap().points.retain(|name, _| name != "@one");
    stage.change(gone);
    let id = &plan.plan.id;
    for (given, confirm) in [(&plan.digest, None), (id, Some(plan.digest.as_str())), (id, None)] {
        assert_eq!(stage.apply(given, confirm), status::FAILED, "{given}");
        assert!(!stage.state().datasets["tank/vms/db1"].points.contains_key("@one"));
    }
    assert_eq!(stage.operator().history().unwrap().len(), 1);
    let refused = stage.operator().recall(&plan.digest).unwrap_err();
    assert!(matches!(&refused, ProposeError::Journal(JournalError::CarriedOut { op }) if op == id), "{refused}");
    assert!(refused.to_string().contains("carried out already"), "{refused}");
    assert!(refused.hints().iter().any(|hint| hint.contains(id.as_str())), "{:?}", refused.hints());
}

#[test]
fn who_comes_second_with_the_same_plan_takes_nothing_back() {
    let stage = Stage::new();
    let plan = stage.propose("kvm_create", json!({ "name": "new1" }), Stamp::now());
    // Two programs looked before either began.
    let (first, second) = (stage.operator(), stage.operator());
    assert_eq!(execute(&first, &plan).unwrap().outcome, Outcome::Done);
    let before = stage.state();
    let refused = execute(&second, &plan).unwrap_err();
    assert!(matches!(refused, JournalError::CarriedOut { .. }), "{refused}");
    assert_eq!(stage.state().changes, before.changes);
    assert!(stage.state().domains.contains_key("new1"));
    let operation = stage.operator().history().unwrap().last().unwrap().clone();
    assert_eq!((operation.ending(), operation.message.as_str()), ("done", "done"));
}

#[test]
fn what_is_asked_for_again_at_once_is_another_plan() {
    let stage = Stage::new();
    let again = request("snapshot_create", json!({ "datasets": ["tank/vms/db1"] }));
    let mut ids = std::collections::BTreeSet::new();
    for _ in 0..3 {
        let Proposed::Plan(plan) = stage.operator().propose_now(&again).unwrap() else { panic!("a plan") };
        assert_eq!(execute(&stage.operator(), &plan).unwrap().outcome, Outcome::Done);
        ids.insert(plan.plan.id.clone());
    }
    assert_eq!(ids.len(), 3);
    let points = stage.state().datasets["tank/vms/db1"].points.len();
    assert!(points >= 3, "{points}");
    // As long as it was not carried out, it is the same one.
    let now = || match stage.operator().propose_now(&again).unwrap() {
        Proposed::Plan(plan) => (plan.plan.made, plan.digest.clone()),
        Proposed::Found(table) => panic!("{table:?}"),
    };
    let ((first, one), (second, other)) = (now(), now());
    assert!(first != second || one == other);
}

#[test]
fn a_request_with_a_document_is_known_again() {
    let stage = Stage::new();
    let args = json!({ "source": "golden", "names": ["web5"], "user_data": "#cloud-config\n" });
    let clone = request("kvm_clone", args);
    let mut ids = std::collections::BTreeSet::new();
    for _ in 0..2 {
        let Proposed::Plan(plan) = stage.operator().propose_now(&clone).unwrap() else { panic!("a plan") };
        let stopped = Cancel::default();
        stopped.request();
        let _open = journalling();
        let report = stage.operator().execute(confirmed(&plan), None, &|_| {}, &stopped).unwrap();
        assert_eq!(report.outcome, Outcome::TakenBack);
        ids.insert(plan.plan.id);
    }
    assert_eq!(ids.len(), 2);
}

#[test]
fn what_waits_is_the_same_for_every_program_and_says_who_had_it_made() {
    let stage = Stage::new();
    assert!(stage.waiting().is_empty());
    let old = Stamp::from_seconds(Stamp::now().seconds() - 2);
    let first = stage.propose("kvm_snap", json!({ "vm": "db1", "name": "one" }), old);
    let second = stage.propose("kvm_delete", json!({ "vm": "db1" }), Stamp::now());
    stage.operator().remember_for("a test", &first).unwrap();
    stage.operator().remember_for("another", &second).unwrap();
    // Whoever shows it again has not made it.
    stage.operator().remember(&first).unwrap();
    let named = |plan: &Proposal, by: &str| (plan.plan.id.clone(), by.to_owned());
    assert_eq!(stage.waiting(), [named(&second, "another"), named(&first, "a test")]);
    let shown = stage.operator().waiting().unwrap().pop().unwrap();
    assert_eq!((&shown.proposal.plan, &shown.proposal.digest), (&first.plan, &first.digest));
    // Declined, carried out, expired: it waits no more.
    stage.operator().forget(&second.digest);
    assert_eq!(stage.waiting(), [named(&first, "a test")]);
    assert_eq!(execute(&stage.operator(), &first).unwrap().outcome, Outcome::Done);
    assert!(stage.waiting().is_empty());
    let long_ago = Stamp::from_seconds(Stamp::now().seconds() - VALID_SECONDS - 1);
    let over = stage.propose("kvm_snap", json!({ "vm": "db1", "name": "two" }), long_ago);
    stage.operator().remember(&over).unwrap();
    assert!(stage.waiting().is_empty());
    assert!(stage.operator().digest_of(&over.plan.id).is_err());
}

#[test]
fn what_waits_holds_no_contents_of_files() {
    let stage = Stage::new();
    let plan = stage.propose("kvm_clone", json!({ "source": "golden", "names": ["web5"] }), Stamp::now());
    stage.operator().remember(&plan).unwrap();
    let text = std::fs::read_to_string(stage.folder.path().join("host.ops/shown").join(&plan.digest)).unwrap();
    assert!(text.contains("sha256") && !text.contains("local-hostname"), "{text}");
    assert_eq!(stage.operator().recall(&plan.digest).unwrap().digest, plan.digest);
}

#[test]
fn a_document_waits_with_its_plan_and_no_longer() {
    let stage = Stage::new();
    let secret = "#cloud-config\npassword: swordfish\n";
    let args = json!({ "source": "golden", "names": ["web5"], "user_data": secret });
    let plan = stage.propose("kvm_clone", args, Stamp::now());
    stage.operator().remember(&plan).unwrap();
    let shown = stage.folder.path().join("host.ops/shown");
    let names = || {
        let names = std::fs::read_dir(&shown).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(names().len(), 2);
    for name in names() {
        let path = shown.join(name);
        let holds = std::fs::read_to_string(&path).unwrap().contains("swordfish");
        assert_eq!(holds, path.extension().is_some(), "{}", path.display());
        assert_eq!(std::os::unix::fs::MetadataExt::mode(&path.metadata().unwrap()) & 0o777, 0o600);
    }
    assert_eq!(stage.operator().recall(&plan.digest).unwrap().digest, plan.digest);
    assert_eq!(stage.apply(&plan.digest, None), 0);
    assert_eq!(names(), [plan.digest.clone()].into());
    assert!(stage.state().domains.contains_key("web5"));
    // Neither the journal nor the host's state is told of it in another place than the seed.
    let journal = std::fs::read_to_string(stage.folder.path().join("host.ops/journal.jsonl")).unwrap();
    assert!(!journal.contains("swordfish"));

    // Without it nothing is planned from what stands in its place.
    let args = json!({ "source": "golden", "names": ["web6"], "user_data": secret });
    let plan = stage.propose("kvm_clone", args, Stamp::now());
    stage.operator().remember(&plan).unwrap();
    stage.operator().forget(&plan.digest);
    assert_eq!(names().len(), 1);
    // Nor does it stay where nothing is ever planned again.
    stage.operator().remember(&plan).unwrap();
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(VALID_SECONDS + 60);
    for name in names() {
        std::fs::File::open(shown.join(name)).unwrap().set_modified(long_ago).unwrap();
    }
    assert!(stage.operator().waiting().unwrap().is_empty());
    assert!(names().is_empty(), "{:?}", names());
    let refused = stage.operator().propose(&as_written(&plan), Stamp::now()).unwrap_err();
    assert!(refused.to_string().contains("document is not here"), "{refused}");
}

#[test]
fn a_plan_that_cannot_be_kept_leaves_nothing_behind() {
    let stage = Stage::new();
    let plan = stage.propose("kvm_snap", json!({ "vm": "db1", "name": "one" }), Stamp::now());
    let folder = stage.folder.path().join("host.ops");
    // Something stands in its place.
    std::fs::create_dir_all(folder.join("shown").join(&plan.digest).join("in the way")).unwrap();
    stage.operator().remember(&plan).unwrap_err();
    let names: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["shown"]);
}
