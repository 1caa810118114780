//! The Ollama embedder against a stand-in that speaks its protocol.

use kai_indexer::embed::{EmbedError, Embedder, OllamaEmbedder};
use serde_json::{Value, json};
use url::Url;

use super::http::{Answer, Request, Server};

fn answer(status: u16, body: &Value) -> Answer {
    Answer::of(status, "application/json", body.to_string())
}

fn tags() -> Answer {
    answer(
        200,
        &json!({ "models": [
        { "name": "other:latest", "digest": "bbb" },
        { "name": "tiny:latest", "digest": "aaa", "size": 1 },
    ] }),
    )
}

fn texts(request: &Request) -> Vec<String> {
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    body["input"].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

fn truncates(request: &Request) -> bool {
    serde_json::from_slice::<Value>(&request.body).unwrap()["truncate"] == json!(true)
}

/// A model that turns `text 7` into a vector of that direction, and refuses what is too long.
fn model(request: &Request) -> Answer {
    if request.path == "/api/tags" {
        return tags();
    }
    let texts = texts(request);
    if texts.iter().any(|text| text.contains("hopeless") || text.contains("too long") && !truncates(request)) {
        return answer(400, &json!({ "error": "the input length exceeds the context length" }));
    }
    let number = |text: &String| text.rsplit(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0.0_f64);
    let vectors: Vec<_> = texts.iter().map(|text| json!([number(text), 100.0, 0.0])).collect();
    answer(200, &json!({ "model": "tiny", "embeddings": vectors }))
}

/// What [`model`] gives for a number, at unit length.
fn expected(number: f32) -> [f32; 3] {
    let length = number.hypot(100.0);
    [number / length, 100.0 / length, 0.0]
}

fn assert_near(vector: &[f32], number: f32) {
    let far = vector.iter().zip(expected(number)).any(|(a, b)| (a - b).abs() > 1e-5);
    assert!(vector.len() == 3 && !far, "{vector:?} for {number}");
}

async fn connect(server: &Server) -> OllamaEmbedder {
    OllamaEmbedder::connect(&server.url, "tiny").await.unwrap()
}

#[tokio::test]
async fn the_server_says_which_model_it_is_and_how_wide() {
    let server = Server::start(model);
    let embedder = connect(&server).await;
    let id = embedder.id();
    assert_eq!((id.name.as_str(), id.digest.as_str(), id.dimensions), ("ollama:tiny", "aaa", 3));
    let tagged = OllamaEmbedder::connect(&server.url, "tiny:latest").await.unwrap();
    assert_eq!(tagged.id().digest, "aaa");
}

#[tokio::test]
async fn vectors_have_unit_length_and_the_order_of_their_texts() {
    let server = Server::start(model);
    let embedder = connect(&server).await;
    assert!(embedder.embed(Vec::new()).await.unwrap().is_empty());
    let texts: Vec<String> = (0..75).map(|n| format!("text {n}")).collect();
    let vectors = embedder.embed(texts).await.unwrap();
    assert_eq!(vectors.len(), 75);
    for (number, vector) in vectors.iter().enumerate() {
        assert_near(vector, number as f32);
    }
}

#[tokio::test]
async fn one_refused_text_costs_no_other_its_vector() {
    let server = Server::start(model);
    let embedder = connect(&server).await;
    for bad in [0, 13, 31, 32, 69] {
        let text = |n| if n == bad { format!("too long {n}") } else { format!("text {n}") };
        server.take_asked();
        let vectors = embedder.embed((0..70).map(text).collect()).await.unwrap();
        assert_eq!(vectors.len(), 70);
        for (number, vector) in vectors.iter().enumerate() {
            assert_near(vector, number as f32);
        }
        let asked = server.take_asked();
        let cut: Vec<Vec<String>> = asked.iter().filter(|request| truncates(request)).map(texts).collect();
        assert_eq!(cut, [[format!("too long {bad}")]], "only the refused text is cut by the server");
        assert!(asked.len() <= 3 + 2 * 6, "{} requests", asked.len());
    }
}

#[tokio::test]
async fn a_text_that_is_refused_even_when_cut_is_an_error_in_the_servers_words() {
    let server = Server::start(model);
    let error = connect(&server).await.embed(vec!["fine 1".into(), "hopeless".into()]).await.unwrap_err();
    let EmbedError::Refused { model, reason, url } = &error else { panic!("{error:?}") };
    assert_eq!((model.as_str(), url.as_str()), ("tiny", server.url.as_str()));
    assert!(reason.contains("exceeds the context length"), "{reason}");
}

#[tokio::test]
async fn a_model_that_the_server_lacks_is_refused() {
    let server = Server::start(model);
    let error = OllamaEmbedder::connect(&server.url, "absent").await.unwrap_err();
    assert!(matches!(&error, EmbedError::Refused { model, .. } if model == "absent"), "{error:?}");
    assert!(error.to_string().contains("absent") && error.to_string().contains(server.url.as_str()));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    let error = OllamaEmbedder::connect(&url, "tiny").await.unwrap_err();
    assert!(matches!(&error, EmbedError::Server { .. }), "{error:?}");
    assert!(error.to_string().contains(url.as_str()), "{error}");
}

#[tokio::test]
async fn answers_that_do_not_fit_are_not_believed() {
    let wrong: [(u16, Value); 6] = [
        (200, json!({ "embeddings": [[1.0, 2.0, 3.0]] })),
        (200, json!({ "embeddings": [[1.0, 2.0, 3.0], [1.0, 2.0]] })),
        (200, json!({ "embeddings": [[1.0, 2.0], [1.0, 2.0]] })),
        (200, json!({ "embeddings": [[1.0, 2.0, 1e39], [1.0, 2.0, 3.0]] })),
        (200, json!({ "vectors": [] })),
        (500, json!({ "error": "out of memory" })),
    ];
    for (status, body) in wrong {
        let shown = body.to_string();
        let server = Server::start(move |request| {
            let probe = request.path == "/api/tags" || texts(request) == ["dimensions"];
            if probe { model(request) } else { answer(status, &body) }
        });
        let error = connect(&server).await.embed(vec!["a 1".into(), "b 2".into()]).await.unwrap_err();
        assert!(matches!(&error, EmbedError::Server { .. }), "{shown}: {error:?}");
        if status == 500 {
            assert!(error.to_string().contains("out of memory"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_model_that_does_not_embed_is_refused() {
    for body in [json!({ "embeddings": [[]] }), json!({ "embeddings": [] })] {
        let server =
            Server::start(move |request| if request.path == "/api/tags" { tags() } else { answer(200, &body) });
        assert!(OllamaEmbedder::connect(&server.url, "tiny").await.is_err());
    }
}

#[tokio::test]
async fn windows_hold_every_line_behind_the_context() {
    let server = Server::start(model);
    let embedder = connect(&server).await;
    assert_eq!(embedder.windows("Title", "short"), ["Title\nshort"]);
    assert_eq!(embedder.windows("Title", " \n").len(), 1);
    let text: String = (0..400).map(|n| format!("line number {n} of the text\n")).collect();
    let windows = embedder.windows("Title", &text);
    assert!(windows.len() > 1 && windows.iter().all(|window| window.starts_with("Title\n")));
    assert!((0..400).all(|n| windows.iter().any(|window| window.contains(&format!("number {n} of")))));
}
