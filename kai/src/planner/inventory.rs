//! What a host has, by name: what a request may speak about. Read from a description of a host, or
//! made from facts. Nothing here asks a host.

use serde::Deserialize;

/// Everything that can be named.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Inventory {
    /// What the host is called.
    pub hostname: String,
    /// The moment, as `2026-11-24T11:05:00Z`.
    pub now: String,
    /// The memory of the host.
    pub memory: String,
    /// Network bridges.
    pub bridges: Vec<String>,
    /// Pools.
    pub pools: Vec<Pool>,
    /// File systems and volumes.
    pub datasets: Vec<Dataset>,
    /// Virtual machines.
    pub vms: Vec<Vm>,
    /// GPUs.
    pub gpus: Vec<Gpu>,
    /// Containers.
    pub containers: Vec<Container>,
    /// Disk images on the host.
    pub images: Vec<String>,
    /// Installation media on the host.
    pub isos: Vec<String>,
    /// Hosts that replicas are sent to.
    pub dr_hosts: Vec<DrHost>,
    /// What is replicated regularly.
    pub replication_jobs: Vec<Job>,
    /// Replicas of other hosts' VMs.
    pub replicas_here: Vec<Replica>,
    /// WireGuard interfaces.
    pub wireguard: Vec<Tunnel>,
    /// Boot environments.
    pub boot_environments: Vec<BootEnvironment>,
    /// The journal.
    pub journal: Vec<Operation>,
}

/// A pool.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Pool {
    /// Its name.
    pub name: String,
    /// Its identity.
    pub guid: String,
    /// `ONLINE`, `DEGRADED`, …
    pub state: String,
    /// All of it.
    pub size: String,
    /// What is free.
    pub free: String,
    /// Whether the system runs from it.
    pub root: bool,
}

/// A file system or volume.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Dataset {
    /// Its full name.
    pub name: String,
    /// `filesystem` or `volume`.
    pub kind: String,
    /// Its identity.
    pub guid: String,
    /// Where it is mounted.
    pub mountpoint: Option<String>,
    /// Whether it is mounted.
    pub mounted: Option<bool>,
    /// A volume's size.
    pub volsize: Option<String>,
    /// The snapshot that it was cloned from.
    pub origin: Option<String>,
    /// The VM whose disk it is.
    pub vm: Option<String>,
    /// Its snapshots; those of a VM's disk stand with the VM.
    pub snapshots: Vec<Snapshot>,
}

/// A snapshot.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Snapshot {
    /// Its short name.
    pub name: String,
    /// When it was taken.
    pub created: String,
    /// Who holds it.
    pub holds: Vec<String>,
}

/// A virtual machine.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Vm {
    /// Its name.
    pub name: String,
    /// Its identity.
    pub uuid: String,
    /// `running`, `shut off`, `paused`.
    pub state: String,
    /// Its processors.
    pub vcpus: u32,
    /// Its memory.
    pub memory: String,
    /// The size of its disk.
    pub disk: String,
    /// Its volume.
    pub dataset: String,
    /// Its operating system.
    pub os: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Whether it is a golden image.
    pub golden: bool,
    /// The snapshot that it was cloned from.
    pub origin: Option<String>,
    /// The bridge that it is plugged into.
    pub bridge: Option<String>,
    /// Its address.
    pub ip: Option<String>,
    /// Its snapshots, oldest first.
    pub snapshots: Vec<Snapshot>,
    /// VMs that were cloned from it and depend on it.
    pub clones: Vec<String>,
}

/// A GPU.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Gpu {
    /// Its number.
    pub index: u32,
    /// Its identity.
    pub uuid: String,
    /// Its model.
    pub name: String,
    /// Whether it can be split: `enabled`, `disabled`, `not supported`.
    pub mig: String,
}

/// A container.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// Its image.
    pub image: String,
    /// Its dataset.
    pub dataset: String,
}

/// A host that replicas are sent to.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct DrHost {
    /// Its name.
    pub name: String,
    /// Where replicas lie there.
    pub replica_root: String,
}

/// A replication job.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Job {
    /// The VM, or
    pub vm: Option<String>,
    /// the dataset.
    pub dataset: Option<String>,
    /// Where to.
    pub to: String,
    /// The snapshot that both sides have.
    pub base: Option<String>,
}

/// A replica of another host's VM.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Replica {
    /// The VM.
    pub vm: String,
    /// Where it lies here.
    pub dataset: String,
    /// Where it comes from.
    pub from: String,
    /// Whether the source is still there: `present` or `gone`.
    pub source: String,
}

/// A WireGuard interface.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Tunnel {
    /// Its name.
    pub interface: String,
    /// Its peers.
    pub peers: Vec<Peer>,
}

/// A peer of a tunnel.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Peer {
    /// What it is called here.
    pub name: String,
    /// Its key.
    pub public_key: String,
}

/// A boot environment.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct BootEnvironment {
    /// Its name.
    pub name: String,
    /// Its dataset.
    pub dataset: String,
    /// Whether the system runs from it.
    pub active: bool,
    /// When it was made.
    pub created: String,
}

/// An operation in the journal.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Operation {
    /// Its id.
    pub op: String,
    /// The tool.
    pub tool: String,
    /// Its arguments.
    pub args: serde_json::Map<String, serde_json::Value>,
    /// Whether it can be taken back.
    pub undoable: bool,
}

/// A description of a host that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the description of the host cannot be read: {0}")]
pub struct InventoryError(#[from] serde_json::Error);

impl Inventory {
    /// From the JSON description of a host. What is missing is taken as not there.
    ///
    /// # Errors
    /// If it is no JSON, or a field has another type than it should; the message names the place.
    pub fn from_json(text: &str) -> Result<Self, InventoryError> {
        Ok(serde_json::from_str(text)?)
    }

    /// The VM of that name.
    #[must_use]
    pub fn vm(&self, name: &str) -> Option<&Vm> {
        self.vms.iter().find(|vm| vm.name == name)
    }

    /// The dataset of that name.
    #[must_use]
    pub fn dataset(&self, name: &str) -> Option<&Dataset> {
        self.datasets.iter().find(|dataset| dataset.name == name)
    }

    /// The pool of that name.
    #[must_use]
    pub fn pool(&self, name: &str) -> Option<&Pool> {
        self.pools.iter().find(|pool| pool.name == name)
    }

    /// The pool that a dataset, snapshot or pool name lies in.
    #[must_use]
    pub fn pool_of(&self, name: &str) -> Option<&Pool> {
        self.pool(name.split(['/', '@']).next().unwrap_or_default())
    }

    /// The snapshots of a dataset, those of a VM's disk too.
    #[must_use]
    pub fn snapshots(&self, dataset: &str) -> &[Snapshot] {
        if let Some(vm) = self.vms.iter().find(|vm| vm.dataset == dataset && !vm.dataset.is_empty()) {
            return &vm.snapshots;
        }
        self.dataset(dataset).map_or(&[], |dataset| &dataset.snapshots)
    }

    /// The replica of a VM that lives elsewhere.
    #[must_use]
    pub fn replica(&self, vm: &str) -> Option<&Replica> {
        self.replicas_here.iter().find(|replica| replica.vm == vm)
    }

    /// Whether an object of any kind bears that name.
    #[must_use]
    pub fn knows(&self, name: &str) -> bool {
        self.vm(name).is_some()
            || self.dataset(name).is_some()
            || self.pool(name).is_some()
            || self.replica(name).is_some()
            || self.containers.iter().any(|container| container.name == name)
    }
}
