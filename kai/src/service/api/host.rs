//! The host at a glance.

use axum::Json;
use axum::extract::State;
use kai_tools::names::Stamp;
use kai_tools::operator::ProposeError;
use serde_json::{Value, json};

use super::super::Service;
use super::super::access::Scope;
use super::super::problem::{Answer, Problem};
use super::Endpoint;
use super::glance::Host;
use crate::turn::scope;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/v1/host", "Pools, guests, datasets, replication, GPUs and memory of the host.", host)
            .needs(Scope::Plan)
            .json::<Host<'_>>(200, "The host."),
    ]
}

async fn host(State(service): State<Service>) -> Answer<Json<Value>> {
    let wanted = kai_tools::facts::Scope { holds: true, ..scope() };
    let facts = service.on_host(move |operator| operator.observe(&wanted)).await?;
    let facts = facts.map_err(|error| Problem::from(ProposeError::Observe(error)))?;
    Ok(Json(json!(Host::of(&facts, &service.0.machine, Stamp::now()))))
}
