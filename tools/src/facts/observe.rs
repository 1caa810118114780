//! Asking a host.

use std::collections::BTreeMap;

use super::{DatasetFacts, DomainFacts, Facts, ObserveError, domains, failed, parse_datasets, parse_pools, zfs};
use crate::host::{Command, Host, HostError, Output, Program};
use crate::names::{DatasetName, DomainArg, HostPath, Size};

/// What a request needs to know.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// All pools.
    pub pools: bool,
    /// These datasets and all below them; a name that is not there is no error.
    pub datasets: Vec<DatasetName>,
    /// All datasets of all pools.
    pub all_datasets: bool,
    /// All domains.
    pub domains: bool,
    /// All domains, if there is a libvirt that answers.
    pub domains_if_there: bool,
    /// Whether these files are there.
    pub files: Vec<HostPath>,
    /// Memory, firmware, virtualisation, the program that makes seeds.
    pub guests: bool,
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
    let mut facts = Facts { host: host.name(), ..Facts::default() };
    if scope.pools {
        facts.pools = parse_pools(&succeed(host, &zfs::list_pools())?.stdout)?;
    }
    if scope.all_datasets {
        facts.datasets = parse_datasets(&succeed(host, &zfs::list_datasets())?.stdout)?;
    } else if !scope.datasets.is_empty() {
        facts.datasets = read_datasets(host, &scope.datasets)?;
    }
    if scope.domains {
        facts.domains = read_domains(host)?;
    } else if scope.domains_if_there {
        facts.domains = match read_domains(host) {
            Err(ObserveError::Host(HostError::Missing { .. }) | ObserveError::NoLibvirt { .. }) => Vec::new(),
            read => read?,
        };
    }
    let mut files = BTreeMap::new();
    for path in &scope.files {
        files.insert(path.clone(), host.read(path, 1)?.is_some());
    }
    facts.files = files;
    if scope.guests {
        guests(host, &mut facts)?;
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
    // What is there is listed, and each that is not is a complaint of its own.
    let absent = |line: &str| line.trim().is_empty() || line.ends_with("dataset does not exist");
    if !output.is_ok() && !output.stderr.lines().all(absent) {
        return Err(failed(&command, &output));
    }
    Ok(parse_datasets(&output.stdout)?)
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

fn guests(host: &dyn Host, facts: &mut Facts) -> Result<(), ObserveError> {
    let path = |text: &str| text.parse::<HostPath>().ok();
    if let Some(bytes) = path("/proc/meminfo").map(|path| host.read(&path, 4096)).transpose()?.flatten() {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
        let kib = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
        facts.memory_available = kib.map(|kib| Size::from_bytes(kib.saturating_mul(1024)));
    }
    let capabilities = host.run(&Command::virsh("domcapabilities").arg("--machine").arg("q35"))?;
    facts.uefi = Some(capabilities.is_ok() && capabilities.stdout.contains("<value>efi</value>"));
    facts.kvm = capabilities.is_ok() && capabilities.stdout.contains("<domain>kvm</domain>");
    for tool in [Program::Xorriso, Program::Genisoimage, Program::Mkisofs] {
        match host.run(&Command::new(tool).arg("--version")) {
            Ok(_) => {
                facts.iso_tool = Some(tool);
                break;
            }
            Err(HostError::Missing { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
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
