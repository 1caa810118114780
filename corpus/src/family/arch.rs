//! Arch Linux: `pacman -Sw` into a private cache folder when run as root; otherwise the addresses
//! that `pacman -Sp` prints, fetched over HTTP and compared with the lists' own SHA-256. The
//! machine's package lists are read and never refreshed: that would be a partial upgrade.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::{FamilyError, web};
use crate::machine::Machine;
use crate::names::{is_package, is_version};
use crate::report::PackageVersion;
use crate::run::{Run, RunError};
use crate::store;

const LIMIT: Duration = Duration::from_secs(1_800);
/// Larger than any package that holds documentation.
const PACKAGE_LIMIT: u64 = 512 << 20;

#[derive(Debug)]
pub(crate) struct Arch {
    pub(crate) machine: Machine,
}

impl Arch {
    pub(crate) async fn available(&self, names: &[String]) -> Result<BTreeMap<String, String>, FamilyError> {
        let mut found = BTreeMap::new();
        // One unknown name makes pacman refuse all of them, so the whole list is read instead.
        let text = Run::new(&self.machine, "pacman")?.arg("-Sl").limit(LIMIT).output().await?;
        for line in text.lines() {
            let mut words = line.split_ascii_whitespace().skip(1);
            let (Some(name), Some(version)) = (words.next(), words.next()) else {
                continue;
            };
            if is_package(name) && is_version(version) && names.iter().any(|own| own == name) {
                // The first repository listed wins, as it does for pacman.
                found.entry(name.to_owned()).or_insert_with(|| version.to_owned());
            }
        }
        Ok(found)
    }

    pub(crate) async fn fetch(&self, packages: &[PackageVersion], into: &Path) -> Result<(), FamilyError> {
        let names = || packages.iter().map(|package| package.name.as_str());
        let as_root = Run::new(&self.machine, "pacman")?
            .args(["-Swdd", "--noconfirm", "--noprogressbar", "--cachedir"])
            .arg(into)
            .args(names())
            .limit(LIMIT)
            .output()
            .await;
        match as_root {
            Err(RunError::Failed { stderr, .. }) if stderr.contains("unless you are root") => {}
            Err(error) => return Err(error.into()),
            Ok(_) => return Ok(()),
        }
        let text = Run::new(&self.machine, "pacman")?
            .args(["-Spdd", "--print-format", "%n %h %l"])
            .args(names())
            .output()
            .await?;
        let client = web::client()?;
        for line in text.lines() {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            let [name, sum, address] = words.as_slice() else {
                continue;
            };
            let Some(file) = address.rsplit('/').next().filter(|file| is_package(&file.replace(':', "-"))) else {
                continue;
            };
            let bytes = match address.strip_prefix("file://") {
                Some(path) => fs::read(path).map_err(|_| FamilyError::NoFile((*name).to_owned()))?,
                None => web::get(&client, address, PACKAGE_LIMIT).await?.body,
            };
            let own: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
            if own == *sum {
                store::write(&into.join(file), &bytes)?;
            } else {
                return Err(FamilyError::NoFile(format!(
                    "{name}: the SHA-256 of {address} is not that of the package list"
                )));
            }
        }
        Ok(())
    }

    pub(crate) async fn unpack(&self, archive: &Path, into: &Path) -> Result<(), FamilyError> {
        // pacman itself needs libarchive, whose tar reads every packer in use.
        Run::new(&self.machine, "bsdtar")?.arg("-xf").arg(archive).arg("-C").arg(into).output().await?;
        Ok(())
    }
}
