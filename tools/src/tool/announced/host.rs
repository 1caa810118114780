//! The host as a whole: its health, its tuning, its hourly snapshots, its connections.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::announced;
use crate::names::{Period, VmName};
use crate::plan::Effect;

/// One verdict on this host, with reasons: pools, memory, services, snapshots, replication, GPUs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HostHealth {}

/// Tune this host for virtual machines: the limit of the ARC, kernel parameters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HostTune {
    /// The most that the ARC may take, in percent of the memory.
    #[serde(default = "fifty")]
    pub arc_percent: u8,
    /// Which set of parameters.
    #[serde(default = "hypervisor")]
    pub profile: String,
}

fn fifty() -> u8 {
    50
}

fn hypervisor() -> String {
    "hypervisor".to_owned()
}

/// What to do about hourly snapshots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AutosnapAction {
    /// Take them from now on.
    Enable,
    /// Take none from now on.
    Disable,
    /// Take one now.
    Run,
    /// Remove those that are older than they are kept.
    Prune,
    /// Say what is set up and what there is.
    Status,
}

/// Which machines hourly snapshots are taken of: `all`, or one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AutosnapScope {
    /// All.
    #[default]
    All,
    /// This one.
    Vm(VmName),
}

impl Serialize for AutosnapScope {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All => serializer.serialize_str("all"),
            Self::Vm(vm) => vm.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for AutosnapScope {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // `all` is a name that a machine could have; as a scope it means all of them.
        let vm = VmName::deserialize(deserializer)?;
        Ok(if vm.as_str() == "all" { Self::All } else { Self::Vm(vm) })
    }
}

impl JsonSchema for AutosnapScope {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AutosnapScope".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "description": "`all`, or the name of one VM" })
    }
}

/// Hourly snapshots of VMs, kept for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Autosnap {
    /// What to do.
    pub action: AutosnapAction,
    /// All VMs, or one.
    #[serde(default)]
    pub scope: AutosnapScope,
    /// How long they are kept.
    #[serde(default = "two_days")]
    pub keep: Period,
}

fn two_days() -> Period {
    Period::from_seconds(48 * 3600)
}

/// Watch new TCP connections for a while, through eBPF.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TraceTcp {
    /// How long.
    #[serde(default = "ten")]
    pub seconds: u32,
    /// Only this port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
}

fn ten() -> u32 {
    10
}

announced!(HostHealth, "judge the health of the host", self => Effect::Read);
announced!(HostTune, "tune the host", self => Effect::Change);
announced!(Autosnap, "take hourly snapshots", self => match self.action {
    AutosnapAction::Status => Effect::Read,
    AutosnapAction::Enable | AutosnapAction::Disable | AutosnapAction::Run | AutosnapAction::Prune => Effect::Change,
});
announced!(TraceTcp, "trace connections", self => Effect::Read);
