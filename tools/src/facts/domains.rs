//! `virsh list` and `virsh dumpxml`.

use serde::{Deserialize, Serialize};

use crate::domain::{self, Domain, DomainError};
use crate::names::{DatasetName, VmName};
use crate::plan::DomainState;

/// A domain and its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainFacts {
    /// As it is defined.
    #[serde(flatten)]
    pub domain: Domain,
    /// What it does.
    pub state: DomainState,
    /// Its definition, as libvirt keeps it.
    #[serde(skip)]
    pub xml: String,
}

impl DomainFacts {
    /// The volumes that it writes to.
    #[must_use]
    pub fn volumes(&self) -> Vec<DatasetName> {
        self.domain.volumes()
    }
}

/// A domain that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DomainReadError {
    /// A line of the list is not understood.
    #[error("`virsh list` gave a line that is not understood: {0:?}")]
    List(String),
    /// A description is not understood.
    #[error("domain {name} cannot be read")]
    Xml {
        /// Which.
        name: String,
        /// Why.
        source: DomainError,
    },
}

/// What `virsh list` and `virsh domstate` call the states.
const STATES: [(&str, DomainState); 9] = [
    ("running", DomainState::Running),
    ("idle", DomainState::Running),
    ("paused", DomainState::Paused),
    ("shut off", DomainState::ShutOff),
    ("crashed", DomainState::ShutOff),
    ("in shutdown", DomainState::Other),
    ("pmsuspended", DomainState::Other),
    ("no state", DomainState::Other),
    ("dying", DomainState::Other),
];

/// Names and states, from `virsh -q list --all`: id, name and state in columns; names may hold spaces.
pub(super) fn list(text: &str) -> Result<Vec<(String, DomainState)>, DomainReadError> {
    let line = |line: &str| {
        let bad = || DomainReadError::List(line.chars().take(200).collect());
        let (_, rest) = line.trim().split_once(char::is_whitespace).ok_or_else(bad)?;
        let rest = rest.trim();
        let found = STATES.iter().find_map(|(name, state)| Some((rest.strip_suffix(name)?, *state)));
        let (name, state) = found.ok_or_else(bad)?;
        let name = name.trim_end();
        if name.is_empty() { Err(bad()) } else { Ok((name.to_owned(), state)) }
    };
    text.lines().filter(|line| !line.trim().is_empty()).map(line).collect()
}

/// A domain from its XML.
pub(super) fn read(name: &str, state: DomainState, xml: String) -> Result<DomainFacts, DomainReadError> {
    let domain = domain::read(&xml).map_err(|source| DomainReadError::Xml { name: name.to_owned(), source })?;
    Ok(DomainFacts { domain, state, xml })
}

/// Whether a running domain has a guest agent that is connected, from its live XML.
pub(super) fn agent(vm: &VmName, xml: &str) -> Result<bool, DomainReadError> {
    domain::agent_connected(xml).map_err(|source| DomainReadError::Xml { name: vm.to_string(), source })
}

/// The state that `virsh domstate` printed.
#[must_use]
pub fn domain_state(text: &str) -> DomainState {
    let found = STATES.iter().find(|(name, _)| *name == text.trim());
    found.map_or(DomainState::Other, |(_, state)| *state)
}
