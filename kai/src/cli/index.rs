//! `kai index`: makes documentation searchable, words first, vectors after.

use clap::{Args, Subcommand};
use kai_indexer::embed::Embedder;
use kai_indexer::run::{self, Cancel, Event, Options, Target, VectorsReport, WordsReport};
use kai_indexer::store::{Reader, SourceEntry, Writer};
use serde::Serialize;

use super::{Context, EmbedderArg, Failure, Outcome, index_status};
use crate::library::{self, EmbedderChoice, Home};
use crate::ui::{Progress, Ui};

/// Make documentation searchable.
///
/// Without a name: the packs that `kai corpus sync` fetched, the handbook, and everything that was
/// indexed before. Pages that have not changed cost nothing, pages that are gone leave. Everything
/// is found by words within seconds; vectors follow, and a run that was stopped goes on with them.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  kai index                                   everything
  kai index ~/notes                           a folder of Markdown, HTML, man pages, rst or text
  kai index https://example.org/sitemap.xml   every page that a sitemap lists
  kai index --rebuild --embedder ollama:nomic-embed-text
  kai index status"
)]
pub(super) struct Index {
    #[command(subcommand)]
    command: Option<IndexCommand>,
    /// Folders, files, addresses or sitemaps.
    #[arg(value_name = "PATH|URL")]
    locations: Vec<String>,
    /// What `--source` is to call it; for one folder, file or address.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Stop once everything is found by words; a later run makes the vectors.
    #[arg(long)]
    words_only: bool,
    /// Read every page again, and change the embedder if another one is given.
    #[arg(long)]
    rebuild: bool,
    /// A page may have this many MiB; larger ones are left out and reported.
    #[arg(long, value_name = "MIB", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=4096))]
    page_limit: u16,
    #[command(flatten)]
    embedder: EmbedderArg,
}

#[derive(Debug, Subcommand)]
enum IndexCommand {
    /// What is in the index: sources, pages, passages, vectors.
    Status,
    /// Take a source out of the index.
    Forget {
        /// Its name, as `kai index status` lists it.
        #[arg(value_name = "NAME")]
        source: String,
    },
}

/// What a run did, for `--json`.
#[derive(Debug, Serialize)]
struct Report {
    words: WordsReport,
    embedder: Option<String>,
    vectors: Option<VectorsReport>,
}

pub(super) async fn run(args: Index, context: Context) -> Result<Outcome, Failure> {
    match &args.command {
        Some(IndexCommand::Status) => index_status::run(&context).await,
        Some(IndexCommand::Forget { source }) => forget(source, &context).await,
        None => index(args, &context).await,
    }
}

async fn index(args: Index, context: &Context) -> Result<Outcome, Failure> {
    let ui = &context.ui;
    let known = Reader::manifest_of(&context.home.index());
    let known = if args.rebuild { known.ok().flatten() } else { known? };
    let sources = known.as_ref().map(|manifest| manifest.sources.clone()).unwrap_or_default();
    let targets = if args.locations.is_empty() {
        everything(&context.home, &sources, ui)?
    } else {
        library::named(&args.locations, args.name.as_deref(), &sources)?
    };
    let made_with = known.as_ref().and_then(|manifest| manifest.next_embedder.as_ref().or(manifest.embedder.as_ref()));
    let embedder = embedder(&args, &context.home, made_with.map(|id| id.name.as_str()), ui).await?;

    let cancel = stop_on_ctrl_c(ui);
    let index = context.home.index();
    let mut writer =
        if args.rebuild { Writer::open_or_start_over(&index).await? } else { Writer::open(&index).await? };
    let options = Options { reread: args.rebuild, page_bytes: u64::from(args.page_limit) << 20 };
    let progress = ui.progress("pages");
    let words = run::words(&mut writer, &targets, options, &cancel, &|event| show(ui, &progress, event)).await;
    progress.finish();
    let words = words?;
    if words.added + words.changed + words.unchanged == 0 {
        return Err(nothing_indexed(&words));
    }
    ui.status(&words_line(&words));

    let vectors = match &embedder {
        Some(embedder) if !args.words_only => {
            let progress = ui.progress("passages");
            let observer = |event| show(ui, &progress, event);
            let report = run::vectors(&mut writer, embedder.as_ref(), args.rebuild, &cancel, &observer).await;
            progress.finish();
            let report = report?;
            ui.status(&vectors_line(&report));
            Some(report)
        }
        Some(_) | None => None,
    };
    if ui.wants_json() {
        let embedder = embedder.map(|embedder| embedder.id().name.clone());
        ui.json(&Report { words, embedder, vectors });
    }
    Ok(Outcome::Done)
}

/// The embedder of this run. One that only the index remembers and that is out of reach costs the
/// vectors, not the run.
async fn embedder(
    args: &Index,
    home: &Home,
    made_with: Option<&str>,
    ui: &Ui,
) -> Result<Option<std::sync::Arc<dyn Embedder>>, Failure> {
    if args.words_only {
        return Ok(None);
    }
    let choice = &args.embedder.embedder;
    match library::embedder_for_run(home, choice, made_with).await {
        Ok(None) if *choice == EmbedderChoice::Auto => {
            ui.hint("indexing by words alone; `kai model pull` fetches a model, and the next run adds meaning");
            Ok(None)
        }
        Ok(embedder) => Ok(embedder),
        Err(error) if *choice == EmbedderChoice::Auto => {
            let failure = Failure::from(error);
            ui.note(&format!("no vectors this time: {}", failure.message));
            failure.causes.iter().chain(&failure.hints).for_each(|text| ui.hint(text));
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Everything that is known. What is lost is said, and what is only the handbook too.
fn everything(home: &Home, sources: &[SourceEntry], ui: &Ui) -> Result<Vec<Target>, Failure> {
    let all = library::everything(home, sources)?;
    for (name, error) in &all.lost {
        ui.problem(&format!("source {name} was left as it was: {error}"));
        ui.hint(&format!("`kai index forget {name}` takes it out of the index"));
    }
    if all.targets.len() == 1 {
        ui.hint("only the handbook is here; `kai corpus sync` fetches the documentation of this host");
    }
    Ok(all.targets)
}

async fn forget(source: &str, context: &Context) -> Result<Outcome, Failure> {
    let index = context.home.index();
    if Reader::manifest_of(&index)?.is_none() {
        return Err(kai_indexer::store::StoreError::Absent(index).into());
    }
    let mut writer = Writer::open(&index).await?;
    match run::forget(&mut writer, source).await? {
        Some(pages) => {
            if context.ui.wants_json() {
                context.ui.json(&serde_json::json!({ "source": source, "pages": pages }));
            }
            context
                .ui
                .status(&format!("source {source} is out of the index, with {pages} pages; its files are untouched"));
            Ok(Outcome::Done)
        }
        None => Err(Failure::new(format!("the index has no source {source}")).hint("`kai index status` lists them")),
    }
}

fn show(ui: &Ui, progress: &Progress, event: Event) {
    match event {
        Event::Listing { source } => progress.spin(&format!("looking through {source}")),
        Event::Listed { pages } => progress.start("reading", pages),
        Event::Page => progress.advance(1),
        Event::Problem(problem) => progress.above(|| ui.problem(&problem.to_string())),
        Event::Publishing => progress.spin("building the word index"),
        Event::Missing { passages } => progress.start("vectors", passages),
        Event::Embedded { passages } => progress.advance(passages),
    }
}

fn words_line(report: &WordsReport) -> String {
    let mut line = format!(
        "{} pages, {} passages are found by words ({} new, {} changed, {} gone) after {:.1} s",
        report.pages,
        report.passages,
        report.added,
        report.changed,
        report.removed,
        report.took.as_secs_f64()
    );
    if !report.problems.is_empty() {
        line.push_str(&format!("; {} left out", report.problems.len()));
    }
    line
}

fn vectors_line(report: &VectorsReport) -> String {
    if report.embedded == 0 {
        return "all passages have their vectors".to_owned();
    }
    let rate = report.embedded as f64 / report.seconds.max(0.001);
    format!("{} passages got their vectors in {:.0} s, {rate:.0}/s", report.embedded, report.seconds)
}

fn nothing_indexed(report: &WordsReport) -> Failure {
    let failure = Failure::new("nothing could be indexed");
    let failure = match report.problems.as_slice() {
        [] => failure.hint("there is no page in it: HTML, man pages, Markdown, reStructuredText or text"),
        problems => failure.hint(format!("{} problems are listed above", problems.len())),
    };
    failure.hint("what was in the index before is still there")
}

/// The first Ctrl-C stops at the next safe place, the second at once.
fn stop_on_ctrl_c(ui: &Ui) -> Cancel {
    let cancel = Cancel::default();
    let (request, ui) = (cancel.clone(), ui.clone());
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            request.request();
            ui.note("stopping; once more stops at once (the index stays whole either way)");
        }
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(130);
        }
    });
    cancel
}
