//! Vectors per second: the local model and the same model through onnxruntime, side by side.
//!
//! A machine's speed changes from minute to minute, so the two take turns on the same texts in one
//! run, and what is reported is the median of the rounds' ratios.

use std::ffi::OsString;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::process;
use super::{BenchError, Settings};
use crate::metrics::median;
use crate::target::Model;

/// One round.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Round {
    /// Vectors per second of the local model.
    pub ours: f64,
    /// Vectors per second through onnxruntime; nothing where it could not be run.
    pub theirs: Option<f64>,
}

/// All rounds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Embedding {
    /// Texts embedded in a round by each.
    pub texts: usize,
    /// In the order they were run.
    pub rounds: Vec<Round>,
    /// Median vectors per second of the local model.
    pub ours: Option<f64>,
    /// Median vectors per second through onnxruntime.
    pub theirs: Option<f64>,
    /// Median of the rounds' `ours / theirs`.
    pub ratio: Option<f64>,
    /// What ran on the other side, in its own words.
    pub version: Option<String>,
    /// Why there is nothing to compare with.
    pub missing: Option<String>,
}

/// What `onnx_bench.py` prints.
#[derive(Debug, Deserialize)]
struct Printed {
    texts: usize,
    per_second: f64,
    version: serde_json::Value,
}

/// Runs the rounds. The local model goes first in even rounds, the other in odd ones.
///
/// # Errors
/// If the local model fails. A comparison that cannot run is reported, not an error.
pub async fn run(
    settings: &Settings,
    model: &Model,
    model_dir: &Path,
    texts: &[String],
    progress: &(dyn Fn(&str) + Sync),
) -> Result<Embedding, BenchError> {
    let scratch = tempfile::tempdir().map_err(BenchError::Scratch)?;
    let file = scratch.path().join("texts.jsonl");
    write(&file, texts)?;
    // The first call pays for reading the weights.
    model.embed(texts.iter().take(8).cloned().collect()).await?;
    let mut rounds = Vec::with_capacity(settings.rounds);
    let (mut version, mut missing) = (None, None);
    for round in 0..settings.rounds {
        progress(&format!("embedding {} texts, round {} of {}", texts.len(), round + 1, settings.rounds));
        let first = if round % 2 == 0 { Some(ours(model, texts).await?) } else { None };
        let printed = match &settings.python {
            Some(python) if missing.is_none() => theirs(settings, python, model_dir, &file, texts.len()).await,
            Some(_) | None => Err(missing.take().unwrap_or_else(|| "no Python was given (--python)".to_owned())),
        };
        let ours = match first {
            Some(speed) => speed,
            None => ours(model, texts).await?,
        };
        let theirs = match printed {
            Ok(printed) => {
                version = Some(printed.version.as_str().map_or_else(|| printed.version.to_string(), str::to_owned));
                Some(printed.per_second)
            }
            Err(reason) => {
                missing = Some(reason);
                None
            }
        };
        rounds.push(Round { ours, theirs });
    }
    Ok(Embedding { version, missing, ..summed(texts.len(), rounds) })
}

/// The medians of `rounds`.
#[must_use]
pub fn summed(texts: usize, rounds: Vec<Round>) -> Embedding {
    let ratios: Vec<f64> =
        rounds.iter().filter_map(|round| round.theirs.filter(|t| *t > 0.0).map(|t| round.ours / t)).collect();
    let ours: Vec<f64> = rounds.iter().map(|round| round.ours).collect();
    let theirs: Vec<f64> = rounds.iter().filter_map(|round| round.theirs).collect();
    Embedding {
        texts,
        ours: median(&ours),
        theirs: median(&theirs),
        ratio: median(&ratios),
        rounds,
        version: None,
        missing: None,
    }
}

async fn ours(model: &Model, texts: &[String]) -> Result<f64, BenchError> {
    let took = model.embed(texts.to_vec()).await?;
    Ok(texts.len() as f64 / took.as_secs_f64().max(1e-9))
}

async fn theirs(
    settings: &Settings,
    python: &Path,
    model_dir: &Path,
    texts: &Path,
    count: usize,
) -> Result<Printed, String> {
    let mut args: Vec<OsString> = vec![settings.script.clone().into(), model_dir.into(), texts.into()];
    args.extend(["--threads".into(), settings.threads.to_string().into()]);
    let cost = process::run(python, &args, &[], None).await.map_err(|error| error.to_string())?;
    let printed: Printed = serde_json::from_str(cost.stdout.trim())
        .map_err(|error| format!("onnx_bench.py printed no result: {error}"))?;
    if printed.texts == count {
        Ok(printed)
    } else {
        Err(format!("onnx_bench.py embedded {} of {count} texts", printed.texts))
    }
}

fn write(file: &Path, texts: &[String]) -> Result<(), BenchError> {
    let mut lines = String::new();
    for text in texts {
        lines.push_str(&serde_json::json!({ "text": text }).to_string());
        lines.push('\n');
    }
    std::fs::write(file, lines).map_err(BenchError::Scratch)
}
