//! A turn of a conversation as a stream of named events. The turn runs in a task of its own and ends when
//! nobody listens any more; nothing is ever decided here: a plan is put down where it can be approved.

use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt};
use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::Service;
use super::problem::Problem;
use super::sessions::Held;
use crate::ask::AskEvent;
use crate::turn::{Assistant, Decision, Events, Stop, TurnEvent};

/// Something that happened: what the event is called, and what it says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Told {
    pub(super) name: &'static str,
    pub(super) data: Value,
}

impl Told {
    pub(super) fn new(name: &'static str, data: Value) -> Self {
        Self { name, data }
    }

    fn problem(problem: Problem) -> Self {
        Self::new("problem", json!(problem.written()))
    }
}

/// So many events wait for a slow listener before the turn waits too.
const AHEAD: usize = 64;

/// What was said, and by whom.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) text: String,
    pub(super) by: String,
}

/// Begins a turn. Its last event is `done`, or `problem`.
pub(super) fn turn(
    service: Service,
    assistant: Assistant,
    mut conversation: Held,
    asked: Asked,
    place: OwnedSemaphorePermit,
) -> mpsc::Receiver<Told> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    tokio::spawn(async move {
        let (_place, _counted) = (place, service.metrics().answering());
        let (events, mut shown) = Events::channel();
        let stop = Stop::default();
        let work = async {
            let report = assistant.turn(&mut conversation, &asked.text, &events, &stop).await;
            drop(events);
            report
        };
        let pass_on = async {
            let mut notes = Vec::new();
            while let Some(event) = shown.recv().await {
                if let TurnEvent::Note(text) = &event {
                    notes.push(text.clone());
                }
                if let Some(told) = told(&service, &asked.by, event).await {
                    let _ = sender.send(told).await;
                }
            }
            notes
        };
        let last = tokio::select! {
            (report, notes) = async { tokio::join!(work, pass_on) } => Told::new("done", with_notes(report.json(), notes)),
            () = stopping(&service) => Told::problem(Problem::busy("the service is stopping")),
            // Nobody listens any more.
            () = sender.closed() => {
                conversation.settle();
                return;
            }
        };
        let _ = sender.send(last).await;
    });
    receiver
}

/// What was said beside it, for those who see the end only; after what the answer notes by itself.
fn with_notes(mut done: Value, notes: Vec<String>) -> Value {
    let known = done["notes"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
    let mut all: Vec<String> = known.collect();
    for note in notes {
        if !all.contains(&note) {
            all.push(note);
        }
    }
    if !all.is_empty() {
        done["notes"] = json!(all);
    }
    done
}

/// Ends when the service is to end, and what is under way had its time.
async fn stopping(service: &Service) {
    service.closing().await;
    tokio::time::sleep(service.settings().limits.grace * 4 / 5).await;
}

/// What a listener is told of an event.
async fn told(service: &Service, by: &str, event: TurnEvent) -> Option<Told> {
    let told = match event {
        TurnEvent::Working(what) => Told::new("working", json!({ "what": what })),
        TurnEvent::Understood(lines) => Told::new("understood", json!({ "lines": lines })),
        TurnEvent::Answer(event) => return answer(event),
        TurnEvent::Asks(question) => Told::new(
            "asks",
            json!({ "text": question.text, "missing": question.missing, "candidates": question.candidates }),
        ),
        TurnEvent::Refused(refused) => {
            Told::new("refused", json!({ "message": refused.message, "hints": refused.hints }))
        }
        TurnEvent::Found(request, table) => {
            Told::new("found", json!({ "request": request, "rows": table.json(), "notes": table.notes }))
        }
        TurnEvent::Decide { proposal, reply } => {
            let told = match service.put_down(*proposal, by.to_owned()).await {
                Ok(waits) => Told::new("plan", waits),
                // What is not kept cannot be approved.
                Err(problem) => Told::new("refused", json!({ "message": problem.detail, "hints": problem.hints })),
            };
            // Whoever approves it does so by its digest, in a request of its own.
            let _ = reply.send(Decision::Later);
            told
        }
        TurnEvent::Note(text) => Told::new("note", json!({ "text": text })),
        // Nothing is carried out in a turn over HTTP.
        TurnEvent::Step(_) | TurnEvent::Ended { .. } => return None,
    };
    Some(told)
}

fn answer(event: AskEvent) -> Option<Told> {
    Some(match event {
        AskEvent::Passages(passages) => Told::new("passages", json!({ "passages": passages })),
        AskEvent::Engine(engine) => Told::new("engine", json!(engine)),
        AskEvent::Waiting { what, elapsed } => {
            Told::new("waiting", json!({ "what": what.to_string(), "seconds": elapsed.as_secs() }))
        }
        AskEvent::Thinking(text) => Told::new("thinking", json!({ "text": text })),
        AskEvent::Text(text) => Told::new("token", json!({ "text": text })),
        AskEvent::Citation(citation) => Told::new("citation", json!(citation)),
        AskEvent::Fallback(fallback) => Told::new("fallback", json!(fallback)),
        // The turn's own end has it.
        AskEvent::Done(_) => return None,
    })
}

/// Events as they come, to the end of the channel.
pub(super) fn each(receiver: mpsc::Receiver<Told>) -> impl Stream<Item = Told> {
    futures::stream::unfold(receiver, |mut receiver| async { Some((receiver.recv().await?, receiver)) })
}

/// Server-sent events, with a sign of life while nothing happens.
pub(super) fn sse(events: impl Stream<Item = Told> + Send + 'static) -> Response {
    let events = events.map(|told| Ok::<_, Infallible>(Event::default().event(told.name).data(told.data.to_string())));
    let alive = KeepAlive::new().interval(Duration::from_secs(15)).text("");
    Sse::new(events).keep_alive(alive).into_response()
}
