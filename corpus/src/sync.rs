//! A sync from beginning to end: choose, compare with what is there, download, unpack, put
//! together, swap in. It decides what to do with a failure; how packages are had is the
//! families' business, and what is a page is decided by `pages`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use futures::StreamExt;
use sha2::{Digest, Sha256};

use crate::clock;
use crate::family::{FamilyError, Native};
use crate::machine::Machine;
use crate::make::{Context, Made, Trouble, Wanted, store_trouble};
use crate::manifest::{Manifest, NativeSource, Pack};
use crate::names::{PackName, PackagePattern, is_package};
use crate::os_release::Family;
use crate::pages::Rules;
use crate::report::{
    MissingPackage, PackOutcome, PackResult, PackState, PackStatus, PackageVersion, SyncEvent, SyncReport,
};
use crate::store::{self, Record, Store, StoreError};

/// Packs worked on at once: unpacking is bound by processors, websites by waiting.
const AT_ONCE: usize = 3;

/// The documentation packs of one data folder.
#[derive(Debug)]
pub struct Corpus {
    pub(crate) store: Store,
    manifest: Manifest,
    pub(crate) machine: Machine,
}

/// What to sync, and how.
#[derive(Debug, Clone, Default)]
pub struct SyncOptions {
    /// Packs by name; none means all.
    pub packs: Vec<String>,
    /// Fetch again what is up to date, and read the package lists anew.
    pub force: bool,
    /// No network: only what is on the host's disk.
    pub offline: bool,
    /// Instead of the family that the host tells.
    pub family: Option<Family>,
}

/// Why a sync could not be begun or ended. A pack that fails is no such reason.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// A pack that the manifest does not have.
    #[error("there is no pack named {name:?}; there are {}", known.join(", "))]
    UnknownPack {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The corpus folder could not be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Corpus {
    /// The corpus in that folder (`<data>/corpus`), on this host. Nothing is read or written yet.
    pub fn open(root: impl Into<PathBuf>, manifest: Manifest) -> Self {
        Self::open_on(root, manifest, Machine::default())
    }

    /// The same, for a host whose parts lie elsewhere.
    pub fn open_on(root: impl Into<PathBuf>, manifest: Manifest, machine: Machine) -> Self {
        let root = root.into();
        // Tools run in other folders, so a relative root would mean something else to them.
        let root = std::path::absolute(&root).unwrap_or(root);
        Self { store: Store::new(root), manifest, machine }
    }

    /// The manifest in use.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The folder that holds a pack's pages and nothing else.
    pub fn pages_folder(&self, pack: &PackName) -> PathBuf {
        self.store.pack(pack)
    }

    /// The packs that are on disk, those of another manifest too.
    pub fn fetched(&self) -> Vec<PackName> {
        self.store.packs()
    }

    /// Every pack of the manifest, in its order.
    pub fn list(&self) -> Vec<PackStatus> {
        self.manifest.packs.iter().map(|pack| self.status(pack)).collect()
    }

    fn status(&self, pack: &Pack) -> PackStatus {
        let record = self.store.record(&pack.name);
        let state = match &record {
            None => PackState::Missing,
            Some(record) if record.recipe == self.recipe(pack) && record.missing.is_empty() => PackState::Present,
            Some(_) => PackState::Stale,
        };
        PackStatus {
            name: pack.name.clone(),
            title: pack.title.clone(),
            about: pack.about.clone(),
            licence: pack.licence.clone(),
            state,
            pages: record.as_ref().map_or(0, |record| record.pages),
            bytes: record.as_ref().map_or(0, |record| record.bytes),
            method: record.as_ref().map(|record| record.method.clone()),
            fetched_at: record.as_ref().map(|record| record.fetched_at.clone()),
            packages: record.as_ref().map(|record| record.packages.clone()).unwrap_or_default(),
            missing: record.map(|record| record.missing).unwrap_or_default(),
        }
    }

    /// Fetches packs. Dropping the future ends the programs it started and leaves the earlier
    /// packs in place.
    pub async fn sync(
        &self,
        options: SyncOptions,
        events: &mut (dyn FnMut(SyncEvent) + Send),
    ) -> Result<SyncReport, SyncError> {
        let packs = self.chosen(&options.packs)?;
        let family = options.family.unwrap_or_else(|| self.machine.family());
        let _lock = self.store.begin()?;
        let get = store::fresh(&self.store.fetch().join("get"))?;
        store::fresh(&self.store.fetch().join("x"))?;

        let mut warnings = Vec::new();
        let native = if options.offline { None } else { Native::of(family, &self.machine, &self.store.fetch()) };
        let mut wanted = BTreeMap::new();
        let mut native_trouble = None;
        if let Some(native) = &native {
            events(SyncEvent::Preparing { step: format!("reading the package lists ({family})") });
            match self.resolve(native, family, &packs, options.force, &mut warnings).await {
                Ok(found) => wanted = found,
                Err(error) => {
                    native_trouble = Some(Trouble { reason: error.to_string(), hint: native.hint().to_owned() });
                }
            }
        }

        let mut outcomes: BTreeMap<PackName, PackOutcome> = BTreeMap::new();
        let mut to_make = Vec::new();
        for pack in &packs {
            match self.store.record(&pack.name) {
                Some(record) if !options.force && self.is_current(pack, &record, wanted.get(&pack.name), family) => {
                    let pages = record.pages;
                    events(SyncEvent::PackCurrent { name: pack.name.clone(), pages });
                    let result = PackResult::Unchanged;
                    let outcome = PackOutcome { name: pack.name.clone(), result, pages, missing: record.missing };
                    outcomes.insert(pack.name.clone(), outcome);
                }
                _ => to_make.push(*pack),
            }
        }

        let archives = match &native {
            Some(native) => self.download(native, &to_make, &wanted, &get, events).await,
            None => BTreeMap::new(),
        };

        let total = to_make.len();
        let mut started = 0;
        let context = Context {
            corpus: self,
            native: native.as_ref(),
            trouble: native_trouble.as_ref(),
            offline: options.offline,
            archives: &archives,
            family,
        };
        let mut work = futures::stream::iter(to_make.into_iter().map(|pack| {
            let wanted = wanted.remove(&pack.name).unwrap_or_default();
            let context = &context;
            async move { (pack, context.make(pack, wanted).await) }
        }))
        .buffer_unordered(AT_ONCE);
        while let Some((pack, made)) = work.next().await {
            started += 1;
            events(SyncEvent::Pack { name: pack.name.clone(), index: started, total });
            let outcome = self.settle(pack, made, events);
            outcomes.insert(pack.name.clone(), outcome);
        }
        drop(work);
        self.store.end()?;

        let packs: Vec<PackOutcome> = packs.iter().filter_map(|pack| outcomes.remove(&pack.name)).collect();
        let pages = packs.iter().map(|pack| pack.pages).sum();
        let missing = packs.iter().filter(|pack| pack.pages == 0).map(|pack| pack.name.clone()).collect();
        Ok(SyncReport { family, packs, pages, missing, warnings })
    }

    fn chosen(&self, names: &[String]) -> Result<Vec<&Pack>, SyncError> {
        for name in names {
            if !self.manifest.packs.iter().any(|pack| pack.name.as_str() == name) {
                let known = self.manifest.packs.iter().map(|pack| pack.name.to_string()).collect();
                return Err(SyncError::UnknownPack { name: name.clone(), known });
            }
        }
        let asked = |pack: &&Pack| names.is_empty() || names.iter().any(|name| name == pack.name.as_str());
        Ok(self.manifest.packs.iter().filter(asked).collect())
    }

    /// Chooses a package and a version for every pattern of every pack, in few calls.
    async fn resolve(
        &self,
        native: &Native,
        family: Family,
        packs: &[&Pack],
        force: bool,
        warnings: &mut Vec<String>,
    ) -> Result<BTreeMap<PackName, Wanted>, FamilyError> {
        warnings.extend(native.prepare(force).await?);
        let sources: Vec<(&Pack, &NativeSource)> =
            packs.iter().filter_map(|pack| pack.native(family).map(|source| (*pack, source))).collect();
        let patterns: BTreeSet<&PackagePattern> =
            sources.iter().flat_map(|(_, source)| source.packages.iter().chain(&source.optional)).collect();
        let mut candidates: BTreeMap<&PackagePattern, Vec<String>> = BTreeMap::new();
        for pattern in patterns {
            candidates.insert(pattern, candidates_of(native, pattern).await?);
        }
        let names: BTreeSet<String> = candidates.values().flatten().cloned().collect();
        let available = native.available(&names.into_iter().collect::<Vec<_>>()).await?;
        let pick = |pattern: &PackagePattern| {
            let names = candidates.get(pattern)?;
            names.iter().find_map(|name| {
                available.get(name).map(|version| PackageVersion { name: name.clone(), version: version.clone() })
            })
        };
        let mut wanted = BTreeMap::new();
        for (pack, source) in sources {
            let mut own = Wanted::default();
            for pattern in &source.packages {
                match pick(pattern) {
                    Some(package) => own.packages.push(package),
                    None => own.missing.push(MissingPackage {
                        package: pattern.to_string(),
                        reason: "no package source of this host offers it".to_owned(),
                    }),
                }
            }
            own.packages.extend(source.optional.iter().filter_map(pick));
            own.packages.sort();
            own.packages.dedup();
            wanted.insert(pack.name.clone(), own);
        }
        Ok(wanted)
    }

    /// Whether the pack on disk is what a fetch would give.
    fn is_current(&self, pack: &Pack, record: &Record, wanted: Option<&Wanted>, family: Family) -> bool {
        record.recipe == self.recipe(pack)
            && record.method == family.to_string()
            && wanted.is_some_and(|wanted| wanted.packages == record.packages && wanted.missing == record.missing)
    }

    async fn download(
        &self,
        native: &Native,
        packs: &[&Pack],
        wanted: &BTreeMap<PackName, Wanted>,
        into: &Path,
        events: &mut (dyn FnMut(SyncEvent) + Send),
    ) -> BTreeMap<String, Result<PathBuf, FamilyError>> {
        let mut owner: BTreeMap<&str, &PackName> = BTreeMap::new();
        let mut all: BTreeMap<&str, &PackageVersion> = BTreeMap::new();
        for pack in packs {
            for package in wanted.get(&pack.name).into_iter().flat_map(|wanted| &wanted.packages) {
                owner.entry(&package.name).or_insert(&pack.name);
                all.insert(&package.name, package);
            }
        }
        if all.is_empty() {
            return BTreeMap::new();
        }
        events(SyncEvent::Preparing { step: format!("downloading {} packages", all.len()) });
        let all: Vec<PackageVersion> = all.into_values().cloned().collect();
        let mut on_package = |name: &str, bytes| {
            if let Some(pack) = owner.get(name) {
                events(SyncEvent::Package { pack: (*pack).clone(), package: name.to_owned(), bytes });
            }
        };
        native.download(&all, into, &mut on_package).await
    }

    /// Swaps a made pack in, or keeps the earlier one, and says which.
    fn settle(
        &self,
        pack: &Pack,
        made: Result<Made, Trouble>,
        events: &mut (dyn FnMut(SyncEvent) + Send),
    ) -> PackOutcome {
        let name = pack.name.clone();
        let earlier = self.store.record(&name);
        let installed = made.and_then(|made| {
            worse(&made, earlier.as_ref()).map_or(Ok(()), Err)?;
            let record = Record {
                name: name.clone(),
                method: made.method,
                packages: made.packages,
                missing: made.missing,
                pages: made.assembled.pages,
                bytes: made.assembled.bytes,
                fetched_at: clock::now(),
                recipe: self.recipe(pack),
            };
            self.store.install(&record).map_err(|error| store_trouble(&error))?;
            Ok(record)
        });
        match (installed, earlier) {
            (Ok(record), earlier) => {
                let (pages, bytes) = (record.pages, record.bytes);
                events(SyncEvent::PackDone { name: name.clone(), pages, bytes });
                let result = if earlier.is_some() { PackResult::Updated } else { PackResult::Fetched };
                PackOutcome { name, result, pages, missing: record.missing }
            }
            (Err(Trouble { reason, hint }), Some(earlier)) => {
                let pages = earlier.pages;
                events(SyncEvent::PackKept { name: name.clone(), pages, reason: reason.clone() });
                let result = PackResult::Kept { reason, hint };
                PackOutcome { name, result, pages, missing: earlier.missing }
            }
            (Err(Trouble { reason, hint }), None) => {
                events(SyncEvent::PackFailed { name: name.clone(), reason: reason.clone(), hint: hint.clone() });
                let result = PackResult::Failed { reason, hint };
                PackOutcome { name, result, pages: 0, missing: Vec::new() }
            }
        }
    }

    /// Digest of everything in the manifest that decides what the pack holds.
    fn recipe(&self, pack: &Pack) -> String {
        // Serialising plain data into JSON text cannot fail; if it did, the pack is fetched again.
        let text = serde_json::to_string(&(pack, &self.manifest.defaults)).unwrap_or_default();
        Sha256::digest(text.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    pub(crate) fn rules(&self, pack: &Pack, source: Option<&NativeSource>) -> Rules {
        let defaults = &self.manifest.defaults;
        let mut include = if pack.include.is_empty() { defaults.include.clone() } else { pack.include.clone() };
        let mut exclude = [defaults.exclude.clone(), pack.exclude.clone()].concat();
        if let Some(source) = source {
            include.extend(source.include.iter().cloned());
            exclude.extend(source.exclude.iter().cloned());
        }
        Rules { include, exclude }
    }
}

/// Why a new pack should not replace the earlier one: it lacks a package that the other has, or
/// came from a lesser source.
fn worse(made: &Made, earlier: Option<&Record>) -> Option<Trouble> {
    let earlier = earlier?;
    let had = |missing: &&MissingPackage| {
        earlier.packages.iter().any(|package| {
            let Ok(pattern) = PackagePattern::parse(&missing.package) else {
                return false;
            };
            pattern.alternatives().any(|name| matches_name(name, &package.name))
        })
    };
    if let Some(lost) = made.missing.iter().find(had) {
        return Some(Trouble {
            reason: format!("{}: {}", lost.package, lost.reason),
            hint: "run the sync again later; the earlier pack stays until then".to_owned(),
        });
    }
    (made.packages.is_empty() && !earlier.packages.is_empty()).then(|| Trouble {
        reason: "its packages could not be had, and what is on this host's disk is less than the earlier pack"
            .to_owned(),
        hint: "run the sync again with the package mirror in reach".to_owned(),
    })
}

fn matches_name(pattern: &str, name: &str) -> bool {
    crate::glob::Glob::parse(pattern).is_ok_and(|glob| glob.matches(name))
}

/// The names that a pattern stands for, best first.
async fn candidates_of(native: &Native, pattern: &PackagePattern) -> Result<Vec<String>, FamilyError> {
    let mut names = Vec::new();
    for alternative in pattern.alternatives() {
        let Some((prefix, _)) = alternative.split_once('*') else {
            names.push(alternative.to_owned());
            continue;
        };
        let mut found = native.names(prefix).await?;
        found.retain(|name| is_package(name) && matches_name(alternative, name));
        found.sort_by(|a, b| crate::family::apt_text::natural(b, a));
        names.extend(found);
    }
    Ok(names)
}
