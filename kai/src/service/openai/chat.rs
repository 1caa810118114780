//! `POST /v1/chat/completions`: an answer from the documents, or a reply of the model server with the
//! client's own tools.

use std::convert::Infallible;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use futures::{Stream, StreamExt};
use kai_tools::names::Stamp;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::super::Service;
use super::super::access::Caller;
use super::super::api::{Question, begin_in};
use super::super::body::Body;
use super::super::number::random;
use super::super::plain;
use super::super::problem::{Answer, Problem};
use super::super::sessions;
use super::super::stream::each;
use super::request::Chat;
use super::{Failed, MODEL};
use crate::ask::Engines;
use crate::model::{ModelEvent, ToolCall};

/// A piece of a reply.
#[derive(Debug)]
enum Piece {
    Text(String),
    Thought(String),
    Calls(Vec<ToolCall>),
    /// It broke off, for this reason.
    Broken(String),
}

pub(super) async fn chat(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    Body(chat): Body<Chat>,
) -> Result<Response, Failed> {
    let pieces = if chat.has_tools() {
        passed_on(&service, &caller, &chat).await?
    } else {
        answered(&service, &caller, &chat).await?
    };
    let number = random::<12>().map_err(|error| Problem::internal("making a number", &error))?;
    let head = Head { id: format!("chatcmpl-{number}"), created: Stamp::now().seconds() };
    if chat.stream.unwrap_or(false) {
        let usage = chat.stream_options.as_ref().and_then(|options| options.include_usage).unwrap_or(false);
        return Ok(streamed(head, pieces, usage));
    }
    Ok(Json(whole(&head, pieces).await?).into_response())
}

/// A turn over what the client says was said.
async fn answered(service: &Service, caller: &Caller, chat: &Chat) -> Answer<mpsc::Receiver<Piece>> {
    let (question, before) = chat.question()?;
    let question = Question { question, told: chat.rules(), ..Question::default() };
    let events = begin_in(service, caller, question, sessions::after(before)?).await?;
    let (sender, receiver) = mpsc::channel(16);
    tokio::spawn(async move {
        let mut events = std::pin::pin!(each(events));
        while let Some(told) = events.next().await {
            let piece = match told.name {
                "thinking" => told.data["text"].as_str().map(|text| Piece::Thought(text.to_owned())),
                "problem" => told.data["detail"].as_str().map(|why| Piece::Broken(why.to_owned())),
                _ => plain::text(&told).map(Piece::Text),
            };
            if let Some(piece) = piece
                && sender.send(piece).await.is_err()
            {
                return;
            }
        }
    });
    Ok(receiver)
}

/// The client's tools and messages, for the model server.
async fn passed_on(service: &Service, caller: &Caller, chat: &Chat) -> Answer<mpsc::Receiver<Piece>> {
    let Engines::Model(_) = service.0.engines.as_ref() else {
        return Err(Problem::unprocessable("tools need a model server behind kai, and there is none")
            .hint("start kai with --engine ollama or --engine openai"));
    };
    service.0.rates.ask(caller)?;
    let place = service.turn_of(&service.0.answers).await?;
    let conversation = chat.for_model()?;
    let engines = std::sync::Arc::clone(&service.0.engines);
    let (sender, receiver) = mpsc::channel(16);
    tokio::spawn(async move {
        let _place = place;
        let (pieces, mut said) = mpsc::unbounded_channel();
        let work = async {
            let mut sink = |event| {
                let piece = match event {
                    ModelEvent::Text(text) => Piece::Text(text),
                    ModelEvent::Thinking(text) => Piece::Thought(text),
                    ModelEvent::Waiting { .. } => return,
                };
                let _ = pieces.send(piece);
            };
            let Engines::Model(model) = engines.as_ref() else { return };
            let replied = match model.prepare(&mut sink).await {
                Ok(ready) => model.chat(&ready, &conversation, &mut sink).await,
                Err(error) => Err(error),
            };
            let last = match replied {
                Ok(finished) => Piece::Calls(finished.calls),
                Err(error) => {
                    tracing::warn!(%error, "the model gave no reply");
                    Piece::Broken("the model server gave no complete reply; the service's log says why".to_owned())
                }
            };
            let _ = pieces.send(last);
            drop(pieces);
        };
        let pass_on = async {
            while let Some(piece) = said.recv().await {
                let _ = sender.send(piece).await;
            }
        };
        tokio::select! {
            _ = async { tokio::join!(work, pass_on) } => {}
            () = sender.closed() => {}
        }
    });
    Ok(receiver)
}

/// What all parts of a reply have.
struct Head {
    id: String,
    created: u64,
}

impl Head {
    fn chunk(&self, delta: &Value, finish: Option<&str>) -> Value {
        json!({
            "id": self.id, "object": "chat.completion.chunk", "created": self.created, "model": MODEL,
            "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }],
        })
    }
}

fn as_json(calls: &[ToolCall], numbered: bool) -> Value {
    let call = |(index, call): (usize, &ToolCall)| {
        let id = call.id.clone().unwrap_or_else(|| format!("call_{index}"));
        let function = json!({ "name": call.name, "arguments": call.arguments.to_string() });
        let mut call = json!({ "id": id, "type": "function", "function": function });
        if numbered {
            call["index"] = json!(index);
        }
        call
    };
    calls.iter().enumerate().map(call).collect()
}

fn streamed(head: Head, pieces: mpsc::Receiver<Piece>, usage: bool) -> Response {
    let begin = head.chunk(&json!({ "role": "assistant", "content": "" }), None);
    let end = json!({
        "id": head.id, "object": "chat.completion.chunk", "created": head.created, "model": MODEL,
        "choices": [], "usage": usage_of(0),
    });
    let each = futures::stream::unfold((pieces, head, false), |(mut pieces, head, ended)| async move {
        if ended {
            return None;
        }
        let (chunk, ended) = match pieces.recv().await {
            Some(Piece::Text(text)) => (head.chunk(&json!({ "content": text }), None), false),
            Some(Piece::Thought(text)) => (head.chunk(&json!({ "reasoning_content": text }), None), false),
            Some(Piece::Calls(calls)) if !calls.is_empty() => {
                let delta = json!({ "tool_calls": as_json(&calls, true) });
                (head.chunk(&delta, Some("tool_calls")), true)
            }
            Some(Piece::Broken(why)) => (json!({ "error": { "message": why, "type": "server_error" } }), true),
            Some(Piece::Calls(_)) | None => (head.chunk(&json!({}), Some("stop")), true),
        };
        Some((chunk, (pieces, head, ended)))
    });
    let first = futures::stream::iter([begin]);
    let last = futures::stream::iter(usage.then_some(end));
    let all = first.chain(each).chain(last).map(|chunk| Event::default().data(chunk.to_string()));
    let all = all.chain(futures::stream::iter([Event::default().data("[DONE]")])).map(Ok::<_, Infallible>);
    sse(all)
}

fn sse(events: impl Stream<Item = Result<Event, Infallible>> + Send + 'static) -> Response {
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}

/// Figures that nobody counted are estimates: four bytes a token.
fn usage_of(bytes: usize) -> Value {
    let tokens = bytes.div_ceil(4);
    json!({ "prompt_tokens": 0, "completion_tokens": tokens, "total_tokens": tokens })
}

async fn whole(head: &Head, mut pieces: mpsc::Receiver<Piece>) -> Answer<Value> {
    let (mut text, mut calls) = (String::new(), Vec::new());
    while let Some(piece) = pieces.recv().await {
        match piece {
            Piece::Text(more) => text.push_str(&more),
            Piece::Thought(_) => {}
            Piece::Calls(asked) => calls = asked,
            Piece::Broken(why) => return Err(Problem::busy(why)),
        }
    }
    let usage = usage_of(text.len());
    let mut message = json!({ "role": "assistant", "content": text });
    let mut finish = "stop";
    if !calls.is_empty() {
        message["tool_calls"] = as_json(&calls, false);
        finish = "tool_calls";
    }
    Ok(json!({
        "id": head.id, "object": "chat.completion", "created": head.created, "model": MODEL,
        "choices": [{ "index": 0, "message": message, "finish_reason": finish }],
        "usage": usage,
    }))
}
