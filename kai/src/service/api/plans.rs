//! Plans: made from a typed request, looked at, and approved by whoever has that scope and the digest of
//! what was shown. Approving is the only thing in the whole service that changes a host.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use kai_tools::confirm::{ConfirmError, Confirmed};
use kai_tools::names::{PlanDigest, Stamp};
use kai_tools::operator::{Operator, Proposal, ProposeError, Proposed, Waiting};
use kai_tools::plan::Effect;
use kai_tools::request::Request;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::super::Service;
use super::super::access::{Caller, Scope};
use super::super::body::{At, Body};
use super::super::operations::Approved;
use super::super::problem::{Answer, Problem};
use super::{Endpoint, view};

const WAITING: &str = "A plan that waits.";

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/v1/plans", "What a request would do, as a plan; what it finds, if it only reads.", propose)
            .needs(Scope::Plan)
            .body::<Wanted>()
            .json::<view::Waits<'_>>(201, WAITING)
            .json::<Found>(200, "What a request that only reads has found."),
        Endpoint::get("/v1/plans", "The plans that wait, newest first.", list)
            .needs(Scope::Plan)
            .json::<Plans<'_>>(200, "The plans."),
        Endpoint::get("/v1/plans/{id}", "A plan that waits.", show)
            .needs(Scope::Plan)
            .json::<view::Waits<'_>>(200, WAITING),
        Endpoint::delete("/v1/plans/{id}", "Decline a plan.", decline).needs(Scope::Plan).nothing(204),
        Endpoint::post("/v1/plans/{id}/approve", "Approve a plan: it is carried out now.", approve)
            .needs(Scope::Approve)
            .body::<Approval>()
            .json::<Begun>(202, "It has begun."),
    ]
}

/// A request.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// A tool with its arguments, as `/v1/tools` describes them.
    request: Request,
}

/// What approves a plan.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Approval {
    /// The digest of the plan that was shown, in hexadecimal.
    #[schemars(length(equal = 64))]
    digest: PlanDigest,
    /// What the plan destroys, typed out: its `object`. Only for a plan that destroys.
    #[serde(default)]
    name: Option<String>,
}

/// The plans that wait.
#[derive(Debug, Serialize, JsonSchema)]
struct Plans<'a> {
    plans: Vec<view::Waits<'a>>,
}

/// What a look has found.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Look")]
struct Found {
    found: Rows,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Rows {
    /// An object each, all with the same fields.
    #[schemars(with = "Vec<Map<String, Value>>")]
    rows: Value,
    notes: Vec<String>,
}

/// An operation that has begun.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Begins")]
struct Begun {
    /// Its id.
    operation: String,
    /// Where its events are.
    events: String,
}

async fn propose(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    Body(wanted): Body<Wanted>,
) -> Answer<Response> {
    if let Request::DocsSearch(_) | Request::DocsRead(_) = wanted.request {
        return Err(Problem::unprocessable("documents have their own places: /v1/search and /v1/page"));
    }
    let proposed = service.on_host(move |operator| operator.propose_now(&wanted.request)).await??;
    match proposed {
        Proposed::Found(table) => {
            let found = Rows { rows: table.json(), notes: table.notes };
            Ok(Json(Found { found }).into_response())
        }
        Proposed::Plan(proposal) => {
            let waits = service.put_down(*proposal, caller.called()).await?;
            Ok((StatusCode::CREATED, Json(waits)).into_response())
        }
    }
}

async fn list(State(service): State<Service>) -> Answer<Json<Value>> {
    let waiting = service.waiting().await?;
    Ok(Json(json!(Plans { plans: waiting.iter().map(view::Waits::from).collect() })))
}

async fn show(State(service): State<Service>, At(id): At) -> Answer<Json<Value>> {
    Ok(Json(json!(view::Waits::from(&service.waits(&id).await?))))
}

async fn decline(State(service): State<Service>, At(id): At) -> Answer<StatusCode> {
    let Waiting { proposal, .. } = service.waits(&id).await?;
    let digest = proposal.digest;
    service.on_host(move |operator| operator.forget(&digest)).await?;
    service.tell_of(&proposal.plan, false);
    Ok(StatusCode::NO_CONTENT)
}

async fn approve(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    At(id): At,
    Body(approval): Body<Approval>,
) -> Answer<(StatusCode, Json<Begun>)> {
    let (asked, digest) = (id.clone(), approval.digest.clone());
    // Whatever is known of it here, the host is asked again.
    let remade = service.on_host(move |operator| remake(operator, &asked, digest.as_str())).await??;
    if remade.plan.id != id {
        return Err(Problem::conflict("the digest is another plan's"));
    }
    let reverses = remade.reverses.clone();
    let confirmed = confirmed(remade, &approval)?;
    let approved = Approved { confirmed, reverses, by: caller.called() };
    let operator = service.operator()?;
    // Whoever approved it may go away; what that has begun is seen through.
    let started = tokio::spawn(async move {
        let plan = approved.confirmed.plan().clone();
        let operation = service.0.operations.start(operator, approved).await?;
        service.tell_of(&plan, false);
        Ok::<_, Problem>(operation)
    });
    let operation = started.await.map_err(|error| Problem::internal("starting the operation", &error))??;
    let events = format!("/v1/operations/{operation}/events");
    Ok((StatusCode::ACCEPTED, Json(Begun { operation, events })))
}

/// The plan as it is now. What was carried out before is not carried out again.
fn remake(operator: &Operator, id: &str, digest: &str) -> Answer<Proposal> {
    if operator.shown(digest).is_none() {
        // It was carried out, or waits under its own digest, or does not wait.
        return Err(match operator.digest_of(id) {
            Ok(_) => Problem::conflict(format!("that is not the digest of plan {id}, as it was shown"))
                .hint(format!("GET /v1/plans/{id} shows the plan with its digest")),
            Err(ProposeError::Refused(_)) => {
                Problem::new(StatusCode::GONE, "no plan with that digest waits: a plan waits for 15 minutes")
                    .hint("make the plan again, and approve that")
            }
            Err(error @ (ProposeError::Observe(_) | ProposeError::Journal(_))) => error.into(),
        });
    }
    operator.recall(digest).map_err(|error| match error {
        // The request is refused now: the host is not as it was.
        ProposeError::Refused(refusal) => {
            Problem::conflict(format!("the host has changed: {refusal}")).hints(refusal.hints)
        }
        ProposeError::Observe(_) | ProposeError::Journal(_) => error.into(),
    })
}

/// A yes: the digest, and for what destroys the name beside it.
fn confirmed(proposal: Proposal, approval: &Approval) -> Answer<Confirmed> {
    let (plan, now) = (proposal.plan, Stamp::now());
    if plan.effect != Effect::Destroy {
        return Ok(Confirmed::by_digest(plan, approval.digest.as_str(), now)?);
    }
    let Some(typed) = &approval.name else { return Err(ConfirmError::NeedsName { object: plan.object }.into()) };
    if proposal.digest != approval.digest.as_str() {
        return Err(ConfirmError::OtherDigest { now: proposal.digest, given: approval.digest.to_string() }.into());
    }
    Ok(Confirmed::by_name(plan, typed, now)?)
}
