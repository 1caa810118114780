//! A simulated host: the same command lines give the same output, complaints and traps as real
//! `zfs`, `zpool`, `virsh` and their kin, over a state that is one file.
//!
//! It serves the playground, the tests and the evals. What it does not know it refuses as the real
//! program refuses an option that it does not know; it never pretends.

mod clock;
mod images;
mod json;
mod osinfo;
mod playground;
mod pool;
mod received;
mod state;
mod store;
mod virsh;
mod zfs;
mod zpool;

use std::path::Path;
use std::time::Duration;

pub use playground::NewVm;
pub use pool::{Disk, Pool, Scrub};
pub use state::{Agent, Dataset, Fault, Point, State, Vm, What, When};

use store::Store;

use crate::host::{Command, Host, HostError, Output, Program};
use crate::names::HostPath;

/// A simulated host.
#[derive(Debug)]
pub struct Simulator {
    store: Store,
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
    /// It does not end at all.
    pub(super) hangs: bool,
}

impl Complaint {
    pub(super) fn new(status: i32, stderr: impl Into<String>) -> Self {
        Self { status, stderr: stderr.into(), stdout: String::new(), hangs: false }
    }

    /// Sleeps in the kernel for ever.
    pub(super) fn hang() -> Self {
        Self { hangs: true, ..Self::new(-1, "") }
    }
}

impl Simulator {
    /// The host whose state is in that file; a file that is not there yet becomes a playground.
    ///
    /// # Errors
    /// If the file cannot be read or written, or holds something else.
    pub fn open(file: &Path) -> Result<Self, HostError> {
        Ok(Self { store: Store::open(file)? })
    }

    /// A host that is only in memory.
    #[must_use]
    pub fn new(state: State) -> Self {
        Self { store: Store::new(state) }
    }

    /// Its state.
    #[must_use]
    pub fn state(&self) -> State {
        self.store.copy()
    }

    /// Changes its state from outside, as somebody else on the host would.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> Result<T, HostError> {
        self.store.change(change)
    }
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
        | Program::Udevadm
        | Program::OsinfoQuery
        | Program::VirtInstall => args.first(),
    };
    let reads: &[&str] = match program {
        Program::Zfs => &["list", "get", "holds", "version"],
        Program::Zpool => &["list", "get", "status", "version"],
        Program::Virsh => {
            &["list", "dumpxml", "domuuid", "domstate", "domcapabilities", "version", "dominfo", "domifaddr"]
        }
        Program::QemuImg => &["info"],
        Program::Xorriso | Program::Genisoimage | Program::Mkisofs => &["--version"],
        Program::ZvolId | Program::Udevadm | Program::OsinfoQuery | Program::VirtInstall => return false,
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
        Program::OsinfoQuery | Program::VirtInstall => osinfo::run(program, args),
    }
}

impl Host for Simulator {
    fn name(&self) -> String {
        "simulated host".to_owned()
    }

    fn run(&self, command: &Command) -> Result<Output, HostError> {
        let program = command.program();
        if self.store.look(|state| state.missing.contains(program.name()))? {
            return Err(HostError::Missing { program, host: self.name() });
        }
        let args: Vec<&str> = command.arguments().iter().map(String::as_str).collect();
        let answer = if changes(program, &args) {
            let io_error = || Err(Complaint::new(1, format!("{}: Input/output error\n", program.name())));
            self.store.try_change(|state| answer(state, program, &args), io_error)?
        } else {
            self.store.look(|state| answer(&mut state.clone(), program, &args))?
        };
        if answer.as_ref().is_err_and(|complaint| complaint.hangs) {
            self.sleep(command.limit());
            return Err(HostError::TimedOut { command: command.to_string(), limit: command.limit() });
        }
        Ok(match answer {
            Ok(stdout) => Output { status: 0, stdout, stderr: String::new() },
            Err(complaint) => Output { status: complaint.status, stdout: complaint.stdout, stderr: complaint.stderr },
        })
    }

    fn read(&self, path: &HostPath, limit: usize) -> Result<Option<Vec<u8>>, HostError> {
        self.store.look(|state| {
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
        self.store.try_change(change, || Err(io(path, "create")))?
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
        self.store.try_change(change, || Err(io(to, "create")))?
    }

    fn remove(&self, path: &HostPath) -> Result<bool, HostError> {
        self.store.try_change(|state| Ok(state.files.remove(path.as_str()).is_some()), || Err(io(path, "remove")))?
    }

    fn resolve(&self, path: &HostPath) -> Result<Option<HostPath>, HostError> {
        self.store.look(|state| match path.volume() {
            Some(volume) => images::node(state, volume.as_str()).and_then(|node| node.parse().ok()),
            None => state.files.contains_key(path.as_str()).then(|| path.clone()),
        })
    }

    fn openers(&self, device: &HostPath) -> Result<Vec<String>, HostError> {
        self.store.look(|state| device.volume().map(|volume| state.openers(volume.as_str())).unwrap_or_default())
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
