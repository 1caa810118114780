//! What is so on a host: pools, datasets, domains, files. Read once for a plan, and read again in
//! small parts before and after each step.
//!
//! Reading only; nothing here decides. A line that is not understood is an error, never dropped.

mod addresses;
mod domains;
mod holds;
mod observe;
mod replication;
mod said;
mod status;
mod variants;
mod zfs;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use addresses::parse_addresses;
pub use domains::{DomainFacts, DomainReadError, domain_state};
pub use holds::{Hold, parse_holds};
pub use observe::{Scope, observe, read_datasets};
pub use replication::{Base, Direction, Peer, Replication, State, Tool, replication};
pub use said::{ObserveError, failed};
pub use status::{PoolStatus, Scan, ScanKind, ScanState, Vdev, ZfsVersion, parse_status_json, parse_status_text};
pub use variants::parse_variants;
pub(crate) use zfs::is_within;
pub use zfs::{DatasetFacts, Kind, MARK, ParseError, PoolFacts, REPLICA, parse_datasets, parse_pools};

use crate::names::{DatasetName, HostPath, OsVariant, PoolName, Size, SnapshotName, VmName};

/// What was observed for one request.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Facts {
    /// What the host is called.
    pub host: String,
    /// All pools.
    pub pools: Vec<PoolFacts>,
    /// What ZFS says of the pools' health, if it was asked for.
    pub status: Vec<PoolStatus>,
    /// The version of OpenZFS, if it was asked for and is known.
    pub zfs_version: Option<ZfsVersion>,
    /// File systems, volumes, snapshots and bookmarks in scope, in the order of `zfs list`.
    pub datasets: Vec<DatasetFacts>,
    /// Who holds the newest of the snapshots, if it was asked for.
    pub holds: Vec<Hold>,
    /// Whether the sources of replicas are known to be there still, by [`DatasetFacts::replica`].
    pub sources: BTreeMap<String, bool>,
    /// All domains, if they were in scope.
    pub domains: Vec<DomainFacts>,
    /// Whether running domains that were asked about have a guest agent that is connected.
    pub agents: BTreeMap<VmName, bool>,
    /// Where running domains are reached, by name, if that was asked for and somebody knows.
    pub addresses: BTreeMap<String, Vec<std::net::IpAddr>>,
    /// Whether files that were asked about are there.
    pub files: BTreeMap<HostPath, bool>,
    /// Memory that could be given to guests now, if the host says.
    pub memory_available: Option<Size>,
    /// Virtual size and format of an image that was asked about.
    pub image: Option<(String, Size)>,
    /// The operating systems that libosinfo knows, if it was asked and answered.
    pub os_variants: Option<Vec<OsVariant>>,
    /// Whether guests can have UEFI firmware; none if it was not asked.
    pub uefi: Option<bool>,
    /// Whether hardware virtualisation is there.
    pub kvm: bool,
    /// The program that makes ISO images, if there is one.
    pub iso_tool: Option<crate::host::Program>,
    /// The dataset that guests' volumes lie in, as configured.
    pub vm_root: Option<DatasetName>,
}

impl Facts {
    /// The pool of that name.
    #[must_use]
    pub fn pool(&self, name: &PoolName) -> Option<&PoolFacts> {
        self.pools.iter().find(|pool| pool.name == *name)
    }

    /// Whether the system boots from that pool or runs from it.
    #[must_use]
    pub fn is_systems(&self, pool: &PoolName) -> bool {
        let boots = self.pool(pool).is_some_and(|pool| pool.bootfs.is_some());
        let root = |dataset: &DatasetFacts| {
            dataset.mounted
                && dataset.mountpoint.as_deref() == Some("/")
                && dataset.name.split('/').next() == Some(pool.as_str())
        };
        boots || self.datasets.iter().any(root)
    }

    /// The file system or volume of that name.
    #[must_use]
    pub fn dataset(&self, name: &DatasetName) -> Option<&DatasetFacts> {
        self.datasets.iter().find(|dataset| dataset.name == name.as_str())
    }

    /// The snapshot of that name.
    #[must_use]
    pub fn snapshot(&self, name: &SnapshotName) -> Option<&DatasetFacts> {
        let text = name.to_string();
        self.datasets.iter().find(|dataset| dataset.name == text && dataset.kind == Kind::Snapshot)
    }

    /// The snapshots of a dataset, oldest first.
    #[must_use]
    pub fn snapshots(&self, dataset: &DatasetName) -> Vec<&DatasetFacts> {
        self.points(dataset, |kind| kind == Kind::Snapshot)
    }

    /// The snapshots and bookmarks of a dataset, oldest first.
    #[must_use]
    pub fn history(&self, dataset: &DatasetName) -> Vec<&DatasetFacts> {
        self.points(dataset, |kind| matches!(kind, Kind::Snapshot | Kind::Bookmark))
    }

    fn points(&self, dataset: &DatasetName, wanted: impl Fn(Kind) -> bool) -> Vec<&DatasetFacts> {
        let of = |name: &str| name.split(['@', '#']).next() == Some(dataset.as_str());
        let mut found: Vec<&DatasetFacts> =
            self.datasets.iter().filter(|point| wanted(point.kind) && of(&point.name)).collect();
        found.sort_by_key(|point| point.createtxg);
        found
    }

    /// The domain of that name.
    #[must_use]
    pub fn domain(&self, name: &str) -> Option<&DomainFacts> {
        self.domains.iter().find(|domain| domain.domain.name == name)
    }

    /// The domain that uses a volume.
    #[must_use]
    pub fn user_of(&self, volume: &DatasetName) -> Option<&DomainFacts> {
        self.domains.iter().find(|domain| domain.volumes().contains(volume))
    }

    /// The folder of guests' volumes: the configured one, else the only dataset called `vms`.
    ///
    /// # Errors
    /// If there is none, or more than one.
    pub fn vm_root(&self) -> Result<DatasetName, crate::plan::Refusal> {
        use crate::plan::{Reason, Refusal};
        if let Some(root) = &self.vm_root {
            return Ok(root.clone());
        }
        let roots: Vec<DatasetName> = self
            .datasets
            .iter()
            .filter(|dataset| dataset.kind == Kind::Filesystem)
            .filter_map(|dataset| dataset.name.parse::<DatasetName>().ok())
            .filter(|name| name.leaf() == "vms")
            .collect();
        match roots.as_slice() {
            [root] => Ok(root.clone()),
            [] => Err(Refusal::new(Reason::Unknown, "there is no dataset for guests' volumes")
                .hint("create one, for example `zfs create tank/vms`, or name another with --vm-root")),
            several => {
                let names: Vec<&str> = several.iter().map(DatasetName::as_str).collect();
                Err(Refusal::new(Reason::Ambiguous, format!("guests' volumes could lie in {}", names.join(", ")))
                    .hint("say which with --vm-root"))
            }
        }
    }

    /// The volume of a VM: what its domain uses, else what bears its name.
    #[must_use]
    pub fn volume_of(&self, vm: &VmName) -> Option<DatasetName> {
        let used = self.domain(vm.as_str()).and_then(|domain| domain.volumes().into_iter().next());
        used.or_else(|| {
            let name = self.vm_root().ok()?.child(vm.as_str()).ok()?;
            self.dataset(&name).filter(|dataset| dataset.kind == Kind::Volume).map(|_| name)
        })
    }
}
