//! Search latency: warm in this process, cold in a process of its own.

use std::path::Path;

use serde::Serialize;

use super::BenchError;
use super::kai::Kai;
use crate::metrics::{median, quantile};
use crate::set::Question;
use crate::target::Index;

/// Passages asked for, as a person gets them.
const SERVED: usize = 10;

/// Times that each question is asked warm.
const WARM_ROUNDS: usize = 3;

/// Processes started for the cold figure.
const COLD: usize = 10;

/// Warm search in this process.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Warm {
    /// Searches measured.
    pub searches: usize,
    /// Median, in milliseconds.
    pub p50_ms: Option<f64>,
    /// 95 % were at least this fast, in milliseconds.
    pub p95_ms: Option<f64>,
    /// What they were ranked by.
    pub ranked_by: Vec<&'static str>,
}

/// Asks every question once unmeasured, then three times.
///
/// # Errors
/// If a search fails.
pub async fn warm(index: &Index, questions: &[Question], words_only: bool) -> Result<Warm, BenchError> {
    let mut times = Vec::with_capacity(questions.len() * WARM_ROUNDS);
    let mut ranked_by = Vec::new();
    for round in 0..=WARM_ROUNDS {
        for question in questions {
            let answered = index.search(&question.text, SERVED, words_only).await?;
            if round > 0 {
                times.push(answered.took.as_secs_f64() * 1e3);
                ranked_by.push(answered.mode);
            }
        }
    }
    ranked_by.sort_unstable();
    ranked_by.dedup();
    Ok(Warm { searches: times.len(), p50_ms: quantile(&times, 0.5), p95_ms: quantile(&times, 0.95), ranked_by })
}

/// Median wall time of ten `kai search` processes, each with another question, in milliseconds. The
/// first process, which may have to read the binary from disk, is not counted.
///
/// # Errors
/// If one cannot be started or fails.
pub async fn cold(kai: &Kai, data_dir: &Path, questions: &[Question]) -> Result<Option<f64>, BenchError> {
    let mut times = Vec::with_capacity(COLD);
    for (at, question) in questions.iter().cycle().take(COLD + 1).enumerate() {
        let cost = kai.search(data_dir, &question.text).await?;
        if at > 0 {
            times.push(cost.took.as_secs_f64() * 1e3);
        }
    }
    Ok(median(&times))
}
