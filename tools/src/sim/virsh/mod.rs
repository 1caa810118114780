//! `virsh`.

mod agent;

use super::state::{State, Vm};
use super::{Answer, Complaint, images};
use crate::domain::{self, Domain};

fn fail(text: impl AsRef<str>) -> Answer {
    Err(Complaint::new(1, format!("error: {}\n", text.as_ref())))
}

/// Lets time do what it does: guests that were asked go down.
pub(super) fn settle(state: &mut State) {
    let now = state.clock;
    let mut off = Vec::new();
    for (name, vm) in &mut state.domains {
        if vm.down_at.is_some_and(|at| at <= now) {
            vm.down_at = None;
            off.push(name.clone());
        }
    }
    for name in off {
        switch_off(state, &name);
    }
}

pub(super) fn run(state: &mut State, args: &[&str]) -> Answer {
    let ["-q", "-c", "qemu:///system", verb, rest @ ..] = args else { return fail("no connection URI was given") };
    if !state.libvirt {
        return fail(
            "failed to connect to the hypervisor\nerror: Failed to connect socket to '/var/run/libvirt/libvirt-sock': No such file or directory",
        );
    }
    settle(state);
    match *verb {
        "list" => list(state, rest),
        "domcapabilities" => Ok(CAPABILITIES.to_owned()),
        "define" => define(state, rest),
        _ => of_one(state, verb, rest),
    }
}

const CAPABILITIES: &str = "<domainCapabilities>\n  <domain>kvm</domain>\n  <os supported='yes'>\n    <enum name='firmware'>\n      <value>bios</value>\n      <value>efi</value>\n    </enum>\n  </os>\n</domainCapabilities>\n";

fn list(state: &State, args: &[&str]) -> Answer {
    if args != ["--all"] {
        return fail(format!("command 'list' doesn't support option {}", args.join(" ")));
    }
    let mut out = String::new();
    // Those that run in the order of their numbers, then the others by name.
    let mut domains: Vec<(&String, &Vm)> = state.domains.iter().collect();
    domains.sort_by_key(|(_, vm)| (vm.state == "shut off", if vm.state == "shut off" { 0 } else { vm.id }));
    for (name, vm) in domains {
        let id = if vm.state == "shut off" { "-".to_owned() } else { vm.id.to_string() };
        out.push_str(&format!(" {id:<4} {name:<10} {}\n", vm.state));
    }
    Ok(out)
}

fn read(vm: &Vm) -> Result<Domain, Complaint> {
    domain::read(&vm.xml).map_err(|error| Complaint::new(1, format!("error: XML error: {error}\n")))
}

fn define(state: &mut State, args: &[&str]) -> Answer {
    let ["--validate", path] = args else { return fail("command 'define' requires <file> option") };
    let Some(xml) = state.files.get(*path).cloned() else {
        return fail(format!("Failed to open file '{path}': No such file or directory"));
    };
    let wanted = match domain::read(&xml) {
        Ok(wanted) => wanted,
        Err(error) => return fail(format!("Failed to define domain from {path}\nerror: XML error: {error}")),
    };
    for (name, vm) in &state.domains {
        let other = read(vm)?;
        if *name == wanted.name && other.uuid != wanted.uuid {
            return fail(format!(
                "Failed to define domain from {path}\nerror: operation failed: domain '{name}' already exists with uuid {}",
                other.uuid
            ));
        }
        if *name != wanted.name && other.uuid == wanted.uuid {
            return fail(format!(
                "Failed to define domain from {path}\nerror: operation failed: domain '{name}' is already defined with uuid {}",
                other.uuid
            ));
        }
    }
    let name = wanted.name.clone();
    state.domains.insert(name.clone(), Vm::off(xml));
    Ok(format!("Domain '{name}' defined from {path}\n\n"))
}

fn of_one(state: &mut State, verb: &str, args: &[&str]) -> Answer {
    let (options, names): (Vec<&str>, Vec<&str>) = args.iter().partition(|arg| arg.starts_with("--"));
    let Some((name, operands)) = names.split_first() else {
        return fail(format!("command '{verb}' requires <domain> option"));
    };
    let Some(vm) = state.domains.get(*name).cloned() else {
        return fail(format!("failed to get domain '{name}'"));
    };
    let active = vm.state != "shut off";
    let not_running = |verb: &str| {
        fail(format!(
            "Failed to {verb} domain '{name}'\nerror: Requested operation is not valid: domain is not running"
        ))
    };
    match (verb, options.as_slice(), operands) {
        ("dumpxml", options @ ([] | ["--inactive"]), []) => agent::dumpxml(&vm, !options.is_empty()),
        ("domuuid", [], []) => Ok(format!("{}\n\n", read(&vm)?.uuid)),
        ("domstate", [], []) => Ok(format!("{}\n\n", vm.state)),
        ("start", [], []) if active => fail("Domain is already active"),
        ("start", [], []) => start(state, name, &vm),
        ("destroy", [], []) if active => {
            switch_off(state, name);
            Ok(format!("Domain '{name}' destroyed\n\n"))
        }
        ("destroy", [], []) => not_running("destroy"),
        ("shutdown", [], []) if vm.state == "running" => {
            let at = state.clock + 3000;
            if let Some(vm) = state.domains.get_mut(*name).filter(|vm| !vm.deaf) {
                vm.down_at = Some(at);
            }
            Ok(format!("Domain '{name}' is being shutdown\n\n"))
        }
        ("shutdown", [], []) => not_running("shutdown"),
        ("reboot", [], []) if vm.state == "running" => Ok(format!("Domain '{name}' is being rebooted\n\n")),
        ("reboot", [], []) => not_running("reboot"),
        ("suspend", [], []) if vm.state == "running" => set_state(state, name, "paused", "suspended"),
        ("suspend", [], []) => not_running("suspend"),
        ("resume", [], []) if vm.state == "paused" => set_state(state, name, "running", "resumed"),
        ("resume", [], []) => fail(format!(
            "Failed to resume domain '{name}'\nerror: Requested operation is not valid: domain is already running"
        )),
        ("undefine", options, []) => undefine(state, name, &vm, options),
        ("setmaxmem" | "setmem" | "setvcpus", options, [number]) if options.contains(&"--config") => {
            resize(state, name, verb, options, number)
        }
        ("blockresize", ["--size"], [_, _]) => Ok("Block device is resized\n\n".to_owned()),
        ("domfsfreeze", [], []) => agent::freeze(state, name),
        ("domfsthaw", [], []) => agent::thaw(state, name),
        ("domifaddr", ["--source"], [source]) => agent::addresses(&vm, source),
        _ => fail(format!("unknown command or option: '{verb} {}'", args.join(" "))),
    }
}

fn set_state(state: &mut State, name: &str, to: &str, said: &str) -> Answer {
    if let Some(vm) = state.domains.get_mut(name) {
        to.clone_into(&mut vm.state);
    }
    Ok(format!("Domain '{name}' {said}\n\n"))
}

fn start(state: &mut State, name: &str, vm: &Vm) -> Answer {
    let domain = read(vm)?;
    for disk in &domain.disks {
        let Some(source) = &disk.source else { continue };
        let there = match source.volume() {
            Some(volume) => images::device(state, volume.as_str()),
            None => state.files.contains_key(source.as_str()),
        };
        if !there {
            return fail(format!(
                "Failed to start domain '{name}'\nerror: Cannot access storage file '{source}': No such file or directory"
            ));
        }
        if disk.device == domain::Device::Disk
            && let Some(volume) = disk.volume()
            && !state.openers(volume.as_str()).is_empty()
        {
            return fail(format!(
                "Failed to start domain '{name}'\nerror: internal error: process exited while connecting to monitor: Failed to get \"write\" lock"
            ));
        }
    }
    if let Some(nvram) = &domain.nvram {
        state.files.entry(nvram.to_string()).or_insert_with(|| format!("firmware variables of {name}"));
    }
    for log in &domain.logs {
        state.files.entry(log.to_string()).or_default();
    }
    let id = 1 + state.domains.values().map(|vm| vm.id).max().unwrap_or(0);
    if let Some(vm) = state.domains.get_mut(name) {
        vm.id = id;
    }
    set_state(state, name, "running", "started")
}

fn switch_off(state: &mut State, name: &str) {
    let until = state.clock + 700;
    let volumes = state.domains.get(name).and_then(|vm| domain::read(&vm.xml).ok()).map(|domain| domain.volumes());
    for volume in volumes.unwrap_or_default() {
        if let Some(found) = state.datasets.get_mut(volume.as_str()) {
            found.busy_until = until;
        }
    }
    if let Some(vm) = state.domains.get_mut(name) {
        "shut off".clone_into(&mut vm.state);
        (vm.down_at, vm.frozen) = (None, false);
    }
}

fn undefine(state: &mut State, name: &str, vm: &Vm, options: &[&str]) -> Answer {
    const KNOWN: [&str; 6] =
        ["--nvram", "--keep-nvram", "--managed-save", "--snapshots-metadata", "--checkpoints-metadata", "--tpm"];
    if let Some(unknown) = options.iter().find(|option| !KNOWN.contains(*option)) {
        return fail(format!("command 'undefine' doesn't support option {unknown}"));
    }
    let nvram = read(vm)?.nvram.filter(|path| state.files.contains_key(path.as_str()));
    if let Some(path) = nvram {
        if options.contains(&"--nvram") {
            state.files.remove(path.as_str());
        } else if !options.contains(&"--keep-nvram") {
            return fail(format!(
                "Failed to undefine domain '{name}'\nerror: Requested operation is not valid: cannot undefine domain with nvram"
            ));
        }
    }
    state.domains.remove(name);
    Ok(format!("Domain '{name}' has been undefined\n\n"))
}

fn resize(state: &mut State, name: &str, verb: &str, options: &[&str], number: &str) -> Answer {
    let Some(vm) = state.domains.get_mut(name) else { return fail("no domain") };
    let Ok(number) = number.parse::<u64>() else { return fail("Numeric value is malformed or out of range") };
    if verb == "setvcpus" && !options.contains(&"--maximum") {
        return Ok(String::new());
    }
    let (memory, vcpus) = match verb {
        "setmaxmem" => (Some(crate::names::Size::from_bytes(number << 10)), None),
        "setvcpus" => (None, u32::try_from(number).ok()),
        _ => (None, None),
    };
    match domain::resized(&vm.xml, memory, vcpus) {
        Ok(xml) => vm.xml = xml,
        Err(error) => return fail(format!("XML error: {error}")),
    }
    Ok(String::new())
}
