//! Operations that another process carries out, as the service tells of them: a `kai op` beside it, and an
//! executor that goes on when the service is killed.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use kai_tools::confirm::Confirmed;
use kai_tools::execute::{Cancel, Progress, Report};
use kai_tools::executor::{self, Running};
use kai_tools::host::{Command, Host, HostError, Output, Program};
use kai_tools::journal::Outcome;
use kai_tools::names::{HostPath, Stamp};
use kai_tools::operator::{Operator, Proposed, Target};
use kai_tools::request::Request;
use kai_tools::sim::{Simulator, State};
use serde_json::{Value, json};

use super::operating::{Stage, approval, propose, request};
use super::{answer, event, events, runtime};

/// An operation that this process carries out, as another `kai op` would. It waits before its second step.
struct Elsewhere {
    id: String,
    go_on: Sender<()>,
    thread: JoinHandle<Report>,
}

impl Elsewhere {
    fn begin(file: PathBuf) -> Self {
        let operator = Operator::open(&Target::Simulated(file), None, None).unwrap();
        let asked: Request =
            serde_json::from_value(request("kvm_snap", &json!({ "vm": "web1", "name": "now" }))["request"].clone())
                .unwrap();
        let Proposed::Plan(plan) = operator.propose(&asked, Stamp::now()).unwrap() else { panic!("a plan") };
        let (id, confirmed) = (plan.plan.id.clone(), Confirmed::by_yes(plan.plan, Stamp::now()).unwrap());
        let (reached, is_there) = channel();
        let (go_on, may_go_on) = channel();
        let thread = std::thread::spawn(move || {
            let gate = Mutex::new((reached, may_go_on));
            let observer = |progress: Progress<'_>| {
                if matches!(progress, Progress::Begin(step) if step.id == 1) {
                    wait(&gate);
                }
            };
            operator.execute(confirmed, None, &observer, &Cancel::default()).unwrap()
        });
        is_there.recv().unwrap();
        Self { id, go_on, thread }
    }
}

/// Says that the place is reached, and waits there.
fn wait(gate: &Mutex<(Sender<()>, Receiver<()>)>) {
    let gate = gate.lock().unwrap();
    gate.0.send(()).unwrap();
    gate.1.recv().unwrap();
}

/// Reads events until there are these texts among them; all that was read.
async fn until(response: &mut reqwest::Response, texts: &[&str]) -> String {
    let mut told = String::new();
    while !texts.iter().all(|text| told.contains(text)) {
        let more = tokio::time::timeout(Duration::from_secs(60), response.chunk()).await.unwrap();
        told.push_str(&String::from_utf8_lossy(&more.unwrap().unwrap()));
    }
    told
}

#[test]
fn what_another_process_carries_out_is_running_and_followed_to_its_end() {
    let stage = Stage::new();
    let served = stage.place.serve(&[]);
    let elsewhere = Elsewhere::begin(stage.place.path("host.json"));
    let path = format!("/v1/operations/{}", elsewhere.id);
    runtime().block_on(async {
        let (_, shown) = answer(served.get(&path).bearer_auth(&stage.planner)).await;
        assert_eq!((&shown["running"], &shown["outcome"]), (&json!(true), &Value::Null), "{shown}");
        assert_eq!((&shown["steps"][0]["state"], &shown["steps"][1]["state"]), (&json!("done"), &json!("waiting")));
        let (_, listed) = answer(served.get("/v1/operations").bearer_auth(&stage.planner)).await;
        assert_eq!(listed["operations"][0]["running"], true, "{listed}");
        let stop = served.post(&format!("{path}/stop"), &json!({})).bearer_auth(&stage.approver);
        let (status, problem) = answer(stop).await;
        assert_eq!(status, 409, "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains("another process"), "{problem}");
        let undo = served.post(&format!("{path}/undo"), &json!({})).bearer_auth(&stage.planner);
        let (status, problem) = answer(undo).await;
        assert_eq!(status, 422, "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains("is running"), "{problem}");
        for args in [&["history"][..], &["show", "last"]] {
            let said = String::from_utf8(stage.place.op(args).stdout).unwrap();
            assert!(said.contains("running") && !said.contains("cut off"), "{said}");
        }

        let asked = served.get(&format!("{path}/events")).bearer_auth(&stage.planner);
        let mut told = asked.send().await.unwrap();
        until(&mut told, &["\"done\""]).await;
        elsewhere.go_on.send(()).unwrap();
        let told = events(told).await;
        let (name, ended) = told.last().unwrap();
        assert_eq!((name.as_str(), &ended["outcome"]), ("ended", &json!("done")), "{told:?}");
        assert_eq!(elsewhere.thread.join().unwrap().outcome, Outcome::Done);
        let (_, shown) = answer(served.get(&path).bearer_auth(&stage.planner)).await;
        assert_eq!((&shown["running"], &shown["outcome"]), (&json!(false), &json!("done")), "{shown}");
    });
}

#[test]
fn whoever_is_revoked_hears_no_more_and_what_never_began_is_no_news() {
    let stage = Stage::new();
    let leaver = stage.place.token("leaver", "plan");
    let served = stage.place.serve(&[]);
    let elsewhere = Elsewhere::begin(stage.place.path("host.json"));
    let path = format!("/v1/operations/{}/events", elsewhere.id);
    runtime().block_on(async {
        let mut watched = served.get("/v1/events").bearer_auth(&stage.planner).send().await.unwrap();
        let mut told = served.get(&path).bearer_auth(&leaver).send().await.unwrap();
        until(&mut told, &["\"done\""]).await;
        assert!(stage.place.kai(&["token", "revoke", "leaver"]).status.success());

        // The host is busy: what is approved now does not begin.
        let plan = propose(&served, &stage.planner, "kvm_snap", &json!({ "vm": "db1", "name": "one" })).await;
        let (approve, body) = approval(&plan);
        let (status, problem) = answer(served.post(&approve, &body).bearer_auth(&stage.approver)).await;
        assert_eq!(status, 409, "{problem}");

        elsewhere.go_on.send(()).unwrap();
        let rest = events(told).await;
        assert!(rest.iter().all(|(name, _)| name != "ended"), "{rest:?}");
        assert_eq!(elsewhere.thread.join().unwrap().outcome, Outcome::Done);
        let mut said = until(&mut watched, &["\"outcome\":\"done\""]).await;
        // Now it begins, and is told of for the first time.
        assert_eq!(answer(served.post(&approve, &body).bearer_auth(&stage.approver)).await.0, 202);
        let id = plan["id"].as_str().unwrap();
        said.push_str(&until(&mut watched, &[id, "\"outcome\":\"done\""]).await);
        let told: Vec<Value> = said.split("\n\n").filter_map(event).map(|(_, data)| data).collect();
        let of_it: Vec<&Value> = told.iter().filter(|told| told["id"] == id && told["running"].is_boolean()).collect();
        assert!(!of_it.is_empty(), "{said}");
        assert!(of_it.iter().all(|told| told["running"] == true || told["outcome"] == "done"), "{of_it:?}");
    });
}

/// A host whose first snapshot waits until it is let go.
struct Slow {
    sim: Simulator,
    waited: AtomicBool,
    gate: Mutex<(Sender<()>, Receiver<()>)>,
}

impl Host for Slow {
    fn name(&self) -> String {
        self.sim.name()
    }

    fn run(&self, command: &Command) -> Result<Output, HostError> {
        let snapshots =
            command.program() == Program::Zfs && command.arguments().first().is_some_and(|a| a == "snapshot");
        if snapshots && !self.waited.swap(true, Ordering::SeqCst) {
            wait(&self.gate);
        }
        self.sim.run(command)
    }

    fn read(&self, path: &HostPath, limit: usize) -> Result<Option<Vec<u8>>, HostError> {
        self.sim.read(path, limit)
    }

    fn create(&self, path: &HostPath, content: &[u8], mode: u32) -> Result<(), HostError> {
        self.sim.create(path, content, mode)
    }

    fn copy(&self, from: &HostPath, to: &HostPath) -> Result<(), HostError> {
        self.sim.copy(from, to)
    }

    fn remove(&self, path: &HostPath) -> Result<bool, HostError> {
        self.sim.remove(path)
    }

    fn resolve(&self, path: &HostPath) -> Result<Option<HostPath>, HostError> {
        self.sim.resolve(path)
    }

    fn openers(&self, device: &HostPath) -> Result<Vec<String>, HostError> {
        self.sim.openers(device)
    }

    fn sleep(&self, time: Duration) {
        self.sim.sleep(time);
    }
}

#[test]
fn an_executor_goes_on_without_the_service_and_stops_when_the_next_one_asks() {
    let stage = Stage::new();
    let (reached, is_there) = channel();
    let (go_on, may_go_on) = channel();
    let sim = Simulator::new(State::playground(1_795_500_000_000));
    let slow = Slow { sim, waited: AtomicBool::new(false), gate: Mutex::new((reached, may_go_on)) };
    let operator = Arc::new(Operator::with(Box::new(slow), stage.place.path("executor")));
    let socket = stage.place.path("executor.sock");
    let listener = kai_tools::socket::listen(&socket).unwrap();
    std::thread::spawn(move || executor::serve(&listener, &operator, &Arc::new(Running::default())));
    let by_executor = ["--executor", socket.to_str().unwrap()];

    let served = stage.place.serve(&by_executor);
    let plan = runtime().block_on(async {
        let plan = propose(&served, &stage.planner, "kvm_snap", &json!({ "vm": "web1", "name": "now" })).await;
        let (path, body) = approval(&plan);
        let (status, accepted) = answer(served.post(&path, &body).bearer_auth(&stage.approver)).await;
        assert_eq!(status, 202, "{accepted}");
        plan
    });
    is_there.recv().unwrap();
    served.kill();
    let served = stage.place.serve(&by_executor);
    let id = plan["id"].as_str().unwrap();
    let path = format!("/v1/operations/{id}");
    runtime().block_on(async {
        let (_, shown) = answer(served.get(&path).bearer_auth(&stage.planner)).await;
        assert_eq!((&shown["running"], &shown["outcome"]), (&json!(true), &Value::Null), "{shown}");
        // It was begun, and waits no more.
        let (_, waiting) = answer(served.get("/v1/plans").bearer_auth(&stage.planner)).await;
        assert_eq!(waiting["plans"], json!([]));
        let mut told = served.get(&format!("{path}/events")).bearer_auth(&stage.planner).send().await.unwrap();
        until(&mut told, &["\"done\""]).await;
        // By the beginning of its id, too.
        let stop = served.post(&format!("/v1/operations/{}/stop", &id[..6]), &json!({})).bearer_auth(&stage.approver);
        assert_eq!(answer(stop).await.0, 202);
        go_on.send(()).unwrap();
        let told = events(told).await;
        let (_, ended) = told.last().unwrap();
        assert_eq!(ended["outcome"], "taken_back", "{told:?}");
        assert!(ended["error"].as_str().unwrap().contains("stopped on request"), "{ended}");
        let (_, shown) = answer(served.get(&path).bearer_auth(&stage.planner)).await;
        assert_eq!(shown["steps"][1]["state"], "taken_back", "{shown}");
        // Approving it again does not begin it again.
        let (path, body) = approval(&plan);
        assert_eq!(answer(served.post(&path, &body).bearer_auth(&stage.approver)).await.0, 409);
    });
}
