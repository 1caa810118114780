//! Clones of domains.

use kai_tools::domain::{CloneIdentity, Device, Domain, DomainError, clone, create, read};
use kai_tools::names::{HostPath, Mac, Size, Uuid};
use proptest::prelude::*;

use crate::domain::{new_domain, parsed};

/// A clone's identity for that source.
fn identity(source: &Domain, name: &str) -> CloneIdentity {
    let disks = source.disks.iter().filter(|disk| disk.device != Device::Cdrom && !disk.read_only);
    let moved = |path: &HostPath| (path.clone(), parsed(&format!("{path}-of-{name}")));
    CloneIdentity {
        name: parsed(name),
        uuid: Uuid::derived(&["clone", name]),
        macs: (0..source.interfaces.len()).map(|at| Mac::derived(&["clone", name, &at.to_string()])).collect(),
        volumes: disks.filter_map(|disk| disk.source.as_ref()).map(moved).collect(),
        nvram: source.nvram.as_ref().map(|_| parsed(&format!("/var/lib/libvirt/qemu/nvram/{name}_VARS.fd"))),
        seed: Some(parsed(&format!("/var/lib/libvirt/images/kai-seed-{name}.iso"))),
        log: parsed(&format!("/var/log/libvirt/qemu/{name}-console.log")),
        memory: None,
        vcpus: None,
        mark: "abc".to_owned(),
    }
}

/// Nothing that only one guest can have is in both.
fn apart(a: &Domain, b: &Domain) -> Result<(), TestCaseError> {
    prop_assert_ne!(&a.name, &b.name);
    prop_assert_ne!(a.uuid, b.uuid);
    prop_assert!(a.macs.iter().all(|mac| !b.macs.contains(mac)));
    prop_assert!(a.nvram.is_none() || a.nvram != b.nvram);
    prop_assert!(a.logs.iter().all(|path| !b.logs.contains(path) && !b.channels.contains(path)));
    prop_assert!(a.channels.iter().all(|path| !b.channels.contains(path) && !b.logs.contains(path)));
    let writable = |domain: &Domain| -> Vec<HostPath> {
        domain.disks.iter().filter(|disk| !disk.read_only).filter_map(|disk| disk.source.clone()).collect()
    };
    prop_assert!(writable(a).iter().all(|path| !writable(b).contains(path)));
    Ok(())
}

/// Devices as people and programs write them; `@` is the guest's name, `#` a number.
const DEVICES: [&str; 22] = [
    "<disk type='block' device='disk'><driver name='qemu' type='raw'/><source dev='/dev/zvol/tank/vms/@' index='#'><seclabel model='dac' relabel='no'/></source><backingStore/><target dev='vd#' bus='virtio'/><alias name='virtio-disk#'/></disk>",
    "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/images/@-#.qcow2'/><target dev='vd#' bus='virtio'/></disk>",
    "<disk type='file' device='disk'><source file='/images/tools.img'/><target dev='vd#' bus='virtio'/><readonly/></disk>",
    "<disk type='file' device='cdrom'><source file='/var/lib/libvirt/images/kai-seed-@.iso'/><target dev='sd#' bus='sata'/><readonly/></disk>",
    "<disk type='file' device='cdrom'><target dev='sd#' bus='sata'/><readonly/></disk>",
    "<disk type='file' device='cdrom'><source file='/iso/install.iso' startupPolicy='optional'/><target dev='sd#' bus='sata'/><readonly/></disk>",
    "<disk type='network' device='disk'><source protocol='rbd' name='pool/@'/><target dev='vd#' bus='virtio'/></disk>",
    "<interface type='network'><mac address='52:54:00:AA:00:#'/><source network='default' portid='x' bridge='virbr0'/><target dev='vnet#'/><model type='virtio'/></interface>",
    "<interface type='bridge'><mac address='52:54:00:bb:00:#'/><source bridge='br0'/><virtualport type='openvswitch'><parameters interfaceid='09b11c53-8b5c-4eeb-8f00-d84eaa0aaa#'/></virtualport></interface>",
    "<serial type='pty'><source path='/dev/pts/3'/><log file='/var/log/@-console.log' append='on'/><target port='0'/></serial>",
    "<console type='pty' tty='/dev/pts/3'><source path='/dev/pts/3'/><log file='/var/log/@-console.log' append='on'/><target type='serial' port='0'/></console>",
    "<serial type='file'><source path='/var/log/serial-#.log'/></serial>",
    "<serial type='unix'><source mode='bind' path='/run/@.sock'/></serial>",
    "<parallel type='dev'><source path='/dev/parport0'/></parallel>",
    "<channel type='unix'><source mode='bind' path='/run/libvirt/qemu/channel/4-@/org.qemu.guest_agent.0'/><target type='virtio' name='org.qemu.guest_agent.0' state='connected'/></channel>",
    "<channel type='unix'><source mode='bind' path='/srv/@/agent'/><target type='virtio' name='a.#'/></channel>",
    "<channel type='spicevmc'><target type='virtio' name='com.redhat.spice.0'/></channel>",
    "<graphics type='vnc' port='59#' autoport='no' listen='0.0.0.0'/>",
    "<graphics type='vnc' socket='/run/@-vnc.sock'><listen type='socket' socket='/run/@-vnc.sock'/></graphics>",
    "<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>",
    "<hostdev mode='subsystem' type='pci'><source><address domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></source></hostdev>",
    "<filesystem type='mount'><source dir='/srv/share'/><target dir='share'/></filesystem>",
];

fn source(name: &str, devices: &[(usize, u8)]) -> String {
    let uuid = Uuid::derived(&["source", name]);
    let devices: String = devices
        .iter()
        .map(|(which, number)| DEVICES[*which].replace('@', name).replace('#', &format!("{number:02}")))
        .collect();
    format!(
        "<domain type='kvm' id='4' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\n<name>{name}</name><uuid>{uuid}</uuid>\
         <genid>{uuid}</genid><title>of {name}</title><memory unit='GiB'>2</memory><vcpu>2</vcpu>\
         <sysinfo type='smbios'><system><entry name='uuid'>{uuid}</entry></system></sysinfo>\
         <os firmware='efi'><type machine='q35'>hvm</type><nvram template='/usr/share/OVMF/OVMF_VARS.fd'>/nvram/{name}_VARS.fd</nvram></os>\
         <devices><emulator>/usr/bin/qemu-system-x86_64</emulator>{devices}</devices>\
         <seclabel type='dynamic' model='apparmor' relabel='yes'><label>libvirt-{uuid}</label><imagelabel>libvirt-{uuid}</imagelabel></seclabel>\
         </domain>"
    )
}

proptest! {
    #[test]
    fn a_clone_of_what_kai_made_shares_nothing(new in new_domain(), name in "[a-z][a-z0-9]{0,8}") {
        prop_assume!(name != new.name.as_str());
        let xml = create(&new);
        let source = read(&xml).unwrap();
        let cloned = clone(&xml, &identity(&source, &name)).unwrap();
        let found = read(&cloned).unwrap();
        apart(&source, &found)?;
        prop_assert_eq!((&found.name, found.memory, found.vcpus, found.uefi), (&name, source.memory, source.vcpus, source.uefi));
        prop_assert_eq!(&found.os_variant, &source.os_variant);
        let again = clone(&cloned, &identity(&found, "second-one")).unwrap();
        apart(&found, &read(&again).unwrap())?;
    }

    #[test]
    fn a_clone_of_anything_shares_nothing_or_is_refused(
        name in prop_oneof!["[a-z]{1,4}", "[A-Za-z0-9. -]{0,8}[a-z]"],
        to in "[a-z]{1,4}",
        devices in proptest::collection::vec((0..DEVICES.len(), 10_u8..99), 0..9),
    ) {
        let xml = source(&name, &devices);
        let source = read(&xml).unwrap();
        match clone(&xml, &identity(&source, &to)) {
            Ok(cloned) => {
                apart(&source, &read(&cloned).unwrap())?;
                prop_assert!(!devices.iter().any(|(which, _)| [6, 13, 20].contains(which)));
                for gone in [&source.uuid.to_string(), "vnet", "portid", "interfaceid", "/dev/pts", "alias", "id='4'", "imagelabel", "port='59"] {
                    prop_assert!(!cloned.contains(gone), "{} in {}", gone, cloned);
                }
                for kept in ["template='/usr/share/OVMF/OVMF_VARS.fd'", "<genid/>", "<emulator>", "<title>"] {
                    prop_assert!(cloned.contains(kept), "{} not in {}", kept, cloned);
                }
                let mut targets: Vec<_> = read(&cloned).unwrap().disks.into_iter().filter(|disk| disk.device == Device::Cdrom).map(|disk| disk.target).collect();
                let media = targets.iter().filter(|target| target.as_str() == "sda").count();
                prop_assert_eq!(media, 1);
                targets.retain(|target| target == "sda");
                prop_assert_eq!(targets.len(), 1);
            }
            Err(error) => prop_assert!(error.to_string().contains(&source.name), "{}", error),
        }
    }
}

fn cloned(devices: &str, change: impl FnOnce(&mut CloneIdentity)) -> Result<String, DomainError> {
    let uuid = Uuid::derived(&["web"]);
    let xml = format!(
        "<domain type='kvm'><name>web</name><uuid>{uuid}</uuid><memory>1024</memory><devices>{devices}</devices></domain>"
    );
    let mut identity = identity(&read(&xml).unwrap(), "web2");
    change(&mut identity);
    clone(&xml, &identity)
}

#[test]
fn what_two_guests_cannot_share_is_refused_by_name() {
    for (devices, says) in [
        (DEVICES[20], "pci domain 0x0000 bus 0x01 slot 0x00 function 0x0"),
        (
            "<hostdev mode='subsystem' type='usb'><source><vendor id='0x1'/><product id='0x2'/></source></hostdev>",
            "usb vendor 0x1 product 0x2",
        ),
        ("<interface type='hostdev'><mac address='52:54:00:00:00:01'/></interface>", "network card"),
        (
            "<interface type='user'><mac address='52:54:00:00:00:01'/><portForward proto='tcp'/></interface>",
            "forwarded",
        ),
        ("<disk type='network'><source protocol='nbd'/><target dev='vdb'/></disk>", "writable disk vdb"),
        ("<disk type='volume'><source pool='p' volume='v'/><target dev='vdb'/></disk>", "writable disk vdb"),
        ("<disk type='file' device='floppy'><source file='/f'/><target dev='fda'/></disk>", "writable disk fda (/f)"),
        ("<disk type='file'><source file='/f'/><target dev='vdb'/><shareable/></disk>", "/f"),
        ("<serial type='dev'><source path='/dev/ttyS0'/></serial>", "/dev/ttyS0"),
        ("<serial type='tcp'><source mode='bind' host='0' service='4555'/></serial>", "4555"),
        ("<channel type='unix'><source path='/run/agent'/></channel>", "/run/agent"),
        ("<tpm><backend type='passthrough'><device path='/dev/tpm0'/></backend></tpm>", "TPM"),
        ("<memory model='nvdimm'><source><path>/nv</path></source></memory>", "/nv"),
    ] {
        let error = cloned(devices, |identity| identity.volumes.clear()).unwrap_err();
        assert!(
            matches!(&error, DomainError::Shared { domain, what } if domain == "web" && what.contains(says)),
            "{error}"
        );
    }
}

#[test]
fn a_path_in_qemus_own_options_is_found() {
    let uuid = Uuid::derived(&["web"]);
    let domain = |value: &str| {
        format!(
            "<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><name>web</name><uuid>{uuid}</uuid><memory>1024</memory>\
             <devices><disk type='block'><source dev='/dev/zvol/tank/web'/><target dev='vda'/></disk></devices>\
             <qemu:commandline><qemu:arg value='{value}'/></qemu:commandline></domain>"
        )
    };
    let clone = |value: &str| {
        let xml = domain(value);
        let mut identity = identity(&read(&xml).unwrap(), "web2");
        identity.volumes = vec![(parsed("/dev/zvol/tank/web"), parsed("/dev/zvol/tank/web2"))];
        clone(&xml, &identity)
    };
    assert!(matches!(clone("-drive file=/dev/zvol/tank/web,if=none"), Err(DomainError::Shared { .. })));
    assert!(matches!(clone(&format!("-uuid {}", uuid.to_string().to_uppercase())), Err(DomainError::Shared { .. })));
    assert!(clone("-drive file=/dev/zvol/tank/web2").is_ok());
    assert!(clone("-cpu host").is_ok());
}

#[test]
fn the_wrong_number_of_addresses_is_refused() {
    let card = "<interface type='network'><source network='default'/></interface>";
    let error = cloned(card, |identity| identity.macs.clear()).unwrap_err();
    assert_eq!(error, DomainError::Cards { domain: "web".to_owned(), cards: 1, macs: 0 });
    let with_mac = cloned(card, |_| {}).unwrap();
    assert_eq!(read(&with_mac).unwrap().macs.len(), 1);
}

#[test]
fn the_source_itself_is_no_clone() {
    let taken = |change: fn(&mut CloneIdentity)| cloned("", change).unwrap_err().to_string();
    assert!(taken(|identity| identity.name = parsed("web")).contains("the name web"));
    assert!(taken(|identity| identity.uuid = Uuid::derived(&["web"])).contains("the UUID"));
    let disk = "<disk type='file'><source file='/a'/><target dev='vda'/></disk>";
    let error = cloned(disk, |identity| identity.volumes = vec![(parsed("/a"), parsed("/a"))]).unwrap_err();
    assert!(error.to_string().contains("the disk /a"), "{error}");
}

#[test]
fn the_seed_takes_the_first_drive_that_is_free() {
    let empty =
        |at: char| format!("<disk type='file' device='cdrom'><target dev='sd{at}' bus='sata'/><readonly/></disk>");
    let drive = |devices: &str| {
        let xml = cloned(devices, |_| {})?;
        let seed: Option<HostPath> = Some(parsed("/var/lib/libvirt/images/kai-seed-web2.iso"));
        Ok::<_, DomainError>(read(&xml).unwrap().disks.into_iter().find(|disk| disk.source == seed).unwrap().target)
    };
    assert_eq!(drive(DEVICES[3]).unwrap(), "sda");
    assert_eq!(drive(&empty('a')).unwrap(), "sdb");
    assert_eq!(drive(&format!("{}{}", empty('b'), empty('a'))).unwrap(), "sdc");
    let moved = "<disk type='file' device='cdrom'><target dev='sdk' bus='sata'/><readonly/><address type='drive' controller='0' bus='0' target='0' unit='0'/></disk>";
    assert_eq!(drive(moved).unwrap(), "sdb");
    let all: String = ('a'..='z').map(empty).collect();
    assert!(matches!(drive(&all), Err(DomainError::Drives { .. })));
}

#[test]
fn a_clone_without_a_seed_does_not_keep_the_sources() {
    let xml = cloned(&DEVICES[3].replace('@', "web").replace('#', "a"), |identity| identity.seed = None).unwrap();
    assert!(read(&xml).unwrap().disks.is_empty(), "{xml}");
}

#[test]
fn serial_port_and_console_keep_one_log_and_others_are_named_after_it() {
    let devices = "<serial type='pty'><log file='/log/a.log'/></serial><console type='pty'><log file='/log/a.log'/></console>\
                   <serial type='file'><source path='/log/web-2nd.log'/></serial><channel type='unix'><source path='/srv/web/agent'/></channel>";
    let found = read(&cloned(devices, |_| {}).unwrap()).unwrap();
    assert_eq!(found.logs, vec![parsed("/var/log/libvirt/qemu/web2-console.log"), parsed("/log/web2-2nd.log")]);
    assert_eq!(found.channels, vec![parsed("/srv/web2/agent")]);
}

#[test]
fn everything_else_stays_as_it_is() {
    let devices = "<!-- mine --><video><model type='qxl' heads='1'/></video><alias name='ua-x'/><rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>";
    let xml = cloned(devices, |identity| {
        identity.seed = None;
        identity.memory = Some(Size::from_mib(64));
    })
    .unwrap();
    for kept in
        ["<!-- mine -->", "<model type='qxl' heads='1'/>", "ua-x", "<backend model='random'>/dev/urandom</backend>"]
    {
        assert!(xml.contains(kept), "{kept} not in {xml}");
    }
    assert_eq!(read(&xml).unwrap().memory, Size::from_mib(64));
}
