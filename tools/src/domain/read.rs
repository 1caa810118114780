//! What kai has to know of a domain.
//!
//! What is there and not understood is an error and never left out: a disk that is overlooked is a
//! disk that is destroyed.

use serde::{Deserialize, Serialize};

use super::DomainError;
use super::console::{Console, console};
use super::create::NAMESPACE;
use super::element::Element;
use crate::names::{DatasetName, HostPath, Mac, Size, Uuid};

/// What a disk is to the guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Device {
    /// A disk.
    Disk,
    /// A disk with the host's SCSI commands.
    Lun,
    /// A CD or DVD.
    Cdrom,
    /// A floppy.
    Floppy,
}

/// Where a disk's data lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DiskKind {
    /// In a block device of the host.
    Block,
    /// In a file of the host.
    File,
    /// On a server.
    Network,
    /// In a libvirt storage pool, a folder, or elsewhere.
    Other,
}

/// A disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// File or block device; none for an empty drive or a disk without a path.
    pub source: Option<HostPath>,
    /// Where its data lies.
    pub kind: DiskKind,
    /// What it is.
    pub device: Device,
    /// `vda`, `sda`, …
    pub target: String,
    /// `virtio`, `sata`, …
    pub bus: Option<String>,
    /// Whether the guest cannot write to it.
    pub read_only: bool,
}

impl Disk {
    /// The volume that it is.
    #[must_use]
    pub fn volume(&self) -> Option<DatasetName> {
        self.source.as_ref().and_then(HostPath::volume)
    }
}

/// A network card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interface {
    /// `network`, `bridge`, `direct`, …
    pub kind: String,
    /// The network, bridge or device that it is plugged into.
    pub source: Option<String>,
    /// Its address.
    pub mac: Option<Mac>,
}

/// A domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Domain {
    /// Its name; libvirt allows more than kai gives.
    pub name: String,
    /// Its identity.
    pub uuid: Uuid,
    /// Its memory.
    pub memory: Size,
    /// The most vCPUs that it can have.
    pub vcpus: u32,
    /// `kvm` or `qemu`.
    pub hypervisor: String,
    /// `q35`, `pc-q35-7.2`, …
    pub machine: Option<String>,
    /// Whether it boots by UEFI.
    pub uefi: bool,
    /// Its firmware variables.
    pub nvram: Option<HostPath>,
    /// Its disks.
    pub disks: Vec<Disk>,
    /// Its network cards.
    pub interfaces: Vec<Interface>,
    /// Its network cards' addresses.
    pub macs: Vec<Mac>,
    /// Files that its serial ports and channels are written to.
    pub logs: Vec<HostPath>,
    /// Sockets, pipes and devices that its ports and channels have to themselves.
    pub channels: Vec<HostPath>,
    /// Whether it has a TPM.
    pub tpm: bool,
    /// How many devices of the host are passed through to it.
    pub hostdevs: usize,
    /// Its operating system: as kai noted it, else libosinfo's identifier, a URL.
    pub os_variant: Option<String>,
}

impl Domain {
    /// The volumes that it writes to.
    #[must_use]
    pub fn volumes(&self) -> Vec<DatasetName> {
        let disk = |disk: &&Disk| matches!(disk.device, Device::Disk | Device::Lun);
        self.disks.iter().filter(disk).filter_map(Disk::volume).collect()
    }
}

/// Reads a domain from its XML, as `virsh dumpxml` gives it.
///
/// # Errors
/// If it is no XML of a domain, lacks a name, UUID or memory, or has a value that is not understood.
pub fn read(xml: &str) -> Result<Domain, DomainError> {
    domain(&Element::parse(xml)?)
}

/// Reads a domain from its tree.
pub(super) fn domain(root: &Element) -> Result<Domain, DomainError> {
    if root.name != "domain" {
        return Err(DomainError::Kind { root: root.name.clone() });
    }
    let name = root.child("name").map(Element::text).filter(|name| !name.trim().is_empty());
    let name = name.ok_or(DomainError::Lacks { domain: "(unnamed)".to_owned(), what: "name" })?;
    let values = Values { domain: &name };
    let uuid = root.child("uuid").ok_or_else(|| values.lacks("UUID"))?;
    let memory = root.child("memory").ok_or_else(|| values.lacks("memory size"))?;
    let os = root.child("os");
    let none = Element::default();
    let devices = root.child("devices").unwrap_or(&none);
    let nvram = match os.and_then(|os| os.child("nvram")) {
        Some(nvram) => nvram_path(nvram).map(|path| values.path("firmware variables", &path)).transpose()?,
        None => None,
    };
    let interfaces: Vec<Interface> =
        devices.children("interface").map(|card| values.interface(card)).collect::<Result<_, _>>()?;
    let mut logs = Vec::new();
    let mut channels = Vec::new();
    for device in devices.elements() {
        for Console { path, log } in console(device) {
            let found = values.path("the path", path)?;
            let list = if log { &mut logs } else { &mut channels };
            // The first serial port stands there twice: as such, and as the console.
            if !list.contains(&found) {
                list.push(found);
            }
        }
    }
    let loader = os.and_then(|os| os.child("loader"));
    Ok(Domain {
        uuid: values.parse("the UUID", uuid.text().trim())?,
        memory: memory_size(memory).ok_or_else(|| values.value("a memory size of", &memory.text()))?,
        vcpus: match root.child("vcpu") {
            Some(vcpu) => values.parse("a number of vCPUs of", vcpu.text().trim())?,
            None => 1,
        },
        hypervisor: root.get("type").unwrap_or_default().to_owned(),
        machine: os.and_then(|os| os.of_child("type", "machine")).map(str::to_owned),
        uefi: os.is_some_and(|os| os.get("firmware") == Some("efi") || os.child("nvram").is_some())
            || loader.is_some_and(|loader| loader.get("type") == Some("pflash")),
        nvram,
        disks: devices.children("disk").map(|disk| values.disk(disk)).collect::<Result<_, _>>()?,
        macs: interfaces.iter().filter_map(|interface| interface.mac).collect(),
        interfaces,
        logs,
        channels,
        tpm: devices.child("tpm").is_some(),
        hostdevs: devices.children("hostdev").count(),
        os_variant: os_variant(root),
        name,
    })
}

/// Its text, or since libvirt 8.5 a source.
fn nvram_path(nvram: &Element) -> Option<String> {
    let source = nvram.child("source").and_then(|source| source.get("file").or_else(|| source.get("dev")));
    let text = nvram.text().trim().to_owned();
    source.map(str::to_owned).or(Some(text)).filter(|path| !path.is_empty())
}

fn os_variant(root: &Element) -> Option<String> {
    let metadata = root.child("metadata")?;
    let ours = metadata.elements().find(|note| note.is_in(NAMESPACE));
    let ours = ours.and_then(|note| note.elements().find(|part| part.local_name() == "os"));
    if let Some(os) = ours.map(Element::text).filter(|os| !os.is_empty()) {
        return Some(os);
    }
    let theirs = metadata.elements().find(|note| note.local_name() == "libosinfo")?;
    let os = theirs.elements().find(|part| part.local_name() == "os")?;
    os.get("id").map(str::to_owned)
}

/// libvirt's scaled integers (`virScaleInteger`): KiB where no unit is given, `G` and `GiB` are
/// binary, `GB` is decimal; case does not matter.
fn memory_size(element: &Element) -> Option<Size> {
    let number: u64 = element.text().trim().parse().ok()?;
    let unit = element.get("unit").unwrap_or("KiB").to_ascii_lowercase();
    if matches!(unit.as_str(), "b" | "byte" | "bytes") {
        return Some(Size::from_bytes(number));
    }
    let mut letters = unit.chars();
    let power = u32::try_from("kmgtpe".find(letters.next()?)?).ok()? + 1;
    let base: u64 = match letters.as_str() {
        "" | "ib" => 1024,
        "b" => 1000,
        _ => return None,
    };
    number.checked_mul(base.checked_pow(power)?).map(Size::from_bytes)
}

/// A disk of a domain of that name.
pub(super) fn disk(domain: &str, element: &Element) -> Result<Disk, DomainError> {
    Values { domain }.disk(element)
}

/// Reads values of one domain, which its errors name.
struct Values<'a> {
    domain: &'a str,
}

impl Values<'_> {
    fn lacks(&self, what: &'static str) -> DomainError {
        DomainError::Lacks { domain: self.domain.to_owned(), what }
    }

    fn value(&self, what: &'static str, text: &str) -> DomainError {
        DomainError::Value { domain: self.domain.to_owned(), what, text: text.chars().take(200).collect() }
    }

    fn parse<T: std::str::FromStr>(&self, what: &'static str, text: &str) -> Result<T, DomainError> {
        text.parse().map_err(|_| self.value(what, text))
    }

    /// Slashes that stand twice count once, so that a path has one way to be written.
    fn path(&self, what: &'static str, text: &str) -> Result<HostPath, DomainError> {
        let mut path = text.to_owned();
        while path.contains("//") {
            path = path.replace("//", "/");
        }
        self.parse(what, &path)
    }

    fn interface(&self, card: &Element) -> Result<Interface, DomainError> {
        let source = card.child("source");
        let source = source.and_then(|source| ["network", "bridge", "dev"].iter().find_map(|name| source.get(name)));
        Ok(Interface {
            kind: card.get("type").unwrap_or_default().to_owned(),
            source: source.map(str::to_owned),
            mac: card.of_child("mac", "address").map(|mac| self.parse("the MAC address", mac)).transpose()?,
        })
    }

    fn disk(&self, disk: &Element) -> Result<Disk, DomainError> {
        let source = disk.child("source");
        let path = source.and_then(|source| ["dev", "file", "dir"].iter().find_map(|name| source.get(name)));
        Ok(Disk {
            source: path.map(|path| self.path("the disk", path)).transpose()?,
            kind: match disk.get("type") {
                None | Some("file") => DiskKind::File,
                Some("block") => DiskKind::Block,
                Some("network") => DiskKind::Network,
                Some(_) => DiskKind::Other,
            },
            device: match disk.get("device") {
                None | Some("disk") => Device::Disk,
                Some("lun") => Device::Lun,
                Some("cdrom") => Device::Cdrom,
                Some("floppy") => Device::Floppy,
                Some(other) => return Err(self.value("a disk of the kind", other)),
            },
            target: disk.of_child("target", "dev").unwrap_or_default().to_owned(),
            bus: disk.of_child("target", "bus").map(str::to_owned),
            read_only: disk.child("readonly").is_some(),
        })
    }
}
