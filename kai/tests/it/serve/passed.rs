//! Chats with tools of the client's own: what reaches the model server, and what comes back.

use serde_json::{Value, json};

use super::super::support::ollama;
use super::super::support::openai::{CHAT, call, done, error, event, finish, text};
use super::super::support::server::{Script, Server, chunked, status};
use super::{Place, Served, answer, runtime};

/// A service before a model server that answers with these scripts.
async fn before(place: &Place, scripts: Vec<Script>) -> (Server, Served) {
    let server = Server::openai("tiny", scripts).await;
    let url = format!("{}/v1", server.url);
    let served = place.serve_with(&["--engine", "openai", "--docs-only"], &[("KAI_OPENAI_URL", &url)]);
    (server, served)
}

fn tools() -> Value {
    let parameters = json!({ "type": "object", "properties": { "city": { "type": "string" } } });
    json!([{ "type": "function", "function": { "name": "weather", "description": "Now", "parameters": parameters } }])
}

fn asked() -> Value {
    json!({
        "model": "gpt-4", "tools": tools(),
        "messages": [{ "role": "user", "content": "what is the weather in Bern?" }],
    })
}

fn with(mut body: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        body[name.as_str()] = value.clone();
    }
    body
}

/// The chunks of a stream.
async fn chunks(served: &Served, body: &Value) -> Vec<Value> {
    let said = served.post("/v1/chat/completions", body).send().await.unwrap().text().await.unwrap();
    let data: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
    assert_eq!(data.last(), Some(&"[DONE]"), "{said}");
    data[..data.len() - 1].iter().map(|data| serde_json::from_str(data).unwrap()).collect()
}

#[test]
fn a_clients_own_tools_go_to_the_model_server_and_its_calls_come_back() {
    let place = Place::empty();
    runtime().block_on(async {
        let asked = call(0, "c1", "weather", "{\"city\": \"Bern\"}") + &done("tool_calls");
        let replied = text("It ") + &text("snows.") + &done("stop");
        let scripts = [&asked, &asked, &replied].map(|script| chunked(script, 7));
        let server = Server::openai("tiny", scripts.to_vec()).await;
        let served =
            place.serve_with(&["--engine", "openai", "--docs-only"], &[("KAI_OPENAI_URL", &format!("{}/v1", server.url))]);
        let parameters = json!({ "type": "object", "properties": { "city": { "type": "string" } } });
        let tool = json!({ "type": "function", "function": { "name": "weather", "description": "Now", "parameters": parameters } });
        let question = json!({ "role": "user", "content": "what is the weather in Bern?" });
        let body = json!({ "model": "kai", "messages": [question], "tools": [tool] });
        let (status, whole) = answer(served.post("/v1/chat/completions", &body)).await;
        assert_eq!(status, 200, "{whole}");
        let choice = &whole["choices"][0];
        assert_eq!(choice["finish_reason"], "tool_calls");
        let made = &choice["message"]["tool_calls"][0];
        assert_eq!((&made["id"], &made["function"]["name"]), (&json!("c1"), &json!("weather")));
        assert_eq!(made["function"]["arguments"], "{\"city\":\"Bern\"}");
        assert_eq!(server.seen(CHAT)[0]["tools"][0]["function"]["name"], "weather");

        let mut streamed = body.clone();
        streamed["stream"] = json!(true);
        let said = served.post("/v1/chat/completions", &streamed).send().await.unwrap().text().await.unwrap();
        assert!(said.contains("\"tool_calls\":[{") && said.contains("\"finish_reason\":\"tool_calls\""), "{said}");

        // The result of the call goes back with the call that it is of.
        let result = json!({ "role": "tool", "tool_call_id": "c1", "content": "snow" });
        let mut body = body;
        body["messages"] = json!([question, choice["message"], result]);
        let (_, whole) = answer(served.post("/v1/chat/completions", &body)).await;
        assert_eq!(whole["choices"][0]["message"]["content"], "It snows.");
        let sent = &server.seen(CHAT)[2]["messages"];
        let last = sent.as_array().unwrap().last().unwrap();
        assert_eq!((&last["role"], &last["tool_call_id"], &last["content"]), (&json!("tool"), &json!("c1"), &json!("snow")));
    });
}

#[test]
fn what_a_client_wants_of_a_reply_reaches_a_server_of_openais_protocol() {
    let place = Place::empty();
    runtime().block_on(async {
        let replied = chunked(&(text("Snow.") + &done("stop")), 50);
        let (server, served) = before(&place, vec![replied]).await;
        let named = json!({ "type": "function", "function": { "name": "weather" } });
        for wishes in [
            json!({ "temperature": 0.7, "top_p": 0.25, "max_tokens": 5000, "stop": ["END", "\n"], "seed": 42 }),
            json!({ "max_completion_tokens": 77, "stop": "END" }),
            json!({ "tool_choice": "none" }),
            json!({ "tool_choice": "auto" }),
            json!({ "tool_choice": "required" }),
            json!({ "tool_choice": named }),
            json!({}),
        ] {
            let (status, whole) = answer(served.post("/v1/chat/completions", &with(asked(), &wishes))).await;
            assert_eq!(status, 200, "{wishes}: {whole}");
        }
        let sent = server.seen(CHAT);
        let of = |at: usize, name: &str| sent[at].get(name).cloned().unwrap_or_default();
        for (name, expected) in [
            ("temperature", json!(0.7)),
            ("top_p", json!(0.25)),
            ("max_tokens", json!(5000)),
            ("stop", json!(["END", "\n"])),
            ("seed", json!(42)),
        ] {
            assert_eq!(of(0, name), expected, "{name}");
        }
        assert_eq!((of(1, "max_tokens"), of(1, "stop")), (json!(77), json!(["END"])));
        for (at, expected) in [(2, json!("none")), (3, json!("auto")), (4, json!("required")), (5, named)] {
            assert_eq!(of(at, "tool_choice"), expected);
            assert_eq!(of(at, "tools")[0]["function"]["name"], "weather");
        }
        for name in ["top_p", "stop", "seed", "tool_choice"] {
            assert_eq!(of(6, name), Value::Null, "{name}");
        }
        let other = json!({ "tool_choice": { "type": "function", "function": { "name": "clock" } } });
        let (status, error) = answer(served.post("/v1/chat/completions", &with(asked(), &other))).await;
        assert_eq!((status, &error["error"]["param"]), (400, &json!("tool_choice")), "{error}");
    });
}

#[test]
fn ollama_gets_them_as_options_and_what_it_has_no_word_for_is_refused() {
    let place = Place::empty();
    runtime().block_on(async {
        let replied = ollama::line("Snow.") + &ollama::done("stop");
        let server = Server::with_model("tiny", &["completion", "tools"], vec![chunked(&replied, 50)]).await;
        let served = place.serve_with(&["--engine", "ollama", "--docs-only"], &[("OLLAMA_HOST", &server.url)]);
        let wishes = json!({ "temperature": 0.7, "top_p": 0.25, "max_tokens": 50, "stop": "END", "seed": 42 });
        let (status, whole) = answer(served.post("/v1/chat/completions", &with(asked(), &wishes))).await;
        assert_eq!((status, &whole["model"]), (200, &json!("tiny")), "{whole}");
        assert_eq!(whole["usage"]["total_tokens"], 940, "{whole}");
        let none = with(asked(), &json!({ "tool_choice": "none" }));
        assert_eq!(answer(served.post("/v1/chat/completions", &none)).await.0, 200);
        let sent = server.seen("/api/chat");
        let options = &sent[0]["options"];
        for (name, expected) in [
            ("temperature", json!(0.7)),
            ("top_p", json!(0.25)),
            ("num_predict", json!(50)),
            ("stop", json!(["END"])),
            ("seed", json!(42)),
        ] {
            assert_eq!(options[name], expected, "{name}");
        }
        assert_eq!(sent[0]["tools"][0]["function"]["name"], "weather");
        assert_eq!(sent[1].get("tools"), None);
        for choice in [json!("required"), json!({ "type": "function", "function": { "name": "weather" } })] {
            let body = with(asked(), &json!({ "tool_choice": choice }));
            let (status, error) = answer(served.post("/v1/chat/completions", &body)).await;
            assert_eq!((status, &error["error"]["param"]), (400, &json!("tool_choice")), "{error}");
        }
        assert_eq!(server.seen("/api/chat").len(), 2);
    });
}

#[test]
fn a_reply_says_who_wrote_it_what_was_counted_and_that_its_limit_cut_it_off() {
    let place = Place::empty();
    runtime().block_on(async {
        let counted = text("Sn") + &done("length");
        let uncounted = text("Snow.") + &finish("stop") + "data: [DONE]\n\n";
        let empty = finish("stop") + &event(&json!({ "choices": [] })) + "data: [DONE]\n\n";
        let scripts = [&counted, &counted, &uncounted, &uncounted, &empty].map(|script| chunked(script, 50));
        let (_server, served) = before(&place, scripts.to_vec()).await;
        let streamed = json!({ "stream": true, "stream_options": { "include_usage": true } });
        let usage = json!({ "prompt_tokens": 900, "completion_tokens": 40, "total_tokens": 940 });

        let (_, whole) = answer(served.post("/v1/chat/completions", &asked())).await;
        assert_eq!((&whole["model"], &whole["usage"]), (&json!("tiny"), &usage), "{whole}");
        let choice = &whole["choices"][0];
        assert_eq!((&choice["message"]["content"], &choice["finish_reason"]), (&json!("Sn"), &json!("length")));
        let pieces = chunks(&served, &with(asked(), &streamed)).await;
        let (last, rest) = pieces.split_last().unwrap();
        assert_eq!((&last["usage"], &last["choices"]), (&usage, &json!([])));
        assert!(rest.iter().all(|chunk| chunk["usage"].is_null() && chunk["model"] == "tiny"), "{rest:?}");
        assert!(rest.iter().any(|chunk| chunk["choices"][0]["finish_reason"] == "length"), "{rest:?}");

        // Nobody counted: nothing is made up.
        let (_, whole) = answer(served.post("/v1/chat/completions", &asked())).await;
        assert_eq!(whole.get("usage"), None, "{whole}");
        let pieces = chunks(&served, &with(asked(), &streamed)).await;
        assert_eq!(pieces.last().unwrap()["usage"]["total_tokens"], 0);
        // Where the client says what ends a reply, it may be empty.
        let (status, whole) = answer(served.post("/v1/chat/completions", &asked())).await;
        assert_eq!((status, &whole["choices"][0]["message"]["content"]), (200, &json!("")), "{whole}");
    });
}

#[test]
fn a_calls_result_goes_on_to_the_model_server_without_the_tools_too() {
    let place = Place::empty();
    runtime().block_on(async {
        let replied = chunked(&(text("It snows.") + &done("stop")), 50);
        let (server, served) = before(&place, vec![replied]).await;
        let called = json!({ "id": "c1", "type": "function", "function": { "name": "weather", "arguments": "{}" } });
        let body = json!({ "model": "kai", "messages": [
            { "role": "developer", "content": "Be brief." },
            { "role": "user", "content": "what is the weather in Bern?" },
            { "role": "assistant", "content": null, "tool_calls": [called] },
            { "role": "tool", "tool_call_id": "c1", "content": "snow" },
        ] });
        let (status, whole) = answer(served.post("/v1/chat/completions", &body)).await;
        assert_eq!(status, 200, "{whole}");
        assert_eq!(whole["choices"][0]["message"]["content"], "It snows.");
        let sent = &server.seen(CHAT)[0];
        let roles: Vec<&str> =
            sent["messages"].as_array().unwrap().iter().filter_map(|said| said["role"].as_str()).collect();
        assert_eq!(roles, ["system", "user", "assistant", "tool"]);
        assert_eq!((&sent["messages"][0]["content"], sent.get("tools")), (&json!("Be brief."), None));
    });
}

#[test]
fn what_the_model_server_does_not_accept_is_the_clients_mistake_and_a_call_is_not_given_up() {
    let place = Place::empty();
    runtime().block_on(async {
        let refused = status(400, &error("tool choice requires --enable-auto-tool-choice at 10.9.8.7"));
        let (server, served) = before(&place, vec![refused]).await;
        let body = with(asked(), &json!({ "tool_choice": "required" }));
        let (status, error) = answer(served.post("/v1/chat/completions", &body)).await;
        assert_eq!((status, &error["error"]["type"]), (400, &json!("invalid_request_error")), "{error}");
        assert!(!error.to_string().contains("10.9.8.7"), "{error}");
        // It was not asked again without them.
        assert!(server.seen(CHAT).iter().all(|sent| sent.get("tools").is_some()));
    });
}
