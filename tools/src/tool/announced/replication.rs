//! Replicas on another host, and what happens when one of the two is gone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::announced;
use crate::names::{DatasetName, Period, ReplicaTarget, Size, VmName};
use crate::plan::Effect;

/// Whether encrypted data is sent as it lies on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RawSend {
    /// As the source and the target need it.
    #[default]
    Auto,
    /// Always.
    Yes,
    /// Never.
    No,
}

/// Send a VM or a dataset to another host: what is new since the last time, resumable, verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Replicate {
    /// The VM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vm: Option<VmName>,
    /// Or the dataset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<DatasetName>,
    /// Where to: host:dataset, or a host alone.
    pub to: ReplicaTarget,
    /// The most bytes a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<Size>,
    /// Whether encrypted data is sent as it lies on disk.
    #[serde(default)]
    pub raw: RawSend,
    /// Only say what would be sent.
    #[serde(default)]
    pub dry_run: bool,
}

/// Last success, lag, bytes and next run of replication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplicationStatus {
    /// Only of this VM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vm: Option<VmName>,
}

/// Replicate a VM or a dataset again and again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplicationSchedule {
    /// The VM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vm: Option<VmName>,
    /// Or the dataset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<DatasetName>,
    /// Where to: host:dataset, or a host alone.
    pub to: ReplicaTarget,
    /// How often.
    pub every: Period,
}

/// Run a VM from its replica on this host from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplicaFailover {
    /// The VM.
    pub vm: VmName,
    /// Whether the primary still answers and is stopped first.
    #[serde(default = "yes")]
    pub planned: bool,
}

fn yes() -> bool {
    true
}

/// Bring a VM back to where it ran before a failover.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplicaFailback {
    /// The VM.
    pub vm: VmName,
    /// Where to: the host, or host:dataset.
    pub to: ReplicaTarget,
}

announced!(Replicate, "replicate", self => Effect::Change);
announced!(ReplicationStatus, "say how replication stands", self => Effect::Read);
announced!(ReplicationSchedule, "schedule replication", self => Effect::Change);
announced!(ReplicaFailover, "fail over to a replica", self => Effect::Destroy);
announced!(ReplicaFailback, "fail back", self => Effect::Destroy);
