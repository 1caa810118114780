//! The machine that kai runs on.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Command, Host, HostError, Output, Program, openers, spawn};
use crate::names::HostPath;

/// The machine itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Local;

impl Host for Local {
    fn name(&self) -> String {
        "this host".to_owned()
    }

    fn run(&self, command: &Command) -> Result<Output, HostError> {
        let program = spawn::find(command.program().name())
            .ok_or_else(|| HostError::Missing { program: command.program(), host: self.name() })?;
        spawn::run(&program, command.arguments(), None, command.limit()).map_err(|failed| match failed {
            spawn::Failed::Start(source) => {
                HostError::Start { command: command.to_string(), host: self.name(), source }
            }
            spawn::Failed::TimedOut => HostError::TimedOut { command: command.to_string(), limit: command.limit() },
        })
    }

    fn has(&self, program: Program) -> Result<bool, HostError> {
        Ok(spawn::find(program.name()).is_some())
    }

    fn read(&self, path: &HostPath, limit: usize) -> Result<Option<Vec<u8>>, HostError> {
        let read = || {
            let mut bytes = Vec::new();
            File::open(path.as_str())?.take(limit as u64).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        match read() {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if is_absent(&error) => Ok(None),
            Err(source) => Err(HostError::File { action: "read", path: path.clone(), source }),
        }
    }

    fn create(&self, path: &HostPath, content: &[u8], mode: u32) -> Result<(), HostError> {
        whole(path, |file| {
            file.write_all(content)?;
            file.set_permissions(fs::Permissions::from_mode(mode))
        })
    }

    fn copy(&self, from: &HostPath, to: &HostPath) -> Result<(), HostError> {
        let open = |source| HostError::File { action: "read", path: from.clone(), source };
        let mut source = File::open(from.as_str()).map_err(open)?;
        let metadata = source.metadata().map_err(open)?;
        whole(to, |file| {
            std::io::copy(&mut source, file)?;
            fchown(&*file, Some(metadata.uid()), Some(metadata.gid()))?;
            file.set_permissions(metadata.permissions())
        })
    }

    fn remove(&self, path: &HostPath) -> Result<bool, HostError> {
        match fs::remove_file(path.as_str()) {
            Ok(()) => Ok(true),
            Err(error) if is_absent(&error) => Ok(false),
            Err(source) => Err(HostError::File { action: "remove", path: path.clone(), source }),
        }
    }

    fn resolve(&self, path: &HostPath) -> Result<Option<HostPath>, HostError> {
        match fs::canonicalize(path.as_str()) {
            Ok(real) => Ok(real.to_str().and_then(|real| real.parse().ok())),
            Err(error) if is_absent(&error) => Ok(None),
            Err(source) => Err(HostError::File { action: "resolve", path: path.clone(), source }),
        }
    }

    fn openers(&self, device: &HostPath) -> Result<Vec<String>, HostError> {
        openers::of(device).map_err(|source| HostError::File {
            action: "find out who has open",
            path: device.clone(),
            source,
        })
    }

    fn sleep(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Fills a file beside `path` and links it to that name, which must be free: nobody ever sees half
/// of it, and what is there is never overwritten.
fn whole(path: &HostPath, fill: impl FnOnce(&mut File) -> std::io::Result<()>) -> Result<(), HostError> {
    let target = Path::new(path.as_str());
    let partial = beside(target);
    let write = || {
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)?;
        }
        let _ = fs::remove_file(&partial);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&partial)?;
        fill(&mut file)?;
        file.sync_all()?;
        fs::hard_link(&partial, target)?;
        target.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    };
    let written = write();
    let _ = fs::remove_file(&partial);
    match written {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(HostError::Exists { path: path.clone() }),
        Err(source) => Err(HostError::File { action: "create", path: path.clone(), source }),
    }
}

fn beside(target: &Path) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!(".{name}.kai-partial"))
}
