//! libvirt domains: read from their XML, built, and given new identities. Always through a tree,
//! never by replacing text. Nothing here asks a host.

mod clone;
mod create;
mod element;
mod read;

pub use clone::{CloneIdentity, clone, resized};
pub use create::{Hypervisor, NewDomain, create};
pub use element::XmlError;
pub use read::{Device, Disk, Domain, read};

/// Why a domain's description cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DomainError {
    /// It is no XML.
    #[error("the domain's description is {0}")]
    Xml(#[from] XmlError),
    /// Something that every domain has is not there or not as it should be.
    #[error("the description of domain {domain} has no usable {what}")]
    Lacks {
        /// Its name, as far as known.
        domain: String,
        /// What is lacking.
        what: &'static str,
    },
    /// Something cannot belong to two guests.
    #[error("{what} of domain {domain} cannot be shared with a clone")]
    Shared {
        /// Its name.
        domain: String,
        /// What it is.
        what: String,
    },
}
