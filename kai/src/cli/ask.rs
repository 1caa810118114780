//! `kai ask`: one question, one answer, with its sources.

use std::time::Duration;

use clap::Args;
use kai_indexer::search::{Found, Query};

use super::{Context, EmbedderArg, Failure, Outcome};
use crate::ask::{self, Answer, AskEvent, Engines, Passage, Question};
use crate::library::Library;
use crate::ui::{Progress, Ui};

/// Ask a question and get an answer with its sources.
///
/// With an Ollama server the answer is written by a model and streamed; its citations are checked
/// against the passages. Without one, the built-in engine answers with the sentences and commands of
/// the pages themselves. If the pages do not hold the answer, kai says so.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kai ask \"how do I resume an interrupted zfs send?\"
  kai ask --engine built-in \"what does volblocksize do?\"
  kai --json ask \"how do I hold a snapshot?\" | jq -r .text

OLLAMA_HOST says where the model server is (127.0.0.1:11434).")]
pub(super) struct Ask {
    /// The question.
    #[arg(required = true, value_name = "QUESTION")]
    question: Vec<String>,
    /// Who answers: auto (a model if there is one), built-in, or ollama.
    #[arg(long, value_enum, default_value_t = EngineChoice::Auto, env = "KAI_ENGINE")]
    engine: EngineChoice,
    /// The model; else the first one on the server that can chat.
    #[arg(long, value_name = "NAME", env = "KAI_MODEL")]
    model: Option<String>,
    /// How many passages the answer may rest on.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=50))]
    passages: u16,
    /// Only pages of this source (`kai index status` lists them).
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    #[command(flatten)]
    embedder: EmbedderArg,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum EngineChoice {
    /// A model if a server answers, else the built-in engine.
    Auto,
    /// The built-in engine.
    BuiltIn,
    /// An Ollama server; the built-in engine, with the reason, if it fails.
    Ollama,
}

pub(super) async fn run(args: Ask, context: Context) -> Result<Outcome, Failure> {
    let text = args.question.join(" ");
    if text.trim().is_empty() {
        return Err(Failure { status: 2, ..Failure::new("the question is empty") });
    }
    let ui = &context.ui;
    let library = Library::open(&context.home, &args.embedder.embedder).await?;
    library.notes.iter().for_each(|note| ui.note(note));
    let query = Query { text, limit: usize::from(args.passages), source: args.source, words_only: false };
    let found = library.searcher.search(&query).await?;
    let question = question(found);
    let engines = engines(args.engine, args.model.as_deref()).await;

    let progress = ui.progress("");
    let mut screen = Screen { ui, progress, written: false, thinking: false };
    let mut sink = |event| screen.show(event);
    let answered = tokio::select! {
        answer = ask::ask(&question, &engines, &mut sink) => Some(answer),
        _ = tokio::signal::ctrl_c() => None,
    };
    screen.progress.finish();
    let Some(answer) = answered else {
        return Err(Failure::stopped("stopped before the answer was complete"));
    };
    if ui.wants_json() {
        ui.json(&answer);
    } else {
        sources(ui, &answer);
    }
    Ok(Outcome::Done)
}

fn question(found: Found) -> Question {
    let passages = found.hits.into_iter().map(|hit| Passage {
        page: hit.page,
        title: hit.title,
        heading: hit.heading,
        source: hit.source,
        url: Some(hit.url),
        text: hit.text,
        score: hit.score,
    });
    Question {
        passages: passages.collect(),
        answerable: found.answerable,
        answerable_score: found.answerable_score,
        text: found.query,
    }
}

/// With `auto`, a server that is not there is no news: the built-in engine answers at once.
async fn engines(choice: EngineChoice, model: Option<&str>) -> Engines {
    let host = std::env::var("OLLAMA_HOST").ok();
    let wanted = match choice {
        EngineChoice::BuiltIn => false,
        EngineChoice::Ollama => true,
        EngineChoice::Auto => model.is_some() || host.is_some() || is_listening().await,
    };
    if wanted { Engines::ollama(host.as_deref(), model) } else { Engines::BuiltIn }
}

/// Whether something listens where Ollama usually is. On this host that shows at once.
async fn is_listening() -> bool {
    let Ok(url) = crate::model::ollama::address::parse("") else { return false };
    let Some(address) = url.host_str().zip(url.port_or_known_default()) else { return false };
    let connect = tokio::net::TcpStream::connect(address);
    tokio::time::timeout(Duration::from_millis(300), connect).await.is_ok_and(|connected| connected.is_ok())
}

/// Renders the events of one question.
struct Screen<'a> {
    ui: &'a Ui,
    progress: Progress,
    written: bool,
    thinking: bool,
}

impl Screen<'_> {
    fn show(&mut self, event: AskEvent) {
        if self.ui.wants_json() {
            return;
        }
        match event {
            AskEvent::Passages(_) | AskEvent::Citation(_) | AskEvent::Done(_) => {}
            AskEvent::Engine(engine) => self.progress.spin(&format!("{engine} answers")),
            AskEvent::Waiting { what, elapsed } => {
                self.progress.spin(&format!("waiting for {what}, {} s", elapsed.as_secs()));
            }
            AskEvent::Thinking(text) => {
                if !self.thinking {
                    self.progress.finish();
                    self.thinking = true;
                }
                self.ui.aside(&text);
            }
            AskEvent::Text(text) => {
                if !self.written {
                    self.progress.finish();
                    if self.thinking {
                        self.ui.aside("\n\n");
                    }
                    self.written = true;
                }
                self.ui.text(&text);
            }
            AskEvent::Fallback(fallback) => {
                self.progress.finish();
                if self.written {
                    self.ui.text("\n");
                }
                self.ui.note(&format!("the built-in engine answers: {}", fallback.reason));
                if let Some(hint) = &fallback.hint {
                    self.ui.hint(hint);
                }
            }
        }
    }
}

fn sources(ui: &Ui, answer: &Answer) {
    ui.line("");
    if !answer.citations.is_empty() {
        ui.line(&format!("\n{}", ui.bold("Sources")));
    }
    for citation in &answer.citations {
        ui.line(&format!("[{}] {}", citation.number, place(ui, &citation.at)));
    }
    if answer.citations.is_empty() && !answer.nearest.is_empty() && !answer.text.contains(&answer.nearest[0].page) {
        ui.line(&format!("\n{}", ui.bold("Nearest pages")));
        answer.nearest.iter().for_each(|at| ui.line(&format!("  {}", place(ui, at))));
    }
    answer.notes.iter().for_each(|note| ui.note(note));
    ui.status(&format!("answered by {}", answer.engine));
}

fn place(ui: &Ui, at: &ask::Source) -> String {
    let heading =
        if at.heading.is_empty() { String::new() } else { format!(" › {}", at.heading.replace(" > ", " › ")) };
    format!("{}{heading} {}", at.title, ui.dim(&format!("({} · {})", at.source, at.page)))
}
