//! The fictional host that a set's cases speak about: those parts of its file that scoring and checking
//! read. The planner gets the whole file.

use serde::Deserialize;

/// A host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Host {
    /// Its VMs.
    pub vms: Vec<Vm>,
    /// Its GPUs.
    #[serde(default)]
    pub gpus: Vec<Gpu>,
    /// Its pools.
    #[serde(default)]
    pub pools: Vec<Named>,
    /// Its datasets.
    #[serde(default)]
    pub datasets: Vec<Dataset>,
    /// Its containers.
    #[serde(default)]
    pub containers: Vec<Named>,
    /// Replicas of other hosts' VMs that lie here.
    #[serde(default)]
    pub replicas_here: Vec<Replica>,
    /// What was done.
    #[serde(default)]
    pub journal: Vec<Entry>,
}

/// A VM.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Vm {
    /// Its name.
    pub name: String,
    /// Whether it is an image that others are cloned from.
    #[serde(default)]
    pub golden: bool,
    /// The snapshots of its disk.
    #[serde(default)]
    pub snapshots: Vec<Named>,
}

/// A GPU.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Gpu {
    /// Its number, from 0.
    pub index: u32,
    /// `GPU-…`.
    pub uuid: String,
    /// Its model.
    pub name: String,
}

/// A dataset.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Dataset {
    /// Its name.
    pub name: String,
    /// The VM whose disk it is; that one lists the snapshots then.
    #[serde(default)]
    pub vm: Option<String>,
    /// Its snapshots.
    #[serde(default)]
    pub snapshots: Vec<Named>,
}

/// Something of which only the name counts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Named {
    /// The name.
    pub name: String,
}

/// A replica.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Replica {
    /// The VM, as it is called where it runs.
    pub vm: String,
}

/// A line of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Entry {
    /// Its id.
    pub op: String,
    /// Whether it can be undone.
    #[serde(default)]
    pub undoable: bool,
}

impl Host {
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

    /// The one GPU that a text means: by index, UUID, name for containers, or a part of its model that
    /// no other has.
    #[must_use]
    pub fn gpu(&self, text: &str) -> Option<&Gpu> {
        let text = text.trim().to_lowercase();
        let exact = |gpu: &&Gpu| {
            text == gpu.index.to_string()
                || text == gpu.uuid.to_lowercase()
                || text == format!("nvidia.com/gpu={}", gpu.index)
        };
        self.gpus.iter().find(exact).or_else(|| {
            let mut alike = self.gpus.iter().filter(|gpu| !text.is_empty() && gpu.name.to_lowercase().contains(&text));
            alike.next().filter(|_| alike.next().is_none())
        })
    }
}
