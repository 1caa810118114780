//! The command line: one file a command, each an arguments struct and a function.

mod ask;
mod chat;
mod config;
mod corpus;
mod engine;
mod error;
mod index;
mod index_status;
mod log;
mod mcp;
mod model;
mod op;
mod open;
mod plan;
mod search;
mod serve;
mod token;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

pub use error::{Failure, Outcome};

use kai_tools::face::overrule;
use kai_tools::face::settings::Settings;

use crate::library::{EmbedderChoice, Home};
use crate::ui::Ui;

/// The assistant for hosts that run virtual machines on OpenZFS.
///
/// kai answers questions from the host's own documentation, with citations, and operates the host:
/// every change is shown first and done after a yes. It works with a model server and without one.
#[derive(Debug, Parser)]
#[command(name = "kai", version, max_term_width = 100, after_help = AFTER_HELP)]
struct Cli {
    #[command(flatten)]
    global: Global,
    /// Without a command, kai talks: as `kai chat` does.
    #[command(subcommand)]
    command: Option<Command>,
}

const AFTER_HELP: &str = "\
Without a command: a conversation, in which kai answers and operates (kai chat --help).

From nothing to an answer:
  kai corpus sync          fetch the documentation packs of this host
  kai index                make them searchable
  kai ask \"how do I …?\"    get an answer with its sources

To operate: kai op --help; to try it on a simulated host: kai op --sim FILE kvm-list

Data goes to stdout, everything else to stderr. Exit status: 0 done, 1 failed, 2 wrong usage,
3 done in part, 4 not confirmed, 5 something is missing from what was said, 130 stopped by Ctrl-C.";

/// Options of every command.
#[derive(Debug, Clone, Args)]
struct Global {
    /// Where the index, the documentation and models are kept.
    #[arg(long, global = true, value_name = "DIR", env = "KAI_DATA_DIR", hide_env_values = true)]
    data_dir: Option<PathBuf>,
    /// Print machine-readable JSON.
    #[arg(long, global = true)]
    json: bool,
    /// Say only what went wrong.
    #[arg(long, short, global = true)]
    quiet: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Chat(chat::Chat),
    Ask(ask::Ask),
    Search(search::Search),
    Index(index::Index),
    Corpus(corpus::Corpus),
    Model(model::Model),
    Op(op::Op),
    Plan(plan::Plan),
    Serve(Box<serve::Serve>),
    Token(token::Token),
    Mcp(mcp::Mcp),
    Config(config::ConfigArgs),
}

/// Options of the commands that use vectors.
#[derive(Debug, Clone, Args)]
struct EmbedderArg {
    /// Who turns text into vectors: auto, none, local[:FOLDER] or ollama:MODEL.
    #[arg(long, value_name = "EMBEDDER", env = "KAI_EMBEDDER", default_value = "auto", hide_default_value = true)]
    embedder: EmbedderChoice,
}

/// What every command gets.
#[derive(Debug)]
struct Context {
    home: Home,
    /// The folder for data, where one was named: operations of root have another one by themselves.
    named_data: Option<PathBuf>,
    ui: Ui,
}

/// Reads the arguments, runs the command, and turns what came of it into an exit status.
#[must_use]
pub fn main() -> ExitCode {
    let program = Cli::command();
    let config = match Settings::load(&program) {
        Ok(config) => config,
        Err(error) => {
            let failure = Failure::from(error);
            Ui::new(false, false).failure(&failure);
            return ExitCode::from(failure.status);
        }
    };
    let words = words(std::env::args_os());
    let matches = overrule(config.apply(program), &words).get_matches_from(&words);
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let ui = Ui::new(cli.global.json, cli.global.quiet);
    // Operations need neither the index nor threads of their own.
    let command = cli.command.unwrap_or_else(|| Command::Chat(chat::Chat::by_default()));
    if let Command::Op(args) = command {
        return ExitCode::from(op::run(args, &cli.global));
    }
    let named_data = cli.global.data_dir;
    let outcome = Home::find(named_data.as_deref()).map_err(Failure::from).and_then(|home| {
        let context = Context { home, named_data, ui: ui.clone() };
        if let Command::Config(args) = &command {
            return Ok(config::run(args, &config, &matches, &context));
        }
        run(command, context)
    });
    match outcome {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::InPart) => ExitCode::from(3),
        Ok(Outcome::Status(status)) => ExitCode::from(status),
        Err(failure) => {
            ui.failure(&failure);
            ExitCode::from(failure.status)
        }
    }
}

/// The command line; links of kldload's names stand for the commands that do what those did.
fn words(args: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut words: Vec<OsString> = args.collect();
    let called = words.first().and_then(|path| std::path::Path::new(path).file_name()?.to_str());
    let command = match called {
        Some("kai-rag") => Some("ask"),
        Some("kai-index") => Some("index"),
        Some(_) | None => None,
    };
    if let Some(command) = command {
        words.insert(1, command.into());
    }
    words
}

fn run(command: Command, context: Context) -> Result<Outcome, Failure> {
    // These are no work for threads.
    if let Command::Plan(args) = &command {
        return plan::run(args, &context);
    }
    if let Command::Token(args) = &command {
        return token::run(args, &context);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new("cannot start the threads that kai works on").because(&error))?;
    let outcome = runtime.block_on(async {
        match command {
            Command::Chat(args) => chat::run(args, context).await,
            Command::Ask(args) => ask::run(args, context).await,
            Command::Search(args) => search::run(args, context).await,
            Command::Index(args) => index::run(args, context).await,
            Command::Corpus(args) => corpus::run(args, context).await,
            Command::Model(args) => model::run(args, context).await,
            Command::Serve(args) => serve::run(*args, context).await,
            Command::Mcp(args) => mcp::run(args, context).await,
            Command::Op(_) | Command::Plan(_) | Command::Token(_) | Command::Config(_) => Ok(Outcome::Done),
        }
    });
    // A blocking read that is still under way must not hold up the exit.
    runtime.shutdown_background();
    outcome
}
