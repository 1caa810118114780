//! The tools: one file each, with the arguments, what has to be observed, and the plan. Pure: no
//! host is asked or touched here.

mod announced;
mod common;
mod dataset_create;
mod dataset_destroy;
mod dataset_list;
mod docs;
mod guests;
mod journal;
mod kvm_clone;
mod kvm_create;
mod kvm_delete;
mod kvm_list;
mod kvm_power;
mod kvm_resize;
mod kvm_snap;
mod kvm_snap_delete;
mod nearest;
mod pool;
mod rollback;
mod snapshot_create;
mod snapshot_destroy;
mod table;

pub use announced::*;
pub use dataset_create::DatasetCreate;
pub use dataset_destroy::DatasetDestroy;
pub use dataset_list::{DatasetKind, DatasetList, SnapshotList};
pub use docs::{DocsRead, DocsSearch, LONGEST_QUERY, MOST_PASSAGES};
pub use journal::{OpHistory, OpUndo};
pub use kvm_clone::KvmClone;
pub use kvm_create::KvmCreate;
pub use kvm_delete::KvmDelete;
pub use kvm_list::KvmList;
pub use kvm_power::{KvmPower, PowerAction};
pub use kvm_resize::KvmResize;
pub use kvm_snap::{Freeze, KvmSnap};
pub use kvm_snap_delete::KvmSnapDelete;
pub use pool::{PoolScrub, PoolStatus, ScrubAction};
pub use rollback::{DatasetRollback, KvmRollback};
pub use snapshot_create::SnapshotCreate;
pub use snapshot_destroy::SnapshotDestroy;
pub use table::Table;

use crate::facts::{Facts, Scope};
use crate::plan::{Effect, Plan, Reason, Refusal};
use crate::request::{Request, Situation};

/// What every tool can say of itself.
pub(crate) trait Tool {
    /// What these arguments do, at worst.
    fn effect(&self) -> Effect;

    /// Whether this version can carry it out.
    const AVAILABLE: bool = true;

    /// Whether it only reads, whatever its arguments are.
    const ONLY_READS: bool = false;

    /// What has to be observed.
    fn scope(&self) -> Scope;

    /// The plan; `request` is this tool's own.
    fn plan(&self, request: &Request, situation: Situation<'_>) -> Result<Plan, Refusal> {
        let _ = (request, situation);
        Err(Refusal::new(Reason::Nothing, "this only reads; there is nothing to plan"))
    }

    /// What it finds, if it only reads.
    fn read(&self, facts: &Facts) -> Result<Option<Table>, Refusal> {
        let _ = facts;
        Ok(None)
    }
}
