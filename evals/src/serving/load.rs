//! Sending requests over so many connections, each waiting for its answer before it sends the next.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::{Client, Method};
use serde::Serialize;

use super::memory::resident;
use super::{ServingError, Wire};

/// How much is sent.
#[derive(Debug, Clone)]
pub struct Load {
    /// Sent in turn, again and again.
    pub requests: Vec<Wire>,
    /// At a time.
    pub connections: usize,
    /// In all.
    pub total: usize,
    /// The server, if its memory is to be watched.
    pub pid: Option<u32>,
}

/// What came of it.
#[derive(Debug, Clone, Serialize)]
pub struct Measured {
    /// Answers with a status below 400.
    pub answered: usize,
    /// Others, and requests that got no answer.
    pub failed: usize,
    /// Wall time of all, in seconds.
    pub seconds: f64,
    /// Answers a second.
    pub per_second: f64,
    /// Half of them took at most this many milliseconds.
    pub p50_ms: f64,
    /// 99 of 100 did.
    pub p99_ms: f64,
    /// The server's memory before, after a tenth of the requests, and at the end, in bytes.
    pub resident: Vec<u64>,
}

/// A request that was checked.
struct Ready {
    method: Method,
    url: reqwest::Url,
    body: Option<serde_json::Value>,
}

impl Load {
    /// Sends it.
    ///
    /// # Errors
    /// If a request cannot be made. One that the server does not answer counts as failed.
    pub async fn run(&self) -> Result<Measured, ServingError> {
        let requests = Arc::new(self.requests.iter().map(ready).collect::<Result<Vec<_>, _>>()?);
        let client = Client::builder().pool_max_idle_per_host(self.connections).no_proxy().build();
        let client = client.map_err(ServingError::Client)?;
        let next = Arc::new(AtomicUsize::new(0));
        let mut memory: Vec<u64> = self.pid.and_then(resident).into_iter().collect();
        let start = Instant::now();
        let mut sending = tokio::task::JoinSet::new();
        for _ in 0..self.connections {
            let (requests, client, next, total) =
                (Arc::clone(&requests), client.clone(), Arc::clone(&next), self.total);
            sending.spawn(async move { send(&requests, &client, &next, total).await });
        }
        // A tenth warms everything up: from there on memory has no reason to grow.
        while next.load(Ordering::Relaxed) < self.total / 10 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        memory.extend(self.pid.and_then(resident));
        let (mut times, mut failed) = (Vec::with_capacity(self.total), 0);
        while let Some(sent) = sending.join_next().await {
            // A task that broke has sent nothing that counts.
            let (more, failures) = sent.unwrap_or_default();
            times.extend(more);
            failed += failures;
        }
        let seconds = start.elapsed().as_secs_f64();
        memory.extend(self.pid.and_then(resident));
        times.sort_unstable();
        let at = |share: f64| {
            let place = ((times.len() as f64 * share).ceil() as usize).clamp(1, times.len().max(1)) - 1;
            times.get(place).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
        };
        Ok(Measured {
            answered: times.len(),
            failed,
            seconds,
            per_second: times.len() as f64 / seconds,
            p50_ms: at(0.5),
            p99_ms: at(0.99),
            resident: memory,
        })
    }
}

fn ready(wire: &Wire) -> Result<Ready, ServingError> {
    let bad = || ServingError::Request { method: wire.method.clone(), url: wire.url.clone() };
    let method = wire.method.parse::<Method>().map_err(|_| bad())?;
    Ok(Ready { method, url: wire.url.parse().map_err(|_| bad())?, body: wire.body.clone() })
}

async fn send(requests: &[Ready], client: &Client, next: &AtomicUsize, total: usize) -> (Vec<Duration>, usize) {
    let (mut times, mut failed) = (Vec::new(), 0);
    loop {
        let at = next.fetch_add(1, Ordering::Relaxed);
        if at >= total {
            return (times, failed);
        }
        let Some(ready) = requests.get(at % requests.len()) else { return (times, failed) };
        let mut request = client.request(ready.method.clone(), ready.url.clone());
        if let Some(body) = &ready.body {
            request = request.json(body);
        }
        let start = Instant::now();
        let answered = match request.send().await {
            Ok(response) => response.status().as_u16() < 400 && response.bytes().await.is_ok(),
            Err(_) => false,
        };
        if answered {
            times.push(start.elapsed());
        } else {
            failed += 1;
        }
    }
}
