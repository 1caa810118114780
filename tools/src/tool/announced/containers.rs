//! Containers, each on a dataset of its own.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::announced;
use crate::names::{ContainerImage, ContainerName, DatasetName, PortMapping, SnapshotLabel};
use crate::plan::Effect;

/// List containers with their datasets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContainerList {}

/// What a container is for; its record size follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContainerProfile {
    /// Anything.
    #[default]
    Generic,
    /// PostgreSQL.
    Postgres,
    /// MySQL or MariaDB.
    Mysql,
    /// Redis.
    Redis,
    /// A web server.
    Nginx,
    /// Large files.
    Media,
}

/// Run a container on a dataset of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContainerCreate {
    /// Its name.
    pub name: ContainerName,
    /// Its image.
    pub image: ContainerImage,
    /// What it is for.
    #[serde(default)]
    pub profile: ContainerProfile,
    /// Ports of this host that lead to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<PortMapping>,
    /// Its environment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// The dataset that its own is made below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<DatasetName>,
}

/// Take a snapshot of several containers at the same moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContainerSnap {
    /// The containers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<ContainerName>,
    /// Or all of them.
    #[serde(default)]
    pub all: bool,
    /// The name of the snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<SnapshotLabel>,
}

announced!(ContainerList, "list containers", self => Effect::Read);
announced!(ContainerCreate, "create containers", self => Effect::Change);
announced!(ContainerSnap, "take snapshots of containers", self => Effect::Change);
