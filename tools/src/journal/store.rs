//! The journal's file: lines are only added, one by one, and read again with their chain checked.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::known::{self, Care};
use super::lock::Lock;
use super::{Entry, Event, History, Mark, Since};
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
    /// The plan was carried out before: nothing was done.
    #[error("this plan was carried out already; make a new one")]
    CarriedOut {
        /// The operation that it became.
        op: String,
    },
    /// The operation that was to be taken back has ended in the meantime: nothing was done.
    #[error("operation {op} has ended in the meantime")]
    Ended {
        /// Which.
        op: String,
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

impl JournalError {
    /// What to do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::File { .. } | Self::Broken { .. } => vec!["without its journal kai changes nothing".to_owned()],
            Self::CarriedOut { op } | Self::Ended { op } => vec![format!("`kai op show {op}` says what came of it")],
            Self::Lost(_) => vec!["`kai op history` shows how far it got".to_owned()],
            Self::Busy { .. } | Self::Elsewhere(_) | Self::Unconfirmed(_) => Vec::new(),
        }
    }
}

/// The file of the lines.
const LINES: &str = "journal.jsonl";
/// The file of the lock.
const LOCK: &str = "lock";
/// An operation may begin or end while it is looked whether one runs: then it is looked again.
const LOOKS: usize = 5;

/// A journal, open for one operation.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    lock: Lock,
    /// The operations that were in it when it was opened.
    before: History,
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
        let lock = Lock::take(&folder.join(LOCK))?;
        let path = folder.join(LINES);
        let (before, whole, (seq, last)) = known::look(&path, Care::Write, |known| {
            let (seq, last) = known.lines.last();
            (known.lines.history().clone(), known.bytes, (seq, last.to_owned()))
        })?;
        let mut file = open_private(&path).map_err(failed("open", &path))?;
        // Half a line is what a crash leaves: it was never acted upon.
        let half = file.seek(SeekFrom::End(0)).map_err(failed("read", &path))? != whole;
        if half {
            file.set_len(whole).and_then(|()| file.seek(SeekFrom::End(0))).map_err(failed("write", &path))?;
        }
        let state = Mutex::new(State { file, whole, is_torn: false, seq, last });
        Ok(Self { folder: folder.to_owned(), lock, before, state })
    }

    /// Whether that operation was in it when it was opened.
    #[must_use]
    pub fn had(&self, op: &str) -> bool {
        self.before.iter().any(|operation| operation.id == op)
    }

    /// Lets others see that this operation runs, for as long as the journal is open.
    pub fn is_open_for(&self, op: &str) {
        self.lock.is_for(op);
    }

    /// Every line of the journal in `folder`, checked anew. A journal that is not there is empty.
    ///
    /// # Errors
    /// If it cannot be read or is broken.
    pub fn entries(folder: &Path) -> Result<Vec<Entry>, JournalError> {
        let path = folder.join(LINES);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(JournalError::File { action: "read", path, source }),
        };
        let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        let mut entries: Vec<Entry> = Vec::new();
        for (at, line) in bytes[..whole].split(|&byte| byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty()) {
            let (seq, prev) = entries.last().map_or((0, ""), |last| (last.seq, last.hash.as_str()));
            let broken = |what| JournalError::Broken { path: path.clone(), line: at + 1, what };
            entries.push(Entry::following(seq, prev, line).map_err(broken)?);
        }
        Ok(entries)
    }

    /// The operations in the journal of `folder`, oldest first, with the one marked that is running now, in
    /// whatever process. What this process has read before is not read again.
    ///
    /// # Errors
    /// If it cannot be read or is broken.
    pub fn history(folder: &Path) -> Result<History, JournalError> {
        let Since { history, running, .. } = Self::since(folder, None)?;
        Ok(history.marked(running.as_deref()))
    }

    /// What came to the journal of `folder` since that line of it.
    pub(crate) fn since(folder: &Path, mark: Option<&Mark>) -> Result<Since, JournalError> {
        let (path, lock) = (folder.join(LINES), folder.join(LOCK));
        let look = || known::look(&path, Care::Look, |known| known.lines.since(mark));
        let mut running = Lock::held_for(&lock);
        let mut since = look()?;
        for _ in 1..LOOKS {
            if !since.history.iter().any(|operation| operation.is_open()) {
                return Ok(since);
            }
            let now = Lock::held_for(&lock);
            if now == running {
                break;
            }
            running = now;
            since = look()?;
        }
        Ok(Since { running, ..since })
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
        let failed = |source| JournalError::File { action: "write", path: self.folder.join(LINES), source };
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

pub(super) fn open_private(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}
