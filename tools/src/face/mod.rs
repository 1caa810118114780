//! The terminal's side of an operation: options, preview, question, progress, report. `kai op` and
//! the `kvm-*` commands both come through here.
//!
//! The only module of this crate that prints. It confirms nothing by itself: a yes comes from a
//! person at a terminal, from `--yes`, or from a digest that was shown before.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "printing is what this module is for")]

mod ask;
mod history;
mod preview;
mod say;
mod show;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

pub use history::HistoryCommand;
pub use say::Say;

use crate::confirm::Confirmed;
use crate::execute::{Cancel, Executor, Progress, Report};
use crate::facts::{self, Facts, ObserveError};
use crate::host::{Host, Local, Ssh, SshTarget};
use crate::journal::{Journal, Outcome};
use crate::names::{DatasetName, Stamp};
use crate::plan::{Effect, Plan, Refusal};
use crate::request::{Request, Situation};
use crate::sim::Simulator;

/// Exit statuses, beside 0.
pub mod status {
    /// It failed, and what was done was taken back; or it was refused.
    pub const FAILED: u8 = 1;
    /// It was called in a way that it does not understand.
    pub const USAGE: u8 = 2;
    /// It failed, and something is left to be cleared up.
    pub const LEFT: u8 = 3;
    /// Nobody confirmed it.
    pub const NOT_CONFIRMED: u8 = 4;
}

/// Options of every operation.
#[derive(Debug, Clone, Default, Args)]
pub struct Options {
    /// Show what would be done, and do nothing.
    #[arg(long, global = true)]
    pub dry_run: bool,
    /// Say yes beforehand; not for what destroys something.
    #[arg(long, short = 'y', global = true)]
    pub yes: bool,
    /// Confirm the plan with this digest, as a dry run has printed it. It is valid for 15 minutes.
    #[arg(long, global = true, value_name = "DIGEST")]
    pub confirm: Option<String>,
    /// Another host, over ssh: [user@]host[:port].
    #[arg(long, global = true, value_name = "HOST", conflicts_with = "sim")]
    pub host: Option<SshTarget>,
    /// A simulated host, whose state is in this file; a playground if there is no such file.
    #[arg(long, global = true, value_name = "FILE", env = "KAI_SIM")]
    pub sim: Option<PathBuf>,
    /// The dataset that VMs' disks lie in; the only one called `vms` if nothing is said.
    #[arg(long, global = true, value_name = "DATASET", env = "KAI_VM_ROOT")]
    pub vm_root: Option<DatasetName>,
}

/// What `kai op` and `kai-kvm op` can be asked for.
#[derive(Debug, Clone, Subcommand)]
pub enum OpCommand {
    /// A tool.
    #[command(flatten)]
    Request(Box<Request>),
    /// The journal.
    #[command(flatten)]
    History(HistoryCommand),
}

/// Everything that one call works with.
pub struct Session {
    pub(crate) host: Box<dyn Host>,
    pub(crate) folder: PathBuf,
    pub(crate) options: Options,
    pub(crate) say: Say,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Session {
    /// The host that the options name, with its journal: beside a simulated host's state, else in
    /// `data`, else in `/var/lib/kai` for root and in the user's own data folder for others.
    ///
    /// # Errors
    /// The exit status, after the reason was said.
    pub fn open(options: Options, data: Option<&Path>, say: Say) -> Result<Self, u8> {
        let host: Box<dyn Host> = match (&options.sim, &options.host) {
            (Some(file), _) => match Simulator::open(file) {
                Ok(simulator) => Box::new(simulator),
                Err(error) => return Err(say.failure(&error, &[])),
            },
            (None, Some(target)) => Box::new(Ssh::new(target.clone())),
            (None, None) => Box::new(Local),
        };
        let folder = match (&options.sim, data) {
            (Some(file), _) => file.with_extension("ops"),
            (None, Some(data)) => data.join("ops"),
            (None, None) if crate::host::is_root() => PathBuf::from("/var/lib/kai/ops"),
            (None, None) => user_folder(),
        };
        let folder = match &options.host {
            Some(target) => folder.join("hosts").join(target.to_string()),
            None => folder,
        };
        Ok(Self { host, folder, options, say })
    }

    /// Does what was asked for, to the exit status.
    #[must_use]
    pub fn op(&self, command: &OpCommand) -> u8 {
        match command {
            OpCommand::Request(request) => self.run(request).unwrap_or_else(|status| status),
            OpCommand::History(command) => self.history(command),
        }
    }

    fn run(&self, request: &Request) -> Result<u8, u8> {
        if let Request::OpHistory(asked) = request {
            return Ok(self.history(&HistoryCommand::History { limit: asked.limit as usize }));
        }
        if let Request::OpUndo(asked) = request {
            return Ok(self.history(&HistoryCommand::Undo { op: asked.op.to_string() }));
        }
        let made = self.moment();
        let facts = self.observe(&request.scope())?;
        if request.effect() == Effect::Read {
            let table = request.read(&facts).map_err(|refusal| self.refuse(&refusal))?;
            show::table(&self.say, &table.unwrap_or_default());
            return Ok(0);
        }
        let plan = request.plan(Situation { facts: &facts, made }).map_err(|refusal| self.refuse(&refusal))?;
        self.decide(plan)
    }

    /// Shows a plan, asks, and carries it out.
    pub(crate) fn decide(&self, plan: Plan) -> Result<u8, u8> {
        let digest = plan.digest();
        let confirmed = if let Some(given) = &self.options.confirm {
            Confirmed::by_digest(plan, given, Stamp::now())
        } else {
            preview::show(&self.say, &plan, &digest);
            if self.options.dry_run {
                self.remember(&digest, plan.made);
                preview::how_to_apply(&self.say, &digest);
                return Ok(0);
            }
            if self.options.yes && plan.effect == Effect::Change {
                Confirmed::by_yes(plan, Stamp::now())
            } else {
                match ask::ask(&self.say, &plan) {
                    ask::Answer::Yes => Confirmed::by_yes(plan, Stamp::now()),
                    ask::Answer::Typed(name) => Confirmed::by_name(plan, &name, Stamp::now()),
                    ask::Answer::No => {
                        self.say.status("nothing was changed");
                        return Err(status::NOT_CONFIRMED);
                    }
                    ask::Answer::Nobody => {
                        self.remember(&digest, plan.made);
                        self.say.error(&format!("nobody is there to confirm plan {}; nothing was changed", plan.id));
                        preview::how_to_apply(&self.say, &digest);
                        return Err(status::NOT_CONFIRMED);
                    }
                }
            }
        };
        let confirmed = confirmed.map_err(|error| {
            self.say.failure(&error, &["plan it again with --dry-run".to_owned()]);
            status::NOT_CONFIRMED
        })?;
        let report = confirmed.plan().report.clone();
        let journal = self.journal()?;
        let done = self.with_executor(&journal, |executor| executor.execute(confirmed, &user()));
        let done = done.map_err(|error| self.say.failure(&error, &["nothing was changed".to_owned()]))?;
        Ok(self.finish(&done, &report))
    }

    pub(crate) fn with_executor<T>(&self, journal: &Journal, run: impl FnOnce(&Executor<'_>) -> T) -> T {
        let cancel = Cancel::default();
        let flag = cancel.flag();
        let registered = signal_hook::flag::register(signal_hook::consts::SIGINT, flag);
        let say = &self.say;
        let observer = |progress: Progress<'_>| show::progress(say, &progress);
        let result = run(&Executor { host: self.host.as_ref(), journal, observer: &observer, cancel: &cancel });
        if let Ok(id) = registered {
            signal_hook::low_level::unregister(id);
        }
        result
    }

    /// Says how it ended.
    pub(crate) fn finish(&self, done: &Report, report: &[(String, String)]) -> u8 {
        show::report(&self.say, done, report);
        match done.outcome {
            Outcome::Done => 0,
            Outcome::TakenBack => status::FAILED,
            Outcome::Left => status::LEFT,
        }
    }

    pub(crate) fn journal(&self) -> Result<Journal, u8> {
        Journal::open(&self.folder).map_err(|error| {
            let hints = vec!["without its journal kai changes nothing".to_owned()];
            self.say.failure(&error, &hints)
        })
    }

    pub(crate) fn observe(&self, scope: &facts::Scope) -> Result<Facts, u8> {
        let observed = facts::observe(self.host.as_ref(), scope);
        let mut facts = observed.map_err(|error: ObserveError| self.say.failure(&error, &error.hints()))?;
        facts.vm_root.clone_from(&self.options.vm_root);
        Ok(facts)
    }

    pub(crate) fn refuse(&self, refusal: &Refusal) -> u8 {
        self.say.refusal(refusal);
        status::FAILED
    }

    /// The moment that the plan is made for: the one that a digest was shown for, or now.
    pub(crate) fn moment(&self) -> Stamp {
        let shown = self.options.confirm.as_ref().and_then(|digest| {
            let is_digest = digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit());
            let text = is_digest.then(|| std::fs::read_to_string(self.folder.join("shown").join(digest)).ok())??;
            text.trim().parse().ok()
        });
        shown.unwrap_or_else(Stamp::now)
    }

    /// Notes when a plan was shown, so that its digest can confirm it.
    fn remember(&self, digest: &str, made: Stamp) {
        use std::os::unix::fs::DirBuilderExt;
        let folder = self.folder.join("shown");
        let _ = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder);
        let old = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        for path in old.map(|entry| entry.path()) {
            let stamp = std::fs::read_to_string(&path).ok().and_then(|text| text.trim().parse::<Stamp>().ok());
            if stamp.is_none_or(|stamp| stamp.seconds() + crate::plan::VALID_SECONDS < made.seconds()) {
                let _ = std::fs::remove_file(path);
            }
        }
        if let Err(error) = std::fs::write(folder.join(digest), made.to_string()) {
            self.say.status(&format!("the digest cannot be kept for --confirm: {error}"));
        }
    }
}

fn user_folder() -> PathBuf {
    let named = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share"));
    named.or(home).unwrap_or_else(|| PathBuf::from("/var/lib")).join("kai/ops")
}

/// Who called, also through sudo.
fn user() -> String {
    let named = ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    let uid = rustix::process::getuid().as_raw();
    let name: String = named.unwrap_or_default().chars().filter(|c| c.is_ascii_graphic()).take(64).collect();
    if name.is_empty() { format!("uid {uid}") } else { name }
}
