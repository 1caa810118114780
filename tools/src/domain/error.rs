//! What can be wrong with a domain's description.

use super::element::XmlError;

/// Why a domain's description cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DomainError {
    /// It is no XML.
    #[error("the domain's description cannot be read")]
    Xml(#[from] XmlError),
    /// It is XML of something else.
    #[error("<{root}> describes no domain")]
    Kind {
        /// The root element.
        root: String,
    },
    /// Something that every domain has is not there.
    #[error("the description of domain {domain} has no {what}")]
    Lacks {
        /// Its name, as far as known.
        domain: String,
        /// What is lacking.
        what: &'static str,
    },
    /// Something is there, and is not understood.
    #[error("the description of domain {domain} has {what} {text:?}, which kai does not understand")]
    Value {
        /// Its name.
        domain: String,
        /// What it is.
        what: &'static str,
        /// How it is written.
        text: String,
    },
    /// Something cannot belong to two guests.
    #[error("domain {domain} has {what}, which a clone cannot share")]
    Shared {
        /// Its name.
        domain: String,
        /// What it is.
        what: String,
    },
    /// The network cards and the addresses for them are not as many.
    #[error("domain {domain} has {cards} network cards, and {macs} new addresses were given")]
    Cards {
        /// Its name.
        domain: String,
        /// How many cards it has.
        cards: usize,
        /// How many addresses there are for them.
        macs: usize,
    },
    /// Its size is tied down.
    #[error("domain {domain} has NUMA cells, which are made for its size: it cannot get another one")]
    Fixed {
        /// Its name.
        domain: String,
    },
    /// Every name for a SATA drive is taken.
    #[error("domain {domain} has no drive left for a cloud-init seed: sda to sdz are taken")]
    Drives {
        /// Its name.
        domain: String,
    },
}
