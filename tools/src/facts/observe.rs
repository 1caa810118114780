//! Asking a host.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{
    DatasetFacts, DomainFacts, Facts, Hold, ObserveError, PoolFacts, PoolStatus, ZfsVersion, addresses, domains,
    failed, holds, parse_datasets, parse_holds, parse_pools, status, variants, zfs,
};
use crate::host::{Command, Host, HostError, Output, Program};
use crate::names::{DatasetName, DomainArg, HostPath, Size, VmName};
use crate::plan::DomainState;

/// What a request needs to know.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scope {
    /// All pools.
    pub pools: bool,
    /// What ZFS says of the health of all pools.
    pub pool_status: bool,
    /// These datasets and all below them; a name that is not there is no error.
    pub datasets: Vec<DatasetName>,
    /// All datasets of all pools.
    pub all_datasets: bool,
    /// Who holds their snapshots: replication tools mark so what they replicated last.
    pub holds: bool,
    /// All domains.
    pub domains: bool,
    /// All domains, if there is a libvirt that answers.
    pub domains_if_there: bool,
    /// Whether these domains, if they run, have a guest agent that is connected.
    pub agents: Vec<VmName>,
    /// Where the domains that run are reached.
    pub addresses: bool,
    /// Whether these files are there.
    pub files: Vec<HostPath>,
    /// Memory that guests could get.
    pub memory: bool,
    /// Firmware and virtualisation.
    pub firmware: bool,
    /// The program that makes cloud-init seeds.
    pub iso_tool: bool,
    /// The operating systems that libosinfo knows.
    pub os_variants: bool,
    /// An image's format and size.
    pub image: Option<HostPath>,
}

/// Domains are read by so many programs at a time.
const AT_ONCE: usize = 4;

/// Reads what is in scope.
///
/// # Errors
/// If a program is missing or fails, or its output is not understood.
pub fn observe(host: &dyn Host, scope: &Scope) -> Result<Facts, ObserveError> {
    // Storage, guests and the rest know nothing of each other, and each waits for other programs.
    std::thread::scope(|threads| {
        let storage = threads.spawn(|| storage(host, scope));
        let guests = threads.spawn(|| guests(host, scope));
        let mut facts = rest(host, scope)?;
        let storage = joined(storage.join())?;
        (facts.pools, facts.datasets, facts.holds) = (storage.pools, storage.datasets, storage.holds);
        (facts.status, facts.zfs_version) = (storage.status, storage.version);
        let guests = joined(guests.join())?;
        (facts.domains, facts.agents, facts.addresses) = (guests.domains, guests.agents, guests.addresses);
        if let Some(capabilities) = guests.capabilities {
            facts.uefi = Some(capabilities.contains("<value>efi</value>"));
            facts.kvm = capabilities.contains("<domain>kvm</domain>");
        }
        Ok(facts)
    })
}

fn joined<T>(result: std::thread::Result<T>) -> T {
    result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[derive(Default)]
struct Storage {
    pools: Vec<PoolFacts>,
    datasets: Vec<DatasetFacts>,
    holds: Vec<Hold>,
    version: Option<ZfsVersion>,
    status: Vec<PoolStatus>,
}

fn storage(host: &dyn Host, scope: &Scope) -> Result<Storage, ObserveError> {
    let mut found = Storage::default();
    if scope.pools {
        found.pools = parse_pools(&succeed(host, &zfs::list_pools())?.stdout)?;
    }
    if scope.pool_status {
        // Before 0.8 nobody knew `zfs version`; then the text is what there is.
        found.version = ZfsVersion::read(&host.run(&status::version())?.stdout);
        found.status = status::read(found.version, &succeed(host, &status::command(found.version))?)?;
    }
    found.datasets = if scope.all_datasets {
        parse_datasets(&succeed(host, &zfs::list_datasets())?.stdout)?
    } else if scope.datasets.is_empty() {
        Vec::new()
    } else {
        read_datasets(host, &scope.datasets)?
    };
    if scope.holds {
        for command in holds::commands(&found.datasets) {
            let output = host.run(&command)?;
            found.holds.extend(parse_holds(&tolerant(&command, output)?.stdout)?);
        }
    }
    Ok(found)
}

#[derive(Default)]
struct Guests {
    domains: Vec<DomainFacts>,
    agents: BTreeMap<VmName, bool>,
    addresses: BTreeMap<String, Vec<IpAddr>>,
    /// What libvirt says that guests can have.
    capabilities: Option<String>,
}

fn guests(host: &dyn Host, scope: &Scope) -> Result<Guests, ObserveError> {
    let mut found = Guests::default();
    if scope.domains {
        found.domains = read_domains(host)?;
    } else if scope.domains_if_there {
        found.domains = match read_domains(host) {
            Err(ObserveError::Host(HostError::Missing { .. }) | ObserveError::NoLibvirt { .. }) => Vec::new(),
            read => read?,
        };
    }
    for vm in &scope.agents {
        let runs = |domain: &DomainFacts| domain.domain.name == vm.as_str() && domain.state == DomainState::Running;
        if found.domains.iter().any(runs) {
            let xml = succeed(host, &Command::virsh("dumpxml").arg(vm))?.stdout;
            let connected = domains::agent(vm, &xml)?;
            found.agents.insert(vm.clone(), connected);
        }
    }
    if scope.addresses {
        found.addresses = addresses::of(host, &found.domains);
    }
    if scope.firmware {
        let output = host.run(&Command::virsh("domcapabilities").arg("--machine").arg("q35"))?;
        found.capabilities = Some(if output.is_ok() { output.stdout } else { String::new() });
    }
    Ok(found)
}

/// Files, memory, programs and images.
fn rest(host: &dyn Host, scope: &Scope) -> Result<Facts, ObserveError> {
    let mut facts = Facts { host: host.name(), ..Facts::default() };
    for path in &scope.files {
        facts.files.insert(path.clone(), host.read(path, 1)?.is_some());
    }
    if scope.memory {
        facts.memory_available = memory_available(host)?;
    }
    if scope.iso_tool {
        facts.iso_tool = iso_tool(host)?;
    }
    if scope.os_variants {
        facts.os_variants = variants::known(host);
    }
    if let Some(image) = &scope.image {
        facts.image = Some(read_image(host, image)?);
    }
    Ok(facts)
}

/// Reads those datasets with all below them. Names that are not there are left out.
///
/// # Errors
/// If `zfs` fails for another reason.
pub fn read_datasets(host: &dyn Host, names: &[DatasetName]) -> Result<Vec<DatasetFacts>, ObserveError> {
    let command = zfs::list_datasets().arg("-r").args(names);
    let output = host.run(&command)?;
    Ok(parse_datasets(&tolerant(&command, output)?.stdout)?)
}

/// What `zfs` says of those that are there: each that is not is a complaint of its own.
fn tolerant(command: &Command, output: Output) -> Result<Output, ObserveError> {
    let absent = |line: &str| line.trim().is_empty() || line.ends_with("dataset does not exist");
    if output.is_ok() || output.stderr.lines().all(absent) { Ok(output) } else { Err(failed(command, &output)) }
}

fn succeed(host: &dyn Host, command: &Command) -> Result<Output, ObserveError> {
    let output = host.run(command)?;
    if output.is_ok() { Ok(output) } else { Err(failed(command, &output)) }
}

fn read_domains(host: &dyn Host) -> Result<Vec<DomainFacts>, ObserveError> {
    let names = domains::list(&succeed(host, &Command::virsh("list").arg("--all"))?.stdout)?;
    let mut found = Vec::with_capacity(names.len());
    for part in names.chunks(AT_ONCE) {
        let read = |name: &str| succeed(host, &Command::virsh("dumpxml").arg("--inactive").arg(DomainArg(name)));
        let read: Vec<Result<Output, ObserveError>> = std::thread::scope(|scope| {
            let threads: Vec<_> = part.iter().map(|(name, _)| scope.spawn(move || read(name))).collect();
            threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
        });
        for ((name, state), output) in part.iter().zip(read) {
            found.push(domains::read(name, *state, output?.stdout)?);
        }
    }
    Ok(found)
}

fn memory_available(host: &dyn Host) -> Result<Option<Size>, ObserveError> {
    let Ok(path) = "/proc/meminfo".parse::<HostPath>() else { return Ok(None) };
    let Some(bytes) = host.read(&path, 4096)? else { return Ok(None) };
    let text = String::from_utf8_lossy(&bytes);
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let kib = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    Ok(kib.map(|kib| Size::from_bytes(kib.saturating_mul(1024))))
}

fn iso_tool(host: &dyn Host) -> Result<Option<Program>, ObserveError> {
    for tool in [Program::Xorriso, Program::Genisoimage, Program::Mkisofs] {
        if host.has(tool)? {
            return Ok(Some(tool));
        }
    }
    Ok(None)
}

fn read_image(host: &dyn Host, image: &HostPath) -> Result<(String, Size), ObserveError> {
    let command = Command::new(Program::QemuImg).arg("info").arg("--output=json").arg(image);
    let output = succeed(host, &command)?;
    #[derive(serde::Deserialize)]
    struct Info {
        format: String,
        #[serde(rename = "virtual-size")]
        virtual_size: u64,
    }
    let info: Info = serde_json::from_str(&output.stdout).map_err(|error| ObserveError::Failed {
        command: command.to_string(),
        said: format!("its output is not understood: {error}"),
    })?;
    Ok((info.format, Size::from_bytes(info.virtual_size)))
}
