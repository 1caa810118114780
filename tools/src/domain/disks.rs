//! Disks and drives of a clone: its own volumes in place of the source's, its own seed, no media.

use super::create::cdrom;
use super::element::Element;
use super::read::{self, Device};
use super::{CloneIdentity, DomainError};

/// A SATA controller of q35 has six ports, and libvirt counts drives through: sdg is on the second.
const PORTS: u32 = 6;

/// Gives every writable disk its new device, takes media out, and puts the clone's seed in.
pub(super) fn disks(devices: &mut Element, domain: &str, identity: &CloneIdentity) -> Result<(), DomainError> {
    let shared = |what: String| DomainError::Shared { domain: domain.to_owned(), what };
    // The source's seed would give the clone the source's name; an installation medium has done
    // its work. Empty drives stay.
    let is_medium =
        |disk: &Element| disk.name == "disk" && disk.get("device") == Some("cdrom") && disk.child("source").is_some();
    devices.keep(|child| !is_medium(child));
    for disk in devices.children_mut("disk") {
        let seen = read::disk(domain, disk)?;
        disk.drop_children(&["mirror"]);
        // Numbers of one run of QEMU.
        disk.each(&mut |element| {
            if matches!(element.name.as_str(), "source" | "backingStore") {
                element.unset("index");
            }
        });
        let new = seen.source.as_ref().and_then(|old| identity.volumes.iter().find(|(from, _)| from == old));
        let Some(source) = disk.child_mut("source") else { continue };
        if source.child("dataStore").is_some() {
            return Err(shared(format!("disk {} with a data file beside it", seen.target)));
        }
        match new {
            Some((_, new)) => {
                let (kind, attribute) =
                    if new.as_str().starts_with("/dev/") { ("block", "dev") } else { ("file", "file") };
                source.unset("dev");
                source.unset("file");
                source.set(attribute, new);
                disk.set("type", kind);
            }
            None if seen.read_only || seen.device == Device::Cdrom => {}
            None => {
                let place = seen.source.map_or_else(|| "not on a path of the host".to_owned(), |path| path.to_string());
                return Err(shared(format!("the writable disk {} ({place})", seen.target)));
            }
        }
    }
    if let Some(seed) = &identity.seed {
        let drive = free_drive(devices).ok_or_else(|| DomainError::Drives { domain: domain.to_owned() })?;
        devices.insert_behind("disk", cdrom(seed, &drive));
    }
    Ok(())
}

/// The first of sda to sdz whose name no disk has, and whose port, which follows from the name, is
/// free: a disk may be called sdc and sit on the first port.
fn free_drive(devices: &Element) -> Option<String> {
    let number = |text: Option<&str>| text.and_then(|text| text.parse::<u32>().ok()).unwrap_or(0);
    let port = |disk: &Element| {
        let address = disk.child("address").filter(|address| address.get("type") == Some("drive"))?;
        let sata = disk.of_child("target", "bus") == Some("sata");
        sata.then(|| (number(address.get("controller")), number(address.get("unit"))))
    };
    (0..26_u8).find_map(|at| {
        let name = format!("sd{}", char::from(b'a' + at));
        let wanted = (u32::from(at) / PORTS, u32::from(at) % PORTS);
        let taken = |disk: &Element| disk.of_child("target", "dev") == Some(&name) || port(disk) == Some(wanted);
        (!devices.children("disk").any(taken)).then_some(name)
    })
}
