//! `kai search`: the best passages for a question.

use clap::Args;
use kai_indexer::search::{Found, Hit, Mode, Query, snippet};

use super::{Context, EmbedderArg, Failure, Outcome};
use crate::library::Library;
use crate::ui::Ui;

/// Find the passages that answer a question best.
///
/// Ranks by words and by meaning; says which of them it could use. Without vectors, or while they
/// are still being made, words do the work.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kai search \"how do I resume an interrupted zfs send\"
  kai search --source openzfs --limit 3 \"zfs_arc_max\"
  kai --json search \"bridge\" | jq '.hits[].page'")]
pub(super) struct Search {
    /// The question, or some words.
    #[arg(required = true, value_name = "QUESTION")]
    question: Vec<String>,
    /// At most this many passages.
    #[arg(long, short = 'n', default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=200))]
    limit: u16,
    /// Only pages of this source (`kai index status` lists them).
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    #[command(flatten)]
    embedder: EmbedderArg,
}

pub(super) async fn run(args: Search, context: Context) -> Result<Outcome, Failure> {
    let question = args.question.join(" ");
    if question.trim().is_empty() {
        return Err(Failure { status: 2, ..Failure::new("the question is empty") });
    }
    let library = Library::open(&context.home, &args.embedder.embedder).await?;
    for note in &library.notes {
        context.ui.note(note);
    }
    let query = Query { text: question, limit: usize::from(args.limit), source: args.source, words_only: false };
    let found = library.searcher.search(&query).await?;
    if let Some(problem) = &found.problem {
        context.ui.note(&format!("searched by words alone: {problem}"));
    }
    if context.ui.wants_json() {
        context.ui.json(&found);
    } else {
        show(&context.ui, &found);
        context.ui.status(&summary(&found, library.searcher.vector_share().await));
    }
    Ok(Outcome::Done)
}

fn show(ui: &Ui, found: &Found) {
    for (number, hit) in (1..).zip(&found.hits) {
        let place = if hit.heading.is_empty() {
            String::new()
        } else {
            format!(" › {}", hit.heading.replace(" > ", " › "))
        };
        ui.line(&format!("{} {}{place}", ui.dim(&format!("{number:>2}")), ui.bold(&hit.title)));
        ui.line(&format!("   {}", ui.dim(&format!("{} · {} · {:.2}", hit.source, hit.page, hit.score))));
        ui.line(&format!("   {}\n", highlighted(ui, &found.query, hit)));
    }
    if found.hits.is_empty() {
        ui.line("nothing found");
    }
}

fn highlighted(ui: &Ui, question: &str, hit: &Hit) -> String {
    let width = ui.width().saturating_sub(4).clamp(20, 100) * 2;
    let snippet = snippet(question, &hit.text, width);
    let mut out = String::new();
    let mut at = 0;
    for range in &snippet.matches {
        out.push_str(&snippet.text[at..range.start]);
        out.push_str(&ui.strong(&snippet.text[range.clone()]));
        at = range.end;
    }
    out.push_str(&snippet.text[at..]);
    ui.wrapped(&out, 3)
}

fn summary(found: &Found, share: f32) -> String {
    let by = match found.mode {
        Mode::Words => "by words".to_owned(),
        Mode::Partial => format!("by words, and by meaning for the {:.0} % that have vectors so far", share * 100.0),
        Mode::Hybrid => "by words and meaning".to_owned(),
    };
    let doubt = if found.answerable { "" } else { "; the documents may not hold the answer" };
    format!("{} passages in {:.1} ms, {by}{doubt}", found.hits.len(), found.took_ms)
}
