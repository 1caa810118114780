//! A domain with a new identity: everything of the source stays but what two guests cannot share.

use super::DomainError;
use super::create::{NAMESPACE, cdrom, note};
use super::element::Element;
use super::read::{self, Device};
use crate::names::{HostPath, Mac, Size, Uuid, VmName};

/// What is the clone's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloneIdentity {
    /// Its name.
    pub name: VmName,
    /// Its identity.
    pub uuid: Uuid,
    /// Its network cards' addresses, in the order of the source's cards.
    pub macs: Vec<Mac>,
    /// Its disks: the source's device and the clone's.
    pub volumes: Vec<(HostPath, HostPath)>,
    /// Its firmware variables, if the source has any.
    pub nvram: Option<HostPath>,
    /// Its cloud-init seed.
    pub seed: Option<HostPath>,
    /// What its first serial port is logged to.
    pub log: HostPath,
    /// Another size of memory.
    pub memory: Option<Size>,
    /// Another number of processors.
    pub vcpus: Option<u32>,
    /// The operation that makes it.
    pub mark: String,
}

/// The clone's XML, from the source's.
///
/// # Errors
/// If the source is not understood, or has something that two guests cannot share.
pub fn clone(xml: &str, identity: &CloneIdentity) -> Result<String, DomainError> {
    let source = read::read(xml)?;
    let mut root = Element::parse(xml)?;
    let shared = |what: String| DomainError::Shared { domain: source.name.clone(), what };
    root.unset("id");
    replace(&mut root, "name", &identity.name);
    replace(&mut root, "uuid", identity.uuid);
    // Made anew by libvirt, or of the source's life only.
    root.children.retain(|child| !matches!(child.name.as_str(), "seclabel" | "genid" | "title"));
    resize(&mut root, identity.memory, identity.vcpus);
    if let Some(metadata) = root.child_mut("metadata") {
        metadata.children.retain(|child| child.get("xmlns:kai") != Some(NAMESPACE));
        metadata.children.push(note(&identity.mark, None));
    } else {
        root.children.push(Element::new("metadata").and(note(&identity.mark, None)));
    }
    if let Some(os) = root.child_mut("os") {
        match (&identity.nvram, os.child_mut("nvram")) {
            (Some(path), Some(nvram)) => nvram.text = path.to_string(),
            (Some(path), None) => os.children.push(Element::new("nvram").holding(path)),
            (None, _) => os.children.retain(|child| child.name != "nvram"),
        }
    }
    root.each(&mut |element| element.children.retain(|child| child.name != "alias"));
    let devices =
        root.child_mut("devices").ok_or(DomainError::Lacks { domain: source.name.clone(), what: "device" })?;
    if devices.child("hostdev").is_some() {
        return Err(shared("a device of the host that is passed through".to_owned()));
    }
    disks(devices, identity).map_err(shared)?;
    let mut macs = identity.macs.iter();
    for interface in devices.children_mut("interface") {
        let mac = macs.next().ok_or_else(|| shared("a network card without a new address".to_owned()))?;
        match interface.child_mut("mac") {
            Some(element) => element.set("address", mac),
            None => interface.children.insert(0, Element::new("mac").with("address", mac)),
        }
        interface.children.retain(|child| child.name != "target");
    }
    consoles(devices, identity);
    Ok(root.write())
}

/// The same domain with another size.
///
/// # Errors
/// If it is not understood.
pub fn resized(xml: &str, memory: Option<Size>, vcpus: Option<u32>) -> Result<String, DomainError> {
    let mut root = Element::parse(xml)?;
    resize(&mut root, memory, vcpus);
    Ok(root.write())
}

fn resize(root: &mut Element, memory: Option<Size>, vcpus: Option<u32>) {
    if let Some(memory) = memory {
        for name in ["memory", "currentMemory"] {
            if let Some(element) = root.child_mut(name) {
                element.set("unit", "KiB");
                element.text = memory.kib().to_string();
            }
        }
    }
    if let Some(vcpus) = vcpus {
        if let Some(vcpu) = root.child_mut("vcpu") {
            vcpu.unset("current");
            vcpu.text = vcpus.to_string();
        }
        if let Some(cpu) = root.child_mut("cpu") {
            cpu.children.retain(|child| child.name != "topology");
        }
    }
}

fn replace(root: &mut Element, name: &str, text: impl ToString) {
    match root.child_mut(name) {
        Some(element) => element.text = text.to_string(),
        None => root.children.insert(0, Element::new(name).holding(text)),
    }
}

/// Gives every writable disk its new device; media go, but for the clone's own seed.
fn disks(devices: &mut Element, identity: &CloneIdentity) -> Result<(), String> {
    devices.children.retain(|child| child.name != "disk" || read::disk(child).device != Device::Cdrom);
    let mut targets = Vec::new();
    for disk in devices.children_mut("disk") {
        let seen = read::disk(disk);
        targets.push(seen.target.clone());
        let new = identity.volumes.iter().find(|(old, _)| Some(old) == seen.source.as_ref()).map(|(_, new)| new);
        match new {
            Some(new) => {
                if let Some(source) = disk.child_mut("source") {
                    *source = Element::new("source").with("dev", new);
                }
                disk.set("type", "block");
                disk.children.retain(|child| !matches!(child.name.as_str(), "backingStore" | "mirror"));
            }
            None if seen.read_only => {}
            None => {
                return Err(format!(
                    "disk {} ({})",
                    seen.target,
                    seen.source.map_or_else(String::new, |s| s.to_string())
                ));
            }
        }
    }
    if let Some(seed) = &identity.seed {
        let free = ('a'..='z').map(|letter| format!("sd{letter}")).find(|name| !targets.contains(name));
        let last = devices.children.iter().rposition(|child| child.name == "disk").map_or(0, |at| at + 1);
        devices.children.insert(last, cdrom(seed, &free.unwrap_or_else(|| "sda".to_owned())));
    }
    Ok(())
}

/// Logs, sockets and ports that only one guest can have.
fn consoles(devices: &mut Element, identity: &CloneIdentity) {
    let mut first = true;
    for port in &mut devices.children {
        match port.name.as_str() {
            "serial" | "console" | "parallel" => {
                if port.get("type") != Some("pty") {
                    port.set("type", "pty");
                    port.children.retain(|child| !matches!(child.name.as_str(), "source" | "protocol"));
                }
                port.children.retain(|child| child.name != "source");
                port.unset("tty");
                let logged = port.child("log").is_some();
                port.children.retain(|child| child.name != "log");
                if logged && first {
                    port.children.push(Element::new("log").with("file", &identity.log).with("append", "on"));
                    first = false;
                }
            }
            // libvirt makes the socket's path from the new name.
            "channel" => port.children.retain(|child| child.name != "source" || child.get("path").is_none()),
            "graphics" => {
                if port.get("port").is_some() {
                    port.set("port", "-1");
                    port.set("autoport", "yes");
                }
                port.unset("tlsPort");
                port.unset("websocket");
            }
            _ => {}
        }
    }
}
