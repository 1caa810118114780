//! One host with its journal: proposing, remembering and carrying out operations, and looking back.
//! The command line, the chat and every other face stand on it.
//!
//! It prints nothing and asks nobody. It cannot confirm: [`Operator::execute`] takes a
//! [`crate::confirm::Confirmed`], which only a person's yes makes.

mod done;
mod shown;

use std::path::{Path, PathBuf};

pub use shown::Waiting;

use crate::executor::Client;
use crate::facts::{self, Facts, ObserveError, Scope};
use crate::host::{Host, HostError, Local, Ssh, SshTarget};
use crate::journal::{JournalError, Operation};
use crate::names::{DatasetName, Stamp};
use crate::plan::{Effect, Plan, Reason, Refusal};
use crate::request::{Request, Situation};
use crate::sim::Simulator;
use crate::tool::Table;
use crate::undo;

/// Which host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Target {
    /// This one.
    #[default]
    Local,
    /// Another one, over ssh.
    Ssh(SshTarget),
    /// A simulated one, whose state is in that file; a playground if there is no such file.
    Simulated(PathBuf),
    /// This one, by way of an executor that may do more than this program, at that socket.
    Executor(PathBuf),
}

/// A host with its journal.
pub struct Operator {
    seat: Seat,
    /// Journal and shown plans; with an executor, which has the journal, the shown plans alone.
    folder: PathBuf,
    vm_root: Option<DatasetName>,
}

/// Who touches the host.
enum Seat {
    /// This program.
    Here(Box<dyn Host>),
    /// Another one.
    Executor(Client),
}

impl std::fmt::Debug for Operator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Operator").field("host", &self.host_name()).field("folder", &self.folder).finish()
    }
}

/// What becomes of a request.
#[derive(Debug, Clone)]
pub enum Proposed {
    /// It only reads, and this is what was found.
    Found(Table),
    /// It waits for a person's yes.
    Plan(Box<Proposal>),
}

/// A plan that waits for a yes.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// What would be done.
    pub plan: Plan,
    /// Its digest.
    pub digest: String,
    /// The operation that it takes back, if it is an undo.
    pub reverses: Option<String>,
}

impl From<Plan> for Proposal {
    fn from(plan: Plan) -> Self {
        Self { digest: plan.digest(), plan, reverses: None }
    }
}

/// Why there is no proposal.
#[derive(Debug, thiserror::Error)]
pub enum ProposeError {
    /// It is not possible or not allowed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The host could not be asked.
    #[error(transparent)]
    Observe(#[from] ObserveError),
    /// The journal could not be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl ProposeError {
    /// What to do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Refused(refusal) => refusal.hints.clone(),
            Self::Observe(error) => error.hints(),
            Self::Journal(error) => error.hints(),
        }
    }
}

impl Operator {
    /// That host. Its journal lies beside a simulated host's state, else in `data`, else in
    /// `/var/lib/kai` for root and in the user's own data folder for others.
    ///
    /// # Errors
    /// If a simulated host's state cannot be used.
    pub fn open(target: &Target, data: Option<&Path>, vm_root: Option<DatasetName>) -> Result<Self, HostError> {
        let at_home = || match data {
            Some(data) => data.join("ops"),
            None if crate::host::is_root() => PathBuf::from("/var/lib/kai/ops"),
            None => user_folder(),
        };
        let here = |host: Box<dyn Host>| Seat::Here(host);
        let (seat, folder) = match target {
            Target::Local => (here(Box::new(Local)), at_home()),
            Target::Ssh(target) => {
                (here(Box::new(Ssh::new(target.clone()))), at_home().join("hosts").join(target.to_string()))
            }
            Target::Simulated(file) => (here(Box::new(Simulator::open(file)?)), file.with_extension("ops")),
            Target::Executor(socket) => (Seat::Executor(Client::new(socket.clone())), at_home().join("executor")),
        };
        Ok(Self { seat, folder, vm_root })
    }

    /// A host that is there already, with its journal in `folder`.
    #[must_use]
    pub fn with(host: Box<dyn Host>, folder: PathBuf) -> Self {
        Self { seat: Seat::Here(host), folder, vm_root: None }
    }

    /// What people call the host.
    #[must_use]
    pub fn host_name(&self) -> String {
        match &self.seat {
            Seat::Here(host) => host.name(),
            Seat::Executor(client) => client.name(),
        }
    }

    /// What is so on the host.
    ///
    /// # Errors
    /// If it cannot be asked.
    pub fn observe(&self, scope: &Scope) -> Result<Facts, ObserveError> {
        match &self.seat {
            Seat::Here(host) => {
                let mut facts = facts::observe(host.as_ref(), scope)?;
                facts.vm_root.clone_from(&self.vm_root);
                Ok(facts)
            }
            Seat::Executor(client) => client.observe(scope),
        }
    }

    /// What would be done, or what is found. Changes nothing.
    ///
    /// # Errors
    /// If it is refused, or the host or the journal cannot be read.
    pub fn propose(&self, request: &Request, made: Stamp) -> Result<Proposed, ProposeError> {
        if let Seat::Executor(client) = &self.seat {
            return client.propose(request, made);
        }
        if let Request::OpHistory(asked) = request {
            return Ok(Proposed::Found(done::history(&self.history()?, asked.limit as usize)));
        }
        if let Request::OpUndo(asked) = request {
            let operation = self.operation(&asked.op)?;
            return Ok(Proposed::Plan(Box::new(self.undo(&operation, made)?)));
        }
        let facts = self.observe(&request.scope())?;
        if request.effect() == Effect::Read {
            return Ok(Proposed::Found(request.read(&facts)?.unwrap_or_default()));
        }
        Ok(Proposed::Plan(Box::new(request.plan(Situation { facts: &facts, made })?.into())))
    }

    /// The same, for now. A plan is carried out once, and is known by its second: what was asked for and
    /// carried out in this very second is planned for the next one.
    ///
    /// # Errors
    /// As [`Self::propose`].
    pub fn propose_now(&self, request: &Request) -> Result<Proposed, ProposeError> {
        let mut made = Stamp::now();
        if request.effect() != Effect::Read {
            // A journal that cannot be read refuses to be written, too, and says why then.
            let done = self.history().unwrap_or_default();
            // As it is written: a document is not in the journal.
            let written = |request: &Request| serde_json::to_value(request).ok();
            let asked = written(request);
            let is_done = |made| {
                done.iter().any(|operation| operation.plan.made == made && written(&operation.plan.request) == asked)
            };
            while is_done(made) {
                made = Stamp::from_seconds(made.seconds() + 1);
            }
        }
        self.propose(request, made)
    }

    /// The plan that takes a finished operation back.
    ///
    /// # Errors
    /// If there is no way back, or the host cannot be asked.
    pub fn undo(&self, operation: &Operation, made: Stamp) -> Result<Proposal, ProposeError> {
        if let Seat::Executor(client) = &self.seat {
            return match client.undo(&operation.id, made)? {
                Proposed::Plan(proposal) => Ok(*proposal),
                Proposed::Found(_) => Err(Refusal::new(Reason::Nothing, "there is nothing to take back").into()),
            };
        }
        let facts = self.observe(&Scope { pools: true, all_datasets: true, ..Scope::default() })?;
        let plan = undo::plan(operation, &facts, made)?;
        Ok(Proposal { reverses: Some(operation.id.clone()), ..plan.into() })
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
