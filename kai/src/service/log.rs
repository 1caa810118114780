//! What is logged of a request: one line when it has ended, with the number that the caller got too. No
//! question, no token and no body is ever logged.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;

use super::Service;
use super::number::random;

tokio::task_local! {
    static REQUEST: String;
}

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The status of a request whose sender did not wait for the answer; no server sends it.
const GIVEN_UP: u16 = 499;

/// What is logged when a request has ended, one way or another.
struct Line {
    service: Service,
    id: String,
    method: &'static str,
    route: String,
    start: Instant,
    status: u16,
}

impl Drop for Line {
    fn drop(&mut self) {
        let Self { service, id, method, route, start, status } = self;
        let took = start.elapsed();
        service.metrics().request(method, route, *status, took);
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        if (500..600).contains(status) {
            tracing::error!(id, method, route, status, ms, "request");
        } else {
            tracing::info!(id, method, route, status, ms, "request");
        }
    }
}

/// The number of the request that is being answered.
pub(super) fn request_id() -> Option<String> {
    REQUEST.try_with(Clone::clone).ok()
}

/// Numbers a request, and logs how it ended.
pub(super) async fn log(State(service): State<Service>, request: Request, next: Next) -> Response {
    let start = Instant::now();
    // Without randomness requests have no numbers; nothing depends on them.
    let id = random::<8>().unwrap_or_else(|_| "0".repeat(16));
    let method = known(request.method());
    // The route and not the path: paths hold names.
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let mut line = Line { service, id: id.clone(), method, route, start, status: GIVEN_UP };
    let mut response = REQUEST.scope(id.clone(), next.run(request)).await;
    line.status = response.status().as_u16();
    drop(line);
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}

/// The methods that there are; whatever else somebody sends is one of a kind.
fn known(method: &Method) -> &'static str {
    let known = [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::HEAD, Method::OPTIONS, Method::PATCH];
    let names = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"];
    known.iter().zip(names).find(|(known, _)| *known == method).map_or("other", |(_, name)| name)
}
