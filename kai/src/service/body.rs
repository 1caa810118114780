//! JSON in: the only way that a handler reads a body, so that every mistake in one is the same problem.

use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::{StatusCode, header, request::Parts};
use axum::middleware::Next;
use axum::response::Response;
use serde::de::DeserializeOwned;

use super::Service;
use super::mistake::in_words;
use super::problem::{Answer, Problem};

/// A body of JSON, of the type that the endpoint takes.
#[derive(Debug)]
pub(super) struct Body<T>(pub(super) T);

/// An empty body is an empty object.
#[derive(Debug)]
pub(super) struct MaybeBody<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Service> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, service: &Service) -> Result<Self, Problem> {
        let is_json = is_json(&request);
        let bytes = read(request, service).await?;
        if !is_json {
            return Err(not_json());
        }
        parse(&bytes).map(Self)
    }
}

impl<T: DeserializeOwned> FromRequest<Service> for MaybeBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, service: &Service) -> Result<Self, Problem> {
        let is_json = is_json(&request);
        let bytes = read(request, service).await?;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return parse(b"{}").map(Self);
        }
        if is_json { parse(&bytes).map(Self) } else { Err(not_json()) }
    }
}

/// The query of an address.
#[derive(Debug)]
pub(super) struct Params<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<Service> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Service) -> Result<Self, Problem> {
        let query = axum::extract::Query::<T>::try_from_uri(&parts.uri);
        let query = query.map_err(|error| Problem::unprocessable(cause(&error)))?;
        Ok(Self(query.0))
    }
}

/// A name in the path of an address.
#[derive(Debug)]
pub(super) struct At(pub(super) String);

impl FromRequestParts<Service> for At {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let name = axum::extract::Path::<String>::from_request_parts(parts, service).await;
        name.map(|name| Self(name.0)).map_err(|_| Problem::bad_request("the address cannot be read"))
    }
}

/// What is wrong, without what the library says around it.
fn cause(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(next) = last.source() {
        last = next;
    }
    format!("the query cannot be used: {}", in_words(&last.to_string()))
}

/// Hands a request on when its body is there: for handlers that read it by themselves, and would wait.
pub(super) async fn whole(State(service): State<Service>, request: Request, next: Next) -> Answer<Response> {
    let (parts, body) = request.into_parts();
    let bytes = read(Request::new(body), &service).await?;
    Ok(next.run(Request::from_parts(parts, bytes.into())).await)
}

/// The bytes of a body, as many and as slow as is allowed.
pub(super) async fn read(request: Request, service: &Service) -> Result<Vec<u8>, Problem> {
    let limits = &service.settings().limits;
    let bytes = axum::body::to_bytes(request.into_body(), limits.body);
    match tokio::time::timeout(limits.body_time, bytes).await {
        Ok(Ok(bytes)) => Ok(bytes.into()),
        Ok(Err(error)) if is_too_large(&error) => Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the body is larger than {} KiB", limits.body >> 10),
        )),
        Ok(Err(_)) => Err(Problem::bad_request("the body broke off")),
        Err(_) => Err(Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            format!("the body was not there within {} s", limits.body_time.as_secs()),
        )),
    }
}

fn is_too_large(error: &axum::Error) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if error.to_string().contains("length limit exceeded") {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Something else would be what a form on any page can send.
pub(super) fn is_json(request: &Request) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || kind.starts_with("application/") && kind.ends_with("+json")
}

fn not_json() -> Problem {
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body has to be JSON, with Content-Type: application/json")
}

/// An object of JSON.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // A list would be read as an object's fields, one after the other.
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err(Problem::unprocessable("the body cannot be used: it has to be an object, not a list"));
    }
    serde_json::from_slice(bytes).map_err(|error| {
        if error.is_data() {
            Problem::unprocessable(format!("the body cannot be used: {}", in_words(&error.to_string())))
        } else {
            Problem::bad_request(format!("the body is not JSON: {error}"))
        }
    })
}
