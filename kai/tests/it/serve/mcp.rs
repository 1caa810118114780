//! The Model Context Protocol, over HTTP and over standard input and output.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use serde_json::{Value, json};

use super::{Place, Served, answer, runtime};

fn call(id: u64, method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

fn initialize() -> Value {
    let client = json!({ "name": "test", "version": "1" });
    call(1, "initialize", &json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client }))
}

async fn post(served: &Served, token: Option<&str>, body: &Value) -> (u16, Value) {
    let request = served.post("/mcp", body).header("accept", "application/json, text/event-stream");
    answer(match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    })
    .await
}

fn names(listed: &Value) -> Vec<String> {
    let tools = listed["result"]["tools"].as_array().unwrap();
    tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn documents_are_for_all_the_host_for_those_who_may_and_approval_for_nobody() {
    let place = Place::new();
    let token = place.token("agent", "ask,plan,approve,admin");
    let served = place.serve(&[]);
    runtime().block_on(async {
        let (status, begun) = post(&served, None, &initialize()).await;
        assert_eq!((status, &begun["result"]["serverInfo"]["name"]), (200, &json!("kai")), "{begun}");
        let (_, listed) = post(&served, None, &call(2, "tools/list", &json!({}))).await;
        assert_eq!(names(&listed), ["docs_search", "docs_read"]);
        let (_, listed) = post(&served, Some(&token), &call(3, "tools/list", &json!({}))).await;
        let offered = names(&listed);
        for name in ["docs_search", "kvm_list", "pool_status", "propose_kvm_snap", "propose_kvm_delete"] {
            assert!(offered.iter().any(|offered| offered == name), "{name}: {offered:?}");
        }
        assert!(offered.iter().all(|name| !name.contains("approve") && !name.contains("apply")), "{offered:?}");

        let look = json!({ "name": "docs_search", "arguments": { "query": "hold a snapshot" } });
        let (_, found) = post(&served, None, &call(4, "tools/call", &look)).await;
        assert!(found["result"]["content"][0]["text"].as_str().unwrap().contains("zfs hold"), "{found}");
        let list = json!({ "name": "kvm_list", "arguments": {} });
        let (_, refused) = post(&served, None, &call(5, "tools/call", &list)).await;
        assert!(refused["error"].is_object(), "{refused}");
        let (_, seen) = post(&served, Some(&token), &call(6, "tools/call", &list)).await;
        assert!(seen["result"]["content"][0]["text"].as_str().unwrap().contains("web1"), "{seen}");

        let delete = json!({ "name": "propose_kvm_delete", "arguments": { "vm": "db1" } });
        let (_, plan) = post(&served, Some(&token), &call(7, "tools/call", &delete)).await;
        let text = plan["result"]["content"][0]["text"].as_str().unwrap().to_owned();
        assert!(text.contains("Nothing has been done") && text.contains("tank/vms/db1"), "{text}");
        let (_, waiting) = answer(served.get("/v1/plans").bearer_auth(&token)).await;
        let digest = waiting["plans"][0]["digest"].as_str().unwrap();
        assert!(!text.contains(digest), "what would approve it is not told");

        let bad = json!({ "name": "propose_kvm_snap", "arguments": { "vm": "-rf" } });
        assert!(post(&served, Some(&token), &call(8, "tools/call", &bad)).await.1["error"].is_object());
        let gone = json!({ "name": "propose_kvm_snap", "arguments": { "vm": "nowhere" } });
        let (_, gone) = post(&served, Some(&token), &call(9, "tools/call", &gone)).await;
        assert_eq!(gone["result"]["isError"], true, "{gone}");
    });
    assert!(String::from_utf8(place.op(&["kvm-list"]).stdout).unwrap().contains("db1"));
}

#[test]
fn what_cannot_be_read_or_looked_for_is_refused_in_the_protocols_own_words() {
    let place = Place::new();
    let served = place.serve(&[]);
    runtime().block_on(async {
        let accept = "application/json, text/event-stream";
        for (body, code) in [("{\"jsonrpc\": \"2.0\",", -32700), ("", -32700), ("[]", -32600), ("{\"id\": 1}", -32600)]
        {
            let (status, told) =
                answer(served.post_as("/mcp", "application/json", body).header("accept", accept)).await;
            assert_eq!((status, &told["error"]["code"]), (400, &json!(code)), "{body}: {told}");
            assert_eq!((&told["jsonrpc"], told.get("id")), (&json!("2.0"), Some(&Value::Null)), "{body}: {told}");
        }
        for arguments in [
            json!({ "query": "hold", "limit": 0 }),
            json!({ "query": "hold", "limit": 201 }),
            json!({ "query": "hold", "limit": "many" }),
            json!({ "query": " " }),
            json!({ "query": "x".repeat(5000) }),
        ] {
            let look = json!({ "name": "docs_search", "arguments": arguments });
            let (_, told) = post(&served, None, &call(1, "tools/call", &look)).await;
            assert_eq!(told["error"]["code"], -32602, "{arguments}: {told}");
            assert!(!told.to_string().contains("u16"), "{told}");
        }
        let (_, listed) = post(&served, None, &call(2, "tools/list", &json!({}))).await;
        let schema = &listed["result"]["tools"][0]["inputSchema"]["properties"];
        assert_eq!((&schema["limit"]["minimum"], &schema["limit"]["maximum"]), (&json!(1), &json!(200)), "{schema}");
        assert_eq!(schema["query"]["minLength"], 1, "{schema}");
    });
}

#[test]
fn another_assistant_starts_it_and_a_person_approves_what_it_proposed() {
    let place = Place::empty();
    let sim = place.path("host.json");
    let mut command = place.command(&["mcp", "--sim", sim.to_str().unwrap()]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut to = child.stdin.take().unwrap();
    let mut from = BufReader::new(child.stdout.take().unwrap());
    let mut ask = |message: &Value, replied: bool| -> Value {
        writeln!(to, "{message}").unwrap();
        let mut line = String::new();
        if replied {
            from.read_line(&mut line).unwrap();
        }
        serde_json::from_str(&line).unwrap_or_default()
    };
    assert_eq!(ask(&initialize(), true)["result"]["serverInfo"]["name"], "kai");
    ask(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }), false);
    let snap = json!({ "name": "propose_kvm_snap", "arguments": { "vm": "web1", "name": "omega" } });
    let proposed = ask(&call(2, "tools/call", &snap), true);
    let text = proposed["result"]["content"][0]["text"].as_str().unwrap().to_owned();
    let id = text.split("kai op apply ").nth(1).unwrap().split('`').next().unwrap().to_owned();
    drop(to);
    assert!(child.wait().unwrap().success());

    let snapshots = || String::from_utf8(place.op(&["snapshot-list", "--dataset", "tank/vms/web1"]).stdout).unwrap();
    // Nobody is at a terminal: the plan's id alone is no yes.
    assert_eq!(place.op(&["apply", &id]).status.code(), Some(4));
    assert!(!snapshots().contains("omega"));
    assert!(place.op(&["--yes", "apply", &id]).status.success());
    assert!(snapshots().contains("omega"));
}
