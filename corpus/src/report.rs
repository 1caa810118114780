//! What a sync tells while it runs and afterwards, and what a list shows: plain values that
//! serialise. No rendering and no decisions.

use serde::{Deserialize, Serialize};

use crate::names::PackName;
use crate::os_release::Family;

/// Something happened during a sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum SyncEvent {
    /// Before any pack: reading package lists, choosing versions, downloading.
    Preparing {
        /// What is being done, as a phrase.
        step: String,
    },
    /// Work on a pack begins.
    Pack {
        /// The pack.
        name: PackName,
        /// Its place among those of this sync, from 1.
        index: usize,
        /// How many packs this sync has.
        total: usize,
    },
    /// A package is being downloaded.
    Package {
        /// The pack that wants it; the first one, where several do.
        pack: PackName,
        /// The package.
        package: String,
        /// Its size, where the tool tells it.
        bytes: Option<u64>,
    },
    /// The pack is in place.
    PackDone {
        /// The pack.
        name: PackName,
        /// Its pages.
        pages: u64,
        /// Their size on disk.
        bytes: u64,
    },
    /// The pack is up to date already.
    PackCurrent {
        /// The pack.
        name: PackName,
        /// Its pages.
        pages: u64,
    },
    /// The pack stays as it was because something went wrong.
    PackKept {
        /// The pack.
        name: PackName,
        /// Its pages.
        pages: u64,
        /// Why it was not replaced.
        reason: String,
    },
    /// The pack could not be had, and there was no earlier one.
    PackFailed {
        /// The pack.
        name: PackName,
        /// Why.
        reason: String,
        /// What to do.
        hint: String,
    },
}

/// What a sync did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SyncReport {
    /// The family whose way was taken.
    pub family: Family,
    /// One entry per pack asked for, in the manifest's order.
    pub packs: Vec<PackOutcome>,
    /// Pages of those packs that are on disk now.
    pub pages: u64,
    /// Packs asked for that have no pages.
    pub missing: Vec<PackName>,
    /// Troubles that cost no pack: a mirror that did not answer while others did.
    pub warnings: Vec<String>,
}

impl SyncReport {
    /// Whether everything asked for is there and up to date: no failure, nothing kept because of
    /// a trouble, no package missing.
    pub fn complete(&self) -> bool {
        self.packs.iter().all(|pack| {
            pack.missing.is_empty()
                && match pack.result {
                    PackResult::Fetched | PackResult::Updated | PackResult::Unchanged => true,
                    PackResult::Kept { .. } | PackResult::Failed { .. } => false,
                }
        })
    }
}

/// How one pack came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PackOutcome {
    /// The pack.
    pub name: PackName,
    /// What happened.
    #[serde(flatten)]
    pub result: PackResult,
    /// Its pages on disk now.
    pub pages: u64,
    /// Packages that it should have and could not get.
    pub missing: Vec<MissingPackage>,
}

/// What happened to a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum PackResult {
    /// New.
    Fetched,
    /// Replaced by a newer one.
    Updated,
    /// Up to date already.
    Unchanged,
    /// The earlier pack stays because the new one could not be had.
    Kept {
        /// Why.
        reason: String,
        /// What to do.
        hint: String,
    },
    /// No pages, neither new nor earlier ones.
    Failed {
        /// Why.
        reason: String,
        /// What to do.
        hint: String,
    },
}

/// A package that could not be had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingPackage {
    /// As the manifest writes it.
    pub package: String,
    /// Why.
    pub reason: String,
}

/// A package in a pack.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PackageVersion {
    /// The package.
    pub name: String,
    /// Its version, as the distribution writes it.
    pub version: String,
}

/// One line of the list of packs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PackStatus {
    /// The pack.
    pub name: PackName,
    /// For people.
    pub title: String,
    /// What it answers.
    pub about: String,
    /// The licence of its pages.
    pub licence: String,
    /// Whether it is there.
    pub state: PackState,
    /// Its pages on disk.
    pub pages: u64,
    /// Their size on disk in bytes.
    pub bytes: u64,
    /// How it was got: a family, `local`, `web` or `local+web`.
    pub method: Option<String>,
    /// What it was made from.
    pub packages: Vec<PackageVersion>,
    /// When, as RFC 3339 in UTC.
    pub fetched_at: Option<String>,
    /// Packages that could not be had.
    pub missing: Vec<MissingPackage>,
}

/// Whether a pack is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PackState {
    /// On disk, made by this manifest's recipe, whole.
    Present,
    /// Not on disk.
    Missing,
    /// On disk, but its recipe changed since, or packages were missing.
    Stale,
}
