//! What both model servers must do alike: one set of scenarios, run over Ollama's protocol and
//! OpenAI's.

use std::time::Duration;

use kai::model::{Conversation, Message, ModelError, ModelEvent, Ready, ToolCall, Wait};
use serde_json::{Value, json};

use crate::support::{
    server::{Script, Server, Step, cut_everywhere, status},
    stand::{
        KINDS, Kind, MODEL, Outcome, Say, Stand, bytes, chat, model, model_of, question, ready, refuse, script, text,
    },
};

/// The names and arguments of calls; ids are the servers' own matter.
fn plain(calls: &[ToolCall]) -> Vec<(&str, &Value)> {
    calls.iter().map(|call| (call.name.as_str(), &call.arguments)).collect()
}

async fn once(kind: Kind, says: &[Say]) -> Outcome {
    Stand::start(kind, vec![script(kind, says)]).await.chat(&question()).await
}

/// The error and its text.
fn failed(outcome: &Outcome) -> (&ModelError, String) {
    let error = outcome.result.as_ref().expect_err("it failed");
    (error, error.to_string())
}

#[tokio::test]
async fn an_answer_comes_in_pieces_with_its_figures() {
    for kind in KINDS {
        let says = [Say::Think("hm "), Say::Think("ja"), text("grö"), text("ße 漢"), text("\n"), Say::End("stop")];
        let outcome = once(kind, &says).await;
        let finished = outcome.result.as_ref().expect("complete");
        assert_eq!((outcome.text.as_str(), outcome.thinking.as_str()), ("größe 漢\n", "hm ja"), "{kind:?}");
        assert_eq!((finished.prompt_tokens, finished.answer_tokens), (Some(900), Some(40)), "{kind:?}");
        assert!(finished.calls.is_empty() && !finished.without_tools);
        let pieces = outcome.events.iter().filter(|event| matches!(event, ModelEvent::Text(_))).count();
        assert_eq!(pieces, 3, "{kind:?}: text is handed out as it comes");
    }
}

#[tokio::test]
async fn calls_are_taken_from_every_chunk() {
    let list = || Say::Call("kvm_list", json!({}));
    let clone = || Say::Call("kvm_clone", json!({"image": "größe {\"", "count": 2}));
    let clone_arguments = json!({"image": "größe {\"", "count": 2});
    let none = json!({});
    for kind in KINDS {
        for (says, said, expected) in [
            (vec![list(), Say::End("stop")], "", vec![("kvm_list", &none)]),
            (
                vec![clone(), text("I clone it."), Say::End("stop")],
                "I clone it.",
                vec![("kvm_clone", &clone_arguments)],
            ),
            (
                vec![text("I clone it."), clone(), Say::End("tool_calls")],
                "I clone it.",
                vec![("kvm_clone", &clone_arguments)],
            ),
            (
                vec![clone(), Say::Think("and"), list(), text("x"), list(), Say::End("stop")],
                "x",
                vec![("kvm_clone", &clone_arguments), ("kvm_list", &none), ("kvm_list", &none)],
            ),
        ] {
            let outcome = once(kind, &says).await;
            let finished = outcome.result.as_ref().expect("complete");
            assert_eq!(plain(&finished.calls), expected, "{kind:?}: {says:?}");
            assert_eq!(outcome.text, said, "{kind:?}");
        }
    }
}

#[tokio::test]
async fn every_cut_gives_the_same_reply() {
    let says = [
        Say::Think("größe"),
        text("Ü, 漢🦀 \"\\"),
        Say::Call("kvm_clone", json!({"image": "ä\n\"", "count": 2})),
        Say::Call("kvm_list", json!({})),
        Say::End("stop"),
    ];
    for kind in KINDS {
        let whole = bytes(kind, &says);
        let cuts = cut_everywhere(&whole);
        let (many, single) = (cuts.len(), whole.as_bytes().chunks(1).map(|byte| Step::Bytes(byte.to_vec())));
        let mut scripts = cuts;
        scripts.push([Step::Head(200)].into_iter().chain(single).collect());
        let stand = Stand::start(kind, scripts).await;
        let mut first = None;
        for at in 0..=many {
            let outcome = stand.chat(&question()).await;
            let got = (outcome.result.expect("complete"), outcome.text, outcome.thinking);
            let first = first.get_or_insert_with(|| got.clone());
            assert_eq!(got, *first, "{kind:?}: cut at {at}");
        }
        let (finished, said, thought) = first.expect("at least one");
        assert_eq!((said.as_str(), thought.as_str()), ("Ü, 漢🦀 \"\\", "größe"));
        assert_eq!(finished.calls.len(), 2);
    }
}

#[tokio::test]
async fn reasoning_in_the_text_is_no_part_of_the_answer() {
    for kind in KINDS {
        let says = [text("<th"), text("ink>SEC"), text("RET</thi"), text("nk>\n\nYes"), text("."), Say::End("stop")];
        let outcome = once(kind, &says).await;
        assert!(outcome.result.is_ok());
        assert_eq!((outcome.text.as_str(), outcome.thinking.as_str()), ("Yes.", "SECRET"), "{kind:?}");
        // Reasoning alone is no answer.
        let outcome = once(kind, &[Say::Think("hm"), text("<think>and"), Say::End("stop")]).await;
        assert!(matches!(outcome.result, Err(ModelError::Empty { .. })), "{kind:?}");
    }
}

#[tokio::test]
async fn a_printed_call_is_a_call_only_where_tools_were_offered() {
    let printed = ["<tool_call>\n{\"name\": \"kvm_", "list\", \"arguments\": {}}\n</tool_", "call>"];
    let says = || printed.iter().map(|piece| text(piece)).chain([Say::End("stop")]).collect::<Vec<_>>();
    for kind in KINDS {
        let outcome = once(kind, &says()).await;
        assert_eq!(plain(&outcome.result.expect("complete").calls), [("kvm_list", &json!({}))], "{kind:?}");
        assert_eq!(outcome.text, "", "{kind:?}");

        let stand = Stand::start(kind, vec![script(kind, &says())]).await;
        let outcome = stand.chat(&Conversation::question("Rules.", "How does a call look?")).await;
        assert!(outcome.result.expect("complete").calls.is_empty());
        assert_eq!(outcome.text, printed.concat());

        // The server understood the call and repeats it.
        let mut both = vec![Say::Call("kvm_list", json!({}))];
        both.extend(says());
        let outcome = once(kind, &both).await;
        assert_eq!((outcome.result.expect("complete").calls.len(), outcome.text.as_str()), (1, ""));

        let explained = [text("Write "), text("{\"name\":\"kvm_list\",\"arguments\":{}}"), Say::End("stop")];
        let outcome = once(kind, &explained).await;
        assert!(outcome.result.expect("complete").calls.is_empty());
        assert_eq!(outcome.text, "Write {\"name\":\"kvm_list\",\"arguments\":{}}");
    }
}

#[tokio::test]
async fn an_unreadable_call_is_asked_for_once_more() {
    let bad = [text("<tool_call>{\"name\":\"kvm_list\",\"arguments\":{\"a\":\"\"/b\"}}</tool_call>"), Say::End("stop")];
    let good = [Say::Call("kvm_list", json!({})), Say::End("stop")];
    let reported = Say::Error("error parsing tool call: raw='{\"a\":\"\"/b\"}', err=invalid character '/'");
    for kind in KINDS {
        let words = "error parsing tool call: raw='{\"a', err=unexpected end of JSON input";
        for (name, first) in [
            ("printed", script(kind, &bad)),
            ("refused", refuse(kind, 500, words)),
            ("in the answer", script(kind, &[Say::Think("hm"), reported.clone()])),
        ] {
            let stand = Stand::start(kind, vec![first.clone(), script(kind, &good)]).await;
            let outcome = stand.chat(&question()).await;
            assert_eq!(outcome.result.expect(name).calls.len(), 1, "{kind:?}: {name}");
            assert!(
                outcome.events.iter().any(|e| matches!(e, ModelEvent::Waiting { what: Wait::Again, .. })),
                "{name}"
            );
            assert_eq!(outcome.text, "");

            let stand = Stand::start(kind, vec![first]).await;
            let outcome = stand.chat(&question()).await;
            let (error, said) = failed(&outcome);
            assert!(matches!(error, ModelError::MalformedCall { .. }), "{kind:?}: {name}: {said}");
            assert!(said.contains(MODEL) && error.hint().is_some());
            assert_eq!(stand.sent().len(), 2, "{kind:?}: {name}: twice and no more");
        }
        // Text was shown: it would be shown twice.
        let stand = Stand::start(kind, vec![script(kind, &[text("I will."), reported.clone()])]).await;
        let outcome = stand.chat(&question()).await;
        assert!(matches!(failed(&outcome).0, ModelError::MalformedCall { .. }));
        assert_eq!((stand.sent().len(), outcome.text.as_str()), (1, "I will."), "{kind:?}");
    }
}

#[tokio::test]
async fn a_model_without_tools_is_asked_without_them_and_that_is_said() {
    let mut asked = question();
    asked.turns.extend([
        Message::Assistant {
            text: "I list.".into(),
            calls: vec![ToolCall { id: None, name: "kvm_list".into(), arguments: json!({}) }],
        },
        Message::ToolResult { id: None, tool: "kvm_list".into(), content: "web01".into() },
    ]);
    let refusals = [(400, "registry.ollama.ai/library/tiny:1b does not support tools")];
    let more =
        [(500, "tools param requires --jinja flag"), (400, "\"auto\" tool choice requires --enable-auto-tool-choice")];
    for kind in KINDS {
        let mut refusals = refusals.to_vec();
        if kind == Kind::OpenAi {
            refusals.extend(more);
        }
        for (code, words) in refusals {
            let answer = script(kind, &[text("Yes."), Say::End("stop")]);
            let stand = Stand::start(kind, vec![refuse(kind, code, words), answer]).await;
            let outcome = stand.chat(&asked).await;
            assert!(outcome.result.expect("complete").without_tools, "{kind:?}: {words}");
            assert_eq!(outcome.text, "Yes.");
            let sent = stand.sent();
            assert_eq!(sent.len(), 2);
            assert_eq!(sent[0]["tools"].as_array().map(Vec::len), Some(2));
            assert_eq!(sent[0]["messages"][3]["role"], "tool");
            assert!(sent[1].get("tools").is_none());
            // What was called before becomes text.
            let told = sent[1]["messages"].to_string();
            assert!(told.contains("<tool_call>") && told.contains("web01"), "{told}");
            assert!(!told.contains("\"tool_calls\"") && !told.contains("\"tool\""), "{told}");
        }
        // Known before: nothing is tried.
        let stand = Stand::start(kind, vec![script(kind, &[text("Yes."), Say::End("stop")])]).await;
        let ready = Ready { can_call_tools: false, ..ready() };
        let outcome = chat(stand.model.as_ref(), &ready, &asked).await;
        assert!(outcome.result.expect("complete").without_tools);
        assert!(stand.sent().len() == 1 && stand.sent()[0].get("tools").is_none());
        // Nothing was offered: nothing is missing.
        let outcome = chat(stand.model.as_ref(), &ready, &Conversation::question("Rules.", "Why?")).await;
        assert!(!outcome.result.expect("complete").without_tools);
        // Refused again: that is the error.
        let stand = Stand::start(kind, vec![refuse(kind, 400, "tiny:1b does not support tools")]).await;
        let outcome = stand.chat(&asked).await;
        assert!(failed(&outcome).1.contains("does not support tools"));
        assert_eq!(stand.sent().len(), 2);
    }
}

/// One way in which a server fails.
struct Case {
    name: &'static str,
    chats: Vec<Script>,
    reason: &'static str,
    /// What was shown before.
    text: &'static str,
    requests: usize,
}

#[tokio::test]
async fn every_failure_is_named() {
    for kind in KINDS {
        let says = |says: &[Say]| vec![script(kind, says)];
        let half = || text("half");
        let cases = vec![
            Case {
                name: "error in mid-answer",
                chats: says(&[half(), Say::Error("CUDA out of memory")]),
                reason: "failed while answering: CUDA out of memory",
                text: "half",
                requests: 1,
            },
            Case {
                name: "error at once",
                chats: says(&[Say::Error("runner died")]),
                reason: "runner died",
                text: "",
                requests: 1,
            },
            Case {
                name: "too long, in mid-answer",
                chats: says(&[Say::Error("the input exceeds the context length")]),
                reason: "do not fit the context",
                text: "",
                requests: 1,
            },
            Case { name: "no end mark", chats: says(&[half()]), reason: "without saying", text: "half", requests: 1 },
            Case {
                name: "no end mark after a call",
                chats: says(&[Say::Call("kvm_list", json!({}))]),
                reason: "without saying",
                text: "",
                requests: 1,
            },
            Case { name: "nothing at all", chats: says(&[]), reason: "without saying", text: "", requests: 1 },
            Case {
                name: "connection cut",
                chats: says(&[half(), Say::Cut]),
                reason: "broke while answering",
                text: "half",
                requests: 1,
            },
            Case {
                name: "cut in a line",
                chats: says(&[half(), Say::Raw("data: {\"choices"), Say::Cut]),
                reason: "broke while answering",
                text: "half",
                requests: 1,
            },
            Case {
                name: "cut before the head",
                chats: vec![vec![Step::Cut]],
                reason: "broke while loading",
                text: "",
                requests: 1,
            },
            Case {
                name: "hangs in the middle",
                chats: says(&[half(), Say::Hang]),
                reason: "was silent",
                text: "half",
                requests: 1,
            },
            Case {
                name: "hangs after the head",
                chats: says(&[Say::Hang]),
                reason: "was silent",
                text: "",
                requests: 1,
            },
            Case {
                name: "hangs before the head",
                chats: vec![vec![Step::Hang]],
                reason: "was silent",
                text: "",
                requests: 1,
            },
            Case {
                name: "a page of a proxy",
                chats: says(&[half(), Say::Raw("<html>proxy error</html>\n")]),
                reason: "no answer: `<html>proxy error",
                text: "half",
                requests: 1,
            },
            Case {
                name: "length",
                chats: says(&[half(), Say::End("length")]),
                reason: "limit of 1024 tokens",
                text: "half",
                requests: 1,
            },
            Case {
                name: "length while printing a call",
                chats: says(&[text("<tool_call>{\"name\":"), Say::End("length")]),
                reason: "limit of 1024 tokens",
                text: "",
                requests: 1,
            },
            Case { name: "empty", chats: says(&[Say::End("stop")]), reason: "empty answer", text: "", requests: 1 },
            Case {
                name: "blank",
                chats: says(&[text(" \n"), Say::End("stop")]),
                reason: "empty answer",
                text: " \n",
                requests: 1,
            },
            Case {
                name: "busy twice",
                chats: vec![refuse(kind, 503, "busy")],
                reason: "is busy",
                text: "",
                requests: 2,
            },
            Case {
                name: "500",
                chats: vec![refuse(kind, 500, "un\nexpected")],
                reason: "answered 500: un expected",
                text: "",
                requests: 1,
            },
            Case {
                name: "500 without words",
                chats: vec![status(500, "")],
                reason: "answered 500: (no reason given)",
                text: "",
                requests: 1,
            },
            Case {
                name: "502 of a proxy",
                chats: vec![status(502, "<html>Bad Gateway</html>")],
                reason: "answered 502: <html>Bad",
                text: "",
                requests: 1,
            },
            Case {
                name: "400",
                chats: vec![refuse(kind, 400, "invalid message")],
                reason: "answered 400: invalid message",
                text: "",
                requests: 1,
            },
            Case {
                name: "401",
                chats: vec![refuse(kind, 401, "who are you")],
                reason: "does not let us in (401): who are you",
                text: "",
                requests: 1,
            },
            Case {
                name: "too long",
                chats: vec![refuse(kind, 400, "request (9 tokens) exceeds the available context size (8 tokens)")],
                reason: "do not fit the context of `tiny:1b`",
                text: "",
                requests: 1,
            },
            Case {
                name: "model gone",
                chats: vec![refuse(kind, 404, "model \"tiny:1b\" not found, try pulling it first")],
                reason: "has no model `tiny:1b`",
                text: "",
                requests: 1,
            },
        ];
        let runs = cases.into_iter().map(|case| async move {
            let silent = case.reason == "was silent";
            let patience = Duration::from_millis(if silent { 800 } else { 30_000 });
            let stand = Stand::patient(kind, patience, case.chats).await;
            let outcome = stand.chat(&question()).await;
            let (_, said) = failed(&outcome);
            assert!(said.contains(case.reason), "{kind:?}: {}: {said}", case.name);
            assert_eq!(outcome.text, case.text, "{kind:?}: {}", case.name);
            assert_eq!(stand.sent().len(), case.requests, "{kind:?}: {}", case.name);
        });
        futures::future::join_all(runs).await;
    }
}

#[tokio::test]
async fn a_busy_server_is_asked_once_more() {
    for kind in KINDS {
        let answer = script(kind, &[text("Yes."), Say::End("stop")]);
        let stand = Stand::start(kind, vec![refuse(kind, 503, "busy"), answer]).await;
        let outcome = stand.chat(&question()).await;
        assert_eq!((outcome.result.is_ok(), outcome.text.as_str()), (true, "Yes."));
        assert!(outcome.events.iter().any(|e| matches!(e, ModelEvent::Waiting { what: Wait::Retry, .. })));
    }
}

#[tokio::test]
async fn a_sign_of_life_is_given_and_slow_is_not_dead() {
    let pause = || Say::Pause(Duration::from_millis(250));
    for kind in KINDS {
        let outcome = once(kind, &[pause(), text("a"), pause(), text("b"), pause(), Say::End("stop")]).await;
        assert_eq!((outcome.result.is_ok(), outcome.text.as_str()), (true, "ab"), "{kind:?}");
        for expected in [Wait::FirstWord, Wait::NextWord] {
            let waited = |event: &ModelEvent| matches!(event, ModelEvent::Waiting { what, .. } if *what == expected);
            assert!(outcome.events.iter().any(waited), "{kind:?}: {expected:?}");
        }
    }
}

#[tokio::test]
async fn a_huge_line_is_read_and_one_without_end_is_not() {
    let big: String = "größe ".repeat(30_000);
    for kind in KINDS {
        let outcome = once(kind, &[Say::Text(big.clone()), Say::End("stop")]).await;
        assert!(outcome.result.is_ok() && outcome.text == big, "{kind:?}");
        let chunk: &'static str = Box::leak("x".repeat(1 << 20).into_boxed_str());
        let mut says = vec![Say::Raw("data: ")];
        says.extend((0..6).map(|_| Say::Raw(chunk)));
        let outcome = once(kind, &says).await;
        let (error, said) = failed(&outcome);
        assert!(matches!(error, ModelError::Garbled { .. }) && said.len() < 300, "{kind:?}: {said}");
    }
}

#[tokio::test]
async fn a_conversation_arrives_in_order() {
    let conversation = Conversation {
        turns: vec![
            Message::User("one".into()),
            Message::Assistant { text: "two".into(), calls: Vec::new() },
            Message::User("three".into()),
        ],
        ..question()
    };
    for kind in KINDS {
        let stand = Stand::start(kind, vec![script(kind, &[text("Yes."), Say::End("stop")])]).await;
        stand.chat(&conversation).await.result.expect("complete");
        let sent = &stand.sent()[0];
        let said: Vec<(&str, &str)> = sent["messages"]
            .as_array()
            .expect("messages")
            .iter()
            .filter_map(|m| Some((m["role"].as_str()?, m["content"].as_str()?)))
            .collect();
        assert_eq!(said, [("system", "Rules."), ("user", "one"), ("assistant", "two"), ("user", "three")]);
        assert_eq!((&sent["model"], &sent["stream"]), (&json!(MODEL), &json!(true)));
        // Schemas are reduced: no references, no limits.
        let clone = &sent["tools"][0];
        let parameters = json!({
            "type": "object",
            "properties": {"image": {"type": "string", "description": "A VM."}, "count": {"type": "integer"}},
            "required": ["image"],
        });
        let function = json!({"name": "kvm_clone", "description": "Clone a VM.", "parameters": parameters});
        assert_eq!(*clone, json!({"type": "function", "function": function}), "{kind:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    for kind in KINDS {
        // A port that was free a moment ago.
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
        let error = model(kind, &format!("127.0.0.1:{port}"), None).prepare(&mut |_| {}).await.expect_err("nobody");
        assert!(matches!(&error, ModelError::Unreachable { server, .. } if server.url.contains(&port.to_string())));
        let variable = if kind == Kind::Ollama { "OLLAMA_HOST" } else { "KAI_OPENAI_URL" };
        assert!(error.hint().is_some_and(|hint| hint.contains(variable)), "{kind:?}");

        let path = if kind == Kind::Ollama { "/api/tags" } else { "/v1/models" };
        for (answer, reason) in [
            (vec![Step::Cut], "broke while listing"),
            (status(200, "<html>hello</html>"), "no answer"),
            (status(200, "{\"mod"), "no answer"),
            (status(403, "{\"error\":\"no\"}"), "does not let us in"),
            (status(500, "{\"error\":\"no\"}"), "answered 500: no"),
        ] {
            let server = Server::start(vec![(path, vec![answer])]).await;
            let error = model(kind, &server.url, None).prepare(&mut |_| {}).await.expect_err(reason);
            assert!(error.to_string().contains(reason), "{kind:?}: {error}");
        }
        let server = Server::start(vec![(path, vec![vec![Step::Hang]])]).await;
        let impatient = model_of(kind, &server.url, None, Duration::from_millis(200));
        let error = impatient.prepare(&mut |_| {}).await.expect_err("it says nothing");
        assert!(error.to_string().contains("was silent for"), "{kind:?}: {error}");
    }
}

#[tokio::test]
async fn a_model_that_is_not_there_is_named_with_those_that_are() {
    for kind in KINDS {
        let stand = Stand::start(kind, Vec::new()).await;
        let found = stand.model.prepare(&mut |_| {}).await.expect("the model is there");
        assert_eq!(found, ready(), "{kind:?}");
        let server = match kind {
            Kind::Ollama => {
                let gone = status(404, "{\"error\":\"model 'c:7b' not found\"}");
                let tags = crate::support::ollama::tags(&["a:1b"]);
                Server::start(vec![("/api/tags", vec![tags]), ("/api/show", vec![gone])]).await
            }
            Kind::OpenAi => Server::openai("a:1b", Vec::new()).await,
        };
        let error = model(kind, &server.url, Some("c:7b")).prepare(&mut |_| {}).await.expect_err("not there");
        assert!(matches!(&error, ModelError::Missing { model, .. } if model == "c:7b"), "{kind:?}: {error}");
        assert!(error.hint().is_some_and(|hint| hint.contains("a:1b")));
        assert_eq!(error.pullable(), (kind == Kind::Ollama).then_some("c:7b"));
    }
}
