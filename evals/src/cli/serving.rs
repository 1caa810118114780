//! `kai-evals serving`.

use std::path::PathBuf;

use serde_json::json;

use super::{CliError, Output, say};
use crate::report::Table;
use crate::serving::{Load, Measured, read};

/// Send requests over many connections: answers a second, times, memory.
///
/// A file has a request a line: {"method": "GET", "url": "http://127.0.0.1:8400/v1/search?q=scrub"}, with
/// "body" for what is sent as JSON. With --beside, another server is measured in turn with requests of its
/// own: the ratio is what counts.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The requests.
    #[arg(long, value_name = "FILE")]
    requests: PathBuf,
    /// The server's process, to watch its memory.
    #[arg(long)]
    pid: Option<u32>,
    /// Requests for another server, to compare with.
    #[arg(long, value_name = "FILE")]
    beside: Option<PathBuf>,
    /// Connections at a time.
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// Requests in all, for each server.
    #[arg(long, default_value_t = 2000)]
    total: usize,
    /// Rounds; with --beside the servers take turns, and the median round counts.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Args {
    pub(super) async fn run(self) -> Result<Output, CliError> {
        let load =
            |requests, pid| Load { requests, connections: self.connections.max(1), total: self.total.max(1), pid };
        let kai = load(read(&self.requests)?, self.pid);
        let beside = self.beside.as_deref().map(read).transpose()?.map(|requests| load(requests, None));
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for round in 1..=self.rounds.max(1) {
            say(&format!("round {round} of {}", self.rounds.max(1)));
            ours.push(kai.run().await?);
            if let Some(beside) = &beside {
                theirs.push(beside.run().await?);
            }
        }
        let (ours, theirs) = (median(ours), median(theirs));
        let pass = ours.as_ref().is_some_and(|ours| ours.failed == 0);
        let ratio = ours.as_ref().zip(theirs.as_ref()).map(|(ours, theirs)| ours.per_second / theirs.per_second);
        if self.json {
            let text = serde_json::to_string(&json!({ "server": ours, "beside": theirs, "ratio": ratio }))?;
            return Ok(Output { text: text + "\n", pass });
        }
        let mut table = Table::new(&["", "answers/s", "p50 ms", "p99 ms", "answered", "failed", "MiB"]);
        for (name, measured) in [("server", &ours), ("beside", &theirs)] {
            let Some(measured) = measured else { continue };
            table.row(row(name, measured));
        }
        let mut text = table.render();
        if let Some(ratio) = ratio {
            text.push_str(&format!("\n{ratio:.2} times as many answers a second as the server beside it\n"));
        }
        Ok(Output { text, pass })
    }
}

fn row(name: &str, measured: &Measured) -> Vec<String> {
    let mib: Vec<String> = measured.resident.iter().map(|bytes| format!("{:.0}", *bytes as f64 / 1048576.0)).collect();
    vec![
        name.to_owned(),
        format!("{:.0}", measured.per_second),
        format!("{:.2}", measured.p50_ms),
        format!("{:.2}", measured.p99_ms),
        measured.answered.to_string(),
        measured.failed.to_string(),
        mib.join(" → "),
    ]
}

/// The round in the middle.
fn median(mut rounds: Vec<Measured>) -> Option<Measured> {
    rounds.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
    let middle = rounds.len() / 2;
    rounds.into_iter().nth(middle)
}
