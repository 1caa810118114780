//! Golden images and fleets made from them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::announced;
use crate::names::{BridgeName, ImageSource, Sha256Sum, Size, SshKey, VmName, VmPrefix};
use crate::plan::Effect;

/// Turn a cloud image into a sealed golden image with a held snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GoldenBuild {
    /// The name of the golden image.
    pub name: VmName,
    /// The cloud image: a path or an address.
    pub image: ImageSource,
    /// Its checksum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256Sum>,
    /// The size of its disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk: Option<Size>,
    /// Whether everything that makes a machine itself is removed.
    #[serde(default = "yes")]
    pub seal: bool,
}

fn yes() -> bool {
    true
}

/// List golden images with their seals, ages and clones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GoldenList {}

/// Clone a golden image into several machines, each with its own identity, and start them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FleetDeploy {
    /// The golden image.
    pub golden: VmName,
    /// What their names begin with; numbers follow.
    pub prefix: VmPrefix,
    /// How many.
    pub count: u32,
    /// The memory of each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Size>,
    /// The processors of each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vcpus: Option<u32>,
    /// A public key that may log in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssh_key: Option<SshKey>,
    /// The bridge that they are plugged into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<BridgeName>,
}

announced!(GoldenBuild, "build golden images", self => Effect::Change);
announced!(GoldenList, "list golden images", self => Effect::Read);
announced!(FleetDeploy, "deploy fleets", self => Effect::Change);
