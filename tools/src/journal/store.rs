//! The journal's file, and the lock under which one operation at a time runs.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::io::FdFlags;

use super::{Entry, Event, Operation};
use crate::names::Stamp;
use crate::plan::{Action, Content, Plan, hex};

/// Why the journal cannot be used. Without it nothing is executed.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// A file could not be used.
    #[error("cannot {action} {}", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another operation is running.
    #[error("another operation is running (process {holder})")]
    Busy {
        /// Who.
        holder: String,
    },
    /// An executor, which has the journal, said so: nothing was done.
    #[error("{0}")]
    Elsewhere(String),
    /// An executor did not confirm the plan: nothing was done.
    #[error("{0}")]
    Unconfirmed(String),
    /// An executor broke off after it was told to begin.
    #[error("the executor broke off, and it is not known how far the operation got: {0}")]
    Lost(String),
    /// A line was changed, or lines are missing.
    #[error("line {line} of {} does not follow from the one before: {what}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
}

/// A program whose kai was killed is waited for: as long as kai would have waited itself.
const ORPHAN_TRIES: u32 = 1200;
const ORPHAN_PAUSE: Duration = Duration::from_millis(100);

/// A journal, open for one operation.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    lock: File,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    file: File,
    /// So many bytes are whole lines.
    whole: u64,
    /// Half a line stands behind them, and could not be taken away.
    is_torn: bool,
    seq: u64,
    last: String,
}

impl Drop for Journal {
    fn drop(&mut self) {
        let _ = self.lock.unlock();
    }
}

impl Journal {
    /// Opens the journal in `folder` for writing, alone.
    ///
    /// # Errors
    /// If it cannot be written, is broken, or another operation is running.
    pub fn open(folder: &Path) -> Result<Self, JournalError> {
        let failed = |action, path: &Path| {
            let path = path.to_owned();
            move |source| JournalError::File { action, path, source }
        };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed("create", folder))?;
        let lock_path = folder.join("lock");
        let mut lock = open_private(&lock_path).map_err(failed("open", &lock_path))?;
        wait_for(&mut lock, &lock_path)?;
        let _ = lock.set_len(0).and_then(|()| lock.rewind()).and_then(|()| write!(lock, "{}", std::process::id()));
        let path = folder.join("journal.jsonl");
        let (entries, whole) = read(&path)?;
        let mut file = open_private(&path).map_err(failed("open", &path))?;
        // Half a line is what a crash leaves: it was never acted upon.
        file.set_len(whole).and_then(|()| file.seek(SeekFrom::End(0))).map_err(failed("write", &path))?;
        let (seq, last) = entries.last().map_or((0, String::new()), |entry| (entry.seq, entry.hash.clone()));
        Ok(Self { folder: folder.to_owned(), lock, state: Mutex::new(State { file, whole, is_torn: false, seq, last }) })
    }

    /// Every line of the journal in `folder`, checked. A journal that is not there is empty.
    ///
    /// # Errors
    /// If it cannot be read or is broken.
    pub fn entries(folder: &Path) -> Result<Vec<Entry>, JournalError> {
        read(&folder.join("journal.jsonl")).map(|(entries, _)| entries)
    }

    /// The operations in the journal of `folder`, oldest first.
    ///
    /// # Errors
    /// If it cannot be read or is broken.
    pub fn operations(folder: &Path) -> Result<Vec<Operation>, JournalError> {
        Ok(Operation::fold(Self::entries(folder)?))
    }

    /// Adds a line. When this returns, it is on the disk, or nothing of it is there.
    ///
    /// # Errors
    /// If it cannot be written, or half of one before stands in its way.
    pub fn append(&self, op: &str, event: Event) -> Result<(), JournalError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = Entry::after(state.seq, &state.last, Stamp::now(), op, event);
        let mut line = serde_json::to_vec(&entry).unwrap_or_default();
        line.push(b'\n');
        let path = self.folder.join("journal.jsonl");
        let failed = |source| JournalError::File { action: "write", path, source };
        if state.is_torn {
            return Err(failed(std::io::Error::other("half a line stands at its end")));
        }
        let written = state.file.write_all(&line).and_then(|()| state.file.sync_data());
        if let Err(source) = written {
            // A line behind half of one would follow from nothing.
            let whole = state.whole;
            let taken_away = state.file.set_len(whole).and_then(|()| state.file.seek(SeekFrom::Start(whole)));
            state.is_torn = taken_away.is_err();
            return Err(failed(source));
        }
        state.whole += line.len() as u64;
        state.seq = entry.seq;
        state.last = entry.hash;
        Ok(())
    }

    /// Keeps the contents of the files that a plan will write, so that it can be resumed: apart
    /// from the journal, private, and only until the operation has ended.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn keep_contents(&self, plan: &Plan) -> Result<(), JournalError> {
        for content in contents(plan) {
            let Some(bytes) = content.bytes() else { continue };
            let path = self.content_path(&plan.id, content);
            let write = || {
                if let Some(folder) = path.parent() {
                    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
                }
                let mut file = open_private(&path)?;
                file.set_len(0)?;
                file.write_all(bytes)?;
                file.sync_all()
            };
            write().map_err(|source| JournalError::File { action: "write", path: path.clone(), source })?;
        }
        Ok(())
    }

    /// The bytes of a content that was kept.
    ///
    /// # Errors
    /// If they are not there, or are other bytes.
    pub fn content(&self, op: &str, content: &Content) -> Result<Vec<u8>, JournalError> {
        use sha2::Digest;
        let path = self.content_path(op, content);
        let bytes =
            fs::read(&path).map_err(|source| JournalError::File { action: "read", path: path.clone(), source })?;
        if hex(&sha2::Sha256::digest(&bytes)) == content.sha256() {
            return Ok(bytes);
        }
        let source = std::io::Error::new(ErrorKind::InvalidData, "its content has changed");
        Err(JournalError::File { action: "use", path, source })
    }

    /// Forgets the kept contents of an operation.
    pub fn drop_contents(&self, op: &str) {
        let _ = fs::remove_dir_all(self.folder.join("contents").join(op));
    }

    fn content_path(&self, op: &str, content: &Content) -> PathBuf {
        self.folder.join("contents").join(op).join(content.sha256())
    }
}

fn contents(plan: &Plan) -> impl Iterator<Item = &Content> {
    plan.steps.iter().filter_map(|step| match &step.action {
        Action::Create { content, .. } => Some(content),
        Action::Run(_)
        | Action::RunWhileBusy(_)
        | Action::Copy { .. }
        | Action::Remove { .. }
        | Action::Await { .. } => None,
    })
}

/// Takes the lock. It is handed on to the programs that an operation starts: if kai is killed, its lock
/// goes when the program that was running has ended, and nobody takes back what is still being done.
fn wait_for(lock: &mut File, path: &Path) -> Result<(), JournalError> {
    let failed = |source| JournalError::File { action: "lock", path: path.to_owned(), source };
    for _ in 0..ORPHAN_TRIES {
        match lock.try_lock() {
            Ok(()) => return rustix::io::fcntl_setfd(&*lock, FdFlags::empty()).map_err(|error| failed(error.into())),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
            Err(TryLockError::WouldBlock) => {}
        }
        if is_alive(&holder(lock)) {
            break;
        }
        std::thread::sleep(ORPHAN_PAUSE);
    }
    Err(JournalError::Busy { holder: holder(lock) })
}

/// The process that took the lock last, as it wrote it down.
fn holder(lock: &mut File) -> String {
    let mut text = String::new();
    let _ = lock.rewind().and_then(|()| lock.read_to_string(&mut text));
    text.trim().to_owned()
}

fn is_alive(process: &str) -> bool {
    let pid = process.parse().ok().and_then(rustix::process::Pid::from_raw);
    // What belongs to somebody else may not be asked, and is there.
    pid.is_none_or(|pid| rustix::process::test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}

fn open_private(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// The whole lines, and how many bytes they take.
fn read(path: &Path) -> Result<(Vec<Entry>, u64), JournalError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok((Vec::new(), 0)),
        Err(source) => return Err(JournalError::File { action: "read", path: path.to_owned(), source }),
    };
    let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let mut entries: Vec<Entry> = Vec::new();
    for (at, line) in bytes[..whole].split(|&byte| byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty()) {
        let broken = |what: String| JournalError::Broken { path: path.to_owned(), line: at + 1, what };
        let entry: Entry = serde_json::from_slice(line).map_err(|error| broken(error.to_string()))?;
        let (seq, prev) = entries.last().map_or((0, ""), |last| (last.seq, last.hash.as_str()));
        if entry.seq != seq + 1 || entry.prev != prev {
            return Err(broken("a line is missing or in the wrong place".to_owned()));
        }
        if entry.hash != entry.expected_hash() {
            return Err(broken("its content does not fit its hash".to_owned()));
        }
        entries.push(entry);
    }
    Ok((entries, whole as u64))
}
