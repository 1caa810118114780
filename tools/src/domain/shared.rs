//! What two guests cannot share: devices that a clone cannot have, and the last look at a finished
//! clone for anything that is still the source's.

use super::DomainError;
use super::element::{Element, Node};
use super::read::{self, Domain};

/// Why a device of the source cannot be in a clone, if so.
pub(super) fn exclusive(device: &Element) -> Option<String> {
    let kind = device.get("type").unwrap_or_default();
    let source = |attribute| device.of_child("source", attribute).unwrap_or("?");
    match (device.name.as_str(), kind) {
        ("hostdev", _) => Some(format!("a device of the host that is passed through: {}", passed_through(device))),
        ("interface", "hostdev" | "vdpa" | "vhostuser") => {
            Some(format!("a network card that is a device of the host ({kind})"))
        }
        ("interface", "server" | "udp") => Some(format!("a network card that listens on port {}", source("port"))),
        ("interface", _) if device.child("portForward").is_some() => {
            Some("a network card with ports of the host forwarded".to_owned())
        }
        // A tap device that someone else made, for this one guest.
        ("interface", "ethernet") if device.of_child("target", "managed") == Some("no") => {
            Some(format!("a network card on {}", device.of_child("target", "dev").unwrap_or("?")))
        }
        ("tpm", _) => tpm(device),
        ("memory", _) => {
            device.child("source")?.child("path").map(|path| format!("persistent memory in {}", path.text()))
        }
        _ => None,
    }
}

fn passed_through(device: &Element) -> String {
    let kind = device.get("type").unwrap_or("device");
    let Some(source) = device.child("source") else { return kind.to_owned() };
    let of = source.child("address").unwrap_or(source);
    let mut parts: Vec<String> = of.attributes.iter().map(|(name, value)| format!("{name} {value}")).collect();
    for part in source.elements().filter(|part| matches!(part.name.as_str(), "vendor" | "product")) {
        parts.extend(part.get("id").map(|id| format!("{} {id}", part.name)));
    }
    format!("{kind} {}", parts.join(" ")).trim_end().to_owned()
}

/// The state of an emulated TPM lies where the UUID says, and is a clone's own; any other is one
/// device.
fn tpm(tpm: &Element) -> Option<String> {
    let backend = tpm.child("backend")?;
    let kind = backend.get("type").unwrap_or_default();
    if kind == "emulator" && backend.child("source").is_none() {
        return None;
    }
    Some(format!("a TPM of its own ({kind})"))
}

/// What of the source's is still in the clone, if anything.
pub(super) fn left(clone: &Element, source: &Domain) -> Result<Option<String>, DomainError> {
    let new = read::domain(clone)?;
    if new.name == source.name {
        return Ok(Some(format!("the name {}", source.name)));
    }
    let mut own = vec![("the UUID", source.uuid.to_string())];
    own.extend(source.macs.iter().map(|mac| ("the address", mac.to_string())));
    own.extend(source.nvram.iter().map(|path| ("the firmware variables", path.to_string())));
    own.extend(source.logs.iter().map(|path| ("the log", path.to_string())));
    own.extend(source.channels.iter().map(|path| ("the channel", path.to_string())));
    let disks = source.disks.iter().filter(|disk| !disk.read_only).filter_map(|disk| disk.source.as_ref());
    own.extend(disks.map(|path| ("the disk", path.to_string())));
    // Everywhere, and not only where it belongs: QEMU's own options can name any of it.
    Ok(own.into_iter().find(|(_, text)| names(clone, text)).map(|(what, text)| format!("{what} {text}")))
}

/// Whether an element says that somewhere; but for what is said to people.
fn names(element: &Element, wanted: &str) -> bool {
    if matches!(element.name.as_str(), "metadata" | "title" | "description") {
        return false;
    }
    element.attributes.iter().any(|(_, value)| holds(value, wanted))
        || element.nodes.iter().any(|node| match node {
            Node::Element(child) => names(child, wanted),
            Node::Text(text) => holds(text, wanted),
            Node::Comment(_) => false,
        })
}

/// Whether the text has it as a whole: `/dev/zvol/tank/web2` does not hold `/dev/zvol/tank/web`.
fn holds(text: &str, wanted: &str) -> bool {
    let text = text.to_lowercase();
    let wanted = wanted.to_lowercase();
    let goes_on = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | ':' | '/');
    text.match_indices(&wanted).any(|(at, _)| {
        let behind = &text[at + wanted.len()..];
        !behind.starts_with(goes_on) && !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '/')
    })
}
