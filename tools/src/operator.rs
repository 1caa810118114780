//! One host with its journal: proposing, remembering and carrying out operations, and looking back.
//! The command line, the chat and every other face stand on it.
//!
//! It prints nothing and asks nobody. It cannot confirm: [`Operator::execute`] takes a
//! [`Confirmed`], which only a person's yes makes.

use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::confirm::Confirmed;
use crate::execute::{Cancel, Executor, Observer, Report, ResumeError};
use crate::executor::Client;
use crate::facts::{self, Facts, ObserveError, Scope};
use crate::host::{Host, HostError, Local, Ssh, SshTarget};
use crate::journal::{Event, Journal, JournalError, Operation, Outcome};
use crate::names::{DatasetName, OperationId, Stamp};
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

/// A plan that was shown: enough to make it again.
#[derive(Debug, Serialize, Deserialize)]
struct Shown {
    /// The plan's id.
    #[serde(default)]
    id: String,
    made: Stamp,
    request: Request,
    reverses: Option<String>,
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
            Self::Journal(_) => Vec::new(),
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
            return Ok(Proposed::Found(history(&self.operations()?, asked.limit as usize)));
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

    /// Everything in the journal, oldest first.
    ///
    /// # Errors
    /// If it cannot be read or was changed by somebody.
    pub fn operations(&self) -> Result<Vec<Operation>, JournalError> {
        match &self.seat {
            Seat::Here(_) => Journal::operations(&self.folder),
            Seat::Executor(client) => client.operations(),
        }
    }

    /// The operation of that id or beginning; `last` is the latest that was not taken back.
    ///
    /// # Errors
    /// If there is none, or several begin so.
    pub fn operation(&self, id: &OperationId) -> Result<Operation, ProposeError> {
        let mut all = self.operations()?;
        let id = id.as_str();
        if id == "last" {
            let standing = |operation: &Operation| {
                operation.reversed_by.is_none() && operation.outcome != Some(Outcome::TakenBack)
            };
            all.retain(standing);
            all.drain(..all.len().saturating_sub(1));
        } else {
            all.retain(|operation| operation.id.starts_with(id));
        }
        match (all.pop(), all.is_empty()) {
            (Some(operation), true) => Ok(operation),
            (Some(_), false) => {
                Err(Refusal::new(Reason::Ambiguous, format!("several operations begin with {id}")).into())
            }
            (None, _) => Err(Refusal::new(Reason::Unknown, format!("there is no operation {id}"))
                .hint("`kai op history` lists them")
                .into()),
        }
    }

    /// Carries out what was confirmed. `reverses` is the operation that it takes back.
    ///
    /// # Errors
    /// If the intent cannot be journalled: nothing was done then. Everything else is in the report.
    pub fn execute(
        &self,
        confirmed: Confirmed,
        reverses: Option<&str>,
        observer: Observer<'_>,
        cancel: &Cancel,
    ) -> Result<Report, JournalError> {
        self.execute_for(&user(), confirmed, reverses, observer, cancel)
    }

    /// The same for somebody else than who runs this program: the journal says `by`.
    ///
    /// # Errors
    /// As [`Self::execute`].
    pub fn execute_for(
        &self,
        by: &str,
        confirmed: Confirmed,
        reverses: Option<&str>,
        observer: Observer<'_>,
        cancel: &Cancel,
    ) -> Result<Report, JournalError> {
        let host = match &self.seat {
            Seat::Here(host) => host.as_ref(),
            Seat::Executor(client) => return client.execute(confirmed.plan(), reverses, by, observer, cancel),
        };
        let journal = Journal::open(&self.folder)?;
        let report = Executor { host, journal: &journal, observer, cancel }.execute(confirmed, by)?;
        if let Some(reversed) = reverses.filter(|_| report.outcome == Outcome::Done) {
            journal.append(reversed, Event::Reversed { by: report.op.clone() })?;
        }
        Ok(report)
    }

    /// Goes on with an operation that was cut off.
    ///
    /// # Errors
    /// If it has ended, or cannot be gone on with.
    pub fn resume(
        &self,
        operation: &Operation,
        observer: Observer<'_>,
        cancel: &Cancel,
    ) -> Result<Report, ResumeError> {
        let host = self.host().map_err(ResumeError::Journal)?;
        let journal = Journal::open(&self.folder).map_err(ResumeError::Journal)?;
        Executor { host, journal: &journal, observer, cancel }.resume(operation)
    }

    /// Takes back what an operation that was cut off has made.
    ///
    /// # Errors
    /// If the journal cannot be written.
    pub fn take_back(
        &self,
        operation: &Operation,
        observer: Observer<'_>,
        cancel: &Cancel,
    ) -> Result<Report, JournalError> {
        let host = self.host()?;
        let journal = Journal::open(&self.folder)?;
        Executor { host, journal: &journal, observer, cancel }.take_back(operation)
    }

    /// The host, for whoever goes on with what was cut off.
    fn host(&self) -> Result<&dyn Host, JournalError> {
        match &self.seat {
            Seat::Here(host) => Ok(host.as_ref()),
            Seat::Executor(_) => Err(JournalError::Elsewhere(
                "what was cut off is gone on with by the executor's own user: `kai op resume` there".to_owned(),
            )),
        }
    }

    /// When the plan of that digest was shown, if that is not too long ago. A plan that is made again
    /// for the same moment has the same digest.
    #[must_use]
    pub fn shown(&self, digest: &str) -> Option<Stamp> {
        self.read_shown(digest).map(|shown| shown.made)
    }

    /// Makes a plan that was shown before again, from its digest. Where the host has changed since, the
    /// new plan has another digest, which confirming refuses.
    ///
    /// # Errors
    /// If no such plan was shown in the last minutes, or there is none any more.
    pub fn recall(&self, digest: &str) -> Result<Proposal, ProposeError> {
        let Some(shown) = self.read_shown(digest) else {
            return Err(Refusal::new(Reason::Unknown, "no plan with that digest was shown in the last 15 minutes")
                .hint("plan it again with --dry-run")
                .into());
        };
        if let Some(id) = &shown.reverses {
            let id = id.parse::<OperationId>();
            let id = id.map_err(|error| Refusal::new(Reason::Invalid, error.to_string()))?;
            return self.undo(&self.operation(&id)?, shown.made);
        }
        match self.propose(&shown.request, shown.made)? {
            Proposed::Plan(proposal) => Ok(*proposal),
            Proposed::Found(_) => {
                Err(Refusal::new(Reason::Nothing, "this only reads; there is nothing to apply").into())
            }
        }
    }

    /// Notes that a plan was shown, so that its digest can confirm it later.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn remember(&self, proposal: &Proposal) -> std::io::Result<()> {
        let folder = self.shown_folder();
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        let made = proposal.plan.made;
        for path in std::fs::read_dir(&folder)?.flatten().map(|entry| entry.path()) {
            let shown = std::fs::read(&path).ok().and_then(|text| serde_json::from_slice::<Shown>(&text).ok());
            if shown.is_none_or(|shown| shown.made.seconds() + crate::plan::VALID_SECONDS < made.seconds()) {
                // Somebody else may tidy up at the same moment.
                let _ = std::fs::remove_file(path);
            }
        }
        let Proposal { plan, reverses, .. } = proposal;
        let shown = Shown { id: plan.id.clone(), made, request: plan.request.clone(), reverses: reverses.clone() };
        // Beside its place first: whoever reads finds all of it or nothing.
        let path = self.folder.join(format!("shown.{}.{}", std::process::id(), &proposal.digest));
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        file.write_all(&serde_json::to_vec(&shown)?)?;
        std::fs::rename(path, folder.join(&proposal.digest))
    }

    /// A plan that was declined: its digest confirms it no more.
    pub fn forget(&self, digest: &str) {
        if self.read_shown(digest).is_some() {
            let _ = std::fs::remove_file(self.shown_folder().join(digest));
        }
    }

    /// The digest of the plan of that id that was shown in the last minutes.
    ///
    /// # Errors
    /// If there is none.
    pub fn digest_of(&self, id: &str) -> Result<String, ProposeError> {
        let digests = std::fs::read_dir(self.shown_folder()).into_iter().flatten().flatten();
        let mut digests = digests.filter_map(|entry| entry.file_name().into_string().ok());
        let is_that = |digest: &String| self.read_shown(digest).is_some_and(|shown| !id.is_empty() && shown.id == id);
        digests.find(is_that).ok_or_else(|| {
            Refusal::new(Reason::Unknown, format!("no plan {id} was shown in the last 15 minutes"))
                .hint("have it made again")
                .into()
        })
    }

    fn read_shown(&self, digest: &str) -> Option<Shown> {
        let is_digest = digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit());
        let text = is_digest.then(|| std::fs::read(self.shown_folder().join(digest)).ok())??;
        serde_json::from_slice(&text).ok()
    }

    fn shown_folder(&self) -> PathBuf {
        self.folder.join("shown")
    }
}

/// The journal as a table, oldest first.
fn history(operations: &[Operation], limit: usize) -> Table {
    let mut table = Table::new(&["op", "at", "by", "outcome", "summary"]);
    for operation in &operations[operations.len().saturating_sub(limit)..] {
        table.row(vec![
            serde_json::json!(operation.id),
            serde_json::json!(operation.started),
            serde_json::json!(operation.by),
            serde_json::json!(operation.ending()),
            serde_json::json!(operation.plan.summary),
        ]);
    }
    table
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
