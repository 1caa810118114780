//! What can be asked for: one variant a tool, its arguments in the tool's own file.

use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::facts::{Facts, Scope};
use crate::names::{Stamp, UserData};
use crate::plan::{Effect, Plan, Refusal};
use crate::tool;

/// The catalogue: the enum, what calls the same method of every tool, and every tool's name with the
/// schema of its arguments. Those behind `#[command(skip)]` have no subcommand of their own.
macro_rules! catalogue {
    ($($(#[$attribute:meta])? $variant:ident = $name:literal,)*) => {
        /// A typed request: `{"tool": "kvm_clone", "args": {…}}`. On a command line it is a subcommand.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::Subcommand)]
        #[serde(tag = "tool", content = "args", rename_all = "snake_case", deny_unknown_fields)]
        #[allow(missing_docs, reason = "each tool is described at its arguments")]
        pub enum Request {
            $($(#[$attribute])? $variant(tool::$variant),)*
        }

        macro_rules! each {
            ($request:expr, $tool:ident => $call:expr) => {
                match $request {
                    $(Request::$variant($tool) => $call,)*
                }
            };
        }

        /// All tools, in the order of the catalogue.
        #[must_use]
        pub fn tools() -> &'static [ToolInfo] {
            static TOOLS: LazyLock<Vec<ToolInfo>> = LazyLock::new(|| vec![$(ToolInfo::of::<tool::$variant>($name)),*]);
            &TOOLS
        }

        impl Request {
            /// The tool's name: `kvm_clone`.
            #[must_use]
            pub fn tool(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $name,)*
                }
            }
        }
    };
}

catalogue! {
    #[command(skip)]
    DocsSearch = "docs_search",
    #[command(skip)]
    DocsRead = "docs_read",
    #[command(skip)]
    HostHealth = "host_health",
    #[command(skip)]
    HostTune = "host_tune",
    PoolStatus = "pool_status",
    PoolScrub = "pool_scrub",
    DatasetList = "dataset_list",
    DatasetCreate = "dataset_create",
    DatasetDestroy = "dataset_destroy",
    SnapshotCreate = "snapshot_create",
    SnapshotList = "snapshot_list",
    SnapshotDestroy = "snapshot_destroy",
    DatasetRollback = "dataset_rollback",
    KvmList = "kvm_list",
    KvmCreate = "kvm_create",
    KvmClone = "kvm_clone",
    KvmPower = "kvm_power",
    KvmResize = "kvm_resize",
    KvmSnap = "kvm_snap",
    KvmRollback = "kvm_rollback",
    KvmSnapDelete = "kvm_snap_delete",
    KvmDelete = "kvm_delete",
    #[command(skip)]
    GoldenBuild = "golden_build",
    #[command(skip)]
    GoldenList = "golden_list",
    #[command(skip)]
    FleetDeploy = "fleet_deploy",
    #[command(skip)]
    Autosnap = "autosnap",
    #[command(skip)]
    Replicate = "replicate",
    #[command(skip)]
    ReplicationStatus = "replication_status",
    #[command(skip)]
    ReplicationSchedule = "replication_schedule",
    #[command(skip)]
    ReplicaFailover = "replica_failover",
    #[command(skip)]
    ReplicaFailback = "replica_failback",
    #[command(skip)]
    GpuList = "gpu_list",
    #[command(skip)]
    GpuProcesses = "gpu_processes",
    #[command(skip)]
    GpuCdi = "gpu_cdi",
    #[command(skip)]
    GpuTimeSlice = "gpu_time_slice",
    #[command(skip)]
    GpuMps = "gpu_mps",
    #[command(skip)]
    GpuMig = "gpu_mig",
    #[command(skip)]
    GpuShareRun = "gpu_share_run",
    #[command(skip)]
    ContainerList = "container_list",
    #[command(skip)]
    ContainerCreate = "container_create",
    #[command(skip)]
    ContainerSnap = "container_snap",
    #[command(skip)]
    WireguardStatus = "wireguard_status",
    #[command(skip)]
    WireguardSetup = "wireguard_setup",
    #[command(skip)]
    WireguardPeer = "wireguard_peer",
    #[command(skip)]
    BootEnv = "boot_env",
    #[command(skip)]
    TraceTcp = "trace_tcp",
    #[command(skip)]
    OpHistory = "op_history",
    #[command(skip)]
    OpUndo = "op_undo",
}

/// A tool as a model is told about it.
#[derive(Debug, Clone)]
pub struct ToolInfo {
    /// Its name.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub description: String,
    /// The JSON Schema of its arguments.
    pub schema: serde_json::Value,
    /// Whether this version can carry it out.
    pub available: bool,
    /// Whether it only reads, whatever its arguments are.
    pub only_reads: bool,
}

fn available<T: tool::Tool>(_: &T) -> bool {
    T::AVAILABLE
}

impl ToolInfo {
    fn of<T: JsonSchema + tool::Tool>(name: &'static str) -> Self {
        let schema = schemars::schema_for!(T).to_value();
        let description = schema.get("description").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        Self { name, description, schema, available: T::AVAILABLE, only_reads: T::ONLY_READS }
    }
}

/// What a plan is made from, beside the request.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// What was observed.
    pub facts: &'a Facts,
    /// The moment.
    pub made: Stamp,
}

impl Request {
    /// The document in it. What is written down of a request has a stand-in in its place.
    #[must_use]
    pub fn user_data(&self) -> Option<&UserData> {
        if let Self::KvmClone(clone) = self { clone.user_data.as_ref() } else { None }
    }

    /// The same request with its document back in the place of the stand-in; as it is, if that is no
    /// document of it.
    #[must_use]
    pub fn with_user_data(mut self, document: Option<UserData>) -> Self {
        if let Self::KvmClone(clone) = &mut self
            && let (Some(stand_in), Some(document)) = (&clone.user_data, document)
            && document.is_behind(stand_in)
        {
            clone.user_data = Some(document);
        }
        self
    }

    /// A request from a tool's name and arguments, as a model or a program gives them.
    ///
    /// # Errors
    /// If there is no such tool, an argument is missing, unknown or not what it has to be.
    pub fn from_call(tool: &str, args: serde_json::Value) -> Result<Self, serde_json::Error> {
        let args = if args.is_null() { serde_json::json!({}) } else { args };
        serde_json::from_value(serde_json::json!({ "tool": tool, "args": args }))
    }

    /// What it does to a host, at worst.
    #[must_use]
    pub fn effect(&self) -> Effect {
        each!(self, tool => tool::Tool::effect(tool))
    }

    /// Whether this version can carry it out.
    #[must_use]
    pub fn available(&self) -> bool {
        each!(self, tool => available(tool))
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
