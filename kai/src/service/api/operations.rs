//! Operations: what runs, what was done, and the way back.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Json};
use futures::{StreamExt, stream};
use kai_tools::journal::Operation;
use kai_tools::names::{OperationId, Stamp};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::Service;
use super::super::access::{Caller, Scope};
use super::super::body::{At, Params};
use super::super::operations::from_journal;
use super::super::problem::{Answer, Problem};
use super::super::stream::{Told, sse};
use super::{Endpoint, Gives, view};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/v1/operations", "What was done, newest first.", list)
            .needs(Scope::Plan)
            .query::<Latest>()
            .gives(200, Gives::Json("operations")),
        Endpoint::get("/v1/events", "What happens from now on: plans that come and go, operations, the index.", news)
            .needs(Scope::Plan)
            .gives(200, Gives::Events("plan, operation, index; missed, to whoever is too slow")),
        Endpoint::get("/v1/operations/{id}", "One operation, with its plan and how far each step got.", show)
            .needs(Scope::Plan)
            .gives(200, Gives::Json("id, started, by, outcome, running, summary, effect, plan, steps, message")),
        Endpoint::get("/v1/operations/{id}/events", "What an operation does, from its beginning to its end.", events)
            .needs(Scope::Plan)
            .gives(200, Gives::Events("step; last ended")),
        Endpoint::post("/v1/operations/{id}/stop", "Stop at the next safe place, and take back what was done.", stop)
            .needs(Scope::Approve)
            .gives(202, Gives::Nothing),
        Endpoint::post("/v1/operations/{id}/undo", "The plan that takes a finished operation back.", undo)
            .needs(Scope::Plan)
            .gives(201, Gives::Json("id, digest, plan, commands, expires, reverses")),
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

async fn list(State(service): State<Service>, Params(asked): Params<Latest>) -> Answer<Json<Value>> {
    if !(1..=1000).contains(&asked.limit) {
        return Err(Problem::unprocessable("limit is from 1 to 1000"));
    }
    let all = service.on_host(|operator| operator.operations()).await??;
    let latest = all.iter().rev().take(asked.limit);
    let shown = latest.map(|found| view::operation(found, service.0.operations.is_running(&found.id)));
    Ok(Json(json!({ "operations": shown.collect::<Vec<_>>() })))
}

async fn news(State(service): State<Service>, Extension(caller): Extension<Caller>) -> Response {
    let (news, closing) = (service.0.news.listen(), service.closing());
    // A token that is revoked meanwhile ends it.
    let holds = move |_: &Told| std::future::ready(service.still_knows(&caller));
    sse(news.take_while(holds).take_until(closing))
}

impl Service {
    async fn operation(&self, id: String) -> Answer<Operation> {
        let not_found = || Problem::not_found("there is no such operation");
        let id: OperationId = id.parse().map_err(|_| not_found())?;
        let found = self.on_host(move |operator| operator.operation(&id)).await?;
        found.map_err(|error| match error {
            kai_tools::operator::ProposeError::Refused(_) => not_found(),
            other @ (kai_tools::operator::ProposeError::Observe(_) | kai_tools::operator::ProposeError::Journal(_)) => {
                other.into()
            }
        })
    }
}

async fn show(State(service): State<Service>, At(id): At) -> Answer<Json<Value>> {
    let found = service.operation(id).await?;
    Ok(Json(view::whole_operation(&found, service.0.operations.is_running(&found.id))))
}

async fn events(State(service): State<Service>, At(id): At) -> Answer<Response> {
    if let Some(events) = service.0.operations.watch(&id) {
        let closing = service.closing();
        return Ok(sse(futures::StreamExt::take_until(events, closing)));
    }
    let found = service.operation(id).await?;
    Ok(sse(stream::iter(from_journal(&found))))
}

async fn stop(State(service): State<Service>, At(id): At) -> Answer<StatusCode> {
    if service.0.operations.stop(&id) {
        return Ok(StatusCode::ACCEPTED);
    }
    service.operation(id).await?;
    Err(Problem::conflict("that operation does not run here"))
}

async fn undo(State(service): State<Service>, At(id): At) -> Answer<(StatusCode, Json<Value>)> {
    let found = service.operation(id).await?;
    let proposal = service.on_host(move |operator| operator.undo(&found, Stamp::now())).await??;
    Ok((StatusCode::CREATED, Json(service.put_down(proposal).await?)))
}
