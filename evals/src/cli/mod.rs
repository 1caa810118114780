//! The command line: one file a subcommand, its arguments and what it does.
//!
//! Subcommands return what is to be printed; only progress and notes go straight to stderr.

mod answers;
mod bench;
mod retrieval;
mod safety;
mod serving;
mod toolcalls;

use std::io::Write;

use clap::{Parser, Subcommand};

use crate::target::Index;

/// Measures kai: retrieval, speed, answers.
#[derive(Debug, Parser)]
#[command(name = "kai-evals", version, about)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run question sets against an index and score what it finds
    Retrieval(retrieval::Args),
    /// Let the built-in engine answer question sets and score what it says
    Answers(answers::Args),
    /// Measure indexing and searching: time, vectors per second, memory
    Bench(bench::Args),
    /// Put utterances to a planner and score the requests that it makes of them
    Toolcalls(toolcalls::Args),
    /// Run hostile cases against the whole, on a simulated host, with a model that wants the worst
    Safety(safety::Args),
    /// Send requests over many connections: answers a second, times, memory
    Serving(serving::Args),
}

/// What a subcommand has to say.
#[derive(Debug)]
pub struct Output {
    /// For stdout.
    pub text: String,
    /// Whether every bar was reached that had to be.
    pub pass: bool,
}

/// Why a subcommand could not finish.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The questions could not be read.
    #[error(transparent)]
    Set(#[from] crate::set::SetError),
    /// The index could not be measured.
    #[error(transparent)]
    Target(#[from] crate::target::TargetError),
    /// The benchmark could not finish.
    #[error(transparent)]
    Bench(#[from] crate::bench::BenchError),
    /// The planner could not be measured.
    #[error(transparent)]
    ToolCall(#[from] crate::toolcalls::ToolCallError),
    /// The hostile cases could not be run.
    #[error(transparent)]
    Safety(#[from] crate::safety::SafetyError),
    /// A server could not be measured.
    #[error(transparent)]
    Serving(#[from] crate::serving::ServingError),
    /// The report could not be written as JSON.
    #[error("the report could not be written as JSON")]
    Json(#[from] serde_json::Error),
}

impl Cli {
    /// Runs the subcommand.
    ///
    /// # Errors
    /// If it cannot finish; figures below a bar are no error.
    pub async fn run(self) -> Result<Output, CliError> {
        match self.command {
            Command::Retrieval(args) => args.run().await,
            Command::Answers(args) => args.run().await,
            Command::Bench(args) => args.run().await,
            Command::Toolcalls(args) => args.run(),
            Command::Safety(args) => args.run().await,
            Command::Serving(args) => args.run().await,
        }
    }
}

/// Progress is for the person watching; if stderr is gone, the measurement goes on.
fn say(what: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{what}");
}

fn notes(index: &Index) {
    for note in index.notes() {
        say(&format!("note: {note}"));
    }
}
