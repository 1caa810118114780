//! A new domain: q35 with UEFI, one virtio disk on a volume, one network card, a console on the
//! loopback.

use super::element::Element;
use crate::names::{BridgeName, DatasetName, HostPath, Mac, OsVariant, Size, Uuid, VmName};

/// What runs the guest's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hypervisor {
    /// The processor's virtualisation.
    Kvm,
    /// QEMU's emulation: slow, and everywhere.
    Qemu,
}

/// A domain to be defined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDomain {
    /// Its name.
    pub name: VmName,
    /// Its identity.
    pub uuid: Uuid,
    /// Its memory.
    pub memory: Size,
    /// Its processors.
    pub vcpus: u32,
    /// Its disk.
    pub volume: DatasetName,
    /// Its network card's address.
    pub mac: Mac,
    /// The bridge that it is plugged into; libvirt's network `default` if none.
    pub bridge: Option<BridgeName>,
    /// A medium to install from: it boots first while the disk is empty.
    pub iso: Option<HostPath>,
    /// A cloud-init seed.
    pub seed: Option<HostPath>,
    /// Its firmware variables; none for BIOS.
    pub nvram: Option<HostPath>,
    /// Its operating system, as libosinfo names it.
    pub os_variant: Option<OsVariant>,
    /// What runs it.
    pub hypervisor: Hypervisor,
    /// What its first serial port is logged to.
    pub log: HostPath,
    /// The operation that made it.
    pub mark: String,
}

/// The namespace of what kai notes in a domain's metadata.
pub(super) const NAMESPACE: &str = "urn:kai:vm:1";

/// The domain's XML.
#[must_use]
pub fn create(new: &NewDomain) -> String {
    let element = Element::new;
    let kind = match new.hypervisor {
        Hypervisor::Kvm => "kvm",
        Hypervisor::Qemu => "qemu",
    };
    let mut os = element("os").and(element("type").with("arch", "x86_64").with("machine", "q35").holding("hvm"));
    if let Some(nvram) = &new.nvram {
        os.set("firmware", "efi");
        os.children.push(element("nvram").holding(nvram));
    }
    let mut domain = element("domain").with("type", kind);
    domain.children.extend([
        element("name").holding(&new.name),
        element("uuid").holding(new.uuid),
        element("metadata").and(note(&new.mark, new.os_variant.as_ref())),
        element("memory").with("unit", "KiB").holding(new.memory.kib()),
        element("vcpu").holding(new.vcpus),
        os,
        element("features").and(element("acpi")).and(element("apic")),
    ]);
    if new.hypervisor == Hypervisor::Kvm {
        domain.children.push(element("cpu").with("mode", "host-passthrough").with("migratable", "on"));
    }
    let rtc = element("timer").with("name", "rtc").with("tickpolicy", "catchup");
    let pit = element("timer").with("name", "pit").with("tickpolicy", "delay");
    let hpet = element("timer").with("name", "hpet").with("present", "no");
    domain.children.extend([
        element("clock").with("offset", "utc").and(rtc).and(pit).and(hpet),
        element("on_poweroff").holding("destroy"),
        element("on_reboot").holding("restart"),
        // A crashed guest stays down, so that what it left can be looked at.
        element("on_crash").holding("destroy"),
        devices(new),
    ]);
    domain.write()
}

fn devices(new: &NewDomain) -> Element {
    let element = Element::new;
    let mut devices = element("devices");
    let driver = element("driver")
        .with("name", "qemu")
        .with("type", "raw")
        .with("cache", "none")
        .with("io", "native")
        .with("discard", "unmap");
    devices.children.push(
        element("disk")
            .with("type", "block")
            .with("device", "disk")
            .and(driver)
            .and(element("source").with("dev", HostPath::of_volume(&new.volume)))
            .and(element("target").with("dev", "vda").with("bus", "virtio"))
            .and(element("boot").with("order", 1)),
    );
    let mut drives = 'a'..;
    let mut next = || format!("sd{}", drives.next().unwrap_or('z'));
    if let Some(seed) = &new.seed {
        devices.children.push(cdrom(seed, &next()));
    }
    if let Some(iso) = &new.iso {
        devices.children.push(cdrom(iso, &next()).and(element("boot").with("order", 2)));
    }
    let (kind, source) = match &new.bridge {
        Some(bridge) => ("bridge", element("source").with("bridge", bridge)),
        None => ("network", element("source").with("network", "default")),
    };
    let log = element("log").with("file", &new.log).with("append", "on");
    let agent = element("target").with("type", "virtio").with("name", "org.qemu.guest_agent.0");
    devices.children.extend([
        element("interface")
            .with("type", kind)
            .and(element("mac").with("address", new.mac))
            .and(source)
            .and(element("model").with("type", "virtio")),
        element("serial").with("type", "pty").and(log).and(element("target").with("port", 0)),
        element("channel").with("type", "unix").and(agent),
        element("input").with("type", "tablet").with("bus", "usb"),
        element("graphics").with("type", "vnc").with("port", "-1").with("autoport", "yes").with("listen", "127.0.0.1"),
        element("video").and(element("model").with("type", "virtio")),
        element("memballoon").with("model", "virtio"),
        element("rng").with("model", "virtio").and(element("backend").with("model", "random").holding("/dev/urandom")),
    ]);
    devices
}

/// A read-only drive on SATA: q35 has no IDE, and on SCSI libvirt adds controllers that guests do
/// not find.
pub(super) fn cdrom(file: &HostPath, target: &str) -> Element {
    let element = Element::new;
    element("disk")
        .with("type", "file")
        .with("device", "cdrom")
        .and(element("driver").with("name", "qemu").with("type", "raw"))
        .and(element("source").with("file", file))
        .and(element("target").with("dev", target).with("bus", "sata"))
        .and(element("readonly"))
}

/// What kai notes in a domain.
pub(super) fn note(mark: &str, os_variant: Option<&OsVariant>) -> Element {
    let mut note = Element::new("kai:vm").with("xmlns:kai", NAMESPACE).and(Element::new("kai:op").holding(mark));
    if let Some(variant) = os_variant {
        note.children.push(Element::new("kai:os").holding(variant));
    }
    note
}
