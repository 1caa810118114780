//! libvirt domains: read from their XML, built, and given new identities. Always through a tree,
//! never by replacing text. Nothing here asks a host.

mod agent;
mod clone;
mod console;
mod create;
mod disks;
mod element;
mod error;
mod read;
mod shared;
mod size;
mod write;

pub use agent::agent_connected;
pub(crate) use agent::with_agent;
pub use clone::{CloneIdentity, clone};
pub use create::{Hypervisor, NewDomain, create};
pub use element::XmlError;
pub use error::DomainError;
pub use read::{Device, Disk, DiskKind, Domain, Interface, read};
pub use size::resized;
