//! `zpool status`: scrubs, errors, and every device that is not as it should be.
//!
//! OpenZFS 2.3 and later say it as JSON ([`json`]), earlier ones as text ([`text`]). What is not
//! understood is kept word for word in [`PoolStatus::other`], where a person sees it.

mod json;
mod text;

use serde::{Deserialize, Serialize};

pub use json::parse as parse_status_json;
pub use text::parse as parse_status_text;

use super::ParseError;
use crate::host::{Command, Output, Program};
use crate::names::PoolName;

/// A version of OpenZFS: of its programs, not of its kernel module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ZfsVersion {
    /// `2` of 2.3.1.
    pub major: u32,
    /// `3` of 2.3.1.
    pub minor: u32,
}

impl ZfsVersion {
    /// From the output of `zfs version`: `zfs-2.1.11-1` and the module's version. Programs that do
    /// not know that command are older than 0.8.
    #[must_use]
    pub fn read(output: &str) -> Option<Self> {
        let version = output.lines().next()?.strip_prefix("zfs-")?;
        let mut parts = version.split(['.', '-', '_']);
        Some(Self { major: parts.next()?.parse().ok()?, minor: parts.next()?.parse().ok()? })
    }

    /// Whether `-j` prints JSON.
    #[must_use]
    pub fn has_json(self) -> bool {
        self >= Self { major: 2, minor: 3 }
    }
}

/// What a scan looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScanKind {
    /// Every block is read and compared with its checksum.
    Scrub,
    /// A device gets what it lacks.
    Resilver,
    /// Only blocks with known errors are read.
    ErrorScrub,
}

/// How far a scan is. Shares are in hundredths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScanState {
    /// It goes on.
    Running {
        /// How much is done.
        done: u32,
        /// How many seconds it will take yet, if that can be told.
        left: Option<u64>,
    },
    /// Somebody halted it.
    Paused {
        /// How much is done.
        done: u32,
    },
    /// It came to its end.
    Finished {
        /// How many errors it could not repair.
        errors: u64,
    },
    /// Somebody ended it.
    Canceled,
}

/// A scrub or resilver: the one that goes on, else the last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scan {
    /// What it is.
    pub kind: ScanKind,
    /// How far it is.
    pub state: ScanState,
    /// When it began, or ended: in UTC where ZFS says so, else as the host's own clock shows it.
    pub at: String,
}

/// A disk, or what is made of several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vdev {
    /// `mirror-0`, `sdb`; the pool's own name for the whole.
    pub name: String,
    /// `spares`, `cache`, `logs`, …; none for those that hold the data.
    pub class: Option<String>,
    /// `ONLINE`, `DEGRADED`, `FAULTED`, `OFFLINE`, `UNAVAIL`, `REMOVED`; of spares `AVAIL` and `INUSE`.
    pub state: String,
    /// Failed reads.
    pub read: u64,
    /// Failed writes.
    pub write: u64,
    /// Blocks that did not have their checksum.
    pub checksum: u64,
    /// What ZFS says of it beside.
    pub note: Option<String>,
}

impl Vdev {
    /// Whether there is nothing to say of it.
    #[must_use]
    pub fn is_well(&self) -> bool {
        let known = self.state == "ONLINE" || self.state == "AVAIL" && self.class.is_some();
        // What it does just now stands in parentheses: `(trimming)`, `(resilvering)`.
        let quiet = self.note.as_ref().is_none_or(|note| note.starts_with('('));
        known && self.read == 0 && self.write == 0 && self.checksum == 0 && quiet
    }
}

/// What `zpool status` says of a pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolStatus {
    /// Which.
    pub pool: PoolName,
    /// `ONLINE`, `DEGRADED`, …
    pub state: String,
    /// What is wrong with it, in ZFS's words.
    pub status: Option<String>,
    /// What to do about it, in ZFS's words.
    pub action: Option<String>,
    /// Scrub and resilver; empty if there never was one.
    pub scans: Vec<Scan>,
    /// Its devices, each behind the one that it belongs to.
    pub vdevs: Vec<Vdev>,
    /// How many blocks are damaged for good; none if ZFS did not say.
    pub errors: Option<u64>,
    /// Everything else that was said: removals, checkpoints, and what kai does not understand.
    pub other: Vec<String>,
}

impl PoolStatus {
    fn new(pool: PoolName, state: String) -> Self {
        let (scans, vdevs, other) = (Vec::new(), Vec::new(), Vec::new());
        Self { pool, state, status: None, action: None, scans, vdevs, errors: None, other }
    }

    /// The scrub that goes on, else the last one.
    #[must_use]
    pub fn scrub(&self) -> Option<&Scan> {
        self.scans.iter().find(|scan| scan.kind == ScanKind::Scrub)
    }
}

/// Asks for the versions of OpenZFS.
pub(super) fn version() -> Command {
    Command::zfs("version")
}

/// Asks for the status of all pools, as that version can say it.
pub(super) fn command(version: Option<ZfsVersion>) -> Command {
    let command = Command::new(Program::Zpool).arg("status");
    if version.is_some_and(ZfsVersion::has_json) {
        // The host's own time too: how long a scan takes yet follows from it.
        command.arg("-j").arg("-p").arg("-T").arg("u")
    } else {
        command.arg("-p")
    }
}

/// Reads the answer to that.
pub(super) fn read(version: Option<ZfsVersion>, output: &Output) -> Result<Vec<PoolStatus>, ParseError> {
    if version.is_some_and(ZfsVersion::has_json) { json::parse(&output.stdout) } else { text::parse(&output.stdout) }
}

/// Something that is not understood.
fn error(line: usize, what: &'static str, text: &str) -> ParseError {
    ParseError::new("zpool status", line, what, text)
}

/// Several lines as one.
fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
