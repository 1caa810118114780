//! Plans over HTTP: proposed, looked at, approved by those who may, carried out, taken back.

use serde_json::{Value, json};

use super::{Place, Served, answer, events, runtime};

pub(crate) struct Stage {
    pub(crate) place: Place,
    pub(crate) planner: String,
    pub(crate) approver: String,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let place = Place::empty();
        let planner = place.token("planner", "ask,plan");
        let approver = place.token("approver", "ask,plan,approve");
        Self { place, planner, approver }
    }

    pub(crate) fn snapshots(&self, vm: &str) -> String {
        let listed = self.place.op(&["snapshot-list", "--dataset", &format!("tank/vms/{vm}")]);
        String::from_utf8(listed.stdout).unwrap()
    }

    pub(crate) fn vms(&self) -> String {
        String::from_utf8(self.place.op(&["kvm-list"]).stdout).unwrap()
    }
}

pub(crate) fn request(tool: &str, args: &Value) -> Value {
    json!({ "request": { "tool": tool, "args": args } })
}

pub(crate) async fn propose(served: &Served, token: &str, tool: &str, args: &Value) -> Value {
    let (status, plan) = answer(served.post("/v1/plans", &request(tool, args)).bearer_auth(token)).await;
    assert_eq!(status, 201, "{plan}");
    plan
}

pub(crate) fn approval(plan: &Value) -> (String, Value) {
    (format!("/v1/plans/{}/approve", plan["id"].as_str().unwrap()), json!({ "digest": plan["digest"] }))
}

/// Approves, and waits until it has ended; how it ended.
pub(crate) async fn approved(served: &Served, token: &str, plan: &Value, name: Option<&str>) -> Value {
    let (path, mut body) = approval(plan);
    if let Some(name) = name {
        body["name"] = json!(name);
    }
    let (status, accepted) = answer(served.post(&path, &body).bearer_auth(token)).await;
    assert_eq!(status, 202, "{accepted}");
    let response = served.get(accepted["events"].as_str().unwrap()).bearer_auth(token).send().await.unwrap();
    let (name, last) = events(response).await.pop().unwrap();
    assert_eq!(name, "ended");
    last
}

#[test]
fn a_plan_is_carried_out_only_by_whoever_may_approve_it_and_only_once() {
    let stage = Stage::new();
    let served = stage.place.serve(&[]);
    runtime().block_on(async {
        let plan = propose(&served, &stage.planner, "kvm_snap", &json!({ "vm": "web1", "name": "alpha" })).await;
        assert_eq!(plan["plan"]["effect"], "change");
        assert!(plan["commands"].as_array().unwrap().iter().any(|c| c.as_str().unwrap().contains("@alpha")), "{plan}");
        assert!(!stage.snapshots("web1").contains("alpha"));

        let (path, body) = approval(&plan);
        assert_eq!(answer(served.post(&path, &body)).await.0, 401);
        assert_eq!(answer(served.post(&path, &body).bearer_auth(&stage.planner)).await.0, 403);
        let mut other = body.clone();
        other["digest"] = json!(body["digest"].as_str().unwrap().replace(|c: char| c.is_ascii_digit(), "a"));
        let (status, problem) = answer(served.post(&path, &other).bearer_auth(&stage.approver)).await;
        assert_eq!(status, 409, "{problem}");
        let elsewhere = "/v1/plans/0123456789ab/approve";
        assert_eq!(answer(served.post(elsewhere, &body).bearer_auth(&stage.approver)).await.0, 409);
        assert!(!stage.snapshots("web1").contains("alpha"));

        let ended = approved(&served, &stage.approver, &plan, None).await;
        assert_eq!(ended["outcome"], "done", "{ended}");
        assert!(stage.snapshots("web1").contains("alpha"));
        let (status, again) = answer(served.post(&path, &body).bearer_auth(&stage.approver)).await;
        assert_eq!(status, 409, "{again}");

        let (_, done) = answer(served.get("/v1/operations").bearer_auth(&stage.planner)).await;
        let operation = &done["operations"][0];
        assert_eq!((&operation["by"], &operation["outcome"]), (&json!("token approver"), &json!("done")));
        assert_eq!((&operation["undoable"], &operation["running"]), (&json!(true), &json!(false)));

        // The way back is a plan like any other.
        let undo = format!("/v1/operations/{}/undo", operation["id"].as_str().unwrap());
        let (status, back) = answer(served.post(&undo, &json!({})).bearer_auth(&stage.planner)).await;
        assert_eq!(status, 201, "{back}");
        assert!(stage.snapshots("web1").contains("alpha"));
        assert_eq!(approved(&served, &stage.approver, &back, None).await["outcome"], "done");
        assert!(!stage.snapshots("web1").contains("alpha"));
    });
}

#[test]
fn what_destroys_needs_its_name_beside_the_digest() {
    let stage = Stage::new();
    let served = stage.place.serve(&[]);
    runtime().block_on(async {
        let plan = propose(&served, &stage.planner, "kvm_delete", &json!({ "vm": "db1" })).await;
        assert_eq!(plan["plan"]["effect"], "destroy");
        assert!(!plan["plan"]["losses"].as_array().unwrap().is_empty());
        let (path, mut body) = approval(&plan);
        for name in [Value::Null, json!("web1"), json!("DB1"), json!("")] {
            body["name"] = name.clone();
            let (status, problem) = answer(served.post(&path, &body).bearer_auth(&stage.approver)).await;
            assert_eq!(status, 422, "{name}: {problem}");
        }
        assert!(stage.vms().contains("db1"));
        assert_eq!(approved(&served, &stage.approver, &plan, Some("db1")).await["outcome"], "done");
        assert!(!stage.vms().contains("db1"));
    });
}

#[test]
fn a_plan_that_the_host_has_outrun_is_not_carried_out() {
    let stage = Stage::new();
    let served = stage.place.serve(&[]);
    runtime().block_on(async {
        let plan = propose(&served, &stage.planner, "kvm_delete", &json!({ "vm": "db1" })).await;
        // Somebody changes what it would destroy.
        assert!(
            stage
                .place
                .op(&["--yes", "snapshot-create", "--datasets", "tank/vms/db1", "--name", "new"])
                .status
                .success()
        );
        let (path, mut body) = approval(&plan);
        body["name"] = json!("db1");
        let (status, problem) = answer(served.post(&path, &body).bearer_auth(&stage.approver)).await;
        assert_eq!(status, 409, "{problem}");
        assert!(stage.vms().contains("db1"));
    });
}

#[test]
fn an_order_in_words_becomes_a_plan_that_waits() {
    let stage = Stage::new();
    let served = stage.place.serve(&[]);
    runtime().block_on(async {
        let order = json!({ "question": "snapshot web1 as beta" });
        let asked = served.post("/v1/ask", &order).bearer_auth(&stage.planner).header("accept", "text/event-stream");
        let told = events(asked.send().await.unwrap()).await;
        let (_, plan) = told.iter().find(|(name, _)| name == "plan").unwrap();
        assert!(!stage.snapshots("web1").contains("beta"));
        let (_, waiting) = answer(served.get("/v1/plans").bearer_auth(&stage.planner)).await;
        assert_eq!(waiting["plans"][0]["id"], plan["id"]);
        // What is said approves nothing.
        let yes = json!({ "question": "yes, approved, do it now" });
        let _ = answer(served.post("/v1/ask", &yes).bearer_auth(&stage.approver)).await;
        assert!(!stage.snapshots("web1").contains("beta"));
        assert_eq!(approved(&served, &stage.approver, plan, None).await["outcome"], "done");
        assert!(stage.snapshots("web1").contains("beta"));
        let (_, waiting) = answer(served.get("/v1/plans").bearer_auth(&stage.planner)).await;
        assert_eq!(waiting["plans"], json!([]));
        // A look is no plan.
        let (_, seen) =
            answer(served.post("/v1/ask", &json!({ "question": "list the vms" })).bearer_auth(&stage.planner)).await;
        assert!(seen["acted"][0]["result"]["found"].is_array(), "{seen}");
        let (status, found) =
            answer(served.post("/v1/plans", &request("kvm_list", &json!({}))).bearer_auth(&stage.planner)).await;
        assert_eq!((status, found["found"]["rows"].is_array()), (200, true));
    });
}

#[test]
fn a_plan_can_be_declined_and_outlives_a_restart() {
    let stage = Stage::new();
    let served = stage.place.serve(&[]);
    let kept = runtime().block_on(async {
        let snap = json!({ "vm": "web1", "name": "gamma" });
        let plan = propose(&served, &stage.planner, "kvm_snap", &snap).await;
        let path = format!("/v1/plans/{}", plan["id"].as_str().unwrap());
        assert_eq!(answer(served.get(&path).bearer_auth(&stage.planner)).await.1["digest"], plan["digest"]);
        assert_eq!(answer(served.delete(&path).bearer_auth(&stage.planner)).await.0, 204);
        assert_eq!(answer(served.get(&path).bearer_auth(&stage.planner)).await.0, 404);
        // What was declined is not approved any more, whoever still has its digest.
        let (path, body) = approval(&plan);
        assert_eq!(answer(served.post(&path, &body).bearer_auth(&stage.approver)).await.0, 410);
        propose(&served, &stage.planner, "kvm_snap", &json!({ "vm": "web1", "name": "delta" })).await
    });
    served.kill();
    let served = stage.place.serve(&[]);
    runtime().block_on(async {
        assert_eq!(approved(&served, &stage.approver, &kept, None).await["outcome"], "done");
        assert!(stage.snapshots("web1").contains("delta"));
        let path = format!("/v1/operations/{}", kept["id"].as_str().unwrap());
        let (_, shown) = answer(served.get(&path).bearer_auth(&stage.planner)).await;
        assert!(shown["steps"].as_array().unwrap().iter().all(|step| step["state"] == "done"), "{shown}");
    });
    served.kill();
    // What it did is told by the journal when nobody remembers it.
    let served = stage.place.serve(&[]);
    runtime().block_on(async {
        let path = format!("/v1/operations/{}/events", kept["id"].as_str().unwrap());
        let told = events(served.get(&path).bearer_auth(&stage.planner).send().await.unwrap()).await;
        assert_eq!(told.last().unwrap().1["outcome"], "done");
        let stop = format!("/v1/operations/{}/stop", kept["id"].as_str().unwrap());
        assert_eq!(answer(served.post(&stop, &json!({})).bearer_auth(&stage.approver)).await.0, 409);
        assert_eq!(answer(served.get("/v1/operations/ffffffffffff").bearer_auth(&stage.planner)).await.0, 404);
    });
}

#[test]
fn the_host_is_seen_at_a_glance() {
    let stage = Stage::new();
    let served = stage.place.serve(&[]);
    runtime().block_on(async {
        let (status, host) = answer(served.get("/v1/host").bearer_auth(&stage.planner)).await;
        assert_eq!(status, 200);
        let web1 = host["guests"].as_array().unwrap().iter().find(|guest| guest["name"] == "web1").unwrap();
        assert_eq!((&web1["state"], &web1["volumes"][0]), (&json!("running"), &json!("tank/vms/web1")));
        assert_eq!(web1["snapshots"][0]["name"], "before-update");
        let tank = host["pools"].as_array().unwrap().iter().find(|pool| pool["name"] == "tank").unwrap();
        assert_eq!((&tank["health"], &tank["size"]), (&json!("ONLINE"), &json!(4096_u64 << 30)));
        assert_eq!(host["replication"], json!([]));
        let sim = kai_tools::sim::Simulator::open(&stage.place.path("host.json")).unwrap();
        let replicate = |state: &mut kai_tools::sim::State| {
            state.add_pool("cold", 1 << 40);
            state.receive("tank/data@october", "cold/data");
            state.break_off("cold/data");
        };
        sim.change(replicate).unwrap();
        let (_, host) = answer(served.get("/v1/host").bearer_auth(&stage.planner)).await;
        let row = &host["replication"][0];
        assert_eq!(
            (&row["dataset"], &row["direction"], &row["peer"]),
            (&json!("tank/data"), &json!("here"), &json!("cold/data"))
        );
        assert_eq!(
            (&row["state"], &row["waiting"], &row["unfinished"]),
            (&json!("behind"), &json!(1 << 20), &json!(true))
        );
        assert_eq!(row["base"]["name"], "tank/data@october");
        assert!(row["lag"].is_u64() && row["tool"].is_null(), "{row}");
    });
    drop(served);
    let served = stage.place.serve(&["--docs-only"]);
    runtime().block_on(async {
        assert_eq!(answer(served.get("/v1/host").bearer_auth(&stage.planner)).await.0, 404);
    });
}

#[test]
fn an_operation_that_was_cut_off_is_told_as_it_stands_and_can_be_gone_on_with() {
    let stage = Stage::new();
    let served = stage.place.serve(&[]);
    let names: Vec<String> = (1..=40).map(|number| format!("node{number}")).collect();
    let plan = runtime().block_on(async {
        let clones = json!({ "source": "golden", "names": names });
        let plan = propose(&served, &stage.planner, "kvm_clone", &clones).await;
        let (path, body) = approval(&plan);
        let (status, accepted) = answer(served.post(&path, &body).bearer_auth(&stage.approver)).await;
        assert_eq!(status, 202, "{accepted}");
        // Some steps are done, and the rest is still to come.
        let events = served.get(accepted["events"].as_str().unwrap()).bearer_auth(&stage.planner);
        let mut events = events.send().await.unwrap();
        let mut told = String::new();
        while told.matches("\"done\"").count() < 3 {
            told.push_str(&String::from_utf8_lossy(&events.chunk().await.unwrap().unwrap()));
        }
        plan
    });
    served.kill();
    let served = stage.place.serve(&[]);
    let id = plan["id"].as_str().unwrap();
    runtime().block_on(async {
        let path = format!("/v1/operations/{id}");
        let (_, shown) = answer(served.get(&path).bearer_auth(&stage.planner)).await;
        assert_eq!((&shown["running"], &shown["outcome"]), (&json!(false), &Value::Null), "{shown}");
        let states: Vec<&str> =
            shown["steps"].as_array().unwrap().iter().map(|s| s["state"].as_str().unwrap()).collect();
        assert!(states.iter().filter(|state| **state == "done").count() >= 3, "{states:?}");
        assert!(states.contains(&"waiting"), "{states:?}");
        let told =
            events(served.get(&format!("{path}/events")).bearer_auth(&stage.planner).send().await.unwrap()).await;
        let (_, ended) = told.last().unwrap();
        assert_eq!(ended["outcome"], Value::Null);
        assert!(ended["hints"][0].as_str().unwrap().contains("kai op resume"), "{ended}");
        // Approving it again does not begin it again.
        let (path, body) = approval(&plan);
        assert_eq!(answer(served.post(&path, &body).bearer_auth(&stage.approver)).await.0, 409);
    });
    let resumed = stage.place.op(&["--yes", "resume", id]);
    assert!(resumed.status.success(), "{}", String::from_utf8_lossy(&resumed.stderr));
    assert!(names.iter().all(|name| stage.vms().contains(name)));
    runtime().block_on(async {
        let (_, shown) = answer(served.get(&format!("/v1/operations/{id}")).bearer_auth(&stage.planner)).await;
        assert_eq!(shown["outcome"], "done");
    });
}
