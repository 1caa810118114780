//! `kai chat`, and `kai` alone: the conversation.

mod names;
mod repl;
mod slash;

use std::sync::{Arc, RwLock};

use clap::{Args, Parser};
use kai_tools::face::HostOptions;

use super::engine::EngineArgs;
use super::open::{self, Wanted};
use super::{Context, EmbedderArg, Failure, Outcome};
use crate::chat::complete::Names;
use crate::chat::line::Input;
use crate::chat::store::{Session, SessionName, Sessions};
use crate::turn::Conversation;
use repl::Repl;

pub(super) use repl::decision;

/// Talk: ask questions, say what is to be done.
///
/// Questions are answered with sources. Orders become plans that are shown and done after a yes; what
/// destroys something wants its name typed. Everything that starts with / is a command (/help lists
/// them). Input that comes from a pipe is read line by line, without decorations; nothing is confirmed
/// there.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kai
  kai chat --sim /tmp/play.json       a simulated host to try things on
  kai chat --resume                   go on with the last conversation
  echo \"list my vms\" | kai chat

At the prompt, Ctrl-C clears the line and Ctrl-D quits; while kai answers, Ctrl-C stops the answer.")]
pub(super) struct Chat {
    #[command(flatten)]
    engine: EngineArgs,
    #[command(flatten)]
    embedder: EmbedderArg,
    #[command(flatten)]
    host: HostOptions,
    /// How many passages an answer may rest on.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=50))]
    passages: u16,
    /// Go on with a saved conversation; the latest if no name is given.
    #[arg(long, value_name = "NAME", num_args = 0..=1)]
    #[allow(clippy::option_option, reason = "without, without a name, with a name")]
    resume: Option<Option<SessionName>>,
}

#[derive(Debug, Parser)]
struct ByDefault {
    #[command(flatten)]
    chat: Chat,
}

impl Chat {
    /// What `kai` alone means: no options, but the environment.
    pub(super) fn by_default() -> Self {
        ByDefault::parse_from(["kai"]).chat
    }
}

pub(super) async fn run(args: Chat, context: Context) -> Result<Outcome, Failure> {
    let wanted = Wanted {
        engine: &args.engine,
        embedder: &args.embedder,
        passages: args.passages,
        source: None,
        host: &args.host,
    };
    let assistant = open::assistant(&context, &wanted).await?;
    let names = Arc::new(RwLock::new(Names::default()));
    let mut input = Input::open(&context.home.history(), Arc::clone(&names));
    if input.is_terminal() {
        let pulled = args.engine.pull_if_wanted(&context.ui, |question| input.agrees(question)).await;
        pulled.unwrap_or_else(|failure| context.ui.failure(&failure));
    }
    let sessions = Sessions::of(context.home.root());
    let (conversation, session) = (Conversation::default(), Session::begin());
    let (engine, host) = (args.engine, args.host);
    let sources = Vec::new();
    let mut repl =
        Repl { context: &context, assistant, engine, host, input, names, conversation, sessions, session, sources };
    if let Some(name) = args.resume {
        repl.resume(name)?;
    }
    repl.run().await
}
