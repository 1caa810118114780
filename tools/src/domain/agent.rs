//! The guest agent, as the description of a running domain tells of it.

use super::element::Element;
use super::{DomainError, read};

/// The channel that the QEMU guest agent listens on.
const CHANNEL: &str = "org.qemu.guest_agent.0";

/// Whether a running domain has an agent that is connected: `virsh dumpxml` without `--inactive`.
///
/// # Errors
/// If it is no XML of a domain.
pub fn agent_connected(xml: &str) -> Result<bool, DomainError> {
    let root = Element::parse(xml)?;
    read::domain(&root)?;
    let devices = root.child("devices").into_iter();
    let targets = devices.flat_map(|devices| devices.children("channel")).flat_map(|channel| channel.child("target"));
    let agent = |target: &&Element| target.get("name") == Some(CHANNEL);
    Ok(targets.into_iter().filter(agent).any(|target| target.get("state") == Some("connected")))
}

/// The description with the agent's channel in that state, as libvirt shows it while the domain runs;
/// none if it has no such channel.
pub(crate) fn with_agent(xml: &str, connected: bool) -> Result<Option<String>, DomainError> {
    let mut root = Element::parse(xml)?;
    let mut found = false;
    for device in root.children_mut("devices").flat_map(|devices| devices.children_mut("channel")) {
        if let Some(target) = device.child_mut("target").filter(|target| target.get("name") == Some(CHANNEL)) {
            target.set("state", if connected { "connected" } else { "disconnected" });
            found = true;
        }
    }
    Ok(found.then(|| root.write()))
}
