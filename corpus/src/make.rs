//! Making one pack in `.new`: from its downloaded packages, or else from the host's disk and the
//! web. Whether it then takes the place of the earlier pack is decided by `sync`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::family::{FamilyError, Native, local, web};
use crate::manifest::Pack;
use crate::os_release::Family;
use crate::pages::{self, Assembled, Picked};
use crate::report::{MissingPackage, PackageVersion};
use crate::store::{self, StoreError};
use crate::sync::Corpus;

/// What one pack needs from the package tools.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) packages: Vec<PackageVersion>,
    pub(crate) missing: Vec<MissingPackage>,
}

/// A pack put together in `.new`, not yet in place.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) method: String,
    pub(crate) packages: Vec<PackageVersion>,
    pub(crate) missing: Vec<MissingPackage>,
    pub(crate) assembled: Assembled,
}

/// Why a pack could not be made, and what to do.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub(crate) reason: String,
    pub(crate) hint: String,
}

/// What making a pack needs to know of the sync around it.
pub(crate) struct Context<'a> {
    pub(crate) corpus: &'a Corpus,
    pub(crate) native: Option<&'a Native>,
    pub(crate) trouble: Option<&'a Trouble>,
    pub(crate) offline: bool,
    pub(crate) archives: &'a BTreeMap<String, Result<PathBuf, FamilyError>>,
    pub(crate) family: Family,
}

impl Context<'_> {
    pub(crate) async fn make(&self, pack: &Pack, wanted: Wanted) -> Result<Made, Trouble> {
        let mut missing = wanted.missing;
        if let Some(native) = self.native
            && let Some(made) = self.make_native(native, pack, wanted.packages, &mut missing).await?
        {
            return Ok(made);
        }
        self.make_elsewhere(pack, missing).await
    }

    /// From packages; none if no package gave a page.
    async fn make_native(
        &self,
        native: &Native,
        pack: &Pack,
        packages: Vec<PackageVersion>,
        missing: &mut Vec<MissingPackage>,
    ) -> Result<Option<Made>, Trouble> {
        let rules = self.corpus.rules(pack, pack.native(self.family));
        let folder = self.corpus.store.fetch().join("x").join(pack.name.as_str());
        let mut picked = Vec::new();
        let mut used = Vec::new();
        for package in packages {
            let into = folder.join(&package.name);
            let unpacked = match self.archives.get(&package.name) {
                Some(Ok(archive)) => native.unpack(archive, &into).await.map_err(|error| error.to_string()),
                Some(Err(error)) => Err(error.to_string()),
                None => Err("it was not downloaded".to_owned()),
            };
            let (root, name, rules) = (into, package.name.clone(), rules.clone());
            let found = match unpacked {
                Ok(()) => blocking(move || pages::pick_package(&root, &name, &rules)).await,
                Err(reason) => Err(reason),
            };
            match found {
                Ok(found) => {
                    picked.extend(found);
                    used.push(package);
                }
                Err(reason) => missing.push(MissingPackage { package: package.name, reason }),
            }
        }
        let made = self.assemble(pack, picked, true).await?;
        // Thousands of files; they go as soon as the pack is made.
        store::remove(&folder).map_err(|error| store_trouble(&error))?;
        Ok((made.pages > 0).then(|| Made {
            method: self.family.to_string(),
            packages: used,
            missing: std::mem::take(missing),
            assembled: made,
        }))
    }

    /// From the host's disk and, unless offline or the mirror itself is out of reach, the web.
    async fn make_elsewhere(&self, pack: &Pack, missing: Vec<MissingPackage>) -> Result<Made, Trouble> {
        let rules = self.corpus.rules(pack, None);
        let mut method = Vec::new();
        let mut picked = Vec::new();
        if let Some(source) = pack.local.clone() {
            let machine = self.corpus.machine.clone();
            let found = blocking(move || local::pick(&machine, &source, &rules)).await;
            picked = found.map_err(|reason| Trouble {
                reason,
                hint: "check the permissions of /usr/share/doc and /usr/share/man".to_owned(),
            })?;
            if !picked.is_empty() {
                method.push("local");
            }
        }
        let mut reasons: Vec<String> = missing.iter().map(|m| format!("{}: {}", m.package, m.reason)).collect();
        reasons.extend(self.trouble.map(|trouble| trouble.reason.clone()));
        if let Some(source) = pack.web.as_ref().filter(|_| !self.offline && self.trouble.is_none()) {
            let folder = store::fresh(&self.corpus.store.fetch().join("x").join(format!("{}.web", pack.name)))
                .map_err(|error| store_trouble(&error))?;
            match web::fetch(source, &folder).await {
                Ok((pages, trouble)) => {
                    reasons.extend(trouble.map(|trouble| trouble.to_string()));
                    if pages > 0 {
                        method.push("web");
                        let found = blocking(move || pages::pick_all(&folder, "web")).await;
                        picked.extend(found.map_err(|reason| Trouble { reason, hint: String::new() })?);
                    }
                }
                Err(error) => reasons.push(error.to_string()),
            }
        }
        if picked.is_empty() {
            return Err(self.nothing(pack, &reasons));
        }
        let assembled = self.assemble(pack, picked, false).await?;
        if assembled.pages == 0 {
            return Err(self.nothing(pack, &reasons));
        }
        Ok(Made { method: method.join("+"), packages: Vec::new(), missing, assembled })
    }

    async fn assemble(&self, pack: &Pack, picked: Vec<Picked>, link: bool) -> Result<Assembled, Trouble> {
        let into = self.corpus.store.fresh(&pack.name).map_err(|error| store_trouble(&error))?;
        let shown = into.clone();
        let result = blocking(move || pages::assemble(&picked, &into, link)).await;
        result.map_err(|reason| Trouble {
            reason: format!("cannot put together the pages in {}: {reason}", shown.display()),
            hint: "check the free space and the permissions of the data folder".to_owned(),
        })
    }

    fn nothing(&self, pack: &Pack, reasons: &[String]) -> Trouble {
        let hint = match (self.trouble, self.native) {
            (Some(trouble), _) => trouble.hint.clone(),
            _ if self.offline => "run the sync again without --offline".to_owned(),
            (None, Some(native)) => native.hint().to_owned(),
            (None, None) => format!("install the documentation of {} on this host, then run the sync again", pack.name),
        };
        let reason = match (reasons, self.offline) {
            ([], true) => "it is not on this host's disk, and the sync was offline".to_owned(),
            ([], false) => format!("the manifest knows no way to get it on {}", self.family),
            _ => reasons.join("; "),
        };
        Trouble { reason, hint }
    }
}

pub(crate) fn store_trouble(error: &StoreError) -> Trouble {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    Trouble {
        reason: format!("{error}{cause}"),
        hint: "check the free space and the permissions of the data folder".to_owned(),
    }
}

/// File work off the threads that wait for programs and sockets; errors as text.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> std::io::Result<T> + Send + 'static) -> Result<T, String> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}
