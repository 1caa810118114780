//! GPUs: what they do, and how they are shared.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::announced;
use crate::names::{ContainerImage, ContainerName, GpuId, MigProfile, Size};
use crate::plan::Effect;

/// List GPUs: memory, load, mode, sharing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GpuList {}

/// What runs on the GPUs: process, container, memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GpuProcesses {
    /// Only on this GPU.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<GpuId>,
}

/// What to do about the description of GPUs for containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CdiAction {
    /// Say whether it is there and right.
    #[default]
    Status,
    /// Write it anew.
    Generate,
}

/// The description of GPUs that container engines read (CDI).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GpuCdi {
    /// What to do.
    #[serde(default)]
    pub action: CdiAction,
}

/// How long one process keeps the GPU before the next has its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimeSlice {
    /// As the driver has it.
    #[default]
    Default,
    /// A short time.
    Short,
    /// A middling time.
    Medium,
    /// A long time.
    Long,
}

/// Let processes take turns on a GPU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GpuTimeSlice {
    /// The GPU; all if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<GpuId>,
    /// How long a turn is.
    #[serde(default)]
    pub slice: TimeSlice,
}

/// What to do about MPS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MpsAction {
    /// Start it.
    Start,
    /// Stop it.
    Stop,
    /// Say whether it runs.
    Status,
}

/// Let processes use a GPU at the same time (MPS).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GpuMps {
    /// What to do.
    pub action: MpsAction,
    /// The GPU; all if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<GpuId>,
    /// The share of the threads that a client gets, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_threads: Option<u8>,
    /// The most memory that a client gets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_limit: Option<Size>,
}

/// What to do about MIG.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MigAction {
    /// List the instances.
    #[default]
    List,
    /// Make instances.
    Create,
    /// Remove the instances.
    Destroy,
}

/// Cut a GPU into instances of its own memory (MIG).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GpuMig {
    /// What to do.
    #[serde(default)]
    pub action: MigAction,
    /// The GPU.
    pub gpu: GpuId,
    /// The profiles of the instances.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub profiles: Vec<MigProfile>,
}

/// Who runs containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContainerEngine {
    /// podman.
    #[default]
    Podman,
    /// docker.
    Docker,
}

/// Run several containers of one image on the same GPU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GpuShareRun {
    /// The image.
    pub image: ContainerImage,
    /// How many.
    #[serde(default = "two")]
    pub count: u32,
    /// The GPU.
    #[serde(default = "all")]
    pub gpu: GpuId,
    /// Who runs them.
    #[serde(default)]
    pub engine: ContainerEngine,
    /// What their names begin with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_prefix: Option<ContainerName>,
    /// The port of the first on this host; the others count up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
}

fn two() -> u32 {
    2
}

/// `all` is a GPU by its own rule.
fn all() -> GpuId {
    GpuId::all()
}

announced!(GpuList, "list GPUs", self => Effect::Read);
announced!(GpuProcesses, "list what runs on GPUs", self => Effect::Read);
announced!(GpuCdi, "describe GPUs for containers", self => match self.action {
    CdiAction::Status => Effect::Read,
    CdiAction::Generate => Effect::Change,
});
announced!(GpuTimeSlice, "set time slices", self => Effect::Change);
announced!(GpuMps, "run MPS", self => match self.action {
    MpsAction::Status => Effect::Read,
    MpsAction::Start | MpsAction::Stop => Effect::Change,
});
announced!(GpuMig, "cut GPUs into instances", self => match self.action {
    MigAction::List => Effect::Read,
    MigAction::Create => Effect::Change,
    MigAction::Destroy => Effect::Destroy,
});
announced!(GpuShareRun, "run containers that share a GPU", self => Effect::Change);
