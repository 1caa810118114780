//! The corpus folder: one folder of pages per pack, a record beside them, and the way a new pack
//! takes the place of the old one. It knows neither families nor networks.
//!
//! ```text
//! <corpus>/<pack>/…            pages, nothing else
//! <corpus>/.packs/<pack>.json  what they were made from
//! <corpus>/.new/<pack>         a pack being put together
//! <corpus>/.old/<pack>         the replaced one, for the moment between two renames
//! <corpus>/.fetch/…            downloads and private package state
//! <corpus>/.lock               held during a sync
//! ```

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::names::PackName;
use crate::report::{MissingPackage, PackageVersion};

/// Why the corpus folder could not be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A folder could not be made.
    #[error("cannot create the folder {}", path.display())]
    Create {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Something old could not be removed.
    #[error("cannot remove {}", path.display())]
    Remove {
        /// What.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A pack could not be moved into place.
    #[error("cannot move {} to {}", from.display(), to.display())]
    Rename {
        /// From.
        from: PathBuf,
        /// To.
        to: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A record or setting could not be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Pages could not be read or put into the new pack.
    #[error("cannot put together the pages in {}", path.display())]
    Assemble {
        /// The new pack's folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another sync is at work.
    #[error("another sync is writing to {}; wait for it to finish", path.display())]
    Locked {
        /// The corpus folder.
        path: PathBuf,
    },
}

/// What a pack on disk was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) name: PackName,
    pub(crate) method: String,
    pub(crate) packages: Vec<PackageVersion>,
    pub(crate) missing: Vec<MissingPackage>,
    pub(crate) pages: u64,
    pub(crate) bytes: u64,
    pub(crate) fetched_at: String,
    /// Digest of the manifest's words on this pack.
    pub(crate) recipe: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Store {
    root: PathBuf,
}

/// Held while a sync writes. The lock goes with the process, however it ends.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
}

impl Drop for Lock {
    /// Closing alone would leave the lock with a child process that was forked a moment ago and has
    /// not started its program yet.
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}

impl Store {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    pub(crate) fn pack(&self, name: &PackName) -> PathBuf {
        self.root.join(name.as_str())
    }

    pub(crate) fn fetch(&self) -> PathBuf {
        self.root.join(".fetch")
    }

    /// The record of a pack whose pages are there. An unreadable record is none: the pack is
    /// fetched again.
    pub(crate) fn record(&self, name: &PackName) -> Option<Record> {
        let text = fs::read_to_string(self.record_path(name)).ok()?;
        let record: Record = serde_json::from_str(&text).ok()?;
        self.pack(name).is_dir().then_some(record)
    }

    /// The packs whose pages are there, whichever manifest they came from, by name.
    pub(crate) fn packs(&self) -> Vec<PackName> {
        let records = fs::read_dir(self.root.join(".packs")).into_iter().flatten().flatten();
        let name = |path: PathBuf| PackName::try_from(path.file_stem()?.to_str()?.to_owned()).ok();
        let mut names: Vec<PackName> = records.filter_map(|entry| name(entry.path())).collect();
        names.retain(|name| self.record(name).is_some());
        names.sort();
        names
    }

    /// Takes the lock and completes or undoes what an interrupted sync left.
    pub(crate) fn begin(&self) -> Result<Lock, StoreError> {
        create(&self.root)?;
        let path = self.root.join(".lock");
        let write = |source| StoreError::Write { path: path.clone(), source };
        let file = File::options().create(true).append(true).open(&path).map_err(write)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Locked { path: self.root.clone() });
            }
            Err(TryLockError::Error(source)) => return Err(write(source)),
        }
        let old = self.root.join(".old");
        for entry in fs::read_dir(&old).into_iter().flatten().flatten() {
            let home = self.root.join(entry.file_name());
            if !home.exists() {
                rename(&entry.path(), &home)?;
            }
        }
        for folder in [old, self.root.join(".new")] {
            remove(&folder)?;
        }
        for folder in [self.fetch(), self.root.join(".new"), self.root.join(".packs")] {
            create(&folder)?;
        }
        Ok(Lock { file })
    }

    /// An empty folder to put a pack together in.
    pub(crate) fn fresh(&self, name: &PackName) -> Result<PathBuf, StoreError> {
        fresh(&self.root.join(".new").join(name.as_str()))
    }

    /// Makes the pack in `.new` the pack. Readers see the old one or the new one, but for the
    /// moment between two renames.
    pub(crate) fn install(&self, record: &Record) -> Result<(), StoreError> {
        let new = self.root.join(".new").join(record.name.as_str());
        let home = self.pack(&record.name);
        let old = self.root.join(".old").join(record.name.as_str());
        if home.exists() {
            create(&self.root.join(".old"))?;
            remove(&old)?;
            rename(&home, &old)?;
        }
        rename(&new, &home)?;
        let text = serde_json::to_string_pretty(record).map_err(io::Error::other);
        let path = self.record_path(&record.name);
        let draft = path.with_extension("tmp");
        text.and_then(|text| fs::write(&draft, text))
            .map_err(|source| StoreError::Write { path: draft.clone(), source })?;
        rename(&draft, &path)?;
        remove(&old)
    }

    /// Removes what only a running sync needs; the package lists stay for the next one.
    pub(crate) fn end(&self) -> Result<(), StoreError> {
        for name in [".new", ".old", ".fetch/get", ".fetch/x"] {
            remove(&self.root.join(name))?;
        }
        Ok(())
    }

    fn record_path(&self, name: &PackName) -> PathBuf {
        self.root.join(".packs").join(format!("{name}.json"))
    }
}

pub(crate) fn create(path: &Path) -> Result<(), StoreError> {
    fs::create_dir_all(path).map_err(|source| StoreError::Create { path: path.to_owned(), source })
}

/// An empty folder at that path, whatever was there.
pub(crate) fn fresh(path: &Path) -> Result<PathBuf, StoreError> {
    remove(path)?;
    create(path)?;
    Ok(path.to_owned())
}

pub(crate) fn write(path: &Path, text: &[u8]) -> Result<(), StoreError> {
    fs::write(path, text).map_err(|source| StoreError::Write { path: path.to_owned(), source })
}

/// Removes a folder tree. Packages may unpack folders without write permission for us.
pub(crate) fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            make_writable(path, 0);
            fs::remove_dir_all(path).map_err(|source| StoreError::Remove { path: path.to_owned(), source })
        }
        Err(source) => Err(StoreError::Remove { path: path.to_owned(), source }),
    }
}

fn make_writable(folder: &Path, depth: usize) {
    use std::os::unix::fs::PermissionsExt;
    if depth > 64 || !fs::symlink_metadata(folder).is_ok_and(|meta| meta.is_dir()) {
        return;
    }
    // Best effort: the removal that follows reports what stays.
    if fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).is_ok() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            make_writable(&entry.path(), depth + 1);
        }
    }
}

fn rename(from: &Path, to: &Path) -> Result<(), StoreError> {
    fs::rename(from, to).map_err(|source| StoreError::Rename { from: from.to_owned(), to: to.to_owned(), source })
}
