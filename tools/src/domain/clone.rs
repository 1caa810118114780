//! A domain with a new identity: everything of the source stays but what two guests cannot share.

use super::DomainError;
use super::console::Paths;
use super::create::{NAMESPACE, note};
use super::disks::disks;
use super::element::Element;
use super::read::{self, Domain};
use super::shared;
use super::size::resize;
use crate::names::{HostPath, Mac, Size, Uuid, VmName};

/// What is the clone's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloneIdentity {
    /// Its name.
    pub name: VmName,
    /// Its identity.
    pub uuid: Uuid,
    /// Its network cards' addresses: as many as the source has cards, in their order.
    pub macs: Vec<Mac>,
    /// Its disks: the source's device or file, and the clone's.
    pub volumes: Vec<(HostPath, HostPath)>,
    /// Its firmware variables. None leaves their place to libvirt.
    pub nvram: Option<HostPath>,
    /// Its cloud-init seed.
    pub seed: Option<HostPath>,
    /// What its first serial port is logged to, if the source's is. Other logs and sockets are
    /// named after the source's, with the clone's name.
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
    let mut root = Element::parse(xml)?;
    let source = read::domain(&root)?;
    let shares = |what: String| DomainError::Shared { domain: source.name.clone(), what };
    who(&mut root, identity);
    resize(&mut root, &source.name, identity.memory, identity.vcpus)?;
    firmware(&mut root, &source, identity);
    root.each(&mut |element| {
        // Names of one run of QEMU; those with `ua-` are a person's own.
        element.keep(|child| child.name != "alias" || child.get("name").is_some_and(|name| name.starts_with("ua-")));
    });
    let lacks = DomainError::Lacks { domain: source.name.clone(), what: "devices" };
    let devices = root.child_mut("devices").ok_or(lacks)?;
    if let Some(what) = devices.elements().find_map(shared::exclusive) {
        return Err(shares(what));
    }
    disks(devices, &source.name, identity)?;
    cards(devices, &source.name, &identity.macs)?;
    let mut paths = Paths::new(&source.name, &identity.name, &identity.log);
    for device in devices.elements_mut() {
        paths.give(device).map_err(shares)?;
    }
    match shared::left(&root, &source)? {
        Some(what) => Err(shares(what)),
        None => Ok(root.write()),
    }
}

/// Name, UUID and what follows from them.
fn who(root: &mut Element, identity: &CloneIdentity) {
    root.unset("id");
    root.edit("name", |name| name.set_text(&identity.name));
    root.edit("uuid", |uuid| uuid.set_text(identity.uuid));
    if let Some(genid) = root.child_mut("genid") {
        // Empty: libvirt makes a new one.
        genid.set_text("");
    }
    // libvirt refuses an SMBIOS UUID that is not the domain's.
    for system in root.children_mut("sysinfo").flat_map(|info| info.children_mut("system")) {
        for entry in system.children_mut("entry").filter(|entry| entry.get("name") == Some("uuid")) {
            entry.set_text(identity.uuid);
        }
    }
    // What a running domain was labelled with; a label of its own is made for each guest.
    for label in root.children_mut("seclabel").filter(|label| label.get("type") == Some("dynamic")) {
        label.drop_children(&["label", "imagelabel"]);
    }
    root.edit("metadata", |metadata| {
        let ours = metadata.elements().find(|child| child.is_in(NAMESPACE));
        let os = ours.and_then(|ours| ours.elements().find(|part| part.local_name() == "os")).map(Element::text);
        metadata.keep(|child| !child.is_in(NAMESPACE));
        metadata.push(note(&identity.mark, os.as_deref()));
    });
}

/// Its own firmware variables. The template that they are made from stays.
fn firmware(root: &mut Element, source: &Domain, identity: &CloneIdentity) {
    let Some(os) = root.child_mut("os").filter(|_| source.uefi) else { return };
    match &identity.nvram {
        Some(path) => os.edit("nvram", |nvram| {
            // The path as text is the older form of a source that is a file.
            nvram.unset("type");
            nvram.set_text(path);
        }),
        None => {
            for nvram in os.children_mut("nvram") {
                nvram.unset("type");
                nvram.set_text("");
            }
            os.keep(|child| child.name != "nvram" || !child.attributes.is_empty());
        }
    }
}

/// Gives the network cards their own addresses and lets libvirt make their ends on the host.
fn cards(devices: &mut Element, domain: &str, macs: &[Mac]) -> Result<(), DomainError> {
    let cards = devices.children("interface").count();
    if cards != macs.len() {
        return Err(DomainError::Cards { domain: domain.to_owned(), cards, macs: macs.len() });
    }
    for (card, mac) in devices.children_mut("interface").zip(macs) {
        if card.child("mac").is_none() {
            card.insert_behind("mac", Element::new("mac"));
        }
        let network = card.get("type") == Some("network");
        for part in card.elements_mut() {
            match part.name.as_str() {
                "mac" => part.set("address", mac),
                "source" if network => {
                    part.unset("portid");
                    part.unset("bridge");
                }
                // Open vSwitch knows a port by it; libvirt makes one where there is none.
                "virtualport" => {
                    for parameters in part.children_mut("parameters") {
                        parameters.unset("interfaceid");
                    }
                    part.keep(|child| child.name != "parameters" || !child.attributes.is_empty());
                }
                _ => {}
            }
        }
        card.drop_children(&["target"]);
    }
    Ok(())
}
