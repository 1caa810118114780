//! The manifest: which packs exist and how each family of distributions gets them. Values and
//! their checks only; nothing here may touch a network, a process or the corpus folder.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use url::Url;

use crate::glob::Glob;
use crate::names::{PackName, PackagePattern};
use crate::os_release::Family;

/// The manifest that comes with kai.
const EMBEDDED: &str = include_str!("../sources.toml");

/// All packs, and the rules they share.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Rules for every pack.
    #[serde(default)]
    pub defaults: Defaults,
    /// The packs, in the order of the file.
    #[serde(rename = "pack", default)]
    pub packs: Vec<Pack>,
}

/// Rules for every pack. Patterns are over a page's short path: `man8/zfs.8.gz` for a manual
/// page, the path inside the package's documentation folder for anything else.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Defaults {
    /// What is a page when a pack does not say.
    #[serde(default)]
    pub include: Vec<Glob>,
    /// What is never a page, whatever a pack says.
    #[serde(default)]
    pub exclude: Vec<Glob>,
}

/// One documentation pack.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    /// Its name, and that of its folder.
    pub name: PackName,
    /// For people.
    pub title: String,
    /// One line: what it answers.
    pub about: String,
    /// The licence of the pages.
    pub licence: String,
    /// Instead of the default include.
    #[serde(default)]
    pub include: Vec<Glob>,
    /// On top of the default exclude.
    #[serde(default)]
    pub exclude: Vec<Glob>,
    /// Debian and Ubuntu.
    pub debian: Option<NativeSource>,
    /// Fedora.
    pub fedora: Option<NativeSource>,
    /// RHEL and its kin; where absent, what Fedora has.
    pub rhel: Option<NativeSource>,
    /// Arch Linux.
    pub arch: Option<NativeSource>,
    /// Alpine.
    pub alpine: Option<NativeSource>,
    /// FreeBSD's packages; pages of its base system come through `local`.
    pub freebsd: Option<NativeSource>,
    /// What may be on the host's disk already.
    pub local: Option<LocalSource>,
    /// The last resort.
    pub web: Option<WebSource>,
}

/// Packages of one family.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NativeSource {
    /// Packages that the pack needs.
    #[serde(default)]
    pub packages: Vec<PackagePattern>,
    /// Packages that not every release has; their absence is no fault.
    #[serde(default)]
    pub optional: Vec<PackagePattern>,
    /// Added to the pack's patterns.
    #[serde(default)]
    pub include: Vec<Glob>,
    /// Added to the pack's patterns.
    #[serde(default)]
    pub exclude: Vec<Glob>,
}

/// Pages on the host's own disk.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalSource {
    /// Manual pages by name without section: `zfs*`.
    #[serde(default)]
    pub man: Vec<Glob>,
    /// Folders below `/usr/share/doc` by name; the pack's patterns say which files count.
    #[serde(default)]
    pub doc: Vec<Glob>,
}

/// Pages on the web.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebSource {
    /// A sitemap whose addresses below `under` are pages.
    pub sitemap: Option<Url>,
    /// Pages.
    #[serde(default)]
    pub urls: Vec<Url>,
    /// Addresses that begin so are pages too, when the sitemap or one of `urls` links to them.
    pub under: Option<Url>,
    /// At most so many pages.
    #[serde(default = "web_limit")]
    pub limit: usize,
}

fn web_limit() -> usize {
    300
}

/// Why a manifest was refused.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The file could not be read.
    #[error("cannot read the manifest {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not TOML, an unknown field, or a name or pattern that is refused.
    #[error("the manifest {origin} is not valid")]
    Parse {
        /// The file, or `built in`.
        origin: String,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// Two packs of one name.
    #[error("the manifest {origin} has two packs named {name}; rename one")]
    Twice {
        /// The file, or `built in`.
        origin: String,
        /// The name.
        name: PackName,
    },
    /// A `*` where the family's tools cannot list names.
    #[error("the manifest {origin} uses `*` in {pattern} of pack {name} for {family}; only debian may")]
    Wildcard {
        /// The file, or `built in`.
        origin: String,
        /// The pack.
        name: PackName,
        /// The family.
        family: Family,
        /// The pattern.
        pattern: PackagePattern,
    },
    /// A web address that is neither http nor https.
    #[error("the manifest {origin} gives pack {name} the address {url}; only http and https are fetched")]
    Scheme {
        /// The file, or `built in`.
        origin: String,
        /// The pack.
        name: PackName,
        /// The address.
        url: Box<Url>,
    },
}

impl Manifest {
    /// The manifest that comes with kai.
    pub fn embedded() -> Result<Self, ManifestError> {
        Self::parse(EMBEDDED, "built in")
    }

    /// The manifest in a file.
    pub fn load(path: &Path) -> Result<Self, ManifestError> {
        let text = fs::read_to_string(path).map_err(|source| ManifestError::Read { path: path.to_owned(), source })?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Reads and checks a manifest; `origin` names it in errors.
    pub fn parse(text: &str, origin: &str) -> Result<Self, ManifestError> {
        let origin = || origin.to_owned();
        let manifest: Self = toml::from_str(text)
            .map_err(|source| ManifestError::Parse { origin: origin(), source: Box::new(source) })?;
        let mut seen = BTreeSet::new();
        for pack in &manifest.packs {
            let name = || pack.name.clone();
            if !seen.insert(&pack.name) {
                return Err(ManifestError::Twice { origin: origin(), name: name() });
            }
            for family in [Family::Fedora, Family::Rhel, Family::Arch, Family::Alpine, Family::Freebsd] {
                let Some(source) = pack.native(family) else {
                    continue;
                };
                let mut patterns = source.packages.iter().chain(&source.optional);
                if let Some(pattern) = patterns.find(|pattern| pattern.has_wildcard()) {
                    let pattern = pattern.clone();
                    return Err(ManifestError::Wildcard { origin: origin(), name: name(), family, pattern });
                }
            }
            let urls = pack.web.iter().flat_map(|w| w.sitemap.iter().chain(&w.urls).chain(&w.under));
            for url in urls {
                if !["http", "https"].contains(&url.scheme()) {
                    return Err(ManifestError::Scheme { origin: origin(), name: name(), url: Box::new(url.clone()) });
                }
            }
        }
        Ok(manifest)
    }
}

impl Pack {
    /// The packages for a family.
    pub fn native(&self, family: Family) -> Option<&NativeSource> {
        match family {
            Family::Debian => self.debian.as_ref(),
            Family::Fedora => self.fedora.as_ref(),
            Family::Rhel => self.rhel.as_ref().or(self.fedora.as_ref()),
            Family::Arch => self.arch.as_ref(),
            Family::Alpine => self.alpine.as_ref(),
            Family::Freebsd => self.freebsd.as_ref(),
            Family::Other => None,
        }
    }
}
