//! OpenAI-compatible servers over a stand-in: what is sent, how differently they answer, and the key.

use kai::model::{
    Message, Model, ModelError, Ready, ToolCall,
    openai::{OpenAi, Settings},
};
use serde_json::{Value, json};

use crate::support::{
    openai::{CHAT, call, delta, done, error, event, finish, models, text, thinking},
    server::{Script, Server, chunked, cut_everywhere, status},
    stand::{MODEL, Outcome, chat, openai_settings, question, ready},
};

async fn with(chats: Vec<Script>) -> (Server, OpenAi) {
    let server = Server::openai(MODEL, chats).await;
    let openai = OpenAi::new(openai_settings(&server.url)).expect("a client");
    (server, openai)
}

async fn answered(answer: &str) -> Outcome {
    let (_server, openai) = with(vec![chunked(answer, 11)]).await;
    chat(&openai, &ready(), &question()).await
}

#[tokio::test]
async fn calls_and_results_are_sent_as_the_protocol_wants_them() {
    let mut conversation = question();
    let call = |id: Option<&str>, name: &str, arguments: Value| ToolCall {
        id: id.map(Into::into),
        name: name.into(),
        arguments,
    };
    let result = |id: Option<&str>, tool: &str, content: &str| Message::ToolResult {
        id: id.map(Into::into),
        tool: tool.into(),
        content: content.into(),
    };
    conversation.turns.extend([
        Message::Assistant {
            text: "Both.".into(),
            calls: vec![
                call(Some("c7"), "kvm_clone", json!({"image": "golden"})),
                call(None, "kvm_list", json!({})),
                call(None, "kvm_list", Value::Null),
            ],
        },
        result(None, "kvm_list", "first"),
        result(Some("c7"), "kvm_clone", "cloned"),
        result(None, "kvm_list", "second"),
        Message::Assistant { text: String::new(), calls: vec![call(None, "kvm_list", json!({}))] },
        result(None, "kvm_list", "third"),
    ]);
    let (server, openai) = with(vec![chunked(&(text("Yes.") + &done("stop")), 9)]).await;
    chat(&openai, &ready(), &conversation).await.result.expect("complete");
    let sent = &server.seen(CHAT)[0];
    let function = |id: &str, name: &str, arguments: &str| json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}});
    let tool = |id: &str, name: &str, content: &str| json!({"role": "tool", "tool_call_id": id, "name": name, "content": content});
    assert_eq!(
        sent["messages"].as_array().expect("messages")[2..],
        [
            json!({"role": "assistant", "content": "Both.", "tool_calls": [
                function("c7", "kvm_clone", "{\"image\":\"golden\"}"),
                function("call00001", "kvm_list", "{}"),
                function("call00002", "kvm_list", "{}"),
            ]}),
            tool("call00001", "kvm_list", "first"),
            tool("c7", "kvm_clone", "cloned"),
            tool("call00002", "kvm_list", "second"),
            json!({"role": "assistant", "content": "", "tool_calls": [function("call00003", "kvm_list", "{}")]}),
            tool("call00003", "kvm_list", "third"),
        ]
    );
    assert_eq!(sent["stream_options"], json!({"include_usage": true}));
    assert_eq!(sent["max_tokens"], 1024);
}

#[tokio::test]
async fn calls_in_pieces_are_put_together_whatever_the_server_calls_them() {
    let piece = |fragment: Value| delta(json!({ "tool_calls": [fragment] }));
    let part = |index: Value, id: Value, name: Value, arguments: Value| json!({"index": index, "id": id, "function": {"name": name, "arguments": arguments}});
    let (n, z) = (Value::Null, json!(0));
    let image = "{\"image\":\"größe \\\"x\\\"\"}";
    let (head, tail) = image.split_at(10);
    let clone = ("kvm_clone", json!({"image": "größe \"x\""}));
    let list = ("kvm_list", json!({}));
    for (name, pieces, expected) in [
        ("as written", call(0, "a", "kvm_clone", image) + &call(1, "b", "kvm_list", "{}"), vec![&clone, &list]),
        ("the first index is one", call(1, "a", "kvm_clone", image), vec![&clone]),
        (
            "interleaved",
            {
                let begin = [(0, "a", "kvm_clone", head), (1, "b", "kvm_list", "{")];
                let begin = begin.map(|(i, id, n, a)| piece(part(json!(i), json!(id), json!(n), json!(a)))).concat();
                begin
                    + &piece(part(json!(1), n.clone(), n.clone(), json!("}")))
                    + &piece(part(z.clone(), n.clone(), n.clone(), json!(tail)))
            },
            vec![&clone, &list],
        ),
        (
            "all have the index 0",
            call(0, "a", "kvm_clone", image) + &call(0, "b", "kvm_list", "{}"),
            vec![&clone, &list],
        ),
        ("index 0 and no ids", call(0, "", "kvm_clone", image) + &call(0, "", "kvm_list", "{}"), vec![&clone, &list]),
        (
            "the id comes with every piece",
            {
                let one = |a: &str, name: Value| piece(part(z.clone(), json!("a"), name, json!(a)));
                one(head, json!("kvm_clone")) + &one(tail, json!("kvm_clone"))
            },
            vec![&clone],
        ),
        (
            "no index",
            {
                let one = |id: &str, name: Value, a: &str| {
                    piece(json!({"id": id, "function": {"name": name, "arguments": a}}))
                };
                one("a", json!("kvm_clone"), head) + &one("", n.clone(), tail) + &one("", json!("kvm_list"), "{}")
            },
            vec![&clone, &list],
        ),
        (
            "whole, as objects",
            { piece(part(z.clone(), json!("a"), json!("kvm_clone"), clone.1.clone())) },
            vec![&clone],
        ),
        ("no arguments", piece(part(z.clone(), json!("a"), json!("kvm_list"), n.clone())), vec![&list]),
        (
            "two in one piece",
            {
                delta(json!({"tool_calls": [
                    part(json!(0), json!("a"), json!("kvm_clone"), json!(image)),
                    part(json!(1), json!("b"), json!("kvm_list"), json!("")),
                ]}))
            },
            vec![&clone, &list],
        ),
        ("a number for an id", piece(part(z.clone(), json!(5), json!("kvm_list"), json!("{}"))), vec![&list]),
    ] {
        for reason in ["tool_calls", "stop"] {
            let outcome = answered(&(pieces.clone() + &done(reason))).await;
            let calls = outcome.result.unwrap_or_else(|error| panic!("{name}: {error}")).calls;
            let got: Vec<(&str, Value)> = calls.iter().map(|c| (c.name.as_str(), c.arguments.clone())).collect();
            assert_eq!(got, expected.iter().map(|e| (e.0, e.1.clone())).collect::<Vec<_>>(), "{name}");
        }
    }
}

#[tokio::test]
async fn arguments_that_are_no_json_are_asked_for_once_more() {
    let bad = call(0, "a", "kvm_clone", "{\"image\":\"golden\"") + &done("tool_calls");
    let good = call(0, "a", "kvm_clone", "{\"image\":\"golden\"}") + &done("tool_calls");
    let (server, openai) = with(vec![chunked(&bad, 9), chunked(&good, 9)]).await;
    assert_eq!(chat(&openai, &ready(), &question()).await.result.expect("complete").calls.len(), 1);
    let sent = server.seen(CHAT);
    assert_ne!(sent[0]["temperature"], sent[1]["temperature"], "other words are wanted");

    let (server, openai) = with(vec![chunked(&bad, 9)]).await;
    let failure = chat(&openai, &ready(), &question()).await.result.expect_err("malformed");
    assert!(matches!(failure, ModelError::MalformedCall { .. }));
    let said = failure.to_string();
    assert!(said.contains("kvm_clone") && said.contains("{\"image\":\"golden\""), "{said}");
    assert_eq!(server.seen(CHAT).len(), 2);

    // A call that the limit cut off is not malformed: it is too long.
    let cut = call(0, "a", "kvm_clone", "{\"image\":\"gol") + &done("length");
    assert!(matches!(answered(&cut).await.result, Err(ModelError::LengthLimit { .. })));
}

#[tokio::test]
async fn servers_end_and_speak_in_many_ways() {
    let yes = || text("Yes.");
    let usage = json!({"choices": [], "usage": {"prompt_tokens": 900, "completion_tokens": 40}});
    let with_usage =
        json!({"choices": [{"delta": {"content": "Yes."}}], "usage": {"prompt_tokens": 900, "completion_tokens": 40}});
    let whole = json!({"object": "chat.completion",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Yes."}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 900, "completion_tokens": 40}});
    for (name, answer, counted) in [
        ("as written", yes() + &done("stop"), true),
        ("no end mark", yes() + &finish("stop"), false),
        ("no reason", yes() + "data: [DONE]\n\n", false),
        ("no blank line after the end mark", yes() + &finish("stop") + "data: [DONE]", false),
        ("CRLF and comments", (": hello\n\n".to_owned() + &yes() + &done("stop")).replace('\n', "\r\n"), true),
        ("no blank lines at all", (yes() + &done("stop")).replace("\n\n", "\n"), true),
        ("no space after the colon", (yes() + &done("stop")).replace("data: ", "data:"), true),
        (
            "data in several lines",
            format!(
                "data: {{\"choices\":\ndata: [{{\"delta\":\ndata: {{\"content\":\"Yes.\"}}}}]}}\n\n{}",
                done("stop")
            ),
            true,
        ),
        ("other fields", format!("id: 1\nevent: message\nretry: 9\n{}{}", yes(), done("eos")), true),
        ("figures with every piece", event(&with_usage) + &finish("stop") + "data: [DONE]\n\n", true),
        ("figures before the end", yes() + &event(&usage) + &finish("stop"), true),
        ("no stream", whole.to_string(), true),
        ("no stream, on many lines", format!("{whole:#}\n"), true),
        (
            "a list of parts",
            delta(json!({"content": [{"type": "text", "text": "Yes"}, {"text": "."}]})) + &done("stop"),
            true,
        ),
        (
            "a heartbeat",
            event(&json!({"type": "ping"})) + &yes() + &event(&json!({"choices": null})) + &done("stop"),
            true,
        ),
        (
            "another choice",
            event(&json!({"choices": [{"index": 1, "delta": {"content": "No."}}]})) + &yes() + &done("stop"),
            true,
        ),
        ("after the end", yes() + &done("stop") + &text("more") + "<html>", true),
        ("a refusal", delta(json!({"content": null, "refusal": "Yes."})) + &done("stop"), true),
        (
            "null for everything",
            delta(json!({"content": null, "tool_calls": null, "reasoning": null}))
                + &event(&json!({"error": null, "choices": []}))
                + &yes()
                + &done("stop"),
            true,
        ),
    ] {
        let outcome = answered(&answer).await;
        let finished = outcome.result.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(outcome.text, "Yes.", "{name}");
        assert_eq!(finished.prompt_tokens, counted.then_some(900), "{name}");
    }
}

#[tokio::test]
async fn reasoning_has_two_names_and_is_heard_once() {
    let both = delta(json!({"reasoning_content": "hm", "reasoning": "hm"}));
    let other = delta(json!({"content": "", "reasoning": " ja"}));
    let outcome = answered(&(thinking("a") + &both + &other + &text("Yes.") + &done("stop"))).await;
    assert_eq!((outcome.thinking.as_str(), outcome.text.as_str()), ("ahm ja", "Yes."));
}

#[tokio::test]
async fn failures_in_mid_answer_come_in_many_forms() {
    let in_data = format!("data: {}\n\n", error("out of memory"));
    for (name, report) in [
        ("in data", in_data.clone()),
        ("and the end mark", in_data + "data: [DONE]\n\n"),
        ("a string", event(&json!({"error": "out of memory"}))),
        ("in a field of its own", format!("error: {}\n\n", error("out of memory"))),
        ("an event of that name", format!("event: error\ndata: {}\n\n", json!({"message": "out of memory"}))),
        ("an event of plain words", "event: error\ndata: out of memory\n\n".to_owned()),
        ("an object of that kind", event(&json!({"object": "error", "message": "out of memory", "code": 400}))),
        ("without a field", format!("{}\n", error("out of memory"))),
    ] {
        for before in ["", "Yes."] {
            let outcome = answered(&(text(before) + &report)).await;
            let failure = outcome.result.expect_err(name);
            assert!(
                matches!(&failure, ModelError::MidAnswer { message, .. } if message == "out of memory"),
                "{name}: {failure}"
            );
            assert_eq!(outcome.text, before, "{name}");
        }
    }
    let outcome = answered(&error("out of memory")).await;
    assert!(matches!(outcome.result, Err(ModelError::MidAnswer { .. })), "a body with status 200");
    let outcome = answered(&(text("Yes.") + &done("content_filter"))).await;
    assert!(outcome.result.is_err_and(|error| error.to_string().contains("content_filter")));
}

#[tokio::test]
async fn every_cut_of_an_odd_stream_gives_the_same() {
    let answer = (": ß\n\n".to_owned()
        + &text("Ü🦀")
        + "data: {\"choices\":\ndata: []}\n\n"
        + &call(0, "a", "kvm_list", "{}")
        + &done("stop"))
        .replace('\n', "\r\n");
    let cuts = cut_everywhere(&answer);
    let count = cuts.len();
    let (_server, openai) = with(cuts).await;
    for at in 0..count {
        let outcome = chat(&openai, &ready(), &question()).await;
        assert_eq!(outcome.text, "Ü🦀", "cut at {at}");
        assert_eq!(outcome.result.unwrap_or_else(|error| panic!("cut at {at}: {error}")).calls.len(), 1);
    }
}

#[tokio::test]
async fn what_a_server_does_not_know_is_left_out() {
    let good = || chunked(&(text("Yes.") + &done("stop")), 20);
    let refusals = [
        "Unknown field: stream_options",
        "unexpected argument: chat_template_kwargs",
        "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.",
        "Unsupported value: 'temperature'",
    ];
    let mut chats: Vec<Script> = refusals.iter().map(|words| status(400, &error(words))).collect();
    chats.push(good());
    let server = Server::openai(MODEL, chats).await;
    let settings = Settings { think: Some(false), ..openai_settings(&server.url) };
    let openai = OpenAi::new(settings).expect("a client");
    chat(&openai, &ready(), &question()).await.result.expect("complete");
    let sent = server.seen(CHAT);
    assert_eq!(sent[0]["chat_template_kwargs"], json!({"enable_thinking": false}));
    let last = sent.last().expect("asked");
    for field in ["stream_options", "chat_template_kwargs", "max_tokens", "temperature"] {
        assert!(sent[0].get(field).is_some() && last.get(field).is_none(), "{field}");
    }
    assert_eq!(last["max_completion_tokens"], 1024);
    assert!(last.get("tools").is_some());

    // The same complaint again is an error.
    let (server, openai) = with(vec![status(400, &error("no stream_options"))]).await;
    let failure = chat(&openai, &ready(), &question()).await.result.expect_err("refused");
    assert!(failure.to_string().contains("400: no stream_options"), "{failure}");
    assert_eq!(server.seen(CHAT).len(), 2);
    // A limit that is too large has its own words.
    let (server, openai) = with(vec![status(400, &error("max_tokens is too large: 1024"))]).await;
    assert!(chat(&openai, &ready(), &question()).await.result.is_err());
    assert_eq!(server.seen(CHAT).len(), 1);
}

#[tokio::test]
async fn limits_on_requests_are_waited_out_once() {
    let good = || chunked(&(text("Yes.") + &done("stop")), 20);
    let (server, openai) = with(vec![status(429, &error("slow down")), good()]).await;
    assert!(chat(&openai, &ready(), &question()).await.result.is_ok());
    assert_eq!(server.seen(CHAT).len(), 2);
    let (server, openai) = with(vec![status(429, &error("You exceeded your current quota")), good()]).await;
    let failure = chat(&openai, &ready(), &question()).await.result.expect_err("no money");
    assert!(failure.to_string().contains("quota"), "{failure}");
    assert_eq!(server.seen(CHAT).len(), 1);
}

#[tokio::test]
async fn models_are_listed_and_their_context_is_believed() {
    let list =
        |model: Value| status(200, &json!({"object": "list", "data": [{"id": "bge-small-embed"}, model]}).to_string());
    for (model, context) in [
        (json!({"id": MODEL}), 8192),
        (json!({"id": MODEL, "max_model_len": 4096}), 4096),
        (json!({"id": MODEL, "context_length": 100_000}), 8192),
        (json!({"id": MODEL, "meta": {"n_ctx_train": 131_072, "n_ctx": 2048}}), 2048),
        (json!({"id": MODEL, "meta": null, "max_model_len": 0}), 8192),
    ] {
        let server = Server::start(vec![("/v1/models", vec![list(model.clone())])]).await;
        let openai = OpenAi::new(openai_settings(&server.url)).expect("a client");
        let found = openai.prepare(&mut |_| {}).await.expect("a model");
        assert_eq!(found, Ready { context_tokens: context, ..ready() }, "{model}");
        assert_eq!(openai.installed(&mut |_| {}).await.expect("a list"), ["bge-small-embed", MODEL]);
    }
    // Only embedders.
    let server = Server::start(vec![("/v1/models", vec![models(&["nomic-embed-text"])])]).await;
    let openai = OpenAi::new(openai_settings(&server.url)).expect("a client");
    let failure = openai.prepare(&mut |_| {}).await.expect_err("none can chat");
    assert!(matches!(&failure, ModelError::NoneInstalled { installed, .. } if installed.len() == 1), "{failure}");
    // No list: a named model is believed, without a name the base URL may be wrong.
    for code in [404, 405] {
        let server = Server::start(vec![("/v1/models", vec![status(code, "Not Found")])]).await;
        let openai = OpenAi::new(openai_settings(&server.url)).expect("a client");
        let failure = openai.prepare(&mut |_| {}).await.expect_err("no list");
        assert!(failure.hint().is_some_and(|hint| hint.contains("/v1")), "{failure}");
        let settings = Settings { model: Some("mine".into()), ..openai_settings(&server.url) };
        let found = OpenAi::new(settings).expect("a client").prepare(&mut |_| {}).await.expect("believed");
        assert_eq!(found.name, "mine");
    }
    // A wrong base URL shows when it is asked, too.
    let (_server, openai) = with(vec![status(404, "404 page not found")]).await;
    let failure = chat(&openai, &ready(), &question()).await.result.expect_err("nothing there");
    assert!(matches!(&failure, ModelError::Refused { status: 404, .. }), "{failure}");
    assert!(failure.hint().is_some_and(|hint| hint.contains("KAI_OPENAI_URL")));
}
