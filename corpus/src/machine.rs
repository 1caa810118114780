//! The parts of a host that fetching reads, in one value: where its programs, its os-release, its
//! apt sources and its pages lie. Tests give another one. Nothing here starts a program.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::os_release::{self, Family};

/// Where a host keeps what fetching reads.
#[derive(Debug, Clone)]
pub struct Machine {
    /// The folders in which programs are looked for, in order.
    pub programs: Vec<PathBuf>,
    /// `/etc/os-release`.
    pub os_release: PathBuf,
    /// `/etc/apt`.
    pub apt: PathBuf,
    /// Folders that hold `man1`, `man8`, …
    pub man: Vec<PathBuf>,
    /// Folders that hold one documentation folder per package.
    pub doc: Vec<PathBuf>,
}

impl Default for Machine {
    /// The host we run on.
    fn default() -> Self {
        let path = env::var_os("PATH").unwrap_or_else(|| OsString::from("/usr/bin:/bin"));
        // Administrators' tools are missing from the PATH of ordinary users on Debian.
        let extra = ["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from);
        let mut programs: Vec<PathBuf> = env::split_paths(&path).filter(|p| p.is_absolute()).collect();
        programs.extend(extra.into_iter().filter(|p| !env::split_paths(&path).any(|own| own == *p)));
        let paths = |list: &[&str]| list.iter().map(PathBuf::from).collect();
        Self {
            programs,
            os_release: PathBuf::from("/etc/os-release"),
            apt: PathBuf::from("/etc/apt"),
            man: paths(&["/usr/share/man", "/usr/local/share/man", "/usr/local/man"]),
            doc: paths(&["/usr/share/doc", "/usr/local/share/doc"]),
        }
    }
}

impl Machine {
    /// The family of the host. A host without os-release is FreeBSD when we were built for it.
    pub fn family(&self) -> Family {
        match fs::read_to_string(&self.os_release) {
            Ok(text) => os_release::detect(&text),
            Err(_) if cfg!(target_os = "freebsd") => Family::Freebsd,
            Err(_) => Family::Other,
        }
    }

    /// The release's code name, where the host tells one.
    pub(crate) fn codename(&self) -> Option<String> {
        os_release::codename(&fs::read_to_string(&self.os_release).ok()?)
    }

    /// The first file of that name in the program folders.
    pub(crate) fn program(&self, name: &str) -> Option<PathBuf> {
        self.programs.iter().map(|folder| folder.join(name)).find(|path| is_program(path))
    }
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}
