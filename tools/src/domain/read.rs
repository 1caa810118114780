//! What kai has to know of a domain.

use serde::Serialize;

use super::DomainError;
use super::element::Element;
use crate::names::{DatasetName, HostPath, Mac, Size, Uuid};

/// What a disk is to the guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Device {
    /// A disk that it writes to.
    Disk,
    /// A CD or DVD.
    Cdrom,
    /// A floppy or a LUN.
    Other,
}

/// A disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Disk {
    /// File or block device; none for an empty drive or a network disk.
    pub source: Option<HostPath>,
    /// What it is.
    pub device: Device,
    /// `vda`, `sda`, …
    pub target: String,
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

/// A domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
    /// Whether it boots by UEFI.
    pub uefi: bool,
    /// Its firmware variables.
    pub nvram: Option<HostPath>,
    /// Its disks.
    pub disks: Vec<Disk>,
    /// Its network interfaces' addresses.
    pub macs: Vec<Mac>,
    /// Files that its serial ports are logged to.
    pub logs: Vec<HostPath>,
    /// Sockets and the like that belong to it alone.
    pub channels: Vec<HostPath>,
    /// Whether it has a TPM.
    pub tpm: bool,
}

impl Domain {
    /// The volumes that it writes to.
    #[must_use]
    pub fn volumes(&self) -> Vec<DatasetName> {
        self.disks.iter().filter(|disk| disk.device == Device::Disk).filter_map(Disk::volume).collect()
    }
}

/// Reads a domain from its XML.
///
/// # Errors
/// If it is no XML, or lacks a name, a UUID or memory.
pub fn read(xml: &str) -> Result<Domain, DomainError> {
    let root = Element::parse(xml)?;
    let name = root.child("name").map(|name| name.text.clone()).filter(|name| !name.is_empty());
    let name = name.ok_or(DomainError::Lacks { domain: "(unnamed)".to_owned(), what: "name" })?;
    let lacks = |what| DomainError::Lacks { domain: name.clone(), what };
    let uuid = root.child("uuid").and_then(|uuid| uuid.text.parse().ok()).ok_or_else(|| lacks("UUID"))?;
    let memory = root.child("memory").and_then(memory).ok_or_else(|| lacks("memory size"))?;
    let vcpus =
        root.child("vcpu").map_or(Some(1), |vcpu| vcpu.text.parse().ok()).ok_or_else(|| lacks("number of vCPUs"))?;
    let os = root.child("os");
    let nvram = os.and_then(|os| os.child("nvram"));
    let none = Element::default();
    let devices = root.child("devices").unwrap_or(&none);
    let path = |text: &str| text.parse::<HostPath>().ok();
    let mut logs = Vec::new();
    let mut channels = Vec::new();
    for device in &devices.children {
        match device.name.as_str() {
            "serial" | "console" | "parallel" => {
                logs.extend(device.child("log").and_then(|log| log.get("file")).and_then(path));
                if device.get("type") == Some("file") {
                    logs.extend(device.child("source").and_then(|source| source.get("path")).and_then(path));
                }
            }
            "channel" => channels.extend(device.child("source").and_then(|source| source.get("path")).and_then(path)),
            _ => {}
        }
    }
    logs.dedup();
    Ok(Domain {
        uuid,
        memory,
        vcpus,
        hypervisor: root.get("type").unwrap_or_default().to_owned(),
        uefi: os.is_some_and(|os| os.get("firmware") == Some("efi")) || nvram.is_some(),
        nvram: nvram.and_then(|nvram| path(&nvram.text)),
        disks: devices.children("disk").map(disk).collect(),
        macs: devices
            .children("interface")
            .filter_map(|interface| interface.child("mac")?.get("address")?.to_lowercase().parse().ok())
            .collect(),
        logs,
        channels,
        tpm: devices.child("tpm").is_some(),
        name,
    })
}

pub(super) fn disk(disk: &Element) -> Disk {
    let source = disk.child("source");
    let source = source.and_then(|source| source.get("dev").or_else(|| source.get("file")));
    Disk {
        source: source.and_then(|source| source.parse().ok()),
        device: match disk.get("device") {
            None | Some("disk") => Device::Disk,
            Some("cdrom") => Device::Cdrom,
            Some(_) => Device::Other,
        },
        target: disk.child("target").and_then(|target| target.get("dev")).unwrap_or_default().to_owned(),
        read_only: disk.child("readonly").is_some(),
    }
}

/// libvirt's scaled integers: KiB where no unit is given; `k` and `KB` are decimal.
fn memory(element: &Element) -> Option<Size> {
    let number: u64 = element.text.parse().ok()?;
    let unit = match element.get("unit").unwrap_or("KiB") {
        "b" | "bytes" => 1,
        "KB" => 1000,
        "k" | "KiB" => 1 << 10,
        "MB" => 1_000_000,
        "M" | "MiB" => 1 << 20,
        "GB" => 1_000_000_000,
        "G" | "GiB" => 1 << 30,
        "TB" => 1_000_000_000_000,
        "T" | "TiB" => 1 << 40,
        _ => return None,
    };
    number.checked_mul(unit).map(Size::from_bytes)
}
