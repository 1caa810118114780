//! `kai-evals`: reads the command line, runs one subcommand, prints what it says.
//!
//! Exit status: 0 measured; 1 a bar was missed that was asked for; 2 it could not be measured.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use kai_evals::cli::{Cli, CliError};

#[tokio::main]
async fn main() -> ExitCode {
    match Cli::parse().run().await {
        Ok(output) => match std::io::stdout().lock().write_all(output.text.as_bytes()) {
            Ok(()) if output.pass => ExitCode::SUCCESS,
            Ok(()) | Err(_) => ExitCode::from(1),
        },
        Err(error) => {
            // Nowhere is left to report that stderr is gone.
            let _ = writeln!(std::io::stderr().lock(), "kai-evals: {}", chain(&error));
            ExitCode::from(2)
        }
    }
}

/// The error and everything below it, on one line.
fn chain(error: &CliError) -> String {
    let mut text = error.to_string();
    let mut below = std::error::Error::source(error);
    while let Some(cause) = below {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        below = cause.source();
    }
    text
}
