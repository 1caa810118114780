//! Who has a block device open, as `/proc` and `/sys` tell it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::names::HostPath;

/// Processes with the device open, and devices stacked on it. A device that is not there has none.
pub(super) fn of(device: &HostPath) -> std::io::Result<Vec<String>> {
    let real = match fs::canonicalize(device.as_str()) {
        Ok(real) => real,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut openers = holders(&real);
    for entry in fs::read_dir("/proc")?.flatten() {
        let name = entry.file_name();
        let Some(pid) = name.to_str().filter(|name| name.bytes().all(|b| b.is_ascii_digit())) else { continue };
        let open = fs::read_dir(entry.path().join("fd")).into_iter().flatten().flatten();
        // A process may have its own /dev (libvirt gives each guest one): the node's name is the same.
        if open.filter_map(|fd| fs::read_link(fd.path()).ok()).any(|target| target == real) {
            let program = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
            openers.push(format!("{} (pid {pid})", program.trim()));
        }
    }
    Ok(openers)
}

fn holders(real: &Path) -> Vec<String> {
    let Some(name) = real.file_name() else { return Vec::new() };
    let folder: PathBuf = Path::new("/sys/class/block").join(name).join("holders");
    let held = fs::read_dir(folder).into_iter().flatten().flatten();
    held.map(|holder| format!("device {}", holder.file_name().to_string_lossy())).collect()
}
