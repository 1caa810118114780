//! Who is let in, and what becomes of requests that are none.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use super::{Place, answer, read, runtime};

#[test]
fn without_a_token_there_are_questions_and_search_only() {
    let place = Place::new();
    let ask_only = place.token("reader", "ask");
    let served = place.serve(&[]);
    let request = json!({ "request": { "tool": "kvm_snap", "args": { "vm": "web1" } } });
    let id = "0".repeat(12);
    runtime().block_on(async {
        let closed = [
            ("GET", "/v1/host".to_owned()),
            ("POST", "/v1/plans".to_owned()),
            ("GET", "/v1/plans".to_owned()),
            ("GET", format!("/v1/plans/{id}")),
            ("DELETE", format!("/v1/plans/{id}")),
            ("POST", format!("/v1/plans/{id}/approve")),
            ("GET", "/v1/operations".to_owned()),
            ("GET", format!("/v1/operations/{id}")),
            ("GET", format!("/v1/operations/{id}/events")),
            ("POST", format!("/v1/operations/{id}/stop")),
            ("POST", format!("/v1/operations/{id}/undo")),
            ("POST", "/v1/index".to_owned()),
        ];
        for (method, path) in closed {
            let send = || match method {
                "GET" => served.get(&path),
                "POST" => served.post(&path, &request),
                _ => served.delete(&path),
            };
            let (status, problem) = answer(send()).await;
            assert_eq!(status, 401, "{method} {path}: {problem}");
            let (status, problem) = answer(send().bearer_auth(&ask_only)).await;
            assert_eq!(status, 403, "{method} {path}: {problem}");
            assert!(problem["hints"][0].as_str().unwrap().contains("kai token add"), "{problem}");
        }
        // An order is no plan for somebody who may not see the host.
        let (_, said) = answer(served.post("/v1/ask", &json!({ "question": "delete the vm web1" }))).await;
        assert!(said.get("acted").is_none(), "{said}");
        let (_, me) = answer(served.get("/v1/me")).await;
        assert_eq!((&me["name"], &me["scopes"], &me["host"]), (&Value::Null, &json!(["ask"]), &Value::Null));
    });
}

#[test]
fn tokens_that_are_none_are_refused_and_soon_not_even_looked_at() {
    let place = Place::new();
    let revoked = place.token("old", "ask,plan");
    let good = place.token("new", "ask,plan");
    let served = place.serve(&[]);
    runtime().block_on(async {
        assert_eq!(answer(served.get("/v1/host").bearer_auth(&revoked)).await.0, 200);
        assert!(place.kai(&["token", "revoke", "old"]).status.success());
        assert_eq!(answer(served.get("/v1/host").bearer_auth(&revoked)).await.0, 401);
        // What anybody may do is not done with a token that is none, either.
        assert_eq!(answer(served.get("/v1/search?q=scrub").bearer_auth("kai_1234")).await.0, 401);
        let basic = served.get("/v1/search?q=scrub").basic_auth("kai", Some(&good));
        assert_eq!(answer(basic).await.0, 401);
        let mut last = 0;
        for _ in 0..20 {
            (last, _) = answer(served.get("/v1/host").bearer_auth(format!("kai_{}", "0".repeat(64)))).await;
        }
        assert_eq!(last, 429);
        // Whoever has one is not held up by that.
        assert_eq!(answer(served.get("/v1/host").bearer_auth(&good)).await.0, 200);
    });
    assert!(!read(&place.path("data").join("tokens.json")).contains(&good[4..]));
}

#[test]
fn a_page_of_another_site_does_not_reach_it() {
    let place = Place::new();
    let token = place.token("laptop", "ask,plan");
    let served = place.serve(&["--host-name", "kai.example.org"]);
    runtime().block_on(async {
        let own = served.url.clone();
        for (name, value, expected) in [
            ("host", "evil.example", 403),
            ("host", "localhost.evil.example:8400", 403),
            ("host", "kai.example.org", 200),
            ("host", "localhost:1", 200),
            ("origin", "http://evil.example", 403),
            ("origin", "null", 403),
            ("origin", "http://localhost:1", 403),
            ("origin", own.as_str(), 200),
            ("sec-fetch-site", "cross-site", 403),
        ] {
            for path in ["/v1/search?q=scrub", "/health", "/v1/host", "/v1/models"] {
                let request = served.get(path).header(name, value).bearer_auth(&token);
                assert_eq!(answer(request).await.0, expected, "{name}: {value} {path}");
            }
        }
        // What a form can send is no question.
        let form = served.post_as("/v1/ask", "text/plain", "{\"question\": \"x\"}");
        assert_eq!(answer(form).await.0, 415);
        // What a proxy passes on comes from elsewhere.
        let passed = served.get("/v1/search?q=scrub").header("x-forwarded-for", "192.0.2.1");
        assert_eq!(answer(passed).await.0, 401);
    });
}

#[test]
fn bodies_that_are_none_get_a_clear_answer() {
    let place = Place::new();
    let token = place.token("laptop", "ask,plan,approve");
    let served = place.serve(&[]);
    runtime().block_on(async {
        let raw = |path: &str, body: &str| served.post_as(path, "application/json", body).bearer_auth(&token);
        let tool = |tool: &str, args: Value| json!({ "request": { "tool": tool, "args": args } }).to_string();
        for (path, body, expected) in [
            ("/v1/ask", "{".to_owned(), 400),
            ("/v1/ask", String::new(), 400),
            ("/v1/ask", "[]".to_owned(), 422),
            ("/v1/ask", "{}".to_owned(), 422),
            ("/v1/ask", "{\"question\": 1}".to_owned(), 422),
            ("/v1/ask", " [\"zebra bridge\", null, null, 5]".to_owned(), 422),
            ("/v1/ask", "5".to_owned(), 422),
            ("/v1/search", "[\"zebra bridge\"]".to_owned(), 422),
            ("/v1/ask", "{\"question\": \" \"}".to_owned(), 422),
            ("/v1/ask", "{\"question\": \"x\", \"approve\": true}".to_owned(), 422),
            ("/v1/ask", "{\"question\": \"x\", \"passages\": 0}".to_owned(), 422),
            ("/v1/ask", "{\"question\": \"x\", \"session\": \"s-1\"}".to_owned(), 404),
            ("/v1/ask", "\u{feff}{\"question\": \"x\"}".to_owned(), 400),
            ("/v1/ask", "[".repeat(100_000), 422),
            ("/v1/ask", format!("{{\"question\": \"{}\"}}", "a".repeat(65_537)), 422),
            ("/v1/ask", format!("{{\"question\": \"{}\"}}", "a".repeat(300_000)), 413),
            ("/v1/plans", tool("kvm_snap", json!({ "vm": "-rf" })), 422),
            ("/v1/plans", tool("kvm_snap", json!({ "vm": "web1", "force": true })), 422),
            ("/v1/plans", tool("sh", json!({ "command": "id" })), 422),
            ("/v1/plans", tool("kvm_snap", json!({ "vm": "nowhere" })), 422),
            ("/v1/plans/0123456789ab/approve", json!({ "digest": "0".repeat(64) }).to_string(), 410),
            ("/v1/plans/0123456789ab/approve", json!({ "digest": "../../etc/passwd" }).to_string(), 422),
        ] {
            let (status, problem) = answer(raw(path, &body)).await;
            let shown: String = body.chars().take(80).collect();
            assert_eq!(status, expected, "{path} {shown}: {problem}");
            assert_eq!(problem["status"], expected, "{path} {shown}");
        }
        let admin = place.token("indexer", "admin");
        let listed = served.post_as("/v1/index", "application/json", "[]").bearer_auth(&admin);
        assert_eq!(answer(listed).await.0, 422, "a list is not an empty body");
        // Who has a token is told that it is not for this.
        let (status, problem) = answer(raw("/index", "{\"source_dir\": \"/srv\"}")).await;
        assert_eq!((status, problem["error"].is_string()), (403, true), "{problem}");
    });
}

#[test]
fn what_is_wrong_is_said_without_names_of_types() {
    let place = Place::new();
    let served = place.serve(&[]);
    runtime().block_on(async {
        let ask = |body: Value| served.post("/v1/ask", &body);
        let told = [
            (ask(json!({ "question": "x", "passages": "five" })), "expected a whole number"),
            (ask(json!({ "question": 5 })), "expected text, got 5"),
            (ask(json!("x")), "expected an object"),
            (ask(json!(["x"])), "has to be an object"),
            (served.get("/v1/search?q=x&limit=many"), "expected a whole number"),
            (served.get("/v1/search?q=x&limit=-1"), "expected a whole number"),
        ];
        for (request, expected) in told {
            let (_, problem) = answer(request).await;
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.contains(expected), "{detail}");
            for word in ["usize", "struct", "Question", "sequence", "digit"] {
                assert!(!detail.contains(word), "{word}: {detail}");
            }
        }
    });
}

#[test]
fn requests_that_are_slow_or_no_http_hold_up_nobody() {
    let place = Place::new();
    let served = place.serve(&[]);
    let at = served.url.strip_prefix("http://").unwrap().to_owned();
    let mut idle: Vec<TcpStream> = (0..50).map(|_| TcpStream::connect(&at).unwrap()).collect();
    for stream in &mut idle {
        stream.write_all(b"POST /v1/ask HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n").unwrap();
    }
    let mut other = TcpStream::connect(&at).unwrap();
    other.write_all(b"\x16\x03\x01 no http\r\n\r\n").unwrap();
    let mut said = String::new();
    let _ = other.read_to_string(&mut said);
    assert!(said.is_empty() || said.starts_with("HTTP/1.1 400"), "{said}");
    // Half of it is closed, and the answer comes all the same.
    let mut half = TcpStream::connect(&at).unwrap();
    let body = r#"{"question": "how do I scrub a pool?"}"#;
    let head = format!(
        "POST /v1/ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    half.write_all(format!("{head}{body}").as_bytes()).unwrap();
    half.shutdown(std::net::Shutdown::Write).unwrap();
    let mut said = String::new();
    half.read_to_string(&mut said).unwrap();
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
    runtime().block_on(async {
        assert_eq!(answer(served.get("/v1/search?q=scrub")).await.0, 200);
    });
    assert!(served.stop().success(), "idle connections do not keep it from stopping");
}

#[test]
fn every_response_says_what_a_browser_may_do_with_it() {
    let place = Place::new();
    let served = place.serve(&[]);
    runtime().block_on(async {
        for path in ["/v1/search?q=scrub", "/v1/nothing", "/livez"] {
            let response = served.get(path).send().await.unwrap();
            let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
            assert_eq!(header("x-content-type-options"), "nosniff");
            assert_eq!(header("cache-control"), "no-store");
            assert!(header("content-security-policy").starts_with("default-src 'none'"));
            assert_eq!(header("x-request-id").len(), 16);
        }
        let (_, metrics) = answer(served.get("/metrics")).await;
        let metrics = metrics.as_str().unwrap().to_owned();
        assert!(
            metrics.contains("kai_http_requests_total{method=\"GET\",route=\"/v1/search\",status=\"200\"} 1"),
            "{metrics}"
        );
        let (_, document) = answer(served.get("/v1/openapi.json")).await;
        assert_eq!(document["openapi"], "3.1.0");
        let approve = &document["paths"]["/v1/plans/{id}/approve"]["post"];
        assert_eq!(approve["security"][0]["token"], json!(["approve"]));
        assert!(document["components"]["schemas"]["Request"].is_object());
    });
}

#[test]
fn what_is_decided_by_is_said_once() {
    let place = Place::new();
    let served = place.serve(&[]);
    let at = served.url.strip_prefix("http://").unwrap();
    for twice in ["Host: evil.example", "Origin: http://localhost\r\nOrigin: http://evil.example"] {
        let mut stream = TcpStream::connect(at).unwrap();
        let head =
            format!("GET /v1/search?q=scrub HTTP/1.1\r\nHost: localhost\r\n{twice}\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).unwrap();
        assert!(said.starts_with("HTTP/1.1 400"), "{twice}: {said}");
    }
}

#[test]
fn whoever_may_not_see_the_host_is_told_so_and_not_that_nothing_is_there() {
    let place = Place::new();
    let served = place.serve(&[]);
    let docs = place.serve(&["--docs-only"]);
    runtime().block_on(async {
        for (order, service) in [("stop the vm web1", &served), ("scrub tank", &served), ("stop the vm web1", &docs)] {
            let (_, told) = answer(service.post("/v1/ask", &json!({ "question": order }))).await;
            let refused = told["refused"]["message"].as_str().unwrap_or_default();
            assert!(refused.starts_with("nothing was done"), "{order}: {told}");
        }
        let (_, told) = answer(served.post("/v1/ask", &json!({ "question": "which vms are there?" }))).await;
        assert!(told["text"].is_string() && told["notes"].to_string().contains("scope plan"), "{told}");
    });
}

#[test]
fn the_kernels_own_files_are_no_documents() {
    let place = Place::new();
    let token = place.token("indexer", "admin");
    let served = place.serve(&[]);
    runtime().block_on(async {
        for folder in ["/proc/self", "/sys", ".", "https://example.org/", "/no/such/folder"] {
            let asked = json!({ "source_dir": folder });
            assert_eq!(answer(served.post("/v1/index", &asked).bearer_auth(&token)).await.0, 422, "{folder}");
            assert_eq!(answer(served.post("/index", &asked).bearer_auth(&token)).await.0, 400, "{folder}");
        }
    });
}

/// Where a model server is and what the host's programs printed is for whoever keeps the machine.
#[test]
fn callers_are_told_what_does_not_work_and_the_log_why() {
    const SERVER: &str = "127.0.0.1:1";
    let place = Place::new();
    let token = place.token("ops", "ask,plan");
    let served = place.serve_with(&["--engine", "ollama", "--model", "some"], &[("OLLAMA_HOST", SERVER)]);
    let host = place.path("host.json");
    runtime().block_on(async {
        let question = json!({ "question": "how do I hold a snapshot?" });
        let (_, whole) = answer(served.post("/v1/ask", &question)).await;
        assert_eq!(whole["fallback"]["reason"], "the model gave no complete answer", "{whole}");
        let told = served.post("/v1/ask", &question).header("accept", "text/event-stream").send().await.unwrap();
        let told = told.text().await.unwrap();
        assert!(told.contains("event: fallback"), "{told}");

        std::fs::write(&host, "this is no host").unwrap();
        let order = json!({ "question": "take a snapshot of web1" });
        let (_, refused) = answer(served.post("/v1/ask", &order).bearer_auth(&token)).await;
        assert_eq!(refused["refused"]["message"], "the host cannot be asked", "{refused}");
        for said in [whole.to_string(), told, refused.to_string()] {
            assert!(!said.contains(SERVER) && !said.contains("host.json"), "{said}");
        }
    });
}
