//! What is shown of a server's words: nothing that a terminal obeys, and never the key.

use kai::model::{
    Model,
    openai::{ApiKey, OpenAi, Settings},
};

use crate::support::{
    openai::{CHAT, call, done, error, text},
    server::{Server, chunked, status},
    stand::{KINDS, MODEL, Say, Stand, chat, openai_settings, question, ready, refuse, script},
};

#[tokio::test]
async fn nothing_that_a_terminal_obeys_is_in_a_message() {
    let words = "bad\u{1b}[2J\u{1b}]0;title\u{7} news\u{202e}\u{0}";
    for kind in KINDS {
        for chat in [refuse(kind, 500, words), script(kind, &[Say::Error(words)])] {
            let outcome = Stand::start(kind, vec![chat]).await.chat(&question()).await;
            let said = outcome.result.expect_err("it failed").to_string();
            assert!(said.ends_with("bad news"), "{kind:?}: {said:?}");
        }
        let garbled = script(kind, &[Say::Raw("<html>\u{9b}31mhello\n")]);
        let outcome = Stand::start(kind, vec![garbled]).await.chat(&question()).await;
        let said = outcome.result.expect_err("it failed").to_string();
        assert!(said.contains("`<html>hello`"), "{kind:?}: {said}");
    }
}

#[tokio::test]
async fn the_key_is_sent_and_never_shown() {
    let secret = "sk-very-secret-0123456789";
    let refused = status(401, &error(&format!("Incorrect API key provided: {secret}.")));
    let later = chunked(&format!("data: {}\n\n", error(&format!("key {secret} expired"))), 30);
    let garbled = chunked(&format!("<html>key {secret}</html>\n"), 30);
    // Cut in the middle of the key.
    let cut = chunked(&format!("<html>{}{secret}</html>\n", "x".repeat(100)), 30);
    let unreadable = chunked(&(call(0, "c", "kvm_list", &format!("{secret} x")) + &done("stop")), 30);
    let printed = text(&format!("<tool_call>{{\"name\": \"kvm_list\", \"key\": \"{secret}\"")) + &done("stop");
    let server = Server::openai(
        MODEL,
        vec![refused, later, garbled, cut, unreadable.clone(), unreadable, chunked(&printed, 30)],
    )
    .await;
    let key = ApiKey::new(secret).expect("a key");
    let settings = Settings { key: Some(key), ..openai_settings(&server.url) };
    let mut shown = format!("{settings:?}");
    let openai = OpenAi::new(settings).expect("a client");
    shown += &format!("{openai:?}");
    openai.prepare(&mut |_| {}).await.expect("the model is there");
    for expected in ["[API key]", "expired", "<html>key [API key]", "x[API key]", "`[API key] x`", "[API key]"] {
        let failure = chat(&openai, &ready(), &question()).await.result.expect_err("refused");
        assert!(failure.to_string().contains(expected), "{failure}");
        shown += &format!("{failure} {failure:?} {:?}", failure.hint());
    }
    assert!(shown.contains("KAI_OPENAI_KEY") && !shown.contains("very-secret"), "{shown}");
    for path in ["/v1/models", CHAT] {
        let head = &server.requests(path)[0].head;
        assert!(head.contains(&format!("Bearer {secret}")), "{path}: {head}");
    }
    // Without a key, none is sent.
    let server = Server::openai(MODEL, Vec::new()).await;
    let openai = OpenAi::new(openai_settings(&server.url)).expect("a client");
    openai.prepare(&mut |_| {}).await.expect("the model is there");
    assert!(!server.requests("/v1/models")[0].head.to_lowercase().contains("authorization"));
}
