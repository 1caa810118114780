//! Something about a host that is true or not, and can be read there.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::names::{DatasetName, Guid, HostPath, PoolName, SnapshotName, Uuid};

/// Which object a name has to stand for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    /// The one with this guid.
    Guid(Guid),
    /// One that this operation made: it bears the operation's mark, and the guid that was recorded
    /// when it was made.
    Mark(String),
}

/// What libvirt says of a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DomainState {
    /// It runs (libvirt: running, idle).
    Running,
    /// It is suspended in memory.
    Paused,
    /// It does not run (libvirt: shut off, crashed).
    ShutOff,
    /// On its way down, sleeping, or unknown.
    Other,
}

impl fmt::Display for DomainState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::ShutOff => "shut off",
            Self::Other => "in another state",
        })
    }
}

/// A property whose value a step needs or promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Property {
    /// A volume's size.
    Volsize,
    /// The snapshot that it was cloned from.
    Origin,
}

impl Property {
    /// What ZFS calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Volsize => "volsize",
            Self::Origin => "origin",
        }
    }
}

/// A fact that a step needs or promises.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Condition {
    /// The pool is ONLINE.
    PoolOnline(PoolName),
    /// There is no such file system or volume.
    NoDataset(DatasetName),
    /// The file system or volume of that name is that one.
    Dataset {
        /// Its name.
        name: DatasetName,
        /// Its identity.
        is: Identity,
    },
    /// There is no such snapshot.
    NoSnapshot(SnapshotName),
    /// The snapshot of that name is that one.
    Snapshot {
        /// Its name.
        name: SnapshotName,
        /// Its identity.
        is: Identity,
    },
    /// No dataset was cloned from the snapshot, and nobody holds it.
    Unused(SnapshotName),
    /// No snapshot and no bookmark of the dataset is newer.
    Newest(SnapshotName),
    /// A property has that value.
    Property {
        /// Of which dataset.
        dataset: DatasetName,
        /// Which.
        property: Property,
        /// As `zfs get -Hp` prints it.
        value: String,
    },
    /// The volume's device node is there and belongs to it.
    Device(DatasetName),
    /// No process has the volume open.
    NotOpen(DatasetName),
    /// There is no such domain.
    NoDomain(String),
    /// The domain of that name is that one.
    Domain {
        /// Its name.
        name: String,
        /// Its identity.
        uuid: Uuid,
    },
    /// The domain is in that state.
    State {
        /// Its name.
        name: String,
        /// What libvirt says.
        state: DomainState,
    },
    /// There is no such file.
    NoFile(HostPath),
    /// The file is there.
    File(HostPath),
    /// The file is there with that content.
    FileIs {
        /// Which.
        path: HostPath,
        /// Its SHA-256, in hexadecimal.
        sha256: String,
    },
    /// The pool is being scrubbed, or was to its end.
    Scrub {
        /// Which pool.
        pool: PoolName,
        /// `scanning`, `paused` or `none`.
        state: String,
    },
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let identity = |is: &Identity| match is {
            Identity::Guid(guid) => format!("guid {guid}"),
            Identity::Mark(mark) => format!("made by operation {mark}"),
        };
        match self {
            Self::PoolOnline(pool) => write!(f, "pool {pool} is ONLINE"),
            Self::NoDataset(name) => write!(f, "there is no dataset {name}"),
            Self::Dataset { name, is } => write!(f, "{name} is the dataset with {}", identity(is)),
            Self::NoSnapshot(name) => write!(f, "there is no snapshot {name}"),
            Self::Snapshot { name, is } => write!(f, "{name} is the snapshot with {}", identity(is)),
            Self::Unused(name) => write!(f, "nothing depends on {name} and nobody holds it"),
            Self::Newest(name) => write!(f, "{name} is the newest of its dataset"),
            Self::Property { dataset, property, value } => write!(f, "{} of {dataset} is {value}", property.name()),
            Self::Device(volume) => write!(f, "the device of {volume} is there"),
            Self::NotOpen(volume) => write!(f, "nothing has {volume} open"),
            Self::NoDomain(name) => write!(f, "there is no domain {name}"),
            Self::Domain { name, uuid } => write!(f, "domain {name} has UUID {uuid}"),
            Self::State { name, state } => write!(f, "domain {name} is {state}"),
            Self::NoFile(path) => write!(f, "there is no file {path}"),
            Self::File(path) => write!(f, "file {path} is there"),
            Self::FileIs { path, .. } => write!(f, "file {path} is as planned"),
            Self::Scrub { pool, state } => write!(f, "the scrub of {pool} is {state}"),
        }
    }
}
