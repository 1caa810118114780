//! Something that can be asked for: how it is reached, and all that its description says of it.

use axum::http::Method;
use axum::routing::{MethodFilter, MethodRouter, on};
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::super::Service;
use super::super::access::Scope;

/// Something that can be asked for.
#[derive(Debug)]
pub(in crate::service) struct Endpoint {
    pub(super) method: Method,
    pub(super) path: &'static str,
    /// What it does, in one sentence.
    pub(super) about: &'static str,
    /// Who may; anybody who is let in, if nothing is said.
    pub(super) scope: Option<Scope>,
    pub(super) query: Option<MakeSchema>,
    pub(super) body: Option<Takes>,
    /// Statuses, with what comes then. Errors that are not named are as `errors` says.
    pub(super) gives: Vec<(u16, Gives)>,
    pub(super) errors: Errors,
    /// None for what is only described here, and has a router of its own.
    pub(super) handler: Option<MethodRouter<Service>>,
}

pub(super) type MakeSchema = fn(&mut SchemaGenerator) -> Schema;

/// A body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Takes {
    pub(super) schema: MakeSchema,
    pub(super) required: bool,
}

/// What comes back.
#[derive(Debug, Clone, Copy)]
pub(super) enum Gives {
    Nothing,
    /// JSON, and what it is.
    Json(MakeSchema, &'static str),
    /// Server-sent events; which ones.
    Events(&'static str),
    /// Text of that type, and what it says.
    Text(&'static str, &'static str),
}

/// What errors look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::service) enum Errors {
    /// RFC 9457's.
    Problem,
    /// OpenAI's.
    OpenAi,
    /// kldload's.
    Kldload,
}

impl Endpoint {
    fn new(method: Method, path: &'static str, about: &'static str, handler: Option<MethodRouter<Service>>) -> Self {
        let (gives, errors) = (Vec::new(), Errors::Problem);
        Self { method, path, about, scope: None, query: None, body: None, gives, errors, handler }
    }

    fn handled<H, T>(method: Method, path: &'static str, about: &'static str, handler: H) -> Self
    where
        H: axum::handler::Handler<T, Service>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET);
        Self::new(method, path, about, Some(on(filter, handler)))
    }

    /// Something that another router serves.
    pub(super) fn elsewhere(method: Method, path: &'static str, about: &'static str) -> Self {
        Self::new(method, path, about, None)
    }

    pub(in crate::service) fn get<H, T>(path: &'static str, about: &'static str, handler: H) -> Self
    where
        H: axum::handler::Handler<T, Service>,
        T: 'static,
    {
        Self::handled(Method::GET, path, about, handler)
    }

    pub(in crate::service) fn post<H, T>(path: &'static str, about: &'static str, handler: H) -> Self
    where
        H: axum::handler::Handler<T, Service>,
        T: 'static,
    {
        Self::handled(Method::POST, path, about, handler)
    }

    pub(super) fn delete<H, T>(path: &'static str, about: &'static str, handler: H) -> Self
    where
        H: axum::handler::Handler<T, Service>,
        T: 'static,
    {
        Self::handled(Method::DELETE, path, about, handler)
    }

    pub(in crate::service) fn needs(self, scope: Scope) -> Self {
        Self { scope: Some(scope), ..self }
    }

    pub(super) fn query<T: JsonSchema>(self) -> Self {
        Self { query: Some(T::json_schema), ..self }
    }

    pub(in crate::service) fn body<T: JsonSchema>(self) -> Self {
        Self { body: Some(Takes { schema: reference::<T>, required: true }), ..self }
    }

    /// A body that may as well be empty.
    pub(super) fn maybe_body<T: JsonSchema>(self) -> Self {
        Self { body: Some(Takes { schema: reference::<T>, required: false }), ..self }
    }

    fn gives(mut self, status: u16, what: Gives) -> Self {
        self.gives.push((status, what));
        self
    }

    pub(in crate::service) fn json<T: JsonSchema>(self, status: u16, about: &'static str) -> Self {
        self.gives(status, Gives::Json(reference::<T>, about))
    }

    pub(in crate::service) fn events(self, status: u16, about: &'static str) -> Self {
        self.gives(status, Gives::Events(about))
    }

    pub(in crate::service) fn text(self, status: u16, kind: &'static str, about: &'static str) -> Self {
        self.gives(status, Gives::Text(kind, about))
    }

    pub(super) fn nothing(self, status: u16) -> Self {
        self.gives(status, Gives::Nothing)
    }

    pub(in crate::service) fn errors(self, errors: Errors) -> Self {
        Self { errors, ..self }
    }
}

fn reference<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}
