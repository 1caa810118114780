//! Tools of the catalogue that this version understands and cannot carry out yet: their names,
//! arguments and effects, so that a person who asks for one is told so instead of being
//! misunderstood. One file a subject. A tool moves out of here, to a file of its own, when it gets a
//! plan; nothing here ever has one.

mod boot_env;
mod containers;
mod golden;
mod gpu;
mod host;
mod replication;
mod wireguard;

pub use boot_env::{BootEnv, BootEnvAction};
pub use containers::{ContainerCreate, ContainerList, ContainerProfile, ContainerSnap};
pub use golden::{FleetDeploy, GoldenBuild, GoldenList};
pub use gpu::{
    CdiAction, ContainerEngine, GpuCdi, GpuList, GpuMig, GpuMps, GpuProcesses, GpuShareRun, GpuTimeSlice, MigAction,
    MpsAction, TimeSlice,
};
pub use host::{Autosnap, AutosnapAction, AutosnapScope, HostHealth, HostTune, TraceTcp};
pub use replication::{RawSend, ReplicaFailback, ReplicaFailover, Replicate, ReplicationSchedule, ReplicationStatus};
pub use wireguard::{PeerAction, WireguardPeer, WireguardSetup, WireguardStatus};

use crate::plan::{Reason, Refusal};

/// What is said instead of a plan.
fn not_yet(what: &str) -> Refusal {
    Refusal::new(Reason::Unsupported, format!("this version of kai cannot {what} yet"))
        .hint("`kai search` finds how it is done by hand")
}

/// A tool that has an effect and no plan.
macro_rules! announced {
    ($name:ty, $what:literal, $self:ident => $effect:expr) => {
        impl crate::tool::Tool for $name {
            const AVAILABLE: bool = false;

            fn effect(&$self) -> crate::plan::Effect {
                $effect
            }

            fn scope(&self) -> crate::facts::Scope {
                crate::facts::Scope::default()
            }

            fn plan(
                &self,
                _: &crate::request::Request,
                _: crate::request::Situation<'_>,
            ) -> Result<crate::plan::Plan, crate::plan::Refusal> {
                Err(super::not_yet($what))
            }

            fn read(&self, _: &crate::facts::Facts) -> Result<Option<crate::tool::Table>, crate::plan::Refusal> {
                Err(super::not_yet($what))
            }
        }
    };
}
use announced;
