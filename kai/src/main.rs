//! The `kai` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    kai::cli::main()
}
