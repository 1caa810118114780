//! A chat that goes on to the model server, as the client has it.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::super::Service;
use super::super::access::Caller;
use super::super::problem::{Answer, Problem};
use super::reply::{Ended, Piece, Reply};
use super::request::Chat;
use crate::ask::{Engines, Usage};
use crate::model::{Choice, ModelError, ModelEvent};

/// The client's tools and messages, for the model server.
pub(super) async fn on(service: &Service, caller: &Caller, chat: &Chat) -> Answer<Reply> {
    let Engines::Model(model) = service.0.engines.as_ref() else {
        return Err(Problem::unprocessable("tools need a model server behind kai, and there is none")
            .hint("start kai with --engine ollama or --engine openai"));
    };
    let conversation = chat.for_model()?;
    if conversation.wishes.choice.as_ref().is_some_and(Choice::is_demand) && !model.can_demand_calls() {
        let why =
            "the model server behind kai cannot be told that a tool has to be called: tool_choice is none or auto";
        return Err(Problem::bad_request(why).of("tool_choice"));
    }
    service.0.rates.ask(caller)?;
    let place = service.turn_of(&service.0.answers).await?;
    let ready = model.prepare(&mut |_| {}).await.map_err(|error| not_replied(&error))?;
    let name = ready.name.clone();
    let engines = Arc::clone(&service.0.engines);
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
            let last = match model.chat(&ready, &conversation, &mut sink).await {
                Ok(finished) => {
                    let usage = Usage::of(&finished);
                    Piece::Ended(Ended { calls: finished.calls, cut_off: finished.cut_off, usage })
                }
                Err(error) => Piece::Broken(not_replied(&error)),
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
    Ok(Reply { model: name, pieces: receiver })
}

/// Why there is no reply, without what is the log's alone.
fn not_replied(error: &ModelError) -> Problem {
    tracing::warn!(%error, "the model gave no reply");
    if matches!(error, ModelError::TooLong { .. }) {
        return Problem::bad_request("the chat is too long for the model server's model").of("messages");
    }
    if matches!(error, ModelError::Refused { status: 400 | 413 | 422, .. }) {
        return Problem::bad_request("the model server does not accept this chat; the service's log says why");
    }
    Problem::busy("the model server gave no complete reply; the service's log says why")
}
