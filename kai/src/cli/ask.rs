//! `kai ask`: one turn, from a question or an order to what comes of it.

use clap::Args;
use kai_tools::face::{HostOptions, Say};
use kai_tools::plan::Plan;

use super::chat::decision;
use super::engine::EngineArgs;
use super::error::STOPPED;
use super::open::{self, Wanted};
use super::{Context, EmbedderArg, Failure, Outcome};
use crate::chat::Screen;
use crate::turn::{Acted, Conversation, Events, Stop, TurnReport};

/// Ask a question, or say what is to be done.
///
/// A question is answered from the documents, with sources. With a model server the answer is written
/// by a model and streamed, its citations checked against the passages; without one the built-in engine
/// answers with the sentences and commands of the pages themselves. If the pages do not hold the answer,
/// kai says so.
///
/// An order ("snapshot web1") becomes a plan, which is shown and done after a yes. Where nobody can
/// answer, nothing is done, and the command that applies the plan is printed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kai ask \"how do I resume an interrupted zfs send?\"
  kai ask --engine built-in \"what does volblocksize do?\"
  kai ask \"snapshot web1 as before-update\"
  kai --json ask \"how do I hold a snapshot?\" | jq -r .text

OLLAMA_HOST says where an Ollama server is (127.0.0.1:11434), KAI_OPENAI_URL and
KAI_OPENAI_KEY where a server with OpenAI's protocol is.

Exit status: 0 answered or done, 1 refused or failed, 2 wrong usage, 3 failed and something is
left, 4 not confirmed, 5 something is missing from what was said, 130 stopped by Ctrl-C.")]
pub(super) struct Ask {
    /// The question, or the order.
    #[arg(required = true, value_name = "WORDS")]
    words: Vec<String>,
    #[command(flatten)]
    engine: EngineArgs,
    /// How many passages the answer may rest on.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=50))]
    passages: u16,
    /// Only pages of this source (`kai index status` lists them).
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    #[command(flatten)]
    embedder: EmbedderArg,
    #[command(flatten)]
    host: HostOptions,
}

pub(super) async fn run(args: Ask, context: Context) -> Result<Outcome, Failure> {
    let text = args.words.join(" ");
    if text.trim().is_empty() {
        return Err(Failure { status: 2, ..Failure::new("the question is empty") });
    }
    let ui = &context.ui;
    let wanted = Wanted {
        engine: &args.engine,
        embedder: &args.embedder,
        passages: args.passages,
        source: args.source.clone(),
        host: &args.host,
    };
    // Without the model the built-in engine answers, and says why.
    if let Err(failure) = args.engine.pull_if_wanted(ui, |question| ui.confirm(question)).await
        && failure.status == STOPPED
    {
        return Err(failure);
    }
    let assistant = open::assistant(&context, &wanted).await?;
    let asker = Box::new(|say: &Say, plan: &Plan| decision(say.ask(plan)));
    let mut screen = Screen::new(ui, ui.say(), open::apply_command(&context, &args.host), asker);
    let (events, mut shown) = Events::channel();
    let (stop, mut conversation) = (Stop::default(), Conversation::default());
    let turn = async {
        let report = assistant.turn(&mut conversation, &text, &events, &stop).await;
        drop(events);
        report
    };
    let both = async { tokio::join!(turn, screen.play(&mut shown)).0 };
    let report = open::until_stopped(both, &stop).await;
    screen.clear();
    let Some(report) = report else {
        let done = conversation.settle();
        let stands = done.iter().map(|(request, acted)| format!("{}: {}", request.tool(), acted.told()));
        let hints = stands.map(|done| format!("before that, {done}")).collect();
        return Err(Failure { hints, ..Failure::stopped("stopped before the answer was complete") });
    };
    if ui.wants_json() {
        ui.json(&report.json());
    }
    Ok(outcome(&report))
}

/// The worse of two ends.
pub(super) fn worse(before: Outcome, now: Outcome) -> Outcome {
    let status = |outcome| match outcome {
        Outcome::Done => 0,
        Outcome::InPart => 3,
        Outcome::Status(status) => status,
    };
    if status(now) > status(before) { now } else { before }
}

/// The worst of what came of it.
pub(super) fn outcome(report: &TurnReport) -> Outcome {
    use kai_tools::face::status;
    let of = |acted: &Acted| match acted {
        Acted::Found(_) => 0,
        Acted::Ended(report) => match report.outcome {
            kai_tools::journal::Outcome::Done => 0,
            kai_tools::journal::Outcome::TakenBack => status::FAILED,
            kai_tools::journal::Outcome::Left => status::LEFT,
        },
        Acted::Declined | Acted::Later(_) => status::NOT_CONFIRMED,
        Acted::Refused(_) => status::FAILED,
    };
    let said = if report.refused.is_some() {
        status::FAILED
    } else if report.asked.is_some() {
        open::ASKED_BACK
    } else {
        0
    };
    match report.acted.iter().map(|(_, acted)| of(acted)).max().unwrap_or(0).max(said) {
        0 => Outcome::Done,
        status => Outcome::Status(status),
    }
}
