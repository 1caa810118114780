//! The inventory of a host that was observed. What facts do not tell (GPUs, containers, media) is not
//! there; nothing here asks a host.

use kai_tools::facts::{DatasetFacts, DomainFacts, Facts, Kind};
use kai_tools::journal::{History, Operation as Done, Outcome};
use kai_tools::names::{Size, Stamp};
use serde_json::Value as Json;

use super::inventory::{Dataset, Inventory, Operation, Pool, Replica, Snapshot, Vm};

/// The snapshot that makes a VM a golden image.
const GOLDEN: &str = "golden";

impl Inventory {
    /// From facts about all datasets and domains of a host, its journal and the moment.
    #[must_use]
    pub fn from_facts(facts: &Facts, operations: &History, now: Stamp) -> Self {
        let vms: Vec<Vm> = facts.domains.iter().map(|domain| vm(facts, domain)).collect();
        let bridges = facts.domains.iter().flat_map(|found| &found.domain.interfaces);
        let mut bridges: Vec<String> =
            bridges.filter(|card| card.kind == "bridge").filter_map(|card| card.source.clone()).collect();
        bridges.sort();
        bridges.dedup();
        Self {
            hostname: facts.host.clone(),
            now: now.to_string(),
            memory: facts.memory_available.map(text).unwrap_or_default(),
            bridges,
            pools: facts.pools.iter().map(|found| pool(facts, found)).collect(),
            datasets: facts
                .datasets
                .iter()
                .filter(|found| is_dataset(found))
                .map(|d| dataset(facts, &vms, d))
                .collect(),
            vms,
            replicas_here: facts.datasets.iter().filter_map(|found| replica(facts, found)).collect(),
            journal: operations.iter().filter_map(|done| operation(done)).collect(),
            ..Self::default()
        }
    }
}

fn text(size: Size) -> String {
    size.to_string()
}

fn is_dataset(found: &DatasetFacts) -> bool {
    matches!(found.kind, Kind::Filesystem | Kind::Volume)
}

fn pool(facts: &Facts, found: &kai_tools::facts::PoolFacts) -> Pool {
    Pool {
        name: found.name.to_string(),
        guid: found.guid.to_string(),
        state: found.health.clone(),
        size: text(found.size),
        free: text(found.free),
        root: facts.is_systems(&found.name),
    }
}

fn dataset(facts: &Facts, vms: &[Vm], found: &DatasetFacts) -> Dataset {
    let vm = vms.iter().find(|vm| vm.dataset == found.name).map(|vm| vm.name.clone());
    Dataset {
        name: found.name.clone(),
        kind: if found.kind == Kind::Volume { "volume" } else { "filesystem" }.to_owned(),
        guid: found.guid.to_string(),
        mountpoint: found.mountpoint.clone(),
        mounted: (found.kind == Kind::Filesystem).then_some(found.mounted),
        volsize: found.volsize.map(|bytes| text(Size::from_bytes(bytes))),
        origin: found.origin.clone(),
        // As in a description: the snapshots of a VM's disk stand with the VM.
        snapshots: if vm.is_some() { Vec::new() } else { snapshots(facts, &found.name) },
        vm,
    }
}

fn snapshots(facts: &Facts, dataset: &str) -> Vec<Snapshot> {
    let Ok(name) = dataset.parse() else { return Vec::new() };
    let snapshot = |found: &&DatasetFacts| {
        let (_, label) = found.name.split_once('@')?;
        // Listings count holds and do not name them.
        let holds = if found.holds > 0 { vec![format!("{} hold(s)", found.holds)] } else { Vec::new() };
        let created = Stamp::from_seconds(found.created).to_string();
        Some(Snapshot { name: label.to_owned(), created, holds })
    };
    facts.snapshots(&name).iter().filter_map(snapshot).collect()
}

fn vm(facts: &Facts, found: &DomainFacts) -> Vm {
    let domain = &found.domain;
    let volume = found.volumes().first().and_then(|name| facts.dataset(name));
    let snapshots = volume.map(|volume| snapshots(facts, &volume.name)).unwrap_or_default();
    let of_it = |origin: &str| volume.is_some_and(|v| origin.split('@').next() == Some(v.name.as_str()));
    let is_clone = |other: &&DomainFacts| {
        let disks = other.volumes();
        let origins = disks.iter().filter_map(|name| facts.dataset(name)?.origin.as_deref());
        other.domain.name != domain.name && origins.into_iter().any(of_it)
    };
    Vm {
        name: domain.name.clone(),
        uuid: domain.uuid.to_string(),
        state: found.state.to_string(),
        vcpus: domain.vcpus,
        memory: text(domain.memory),
        disk: volume.and_then(|volume| volume.volsize).map(|bytes| text(Size::from_bytes(bytes))).unwrap_or_default(),
        dataset: volume.map(|volume| volume.name.clone()).unwrap_or_default(),
        os: domain.os_variant.clone(),
        description: None,
        golden: snapshots.iter().any(|snapshot| snapshot.name == GOLDEN),
        origin: volume.and_then(|volume| volume.origin.clone()),
        bridge: domain.interfaces.iter().find_map(|card| card.source.clone()),
        ip: facts.addresses.get(&domain.name).and_then(|list| list.first()).map(ToString::to_string),
        snapshots,
        clones: facts.domains.iter().filter(is_clone).map(|other| other.domain.name.clone()).collect(),
    }
}

fn replica(facts: &Facts, found: &DatasetFacts) -> Option<Replica> {
    let from = found.replica.clone()?;
    let source = from.split_once(':').map_or(from.as_str(), |(_, dataset)| dataset);
    let vm = source.rsplit('/').next().unwrap_or_default().to_owned();
    // Nobody saying that the source is there means that this may be the last copy.
    let present = facts.sources.get(&from).copied().unwrap_or(false);
    let source = if present { "present" } else { "gone" }.to_owned();
    Some(Replica { vm, dataset: found.name.clone(), from, source })
}

fn operation(done: &Done) -> Option<Operation> {
    let Ok(Json::Object(mut request)) = serde_json::to_value(&done.plan.request) else { return None };
    let args = match request.remove("args") {
        Some(Json::Object(args)) => args,
        _ => serde_json::Map::new(),
    };
    let tool = done.plan.request.tool().to_owned();
    let ended = done.outcome == Some(Outcome::Done) && done.reversed_by.is_none();
    Some(Operation { op: done.id.clone(), tool, args, undoable: ended && done.plan.undo.is_some() })
}
