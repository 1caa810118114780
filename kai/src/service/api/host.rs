//! The host at a glance.

use axum::Json;
use axum::extract::State;
use kai_tools::operator::ProposeError;
use serde_json::{Value, json};

use super::super::Service;
use super::super::access::Scope;
use super::super::problem::{Answer, Problem};
use super::{Endpoint, view};
use crate::turn::scope;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/v1/host", "Pools, guests, datasets, GPUs and memory of the host.", host)
            .needs(Scope::Plan)
            .json::<view::Host<'_>>(200, "The host."),
    ]
}

async fn host(State(service): State<Service>) -> Answer<Json<Value>> {
    let facts = service.on_host(|operator| operator.observe(&scope())).await?;
    let facts = facts.map_err(|error| Problem::from(ProposeError::Observe(error)))?;
    Ok(Json(json!(view::Host::of(&facts, &service.0.machine))))
}
