//! The terminal's side of an operation: options, preview, question, progress, report. `kai op` and
//! the `kvm-*` commands both come through here.
//!
//! The only module that prints. It confirms nothing by itself: a yes comes from a
//! person at a terminal, from `--yes`, or from a digest that was shown before.

mod ask;
pub mod clean;
mod executor;
mod history;
mod overrule;
mod preview;
mod say;
pub mod settings;
mod show;
pub mod terminal;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

pub use ask::Answer;
pub use executor::ExecutorArgs;
pub use history::HistoryCommand;
pub use overrule::overrule;
pub use say::Say;

use crate::confirm::{ConfirmError, Confirmed};
use crate::execute::{Cancel, Observer, Progress, Report};
use crate::host::SshTarget;
use crate::journal::{JournalError, Outcome};
use crate::names::{DatasetName, Stamp};
use crate::operator::{Operator, Proposal, ProposeError, Proposed, Target};
use crate::plan::{Effect, Plan};
use crate::request::Request;
use crate::tool::Table;

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
    /// Which host.
    #[command(flatten)]
    pub host: HostOptions,
}

/// Which host.
#[derive(Debug, Clone, Default, Args)]
pub struct HostOptions {
    /// Another host, over ssh: [user@]host[:port].
    #[arg(long, global = true, value_name = "HOST", conflicts_with = "sim")]
    pub host: Option<SshTarget>,
    /// A simulated host, whose state is in this file; a playground if there is no such file.
    #[arg(long, global = true, value_name = "FILE", env = "KAI_SIM")]
    pub sim: Option<PathBuf>,
    /// An executor's socket: it may operate this host, and does what is confirmed here.
    #[arg(long, global = true, value_name = "SOCKET", env = "KAI_EXECUTOR", conflicts_with_all = ["host", "sim"])]
    pub executor: Option<PathBuf>,
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
#[derive(Debug)]
pub struct Session {
    pub(crate) operator: Operator,
    pub(crate) options: Options,
    pub(crate) say: Say,
}

/// For faces that ask by themselves, the chat among them: the same words and colours.
impl Say {
    /// A plan on one screen.
    pub fn proposal(&self, proposal: &Proposal) {
        preview::show(self, &proposal.plan, &proposal.digest);
    }

    /// Asks for a yes, or for the name that has to be typed.
    #[must_use]
    pub fn ask(&self, plan: &Plan) -> Answer {
        ask::ask(self, plan)
    }

    /// Asks by means of `ask`, which is given the question; none if nobody answered. The plan is on the
    /// screen by then, wherever the data goes.
    pub fn ask_with(&self, plan: &Plan, ask: impl FnOnce(&str) -> Option<String>) -> Answer {
        ask::show_where_asked(self, plan);
        ask(&ask::question(self, plan, true)).map_or(Answer::No, |typed| ask::understood(plan, typed.trim()))
    }

    /// What a reading tool found.
    pub fn table(&self, table: &Table) {
        show::table(self, table);
    }

    /// How an operation ended.
    pub fn ended(&self, report: &Report, lines: &[(String, String)]) {
        show::report(self, report, lines);
    }

    /// Why something is not proposed.
    pub fn not_proposed(&self, error: &ProposeError) {
        if let ProposeError::Refused(refusal) = error {
            self.refusal(refusal);
        } else {
            self.failure(error, &error.hints());
        }
    }
}

impl HostOptions {
    /// Whether that is the machine that this program runs on.
    #[must_use]
    pub fn is_here(&self) -> bool {
        matches!(self.target(), Target::Local | Target::Executor(_))
    }

    /// The host that they name.
    #[must_use]
    pub fn target(&self) -> Target {
        match (&self.sim, &self.host, &self.executor) {
            (Some(file), _, _) => Target::Simulated(file.clone()),
            (None, Some(target), _) => Target::Ssh(target.clone()),
            (None, None, Some(socket)) => Target::Executor(socket.clone()),
            (None, None, None) => Target::Local,
        }
    }
}

impl Session {
    /// The host that the options name, with its journal.
    ///
    /// # Errors
    /// The exit status, after the reason was said.
    pub fn open(options: Options, data: Option<&Path>, say: Say) -> Result<Self, u8> {
        match Operator::open(&options.host.target(), data, options.host.vm_root.clone()) {
            Ok(operator) => Ok(Self { operator, options, say }),
            Err(error) => Err(say.failure(&error, &[])),
        }
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
            return Ok(self.history(&HistoryCommand::Undo { op: asked.op.clone() }));
        }
        let proposed = match self.shown() {
            Some(made) => self.operator.propose(request, made),
            None => self.operator.propose_now(request),
        };
        match proposed.map_err(|error| self.not_proposed(&error))? {
            Proposed::Found(table) => {
                show::table(&self.say, &table);
                Ok(0)
            }
            Proposed::Plan(proposal) => self.decide(*proposal),
        }
    }

    /// Shows a plan, asks, and carries it out.
    pub(crate) fn decide(&self, proposal: Proposal) -> Result<u8, u8> {
        let confirmed = if let Some(given) = &self.options.confirm {
            Confirmed::by_digest(proposal.plan, given, Stamp::now())
        } else {
            let is_settled = self.options.yes && proposal.plan.effect == Effect::Change;
            let wants_it_seen = self.options.dry_run || !is_settled || self.say.json || !self.say.is_quiet();
            if wants_it_seen {
                preview::show(&self.say, &proposal.plan, &proposal.digest);
            }
            if self.options.dry_run {
                self.remember(&proposal);
                if !self.say.is_quiet() {
                    preview::how_to_apply(&self.say, &proposal.digest);
                }
                return Ok(0);
            }
            if is_settled {
                Confirmed::by_yes(proposal.plan, Stamp::now())
            } else {
                match ask::ask(&self.say, &proposal.plan) {
                    ask::Answer::Yes => Confirmed::by_yes(proposal.plan, Stamp::now()),
                    ask::Answer::Typed(name) => Confirmed::by_name(proposal.plan, &name, Stamp::now()),
                    ask::Answer::No | ask::Answer::Later => {
                        self.say.status("nothing was changed");
                        return Err(status::NOT_CONFIRMED);
                    }
                    ask::Answer::Nobody => {
                        self.remember(&proposal);
                        let id = &proposal.plan.id;
                        self.say.error(&format!("nobody is there to confirm plan {id}; nothing was changed"));
                        preview::how_to_apply(&self.say, &proposal.digest);
                        return Err(status::NOT_CONFIRMED);
                    }
                }
            }
        };
        self.carry_out(confirmed, proposal.reverses.as_deref())
    }

    /// Carries out what was confirmed, if it was.
    pub(crate) fn carry_out(
        &self,
        confirmed: Result<Confirmed, ConfirmError>,
        reverses: Option<&str>,
    ) -> Result<u8, u8> {
        let confirmed = confirmed.map_err(|error| {
            self.say.failure(&error, &["plan it again with --dry-run".to_owned()]);
            status::NOT_CONFIRMED
        })?;
        let report = confirmed.plan().report.clone();
        let done = self.watched(|observer, cancel| self.operator.execute(confirmed, reverses, observer, cancel));
        let done = done.map_err(|error| self.not_journalled(&error))?;
        Ok(self.finish(&done, &report))
    }

    /// Runs something that shows its progress, and that Ctrl-C stops at the next safe place.
    pub(crate) fn watched<T>(&self, run: impl FnOnce(Observer<'_>, &Cancel) -> T) -> T {
        let cancel = Cancel::default();
        let registered = signal_hook::flag::register(signal_hook::consts::SIGINT, cancel.flag());
        let say = &self.say;
        let result = run(&|progress: Progress<'_>| show::progress(say, &progress), &cancel);
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

    pub(crate) fn not_journalled(&self, error: &JournalError) -> u8 {
        self.say.failure(error, &error.hints())
    }

    pub(crate) fn not_proposed(&self, error: &ProposeError) -> u8 {
        self.say.not_proposed(error);
        status::FAILED
    }

    /// The moment that a digest was shown for, if one is given that was.
    pub(crate) fn shown(&self) -> Option<Stamp> {
        self.options.confirm.as_ref().and_then(|digest| self.operator.shown(digest))
    }

    fn remember(&self, proposal: &Proposal) {
        if let Err(error) = self.operator.remember(proposal) {
            self.say.status(&format!("the digest cannot be kept for --confirm: {error}"));
        }
    }
}
