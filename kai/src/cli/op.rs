//! `kai op`: typed operations, and what was done before. What they are and how they run is known in
//! `kai-tools` alone.

use clap::Args;
use kai_tools::face::{OpCommand, Options, Say, Session};

use super::Global;

/// Look at this host and change it: every change is shown first, and done after a yes.
#[derive(Debug, Args)]
#[command(
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "\
Examples:
  kai op kvm-list
  kai op kvm-clone --source golden --names web1,web2 --dry-run
  kai op kvm-snap --vm web1 --name before-update
  kai op history
  kai op undo 3f2a9c
  kai op --sim /tmp/play.json kvm-list      a simulated host to try things on

Exit status: 0 done, 1 refused or failed and taken back, 2 wrong usage, 3 failed and something is
left, 4 not confirmed."
)]
pub(super) struct Op {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: OpCommand,
}

/// To the exit status.
pub(super) fn run(args: Op, global: &Global) -> u8 {
    let say = Say::new(global.json, global.quiet);
    let session = match Session::open(args.options, global.data_dir.as_deref(), say) {
        Ok(session) => session,
        Err(status) => return status,
    };
    session.op(&args.command)
}
