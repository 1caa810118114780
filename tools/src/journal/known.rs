//! What this process has read of each journal and found whole, so that a look reads only what came since.
//!
//! The first look at a journal checks every line. A later one, if something was added, checks that the last
//! line it knows still stands where it stood, and the lines behind it: their hashes hold everything before.
//! If the file was changed and nothing was added, or the journal is about to be written, every byte that is
//! known is compared. Whatever does not fit is read anew from the beginning. A line further up that somebody
//! changes while others are added is found when the journal is opened for writing, or by the next program.

use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

use super::JournalError;
use super::history::Lines;

/// Clocks of file systems are coarse: what was changed less than this ago can change again and look the same.
const COARSE: Duration = Duration::from_secs(2);

/// How much of what is known is looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Care {
    /// As much as what the file system says of the file leaves open.
    Look,
    /// Every byte.
    Write,
}

/// A file as the file system describes it. Nothing is written to it without a change of this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    device: u64,
    inode: u64,
    bytes: u64,
    changed: (i64, i64),
}

impl Seen {
    fn of(file: &Metadata) -> Self {
        let changed = (file.ctime(), file.ctime_nsec());
        Self { device: file.dev(), inode: file.ino(), bytes: file.len(), changed }
    }

    /// Whether it was changed long enough ago that another change shows.
    fn is_settled(&self) -> bool {
        let (Ok(seconds), Ok(nanos)) = (u64::try_from(self.changed.0), u32::try_from(self.changed.1)) else {
            return false;
        };
        let changed = SystemTime::UNIX_EPOCH + Duration::new(seconds, nanos);
        changed.elapsed().is_ok_and(|elapsed| elapsed > COARSE)
    }
}

/// What is known of one journal.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The file, as it was when it was read last.
    seen: Option<Seen>,
    /// Whether all of it was read then, and any change since shows.
    is_settled: bool,
    /// The lines of its first so many bytes.
    pub(super) lines: Lines,
    pub(super) bytes: u64,
    /// So many lines are in them, with the empty ones.
    count: usize,
    /// Where the last one stands that is not empty, and what it is.
    last: (u64, Vec<u8>),
    /// Over all those bytes.
    digest: Sha256,
}

/// What is known of the journal in the file at `path`, after a look at it. Others who look at the same one
/// wait meanwhile. A file that is not there is empty.
pub(super) fn look<T>(path: &Path, care: Care, take: impl FnOnce(&Known) -> T) -> Result<T, JournalError> {
    static ALL: Mutex<BTreeMap<PathBuf, Arc<Mutex<Known>>>> = Mutex::new(BTreeMap::new());
    let known = Arc::clone(ALL.lock().unwrap_or_else(PoisonError::into_inner).entry(path.to_owned()).or_default());
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    known.renew(path, care)?;
    Ok(take(&known))
}

impl Known {
    fn renew(&mut self, path: &Path, care: Care) -> Result<(), JournalError> {
        let failed = |source| JournalError::File { action: "read", path: path.to_owned(), source };
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                *self = Self::default();
                return Ok(());
            }
            Err(source) => return Err(failed(source)),
        };
        let now = Seen::of(&file.metadata().map_err(failed)?);
        if care == Care::Look && self.is_settled && self.seen == Some(now) {
            return Ok(());
        }
        if !self.stands(&file, now, care).map_err(failed)? {
            *self = Self::default();
        }
        self.seen = Some(now);
        self.is_settled = false;
        let mut added = Vec::new();
        file.seek(SeekFrom::Start(self.bytes)).map_err(failed)?;
        file.read_to_end(&mut added).map_err(failed)?;
        self.add(&added).map_err(|what| {
            let line = self.count + 1;
            JournalError::Broken { path: path.to_owned(), line, what }
        })?;
        self.is_settled = now.is_settled();
        Ok(())
    }

    /// Whether what is known still stands in the file, as far as that is looked at.
    fn stands(&self, file: &File, now: Seen, care: Care) -> std::io::Result<bool> {
        let Some(seen) = self.seen else { return Ok(false) };
        if (seen.device, seen.inode) != (now.device, now.inode) || now.bytes < self.bytes {
            return Ok(false);
        }
        let is_added_to = now == seen || now.bytes > seen.bytes;
        if care == Care::Look && is_added_to {
            let (at, last) = &self.last;
            let mut there = vec![0; last.len()];
            return match file.read_exact_at(&mut there, *at) {
                Ok(()) => Ok(there == *last),
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
                Err(error) => Err(error),
            };
        }
        let mut digest = Sha256::new();
        let mut reader: &File = file;
        reader.rewind()?;
        std::io::copy(&mut reader.take(self.bytes), &mut digest)?;
        Ok(digest.finalize() == self.digest.clone().finalize())
    }

    /// Takes in the whole lines of what was added. Half a line at the end has not come yet.
    fn add(&mut self, added: &[u8]) -> Result<(), String> {
        for line in added.split_inclusive(|&byte| byte == b'\n') {
            let Some(text) = line.strip_suffix(b"\n") else { break };
            if !text.is_empty() {
                self.lines.add(text)?;
                self.last = (self.bytes, line.to_vec());
            }
            self.digest.update(line);
            self.bytes += line.len() as u64;
            self.count += 1;
        }
        Ok(())
    }
}
