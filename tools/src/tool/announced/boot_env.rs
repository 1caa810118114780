//! Boot environments.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::announced;
use crate::names::SnapshotLabel;
use crate::plan::Effect;

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BootEnvAction {
    /// List them.
    #[default]
    List,
    /// Make one of what runs now.
    Create,
    /// Boot from it next time.
    Activate,
    /// Remove it.
    Destroy,
}

/// Boot environments: bootable clones of the system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BootEnv {
    /// What to do.
    #[serde(default)]
    pub action: BootEnvAction,
    /// Which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<SnapshotLabel>,
}

announced!(BootEnv, "handle boot environments", self => match self.action {
    BootEnvAction::List => Effect::Read,
    BootEnvAction::Create | BootEnvAction::Activate => Effect::Change,
    BootEnvAction::Destroy => Effect::Destroy,
});
