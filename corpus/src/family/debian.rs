//! Debian and Ubuntu: `apt-get download` and `dpkg-deb -x` over a private package state made
//! from the machine's own sources with `contrib` added. The machine's lists, cache, sources and
//! installed packages are neither used as state nor changed, and no part of it needs root.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

use super::{FamilyError, apt_text};
use crate::machine::Machine;
use crate::names::is_package;
use crate::report::PackageVersion;
use crate::run::Run;
use crate::store;

/// Lists younger than this are used as they are.
const LISTS_LAST: Duration = Duration::from_secs(6 * 3_600);
const UPDATE_LIMIT: Duration = Duration::from_secs(600);
const DOWNLOAD_LIMIT: Duration = Duration::from_secs(1_800);

#[derive(Debug)]
pub(crate) struct Debian {
    machine: Machine,
    /// Our private state.
    home: PathBuf,
}

impl Debian {
    pub(crate) fn new(machine: Machine, home: PathBuf) -> Self {
        Self { machine, home }
    }

    fn apt(&self, program: &str) -> Result<Run, FamilyError> {
        Ok(Run::new(&self.machine, program)?.arg("-c").arg(self.home.join("apt.conf")))
    }

    pub(crate) async fn prepare(&self, force: bool) -> Result<Vec<String>, FamilyError> {
        for folder in ["parts", "lists/partial", "cache/archives/partial", "state"] {
            store::create(&self.home.join(folder))?;
        }
        let stamp = self.home.join("updated");
        let sources = self.write_sources()?;
        store::write(&self.home.join("status"), b"")?;
        store::write(&self.home.join("apt.conf"), self.settings()?.as_bytes())?;
        if !force && fresh_enough(&stamp, &sources) && self.has_lists() {
            return Ok(Vec::new());
        }
        // A failed source must not hide the others: apt keeps the lists that it could get.
        match self.apt("apt-get")?.arg("update").limit(UPDATE_LIMIT).output().await {
            Ok(_) if self.has_lists() => {
                store::write(&stamp, sources.as_bytes())?;
                Ok(Vec::new())
            }
            Ok(_) => Err(FamilyError::NoLists("no source could be reached".to_owned())),
            Err(error) if self.has_lists() => Ok(vec![error.to_string()]),
            Err(error) => Err(FamilyError::NoLists(error.to_string())),
        }
    }

    fn has_lists(&self) -> bool {
        let lists = fs::read_dir(self.home.join("lists")).into_iter().flatten().flatten();
        lists.into_iter().any(|entry| entry.file_name().to_string_lossy().contains("_Packages"))
    }

    /// Writes our sources; gives a digest of them.
    fn write_sources(&self) -> Result<String, FamilyError> {
        store::fresh(&self.home.join("parts"))?;
        let codename = self.machine.codename();
        let mut written = self.write_parts(codename.as_deref())?;
        if written.is_empty() {
            // A derivative may use suites that its os-release does not name.
            written = self.write_parts(None)?;
        }
        let digest = Sha256::digest(written.as_bytes());
        Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    fn write_parts(&self, codename: Option<&str>) -> Result<String, FamilyError> {
        let mut files = vec![self.machine.apt.join("sources.list")];
        let parts = fs::read_dir(self.machine.apt.join("sources.list.d")).into_iter().flatten().flatten();
        files.extend(parts.map(|entry| entry.path()));
        files.sort();
        let mut all = String::new();
        for (number, file) in files.iter().enumerate() {
            // A source that we may not read (they can hold passwords) is not ours to use.
            let Ok(text) = fs::read_to_string(file) else {
                continue;
            };
            let (kind, text) = match file.extension().and_then(|e| e.to_str()) {
                Some("list") => ("list", apt_text::list_with_contrib(&text, codename)),
                Some("sources") => ("sources", apt_text::sources_with_contrib(&text, codename)),
                Some(_) | None => continue,
            };
            if !text.is_empty() {
                store::write(&self.home.join(format!("parts/{number:03}.{kind}")), text.as_bytes())?;
                all.push_str(&text);
            }
        }
        Ok(all)
    }

    /// apt's settings for our state. An empty status file hides what is installed, so that the
    /// version chosen is always one that a source offers. The machine's hooks are cleared: they
    /// clean the machine's own caches. As root, apt would hand downloads to a user who cannot
    /// write here; the signatures are checked all the same.
    fn settings(&self) -> Result<String, FamilyError> {
        let plain = |path: PathBuf| match path.to_str() {
            Some(text) if !text.contains(['"', '\\', '\n']) => Ok(text.to_owned()),
            Some(_) | None => Err(FamilyError::Path(path)),
        };
        let home = plain(self.home.clone())?;
        Ok(format!(
            "#clear APT::Update::Pre-Invoke;\n#clear APT::Update::Post-Invoke;\n\
             #clear APT::Update::Post-Invoke-Success;\n\
             Dir::Etc::SourceList \"/dev/null\";\n\
             Dir::Etc::SourceParts \"{home}/parts\";\n\
             Dir::State \"{home}/state\";\n\
             Dir::State::Lists \"{home}/lists\";\n\
             Dir::State::status \"{home}/status\";\n\
             Dir::Cache \"{home}/cache\";\n\
             Dir::Cache::srcpkgcache \"\";\n\
             APT::Sandbox::User \"root\";\n\
             APT::Get::List-Cleanup \"true\";\n\
             Acquire::Languages \"none\";\n\
             Acquire::GzipIndexes \"true\";\n\
             Acquire::Retries \"2\";\n\
             Acquire::http::Timeout \"30\";\n\
             Acquire::https::Timeout \"30\";\n\
             Acquire::IndexTargets::deb::DEP-11::DefaultEnabled \"false\";\n\
             Acquire::IndexTargets::deb::CNF::DefaultEnabled \"false\";\n"
        ))
    }

    pub(crate) async fn names(&self, prefix: &str) -> Result<Vec<String>, FamilyError> {
        let text = self.apt("apt-cache")?.args(["pkgnames", prefix]).output().await?;
        Ok(text.lines().map(str::trim).filter(|name| is_package(name)).map(str::to_owned).collect())
    }

    pub(crate) async fn available(&self, names: &[String]) -> Result<BTreeMap<String, String>, FamilyError> {
        let policy = self.apt("apt-cache")?.arg("policy").args(names).output().await?;
        let madison = self.apt("apt-cache")?.arg("madison").args(names).output().await?;
        Ok(apt_text::choose(apt_text::policy(&policy), apt_text::madison(&madison)))
    }

    pub(crate) async fn fetch(
        &self,
        packages: &[PackageVersion],
        into: &Path,
        on_package: &mut (dyn FnMut(&str, Option<u64>) + Send),
    ) -> Result<(), FamilyError> {
        self.apt("apt-get")?
            .arg("download")
            .args(packages.iter().map(|package| format!("{}={}", package.name, package.version)))
            .in_folder(into)
            .limit(DOWNLOAD_LIMIT)
            .lines(&mut |line| {
                if let Some((name, bytes)) = apt_text::download_line(line) {
                    on_package(&name, bytes);
                }
            })
            .await?;
        Ok(())
    }

    pub(crate) async fn unpack(&self, archive: &Path, into: &Path) -> Result<(), FamilyError> {
        Run::new(&self.machine, "dpkg-deb")?.arg("-x").arg(archive).arg(into).output().await?;
        Ok(())
    }
}

fn fresh_enough(stamp: &Path, sources: &str) -> bool {
    let same = fs::read_to_string(stamp).is_ok_and(|text| text == sources);
    let written = fs::metadata(stamp).and_then(|meta| meta.modified());
    let age = written.ok().and_then(|when| SystemTime::now().duration_since(when).ok());
    same && age.is_some_and(|age| age < LISTS_LAST)
}
