//! A simulated pool: a mirror of two disks, its scrubs, and what is wrong with it.

use serde::{Deserialize, Serialize};

/// A pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pool {
    /// Its identity.
    pub guid: u64,
    /// `ONLINE`, `DEGRADED`, …
    pub health: String,
    /// In bytes.
    pub size: u64,
    /// In bytes.
    pub free: u64,
    /// What the system boots from.
    #[serde(default)]
    pub bootfs: Option<String>,
    /// `none`, `scanning`, `paused`, `finished` or `canceled`.
    #[serde(default = "no_scrub")]
    pub scrub: String,
    /// The times of that scrub.
    #[serde(default)]
    pub scan: Scrub,
    /// Whether it was imported for reading only.
    #[serde(default)]
    pub read_only: bool,
    /// The disks that its mirror is made of, if they are not as its health says.
    #[serde(default)]
    pub disks: Vec<Disk>,
    /// How many blocks are damaged for good.
    #[serde(default)]
    pub data_errors: u64,
}

/// The times of a scrub, in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scrub {
    /// When it was begun, on the host's clock.
    pub begun: u64,
    /// When it last went on, was paused or ended, on the host's clock.
    pub at: u64,
    /// How long it had gone on before that.
    pub spent: u64,
    /// How many errors it could not repair.
    #[serde(default)]
    pub errors: u64,
}

/// A disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disk {
    /// `sda`.
    pub name: String,
    /// `ONLINE`, `FAULTED`, `UNAVAIL`, `OFFLINE`, `REMOVED`.
    pub state: String,
    /// Failed reads.
    #[serde(default)]
    pub read: u64,
    /// Failed writes.
    #[serde(default)]
    pub write: u64,
    /// Blocks that did not have their checksum.
    #[serde(default)]
    pub checksum: u64,
}

fn no_scrub() -> String {
    "none".to_owned()
}

/// A scrub takes an hour, in milliseconds.
pub(super) const SCRUB: u64 = 3_600_000;

impl Pool {
    /// An empty one.
    pub(super) fn new(guid: u64, size: u64) -> Self {
        Self {
            guid,
            health: "ONLINE".to_owned(),
            size,
            free: size,
            bootfs: None,
            scrub: no_scrub(),
            scan: Scrub::default(),
            read_only: false,
            disks: Vec::new(),
            data_errors: 0,
        }
    }

    /// Its disks: those that were set, else two that explain its health.
    pub(super) fn all_disks(&self) -> Vec<Disk> {
        if !self.disks.is_empty() {
            return self.disks.clone();
        }
        let disk = |name: &str, state: &str, errors: u64| Disk {
            name: name.to_owned(),
            state: state.to_owned(),
            read: errors,
            write: 0,
            checksum: 0,
        };
        let (first, second) = match self.health.as_str() {
            "DEGRADED" => (disk("sda", "ONLINE", 0), disk("sdb", "FAULTED", 23)),
            "FAULTED" | "UNAVAIL" => (disk("sda", "UNAVAIL", 0), disk("sdb", "UNAVAIL", 0)),
            "SUSPENDED" => (disk("sda", "ONLINE", 4), disk("sdb", "ONLINE", 4)),
            _ => (disk("sda", "ONLINE", 0), disk("sdb", "ONLINE", 0)),
        };
        vec![first, second]
    }

    /// How long its scrub has gone on at that moment, in milliseconds.
    pub(super) fn scrubbed(&self, now: u64) -> u64 {
        let more = if self.scrub == "scanning" { now.saturating_sub(self.scan.at) } else { 0 };
        (self.scan.spent + more).min(SCRUB)
    }

    /// Ends a scrub that is through.
    pub(super) fn settle(&mut self, now: u64) {
        if self.scrub == "scanning" && self.scrubbed(now) == SCRUB {
            let end = self.scan.at + (SCRUB - self.scan.spent);
            self.scrub = "finished".to_owned();
            self.scan = Scrub { at: end, spent: SCRUB, ..self.scan.clone() };
        }
    }

    /// Starts, goes on with, pauses or cancels its scrub.
    pub(super) fn set_scrub(&mut self, to: &str, now: u64) {
        let goes_on = matches!(self.scrub.as_str(), "scanning" | "paused");
        let spent = if goes_on { self.scrubbed(now) } else { 0 };
        let begun = if goes_on { self.scan.begun } else { now };
        self.scan = Scrub { begun, at: now, spent, errors: self.scan.errors };
        to.clone_into(&mut self.scrub);
    }
}
