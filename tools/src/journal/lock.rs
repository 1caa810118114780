//! The lock under which one operation at a time runs. Its file says who has it: the process, and the
//! operation. Whoever only looks can tell by it what another process carries out.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Duration;

use rustix::io::FdFlags;

use super::JournalError;
use super::store::open_private;

/// A program whose kai was killed is waited for: as long as kai would have waited itself.
const ORPHAN_TRIES: u32 = 1200;
const ORPHAN_PAUSE: Duration = Duration::from_millis(100);
/// Whoever looks whether it is held has it for a moment.
const LOOK_TRIES: u32 = 5;
const LOOK_PAUSE: Duration = Duration::from_millis(20);

/// The lock, held.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

impl Lock {
    /// Takes it. It is handed on to the programs that an operation starts: if kai is killed, its lock goes
    /// when the program that was running has ended, and nobody takes back what is still being done.
    pub(super) fn take(path: &Path) -> Result<Self, JournalError> {
        let failed = |action| move |source| JournalError::File { action, path: path.to_owned(), source };
        let mut file = open_private(path).map_err(failed("open"))?;
        for tried in 0..ORPHAN_TRIES {
            match file.try_lock() {
                Ok(()) => {
                    let handed_on = rustix::io::fcntl_setfd(&file, FdFlags::empty());
                    handed_on.map_err(|error| failed("lock")(error.into()))?;
                    let process = std::process::id();
                    let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| write!(file, "{process}"));
                    return Ok(Self(file));
                }
                Err(TryLockError::Error(source)) => return Err(failed("lock")(source)),
                Err(TryLockError::WouldBlock) => {}
            }
            if tried < LOOK_TRIES {
                std::thread::sleep(LOOK_PAUSE);
            } else if is_alive(&holder(&mut file).0) {
                break;
            } else {
                std::thread::sleep(ORPHAN_PAUSE);
            }
        }
        Err(JournalError::Busy { holder: holder(&mut file).0 })
    }

    /// Writes down which operation it is held for.
    pub(super) fn is_for(&self, op: &str) {
        let text = format!("{} {op}", std::process::id());
        // The process stands there already: whoever reads meanwhile finds it alone, or both. If it cannot be
        // written, the operation is not seen to run, and runs.
        let _ = self.0.write_all_at(text.as_bytes(), 0).and_then(|()| self.0.set_len(text.len() as u64));
    }

    /// The operation that it is held for now, by this process or another one.
    pub(super) fn held_for(path: &Path) -> Option<String> {
        let mut file = File::open(path).ok()?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => holder(&mut file).1,
            Ok(()) | Err(TryLockError::Error(_)) => None,
        }
    }
}

/// The process that took the lock last, and the operation that it took it for, as it wrote them down.
fn holder(file: &mut File) -> (String, Option<String>) {
    let mut text = String::new();
    let _ = file.rewind().and_then(|()| file.read_to_string(&mut text));
    let mut words = text.split_whitespace().map(str::to_owned);
    (words.next().unwrap_or_default(), words.next())
}

fn is_alive(process: &str) -> bool {
    let pid = process.parse().ok().and_then(rustix::process::Pid::from_raw);
    // What belongs to somebody else may not be asked, and is there.
    pid.is_none_or(|pid| rustix::process::test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}
