//! FreeBSD: `pkg fetch` into a private folder. Most pages are in the base system already and
//! come through the local way.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::FamilyError;
use crate::machine::Machine;
use crate::names::{is_package, is_version};
use crate::report::PackageVersion;
use crate::run::Run;

const LIMIT: Duration = Duration::from_secs(1_800);

#[derive(Debug)]
pub(crate) struct Freebsd {
    pub(crate) machine: Machine,
}

impl Freebsd {
    pub(crate) async fn available(&self, names: &[String]) -> Result<BTreeMap<String, String>, FamilyError> {
        let mut found = BTreeMap::new();
        // pkg fails for a list of names as soon as one of them is unknown.
        for name in names {
            let asked = Run::new(&self.machine, "pkg")?.args(["rquery", "-U", "%n %v"]).arg(name).output().await;
            let text = match asked {
                Ok(text) => text,
                Err(crate::run::RunError::Failed { .. }) => continue,
                Err(error) => return Err(error.into()),
            };
            let pairs = text.lines().filter_map(|line| line.trim().split_once(' '));
            found.extend(
                pairs
                    .filter(|(own, version)| own == name && is_package(own) && is_version(version))
                    .map(|(own, version)| (own.to_owned(), version.to_owned())),
            );
        }
        Ok(found)
    }

    pub(crate) async fn fetch(&self, packages: &[PackageVersion], into: &Path) -> Result<(), FamilyError> {
        Run::new(&self.machine, "pkg")?
            .args(["fetch", "-y", "-q", "-U", "-o"])
            .arg(into)
            .args(packages.iter().map(|package| package.name.as_str()))
            .limit(LIMIT)
            .output()
            .await?;
        Ok(())
    }

    pub(crate) async fn unpack(&self, archive: &Path, into: &Path) -> Result<(), FamilyError> {
        // Members of packages have absolute names; tar drops the leading slash.
        Run::new(&self.machine, "tar")?.arg("-xf").arg(archive).arg("-C").arg(into).output().await?;
        Ok(())
    }
}
