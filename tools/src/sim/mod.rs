//! A simulated host: the same command lines give the same output, complaints and traps as real
//! `zfs`, `zpool`, `virsh` and their kin, over a state that is one file.
//!
//! It serves the playground, the tests and the evals. What it does not know it refuses as the real
//! program refuses an option that it does not know; it never pretends.

mod images;
mod playground;
mod state;
mod virsh;
mod zfs;
mod zfs_change;
mod zfs_list;
mod zpool;

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub use state::{Dataset, Fault, Point, Pool, State, Vm, What, When};

use crate::host::{Command, Host, HostError, Output, Program};
use crate::names::HostPath;

/// A simulated host.
#[derive(Debug)]
pub struct Simulator {
    file: Option<PathBuf>,
    state: Mutex<State>,
}

/// What a simulated program answers.
pub(super) type Answer = Result<String, Complaint>;

/// How a simulated program fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Complaint {
    pub(super) status: i32,
    pub(super) stderr: String,
    /// What it had printed by then.
    pub(super) stdout: String,
}

impl Complaint {
    pub(super) fn new(status: i32, stderr: impl Into<String>) -> Self {
        Self { status, stderr: stderr.into(), stdout: String::new() }
    }
}

/// A moment to begin with.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(0)
}

impl Simulator {
    /// The host whose state is in that file; a file that is not there yet becomes a playground.
    ///
    /// # Errors
    /// If the file cannot be read or written, or holds something else.
    pub fn open(file: &Path) -> Result<Self, HostError> {
        let simulator = Self { file: Some(file.to_owned()), state: Mutex::new(State::playground(now())) };
        if file.exists() {
            *simulator.lock() = simulator.load(file)?;
        } else {
            simulator.save(&simulator.lock())?;
        }
        Ok(simulator)
    }

    /// A host that is only in memory.
    #[must_use]
    pub fn new(state: State) -> Self {
        Self { file: None, state: Mutex::new(state) }
    }

    /// Its state.
    #[must_use]
    pub fn state(&self) -> State {
        self.lock().clone()
    }

    /// Changes its state from outside, as somebody else on the host would.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> Result<T, HostError> {
        let _lock = self.exclusive()?;
        let mut state = self.lock();
        if let Some(file) = &self.file {
            *state = self.load(file)?;
        }
        let result = change(&mut state);
        self.save(&state)?;
        Ok(result)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(file: &Path, source: std::io::Error) -> HostError {
        HostError::Simulation { path: file.display().to_string(), source }
    }

    fn load(&self, file: &Path) -> Result<State, HostError> {
        let text = std::fs::read(file).map_err(|source| Self::failed(file, source))?;
        serde_json::from_slice(&text).map_err(|error| Self::failed(file, std::io::Error::other(error)))
    }

    fn save(&self, state: &State) -> Result<(), HostError> {
        let Some(file) = &self.file else { return Ok(()) };
        let partial = file.with_extension("partial");
        let text = serde_json::to_vec_pretty(state).unwrap_or_default();
        let write = || {
            let mut out = File::create(&partial)?;
            out.write_all(&text)?;
            std::fs::rename(&partial, file)
        };
        write().map_err(|source| Self::failed(file, source))
    }

    /// Processes change a state file one after the other.
    fn exclusive(&self) -> Result<Option<File>, HostError> {
        let Some(file) = &self.file else { return Ok(None) };
        let path = file.with_extension("lock");
        let open = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let lock = open.and_then(|lock| lock.lock().map(|()| lock)).map_err(|source| Self::failed(&path, source))?;
        Ok(Some(lock))
    }

    /// Does something that changes the host, unless it is to go wrong.
    fn changing<T>(&self, change: impl FnOnce(&mut State) -> T, fail: impl FnOnce() -> T) -> Result<T, HostError> {
        let _lock = self.exclusive()?;
        let mut state = self.lock();
        if let Some(file) = &self.file {
            *state = self.load(file)?;
        }
        state.changes += 1;
        let fault = state.fault.clone().filter(|fault| fault.at == state.changes);
        if let Some(Fault { when: When::Before, what, .. }) = fault {
            self.save(&state)?;
            match what {
                What::Kill => kill_self(),
                What::Fail => return Ok(fail()),
            }
        }
        let result = change(&mut state);
        self.save(&state)?;
        if let Some(Fault { when: When::After, what, .. }) = fault {
            match what {
                What::Kill => kill_self(),
                What::Fail => return Ok(fail()),
            }
        }
        Ok(result)
    }

    fn looking<T>(&self, look: impl FnOnce(&State) -> T) -> Result<T, HostError> {
        let _lock = self.exclusive()?;
        let mut state = self.lock();
        if let Some(file) = &self.file {
            *state = self.load(file)?;
        }
        Ok(look(&state))
    }
}

fn kill_self() {
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
}

/// Whether a command line changes anything.
fn changes(program: Program, args: &[&str]) -> bool {
    let verb = match program {
        Program::Virsh => args.get(3),
        Program::Zfs
        | Program::Zpool
        | Program::ZvolId
        | Program::QemuImg
        | Program::Xorriso
        | Program::Genisoimage
        | Program::Mkisofs
        | Program::Udevadm => args.first(),
    };
    let reads: &[&str] = match program {
        Program::Zfs => &["list", "get", "holds", "version"],
        Program::Zpool => &["list", "get", "status", "version"],
        Program::Virsh => &["list", "dumpxml", "domuuid", "domstate", "domcapabilities", "version", "dominfo"],
        Program::QemuImg => &["info"],
        Program::Xorriso | Program::Genisoimage | Program::Mkisofs => &["--version"],
        Program::ZvolId | Program::Udevadm => return false,
    };
    !verb.is_some_and(|verb| reads.contains(verb))
}

fn answer(state: &mut State, program: Program, args: &[&str]) -> Answer {
    state.clock += 5;
    match program {
        Program::Zfs => zfs::run(state, args),
        Program::Zpool => zpool::run(state, args),
        Program::Virsh => virsh::run(state, args),
        Program::QemuImg => images::qemu_img(state, args),
        Program::Xorriso | Program::Genisoimage | Program::Mkisofs => images::iso(state, program, args),
        Program::ZvolId => images::zvol_id(state, args),
        Program::Udevadm => Ok(String::new()),
    }
}

impl Host for Simulator {
    fn name(&self) -> String {
        "simulated host".to_owned()
    }

    fn run(&self, command: &Command) -> Result<Output, HostError> {
        let program = command.program();
        if self.lock().missing.contains(program.name()) {
            return Err(HostError::Missing { program, host: self.name() });
        }
        let args: Vec<&str> = command.arguments().iter().map(String::as_str).collect();
        let answer = if changes(program, &args) {
            let io_error = || Err(Complaint::new(1, format!("{}: Input/output error\n", program.name())));
            self.changing(|state| answer(state, program, &args), io_error)?
        } else {
            self.looking(|state| answer(&mut state.clone(), program, &args))?
        };
        Ok(match answer {
            Ok(stdout) => Output { status: 0, stdout, stderr: String::new() },
            Err(complaint) => Output { status: complaint.status, stdout: complaint.stdout, stderr: complaint.stderr },
        })
    }

    fn read(&self, path: &HostPath, limit: usize) -> Result<Option<Vec<u8>>, HostError> {
        self.looking(|state| {
            if let Some(volume) = path.volume() {
                return images::device(state, volume.as_str()).then(Vec::new);
            }
            let text = state.files.get(path.as_str())?;
            Some(text.bytes().take(limit).collect())
        })
    }

    fn create(&self, path: &HostPath, content: &[u8], _mode: u32) -> Result<(), HostError> {
        let exists = || HostError::Exists { path: path.clone() };
        let change = |state: &mut State| {
            if state.files.contains_key(path.as_str()) {
                return Err(exists());
            }
            state.files.insert(path.to_string(), String::from_utf8_lossy(content).into_owned());
            Ok(())
        };
        self.changing(change, || Err(io(path, "create")))?
    }

    fn copy(&self, from: &HostPath, to: &HostPath) -> Result<(), HostError> {
        let change = |state: &mut State| {
            if state.files.contains_key(to.as_str()) {
                return Err(HostError::Exists { path: to.clone() });
            }
            let absent =
                || HostError::File { action: "read", path: from.clone(), source: std::io::ErrorKind::NotFound.into() };
            let text = state.files.get(from.as_str()).cloned().ok_or_else(absent)?;
            state.files.insert(to.to_string(), text);
            Ok(())
        };
        self.changing(change, || Err(io(to, "create")))?
    }

    fn remove(&self, path: &HostPath) -> Result<bool, HostError> {
        self.changing(|state| Ok(state.files.remove(path.as_str()).is_some()), || Err(io(path, "remove")))?
    }

    fn resolve(&self, path: &HostPath) -> Result<Option<HostPath>, HostError> {
        self.looking(|state| match path.volume() {
            Some(volume) => images::node(state, volume.as_str()).and_then(|node| node.parse().ok()),
            None => state.files.contains_key(path.as_str()).then(|| path.clone()),
        })
    }

    fn openers(&self, device: &HostPath) -> Result<Vec<String>, HostError> {
        self.looking(|state| device.volume().map(|volume| state.openers(volume.as_str())).unwrap_or_default())
    }

    fn sleep(&self, time: Duration) {
        let passed = u64::try_from(time.as_millis()).unwrap_or(0);
        let _ = self.change(|state| {
            state.clock += passed;
            virsh::settle(state);
        });
    }
}

fn io(path: &HostPath, action: &'static str) -> HostError {
    HostError::File { action, path: path.clone(), source: std::io::Error::other("Input/output error") }
}
