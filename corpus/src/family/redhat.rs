//! Fedora, RHEL and their kin: `dnf download`, then `rpm2archive` and tar, or `rpm2cpio` and
//! cpio where the first is absent. Nothing is installed.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::FamilyError;
use crate::machine::Machine;
use crate::names::{is_package, is_version};
use crate::report::PackageVersion;
use crate::run::{Run, RunError};

const LIMIT: Duration = Duration::from_secs(1_800);

#[derive(Debug)]
pub(crate) struct Redhat {
    pub(crate) machine: Machine,
}

impl Redhat {
    pub(crate) async fn available(&self, names: &[String]) -> Result<BTreeMap<String, String>, FamilyError> {
        // dnf 4 ends each answer with a newline of its own, dnf 5 does not; blank lines are skipped.
        let text = Run::new(&self.machine, "dnf")?
            .args(["-q", "repoquery", "--latest-limit=1", "--qf", "%{name} %{evr}\\n"])
            .args(names)
            .limit(LIMIT)
            .output()
            .await?;
        let pairs = text.lines().filter_map(|line| line.trim().split_once(' '));
        Ok(pairs
            .map(|(name, version)| (name.to_owned(), version.trim().to_owned()))
            .filter(|(name, version)| is_package(name) && is_version(version))
            .collect())
    }

    pub(crate) async fn fetch(&self, packages: &[PackageVersion], into: &Path) -> Result<(), FamilyError> {
        let specs = packages.iter().map(|package| format!("{}-{}", package.name, package.version));
        let run = Run::new(&self.machine, "dnf")?.args(["-q", "-y", "download", "--destdir"]).arg(into);
        // Without this, 32-bit builds come too.
        run.arg(format!("--arch={},noarch", std::env::consts::ARCH)).args(specs).limit(LIMIT).output().await?;
        Ok(())
    }

    pub(crate) async fn unpack(&self, archive: &Path, into: &Path) -> Result<(), FamilyError> {
        match Run::new(&self.machine, "rpm2archive") {
            Ok(run) => {
                // Writes `<archive>.tgz` beside its input.
                run.arg(archive).output().await?;
                let mut packed = archive.as_os_str().to_owned();
                packed.push(".tgz");
                Run::new(&self.machine, "tar")?.arg("-xzf").arg(&packed).arg("-C").arg(into).output().await?;
            }
            Err(RunError::Missing { .. }) => {
                let packed = archive.with_extension("cpio");
                Run::new(&self.machine, "rpm2cpio")?.arg(archive).stdout_to(&packed).output().await?;
                Run::new(&self.machine, "cpio")?
                    .args(["-idm", "--quiet", "--no-absolute-filenames"])
                    .stdin_from(&packed)
                    .in_folder(into)
                    .output()
                    .await?;
            }
            Err(error @ (RunError::Start { .. } | RunError::Failed { .. } | RunError::TimedOut { .. })) => {
                return Err(error.into());
            }
        }
        Ok(())
    }
}
