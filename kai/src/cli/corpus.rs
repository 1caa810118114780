//! `kai corpus`: documentation packs, fetched from the host's own distribution.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use kai_corpus::{
    Family, PackOutcome, PackResult, PackState, PackStatus, SyncError, SyncEvent, SyncOptions, SyncReport,
};

use super::{Context, Failure, Outcome};
use crate::library;
use crate::ui::{Progress, Ui};

/// Fetch and list documentation packs.
///
/// Packs come from the distribution's own packages, which are unpacked and not installed; the
/// machine's package configuration is left alone. What cannot be had that way is looked for on the
/// host itself and on the project's site.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kai corpus sync                 all packs
  kai corpus sync openzfs libvirt
  kai corpus list")]
pub(super) struct Corpus {
    #[command(subcommand)]
    command: CorpusCommand,
    /// Another list of packs than the built-in one.
    #[arg(long, global = true, value_name = "FILE")]
    manifest: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum CorpusCommand {
    /// Fetch packs; those that have not changed are not fetched again.
    Sync {
        /// Only these packs.
        #[arg(value_name = "PACK")]
        packs: Vec<String>,
        /// Fetch even what is up to date.
        #[arg(long)]
        force: bool,
        /// Use only what is on this host.
        #[arg(long)]
        offline: bool,
        /// The way to get packages: debian, fedora, rhel, arch, alpine, freebsd, other. Found out by itself.
        #[arg(long, value_name = "FAMILY")]
        family: Option<String>,
    },
    /// The packs: pages, versions, dates.
    List,
}

pub(super) async fn run(args: Corpus, context: Context) -> Result<Outcome, Failure> {
    let corpus = library::corpus(&context.home, args.manifest.as_deref())?;
    let ui = &context.ui;
    match args.command {
        CorpusCommand::List => {
            list(ui, &corpus.list());
            Ok(Outcome::Done)
        }
        CorpusCommand::Sync { packs, force, offline, family } => {
            let family = family.map(|name| name.parse::<Family>()).transpose();
            let family = family.map_err(|error| Failure { status: 2, ..Failure::new(error.to_string()) })?;
            let options = SyncOptions { packs, force, offline, family };
            let progress = ui.progress("packs");
            let report = {
                let mut events = |event| show(ui, &progress, event);
                let sync = corpus.sync(options, &mut events);
                tokio::select! {
                    report = sync => report,
                    _ = tokio::signal::ctrl_c() => {
                        progress.finish();
                        return Err(Failure::stopped("stopped; the packs that were there before are as they were"));
                    }
                }
            };
            progress.finish();
            let report = report.map_err(failed)?;
            tell(ui, &report)
        }
    }
}

fn failed(error: SyncError) -> Failure {
    let failure = Failure::new("the packs cannot be fetched").because(&error);
    match error {
        SyncError::UnknownPack { .. } => Failure { status: 2, ..failure },
        SyncError::Store(_) => failure,
    }
}

fn show(ui: &Ui, progress: &Progress, event: SyncEvent) {
    match event {
        SyncEvent::Preparing { step } => progress.spin(&step),
        SyncEvent::Package { package, .. } => progress.spin(&format!("fetching {package}")),
        SyncEvent::Pack { index, total, name } => {
            if index == 1 {
                progress.start("unpacking", total);
            }
            progress.message(&format!("unpacking {name}"));
            progress.advance(1);
        }
        SyncEvent::PackDone { .. } | SyncEvent::PackCurrent { .. } => {}
        SyncEvent::PackKept { name, reason, .. } => {
            progress.above(|| ui.problem(&format!("{name} stays as it was: {reason}")));
        }
        SyncEvent::PackFailed { name, reason, hint } => progress.above(|| {
            ui.problem(&format!("{name}: {reason}"));
            ui.hint(&hint);
        }),
    }
}

fn tell(ui: &Ui, report: &SyncReport) -> Result<Outcome, Failure> {
    if ui.wants_json() {
        ui.json(report);
    } else {
        for pack in &report.packs {
            ui.line(&format!("{:<18} {:>6} pages  {}", pack.name.to_string(), pack.pages, what_happened(pack)));
        }
        ui.line(&format!("{:<18} {:>6} pages", "in all", report.pages));
    }
    report.warnings.iter().for_each(|warning| ui.note(warning));
    if report.pages == 0 {
        return Err(Failure::new("no pack could be fetched").hint("what is wrong with each is listed above"));
    }
    if !report.complete() {
        ui.note("some packs are not complete; the next `kai corpus sync` tries again");
        return Ok(Outcome::InPart);
    }
    ui.hint("`kai index` makes the pages searchable");
    Ok(Outcome::Done)
}

fn what_happened(pack: &PackOutcome) -> String {
    let what = match &pack.result {
        PackResult::Fetched => "new".to_owned(),
        PackResult::Updated => "updated".to_owned(),
        PackResult::Unchanged => "up to date".to_owned(),
        PackResult::Kept { reason, .. } => format!("kept as it was: {reason}"),
        PackResult::Failed { reason, .. } => format!("missing: {reason}"),
    };
    if pack.missing.is_empty() {
        return what;
    }
    let missing: Vec<&str> = pack.missing.iter().map(|missing| missing.package.as_str()).collect();
    format!("{what}, without {}", missing.join(", "))
}

fn list(ui: &Ui, packs: &[PackStatus]) {
    if ui.wants_json() {
        ui.json(&packs);
        return;
    }
    ui.line(&ui.bold(&format!("{:<18} {:>6}  {:<12} {:<32} {}", "pack", "pages", "fetched", "version", "about")));
    for pack in packs {
        let state = match pack.state {
            PackState::Present => "",
            PackState::Missing => "not fetched; ",
            PackState::Stale => "incomplete or of an older list; ",
        };
        let date = pack.fetched_at.as_deref().and_then(|date| date.get(..10)).unwrap_or("-");
        let version = match pack.packages.as_slice() {
            [] => "-".to_owned(),
            [only] => only.version.clone(),
            [first, rest @ ..] => format!("{} (+{} packages)", first.version, rest.len()),
        };
        ui.line(&format!(
            "{:<18} {:>6}  {date:<12} {version:<32} {state}{}",
            pack.name.to_string(),
            pack.pages,
            pack.about
        ));
    }
    let pages: u64 = packs.iter().map(|pack| pack.pages).sum();
    ui.line(&format!("{:<18} {pages:>6}", "in all"));
}
