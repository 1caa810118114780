//! `kai plan`: what the built-in planner makes of words. It confirms nothing and does nothing.

use std::path::PathBuf;

use clap::Args;
use kai_tools::face::HostOptions;
use kai_tools::names::Stamp;
use kai_tools::operator::Operator;
use kai_tools::plan::Effect;
use kai_tools::request::Request;
use serde_json::{Value, json};

use super::{Context, Failure, Outcome, open};
use crate::planner::{self, Inventory, Planned, Proposal};
use crate::turn::{in_words, scope};

/// Show what would be proposed for words, and do nothing.
///
/// The built-in planner reads them: no model, no index. Names are those of this host, of the one that
/// --host or --sim names, or of one that is only described (--host-file).
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kai plan \"clone golden to web5 and web6\"
  kai plan --sim /tmp/play.json \"start db1\"
  kai plan --json --host-file host.json -- \"delete the vm sandbox\" | jq .kind

With --json, `kind` is call, calls, ask, answer or refuse.

Exit status: 0 understood, 1 the host or a file cannot be read, 2 wrong usage.")]
pub(super) struct Plan {
    /// What is said.
    #[arg(required = true, value_name = "WORDS")]
    words: Vec<String>,
    /// Ask no model server. This command never does; scripts that want to be sure say it.
    #[arg(long)]
    offline: bool,
    /// A description of a host, as JSON: its names are used, and no host is asked.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["host", "sim"])]
    host_file: Option<PathBuf>,
    /// What was said before, as a JSON array of turns: [{"role": "user", "text": "…"}, …].
    #[arg(long, value_name = "FILE")]
    context: Option<PathBuf>,
    #[command(flatten)]
    host: HostOptions,
}

pub(super) fn run(args: &Plan, context: &Context) -> Result<Outcome, Failure> {
    let words = args.words.join(" ");
    if words.trim().is_empty() {
        return Err(Failure { status: 2, ..Failure::new("nothing was said") });
    }
    let turns = match &args.context {
        None => Vec::new(),
        Some(path) => {
            let text = read(path)?;
            let bad = |error: serde_json::Error| {
                Failure::new(format!("{} is no list of turns", path.display())).because(&error)
            };
            serde_json::from_str(&text).map_err(bad)?
        }
    };
    let (inventory, operator) = match &args.host_file {
        Some(path) => {
            let bad = |error| Failure::new(format!("{} cannot be used", path.display())).because(&error);
            (Inventory::from_json(&read(path)?).map_err(bad)?, None)
        }
        None => observed(args, context)?,
    };
    let mut planned = planner::plan(&words, &turns, &inventory);
    if let Some(operator) = operator
        && let Some(refused) = refused_there(&planned.proposal, &operator)
    {
        planned.proposal = refused;
    }
    if context.ui.wants_json() {
        context.ui.json(&as_json(&planned));
    } else {
        show(context, &planned);
    }
    Ok(Outcome::Done)
}

fn read(path: &std::path::Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("{} cannot be read", path.display())).because(&error))
}

/// The names of a host that is there. Without one, words are understood all the same.
fn observed(args: &Plan, context: &Context) -> Result<(Inventory, Option<Operator>), Failure> {
    let operator = open::operator(context, &args.host.target(), args.host.vm_root.clone())?;
    let operations = operator.history().unwrap_or_default();
    match operator.observe(&scope()) {
        Ok(facts) => Ok((Inventory::from_facts(&facts, &operations, Stamp::now()), Some(operator))),
        Err(error) => {
            context.ui.note(&format!("nothing is known of {}: {error}", operator.host_name()));
            error.hints().iter().for_each(|hint| context.ui.hint(hint));
            Ok((Inventory::default(), None))
        }
    }
}

/// Whether planning refuses the first request on that host; what follows depends on what it makes.
fn refused_there(proposal: &Proposal, operator: &Operator) -> Option<Proposal> {
    let Proposal::Calls(requests) = proposal else { return None };
    let first = requests.first().filter(|request| request.available() && request.effect() != Effect::Read)?;
    let error = operator.propose_now(first).err()?;
    Some(Proposal::Refuse { key: "planning", reason: error.to_string() })
}

fn as_json(planned: &Planned) -> Value {
    let mut value = match &planned.proposal {
        Proposal::Calls(calls) => match calls.as_slice() {
            [call] => json!({ "kind": "call", "call": call, "effect": call.effect() }),
            calls => json!({ "kind": "calls", "calls": calls, "effect": calls.iter().map(Request::effect).max() }),
        },
        Proposal::Ask { missing, candidates, question } => {
            json!({ "kind": "ask", "ask": missing, "candidates": candidates, "text": question })
        }
        Proposal::Answer => json!({ "kind": "answer" }),
        Proposal::Refuse { key, reason } => json!({ "kind": "refuse", "refuse": key, "text": reason }),
    };
    value["understood"] = json!(planned.understood);
    value
}

fn show(context: &Context, planned: &Planned) {
    let ui = &context.ui;
    match &planned.proposal {
        Proposal::Calls(calls) => {
            for call in calls {
                let built = if call.available() { "" } else { "  (not in this version)" };
                ui.line(&format!("{}{built}", in_words(call)));
            }
            let confirmed = match calls.iter().map(Request::effect).max() {
                Some(Effect::Destroy) => "destroys: would be shown, and done after its name was typed",
                Some(Effect::Change) => "changes: would be shown, and done after a yes",
                Some(Effect::Read) | None => "only reads: would be done at once",
            };
            ui.status(confirmed);
        }
        Proposal::Ask { candidates, question, .. } => {
            ui.line(question);
            candidates.iter().for_each(|candidate| ui.line(&format!("  {candidate}")));
        }
        Proposal::Answer => ui.line("a question: it would be answered from the documents"),
        Proposal::Refuse { reason, .. } => ui.line(&format!("refused: {reason}")),
    }
}
