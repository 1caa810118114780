//! What kai can read: our own handbook, and the manifest of documentation packs with the code
//! that fetches them from the host's own distribution.
//!
//! Fetching installs nothing and leaves the machine's package configuration alone: everything is
//! written below the corpus folder. This crate knows no terminal, no index and no model; it
//! reports through [`SyncEvent`] and [`SyncReport`], which a face renders.
#![warn(missing_docs)]

mod clock;
mod family;
mod glob;
mod machine;
mod make;
mod manifest;
mod names;
mod os_release;
mod pages;
mod report;
mod run;
mod store;
mod sync;

pub use family::apt_text;
pub use glob::{Glob, GlobError};
pub use machine::Machine;
pub use manifest::{Defaults, LocalSource, Manifest, ManifestError, NativeSource, Pack, WebSource};
pub use names::{NameError, PackName, PackagePattern};
pub use os_release::{Family, UnknownFamily, detect};
pub use report::{
    MissingPackage, PackOutcome, PackResult, PackState, PackStatus, PackageVersion, SyncEvent, SyncReport,
};
pub use run::RunError;
pub use store::StoreError;
pub use sync::{Corpus, SyncError, SyncOptions};

/// Our own pages: name (the file's name without `.md`) and Markdown text, sorted by name.
pub fn handbook() -> &'static [(&'static str, &'static str)] {
    include!(concat!(env!("OUT_DIR"), "/handbook.rs"))
}
