//! `kai mcp`: kai's tools for another assistant, over standard input and output.

use clap::Args;
use kai_tools::face::HostOptions;

use super::{Context, EmbedderArg, Failure, Outcome, open};
use crate::ask::Engines;
use crate::service::{Service, Settings, Work};
use crate::turn::Machine;

/// Offer documents, the host and plans to another assistant (MCP over standard input and output).
///
/// The assistant can search and read documents, look at the host, and propose operations. What it proposes
/// is a plan and changes nothing: a person looks at it and approves it with `kai op apply PLAN`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example, for a client that is configured with JSON:
  { \"mcpServers\": { \"kai\": { \"command\": \"kai\", \"args\": [\"mcp\"] } } }

The same over HTTP is at /mcp of `kai serve`.")]
pub(super) struct Mcp {
    /// Documents only: no host is looked at.
    #[arg(long, conflicts_with_all = ["host", "sim", "executor"])]
    docs_only: bool,
    #[command(flatten)]
    embedder: EmbedderArg,
    #[command(flatten)]
    host: HostOptions,
}

pub(super) async fn run(args: Mcp, context: Context) -> Result<Outcome, Failure> {
    let operator = if args.docs_only {
        None
    } else {
        Some(open::operator(&context, &args.host.target(), args.host.vm_root.clone())?)
    };
    let work = Work {
        home: context.home.clone(),
        embedder: args.embedder.embedder.clone(),
        engines: Engines::BuiltIn,
        operator,
        machine: Machine::default(),
    };
    let service = Service::open(Settings::default(), work).await;
    let served = service.serve_stdio().await;
    served.map(|()| Outcome::Done).map_err(|why| Failure::new(format!("the other side was not understood: {why}")))
}
