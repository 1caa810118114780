//! Names, sizes and identities as types: each is checked once, where it enters, and nothing else
//! reaches a command line.
//!
//! The rules are those of OpenZFS (`zfs(8)`, `zcommon/zfs_namecheck.c`) and libvirt, narrowed for
//! what kai itself creates. No name may begin with a dash. Nothing here asks a host.

mod arg;
mod container;
mod dataset;
mod gpu;
mod identity;
mod image;
mod network;
mod path;
mod period;
mod size;
mod text;
mod time;
mod vm;

pub use arg::Arg;
pub(crate) use arg::{BytesArg, DomainArg, KibArg, MarkArg};
pub use container::{ContainerImage, ContainerName, PortMapping};
pub use dataset::{DatasetName, JobName, PoolName, SnapshotLabel, SnapshotName};
pub use gpu::{GpuId, MigProfile};
pub use identity::{Guid, Mac, OperationId, PlanDigest, Uuid};
pub use image::{ImageSource, Sha256Sum};
pub use network::{Endpoint, HostName, InterfaceName, IpNetwork, ReplicaTarget, WireguardKey};
pub use path::HostPath;
pub use period::Period;
pub use size::{Size, VolBlockSize};
pub use text::{Compression, OsVariant, SshKey, UserData};
pub use time::Stamp;
pub use vm::{BridgeName, VmName, VmPrefix};

/// Why a text is no name of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no {kind}: {reason}")]
pub struct NameError {
    /// What it was to be.
    pub kind: &'static str,
    /// What was given.
    pub text: String,
    /// The rule that it breaks.
    pub reason: &'static str,
}

impl NameError {
    fn new(kind: &'static str, text: &str, reason: &'static str) -> Self {
        // A megabyte of garbage does not belong into a message.
        let mut text: String = text.chars().take(80).collect();
        text.shrink_to_fit();
        Self { kind, text, reason }
    }
}

/// Gives a checked text type its conversions: `FromStr`, `Display`, serde (as the text), schemars.
macro_rules! text_type {
    ($name:ident, $kind:literal, $schema:literal) => {
        impl std::str::FromStr for $name {
            type Err = $crate::names::NameError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::check(text).map_err(|reason| $crate::names::NameError::new($kind, text, reason))
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.text())
            }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.text())
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn inline_schema() -> bool {
                true
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "description": $schema })
            }
        }
    };
}
use text_type;

/// The same for a type that is nothing but its checked text.
macro_rules! name_type {
    ($name:ident, $kind:literal, $schema:literal) => {
        $crate::names::text_type!($name, $kind, $schema);
        impl $name {
            fn text(&self) -> &str {
                &self.0
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}
use name_type;
