//! The host at a glance.

use axum::Json;
use axum::extract::State;
use kai_tools::operator::ProposeError;
use serde_json::Value;

use super::super::Service;
use super::super::access::Scope;
use super::super::problem::{Answer, Problem};
use super::{Endpoint, Gives, view};
use crate::turn::scope;

pub(super) fn endpoints() -> Vec<Endpoint> {
    const GIVES: Gives = Gives::Json("name, distribution, gpus, memory_available, pools, guests, datasets");
    vec![
        Endpoint::get("/v1/host", "Pools, guests, datasets, GPUs and memory of the host.", host)
            .needs(Scope::Plan)
            .gives(200, GIVES),
    ]
}

async fn host(State(service): State<Service>) -> Answer<Json<Value>> {
    let facts = service.on_host(|operator| operator.observe(&scope())).await?;
    let facts = facts.map_err(|error| Problem::from(ProposeError::Observe(error)))?;
    Ok(Json(view::host(&facts, &service.0.machine)))
}
