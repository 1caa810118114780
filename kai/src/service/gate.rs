//! What is checked before a handler sees a request: where it comes from, who sends it, whether that is
//! too often; and the headers that every response has.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use governor::clock::{Clock, MonotonicClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use kai_tools::names::Stamp;

use super::access::{Caller, Peer, Scope, Token};
use super::problem::{Answer, Problem};
use super::{Limits, Service};

type Limiter = RateLimiter<String, HashMapStateStore<String>, MonotonicClock>;

/// How often callers come.
#[derive(Debug)]
pub(super) struct Rates {
    asks: Limiter,
    failures: Limiter,
    clock: MonotonicClock,
}

impl Rates {
    pub(super) fn new(limits: &Limits) -> Self {
        let limiter =
            |a_minute| RateLimiter::new(Quota::per_minute(a_minute), HashMapStateStore::default(), MonotonicClock);
        Self { asks: limiter(limits.asks_a_minute), failures: limiter(limits.failures_a_minute), clock: MonotonicClock }
    }

    fn count(&self, limiter: &Limiter, key: &str) -> Answer<()> {
        limiter
            .check_key(&key.to_owned())
            .map_err(|until| Problem::too_many(until.wait_time_from(self.clock.now()).as_secs()))
    }

    /// Counts a question.
    pub(super) fn ask(&self, caller: &Caller) -> Answer<()> {
        self.count(&self.asks, &caller.key())
    }

    /// Counts a token that is none.
    fn failure(&self, peer: Peer) -> Answer<()> {
        self.count(&self.failures, &Caller::nobody(peer).key())
    }

    /// Forgets callers that have not come for a while.
    pub(super) fn sweep(&self) {
        self.asks.retain_recent();
        self.failures.retain_recent();
    }
}

/// Lets a request in, with its [`Caller`].
pub(super) async fn admit(State(service): State<Service>, mut request: Request, next: Next) -> Answer<Response> {
    // Where nobody says, it came from somewhere.
    let peer = request.extensions().get::<Peer>().copied();
    let peer = peer.unwrap_or(Peer::Remote(std::net::IpAddr::from([0, 0, 0, 0])));
    let headers = request.headers();
    once(headers)?;
    let peer = through_proxy(peer, headers);
    service.0.door.check(peer, request.uri(), headers)?;
    let caller = caller(&service, peer, headers)?;
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

/// What is decided by must be said once: two programs may not each read another one.
fn once(headers: &HeaderMap) -> Answer<()> {
    const ONCE: [HeaderName; 4] = [header::HOST, header::ORIGIN, header::AUTHORIZATION, header::CONTENT_TYPE];
    let site = HeaderName::from_static("sec-fetch-site");
    match ONCE.into_iter().chain([site]).find(|name| headers.get_all(name).iter().nth(1).is_some()) {
        Some(name) => Err(Problem::bad_request(format!("the request has more than one {name}"))),
        None => Ok(()),
    }
}

/// What a proxy on this machine passes on does not come from this machine.
fn through_proxy(peer: Peer, headers: &HeaderMap) -> Peer {
    const SIGNS: [&str; 6] =
        ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via"];
    if peer.is_here() && SIGNS.into_iter().any(|name| headers.contains_key(name)) {
        Peer::Remote(std::net::IpAddr::from([0, 0, 0, 0]))
    } else {
        peer
    }
}

fn caller(service: &Service, peer: Peer, headers: &HeaderMap) -> Answer<Caller> {
    let Some(given) = headers.get(header::AUTHORIZATION) else { return Ok(Caller::nobody(peer)) };
    let text = given.to_str().ok().and_then(|text| {
        let (scheme, token) = text.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let token = text.and_then(|text| text.parse::<Token>().ok());
    let found = match &token {
        None => None,
        Some(token) => {
            let found = service.0.tokens.find(token, Stamp::now());
            found.map_err(|error| Problem::internal("looking at the tokens", &error))?
        }
    };
    match found {
        Some(info) => Ok(Caller { name: Some(info.name), token: Some(info.hash), scopes: info.scopes, peer }),
        None => {
            service.0.rates.failure(peer)?;
            Err(Problem::unauthorized("the token is none, or is not valid any more"))
        }
    }
}

/// Lets those pass who have a scope.
pub(super) async fn needs(State(scope): State<Scope>, request: Request, next: Next) -> Answer<Response> {
    let missing = Problem::needs(scope);
    match request.extensions().get::<Caller>() {
        Some(caller) if caller.may(scope) => Ok(next.run(request).await),
        Some(Caller { name: Some(_), .. }) => Err(missing),
        // Who brought no token is told that one is needed.
        Some(_) | None => Err(Problem::unauthorized(missing.detail).hints(missing.hints)),
    }
}

const HEADERS: [(HeaderName, &str); 4] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
];

/// What a browser has to know about every response.
pub(super) async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}
