//! Domains that are created and read.

use kai_tools::domain::{Device, Disk, DiskKind, Domain, DomainError, Hypervisor, NewDomain, create, read, resized};
use kai_tools::names::{Mac, Size, Uuid};
use proptest::prelude::*;

pub(crate) fn parsed<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

prop_compose! {
    pub(crate) fn new_domain()(
        name in "[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?",
        seed in any::<u64>(),
        kib in 1_u64..1 << 40,
        vcpus in 1_u32..512,
        volume in "[a-l][a-z0-9_.:]{0,8}(/[A-Za-z0-9_.:][A-Za-z0-9_.: -]{0,8}[a-z0-9]){1,3}",
        bridge in proptest::option::of("[a-z][a-z0-9_.-]{0,14}"),
        iso in proptest::option::of("/[ -.0-~\u{e4}\u{1f600}]{1,12}\\.iso"),
        seeded in any::<bool>(),
        uefi in any::<bool>(),
        os_variant in proptest::option::of("[a-z][a-z0-9.-]{0,12}"),
        kvm in any::<bool>(),
        mark in "[0-9a-f]{1,16}",
    ) -> NewDomain {
        NewDomain {
            uuid: Uuid::derived(&[&name, &seed.to_string()]),
            memory: Size::from_bytes(kib << 10),
            vcpus,
            volume: parsed(&volume),
            mac: Mac::derived(&[&name, &seed.to_string()]),
            bridge: bridge.as_deref().map(parsed),
            iso: iso.as_deref().map(parsed),
            seed: seeded.then(|| parsed(&format!("/var/lib/libvirt/images/kai-seed-{name}.iso"))),
            nvram: uefi.then(|| parsed(&format!("/var/lib/libvirt/qemu/nvram/{name}_VARS.fd"))),
            os_variant: os_variant.as_deref().map(parsed),
            hypervisor: if kvm { Hypervisor::Kvm } else { Hypervisor::Qemu },
            log: parsed(&format!("/var/log/libvirt/qemu/{name}-console.log")),
            mark,
            name: parsed(&name),
        }
    }
}

proptest! {
    #[test]
    fn what_is_created_reads_as_it_was_asked_for(new in new_domain()) {
        let found = read(&create(&new)).unwrap();
        prop_assert_eq!(&found.name, new.name.as_str());
        prop_assert_eq!(found.uuid, new.uuid);
        prop_assert_eq!(found.memory, new.memory);
        prop_assert_eq!(found.vcpus, new.vcpus);
        prop_assert_eq!(found.volumes(), vec![new.volume.clone()]);
        prop_assert_eq!(&found.macs, &vec![new.mac]);
        prop_assert_eq!(&found.interfaces[0].source, &Some(new.bridge.as_ref().map_or("default".to_owned(), ToString::to_string)));
        prop_assert_eq!(&found.nvram, &new.nvram);
        prop_assert_eq!(found.uefi, new.nvram.is_some());
        prop_assert_eq!(&found.logs, &vec![new.log.clone()]);
        prop_assert_eq!(&found.os_variant, &new.os_variant.as_ref().map(ToString::to_string));
        prop_assert_eq!(found.hypervisor.as_str(), match new.hypervisor { Hypervisor::Kvm => "kvm", Hypervisor::Qemu => "qemu" });
        let media: Vec<_> = found.disks.iter().filter(|disk| disk.device == Device::Cdrom).map(|disk| disk.source.clone().unwrap()).collect();
        prop_assert_eq!(media, new.seed.iter().chain(&new.iso).cloned().collect::<Vec<_>>());
        let mut targets: Vec<_> = found.disks.iter().map(|disk| &disk.target).collect();
        targets.dedup();
        prop_assert_eq!(targets.len(), found.disks.len());
        prop_assert!(found.channels.is_empty() && !found.tpm && found.hostdevs == 0);
        let json = serde_json::to_string(&found).unwrap();
        prop_assert_eq!(serde_json::from_str::<Domain>(&json).unwrap(), found);
    }

    #[test]
    fn reading_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn reading_what_looks_like_a_domain_never_panics(
        parts in proptest::collection::vec(prop_oneof![
            "<(domain|name|uuid|memory|vcpu|os|nvram|devices|disk|source|serial|log|channel|interface|mac|metadata)( (type|unit|file|path|dev|address|device|xmlns:kai)='[ -%(-;=?-~\u{e9}]{0,12}')?/?>",
            "</(domain|name|uuid|memory|devices|disk)>",
            "[ -~\n\u{e9}]{0,12}",
        ], 0..30),
    ) {
        let text = parts.concat();
        let _ = read(&text);
        let _ = read(&format!("<domain><name>a</name><uuid>{}</uuid><memory>1</memory>{text}</domain>", Uuid::derived(&["a"])));
    }

    #[test]
    fn a_broken_domain_is_read_or_refused(new in new_domain(), cut in any::<prop::sample::Index>(), put in "[<>&'/a ]") {
        let mut xml = create(&new);
        let mut at = cut.index(xml.len());
        while !xml.is_char_boundary(at) { at -= 1; }
        let _ = read(&xml[..at]);
        xml.insert_str(at, &put);
        let _ = read(&xml);
    }
}

/// A domain with that in it.
fn with(head: &str, devices: &str) -> Result<Domain, DomainError> {
    let uuid = Uuid::derived(&["t"]);
    read(&format!("<domain type='kvm'><name>t</name><uuid>{uuid}</uuid>{head}<devices>{devices}</devices></domain>"))
}

#[test]
fn memory_is_read_in_every_unit_of_libvirt() {
    for (element, bytes) in [
        ("<memory>4</memory>", Some(4 << 10)),
        ("<memory unit='b'>4</memory>", Some(4)),
        ("<memory unit='bytes'>4</memory>", Some(4)),
        ("<memory unit='KB'>4</memory>", Some(4000)),
        ("<memory unit='k'>4</memory>", Some(4 << 10)),
        ("<memory unit='MiB'> 4\n</memory>", Some(4 << 20)),
        ("<memory unit='m'>4</memory>", Some(4 << 20)),
        ("<memory unit='GB'>4</memory>", Some(4_000_000_000)),
        ("<memory unit='G'>4</memory>", Some(4 << 30)),
        ("<memory unit='TiB'>4</memory>", Some(4 << 40)),
        ("<memory unit='E'>4</memory>", Some(4 << 60)),
        ("<memory unit='E'>16</memory>", None),
        ("<memory unit='furlong'>4</memory>", None),
        ("<memory unit=''>4</memory>", None),
        ("<memory>-4</memory>", None),
        ("<memory/>", None),
    ] {
        assert_eq!(with(element, "").ok().map(|domain| domain.memory.bytes()), bytes, "{element}");
    }
}

#[test]
fn disks_are_what_they_are() {
    let domain = with(
        "<memory>1</memory>",
        "<disk type='block' device='disk'><source dev='/dev/zvol//tank/my+vm'/><target dev='vda' bus='virtio'/></disk>\
         <disk type='file'><source file='/i/a.qcow2'/><target dev='vdb'/></disk>\
         <disk type='network' device='disk'><source protocol='rbd' name='p/i'/><target dev='vdc'/></disk>\
         <disk type='volume' device='lun'><source pool='p' volume='v'/><target dev='sdb'/></disk>\
         <disk type='file' device='cdrom'><target dev='sda' bus='sata'/><readonly/></disk>",
    )
    .unwrap();
    assert_eq!(domain.volumes(), vec![parsed("tank/my vm")]);
    let disk = |source: Option<&str>, kind, device, target: &str, bus: Option<&str>, read_only| Disk {
        source: source.map(parsed),
        kind,
        device,
        target: target.to_owned(),
        bus: bus.map(str::to_owned),
        read_only,
    };
    assert_eq!(
        domain.disks,
        vec![
            disk(Some("/dev/zvol/tank/my+vm"), DiskKind::Block, Device::Disk, "vda", Some("virtio"), false),
            disk(Some("/i/a.qcow2"), DiskKind::File, Device::Disk, "vdb", None, false),
            disk(None, DiskKind::Network, Device::Disk, "vdc", None, false),
            disk(None, DiskKind::Other, Device::Lun, "sdb", None, false),
            disk(None, DiskKind::File, Device::Cdrom, "sda", Some("sata"), true),
        ]
    );
}

#[test]
fn what_is_not_understood_is_never_left_out() {
    for (devices, says) in [
        ("<disk><source file='../a'/></disk>", "the disk"),
        ("<disk device='tape'/>", "tape"),
        ("<interface><mac address='nonsense'/></interface>", "nonsense"),
        ("<serial type='pty'><log file='a.log'/></serial>", "a.log"),
        ("<channel type='unix'><source path='a'/></channel>", "the path"),
    ] {
        let error = with("<memory>1</memory>", devices).unwrap_err().to_string();
        assert!(error.contains("domain t") && error.contains(says), "{error}");
    }
    assert!(matches!(read("<network/>"), Err(DomainError::Kind { root }) if root == "network"));
    assert!(matches!(with("", ""), Err(DomainError::Lacks { what: "memory size", .. })));
    assert!(matches!(with("<memory>1</memory><vcpu>many</vcpu>", ""), Err(DomainError::Value { .. })));
    assert!(matches!(
        read("<domain><name>t</name><memory>1</memory></domain>"),
        Err(DomainError::Lacks { what: "UUID", .. })
    ));
}

#[test]
fn another_size_leaves_no_trace_of_the_old_one() {
    let uuid = Uuid::derived(&["t"]);
    let domain = |cpu: &str| {
        format!(
            "<domain><name>t</name><uuid>{uuid}</uuid><memory unit='GiB'>2</memory><currentMemory unit='GiB'>2</currentMemory>\
             <vcpu current='1'>4</vcpu><vcpus><vcpu id='0' enabled='yes'/></vcpus>\
             <cputune><vcpupin vcpu='0' cpuset='1'/><vcpupin vcpu='3' cpuset='2'/></cputune><cpu>{cpu}</cpu></domain>"
        )
    };
    let new =
        resized(&domain("<topology sockets='1' cores='4' threads='1'/>"), Some(Size::from_mib(512)), Some(2)).unwrap();
    assert_eq!((read(&new).unwrap().memory, read(&new).unwrap().vcpus), (Size::from_mib(512), 2));
    for gone in ["topology", "GiB", "<vcpus>", "current=", "vcpu='3'"] {
        assert!(!new.contains(gone), "{gone} in {new}");
    }
    assert!(new.contains("vcpupin vcpu='0'"));
    let numa = domain("<numa><cell id='0' cpus='0-3' memory='2' unit='GiB'/></numa>");
    assert!(matches!(resized(&numa, None, Some(2)), Err(DomainError::Fixed { .. })));
    assert!(resized(&numa, None, None).is_ok());
}
