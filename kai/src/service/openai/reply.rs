//! A reply in pieces as OpenAI's clients have it: whole, or as chunks.

use std::convert::Infallible;

use axum::Json;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use kai_tools::names::Stamp;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::super::number::random;
use super::super::problem::{Answer, Problem};
use super::error::Mistake;
use crate::ask::Usage;
use crate::model::ToolCall;

/// A piece of a reply. The last one is how it ended.
#[derive(Debug)]
pub(super) enum Piece {
    Text(String),
    Thought(String),
    Ended(Ended),
    Broken(Problem),
}

/// The end of a reply.
#[derive(Debug, Default)]
pub(super) struct Ended {
    pub(super) calls: Vec<ToolCall>,
    /// It ends where its limit was reached.
    pub(super) cut_off: bool,
    /// What was counted; nothing if nobody did.
    pub(super) usage: Option<Usage>,
}

impl Ended {
    fn reason(&self) -> &'static str {
        match self {
            Self { cut_off: true, .. } => "length",
            Self { calls, .. } if calls.is_empty() => "stop",
            Self { .. } => "tool_calls",
        }
    }
}

/// A reply in the making: who writes it, and its pieces.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) model: String,
    pub(super) pieces: mpsc::Receiver<Piece>,
}

/// What all parts of a reply have.
struct Head {
    id: String,
    created: u64,
    model: String,
}

impl Reply {
    /// As it is wanted: chunks with or without what was counted, or one object.
    pub(super) async fn written(self, stream: bool, counted: bool) -> Answer<Response> {
        let number = random::<12>().map_err(|error| Problem::internal("making a number", &error))?;
        let head = Head { id: format!("chatcmpl-{number}"), created: Stamp::now().seconds(), model: self.model };
        if stream {
            return Ok(streamed(head, self.pieces, counted));
        }
        Ok(Json(whole(&head, self.pieces).await?).into_response())
    }
}

/// The next piece. What ends without an end is broken off.
async fn next(pieces: &mut mpsc::Receiver<Piece>) -> Piece {
    pieces.recv().await.unwrap_or_else(|| Piece::Broken(Problem::busy("the answer was broken off")))
}

async fn whole(head: &Head, mut pieces: mpsc::Receiver<Piece>) -> Answer<Value> {
    let mut text = String::new();
    let ended = loop {
        match next(&mut pieces).await {
            Piece::Text(more) => text.push_str(&more),
            Piece::Thought(_) => {}
            Piece::Ended(ended) => break ended,
            Piece::Broken(problem) => return Err(problem),
        }
    };
    let only_calls = text.is_empty() && !ended.calls.is_empty();
    let mut message = json!({ "role": "assistant", "content": if only_calls { Value::Null } else { json!(text) } });
    if !ended.calls.is_empty() {
        message["tool_calls"] = as_json(&ended.calls, false);
    }
    let mut whole = json!({
        "id": head.id, "object": "chat.completion", "created": head.created, "model": head.model,
        "choices": [{ "index": 0, "message": message, "logprobs": null, "finish_reason": ended.reason() }],
    });
    if let Some(usage) = ended.usage {
        whole["usage"] = counts(usage);
    }
    Ok(whole)
}

fn streamed(head: Head, pieces: mpsc::Receiver<Piece>, counted: bool) -> Response {
    let begin = head.chunk(&json!({ "role": "assistant", "content": "" }), None, counted);
    let rest = futures::stream::unfold((pieces, head, false), move |(mut pieces, head, ended)| async move {
        if ended {
            return None;
        }
        let (chunks, ended) = match next(&mut pieces).await {
            Piece::Text(text) => (vec![head.chunk(&json!({ "content": text }), None, counted)], false),
            Piece::Thought(text) => (vec![head.chunk(&json!({ "reasoning_content": text }), None, counted)], false),
            Piece::Ended(ended) => (head.last(&ended, counted), true),
            Piece::Broken(problem) => (vec![json!(Mistake::from(problem))], true),
        };
        Some((futures::stream::iter(chunks), (pieces, head, ended)))
    });
    let all = futures::stream::iter([begin]).chain(rest.flatten()).map(|chunk| chunk.to_string());
    let all = all.chain(futures::stream::iter(["[DONE]".to_owned()]));
    let events = all.map(|data| Ok::<_, Infallible>(Event::default().data(data)));
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}

impl Head {
    fn chunk(&self, delta: &Value, finish: Option<&str>, counted: bool) -> Value {
        let mut chunk = json!({
            "id": self.id, "object": "chat.completion.chunk", "created": self.created, "model": self.model,
            "choices": [{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish }],
        });
        if counted {
            chunk["usage"] = Value::Null;
        }
        chunk
    }

    /// Its calls, why it ended, and what was counted: numbers are expected there, even if nobody counted.
    fn last(&self, ended: &Ended, counted: bool) -> Vec<Value> {
        let mut chunks = Vec::new();
        if !ended.calls.is_empty() {
            chunks.push(self.chunk(&json!({ "tool_calls": as_json(&ended.calls, true) }), None, counted));
        }
        chunks.push(self.chunk(&json!({}), Some(ended.reason()), counted));
        if counted {
            let mut last = self.chunk(&json!({}), None, counted);
            last["choices"] = json!([]);
            last["usage"] = counts(ended.usage.unwrap_or_default());
            chunks.push(last);
        }
        chunks
    }
}

fn counts(usage: Usage) -> Value {
    let Usage { prompt_tokens, answer_tokens } = usage;
    json!({
        "prompt_tokens": prompt_tokens, "completion_tokens": answer_tokens,
        "total_tokens": prompt_tokens.saturating_add(answer_tokens),
    })
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
