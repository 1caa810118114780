//! `virsh domfsfreeze`, `domfsthaw`, `domifaddr`, and what `dumpxml` says of the agent.

use super::fail;
use crate::domain;
use crate::sim::state::{Agent, State, Vm};
use crate::sim::{Answer, Complaint};

/// The description of a domain: as it is defined, or, of one that runs, as it is now.
pub(super) fn dumpxml(vm: &Vm, inactive: bool) -> Answer {
    if inactive || vm.state == "shut off" {
        return Ok(vm.xml.clone());
    }
    match domain::with_agent(&vm.xml, vm.agent.is_some()) {
        Ok(Some(live)) => Ok(live),
        Ok(None) => Ok(vm.xml.clone()),
        Err(error) => fail(format!("XML error: {error}")),
    }
}

/// The agent that answers, or what libvirt says instead.
fn answering(vm: &Vm, what: &str) -> Result<Agent, Complaint> {
    let complain = |why: &str| Err(Complaint::new(1, format!("error: {what}\nerror: {why}\n")));
    if vm.state != "running" {
        return complain("Requested operation is not valid: domain is not running");
    }
    if !matches!(domain::with_agent(&vm.xml, true), Ok(Some(_))) {
        return complain("argument unsupported: QEMU guest agent is not configured");
    }
    match vm.agent {
        Some(agent) => Ok(agent),
        None => complain("Guest agent is not responding: QEMU guest agent is not connected"),
    }
}

pub(super) fn freeze(state: &mut State, name: &str) -> Answer {
    const WHAT: &str = "Unable to freeze filesystems";
    let Some(vm) = state.domains.get_mut(name) else { return fail(format!("failed to get domain '{name}'")) };
    let agent = answering(vm, WHAT)?;
    let failed = |why: &str| {
        fail(format!(
            "{WHAT}\nerror: internal error: unable to execute QEMU agent command 'guest-fsfreeze-freeze': {why}"
        ))
    };
    if vm.frozen {
        return failed("Command guest-fsfreeze-freeze has been disabled: the command is not allowed");
    }
    vm.frozen = true;
    match agent {
        Agent::Well => Ok("Froze 2 filesystem(s)\n\n".to_owned()),
        Agent::CannotFreeze => failed("failed to freeze /data: Device or resource busy"),
        Agent::HangsFreezing => Err(Complaint::hang()),
        Agent::DiesFrozen => {
            vm.agent = None;
            Ok("Froze 2 filesystem(s)\n\n".to_owned())
        }
    }
}

pub(super) fn thaw(state: &mut State, name: &str) -> Answer {
    let Some(vm) = state.domains.get_mut(name) else { return fail(format!("failed to get domain '{name}'")) };
    answering(vm, "Unable to thaw filesystems")?;
    let count = if vm.frozen { 2 } else { 0 };
    vm.frozen = false;
    Ok(format!("Thawed {count} filesystem(s)\n\n"))
}

/// Addresses in the columns of `virsh -q domifaddr`.
pub(super) fn addresses(vm: &Vm, source: &str) -> Answer {
    const WHAT: &str = "Failed to query for interfaces addresses";
    let complain = |why: &str| fail(format!("{WHAT}\nerror: {why}"));
    if vm.state == "shut off" {
        return complain("Requested operation is not valid: domain is not running");
    }
    let macs = super::read(vm)?.macs;
    let Some(mac) = macs.first() else { return Ok(String::new()) };
    let line = |interface: &str, mac: &str, kind: &str, address: &str| {
        format!(" {interface:<10} {mac:<20} {kind:<8}     {address}\n")
    };
    // It follows from the card's, as in a network where everybody keeps theirs.
    let host = u8::from_str_radix(mac.to_string().get(15..).unwrap_or_default(), 16).unwrap_or(2).clamp(2, 254);
    let (four, card) = (format!("192.168.122.{host}/24"), mac.to_string());
    match source {
        "agent" => {
            answering(vm, WHAT)?;
            Ok([
                line("lo", "00:00:00:00:00:00", "ipv4", "127.0.0.1/8"),
                line("-", "-", "ipv6", "::1/128"),
                line("enp1s0", &card, "ipv4", &four),
                line("-", "-", "ipv6", &format!("fe80::5054:ff:fe00:{host:x}/64")),
                line("-", "-", "ipv6", &format!("fd00::{host:x}/64")),
            ]
            .concat())
        }
        "lease" => Ok(line(&format!("vnet{}", vm.id), &card, "ipv4", &four)),
        "arp" => Ok(line(&format!("vnet{}", vm.id), &card, "ipv4", &four.replace("/24", "/0"))),
        _ => fail(format!("Unknown data source '{source}'")),
    }
}
