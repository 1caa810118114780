//! kai's own interface, version 1. [`endpoints`] is the list of everything there is: it makes the routes,
//! says which scope each one needs, and is what the OpenAPI document is generated from.

mod ask;
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
pub(super) use index::{address, folder};

use axum::Router;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodFilter, MethodRouter, on};
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::access::Scope;
use super::{Service, gate};

/// Something that can be asked for.
#[derive(Debug)]
struct Endpoint {
    method: Method,
    path: &'static str,
    /// What it does, in one sentence.
    about: &'static str,
    /// Who may; anybody who is let in, if nothing is said.
    scope: Option<Scope>,
    query: Option<MakeSchema>,
    body: Option<MakeSchema>,
    /// Statuses of success, with what comes then.
    gives: Vec<(u16, Gives)>,
    handler: MethodRouter<Service>,
}

type MakeSchema = fn(&mut SchemaGenerator) -> Schema;

/// What comes back.
#[derive(Debug, Clone, Copy)]
enum Gives {
    Nothing,
    /// JSON; what its fields are.
    Json(&'static str),
    /// Server-sent events; which ones.
    Events(&'static str),
}

impl Endpoint {
    fn new<H, T>(method: Method, path: &'static str, about: &'static str, handler: H) -> Self
    where
        H: axum::handler::Handler<T, Service>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET);
        let handler = on(filter, handler);
        Self { method, path, about, scope: None, query: None, body: None, gives: Vec::new(), handler }
    }

    fn get<H: axum::handler::Handler<T, Service>, T: 'static>(path: &'static str, about: &'static str, h: H) -> Self {
        Self::new(Method::GET, path, about, h)
    }

    fn post<H: axum::handler::Handler<T, Service>, T: 'static>(path: &'static str, about: &'static str, h: H) -> Self {
        Self::new(Method::POST, path, about, h)
    }

    fn delete<H: axum::handler::Handler<T, Service>, T: 'static>(
        path: &'static str,
        about: &'static str,
        h: H,
    ) -> Self {
        Self::new(Method::DELETE, path, about, h)
    }

    fn needs(self, scope: Scope) -> Self {
        Self { scope: Some(scope), ..self }
    }

    fn query<T: JsonSchema>(self) -> Self {
        Self { query: Some(T::json_schema), ..self }
    }

    fn body<T: JsonSchema>(self) -> Self {
        Self { body: Some(|generator| generator.subschema_for::<T>()), ..self }
    }

    fn gives(mut self, status: u16, what: Gives) -> Self {
        self.gives.push((status, what));
        self
    }
}

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
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The routes of all of it.
pub(super) fn routes(service: &Service) -> Router {
    let mut router = Router::new();
    for endpoint in endpoints() {
        let handler = match endpoint.scope {
            Some(scope) => endpoint.handler.layer(from_fn_with_state(scope, gate::needs)),
            None => endpoint.handler,
        };
        router = router.route(endpoint.path, handler);
    }
    router.with_state(service.clone())
}
