//! Questions, search, pages, conversations, kldload's interface, the index.

use serde_json::json;

use super::{Place, answer, events, runtime};

#[test]
fn a_question_is_answered_with_its_sources_as_events_and_as_one_object() {
    let place = Place::new();
    let served = place.serve(&[]);
    runtime().block_on(async {
        let question = json!({ "question": "how do I hold a snapshot so that it cannot be destroyed?" });
        let (status, whole) = answer(served.post("/v1/ask", &question)).await;
        assert_eq!(status, 200);
        assert!(whole["text"].as_str().unwrap().contains("zfs hold"), "{whole}");
        assert_eq!(whole["citations"][0]["page"], "hold.md");

        let asked = served.post("/v1/ask", &question).header("accept", "text/event-stream");
        let told = events(asked.send().await.unwrap()).await;
        let names: Vec<&str> = told.iter().map(|(name, _)| name.as_str()).collect();
        for name in ["working", "passages", "engine", "citation", "token", "done"] {
            assert!(names.contains(&name), "{name}: {names:?}");
        }
        let text: String =
            told.iter().filter(|(name, _)| name == "token").map(|(_, d)| d["text"].as_str().unwrap()).collect();
        let (last, done) = told.last().unwrap();
        assert_eq!((last.as_str(), done["text"].as_str().unwrap()), ("done", text.as_str()));
        let (name, _) = told.iter().find(|(name, _)| name == "citation" || name == "token").unwrap();
        assert_eq!(name, "citation", "a source comes before the text that cites it");
    });
}

#[test]
fn search_and_pages_are_there_and_say_what_is_wrong_with_a_query() {
    let place = Place::new();
    let served = place.serve(&[]);
    runtime().block_on(async {
        let (status, found) = answer(served.get("/v1/search?q=verify+checksums&limit=1")).await;
        assert_eq!((status, &found["hits"][0]["page"]), (200, &json!("scrub.md")));
        let (_, same) = answer(served.post("/v1/search", &json!({ "q": "verify checksums", "limit": 1 }))).await;
        assert_eq!(same["hits"], found["hits"]);
        let (status, page) = answer(served.get("/v1/page?page=hold.md")).await;
        assert_eq!(status, 200);
        assert!(page["passages"][0]["text"].as_str().unwrap().contains("EBUSY"));
        let (status, page) = answer(served.get("/v1/page?page=scrub.md&heading=Scrubbing+a+pool")).await;
        assert_eq!(status, 200, "{page}");
        assert_eq!(answer(served.get("/v1/page?page=scrub.md&heading=Holding")).await.0, 404);
        for (path, expected) in [
            ("/v1/page?page=nowhere", 404),
            ("/v1/search", 422),
            ("/v1/search?q=", 422),
            ("/v1/search?q=x&limit=0", 422),
            ("/v1/search?q=x&limit=a", 422),
            ("/v1/search?q=x&more=1", 422),
            ("/v1/search?q=x&source=none", 422),
            ("/v1/nothing", 404),
            ("/nothing", 404),
        ] {
            let (status, problem) = answer(served.get(path)).await;
            assert_eq!((status, &problem["status"]), (expected, &json!(expected)), "{path}: {problem}");
            assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{path}");
            assert!(problem["request_id"].is_string(), "{path}");
        }
        let (status, _) = answer(served.delete("/v1/search")).await;
        assert_eq!(status, 405);
    });
}

#[test]
fn what_was_said_before_is_understood_in_a_conversation_and_nowhere_else() {
    let place = Place::new();
    let token = place.token("laptop", "ask,plan");
    let served = place.serve(&[]);
    runtime().block_on(async {
        let (status, begun) = answer(served.post("/v1/sessions", &json!({})).bearer_auth(&token)).await;
        assert_eq!(status, 201);
        let id = begun["id"].as_str().unwrap();
        let say = |text: &str| served.post("/v1/ask", &json!({ "question": text, "session": id })).bearer_auth(&token);
        let (_, first) = answer(say("snapshot web1 as alpha")).await;
        assert_eq!(first["acted"][0]["request"]["args"]["vm"], "web1");
        let (_, second) = answer(say("start it")).await;
        assert_eq!(second["acted"][0]["request"]["args"]["vm"], "web1", "{second}");
        let (_, apart) = answer(served.post("/v1/ask", &json!({ "question": "start it" })).bearer_auth(&token)).await;
        assert!(apart["asked"].is_object(), "{apart}");

        let (_, listed) = answer(served.get("/v1/sessions").bearer_auth(&token)).await;
        assert_eq!((&listed["sessions"][0]["id"], &listed["sessions"][0]["turns"]), (&json!(id), &json!(2)));
        let path = format!("/v1/sessions/{id}");
        let (_, shown) = answer(served.get(&path).bearer_auth(&token)).await;
        assert_eq!(shown["entries"][0]["text"], "snapshot web1 as alpha");
        // Neither does a new token of the same name.
        assert!(place.kai(&["token", "revoke", "laptop"]).status.success());
        let another = place.token("laptop", "ask,plan");
        assert_eq!(answer(served.get(&path).bearer_auth(&another)).await.0, 404);
        let (_, listed) = answer(served.get("/v1/sessions").bearer_auth(&another)).await;
        assert_eq!(listed["sessions"], json!([]));
    });
}

#[test]
fn a_conversation_is_of_whoever_began_it() {
    let place = Place::new();
    let token = place.token("laptop", "ask,plan");
    let served = place.serve(&[]);
    runtime().block_on(async {
        let (_, begun) = answer(served.post("/v1/sessions", &json!({})).bearer_auth(&token)).await;
        let path = format!("/v1/sessions/{}", begun["id"].as_str().unwrap());
        assert_eq!(answer(served.get(&path)).await.0, 404);
        assert_eq!(answer(served.delete(&path)).await.0, 404);
        assert_eq!(answer(served.delete(&path).bearer_auth(&token)).await.0, 204);
        assert_eq!(answer(served.get(&path).bearer_auth(&token)).await.0, 404);
    });
}

#[test]
fn kldloads_programs_work_as_they_are() {
    let place = Place::new();
    let served = place.serve(&[]);
    runtime().block_on(async {
        let (status, health) = answer(served.get("/health")).await;
        assert_eq!((status, &health["status"]), (200, &json!("ok")));
        assert_eq!(health["ollama"], false);
        assert!(health["chunks"].as_u64().is_some_and(|chunks| chunks > 0));
        let body = json!({ "question": "how do I scrub a pool?", "system_context": "pool tank is healthy" });
        let asked = served.post("/query", &body).send().await.unwrap();
        assert_eq!(asked.headers()["content-type"], "text/plain; charset=utf-8");
        let text = asked.text().await.unwrap();
        assert!(text.contains("zpool scrub") && text.contains("scrub.md"), "{text}");
        // curl sends this type when nothing is said.
        let plain = served.post_as("/query", "application/x-www-form-urlencoded", "{\"question\": \" \"}");
        let (status, error) = answer(plain).await;
        assert_eq!((status, error["error"].is_string()), (400, true));
        assert_eq!(answer(served.post_as("/query", "application/json", "{")).await.0, 400);
        // What is null is as if it were not there.
        let null = served.post("/query", &json!({ "question": "how do I scrub a pool?", "system_context": null }));
        assert_eq!(answer(null).await.0, 200);
        let null = served.post("/query", &json!({ "question": null, "system_context": null }));
        assert_eq!(answer(null).await.0, 400);
        // An order is answered, and nothing is planned.
        let (_, order) = answer(served.post("/query", &json!({ "question": "delete the vm web1" }))).await;
        assert!(order.as_str().is_some());
    });
    let waiting = place.op(&["history"]);
    assert!(waiting.stdout.is_empty());
}

#[test]
fn kldloads_commands_are_names_of_ours() {
    let place = Place::empty();
    std::fs::create_dir(place.pages()).unwrap();
    std::fs::write(place.pages().join("arc.md"), "# The ARC\n\nThe zfs_arc_max parameter bounds the cache.\n").unwrap();
    let link = |name: &str| {
        let link = place.path(name);
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_kai"), &link).unwrap();
        link
    };
    let done = place.program(&link("kai-index"), &["--words-only", place.pages().to_str().unwrap()]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let said = place.program(&link("kai-rag"), &["what", "bounds", "the", "cache?"]);
    assert!(String::from_utf8(said.stdout).unwrap().contains("zfs_arc_max"));
}

#[test]
fn indexing_is_for_those_who_may_and_is_served_at_once() {
    let place = Place::new();
    let token = place.token("robot", "ask,admin");
    let more = place.path("more");
    std::fs::create_dir(&more).unwrap();
    std::fs::write(more.join("arc.md"), "# The ARC\n\nThe zfs_arc_max parameter bounds the cache.\n").unwrap();
    let folder = json!({ "source_dir": more });
    let served = place.serve(&[]);
    runtime().block_on(async {
        for path in ["/v1/index", "/index"] {
            let (status, refused) = answer(served.post(path, &folder)).await;
            assert_eq!(status, 401, "{refused}");
        }
        let (status, _) =
            answer(served.post("/v1/index", &json!({ "urls": ["/etc/passwd"] })).bearer_auth(&token)).await;
        assert_eq!(status, 422);
        let (status, done) = answer(served.post("/index", &folder).bearer_auth(&token)).await;
        assert_eq!((status, &done["status"], &done["pages"]), (200, &json!("ok"), &json!(1)), "{done}");
        assert!(done["chunks"].as_u64().is_some_and(|chunks| chunks > 0), "{done}");
        let (_, found) = answer(served.get("/v1/search?q=zfs_arc_max")).await;
        assert_eq!(found["hits"][0]["page"], "arc.md");
        let (_, index) = answer(served.get("/v1/index")).await;
        assert_eq!((&index["run"]["state"], &index["pages"]), (&json!("done"), &json!(3)), "{index}");
    });
    drop(served);
    // Whoever starts the service may open it to programs without a token.
    let opened = place.serve(&["--open-index"]);
    runtime().block_on(async {
        assert_eq!(answer(opened.post("/index", &folder)).await.0, 200);
        assert_eq!(answer(opened.post("/index", &json!({ "source_dir": "/nowhere" }))).await.0, 400);
        assert_eq!(answer(opened.post("/v1/index", &folder)).await.0, 401);
    });
}

#[test]
fn an_index_that_is_made_while_it_runs_is_found() {
    let place = Place::empty();
    let served = place.serve(&["--docs-only"]);
    runtime().block_on(async {
        assert_eq!(answer(served.get("/livez")).await.0, 200);
        assert_eq!(answer(served.get("/readyz")).await.0, 503);
        let (status, problem) = answer(served.get("/v1/search?q=x")).await;
        assert_eq!(status, 503);
        assert!(problem["hints"][0].as_str().unwrap().contains("kai corpus sync"));
        let (_, said) = answer(served.post("/v1/ask", &json!({ "question": "what is a scrub?" }))).await;
        assert!(said["refused"]["message"].as_str().unwrap().contains("no index"), "{said}");
        std::fs::create_dir(place.pages()).unwrap();
        std::fs::write(place.pages().join("a.md"), "# A page\n\nabout unicorns\n").unwrap();
        assert!(place.kai(&["index", "--words-only", place.pages().to_str().unwrap()]).status.success());
        let mut status = 0;
        for _ in 0..100 {
            (status, _) = answer(served.get("/v1/search?q=unicorns")).await;
            if status == 200 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        assert_eq!(status, 200);
        assert_eq!(answer(served.get("/readyz")).await.0, 200);
    });
}
