//! A question answered over a stand-in server: what is sent, what is shown, and what happens when
//! the server misbehaves.

use std::time::Duration;

use kai::{
    ask::{Answer, AskEvent, EngineUsed, Engines, Passage, Question, Setting, ask},
    model::{
        ModelError, Timing,
        ollama::{Ollama, Settings, address},
    },
};

use crate::support::ollama::{Script, Server, Step, chunked, done, line, show, status, tags};

const MODEL: &str = "tiny:1b";

pub(crate) fn question() -> Question {
    let passage = |page: &str, title: &str, heading: &str, text: &str| Passage {
        page: page.into(),
        title: title.into(),
        heading: heading.into(),
        source: "handbook".into(),
        url: None,
        text: text.into(),
        score: 1.0,
    };
    Question {
        text: "How do I pause a running scrub?".into(),
        passages: vec![
            passage(
                "scrub.md",
                "Scrubbing",
                "Pausing",
                "A running scrub is paused with the option -p. It keeps its place on disk.\n\n```\nzpool scrub -p tank\n```",
            ),
            passage("send.md", "Sending", "", "-w, --raw\nSends encrypted data exactly as it lies on disk."),
            passage("list.md", "Listing größe", "Columns", "Lists datasets in a table with their größe."),
        ],
        answerable: true,
        answerable_score: 0.9,
        notes: Vec::new(),
    }
}

fn settings(url: &str) -> Settings {
    Settings {
        timing: Timing {
            first: Duration::from_millis(400),
            idle: Duration::from_millis(400),
            tick: Duration::from_millis(40),
            retry_pause: Duration::from_millis(10),
            ..Timing::default()
        },
        ..Settings::new(address::parse(url).expect("a valid address"))
    }
}

fn engines(settings: Settings) -> Engines {
    Engines::Model(Box::new(Ollama::new(settings).expect("a client")))
}

async fn run(question: &Question, engines: &Engines) -> (Answer, Vec<AskEvent>) {
    let mut events = Vec::new();
    let answer = ask(question, Setting::default(), engines, &mut |event| events.push(event)).await;
    // Holds for every scenario: the pieces are the text, and the answer comes last and once.
    let shown: String = events
        .iter()
        .filter_map(|event| if let AskEvent::Text(text) = event { Some(text.as_str()) } else { None })
        .collect();
    assert_eq!(shown, answer.text, "what was streamed is what is returned");
    assert!(matches!(events.last(), Some(AskEvent::Done(last)) if **last == answer));
    assert_eq!(events.iter().filter(|e| matches!(e, AskEvent::Done(_))).count(), 1);
    assert!(!answer.text.trim().is_empty(), "the person always gets an answer");
    (answer, events)
}

fn good() -> String {
    [
        line("A running scrub is paused with"),
        line(" the option `-p` [1]. It keeps its place – "),
        line("größe – on disk [2]."),
        done("stop"),
    ]
    .concat()
}

#[tokio::test]
async fn a_streamed_answer_is_checked_and_the_request_is_complete() {
    for size in [1, 2, 3, 7, 50, 10_000] {
        let server = Server::with_model(MODEL, &["completion"], vec![chunked(&good(), size)]).await;
        let (answer, events) = run(&question(), &engines(settings(&server.url))).await;
        assert_eq!(
            answer.text,
            "A running scrub is paused with the option `-p` [1]. It keeps its place – größe – on disk [1].",
            "chunks of {size}"
        );
        assert_eq!(answer.engine, EngineUsed::Model { name: MODEL.into() });
        assert!(answer.grounded && answer.fallback.is_none());
        assert_eq!(answer.citations.len(), 1);
        assert_eq!(answer.citations[0].at.page, "scrub.md");
        assert_eq!(answer.citations[0].quote.as_deref(), Some("A running scrub is paused with the option -p."));
        assert!(answer.notes.iter().any(|n| n.contains("moved")), "{:?}", answer.notes);
        let first_text = events.iter().position(|e| matches!(e, AskEvent::Text(_)));
        let first_citation = events.iter().position(|e| matches!(e, AskEvent::Citation(_)));
        assert!(first_citation < first_text, "a source is announced before the text that cites it");

        let sent = server.seen("/api/chat");
        assert_eq!(sent.len(), 1);
        let sent = &sent[0];
        assert_eq!(sent["model"], MODEL);
        assert_eq!(sent["stream"], true);
        assert_eq!(sent["truncate"], false);
        assert_eq!(sent["options"]["num_ctx"], 8192);
        assert!(sent["options"]["num_predict"].as_u64().is_some_and(|n| n > 0));
        assert!(sent.get("think").is_none(), "not every model knows it");
        assert!(sent.get("tools").is_none());
        assert_eq!(sent["messages"][0]["role"], "system");
        let user = sent["messages"][1]["content"].as_str().expect("text");
        assert!(user.contains("<document number=\"1\" title=\"Scrubbing\" section=\"Pausing\""));
        assert!(user.contains("zpool scrub -p tank") && user.contains("How do I pause a running scrub?"));
        assert_eq!(server.seen("/api/show")[0]["model"], MODEL);
    }
}

#[tokio::test]
async fn the_context_stays_constant_and_passages_are_cut_to_fit() {
    let mut question = question();
    for _ in 0..9 {
        let mut long = question.passages[2].clone();
        long.text = "Lists datasets in a table.\n\n".repeat(150);
        question.passages.push(long);
    }
    let server = Server::with_model(MODEL, &["completion"], vec![chunked(&good(), 64)]).await;
    let engines = engines(settings(&server.url));
    let (answer, _) = run(&question, &engines).await;
    question.passages.truncate(1);
    run(&question, &engines).await;
    let sent = server.seen("/api/chat");
    assert_eq!(sent[0]["options"], sent[1]["options"]);
    let bytes: usize = [0, 1].iter().filter_map(|i| sent[0]["messages"][*i]["content"].as_str()).map(str::len).sum();
    assert!(bytes / 3 <= 8192 - 1024 && bytes / 3 > 5000, "{bytes}");
    assert!(answer.notes.iter().any(|n| n.contains("passages fitted")), "{:?}", answer.notes);
}

/// One way in which a server fails, and what has to come of it.
struct Case {
    name: &'static str,
    chats: Vec<Script>,
    reason: &'static str,
    broken_off: bool,
    requests: usize,
}

#[tokio::test]
async fn every_failure_ends_in_an_answer_with_its_reason() {
    let half = || [line("A running scrub is paused with the option `-p` [1]. It keeps")].concat();
    let with = |head: String, tail: Vec<Step>| {
        let mut script = chunked(&head, 11);
        script.extend(tail);
        script
    };
    let text = |s: &str| Step::Bytes(s.as_bytes().to_vec());
    let cases = vec![
        Case {
            name: "error line with status 200",
            chats: vec![with(half(), vec![text("{\"error\":\"CUDA out of memory\"}\n")])],
            reason: "CUDA out of memory",
            broken_off: true,
            requests: 1,
        },
        Case {
            name: "error line at once",
            chats: vec![with(String::new(), vec![text("{\"error\":\"llama runner died\"}\n")])],
            reason: "llama runner died",
            broken_off: false,
            requests: 1,
        },
        Case {
            name: "no end mark",
            chats: vec![with(half(), vec![])],
            reason: "without saying that it was complete",
            broken_off: true,
            requests: 1,
        },
        Case {
            name: "connection cut",
            chats: vec![with(half(), vec![Step::Cut])],
            reason: "broke while answering",
            broken_off: true,
            requests: 1,
        },
        Case {
            name: "cut before the head",
            chats: vec![vec![Step::Cut]],
            reason: "broke while loading",
            broken_off: false,
            requests: 1,
        },
        Case {
            name: "hangs in the middle",
            chats: vec![with(half(), vec![Step::Hang])],
            reason: "silent",
            broken_off: true,
            requests: 1,
        },
        Case {
            name: "hangs while loading",
            chats: vec![vec![Step::Hang]],
            reason: "silent",
            broken_off: false,
            requests: 1,
        },
        Case {
            name: "hangs after the head",
            chats: vec![vec![Step::Head(200), Step::Hang]],
            reason: "silent",
            broken_off: false,
            requests: 1,
        },
        Case {
            name: "garbage",
            chats: vec![with(half(), vec![text("<html>proxy error</html>\n")])],
            reason: "<html>proxy error",
            broken_off: true,
            requests: 1,
        },
        Case {
            name: "length",
            chats: vec![with(half() + &done("length"), vec![])],
            reason: "limit of 1024 tokens",
            broken_off: true,
            requests: 1,
        },
        Case {
            name: "empty",
            chats: vec![with(done("stop"), vec![])],
            reason: "empty answer",
            broken_off: false,
            requests: 1,
        },
        Case {
            name: "loaded only",
            chats: vec![with(done("load"), vec![])],
            reason: "empty answer",
            broken_off: false,
            requests: 1,
        },
        Case {
            name: "busy twice",
            chats: vec![status(503, "{\"error\":\"server busy\"}")],
            reason: "is busy",
            broken_off: false,
            requests: 2,
        },
        Case {
            name: "500",
            chats: vec![status(500, "{\"error\":\"unexpected\"}")],
            reason: "answered 500: unexpected",
            broken_off: false,
            requests: 1,
        },
        Case {
            name: "400",
            chats: vec![status(400, "{\"error\":\"tiny does not support chat\"}")],
            reason: "does not support chat",
            broken_off: false,
            requests: 1,
        },
        Case {
            name: "model gone",
            chats: vec![status(404, "{\"error\":\"model not found\"}")],
            reason: "has no model `tiny:1b`",
            broken_off: false,
            requests: 1,
        },
        Case {
            name: "too long twice",
            chats: vec![status(400, "{\"error\":\"the input length exceeds the context length\"}")],
            reason: "do not fit the context",
            broken_off: false,
            requests: 2,
        },
    ];
    for case in cases {
        let server = Server::with_model(MODEL, &["completion"], case.chats).await;
        let (answer, events) = run(&question(), &engines(settings(&server.url))).await;
        let name = case.name;
        let fallback = answer.fallback.clone().unwrap_or_else(|| panic!("{name}: no fallback"));
        assert!(fallback.reason.contains(case.reason), "{name}: {}", fallback.reason);
        assert_eq!(fallback.broken_off, case.broken_off, "{name}");
        assert_eq!(fallback.from.as_deref(), Some(MODEL), "{name}");
        assert!(events.contains(&AskEvent::Fallback(fallback)), "{name}");
        assert_eq!(answer.engine, EngineUsed::BuiltIn, "{name}");
        assert!(answer.text.contains("zpool scrub -p tank"), "{name}: {}", answer.text);
        assert!(answer.grounded && !answer.citations.is_empty(), "{name}");
        assert_eq!(answer.text.contains("broke off here"), case.broken_off, "{name}: {}", answer.text);
        assert_eq!(server.seen("/api/chat").len(), case.requests, "{name}");
    }
}

#[tokio::test]
async fn a_code_block_that_broke_off_is_closed() {
    let chat = chunked(&line("Do this:\n```sh\nzpool scrub -p"), 9);
    let server = Server::with_model(MODEL, &["completion"], vec![chat]).await;
    let (answer, events) = run(&question(), &engines(settings(&server.url))).await;
    assert_eq!(answer.text.lines().filter(|l| l.starts_with("```")).count() % 2, 0, "{}", answer.text);
    // Whatever a face says of the fallback is no part of the block.
    let before = events.iter().take_while(|event| !matches!(event, AskEvent::Fallback(_)));
    let shown: String =
        before.filter_map(|event| if let AskEvent::Text(text) = event { Some(text.as_str()) } else { None }).collect();
    assert_eq!(shown, "Do this:\n```sh\nzpool scrub -p\n```\n");
}

#[tokio::test]
async fn what_is_known_of_the_search_is_noted() {
    let noted = Question { notes: vec!["searched by words alone: no model".into()], ..question() };
    let (answer, _) = run(&noted, &Engines::BuiltIn).await;
    assert_eq!(answer.notes, noted.notes);
}

#[tokio::test]
async fn a_busy_server_is_asked_once_more() {
    let server =
        Server::with_model(MODEL, &["completion"], vec![status(503, "{\"error\":\"busy\"}"), chunked(&good(), 5)])
            .await;
    let (answer, _) = run(&question(), &engines(settings(&server.url))).await;
    assert_eq!(answer.engine, EngineUsed::Model { name: MODEL.into() });
    assert_eq!(server.seen("/api/chat").len(), 2);
}

#[tokio::test]
async fn a_prompt_that_is_too_long_is_sent_again_with_less() {
    let mut question = question();
    question.passages[2].text = "Lists datasets in a table.\n\n".repeat(700);
    let server = Server::with_model(
        MODEL,
        &["completion"],
        vec![status(400, "{\"error\":\"the input length exceeds the context length\"}"), chunked(&good(), 50)],
    )
    .await;
    let (answer, _) = run(&question, &engines(settings(&server.url))).await;
    assert_eq!(answer.fallback, None);
    let sent: Vec<usize> = server.seen("/api/chat").iter().map(|body| body["messages"].to_string().len()).collect();
    assert!(sent.len() == 2 && sent[1] < sent[0], "{sent:?}");
}

#[tokio::test]
async fn thinking_is_asked_for_only_where_it_is_known_and_never_is_the_answer() {
    let thought =
        serde_json::json!({"message": {"role": "assistant", "content": "", "thinking": "SECRET"}, "done": false})
            .to_string()
            + "\n";
    let server = Server::with_model(
        MODEL,
        &["completion", "thinking"],
        vec![status(400, "{\"error\":\"\\\"tiny\\\" does not support thinking\"}"), chunked(&(thought + &good()), 13)],
    )
    .await;
    let (answer, events) = run(&question(), &engines(settings(&server.url))).await;
    let sent = server.seen("/api/chat");
    assert_eq!(sent[0]["think"], false);
    assert!(sent[1].get("think").is_none());
    assert!(events.contains(&AskEvent::Thinking("SECRET".into())));
    assert!(!answer.text.contains("SECRET") && answer.fallback.is_none());
}

#[tokio::test]
async fn a_sign_of_life_is_given_while_the_model_loads() {
    let mut slow = vec![Step::Pause(Duration::from_millis(250))];
    slow.extend(chunked(&good(), 20));
    let server = Server::with_model(MODEL, &["completion"], vec![slow]).await;
    let (answer, events) = run(&question(), &engines(settings(&server.url))).await;
    assert_eq!(answer.fallback, None, "slow is not dead");
    assert!(events.iter().any(|e| matches!(e, AskEvent::Waiting { .. })));
}

#[tokio::test]
async fn models_are_chosen_by_what_they_can() {
    // Configured and absent.
    let server = Server::start(vec![
        ("/api/tags", vec![tags(&["a:1b", "b:1b"])]),
        ("/api/show", vec![status(404, "{\"error\":\"not found\"}")]),
    ])
    .await;
    let wanted = Settings { model: Some("c:7b".into()), ..settings(&server.url) };
    let (answer, _) = run(&question(), &engines(wanted)).await;
    let hint = answer.fallback.and_then(|f| f.hint).expect("a hint");
    assert!(hint.contains("ollama pull c:7b") && hint.contains("a:1b"), "{hint}");

    // Not configured: the embedding model is passed over.
    let server = Server::start(vec![
        ("/api/tags", vec![tags(&["embed:1", "chat:1"])]),
        ("/api/show", vec![show(&["embedding"]), show(&["completion"])]),
        ("/api/chat", vec![chunked(&good(), 99)]),
    ])
    .await;
    let (answer, _) = run(&question(), &engines(settings(&server.url))).await;
    assert_eq!(answer.engine, EngineUsed::Model { name: "chat:1".into() });

    // Nothing that can chat; configured but of the wrong kind.
    for model in [None, Some("embed:1".to_owned())] {
        let server = Server::with_model("embed:1", &["embedding"], vec![]).await;
        let wanted = Settings { model, ..settings(&server.url) };
        let (answer, _) = run(&question(), &engines(wanted)).await;
        let reason = answer.fallback.expect("fell back").reason;
        assert!(reason.contains("can answer") || reason.contains("cannot answer"), "{reason}");
        assert_eq!(server.seen("/api/chat").len(), 0);
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_costs_nothing_but_a_reason() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
    let (answer, _) = run(&question(), &engines(settings(&format!("127.0.0.1:{port}")))).await;
    let fallback = answer.fallback.expect("fell back");
    assert!(fallback.reason.contains("no model server answers"), "{}", fallback.reason);
    assert!(fallback.hint.is_some_and(|h| h.contains("OLLAMA_HOST")));

    // One that accepts and says nothing.
    let server = Server::start(vec![("/api/tags", vec![vec![Step::Hang]])]).await;
    let (answer, _) = run(&question(), &engines(settings(&server.url))).await;
    assert!(answer.fallback.is_some_and(|f| f.reason.contains("silent")));

    // One that is no Ollama.
    let server = Server::start(vec![("/api/tags", vec![status(200, "<html>hello</html>")])]).await;
    let (answer, _) = run(&question(), &engines(settings(&server.url))).await;
    assert!(answer.fallback.is_some_and(|f| f.reason.contains("no answer")));

    // An address that is none.
    let engines = Engines::ollama(Some("ftp://x"), None);
    assert!(matches!(engines, Engines::Unusable(ModelError::Address { .. })));
    let (answer, _) = run(&question(), &engines).await;
    assert!(answer.fallback.is_some_and(|f| f.reason.contains("ftp")));
}

#[tokio::test]
async fn what_the_documents_do_not_hold_is_said() {
    // The model says so.
    let decline = [line(kai_prompts::NOT_COVERED), line(" They cover scrubs and sending."), done("stop")].concat();
    let server = Server::with_model(MODEL, &["completion"], vec![chunked(&decline, 8)]).await;
    let (answer, _) = run(&question(), &engines(settings(&server.url))).await;
    assert!(!answer.grounded && answer.nearest.len() == 3 && answer.fallback.is_none());

    // The model makes something up.
    let invented = [line("Bananas grow under tropical volcanoes near `--lava` [1]."), done("stop")].concat();
    let server = Server::with_model(MODEL, &["completion"], vec![chunked(&invented, 8)]).await;
    let (answer, _) = run(&question(), &engines(settings(&server.url))).await;
    assert!(!answer.grounded && answer.citations.is_empty() && !answer.text.contains("[1]"));
    let notes = answer.notes.join("\n");
    assert!(notes.contains("`--lava`") && notes.contains("could be traced"), "{notes}");

    // The search says so and there is no model.
    let unanswerable = Question { answerable: false, ..question() };
    let (answer, _) = run(&unanswerable, &Engines::BuiltIn).await;
    assert!(!answer.grounded && answer.citations.is_empty());
    assert!(answer.text.contains("do not seem to cover") && answer.text.contains("scrub.md"), "{}", answer.text);
    assert!(!answer.text.contains("zpool scrub -p"), "nothing is offered as an answer");

    // Nothing was found at all: no model is asked.
    let server = Server::with_model(MODEL, &["completion"], vec![]).await;
    let nothing = Question { passages: vec![], ..question() };
    let (answer, _) = run(&nothing, &engines(settings(&server.url))).await;
    assert!(!answer.grounded && server.seen("/api/tags").is_empty());
}

#[tokio::test]
async fn a_prompt_that_the_server_did_not_read_is_noted() {
    let mut question = question();
    question.passages[1].text.push_str(&"\n\nMore about sending.".repeat(600));
    let short = good().replace("900", "90");
    let server = Server::with_model(MODEL, &["completion"], vec![chunked(&short, 100)]).await;
    let (answer, _) = run(&question, &engines(settings(&server.url))).await;
    assert!(answer.notes.iter().any(|n| n.contains("read 90 tokens")), "{:?}", answer.notes);
}

#[tokio::test]
async fn a_real_server_answers() {
    let Ok(host) = std::env::var("KAI_TEST_OLLAMA") else {
        eprintln!("skipped: set KAI_TEST_OLLAMA to the address of an Ollama server to run this");
        return;
    };
    let model = std::env::var("KAI_TEST_OLLAMA_MODEL").ok();
    let (answer, events) = run(&question(), &Engines::ollama(Some(&host), model.as_deref())).await;
    assert_eq!(answer.fallback, None);
    assert!(matches!(answer.engine, EngineUsed::Model { .. }));
    assert!(answer.text.contains("-p"), "{}", answer.text);
    assert!(events.iter().any(|e| matches!(e, AskEvent::Text(_))));
}
