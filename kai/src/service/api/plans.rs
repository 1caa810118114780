//! Plans: made from a typed request, looked at, and approved by whoever has that scope and the digest of
//! what was shown. Approving is the only thing in the whole service that changes a host.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use kai_tools::confirm::{ConfirmError, Confirmed};
use kai_tools::names::Stamp;
use kai_tools::operator::{Proposal, ProposeError, Proposed};
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
            .json::<view::Waiting<'_>>(201, WAITING)
            .json::<Found>(200, "What a request that only reads has found."),
        Endpoint::get("/v1/plans", "The plans that wait, newest first.", list)
            .needs(Scope::Plan)
            .json::<Plans<'_>>(200, "The plans."),
        Endpoint::get("/v1/plans/{id}", "A plan that waits.", show)
            .needs(Scope::Plan)
            .json::<view::Waiting<'_>>(200, WAITING),
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
    digest: String,
    /// What the plan destroys, typed out: its `object`. Only for a plan that destroys.
    #[serde(default)]
    name: Option<String>,
}

/// The plans that wait.
#[derive(Debug, Serialize, JsonSchema)]
struct Plans<'a> {
    plans: Vec<view::Waiting<'a>>,
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

async fn propose(State(service): State<Service>, Body(wanted): Body<Wanted>) -> Answer<Response> {
    if let Request::DocsSearch(_) | Request::DocsRead(_) = wanted.request {
        return Err(Problem::unprocessable("documents have their own places: /v1/search and /v1/page"));
    }
    let proposed = service.on_host(move |operator| operator.propose(&wanted.request, Stamp::now())).await??;
    match proposed {
        Proposed::Found(table) => {
            let found = Rows { rows: table.json(), notes: table.notes };
            Ok(Json(Found { found }).into_response())
        }
        Proposed::Plan(proposal) => Ok((StatusCode::CREATED, Json(service.put_down(*proposal).await?)).into_response()),
    }
}

impl Service {
    /// Keeps a plan that was made, so that its digest can approve it.
    pub(in crate::service) async fn put_down(&self, proposal: Proposal) -> Answer<Value> {
        let shown = json!(view::Waiting::from(&proposal));
        let kept = proposal.clone();
        let written = self.on_host(move |operator| operator.remember(&kept)).await?;
        written.map_err(|error| Problem::internal("keeping the plan", &error))?;
        self.0.plans.keep(proposal);
        Ok(shown)
    }
}

async fn list(State(service): State<Service>) -> Json<Value> {
    Json(json!(Plans { plans: service.0.plans.list().iter().map(view::Waiting::from).collect() }))
}

async fn show(State(service): State<Service>, At(id): At) -> Answer<Json<Value>> {
    service.0.plans.find(&id).map(|found| Json(json!(view::Waiting::from(&found)))).ok_or_else(no_plan)
}

async fn decline(State(service): State<Service>, At(id): At) -> Answer<StatusCode> {
    let declined = service.0.plans.find(&id).ok_or_else(no_plan)?;
    service.on_host(move |operator| operator.forget(&declined.digest)).await?;
    service.0.plans.take(&id);
    Ok(StatusCode::NO_CONTENT)
}

fn no_plan() -> Problem {
    Problem::not_found("no such plan waits: a plan waits for 15 minutes")
}

async fn approve(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    At(id): At,
    Body(approval): Body<Approval>,
) -> Answer<(StatusCode, Json<Begun>)> {
    let (asked, digest) = (id.clone(), approval.digest.clone());
    // Whatever is known of it here, the host is asked again.
    let remade = service.on_host(move |operator| remake(operator, &asked, &digest)).await??;
    if remade.plan.id != id {
        return Err(Problem::conflict("the digest is another plan's"));
    }
    let reverses = remade.reverses.clone();
    let confirmed = confirmed(remade, &approval)?;
    let by = caller.name.as_ref().map_or_else(|| "nobody".to_owned(), |name| format!("token {name}"));
    let approved = Approved { confirmed, reverses, by };
    let operator = service.operator()?;
    // Whoever approved it may go away; what that has begun is seen through.
    let started = tokio::spawn(async move {
        let operation = service.0.operations.start(operator, approved).await?;
        service.0.plans.take(&id);
        Ok::<_, Problem>(operation)
    });
    let operation = started.await.map_err(|error| Problem::internal("starting the operation", &error))??;
    let events = format!("/v1/operations/{operation}/events");
    Ok((StatusCode::ACCEPTED, Json(Begun { operation, events })))
}

/// The plan as it is now. What was carried out before is not carried out again.
fn remake(operator: &kai_tools::operator::Operator, id: &str, digest: &str) -> Answer<Proposal> {
    let before = operator.operations()?;
    if before.iter().any(|operation| operation.id == id) {
        return Err(Problem::conflict(format!("plan {id} was approved before")));
    }
    if operator.shown(digest).is_none() {
        return Err(Problem::new(StatusCode::GONE, "no plan with that digest waits: a plan waits for 15 minutes")
            .hint("make the plan again, and approve that"));
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
        return Ok(Confirmed::by_digest(plan, &approval.digest, now)?);
    }
    let Some(typed) = &approval.name else { return Err(ConfirmError::NeedsName { object: plan.object }.into()) };
    if proposal.digest != approval.digest {
        return Err(ConfirmError::OtherDigest {
            now: proposal.digest,
            given: approval.digest.chars().take(64).collect(),
        }
        .into());
    }
    Ok(Confirmed::by_name(plan, typed, now)?)
}
