//! `kai-evals bench`: speed and memory.

use std::path::PathBuf;
use std::time::Duration;

use super::{CliError, Output};
use crate::bench::{self, Settings};
use crate::set;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder of pages to index
    #[arg(long, value_name = "DIR")]
    pages: PathBuf,
    /// The binary to measure; by default the one beside this one
    #[arg(long, value_name = "PATH")]
    kai: Option<PathBuf>,
    /// The embedding model's folder; without it, words alone are measured
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// A Python with onnxruntime, to compare the model's speed with
    #[arg(long, value_name = "PYTHON")]
    python: Option<PathBuf>,
    /// The script that it runs
    #[arg(long, value_name = "FILE", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/onnx_bench.py"))]
    script: PathBuf,
    /// Texts embedded in a round
    #[arg(long, value_name = "N", default_value_t = 600)]
    texts: usize,
    /// Rounds of the comparison
    #[arg(long, value_name = "N", default_value_t = 3)]
    rounds: usize,
    /// Stop indexing with vectors after this many seconds and measure what is there
    #[arg(long, value_name = "SECONDS")]
    limit: Option<u64>,
    /// Questions to search for instead of the ones that come along
    #[arg(long, value_name = "FILE.jsonl")]
    set: Vec<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Exit with 1 if a bar is missed
    #[arg(long)]
    require: bool,
}

impl Args {
    pub(super) async fn run(self) -> Result<Output, CliError> {
        let questions = set::load(&self.set)?;
        let settings = Settings {
            pages: self.pages,
            kai: self.kai.unwrap_or_else(beside),
            model: self.model,
            python: self.python,
            script: self.script,
            texts: self.texts,
            rounds: self.rounds,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            limit: self.limit.map(Duration::from_secs),
        };
        let report = bench::run(&settings, &questions, &super::say).await?;
        // Goals are told, not required.
        let required = |bar: &&crate::bars::Bar| !bar.what.ends_with("goal");
        let pass = !self.require || report.bars.iter().filter(required).all(|bar| bar.pass);
        let text =
            if self.json { format!("{}\n", serde_json::to_string_pretty(&report)?) } else { bench::render(&report) };
        Ok(Output { text, pass })
    }
}

/// `kai` in the folder of this binary: where one build puts both.
fn beside() -> PathBuf {
    let own = std::env::current_exe().ok();
    own.and_then(|own| own.parent().map(|folder| folder.join("kai"))).unwrap_or_else(|| PathBuf::from("kai"))
}
