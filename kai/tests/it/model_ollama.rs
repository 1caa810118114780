//! Ollama over a stand-in: what is sent, what only this protocol has, and fetching models.

use std::time::Duration;

use kai::model::{
    Conversation, Message, Model, ModelError, Ready, ToolCall,
    ollama::{
        Ollama, Settings,
        pull::{Progress, PullEvent},
    },
};
use serde_json::{Value, json};

use crate::support::{
    ollama::{call, calls, chunked, done, error, line, message, show, status, tags, thinking},
    server::{Script, Server, Step, cut_everywhere},
    stand::{MODEL, chat, ollama_settings, question, ready},
};

fn client(server: &Server) -> Ollama {
    Ollama::new(ollama_settings(&server.url)).expect("a client")
}

async fn with(chats: Vec<Script>) -> (Server, Ollama) {
    let server = Server::with_model(MODEL, &["completion", "tools"], chats).await;
    let ollama = client(&server);
    (server, ollama)
}

#[tokio::test]
async fn calls_and_results_are_sent_as_ollama_wants_them() {
    let mut conversation = question();
    let arguments = json!({"image": "golden", "count": 2});
    conversation.turns.extend([
        Message::Assistant {
            text: "I do both.".into(),
            calls: vec![
                ToolCall { id: Some("call_7".into()), name: "kvm_clone".into(), arguments: arguments.clone() },
                ToolCall { id: None, name: "kvm_list".into(), arguments: Value::Null },
            ],
        },
        Message::ToolResult { id: Some("call_7".into()), tool: "kvm_clone".into(), content: "done".into() },
        Message::ToolResult { id: None, tool: "kvm_list".into(), content: "web01".into() },
    ]);
    let (server, ollama) = with(vec![chunked(&(line("Yes.") + &done("stop")), 9)]).await;
    chat(&ollama, &ready(), &conversation).await.result.expect("complete");
    let sent = &server.seen("/api/chat")[0];
    assert_eq!(
        sent["messages"],
        json!([
            {"role": "system", "content": "Rules."},
            {"role": "user", "content": "Clone golden."},
            {"role": "assistant", "content": "I do both.", "tool_calls": [
                {"id": "call_7", "function": {"index": 0, "name": "kvm_clone", "arguments": arguments}},
                {"function": {"index": 1, "name": "kvm_list", "arguments": {}}},
            ]},
            {"role": "tool", "tool_name": "kvm_clone", "tool_call_id": "call_7", "content": "done"},
            {"role": "tool", "tool_name": "kvm_list", "content": "web01"},
        ])
    );
    assert_eq!((&sent["truncate"], &sent["shift"], &sent["stream"]), (&json!(false), &json!(false), &json!(true)));
    assert_eq!((&sent["options"]["num_ctx"], &sent["options"]["num_predict"]), (&json!(8192), &json!(1024)));
    assert!(sent.get("think").is_none() && sent.get("format").is_none());
}

#[tokio::test]
async fn the_context_stays_the_same_whatever_is_tried() {
    let malformed = status(500, &error("error parsing tool call: raw='{'"));
    let no_tools = status(400, &error("tiny does not support tools"));
    let no_thinking = status(400, &error("tiny does not support thinking"));
    let busy = status(503, &error("server busy"));
    let good = chunked(&(line("Yes.") + &done("stop")), 99);
    let (server, ollama) = with(vec![no_thinking, malformed, busy, no_tools, good]).await;
    let ready = Ready { can_think: true, ..ready() };
    let outcome = chat(&ollama, &ready, &question()).await;
    assert!(outcome.result.expect("complete").without_tools);
    let sent = server.seen("/api/chat");
    assert_eq!(sent.len(), 5);
    assert_eq!(sent[0]["think"], false);
    assert!(sent[1..].iter().all(|body| body.get("think").is_none()));
    assert!(sent[..4].iter().all(|body| body.get("tools").is_some()) && sent[4].get("tools").is_none());
    for body in &sent {
        assert_eq!(body["options"]["num_ctx"], 8192, "another value would load the model again");
    }
    assert_ne!(sent[1]["options"]["temperature"], sent[2]["options"]["temperature"], "other words are wanted");
}

#[tokio::test]
async fn calls_come_in_any_line_the_last_one_too() {
    let list = || call("kvm_list", &json!({}));
    let clone = || call("kvm_clone", &json!({"image": "golden"}));
    let last = |calls: Value| message(json!({"content": "", "tool_calls": calls}), true);
    for (answer, expected) in [
        (calls(&[list(), clone()]) + &done("stop"), vec!["kvm_list", "kvm_clone"]),
        (last(json!([list(), clone()])), vec!["kvm_list", "kvm_clone"]),
        (
            calls(&[list()]) + &thinking("hm") + &calls(&[clone()]) + &last(json!([list()])),
            vec!["kvm_list", "kvm_clone", "kvm_list"],
        ),
        (last(json!([{"id": "a1", "function": {"name": "kvm_list"}}])), vec!["kvm_list"]),
        (last(json!([{"function": {"name": "kvm_list", "arguments": "{}"}}])), vec!["kvm_list"]),
    ] {
        for size in [1, 7, 10_000] {
            let (_server, ollama) = with(vec![chunked(&answer, size)]).await;
            let finished = chat(&ollama, &ready(), &question()).await.result.expect("complete");
            let names: Vec<&str> = finished.calls.iter().map(|call| call.name.as_str()).collect();
            assert_eq!(names, expected, "{answer}");
            assert!(finished.calls.iter().all(|call| call.arguments.is_object()));
        }
    }
    let (_server, ollama) = with(vec![chunked(&calls(&[call("kvm_list", &json!([1]))]), 99)]).await;
    // The stream ends without its mark; a call in it is not handed out.
    assert!(matches!(chat(&ollama, &ready(), &question()).await.result, Err(ModelError::CutOff { .. })));
    let bad = calls(&[call("kvm_list", &json!([1]))]) + &done("stop");
    let (server, ollama) = with(vec![chunked(&bad, 99)]).await;
    let error = chat(&ollama, &ready(), &question()).await.result.expect_err("no object");
    assert!(matches!(&error, ModelError::MalformedCall { message, .. } if message.contains("kvm_list")), "{error}");
    assert_eq!(server.seen("/api/chat").len(), 2);
}

#[tokio::test]
async fn what_a_model_can_is_asked_first() {
    for (capabilities, can_think, can_call_tools) in [
        (vec!["completion"], false, false),
        (vec!["completion", "tools"], false, true),
        (vec!["completion", "tools", "thinking"], true, true),
        // Servers before capabilities were introduced.
        (vec![], false, true),
    ] {
        let server = Server::with_model(MODEL, &capabilities, Vec::new()).await;
        let found = client(&server).prepare(&mut |_| {}).await.expect("the model is there");
        assert_eq!(found, Ready { can_think, can_call_tools, ..ready() }, "{capabilities:?}");
        assert!(server.seen("/api/chat").is_empty());
    }
    // The model's own context is shorter than what was configured.
    let small =
        status(200, &json!({"capabilities": ["completion"], "model_info": {"llama.context_length": 2048}}).to_string());
    let server = Server::start(vec![("/api/tags", vec![tags(&[MODEL])]), ("/api/show", vec![small])]).await;
    let found = client(&server).prepare(&mut |_| {}).await.expect("the model is there");
    assert_eq!((found.context_tokens, found.answer_tokens), (2048, 1024));
    // A model that does something else.
    let server = Server::start(vec![("/api/show", vec![show(&["embedding"])])]).await;
    let settings = Settings { model: Some("minilm".into()), ..ollama_settings(&server.url) };
    let error = Ollama::new(settings).expect("a client").prepare(&mut |_| {}).await.expect_err("no chat model");
    assert!(error.to_string().contains("it does embedding"), "{error}");
}

#[tokio::test]
async fn xml_that_the_server_could_not_read_is_a_malformed_call() {
    let broken = error("XML syntax error on line 35: element <parameter> closed by </function>");
    let good = calls(&[call("kvm_list", &json!({}))]) + &done("stop");
    let (server, ollama) = with(vec![chunked(&broken, 9), chunked(&good, 9)]).await;
    assert_eq!(chat(&ollama, &ready(), &question()).await.result.expect("complete").calls.len(), 1);
    assert_eq!(server.seen("/api/chat").len(), 2);
}

#[tokio::test]
async fn a_password_in_the_address_is_sent_and_not_shown() {
    let server = Server::start(vec![("/api/tags", vec![status(500, &error("no"))])]).await;
    let url = server.url.replace("http://", "http://me:hunter2@");
    let ollama = Ollama::new(ollama_settings(&url)).expect("a client");
    let failure = ollama.installed(&mut |_| {}).await.expect_err("500");
    assert!(!format!("{failure} {failure:?}").contains("hunter2"), "{failure:?}");
    assert!(server.requests("/api/tags")[0].head.to_lowercase().contains("authorization: basic"));
}

async fn pull(script: Script) -> (Result<(), ModelError>, Vec<PullEvent>, Server) {
    let silent = matches!(script.last(), Some(Step::Hang));
    let server = Server::start(vec![("/api/pull", vec![script])]).await;
    let idle = Duration::from_millis(if silent { 300 } else { 30_000 });
    let mut settings = ollama_settings(&server.url);
    settings.timing.idle = idle;
    let ollama = Ollama::new(settings).expect("a client");
    let mut events = Vec::new();
    let result = ollama.pull("qwen3:4b", &mut |event| events.push(event)).await;
    (result, events, server)
}

const PULLED: &str = "{\"status\":\"pulling manifest\"}\n\
    {\"status\":\"pulling 96c4\",\"digest\":\"sha256:96c4\",\"total\":2000}\n\
    {\"status\":\"pulling 96c4 größe\",\"digest\":\"sha256:96c4\",\"total\":2000,\"completed\":500}\n\
    {\"status\":\"verifying sha256 digest\"}\n{\"status\":\"success\"}\n";

#[tokio::test]
async fn a_model_is_pulled_with_its_progress() {
    let (result, events, server) = pull(chunked(PULLED, 5)).await;
    result.expect("pulled");
    assert_eq!(server.seen("/api/pull"), [json!({"model": "qwen3:4b", "stream": true})]);
    let progress = |status: &str, completed| Progress {
        status: status.into(),
        digest: Some("sha256:96c4".into()),
        total: Some(2000),
        completed,
    };
    let plain = |status: &str| Progress { status: status.into(), ..Progress::default() };
    let expected = [
        plain("pulling manifest"),
        progress("pulling 96c4", None),
        progress("pulling 96c4 größe", Some(500)),
        plain("verifying sha256 digest"),
    ];
    assert_eq!(events, expected.map(PullEvent::Progress));
}

#[tokio::test]
async fn every_cut_of_a_pull_gives_the_same() {
    let cuts = cut_everywhere(PULLED);
    let count = cuts.len();
    let server = Server::start(vec![("/api/pull", cuts)]).await;
    let ollama = client(&server);
    for at in 0..count {
        let mut events = Vec::new();
        ollama.pull("m", &mut |event| events.push(event)).await.expect("pulled");
        assert_eq!(events.len(), 4, "cut at {at}");
    }
}

#[tokio::test]
async fn a_pull_that_fails_says_why() {
    let begun = "{\"status\":\"pulling 96c4\",\"total\":2000,\"completed\":500}\n";
    let with = |tail: Vec<Step>| chunked(begun, 20).into_iter().chain(tail).collect::<Script>();
    let bytes = |text: &str| Step::Bytes(text.as_bytes().to_vec());
    for (name, script, reason, hint) in [
        (
            "unknown model",
            chunked(&error("pull model manifest: file does not exist"), 9),
            "`qwen3:4b` could not be fetched: pull model manifest",
            "ollama.com/library",
        ),
        (
            "unknown model, by status",
            status(404, &error("no such model")),
            "could not be fetched: no such model",
            "name",
        ),
        ("bad name", status(400, &error("invalid model name")), "could not be fetched: invalid model name", "name"),
        ("disk full", with(vec![bytes(&error("write: no space left on device"))]), "no space left", "the way there"),
        ("no end", with(vec![]), "broke off before it was complete", "goes on where it stopped"),
        ("garbage", with(vec![bytes("<html>")]), "no answer: `<html>`", ""),
        ("a number", with(vec![bytes("5\n")]), "no answer: `5`", ""),
        ("cut", with(vec![Step::Cut]), "broke while fetching", ""),
        ("cut at once", vec![Step::Cut], "broke while fetching", ""),
        ("silence", with(vec![Step::Hang]), "was silent", ""),
    ] {
        let (result, events, _) = pull(script).await;
        let failure = result.expect_err(name);
        assert!(failure.to_string().contains(reason), "{name}: {failure}");
        assert!(failure.hint().unwrap_or_default().contains(hint), "{name}: {:?}", failure.hint());
        if name == "silence" {
            assert!(events.iter().any(|event| matches!(event, PullEvent::Waiting { .. })), "a sign of life");
        }
    }
}

#[tokio::test]
async fn a_question_without_tools_offers_none() {
    let (server, ollama) = with(vec![chunked(&(line("Yes.") + &done("stop")), 9)]).await;
    chat(&ollama, &ready(), &Conversation::question("Rules.", "Why?")).await.result.expect("complete");
    assert!(server.seen("/api/chat")[0].get("tools").is_none());
}
