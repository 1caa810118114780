//! Operations: what runs, what was done, and the way back.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Json};
use futures::StreamExt;
use kai_tools::journal::Operation;
use kai_tools::names::{OperationId, Stamp};
use kai_tools::operator::ProposeError;
use kai_tools::plan::Reason;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::Service;
use super::super::access::{Caller, Scope};
use super::super::body::{At, Params};
use super::super::following::follow;
use super::super::problem::{Answer, Problem};
use super::super::stream::{Told, sse};
use super::{Endpoint, view};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/v1/operations", "What was done, newest first.", list)
            .needs(Scope::Plan)
            .query::<Latest>()
            .json::<Operations<'_>>(200, "The operations."),
        Endpoint::get("/v1/events", "What happens from now on: plans that come and go, operations, the index.", news)
            .needs(Scope::Plan)
            .events(200, "plan, operation, index; missed, to whoever is too slow"),
        Endpoint::get("/v1/operations/{id}", "One operation, with its plan and how far each step got.", show)
            .needs(Scope::Plan)
            .json::<view::Whole<'_>>(200, "The operation."),
        Endpoint::get("/v1/operations/{id}/events", "What an operation does, from its beginning to its end.", events)
            .needs(Scope::Plan)
            .events(200, "step; last ended"),
        Endpoint::post("/v1/operations/{id}/stop", "Stop at the next safe place, and take back what was done.", stop)
            .needs(Scope::Approve)
            .nothing(202),
        Endpoint::post("/v1/operations/{id}/undo", "The plan that takes a finished operation back.", undo)
            .needs(Scope::Plan)
            .json::<view::Waits<'_>>(201, "A plan that waits."),
    ]
}

/// How many.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Latest {
    /// At most this many.
    #[serde(default = "twenty")]
    #[schemars(range(min = 1, max = 1000))]
    limit: usize,
}

fn twenty() -> usize {
    20
}

#[derive(Debug, Serialize, JsonSchema)]
struct Operations<'a> {
    operations: Vec<view::Line<'a>>,
}

async fn list(State(service): State<Service>, Params(asked): Params<Latest>) -> Answer<Json<Value>> {
    if !(1..=1000).contains(&asked.limit) {
        return Err(Problem::unprocessable("limit is from 1 to 1000"));
    }
    let all = service.on_host(|operator| operator.history()).await??;
    let latest = all.iter().rev().take(asked.limit);
    Ok(Json(json!(Operations { operations: latest.map(|found| view::Line::from(&**found)).collect() })))
}

/// Whoever begins to watch waits so long for the first look at what others do.
const LOOK: Duration = Duration::from_secs(5);

async fn news(State(service): State<Service>, Extension(caller): Extension<Caller>) -> Response {
    let news = service.0.news.listen();
    // What cannot be looked at now is looked at later, and the log says why.
    let _ = tokio::time::timeout(LOOK, service.look_at_others()).await;
    until_revoked(service, caller, news)
}

/// Events, until the service ends or whoever hears them may not any more.
fn until_revoked(
    service: Service,
    caller: Caller,
    events: impl futures::Stream<Item = Told> + Send + 'static,
) -> Response {
    let closing = service.closing();
    let holds = move |_: &Told| std::future::ready(service.still_knows(&caller));
    sse(events.take_while(holds).take_until(closing))
}

impl Service {
    /// The operation of that id or beginning, as the journal has it.
    pub(in crate::service) async fn operation(&self, id: String) -> Answer<Operation> {
        let not_found = || Problem::not_found("there is no such operation");
        let id: OperationId = id.parse().map_err(|_| not_found())?;
        let found = self.on_host(move |operator| operator.operation(&id)).await?;
        found.map_err(|error| match error {
            ProposeError::Refused(refusal) if refusal.reason == Reason::Ambiguous => {
                Problem::conflict(refusal.to_string())
            }
            ProposeError::Refused(_) => not_found(),
            other @ (ProposeError::Observe(_) | ProposeError::Journal(_)) => other.into(),
        })
    }

    /// The same, with its whole id: what has only just begun here is not in the journal yet.
    async fn resolved(&self, id: String) -> (String, Answer<Operation>) {
        let found = self.operation(id.clone()).await;
        (found.as_ref().map_or(id, |found| found.id.clone()), found)
    }
}

async fn show(State(service): State<Service>, At(id): At) -> Answer<Json<Value>> {
    Ok(Json(json!(view::Whole::from(&service.operation(id).await?))))
}

async fn events(State(service): State<Service>, Extension(caller): Extension<Caller>, At(id): At) -> Answer<Response> {
    let (id, found) = service.resolved(id).await;
    // Somebody else may go on with what was begun here.
    let elsewhere = found.as_ref().is_ok_and(|found| found.running) && !service.0.operations.is_running(&id);
    if let Some(events) = service.0.operations.watch(&id).filter(|_| !elsewhere) {
        return Ok(until_revoked(service, caller, events));
    }
    let events = follow(service.clone(), &found?);
    Ok(until_revoked(service, caller, events))
}

async fn stop(State(service): State<Service>, At(id): At) -> Answer<StatusCode> {
    let (id, found) = service.resolved(id).await;
    if service.0.operations.stop(&id) {
        return Ok(StatusCode::ACCEPTED);
    }
    let found = found?;
    if !found.running {
        return Err(Problem::conflict("that operation does not run"));
    }
    let id: OperationId = found.id.parse().map_err(|error| Problem::internal("stopping the operation", &error))?;
    if service.on_host(move |operator| operator.stop(&id)).await?? {
        return Ok(StatusCode::ACCEPTED);
    }
    Err(Problem::conflict("that operation runs in another process of this host, which cannot be asked from here")
        .hint("stop it where it was started: with Ctrl-C, if it was at a terminal"))
}

async fn undo(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    At(id): At,
) -> Answer<(StatusCode, Json<Value>)> {
    let found = service.operation(id).await?;
    let proposal = service.on_host(move |operator| operator.undo(&found, Stamp::now())).await??;
    Ok((StatusCode::CREATED, Json(service.put_down(proposal, caller.called()).await?)))
}
