//! kai's own interface, version 1. [`endpoints`] is the list of everything there is, other programs'
//! interfaces included: it makes the routes, says which scope each one needs, and is what the OpenAPI
//! document is generated from.

mod ask;
mod beside;
mod endpoint;
mod glance;
mod host;
mod index;
mod openapi;
mod operations;
mod plans;
mod search;
mod sessions;
mod tools;
pub(super) mod view;

pub(super) use ask::{Question, begin, begin_in};
pub(super) use endpoint::{Endpoint, Errors};
pub(super) use index::{address, folder};

use axum::Router;
use axum::middleware::from_fn_with_state;

use super::{Service, gate, kldload, openai};

/// Everything there is.
fn endpoints() -> Vec<Endpoint> {
    [
        ask::endpoints(),
        search::endpoints(),
        tools::endpoints(),
        sessions::endpoints(),
        host::endpoints(),
        plans::endpoints(),
        operations::endpoints(),
        index::endpoints(),
        openapi::endpoints(),
        openai::endpoints(),
        kldload::endpoints(),
        beside::endpoints(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The routes of all of it that has none of its own.
pub(super) fn routes(service: &Service) -> Router {
    let mut router = Router::new();
    for endpoint in endpoints() {
        let Some(handler) = endpoint.handler else { continue };
        let handler = match endpoint.scope {
            Some(scope) => handler.layer(from_fn_with_state(scope, gate::needs)),
            None => handler,
        };
        router = router.route(endpoint.path, handler);
    }
    router.with_state(service.clone())
}
