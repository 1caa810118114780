//! The host at a glance.

use axum::Json;
use axum::extract::State;
use kai_tools::names::Stamp;
use kai_tools::operator::ProposeError;
use serde_json::Value;

use super::super::Service;
use super::super::access::Scope;
use super::super::problem::{Answer, Problem};
use super::{Endpoint, Gives, view};
use crate::turn::scope;

pub(super) fn endpoints() -> Vec<Endpoint> {
    const GIVES: Gives = Gives::Json(
        "name, distribution, gpus, memory_available, pools, guests, datasets, replication: for each dataset and copy \
        dataset, direction (out, in, here, undecided), peer, tool, job, base and perhaps (name, created), state (current, \
        behind, at_most, unknown), lag in seconds, waiting in bytes, unfinished, changed",
    );
    vec![
        Endpoint::get("/v1/host", "Pools, guests, datasets, replication, GPUs and memory of the host.", host)
            .needs(Scope::Plan)
            .gives(200, GIVES),
    ]
}

async fn host(State(service): State<Service>) -> Answer<Json<Value>> {
    let wanted = kai_tools::facts::Scope { holds: true, ..scope() };
    let facts = service.on_host(move |operator| operator.observe(&wanted)).await?;
    let facts = facts.map_err(|error| Problem::from(ProposeError::Observe(error)))?;
    Ok(Json(view::host(&facts, &service.0.machine, Stamp::now())))
}
