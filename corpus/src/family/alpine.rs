//! Alpine: `apk fetch` of `-doc` packages, which are gzipped tar archives.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::FamilyError;
use crate::machine::Machine;
use crate::names::is_version;
use crate::report::PackageVersion;
use crate::run::Run;

const LIMIT: Duration = Duration::from_secs(1_800);

#[derive(Debug)]
pub(crate) struct Alpine {
    pub(crate) machine: Machine,
}

impl Alpine {
    pub(crate) async fn available(&self, names: &[String]) -> Result<BTreeMap<String, String>, FamilyError> {
        let text = Run::new(&self.machine, "apk")?.args(["search", "--exact"]).args(names).output().await?;
        let mut found = BTreeMap::new();
        for line in text.lines() {
            // `name-version-rN`: names and versions both hold `-`, so the asked names decide.
            let word = line.split_ascii_whitespace().next().unwrap_or("");
            let best = names.iter().filter_map(|name| {
                let version = word.strip_prefix(name.as_str())?.strip_prefix('-')?;
                (is_version(version) && version.starts_with(|c: char| c.is_ascii_digit())).then_some((name, version))
            });
            if let Some((name, version)) = best.max_by_key(|(name, _)| name.len()) {
                found.insert(name.clone(), version.to_owned());
            }
        }
        Ok(found)
    }

    pub(crate) async fn fetch(&self, packages: &[PackageVersion], into: &Path) -> Result<(), FamilyError> {
        Run::new(&self.machine, "apk")?
            .args(["fetch", "--quiet", "--output"])
            .arg(into)
            .args(packages.iter().map(|package| package.name.as_str()))
            .limit(LIMIT)
            .output()
            .await?;
        Ok(())
    }

    pub(crate) async fn unpack(&self, archive: &Path, into: &Path) -> Result<(), FamilyError> {
        Run::new(&self.machine, "tar")?.arg("-xzf").arg(archive).arg("-C").arg(into).output().await?;
        Ok(())
    }
}
