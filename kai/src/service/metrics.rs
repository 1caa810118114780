//! What Prometheus reads: requests by route and status, how long they took, what goes on now. No name of
//! an object and no text of a question is a label.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use kai_tools::journal::Outcome;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use super::Service;
use super::problem::{Answer, Problem};

type Labels = Vec<(&'static str, String)>;
type Times = Family<Labels, Histogram, fn() -> Histogram>;

/// All of it.
#[derive(Debug)]
pub(super) struct Metrics {
    registry: Registry,
    requests: Family<Labels, Counter>,
    times: Times,
    answering: Gauge<i64, std::sync::atomic::AtomicI64>,
    ended: Ended,
    passages: Gauge<u64, AtomicU64>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("kai");
        let requests = Family::<Labels, Counter>::default();
        // From a millisecond to about eight minutes.
        let times: Times = Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.001, 2.0, 20)));
        let (answering, ended) = (Gauge::default(), Ended::default());
        let passages = Gauge::<u64, AtomicU64>::default();
        registry.register("http_requests", "Requests that were answered", requests.clone());
        registry.register("http_request_duration_seconds", "To the head of the response", times.clone());
        registry.register("answers_in_progress", "Answers in the making", answering.clone());
        registry.register("operations", "Operations that ended here, by outcome", ended.0.clone());
        registry.register("index_passages", "Passages that can be found", passages.clone());
        Self { registry, requests, times, answering, ended, passages }
    }
}

impl Metrics {
    /// Counts a request.
    pub(super) fn request(&self, method: &str, route: &str, status: u16, took: Duration) {
        let route = || ("route", route.to_owned());
        let labels = vec![("method", method.to_owned()), route(), ("status", status.to_string())];
        self.requests.get_or_create(&labels).inc();
        self.times.get_or_create(&vec![route()]).observe(took.as_secs_f64());
    }

    /// For whoever sees operations end.
    pub(super) fn ended(&self) -> Ended {
        self.ended.clone()
    }

    /// Counts an answer for as long as what comes back lives.
    pub(super) fn answering(&self) -> Answering {
        self.answering.inc();
        Answering(self.answering.clone())
    }
}

/// Operations that have ended.
#[derive(Debug, Clone, Default)]
pub(super) struct Ended(Family<Labels, Counter>);

impl Ended {
    /// Counts one.
    pub(super) fn count(&self, outcome: Outcome) {
        let outcome = match outcome {
            Outcome::Done => "done",
            Outcome::TakenBack => "taken_back",
            Outcome::Left => "left",
        };
        self.0.get_or_create(&vec![("outcome", outcome.to_owned())]).inc();
    }
}

/// An answer in the making.
#[derive(Debug)]
pub(super) struct Answering(Gauge<i64, std::sync::atomic::AtomicI64>);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// `GET /metrics`.
pub(super) async fn metrics(State(service): State<Service>) -> Answer<impl IntoResponse> {
    let metrics = service.metrics();
    metrics.passages.set(service.0.shelf.manifest().map_or(0, |manifest| manifest.passages));
    let mut text = String::new();
    encode(&mut text, &metrics.registry).map_err(|error| Problem::internal("writing the metrics", &error))?;
    Ok(([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text))
}
