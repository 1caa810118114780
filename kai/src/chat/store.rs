//! Saved conversations: one file each, in a folder that only its owner can read.
//!
//! Knows files, names and versions, and nothing of what a turn of a conversation holds. A file is
//! replaced as a whole or not at all; one that cannot be read is named and left as it is.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

pub(crate) use super::session::{Session, SessionName, SessionNameError};
use super::session::{now, unnamed};

/// The version of the file's format.
const VERSION: u32 = 1;
/// How many conversations that nobody has named are kept.
const UNNAMED_KEPT: usize = 100;
const EXTENSION: &str = ".json";

/// The file.
#[derive(Deserialize)]
struct Document<T> {
    created: u64,
    updated: u64,
    turns: Vec<T>,
}

#[derive(Serialize)]
struct DocumentRef<'a, T> {
    version: u32,
    name: &'a str,
    created: u64,
    updated: u64,
    turns: &'a [T],
}

/// What every version of the file has.
#[derive(Deserialize)]
struct Head {
    version: u32,
}

/// A conversation in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Summary {
    /// What it is called.
    pub(crate) name: SessionName,
    /// When it was saved last, in seconds since 1970.
    pub(crate) updated: u64,
    /// How many turns it has.
    pub(crate) turns: usize,
}

/// All conversations.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// Those that can be read, the newest first.
    pub(crate) sessions: Vec<Summary>,
    /// Why the others cannot.
    pub(crate) damaged: Vec<StoreError>,
}

/// Why a conversation cannot be saved or read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// The folder.
    #[error("the folder {} cannot be used for conversations", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Writing.
    #[error("the conversation {name} cannot be written to {}", path.display())]
    Write {
        /// Which.
        name: SessionName,
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Reading.
    #[error("the conversation {name} cannot be read from {}", path.display())]
    Read {
        /// Which.
        name: SessionName,
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no such conversation.
    #[error("there is no conversation {name}")]
    Missing {
        /// Which.
        name: SessionName,
    },
    /// There is one already.
    #[error("there is another conversation {name}: choose another name")]
    Taken {
        /// Which.
        name: SessionName,
    },
    /// The file is no conversation.
    #[error("the conversation {name} is damaged: {} was left as it is", path.display())]
    Damaged {
        /// Which.
        name: SessionName,
        /// Where.
        path: PathBuf,
        /// What does not fit.
        source: serde_json::Error,
    },
    /// The file is of the future.
    #[error("the conversation {name} was written by a newer kai (format {version}, this one reads {VERSION})")]
    Newer {
        /// Which.
        name: SessionName,
        /// The version of its format.
        version: u32,
    },
}

/// The folder of conversations.
#[derive(Debug, Clone)]
pub(crate) struct Sessions {
    folder: PathBuf,
}

impl Sessions {
    /// The conversations of a data folder. Nothing is created before something is saved.
    #[must_use]
    pub(crate) fn of(data: &Path) -> Self {
        Self { folder: data.join("sessions") }
    }

    /// Saves a conversation under its name. An empty one that nobody has named is not worth a file.
    ///
    /// # Errors
    /// If the folder or the file cannot be written, or another conversation has the name.
    pub(crate) fn save<T: Serialize>(&self, session: &mut Session<T>) -> Result<(), StoreError> {
        if session.turns.is_empty() && session.name.is_automatic() {
            return Ok(());
        }
        if !session.saved && session.name.is_automatic() {
            return self.save_unnamed(session);
        }
        if session.saved && self.was_gone_on_with(session) {
            // Two of the same conversation: neither ends the other.
            (session.saved, session.created) = (false, now());
            return self.save_unnamed(session);
        }
        let replace = session.saved;
        self.write(session, replace)
    }

    /// Whether another kai has written to the file of a conversation since.
    fn was_gone_on_with<T>(&self, session: &Session<T>) -> bool {
        let there = self.read::<serde::de::IgnoredAny>(&session.name);
        there.is_ok_and(|document| document.turns.len() != session.on_disk)
    }

    /// Gives a conversation a name and saves it. Its file of the name that kai chose goes.
    ///
    /// # Errors
    /// If the folder or the file cannot be written, or another conversation has the name.
    pub(crate) fn save_as<T: Serialize>(&self, session: &mut Session<T>, name: SessionName) -> Result<(), StoreError> {
        if session.saved && session.name == name {
            return self.write(session, true);
        }
        let old = std::mem::replace(&mut session.name, name);
        let was_saved = std::mem::replace(&mut session.saved, false);
        if let Err(error) = self.write(session, false) {
            session.name = old;
            session.saved = was_saved;
            return Err(error);
        }
        if was_saved && old.is_automatic() {
            // A second copy does no harm.
            let _ = fs::remove_file(self.path(&old));
        }
        Ok(())
    }

    /// Reads a conversation.
    ///
    /// # Errors
    /// If there is none of this name, or its file cannot be read or understood.
    pub(crate) fn load<T: DeserializeOwned>(&self, name: &SessionName) -> Result<Session<T>, StoreError> {
        let Document { created, turns, .. } = self.read(name)?;
        Ok(Session { name: name.clone(), created, saved: true, on_disk: turns.len(), turns })
    }

    /// All conversations, the newest first.
    ///
    /// # Errors
    /// If the folder cannot be read. A file that cannot be is reported in the list.
    pub(crate) fn list(&self) -> Result<Listing, StoreError> {
        let mut listing = Listing::default();
        for name in self.names()? {
            match self.read::<serde::de::IgnoredAny>(&name) {
                Ok(Document { updated, turns, .. }) => {
                    listing.sessions.push(Summary { name, updated, turns: turns.len() });
                }
                // Gone in the meantime.
                Err(StoreError::Missing { .. }) => {}
                Err(error) => listing.damaged.push(error),
            }
        }
        listing.sessions.sort_by(|a, b| b.updated.cmp(&a.updated).then_with(|| b.name.cmp(&a.name)));
        Ok(listing)
    }

    /// The names of all conversations, damaged ones too, in alphabetical order.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub(crate) fn names(&self) -> Result<Vec<SessionName>, StoreError> {
        let fails = |source| StoreError::Folder { path: self.folder.clone(), source };
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(fails(error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let file = entry.map_err(fails)?.file_name();
            // Anything else is not ours.
            let name = file.to_str().and_then(|file| file.strip_suffix(EXTENSION));
            names.extend(name.and_then(|name| name.parse::<SessionName>().ok()));
        }
        names.sort_unstable();
        Ok(names)
    }

    /// The first free name of those that kai chooses.
    fn save_unnamed<T: Serialize>(&self, session: &mut Session<T>) -> Result<(), StoreError> {
        let mut number = 1;
        loop {
            session.name = unnamed(session.created, number);
            match self.write(session, false) {
                Err(StoreError::Taken { .. }) if number < 1000 => number += 1,
                outcome => {
                    outcome?;
                    self.prune(&session.name);
                    return Ok(());
                }
            }
        }
    }

    /// Removes the oldest of those that nobody has named. Their names are in the order of time.
    fn prune(&self, present: &SessionName) {
        let names = self.names().unwrap_or_default();
        let others: Vec<_> = names.iter().filter(|name| name.is_automatic() && *name != present).collect();
        for name in others.iter().take((others.len() + 1).saturating_sub(UNNAMED_KEPT)) {
            // The next time.
            let _ = fs::remove_file(self.path(name));
        }
    }

    fn path(&self, name: &SessionName) -> PathBuf {
        self.folder.join(format!("{name}{EXTENSION}"))
    }

    fn read<T: DeserializeOwned>(&self, name: &SessionName) -> Result<Document<T>, StoreError> {
        let path = self.path(name);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(StoreError::Missing { name: name.clone() });
            }
            Err(source) => return Err(StoreError::Read { name: name.clone(), path, source }),
        };
        let damaged = |source| StoreError::Damaged { name: name.clone(), path: path.clone(), source };
        let Head { version } = serde_json::from_slice(&text).map_err(damaged)?;
        if version > VERSION {
            return Err(StoreError::Newer { name: name.clone(), version });
        }
        serde_json::from_slice(&text).map_err(damaged)
    }

    fn write<T: Serialize>(&self, session: &mut Session<T>, replace: bool) -> Result<(), StoreError> {
        self.create_folder().map_err(|source| StoreError::Folder { path: self.folder.clone(), source })?;
        let path = self.path(&session.name);
        let updated = now().max(session.created);
        let document = DocumentRef {
            version: VERSION,
            name: session.name.as_str(),
            created: session.created,
            updated,
            turns: &session.turns,
        };
        match write_whole(&self.folder, &path, &document, replace) {
            Ok(()) => {
                (session.saved, session.on_disk) = (true, session.turns.len());
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(StoreError::Taken { name: session.name.clone() })
            }
            Err(source) => Err(StoreError::Write { name: session.name.clone(), path, source }),
        }
    }

    /// Only for its owner, also where it was made by something else.
    fn create_folder(&self) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let mode = fs::metadata(&self.folder)?.permissions().mode();
        if mode & 0o077 != 0 {
            fs::set_permissions(&self.folder, fs::Permissions::from_mode(0o700))?;
        }
        Ok(())
    }
}

/// Writes beside it, makes it durable, and moves it there.
fn write_whole(folder: &Path, path: &Path, document: &impl Serialize, replace: bool) -> io::Result<()> {
    // Such a file is for its owner only.
    let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(folder)?;
    let mut out = io::BufWriter::new(file.as_file_mut());
    serde_json::to_writer_pretty(&mut out, document)?;
    out.write_all(b"\n")?;
    out.flush()?;
    drop(out);
    file.as_file().sync_all()?;
    if replace {
        file.persist(path).map_err(|error| error.error)?;
    } else {
        file.persist_noclobber(path).map_err(|error| error.error)?;
    }
    fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
