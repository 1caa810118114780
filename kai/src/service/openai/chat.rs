//! `POST /v1/chat/completions`: an answer from the documents, or a reply of the model server with the
//! client's own tools.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use futures::StreamExt;
use serde_json::Value;
use tokio::sync::mpsc;

use super::super::Service;
use super::super::access::Caller;
use super::super::api::{Question, begin_in};
use super::super::body::Body;
use super::super::plain;
use super::super::problem::{Answer, Problem};
use super::super::sessions;
use super::super::stream::{Told, each};
use super::reply::{Ended, Piece, Reply};
use super::request::Chat;
use super::{MODEL, passed};
use crate::ask::Usage;

pub(super) async fn chat(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    Body(chat): Body<Chat>,
) -> Answer<Response> {
    chat.check()?;
    let reply = if chat.is_for_the_model_server() {
        passed::on(&service, &caller, &chat).await?
    } else {
        answered(&service, &caller, &chat).await?
    };
    reply.written(chat.is_streamed(), chat.wants_usage()).await
}

/// A turn over what the client says was said.
async fn answered(service: &Service, caller: &Caller, chat: &Chat) -> Answer<Reply> {
    let (question, before) = chat.question()?;
    let question = Question { question, told: chat.rules(), ..Question::default() };
    let events = begin_in(service, caller, question, sessions::after(before)?).await?;
    let (sender, pieces) = mpsc::channel(16);
    tokio::spawn(async move {
        let mut events = std::pin::pin!(each(events));
        while let Some(told) = events.next().await {
            for piece in pieces_of(&told) {
                if sender.send(piece).await.is_err() {
                    return;
                }
            }
        }
    });
    Ok(Reply { model: MODEL.to_owned(), pieces })
}

fn pieces_of(told: &Told) -> Vec<Piece> {
    let said = |field: &str| told.data[field].as_str().map(str::to_owned);
    let text = plain::text(told).map(Piece::Text);
    let (text, end) = match told.name {
        "thinking" => (said("text").map(Piece::Thought), None),
        "problem" => (said("detail").map(|why| Piece::Broken(Problem::busy(why))), None),
        "done" => (text, Some(Piece::Ended(Ended { usage: counted(&told.data), ..Ended::default() }))),
        _ => (text, None),
    };
    text.into_iter().chain(end).collect()
}

/// What the model server counted. What no model wrote took no tokens.
fn counted(done: &Value) -> Option<Usage> {
    let usage = serde_json::from_value(done["usage"].clone()).ok();
    usage.or_else(|| (done["engine"]["kind"] != "model").then(Usage::default))
}
