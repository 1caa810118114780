//! From a clause and its frame to the arguments of a tool: one function a tool, in the files below.
//!
//! What is missing or fits several objects is asked for; nothing is guessed.

mod copies;
mod dataset;
mod dataset_snapshot;
mod docs;
mod gpu;
mod host;
mod journal;
mod make;
mod names;
mod network;
mod pool;
mod quantity;
mod replica;
mod resize;
mod snapshot;
mod vm;
mod vm_snapshot;

use serde_json::{Map, Value as Json};

use super::clause::Clause;
use super::piece::Object;
use super::refer::{Meant, Scene};
use super::text::Sep;

pub(super) use make::unsealed;
pub(super) use snapshot::consents;

/// Arguments.
pub(super) type Args = Map<String, Json>;

/// What came of filling a frame.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Filled {
    /// These requests.
    Calls(Vec<(&'static str, Args)>),
    /// Something has to be asked.
    Ask {
        /// The arguments that are missing.
        missing: Vec<&'static str>,
        /// What could be meant.
        candidates: Vec<String>,
        /// The question.
        question: String,
    },
    /// It is not done.
    Refuse {
        /// The key of the reason.
        key: &'static str,
        /// For a person.
        reason: String,
    },
    /// Nothing is asked for.
    Nothing,
}

/// What the functions work on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Task<'a> {
    pub(crate) scene: Scene<'a>,
    pub(crate) clause: &'a Clause,
    pub(crate) set: &'a std::collections::BTreeMap<String, String>,
    /// Whether it is a question: an object that is not named is then no gap.
    pub(crate) question: bool,
}

/// One request.
pub(crate) fn call(tool: &'static str, args: Args) -> Filled {
    Filled::Calls(vec![(tool, args)])
}

/// A question.
pub(crate) fn ask(missing: &[&'static str], question: impl Into<String>) -> Filled {
    Filled::Ask { missing: missing.to_vec(), candidates: Vec::new(), question: question.into() }
}

/// A refusal.
pub(crate) fn refuse(key: &'static str, reason: impl Into<String>) -> Filled {
    Filled::Refuse { key, reason: reason.into() }
}

/// Arguments from pairs.
pub(crate) fn args<const N: usize>(pairs: [(&str, Json); N]) -> Args {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// Fills a frame.
pub(crate) fn fill(tool: &str, task: Task<'_>) -> Filled {
    match tool {
        "docs_search" => docs::docs_search(task),
        "docs_read" => docs::docs_read(task),
        "host_health" => call("host_health", Args::new()),
        "host_tune" => host::host_tune(task),
        "op_history" => journal::op_history(task),
        "op_undo" => journal::op_undo(task),
        "boot_env" => host::boot_env(task),
        "trace_tcp" => host::trace_tcp(task),
        "pool_status" => pool::pool_status(task),
        "pool_scrub" => pool::pool_scrub(task),
        "pool_destroy" => pool::pool_destroy(task),
        "dataset_list" => dataset::dataset_list(task),
        "dataset_create" => dataset::dataset_create(task),
        "dataset_destroy" => dataset::dataset_destroy(task),
        "snapshot_create" => dataset_snapshot::snapshot_create(task),
        "snapshot_list" => dataset_snapshot::snapshot_list(task),
        "snapshot_destroy" => dataset_snapshot::snapshot_destroy(task),
        "dataset_rollback" => dataset_snapshot::dataset_rollback(task),
        "kvm_list" => vm::kvm_list(task),
        "kvm_create" => make::kvm_create(task),
        "kvm_clone" => copies::kvm_clone(task),
        "kvm_power" => vm::kvm_power(task),
        "kvm_resize" => resize::kvm_resize(task),
        "kvm_snap" => vm_snapshot::kvm_snap(task),
        "kvm_rollback" => vm_snapshot::kvm_rollback(task),
        "kvm_snap_delete" => vm_snapshot::kvm_snap_delete(task),
        "kvm_delete" => vm::kvm_delete(task),
        "golden_build" => make::golden_build(task),
        "golden_list" => call("golden_list", Args::new()),
        "fleet_deploy" => copies::fleet_deploy(task),
        "autosnap" => replica::autosnap(task),
        "replicate" => replica::replicate(task),
        "replication_status" => replica::replication_status(task),
        "replication_schedule" => replica::replication_schedule(task),
        "replica_failover" => replica::replica_failover(task),
        "replica_failback" => replica::replica_failback(task),
        "gpu_list" => call("gpu_list", Args::new()),
        "gpu_processes" => gpu::gpu_processes(task),
        "gpu_cdi" => call("gpu_cdi", task.fixed()),
        "gpu_time_slice" => gpu::gpu_time_slice(task),
        "gpu_mps" => gpu::gpu_mps(task),
        "gpu_mig" => gpu::gpu_mig(task),
        "gpu_share_run" => gpu::gpu_share_run(task),
        "container_list" => call("container_list", Args::new()),
        "container_create" => network::container_create(task),
        "container_snap" => network::container_snap(task),
        "wireguard_status" => network::wireguard_status(task),
        "wireguard_setup" => network::wireguard_setup(task),
        "wireguard_peer" => network::wireguard_peer(task),
        "unsupported" => refuse("unsupported", "kai has no operation for that"),
        _ => Filled::Nothing,
    }
}

impl Task<'_> {
    /// The arguments that the frame itself gives.
    pub(crate) fn fixed(&self) -> Args {
        self.set.iter().map(|(key, value)| (key.clone(), Json::from(value.clone()))).collect()
    }

    /// Whether a concept is in the clause.
    pub(crate) fn has(&self, concept: &str) -> bool {
        self.clause.has(concept)
    }

    /// Whether an option is wanted, where it is spoken of: `recursive`, `without its children`.
    pub(crate) fn option(&self, concept: &str) -> Option<bool> {
        let pieces = &self.clause.pieces;
        let at = pieces.iter().position(|piece| piece.is(concept) && !piece.name)?;
        let begin = (at.saturating_sub(3)..=at).rev().find(|at| pieces[*at].sep > Sep::Space).unwrap_or(0);
        let not = |piece: &super::piece::Piece| {
            piece.objects.is_empty() && (piece.marks("not") || piece.marks("without") || piece.low == "no")
        };
        Some(!pieces[begin.max(at.saturating_sub(3))..at].iter().any(not))
    }

    /// Whether any of them is.
    pub(crate) fn any(&self, concepts: &[&str]) -> bool {
        concepts.iter().any(|concept| self.has(concept))
    }

    /// The VMs that are meant.
    pub(crate) fn vms(&self) -> Meant {
        self.scene.vms(self.clause, &[])
    }

    /// The first object that a test finds.
    pub(crate) fn object<T>(&self, test: impl Fn(&Object) -> Option<T>) -> Option<T> {
        self.clause.pieces.iter().filter(|piece| !piece.name).flat_map(|piece| &piece.objects).find_map(test)
    }

    /// The value of the first piece that a test finds.
    pub(crate) fn value<T>(&self, test: impl Fn(&super::values::Value) -> Option<T>) -> Option<T> {
        self.clause.pieces.iter().filter_map(|piece| piece.value.as_ref()).find_map(test)
    }

    /// The existing VMs that a request needs, or the question who is meant. A Destroy takes only
    /// what was named one by one.
    pub(crate) fn need_vms(&self, argument: &'static str, destroys: bool) -> Result<Vec<String>, Filled> {
        let meant = self.vms();
        self.checked(meant, argument, destroys)
    }

    pub(crate) fn checked(&self, meant: Meant, argument: &'static str, destroys: bool) -> Result<Vec<String>, Filled> {
        if !meant.unknown.is_empty() && (!meant.names.is_empty() || meant.candidates.is_empty()) {
            let word = meant.unknown.join(", ");
            return Err(Filled::Ask {
                missing: vec![argument],
                candidates: meant.candidates,
                question: format!("There is no VM {word} here. Which one is meant?"),
            });
        }
        if meant.names.is_empty() {
            let question = match meant.candidates.as_slice() {
                [] => "Which VM is meant?".to_owned(),
                several => format!("Which VM is meant: {}?", several.join(", ")),
            };
            return Err(Filled::Ask { missing: vec![argument], candidates: meant.candidates, question });
        }
        // `restart web1 or web2`
        let either =
            |piece: &super::piece::Piece| matches!(piece.low.as_str(), "or" | "either" | "oder" | "entweder" | "ou");
        if meant.names.len() > 1 && !meant.all && self.clause.pieces.iter().any(either) {
            return Err(Filled::Ask {
                missing: vec![argument],
                question: format!("Which one: {}?", meant.names.join(" or ")),
                candidates: meant.names,
            });
        }
        if destroys && meant.all && !meant.pronoun {
            return Err(Filled::Ask {
                missing: vec![argument],
                question: format!("Name the VMs one by one: {}?", meant.names.join(", ")),
                candidates: meant.names,
            });
        }
        Ok(meant.names)
    }
}
