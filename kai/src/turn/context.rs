//! What a model is told about the host: pools, guests, memory, GPUs, distribution, in a few lines. The
//! person can see the same text at any time (`/context`); nothing else about the host is sent unasked.
//!
//! Names of guests and datasets come from outside. They stand here as data, on lines of their own.

use kai_tools::facts::{Facts, Kind, Scope};
use kai_tools::names::Size;

/// Of more guests and datasets than this only the number is told.
const MOST: usize = 24;
/// Of the snapshots of one guest or dataset, the latest.
const SNAPSHOTS: usize = 4;

/// What has to be observed for it, and for understanding what a person means.
#[must_use]
pub fn scope() -> Scope {
    Scope { pools: true, all_datasets: true, domains_if_there: true, memory: true, ..Scope::default() }
}

/// The lines.
#[must_use]
pub fn describe(facts: &Facts, machine: &Machine) -> String {
    let mut lines = vec![format!("host: {}", facts.host)];
    if let Some(distribution) = &machine.distribution {
        lines.push(format!("distribution: {distribution}"));
    }
    if let Some(memory) = facts.memory_available {
        lines.push(format!("memory available: {}", memory.for_people()));
    }
    lines.extend(machine.gpus.iter().map(|gpu| format!("gpu: {gpu}")));
    for pool in &facts.pools {
        let (free, size) = (pool.free.for_people(), pool.size.for_people());
        lines.push(format!("pool: {}, {}, {free} free of {size}", pool.name, pool.health));
    }
    for found in facts.domains.iter().take(MOST) {
        let domain = &found.domain;
        let volumes: Vec<String> = found.volumes().iter().map(ToString::to_string).collect();
        let snapshots = found.volumes().first().map(|volume| latest(facts, volume.as_str())).unwrap_or_default();
        lines.push(format!("vm: {}, {}, disks {}{snapshots}", domain.name, found.state, volumes.join(" ")));
    }
    more(&mut lines, "vms", facts.domains.len());
    let used_by_guests = |name: &str| facts.domains.iter().any(|d| d.volumes().iter().any(|v| v.as_str() == name));
    let datasets: Vec<_> = facts
        .datasets
        .iter()
        .filter(|found| matches!(found.kind, Kind::Filesystem | Kind::Volume) && !used_by_guests(&found.name))
        .collect();
    for found in datasets.iter().take(MOST) {
        let used = Size::from_bytes(found.used).for_people();
        lines.push(format!("dataset: {}, {used}{}", found.name, latest(facts, &found.name)));
    }
    more(&mut lines, "datasets", datasets.len());
    lines.join("\n")
}

fn more(lines: &mut Vec<String>, what: &str, all: usize) {
    if all > MOST {
        lines.push(format!("and {} more {what}", all - MOST));
    }
}

fn latest(facts: &Facts, dataset: &str) -> String {
    let Ok(name) = dataset.parse() else { return String::new() };
    let snapshots = facts.snapshots(&name);
    let labels: Vec<&str> =
        snapshots.iter().rev().take(SNAPSHOTS).filter_map(|found| found.name.split('@').nth(1)).collect();
    match (labels.as_slice(), snapshots.len()) {
        ([], _) => String::new(),
        (labels, all) if all > SNAPSHOTS => format!(", {all} snapshots, latest {}", labels.join(" ")),
        (labels, _) => format!(", snapshots {}", labels.join(" ")),
    }
}

/// What the machine that kai runs on says of itself; empty for a host elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Machine {
    /// `Debian GNU/Linux 12 (bookworm)`.
    pub distribution: Option<String>,
    /// Their names.
    pub gpus: Vec<String>,
}

impl Machine {
    /// This machine.
    #[must_use]
    pub fn here() -> Self {
        let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
        let named = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
        let distribution = named.map(|name| name.trim_matches(['"', '\'']).to_owned()).filter(|name| !name.is_empty());
        // The driver's own list; asking NVML is for the tools that act on GPUs.
        let cards = std::fs::read_dir("/proc/driver/nvidia/gpus").into_iter().flatten().flatten();
        let model = |card: std::fs::DirEntry| {
            let text = std::fs::read_to_string(card.path().join("information")).ok()?;
            Some(text.lines().find_map(|line| line.strip_prefix("Model:"))?.trim().to_owned())
        };
        Self { distribution, gpus: cards.filter_map(model).collect() }
    }
}
