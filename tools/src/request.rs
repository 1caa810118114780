//! What can be asked for: one variant a tool, its arguments in the tool's own file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::facts::{Facts, Scope};
use crate::names::Stamp;
use crate::plan::{Effect, Plan, Refusal};
use crate::tool;

/// A typed request: `{"tool": "kvm_clone", "args": {…}}`. On a command line it is a subcommand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::Subcommand)]
#[serde(tag = "tool", content = "args", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    PoolStatus(tool::PoolStatus),
    PoolScrub(tool::PoolScrub),
    DatasetList(tool::DatasetList),
    DatasetCreate(tool::DatasetCreate),
    DatasetDestroy(tool::DatasetDestroy),
    SnapshotCreate(tool::SnapshotCreate),
    SnapshotList(tool::SnapshotList),
    SnapshotDestroy(tool::SnapshotDestroy),
    DatasetRollback(tool::DatasetRollback),
    KvmList(tool::KvmList),
    KvmCreate(tool::KvmCreate),
    KvmClone(tool::KvmClone),
    KvmPower(tool::KvmPower),
    KvmResize(tool::KvmResize),
    KvmSnap(tool::KvmSnap),
    KvmRollback(tool::KvmRollback),
    KvmSnapDelete(tool::KvmSnapDelete),
    KvmDelete(tool::KvmDelete),
}

/// What a plan is made from, beside the request.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// What was observed.
    pub facts: &'a Facts,
    /// The moment.
    pub made: Stamp,
}

/// Calls the same method of every tool.
macro_rules! each {
    ($request:expr, $tool:ident => $call:expr) => {
        match $request {
            Request::PoolStatus($tool) => $call,
            Request::PoolScrub($tool) => $call,
            Request::DatasetList($tool) => $call,
            Request::DatasetCreate($tool) => $call,
            Request::DatasetDestroy($tool) => $call,
            Request::SnapshotCreate($tool) => $call,
            Request::SnapshotList($tool) => $call,
            Request::SnapshotDestroy($tool) => $call,
            Request::DatasetRollback($tool) => $call,
            Request::KvmList($tool) => $call,
            Request::KvmCreate($tool) => $call,
            Request::KvmClone($tool) => $call,
            Request::KvmPower($tool) => $call,
            Request::KvmResize($tool) => $call,
            Request::KvmSnap($tool) => $call,
            Request::KvmRollback($tool) => $call,
            Request::KvmSnapDelete($tool) => $call,
            Request::KvmDelete($tool) => $call,
        }
    };
}

impl Request {
    /// What it does to a host, at worst.
    #[must_use]
    pub fn effect(&self) -> Effect {
        each!(self, tool => tool::Tool::effect(tool))
    }

    /// What has to be observed for it.
    #[must_use]
    pub fn scope(&self) -> Scope {
        each!(self, tool => tool::Tool::scope(tool))
    }

    /// The plan for it. The same request, facts and moment give the same plan.
    ///
    /// # Errors
    /// If it is not possible or not allowed. A request that only reads has no plan, and is refused.
    pub fn plan(&self, situation: Situation<'_>) -> Result<Plan, Refusal> {
        each!(self, tool => tool::Tool::plan(tool, self, situation))
    }

    /// What a request that only reads finds; `None` for one that changes something.
    ///
    /// # Errors
    /// If what it asks about is not there.
    pub fn read(&self, facts: &Facts) -> Result<Option<tool::Table>, Refusal> {
        each!(self, tool => tool::Tool::read(tool, facts))
    }
}
