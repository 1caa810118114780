//! How each family of distributions gets packages without installing them: one file per family,
//! one enum over them, and what they share. Which pack wants which package is decided elsewhere.

mod alpine;
pub mod apt_text;
mod arch;
mod debian;
mod freebsd;
pub(crate) mod local;
mod redhat;
pub(crate) mod web;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::machine::Machine;
use crate::os_release::Family;
use crate::report::PackageVersion;
use crate::run::RunError;
use crate::store::{self, StoreError};

/// Why a family's tools gave nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FamilyError {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the path {} holds a character that apt's settings cannot hold; choose another data folder", .0.display())]
    Path(PathBuf),
    #[error("apt has no package lists: {0}")]
    NoLists(String),
    #[error("the download left no file for {0}")]
    NoFile(String),
    #[error(transparent)]
    Web(#[from] web::WebError),
}

/// The package tools of one host.
#[derive(Debug)]
pub(crate) enum Native {
    Debian(debian::Debian),
    Redhat(redhat::Redhat),
    Arch(arch::Arch),
    Alpine(alpine::Alpine),
    Freebsd(freebsd::Freebsd),
}

impl Native {
    /// The tools of a family; none for a family without.
    pub(crate) fn of(family: Family, machine: &Machine, fetch: &Path) -> Option<Self> {
        let machine = machine.clone();
        Some(match family {
            Family::Debian => Self::Debian(debian::Debian::new(machine, fetch.join("apt"))),
            Family::Fedora | Family::Rhel => Self::Redhat(redhat::Redhat { machine }),
            Family::Arch => Self::Arch(arch::Arch { machine }),
            Family::Alpine => Self::Alpine(alpine::Alpine { machine }),
            Family::Freebsd => Self::Freebsd(freebsd::Freebsd { machine }),
            Family::Other => return None,
        })
    }

    /// Makes the package lists ready. Gives troubles that do not stop the work.
    pub(crate) async fn prepare(&self, force: bool) -> Result<Vec<String>, FamilyError> {
        match self {
            Self::Debian(debian) => debian.prepare(force).await,
            Self::Redhat(_) | Self::Arch(_) | Self::Alpine(_) | Self::Freebsd(_) => Ok(Vec::new()),
        }
    }

    /// Names that begin with the text. Only Debian lists names; manifests use `*` for it alone.
    pub(crate) async fn names(&self, prefix: &str) -> Result<Vec<String>, FamilyError> {
        match self {
            Self::Debian(debian) => debian.names(prefix).await,
            Self::Redhat(_) | Self::Arch(_) | Self::Alpine(_) | Self::Freebsd(_) => Ok(Vec::new()),
        }
    }

    /// Those of the names that can be downloaded, with the version that would come.
    pub(crate) async fn available(&self, names: &[String]) -> Result<BTreeMap<String, String>, FamilyError> {
        if names.is_empty() {
            return Ok(BTreeMap::new());
        }
        match self {
            Self::Debian(debian) => debian.available(names).await,
            Self::Redhat(redhat) => redhat.available(names).await,
            Self::Arch(arch) => arch.available(names).await,
            Self::Alpine(alpine) => alpine.available(names).await,
            Self::Freebsd(freebsd) => freebsd.available(names).await,
        }
    }

    /// Downloads all packages, in one call and then singly those that the call did not give.
    pub(crate) async fn download(
        &self,
        packages: &[PackageVersion],
        into: &Path,
        on_package: &mut (dyn FnMut(&str, Option<u64>) + Send),
    ) -> BTreeMap<String, Result<PathBuf, FamilyError>> {
        let mut got = BTreeMap::new();
        if packages.is_empty() {
            return got;
        }
        let batch = self.fetch(packages, into, on_package).await;
        // A tool that is absent, or hangs, is not asked again for each package.
        let hopeless = matches!(
            batch,
            Err(FamilyError::Run(RunError::Missing { .. } | RunError::TimedOut { .. } | RunError::Start { .. }))
        );
        let why = batch.as_ref().err().map(ToString::to_string);
        for package in packages {
            let found = match (self.find(package, into), &why) {
                (Some(file), _) => Ok(file),
                (None, Some(why)) if hopeless => Err(FamilyError::NoFile(format!("{} ({why})", package.name))),
                (None, _) => match self.fetch(std::slice::from_ref(package), into, on_package).await {
                    Ok(()) => self.find(package, into).ok_or_else(|| FamilyError::NoFile(package.name.clone())),
                    Err(error) => Err(error),
                },
            };
            got.insert(package.name.clone(), found);
        }
        got
    }

    async fn fetch(
        &self,
        packages: &[PackageVersion],
        into: &Path,
        on_package: &mut (dyn FnMut(&str, Option<u64>) + Send),
    ) -> Result<(), FamilyError> {
        match self {
            Self::Debian(debian) => return debian.fetch(packages, into, on_package).await,
            Self::Redhat(_) | Self::Arch(_) | Self::Alpine(_) | Self::Freebsd(_) => {}
        }
        for package in packages {
            on_package(&package.name, None);
        }
        match self {
            Self::Debian(_) => Ok(()),
            Self::Redhat(redhat) => redhat.fetch(packages, into).await,
            Self::Arch(arch) => arch.fetch(packages, into).await,
            Self::Alpine(alpine) => alpine.fetch(packages, into).await,
            Self::Freebsd(freebsd) => freebsd.fetch(packages, into).await,
        }
    }

    fn find(&self, package: &PackageVersion, into: &Path) -> Option<PathBuf> {
        let PackageVersion { name, version } = package;
        // Epochs are not part of file names in these families.
        let plain = version.rsplit(':').next().unwrap_or(version);
        let (folder, start, end) = match self {
            Self::Debian(_) => (into.to_owned(), format!("{name}_"), ".deb"),
            Self::Redhat(_) => (into.to_owned(), format!("{name}-{plain}."), ".rpm"),
            Self::Arch(_) => (into.to_owned(), format!("{name}-{plain}-"), ".pkg.tar"),
            Self::Alpine(_) => (into.to_owned(), format!("{name}-{version}.apk"), ""),
            Self::Freebsd(_) => (into.join("All"), format!("{name}-{version}"), ".pkg"),
        };
        let mut files: Vec<String> = fs::read_dir(&folder)
            .ok()?
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|file| {
                let tail = file.strip_prefix(&start);
                tail.is_some_and(|tail| tail.ends_with(end) || (end == ".pkg.tar" && is_arch_tail(tail)))
            })
            .collect();
        files.sort();
        Some(folder.join(files.pop()?))
    }

    /// Unpacks one downloaded package into a folder of its own.
    pub(crate) async fn unpack(&self, archive: &Path, into: &Path) -> Result<(), FamilyError> {
        store::create(into)?;
        match self {
            Self::Debian(debian) => debian.unpack(archive, into).await,
            Self::Redhat(redhat) => redhat.unpack(archive, into).await,
            Self::Arch(arch) => arch.unpack(archive, into).await,
            Self::Alpine(alpine) => alpine.unpack(archive, into).await,
            Self::Freebsd(freebsd) => freebsd.unpack(archive, into).await,
        }
    }

    /// What a person can do when this family's tools fail.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Debian(_) => "check the network and the sources in /etc/apt, then run the sync again",
            Self::Redhat(_) => {
                "check the network, and that `dnf download` works (package dnf-plugins-core), then run the sync again"
            }
            Self::Arch(_) => "refresh the package lists with `pacman -Sy`, check the network, then run the sync again",
            Self::Alpine(_) => {
                "refresh the package lists with `apk update`, check the network, then run the sync again"
            }
            Self::Freebsd(_) => "check the network, and that `pkg update` works, then run the sync again",
        }
    }
}

/// `x86_64.pkg.tar.zst`, without the signature beside it.
fn is_arch_tail(tail: &str) -> bool {
    tail.split_once(".pkg.tar.").is_some_and(|(arch, packer)| !arch.contains('-') && !packer.contains('.'))
}
