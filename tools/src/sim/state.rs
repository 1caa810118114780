//! What a simulated host is: pools, datasets, domains and files, kept as one JSON document.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::pool::Pool;

/// A simulated host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Its clock, in milliseconds since 1970. It runs only while something is done or waited for.
    pub clock: u64,
    /// Its transaction groups.
    pub txg: u64,
    /// How many changes were made to it.
    pub changes: u64,
    /// Its pools by name.
    pub pools: BTreeMap<String, Pool>,
    /// File systems and volumes by name.
    pub datasets: BTreeMap<String, Dataset>,
    /// Domains by name.
    pub domains: BTreeMap<String, Vm>,
    /// Files by path: their text, or a description of what they hold.
    pub files: BTreeMap<String, String>,
    /// The version of its OpenZFS. From 2.3 on it knows `-j`.
    #[serde(default = "version")]
    pub version: String,
    /// Programs that are not installed.
    #[serde(default)]
    pub missing: BTreeSet<String>,
    /// Whether libvirt's daemon runs.
    #[serde(default = "yes")]
    pub libvirt: bool,
    /// How long a volume's device takes to appear, in milliseconds: udev makes it, and looks into it
    /// for as long again, while the volume is busy.
    #[serde(default = "device_delay")]
    pub device_delay: u64,
    /// Volumes whose device is open by something that is no domain: who.
    #[serde(default)]
    pub open: BTreeMap<String, String>,
    /// Something that goes wrong.
    #[serde(default)]
    pub fault: Option<Fault>,
}

fn yes() -> bool {
    true
}

fn device_delay() -> u64 {
    150
}

fn version() -> String {
    "2.3.2".to_owned()
}

/// Something that goes wrong at the n-th change, counted from 1 over the life of the state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// At which change.
    pub at: u64,
    /// Before or after it takes effect.
    pub when: When,
    /// What happens.
    pub what: What,
}

/// See [`Fault`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Before it takes effect.
    Before,
    /// After.
    After,
}

/// See [`Fault`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The program that is running kai is killed, as by `kill -9`.
    Kill,
    /// The command fails.
    Fail,
}

/// A file system or volume.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dataset {
    /// Its identity.
    pub guid: u64,
    /// When it was made.
    pub txg: u64,
    /// In seconds since 1970.
    pub created: u64,
    /// A volume's size; none for a file system.
    #[serde(default)]
    pub volsize: Option<u64>,
    /// A volume's block size.
    #[serde(default)]
    pub volblocksize: Option<u64>,
    /// The snapshot that it was cloned from.
    #[serde(default)]
    pub origin: Option<String>,
    /// Properties that were set on it.
    #[serde(default)]
    pub props: BTreeMap<String, String>,
    /// What was written to it, in order: the last is what is there now.
    pub content: String,
    /// In bytes.
    pub referenced: u64,
    /// Since its last snapshot, in bytes.
    #[serde(default)]
    pub written: u64,
    /// Its snapshots and bookmarks by name, `@a` and `#b`.
    #[serde(default)]
    pub points: BTreeMap<String, Point>,
    /// When its device appears, on the host's clock.
    #[serde(default)]
    pub device_at: u64,
    /// Until when it is busy, on the host's clock.
    #[serde(default)]
    pub busy_until: u64,
    /// The token to go on with a receive that broke off.
    #[serde(default)]
    pub resume_token: Option<String>,
}

/// A snapshot or bookmark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// Its identity.
    pub guid: u64,
    /// When it was made.
    pub txg: u64,
    /// In seconds since 1970.
    pub created: u64,
    /// What it holds.
    pub content: String,
    /// In bytes.
    pub referenced: u64,
    /// Since the snapshot before it, in bytes.
    #[serde(default)]
    pub written: u64,
    /// Properties that were set on it.
    #[serde(default)]
    pub props: BTreeMap<String, String>,
    /// Who holds it.
    #[serde(default)]
    pub holds: BTreeSet<String>,
    /// Whether a guest's file systems were frozen when it was taken.
    #[serde(default)]
    pub frozen: bool,
}

/// A domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vm {
    /// Its definition.
    pub xml: String,
    /// `running`, `paused` or `shut off`.
    pub state: String,
    /// Its disk was rolled back under it: what it writes now destroys the file system.
    #[serde(default)]
    pub corrupted: bool,
    /// Its number since it was started; the list is in this order.
    #[serde(default)]
    pub id: u64,
    /// It does not react when it is asked to shut down.
    #[serde(default)]
    pub deaf: bool,
    /// When it will have shut down, on the host's clock.
    #[serde(default)]
    pub down_at: Option<u64>,
    /// Its guest agent, if one runs in it.
    #[serde(default)]
    pub agent: Option<Agent>,
    /// Its file systems are frozen: nothing in it can write.
    #[serde(default)]
    pub frozen: bool,
}

/// How a guest agent behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Agent {
    /// It does what it is asked.
    Well,
    /// Freezing fails half way: one file system stays frozen.
    CannotFreeze,
    /// Freezing never ends, but what was frozen is thawed when it is asked.
    HangsFreezing,
    /// It dies while the guest is frozen.
    DiesFrozen,
}

impl Vm {
    /// The volumes that it writes to.
    pub(super) fn volumes(&self) -> impl Iterator<Item = String> {
        let volumes = crate::domain::read(&self.xml).map(|domain| domain.volumes()).unwrap_or_default();
        volumes.into_iter().map(|volume| volume.to_string())
    }

    /// A domain that does not run.
    pub(super) fn off(xml: String) -> Self {
        let state = "shut off".to_owned();
        Self { xml, state, corrupted: false, id: 0, deaf: false, down_at: None, agent: None, frozen: false }
    }
}

impl State {
    /// A host without anything.
    #[must_use]
    pub fn empty(clock: u64) -> Self {
        Self {
            clock,
            txg: 4096,
            changes: 0,
            pools: BTreeMap::new(),
            datasets: BTreeMap::new(),
            domains: BTreeMap::new(),
            files: BTreeMap::new(),
            version: version(),
            missing: BTreeSet::new(),
            libvirt: true,
            device_delay: device_delay(),
            open: BTreeMap::new(),
            fault: None,
        }
    }

    /// The next transaction group.
    pub(super) fn tick(&mut self) -> u64 {
        self.txg += 1;
        self.clock += 20;
        self.txg
    }

    /// An identity that nothing else has, without pattern.
    pub(super) fn fresh_guid(&mut self) -> u64 {
        let mut x = self.tick().wrapping_mul(0x9e37_79b9_7f4a_7c15);
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31) | 1 << 60
    }

    /// Now, in seconds.
    #[must_use]
    pub fn seconds(&self) -> u64 {
        self.clock / 1000
    }

    /// Adds a pool with its root file system.
    pub fn add_pool(&mut self, name: &str, size: u64) {
        let guid = self.fresh_guid();
        self.pools.insert(name.to_owned(), Pool::new(guid, size));
        self.add_dataset(name, None);
    }

    /// Adds a file system, or a volume of that size.
    pub fn add_dataset(&mut self, name: &str, volsize: Option<u64>) {
        let dataset = Dataset {
            guid: self.fresh_guid(),
            txg: self.txg,
            created: self.seconds(),
            volsize,
            volblocksize: volsize.map(|_| 16 << 10),
            content: "empty".to_owned(),
            referenced: if volsize.is_some() { 57_344 } else { 98_304 },
            written: 57_344,
            device_at: self.clock,
            ..Dataset::default()
        };
        self.datasets.insert(name.to_owned(), dataset);
    }

    /// Something is written to a dataset.
    pub fn write(&mut self, dataset: &str, content: &str) {
        self.tick();
        if let Some(dataset) = self.datasets.get_mut(dataset) {
            content.clone_into(&mut dataset.content);
            dataset.referenced += 1 << 20;
            dataset.written += 1 << 20;
        }
    }

    /// Takes a snapshot.
    pub fn add_snapshot(&mut self, dataset: &str, label: &str) {
        let guid = self.fresh_guid();
        let (txg, created) = (self.txg, self.seconds());
        let frozen = self.domains.values().any(|vm| vm.frozen && vm.volumes().any(|volume| volume == dataset));
        if let Some(found) = self.datasets.get_mut(dataset) {
            let point = Point {
                guid,
                txg,
                created,
                content: found.content.clone(),
                referenced: found.referenced,
                written: found.written,
                props: BTreeMap::new(),
                holds: BTreeSet::new(),
                frozen,
            };
            found.written = 0;
            found.points.insert(format!("@{label}"), point);
        }
    }

    /// Destroys a snapshot: what was written before it counts for what comes next.
    pub(super) fn remove_snapshot(&mut self, dataset: &str, label: &str) {
        let Some(found) = self.datasets.get_mut(dataset) else { return };
        let Some(gone) = found.points.remove(&format!("@{label}")) else { return };
        let later = |(name, point): &(&String, &mut Point)| name.starts_with('@') && point.txg > gone.txg;
        match found.points.iter_mut().filter(later).min_by_key(|(_, point)| point.txg) {
            Some((_, next)) => next.written += gone.written,
            None => found.written += gone.written,
        }
    }

    /// A volume has just got its name: its device comes, and is looked into.
    pub(super) fn new_device(&mut self, name: &str) {
        let (now, delay) = (self.clock, self.device_delay);
        if let Some(found) = self.datasets.get_mut(name).filter(|found| found.volsize.is_some()) {
            found.device_at = now + delay;
            found.busy_until = now + 2 * delay;
        }
    }

    /// The dataset and the point that a name stands for.
    pub(super) fn point(&self, name: &str) -> Option<&Point> {
        let at = name.find(['@', '#'])?;
        let (dataset, point) = name.split_at(at);
        self.datasets.get(dataset)?.points.get(point)
    }

    pub(super) fn point_mut(&mut self, name: &str) -> Option<&mut Point> {
        let at = name.find(['@', '#'])?;
        let (dataset, point) = name.split_at(at);
        self.datasets.get_mut(dataset)?.points.get_mut(point)
    }

    /// What was cloned from a snapshot.
    pub(super) fn clones(&self, snapshot: &str) -> Vec<String> {
        let cloned = self.datasets.iter().filter(|(_, dataset)| dataset.origin.as_deref() == Some(snapshot));
        cloned.map(|(name, _)| name.clone()).collect()
    }

    /// Who has a volume open.
    #[must_use]
    pub fn openers(&self, volume: &str) -> Vec<String> {
        let mut openers: Vec<String> = self.open.get(volume).cloned().into_iter().collect();
        for (name, vm) in self.domains.iter().filter(|(_, vm)| vm.state != "shut off") {
            if vm.volumes().any(|used| used == volume) {
                openers.push(format!("qemu-system-x86 of {name}"));
            }
        }
        openers
    }

    /// Whether a dataset cannot be destroyed or renamed now.
    pub(super) fn is_busy(&self, name: &str) -> bool {
        !self.openers(name).is_empty() || self.datasets.get(name).is_some_and(|found| found.busy_until > self.clock)
    }
}
