//! Answers on the way to which a model calls tools, over a stand-in server: what it is told, what it
//! can cite, and when it has had enough chances.

use std::collections::VecDeque;
use std::time::Duration;

use futures::future::BoxFuture;
use kai::{
    ask::{Answer, AskEvent, EngineUsed, Engines, Hands, Passage, Question, Setting, Told, ask},
    model::{
        Message, Timing, ToolCall, ToolSpec,
        ollama::{Ollama, Settings, address},
    },
};
use serde_json::{Value, json};

use crate::ask::question;
use crate::support::ollama::{Script, Server, call, calls, chunked, done, line, status};

const MODEL: &str = "tiny:1b";

/// Hands that return what a test wrote down; the last of it again and again.
struct Scripted(VecDeque<Told>, usize);

impl Hands for Scripted {
    fn tools(&self, _: usize) -> Vec<ToolSpec> {
        let parameters = json!({ "type": "object", "properties": {} });
        vec![ToolSpec { name: "docs_search".into(), description: "Searches.".into(), parameters }]
    }

    fn call<'a>(&'a mut self, _: &'a ToolCall) -> BoxFuture<'a, Told> {
        self.1 += 1;
        let last = self.0.len() == 1;
        let told = if last { self.0.front().cloned() } else { self.0.pop_front() };
        Box::pin(async { told.expect("something") })
    }
}

struct Outcome {
    answer: Answer,
    events: Vec<AskEvent>,
    sent: Vec<Value>,
    calls: usize,
}

impl Outcome {
    /// What the tools had told in the last request.
    fn told(&self) -> Vec<String> {
        told(self.sent.last().expect("something was sent"))
    }
}

fn told(sent: &Value) -> Vec<String> {
    let messages = sent["messages"].as_array().expect("messages");
    let results = messages.iter().filter(|message| message["role"] == "tool");
    results.map(|message| message["content"].as_str().expect("text").to_owned()).collect()
}

async fn run_with(question: &Question, history: Vec<Message>, chats: Vec<Script>, told: Vec<Told>) -> Outcome {
    let server = Server::with_model(MODEL, &["completion", "tools"], chats).await;
    let settings = Settings {
        timing: Timing { tick: Duration::from_millis(40), ..Timing::default() },
        ..Settings::new(address::parse(&server.url).expect("a valid address"))
    };
    let engines = Engines::Model(Box::new(Ollama::new(settings).expect("a client")));
    let mut hands = Scripted(told.into(), 0);
    let mut events = Vec::new();
    let setting = Setting { host: "vm: web1".into(), history, hands: Some(&mut hands) };
    let answer = ask(question, setting, &engines, &mut |event| events.push(event)).await;
    Outcome { answer, events, sent: server.seen("/api/chat"), calls: hands.1 }
}

async fn run(chats: Vec<Script>, told: Vec<Told>) -> Outcome {
    run_with(&question(), Vec::new(), chats, told).await
}

/// A reply that calls, perhaps with some words before.
fn calling(text: &str) -> Script {
    let words = if text.is_empty() { String::new() } else { line(text) };
    chunked(&(words + &calls(&[call("docs_search", &json!({ "query": "x" }))]) + &done("stop")), 40)
}

fn saying(text: &str) -> Script {
    chunked(&(line(text) + &done("stop")), 40)
}

fn nothing() -> Told {
    Told::Nothing("this was called before".into())
}

fn hold() -> Passage {
    Passage {
        page: "hold.md".into(),
        title: "Holding".into(),
        text: "A snapshot that is held cannot be destroyed until it is released.".into(),
        ..Passage::default()
    }
}

#[tokio::test]
async fn what_was_looked_up_can_be_cited() {
    let known = question().passages[0].clone();
    let chats = vec![
        calling(""),
        saying(
            "A snapshot that is held cannot be destroyed [4]. A running scrub is paused with `-p` [1]. Bananas grow under volcanoes [4].",
        ),
    ];
    let outcome = run(chats, vec![Told::Passages(vec![hold(), known])]).await;
    let pages: Vec<&str> = outcome.answer.citations.iter().map(|citation| citation.at.page.as_str()).collect();
    assert_eq!(pages, ["hold.md", "scrub.md"]);
    assert_eq!(
        outcome.answer.text,
        "A snapshot that is held cannot be destroyed [1]. A running scrub is paused with `-p` [2]. Bananas grow under volcanoes."
    );
    assert!(outcome.answer.grounded && outcome.answer.fallback.is_none());
    let told = outcome.told().concat();
    assert!(
        told.contains("<document number=\"4\" title=\"Holding\"") && told.contains("until it is released"),
        "{told}"
    );
    assert!(told.contains("<document number=\"1\" title=\"Scrubbing\""), "what is known keeps its number: {told}");

    // The pages found first did not hold it, those looked up do.
    let unanswerable = Question { answerable: false, ..question() };
    let chats = || vec![calling(""), saying("A snapshot that is held cannot be destroyed [4].")];
    let outcome = run_with(&unanswerable, Vec::new(), chats(), vec![Told::Passages(vec![hold()])]).await;
    assert_eq!(outcome.answer.notes, [""; 0]);
    let outcome = run(chats(), vec![Told::Passages(Vec::new())]).await;
    assert_eq!(outcome.told(), ["nothing was found"]);
    assert!(outcome.answer.notes.iter().any(|note| note.contains("could be traced")), "{:?}", outcome.answer.notes);
}

#[tokio::test]
async fn only_what_tools_really_told_excuses_an_answer_without_sources() {
    let chats = || vec![calling(""), saying("The guest web1 runs since yesterday evening.")];
    let traced = |outcome: &Outcome| !outcome.answer.notes.iter().any(|note| note.contains("could be traced"));
    assert!(traced(&run(chats(), vec![Told::Data("web1 running".into())]).await));
    assert!(!traced(&run(chats(), vec![nothing()]).await));
}

#[tokio::test]
async fn a_model_that_calls_in_vain_is_offered_nothing_any_more() {
    // It answers then.
    let chats = vec![calling(""), calling(""), saying("A running scrub is paused with `-p` [1].")];
    let outcome = run(chats, vec![nothing()]).await;
    let offered: Vec<bool> = outcome.sent.iter().map(|sent| sent.get("tools").is_some()).collect();
    assert_eq!(offered, [true, true, false]);
    assert_eq!(outcome.answer.engine, EngineUsed::Model { name: MODEL.into() });
    assert_eq!(outcome.answer.fallback, None);

    // It goes on calling, in one form or the other.
    let printed = saying("<tool_call>{\"name\": \"docs_search\", \"arguments\": {}}</tool_call>");
    for stubborn in [calling(""), printed] {
        let outcome = run(vec![calling(""), calling(""), stubborn], vec![nothing()]).await;
        assert_eq!((outcome.sent.len(), outcome.calls), (3, 2));
        let fallback = outcome.answer.fallback.expect("fell back");
        assert!(fallback.reason.contains("again and again") && !fallback.broken_off, "{fallback:?}");
        assert_eq!(outcome.answer.engine, EngineUsed::BuiltIn);
        assert!(outcome.answer.text.contains("zpool scrub -p tank"), "{}", outcome.answer.text);
        assert!(!outcome.answer.text.contains("tool_call"));
    }

    // What brings something in between begins it anew; there is an end all the same.
    let outcome =
        run(vec![calling("")], vec![nothing(), Told::Data("a".into()), nothing(), Told::Data("b".into())]).await;
    assert_eq!((outcome.sent.len(), outcome.calls), (12, 11));
    assert!(outcome.sent[10].get("tools").is_some() && outcome.sent[11].get("tools").is_none());
    assert!(outcome.answer.fallback.is_some_and(|fallback| fallback.reason.contains("again and again")));
}

#[tokio::test]
async fn words_beside_a_call_stay_said() {
    let chats = vec![calling("I look it up:\n```sh\nls"), saying("A running scrub is paused with `-p` [1].")];
    let outcome = run(chats, vec![Told::Data("web1 running".into())]).await;
    let said = &outcome.sent[1]["messages"][2];
    assert_eq!(
        (said["role"].as_str(), said["content"].as_str()),
        (Some("assistant"), Some("I look it up:\n```sh\nls"))
    );
    assert!(said["tool_calls"][0]["function"]["name"] == "docs_search");
    assert_eq!(outcome.answer.text, "I look it up:\n```sh\nls\n```\n\n\nA running scrub is paused with `-p` [1].");
}

/// About what a request takes, in tokens.
fn size(sent: &Value) -> usize {
    let messages = sent["messages"].as_array().expect("messages");
    messages.iter().filter_map(|message| message["content"].as_str()).map(|text| text.len().div_ceil(3)).sum()
}

#[tokio::test]
async fn results_are_part_of_the_budget() {
    let mut question = question();
    for _ in 0..9 {
        let mut long = question.passages[2].clone();
        long.text = "Lists datasets in a table.\n\n".repeat(80);
        question.passages.push(long);
    }
    let mut chats = vec![calling(""); 6];
    chats.push(saying("A running scrub is paused with `-p` [1]."));
    let results = (0..6).map(|i| Told::Data(format!("result {i}: {}", "x".repeat(5900)))).collect();
    let outcome = run_with(&question, vec![Message::User("before".into())], chats, results).await;
    assert_eq!((outcome.answer.fallback.as_ref(), outcome.sent.len()), (None, 7));
    for sent in &outcome.sent {
        assert!(size(sent) <= 8192 - 1024, "{}", size(sent));
        assert!(sent["messages"].to_string().contains("zpool scrub -p tank"), "the best passage stays");
    }
    let told = outcome.told();
    assert_eq!(told.len(), 6);
    assert!(told[0].starts_with("result 0") && told[0].len() < 400, "{}", told[0]);
    assert!(told[5].len() > 5900, "the latest is whole");
    assert!(outcome.answer.notes.iter().any(|note| note.contains("passages fitted")), "{:?}", outcome.answer.notes);
}

#[tokio::test]
async fn what_a_server_finds_too_long_is_made_shorter_as_long_as_that_is_possible() {
    let too_long = || status(400, "{\"error\":\"the input length exceeds the context length\"}");
    let found = || vec![Told::Data("x".repeat(5000))];
    let chats = vec![calling("I look."), too_long(), too_long(), saying("A running scrub is paused with `-p` [1].")];
    let outcome = run(chats, found()).await;
    assert_eq!(outcome.answer.fallback, None);
    let sizes: Vec<usize> = outcome.sent.iter().map(size).collect();
    assert!(sizes.len() == 4 && sizes[2] < sizes[1] && sizes[3] < sizes[2], "{sizes:?}");

    let outcome = run(vec![calling(""), too_long()], found()).await;
    assert!(outcome.sent.len() <= 5, "{}", outcome.sent.len());
    assert!(outcome.answer.fallback.is_some_and(|fallback| fallback.reason.contains("do not fit")));
}

#[tokio::test]
async fn a_question_that_does_not_fit_is_said() {
    let long = Question { text: "How do I pause a running scrub? ".repeat(1000), ..question() };
    let outcome = run_with(&long, Vec::new(), vec![saying("Yes.")], vec![nothing()]).await;
    let fallback = outcome.answer.fallback.clone().expect("fell back");
    assert!(fallback.reason.contains("the question does not fit"), "{fallback:?}");
    assert!(fallback.hint.is_some() && outcome.sent.is_empty());
    assert!(outcome.events.contains(&AskEvent::Fallback(fallback)));
    assert!(!outcome.answer.text.trim().is_empty());
}
