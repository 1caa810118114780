//! A simulated host with a journal of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use kai_tools::confirm::Confirmed;
use kai_tools::execute::{Cancel, Executor, Report};
use kai_tools::facts::{self, Facts};
use kai_tools::journal::Journal;
use kai_tools::names::Stamp;
use kai_tools::plan::{Plan, Refusal};
use kai_tools::request::{Request, Situation};
use kai_tools::sim::{Simulator, State};
use serde_json::json;

pub(crate) const CLOCK: u64 = 1_795_500_000_000;

pub(crate) struct Lab {
    pub(crate) sim: Simulator,
    pub(crate) folder: tempfile::TempDir,
}

/// A request from its JSON form.
pub(crate) fn request(tool: &str, args: serde_json::Value) -> Request {
    serde_json::from_value(json!({ "tool": tool, "args": args })).unwrap()
}

/// An open journal's lock is handed on to the programs that are started meanwhile, as it should be;
/// programs that tests start are none of that journal's.
static JOURNALS: RwLock<()> = RwLock::new(());

/// Held while a journal is open in this process.
pub(crate) fn journalling() -> RwLockReadGuard<'static, ()> {
    JOURNALS.read().unwrap_or_else(PoisonError::into_inner)
}

/// Held while a program is started.
pub(crate) fn starting() -> RwLockWriteGuard<'static, ()> {
    JOURNALS.write().unwrap_or_else(PoisonError::into_inner)
}

impl Lab {
    pub(crate) fn new() -> Self {
        Self::with(State::playground(CLOCK))
    }

    pub(crate) fn with(state: State) -> Self {
        Self { sim: Simulator::new(state), folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn facts(&self, request: &Request) -> Facts {
        facts::observe(&self.sim, &request.scope()).unwrap()
    }

    pub(crate) fn plan_at(&self, request: &Request, made: Stamp) -> Result<Plan, Refusal> {
        let facts = self.facts(request);
        request.plan(Situation { facts: &facts, made })
    }

    pub(crate) fn plan(&self, tool: &str, args: serde_json::Value) -> Result<Plan, Refusal> {
        self.plan_at(&request(tool, args), Stamp::now())
    }

    pub(crate) fn execute(&self, plan: Plan) -> Report {
        let digest = plan.digest();
        let confirmed = Confirmed::by_digest(plan, &digest, Stamp::now()).unwrap();
        let _open = journalling();
        let journal = Journal::open(self.folder.path()).unwrap();
        let cancel = Cancel::default();
        let executor = Executor { host: &self.sim, journal: &journal, observer: &|_| {}, cancel: &cancel };
        executor.execute(confirmed, "tester").unwrap()
    }

    /// Plans, confirms and executes.
    pub(crate) fn run(&self, tool: &str, args: serde_json::Value) -> Report {
        let plan = self.plan(tool, args).unwrap();
        self.execute(plan)
    }
}

/// What matters of a host, without guids and times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outline {
    pub(crate) datasets: BTreeMap<String, String>,
    pub(crate) snapshots: BTreeSet<String>,
    pub(crate) domains: BTreeMap<String, String>,
    pub(crate) files: BTreeSet<String>,
}

pub(crate) fn outline(state: &State) -> Outline {
    // Logs stay behind as they do on a real host.
    let lasting = |path: &&String| !path.starts_with("/var/log/");
    Outline {
        datasets: state.datasets.iter().map(|(name, dataset)| (name.clone(), dataset.content.clone())).collect(),
        snapshots: state
            .datasets
            .iter()
            .flat_map(|(name, dataset)| dataset.points.keys().map(move |label| format!("{name}{label}")))
            .collect(),
        domains: state.domains.iter().map(|(name, vm)| (name.clone(), vm.state.clone())).collect(),
        files: state.files.keys().filter(lasting).cloned().collect(),
    }
}

/// The operations in the journal of `folder`, as a list of one's own.
pub(crate) fn operations(folder: &std::path::Path) -> Vec<kai_tools::journal::Operation> {
    let history = kai_tools::journal::Journal::history(folder).unwrap();
    history.iter().map(|found| kai_tools::journal::Operation::clone(found)).collect()
}
