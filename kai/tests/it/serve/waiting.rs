//! Plans that wait: the same ones for everybody, by whatever program they were made, each approved once.

use kai_tools::sim::{Fault, Simulator, State, What, When};
use serde_json::{Value, json};

use super::operating::{Stage, approval, approved, propose};
use super::{answer, event, events, runtime};

fn change(stage: &Stage, change: impl FnOnce(&mut State)) {
    Simulator::open(&stage.place.path("host.json")).unwrap().change(change).unwrap();
}

/// The host is as it was before db1's snapshot of that name.
fn without_snapshot(stage: &Stage, name: &str) {
    let name = format!("@{name}");
    change(stage, |state| state.datasets.get_mut("tank/vms/db1").unwrap().points.retain(|label, _| *label != name));
}

#[test]
fn what_was_approved_here_is_not_applied_there_and_not_the_other_way_round() {
    let stage = Stage::new();
    let served = stage.place.serve(&[]);
    runtime().block_on(async {
        let plan = propose(&served, &stage.planner, "kvm_snap", &json!({ "vm": "db1", "name": "one" })).await;
        let (id, digest) = (plan["id"].as_str().unwrap(), plan["digest"].as_str().unwrap());
        assert_eq!(approved(&served, &stage.approver, &plan, None).await["outcome"], "done");
        without_snapshot(&stage, "one");
        for args in [&["apply", id, "--confirm", digest][..], &["apply", digest], &["--yes", "apply", id]] {
            let applied = stage.place.op(args);
            let said = String::from_utf8_lossy(&applied.stderr).into_owned();
            assert_eq!(applied.status.code(), Some(1), "{said}");
            assert!(said.contains("carried out already") && said.contains("hint"), "{said}");
        }
        assert!(!stage.snapshots("db1").contains("one"));

        let plan = propose(&served, &stage.planner, "kvm_snap", &json!({ "vm": "db1", "name": "two" })).await;
        assert!(stage.place.op(&["apply", plan["digest"].as_str().unwrap()]).status.success());
        without_snapshot(&stage, "two");
        let (path, body) = approval(&plan);
        let (status, problem) = answer(served.post(&path, &body).bearer_auth(&stage.approver)).await;
        assert_eq!(status, 409, "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains("carried out already"), "{problem}");
        assert!(!stage.snapshots("db1").contains("two"));
        let (_, waiting) = answer(served.get("/v1/plans").bearer_auth(&stage.planner)).await;
        assert_eq!(waiting["plans"], json!([]));
    });
}

#[test]
fn of_two_services_one_carries_a_plan_out() {
    let stage = Stage::new();
    let (one, two) = (stage.place.serve(&[]), stage.place.serve(&[]));
    runtime().block_on(async {
        let plan = propose(&one, &stage.planner, "kvm_create", &json!({ "name": "new1" })).await;
        let (path, body) = approval(&plan);
        let at = |served: &super::Served| answer(served.post(&path, &body).bearer_auth(&stage.approver));
        let (first, second) = tokio::join!(at(&one), at(&two));
        let mut both = [first.0, second.0];
        both.sort_unstable();
        assert_eq!(both, [202, 409], "{first:?} {second:?}");
        let path = format!("/v1/operations/{}/events", plan["id"].as_str().unwrap());
        for served in [&one, &two] {
            let told = events(served.get(&path).bearer_auth(&stage.planner).send().await.unwrap()).await;
            assert_eq!(told.last().unwrap().1["outcome"], "done", "{told:?}");
        }
        assert!(stage.vms().contains("new1"));
        let (_, done) = answer(one.get("/v1/operations").bearer_auth(&stage.planner)).await;
        assert_eq!(done["operations"].as_array().unwrap().len(), 1, "{done}");
    });
}

#[test]
fn plans_of_other_programs_and_of_before_a_restart_wait_too() {
    let stage = Stage::new();
    let served = stage.place.serve(&[]);
    runtime().block_on(async {
        propose(&served, &stage.planner, "kvm_snap", &json!({ "vm": "db1", "name": "here" })).await;
        let order = json!({ "question": "snapshot web1 as beta" });
        assert_eq!(answer(served.post("/v1/ask", &order).bearer_auth(&stage.planner)).await.0, 200);
    });
    served.kill();
    // Nobody is at a terminal.
    assert_eq!(stage.place.op(&["kvm-snap", "--vm", "db1", "--name", "there"]).status.code(), Some(4));
    let served = stage.place.serve(&[]);
    runtime().block_on(async {
        let list = || async { answer(served.get("/v1/plans").bearer_auth(&stage.planner)).await.1["plans"].clone() };
        let plans = list().await;
        let of = |name: &str| {
            let is_that = |plan: &&Value| plan["commands"].to_string().contains(&format!("@{name}"));
            plans.as_array().unwrap().iter().find(is_that).unwrap_or_else(|| panic!("{name}: {plans}")).clone()
        };
        let (here, there, asked) = (of("here"), of("there"), of("beta"));
        assert_eq!((&here["by"], &asked["by"]), (&json!("token planner"), &json!("token planner")));
        assert!(there["by"].is_string() && there["by"] != here["by"], "{there}");
        let path = |plan: &Value| format!("/v1/plans/{}", plan["id"].as_str().unwrap());
        let (_, shown) = answer(served.get(&path(&there)).bearer_auth(&stage.planner)).await;
        assert_eq!(shown, there);
        // What is declined here cannot be applied there.
        assert_eq!(answer(served.delete(&path(&here)).bearer_auth(&stage.planner)).await.0, 204);
        assert_eq!(stage.place.op(&["apply", here["digest"].as_str().unwrap()]).status.code(), Some(1));
        assert_eq!(approved(&served, &stage.approver, &there, None).await["outcome"], "done");
        assert_eq!(answer(served.get(&path(&there)).bearer_auth(&stage.planner)).await.0, 404);
        assert_eq!(list().await.as_array().unwrap().len(), 1);
    });
}

#[test]
fn a_digest_is_one_and_belongs_to_its_plan() {
    let stage = Stage::new();
    let served = stage.place.serve(&[]);
    runtime().block_on(async {
        let plan = propose(&served, &stage.planner, "kvm_delete", &json!({ "vm": "db1" })).await;
        let (path, _) = approval(&plan);
        let with = |path: &str, digest: &str| {
            let body = json!({ "digest": digest, "name": "db1" });
            answer(served.post(path, &body).bearer_auth(&stage.approver))
        };
        let digest = plan["digest"].as_str().unwrap();
        for text in ["", "../../x", &digest[1..], &digest.to_uppercase(), &format!("{digest}0")] {
            let (status, problem) = with(&path, text).await;
            assert_eq!(status, 422, "{text:?}: {problem}");
        }
        let (status, problem) = with(&path, &"a".repeat(64)).await;
        assert_eq!(status, 409, "{problem}");
        assert_eq!(with("/v1/plans/0123456789ab/approve", &"a".repeat(64)).await.0, 410);
        // The host is another one now: the plan that is shown will not do.
        change(&stage, |state| state.add_snapshot("tank/vms/db1", "since"));
        let (status, problem) = with(&path, digest).await;
        assert_eq!(status, 409, "{problem}");
        assert!(problem["hints"].to_string().contains("proposed anew"), "{problem}");
        assert!(stage.vms().contains("db1"));
    });
}

#[test]
fn what_was_taken_back_is_shown_so_and_reports_nothing() {
    let stage = Stage::new();
    let served = stage.place.serve(&[]);
    let id = runtime().block_on(async {
        let plan = propose(&served, &stage.planner, "kvm_create", &json!({ "name": "new1" })).await;
        assert!(!plan["plan"]["report"].as_array().unwrap().is_empty());
        // Something is there already when it fails.
        let fault = |at| Some(Fault { at, when: When::Before, what: What::Fail });
        change(&stage, |state| state.fault = fault(state.changes + 3));
        let ended = approved(&served, &stage.approver, &plan, None).await;
        assert_eq!((&ended["outcome"], &ended["report"]), (&json!("taken_back"), &json!([])), "{ended}");
        plan["id"].as_str().unwrap().to_owned()
    });
    served.kill();
    let served = stage.place.serve(&[]);
    runtime().block_on(async {
        let path = format!("/v1/operations/{id}");
        let (_, shown) = answer(served.get(&path).bearer_auth(&stage.planner)).await;
        let states = shown["steps"].to_string();
        assert!(states.contains("taken_back"), "{states}");
        let told =
            events(served.get(&format!("{path}/events")).bearer_auth(&stage.planner).send().await.unwrap()).await;
        assert!(told.iter().any(|(_, data)| data["state"] == "taken_back"), "{told:?}");
        let (_, ended) = told.last().unwrap();
        assert_eq!((&ended["outcome"], &ended["report"]), (&json!("taken_back"), &json!([])), "{ended}");
    });
}

#[test]
fn a_running_operation_is_followed_by_the_beginning_of_its_id_too() {
    let stage = Stage::new();
    let served = stage.place.serve(&[]);
    runtime().block_on(async {
        let names: Vec<String> = (1..=30).map(|number| format!("node{number}")).collect();
        let clones = json!({ "source": "golden", "names": names });
        let plan = propose(&served, &stage.planner, "kvm_clone", &clones).await;
        let (path, body) = approval(&plan);
        assert_eq!(answer(served.post(&path, &body).bearer_auth(&stage.approver)).await.0, 202);
        for id in [&plan["id"].as_str().unwrap()[..6], "last"] {
            let path = format!("/v1/operations/{id}/events");
            let told = events(served.get(&path).bearer_auth(&stage.planner).send().await.unwrap()).await;
            assert_eq!(told.last().unwrap().1["outcome"], "done", "{id}");
        }
    });
}

#[test]
fn a_document_is_there_when_its_plan_is_approved() {
    let stage = Stage::new();
    let served = stage.place.serve(&[]);
    runtime().block_on(async {
        let document = "#cloud-config\npassword: swordfish\n";
        let args = json!({ "source": "golden", "names": ["web5"], "user_data": document });
        let plan = propose(&served, &stage.planner, "kvm_clone", &args).await;
        assert!(!plan.to_string().contains("swordfish"), "{plan}");
        let (_, waiting) = answer(served.get("/v1/plans").bearer_auth(&stage.planner)).await;
        assert!(!waiting.to_string().contains("swordfish"), "{waiting}");
        assert_eq!(approved(&served, &stage.approver, &plan, None).await["outcome"], "done");
        assert!(stage.vms().contains("web5"));
    });
}

#[test]
fn what_other_programs_do_is_told_to_who_watches_and_told_once() {
    let stage = Stage::new();
    let served = stage.place.serve(&[]);
    runtime().block_on(async {
        let mut watched = served.get("/v1/events").bearer_auth(&stage.planner).send().await.unwrap();
        let mut told = Told::default();
        // From the answer on, nothing is missed.
        assert_eq!(stage.place.op(&["kvm-snap", "--vm", "db1", "--name", "later"]).status.code(), Some(4));
        let (event, data) = told.next(&mut watched, 20).await.unwrap();
        assert_eq!((event.as_str(), &data["waiting"]), ("plan", &json!(true)), "{data}");
        let plan = data["id"].as_str().unwrap().to_owned();
        assert!(stage.place.op(&["apply", &plan, "--yes"]).status.success());
        let done = ("operation".to_owned(), json!("done"), Value::Null);
        let gone = ("plan".to_owned(), Value::Null, json!(false));
        let mut came = Vec::new();
        while !(came.contains(&done) && came.contains(&gone)) {
            let (event, data) = told.next(&mut watched, 20).await.unwrap_or_else(|| panic!("{came:?}"));
            assert_eq!(data["id"], json!(plan));
            came.push((event, data["outcome"].clone(), data["waiting"].clone()));
        }
        // What was done here was told here.
        let here = propose(&served, &stage.planner, "kvm_snap", &json!({ "vm": "db1", "name": "here" })).await;
        assert_eq!(approved(&served, &stage.approver, &here, None).await["outcome"], "done");
        // Several looks see it, too.
        let mut came = Vec::new();
        while let Some((event, data)) = told.next(&mut watched, 6).await {
            came.push((event, data["waiting"].clone(), data["running"].clone(), data["outcome"].clone()));
        }
        let plan = |waiting: bool| ("plan".to_owned(), json!(waiting), Value::Null, Value::Null);
        let operation = |running: bool, end| ("operation".to_owned(), Value::Null, json!(running), end);
        for once in [plan(true), plan(false), operation(true, Value::Null), operation(false, json!("done"))] {
            assert_eq!(came.iter().filter(|told| **told == once).count(), 1, "{once:?}: {came:?}");
        }
        assert_eq!(came.len(), 4, "{came:?}");
    });
}

/// Events that arrive on a stream that does not end.
#[derive(Default)]
struct Told(String);

impl Told {
    /// The next one, if it comes in time.
    async fn next(&mut self, stream: &mut reqwest::Response, seconds: u64) -> Option<(String, Value)> {
        let until = tokio::time::Instant::now() + std::time::Duration::from_secs(seconds);
        loop {
            if let Some((block, rest)) = self.0.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.0 = rest;
                match event(&block) {
                    None => continue,
                    told => return told,
                }
            }
            let chunk = tokio::time::timeout_at(until, stream.chunk()).await.ok()?.unwrap()?;
            self.0.push_str(&String::from_utf8_lossy(&chunk));
        }
    }
}
