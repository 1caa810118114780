//! A new domain: q35, one virtio disk on a volume, one network card, a console on the loopback.
//! UEFI where it has firmware variables.

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
    /// Its memory; libvirt counts it in KiB, and a part of one is rounded up.
    pub memory: Size,
    /// Its processors.
    pub vcpus: u32,
    /// Its disk.
    pub volume: DatasetName,
    /// Its network card's address.
    pub mac: Mac,
    /// The bridge that it is plugged into; libvirt's network `default` if none.
    pub bridge: Option<BridgeName>,
    /// A medium to install from: it boots while the disk is empty.
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
    let (kind, cpu) = match new.hypervisor {
        Hypervisor::Kvm => ("kvm", element("cpu").with("mode", "host-passthrough").with("migratable", "on")),
        // The emulator's own default lacks what systems of today are compiled for (x86-64-v2).
        Hypervisor::Qemu => ("qemu", element("cpu").with("mode", "maximum")),
    };
    let mut os = element("os").and(element("type").with("arch", "x86_64").with("machine", "q35").holding("hvm"));
    if let Some(nvram) = &new.nvram {
        os.set("firmware", "efi");
        os.push(element("nvram").holding(nvram));
    }
    let timer = |name: &str, attribute: &str, value: &str| element("timer").with("name", name).with(attribute, value);
    let clock = element("clock")
        .with("offset", "utc")
        .and(timer("rtc", "tickpolicy", "catchup"))
        .and(timer("pit", "tickpolicy", "delay"))
        .and(timer("hpet", "present", "no"));
    // A guest that sleeps holds its disk and answers nobody.
    let pm = element("pm")
        .and(element("suspend-to-mem").with("enabled", "no"))
        .and(element("suspend-to-disk").with("enabled", "no"));
    element("domain")
        .with("type", kind)
        .and(element("name").holding(&new.name))
        .and(element("uuid").holding(new.uuid))
        .and(element("metadata").and(note(&new.mark, new.os_variant.as_ref().map(ToString::to_string).as_deref())))
        .and(element("memory").with("unit", "KiB").holding(new.memory.kib()))
        .and(element("vcpu").holding(new.vcpus))
        .and(os)
        .and(element("features").and(element("acpi")).and(element("apic")))
        .and(cpu)
        .and(clock)
        .and(element("on_poweroff").holding("destroy"))
        .and(element("on_reboot").holding("restart"))
        // `preserve` would keep memory and the open volume for a guest that is gone, and no
        // rollback could happen; `restart` would hide the crash. What it last said is in the log.
        .and(element("on_crash").holding("destroy"))
        .and(pm)
        .and(devices(new))
        .write()
}

fn devices(new: &NewDomain) -> Element {
    let element = Element::new;
    let model = |name: &str, model: &str| element(name).with("model", model);
    let disk = element("disk")
        .with("type", "block")
        .with("device", "disk")
        .and(
            element("driver")
                .with("name", "qemu")
                .with("type", "raw")
                // The ARC caches already; and `native` needs a disk opened without the page cache.
                .with("cache", "none")
                .with("io", "native")
                .with("discard", "unmap"),
        )
        .and(element("source").with("dev", HostPath::of_volume(&new.volume)))
        .and(element("target").with("dev", "vda").with("bus", "virtio"))
        .and(element("boot").with("order", 1));
    let mut devices = element("devices").and(disk);
    if let Some(seed) = &new.seed {
        devices.push(cdrom(seed, "sda"));
    }
    if let Some(iso) = &new.iso {
        // Behind the disk: an empty one does not boot, and an installed one needs the medium no more.
        let drive = if new.seed.is_some() { "sdb" } else { "sda" };
        devices.push(cdrom(iso, drive).and(element("boot").with("order", 2)));
    }
    let (kind, source) = match &new.bridge {
        Some(bridge) => ("bridge", element("source").with("bridge", bridge)),
        None => ("network", element("source").with("network", "default")),
    };
    let card = element("interface")
        .with("type", kind)
        .and(element("mac").with("address", new.mac))
        .and(source)
        .and(element("model").with("type", "virtio"));
    let serial = element("serial")
        .with("type", "pty")
        .and(element("log").with("file", &new.log).with("append", "on"))
        .and(element("target").with("port", 0));
    let agent = element("channel")
        .with("type", "unix")
        .and(element("target").with("type", "virtio").with("name", "org.qemu.guest_agent.0"));
    let screen = element("graphics")
        .with("type", "vnc")
        .with("port", -1)
        .with("autoport", "yes")
        .with("listen", "127.0.0.1")
        .and(element("listen").with("type", "address").with("address", "127.0.0.1"));
    devices
        .and(card)
        .and(serial)
        .and(agent)
        .and(element("controller").with("type", "usb").with("model", "qemu-xhci"))
        .and(element("input").with("type", "tablet").with("bus", "usb"))
        .and(screen)
        .and(element("video").and(element("model").with("type", "virtio")))
        .and(model("memballoon", "virtio"))
        .and(model("rng", "virtio").and(model("backend", "random").holding("/dev/urandom")))
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

/// What kai notes in a domain: the operation that made it and its operating system.
pub(super) fn note(mark: &str, os_variant: Option<&str>) -> Element {
    let mut note = Element::new("kai:vm").with("xmlns:kai", NAMESPACE).and(Element::new("kai:op").holding(mark));
    if let Some(variant) = os_variant {
        note.push(Element::new("kai:os").holding(variant));
    }
    note
}
