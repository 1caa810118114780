//! Where a simulated host's state is kept: in memory, or in one file that several processes share.
//! Things go wrong here if the state says so.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use super::state::{Fault, State, What, When};
use crate::host::HostError;

/// A state, and the file that it lies in.
#[derive(Debug)]
pub(super) struct Store {
    file: Option<PathBuf>,
    state: Mutex<State>,
}

/// A moment to begin with.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(0)
}

fn failed(file: &Path, source: std::io::Error) -> HostError {
    HostError::Simulation { path: file.display().to_string(), source }
}

fn load(file: &Path) -> Result<State, HostError> {
    let text = std::fs::read(file).map_err(|source| failed(file, source))?;
    serde_json::from_slice(&text).map_err(|error| failed(file, std::io::Error::other(error)))
}

fn kill_self() {
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
}

impl Store {
    /// In that file; one that is not there yet becomes a playground.
    pub(super) fn open(file: &Path) -> Result<Self, HostError> {
        let is_there = file.exists();
        let state = if is_there { load(file)? } else { State::playground(now()) };
        let store = Self { file: Some(file.to_owned()), state: Mutex::new(state) };
        if !is_there {
            store.save(&store.copy())?;
        }
        Ok(store)
    }

    /// In memory.
    pub(super) fn new(state: State) -> Self {
        Self { file: None, state: Mutex::new(state) }
    }

    /// The state as it was last seen.
    pub(super) fn copy(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks at it.
    pub(super) fn look<T>(&self, look: impl FnOnce(&State) -> T) -> Result<T, HostError> {
        self.held(|state| Ok(look(state)))
    }

    /// Changes it.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> Result<T, HostError> {
        self.held(|state| {
            let result = change(state);
            self.save(state)?;
            Ok(result)
        })
    }

    /// Does something that changes the host, unless it is to go wrong: then it fails, or the program
    /// that is running kai is killed.
    pub(super) fn try_change<T>(
        &self,
        change: impl FnOnce(&mut State) -> T,
        fail: impl FnOnce() -> T,
    ) -> Result<T, HostError> {
        self.held(|state| {
            state.changes += 1;
            let fault = state.fault.clone().filter(|fault| fault.at == state.changes);
            if let Some(Fault { when: When::Before, what, .. }) = fault {
                self.save(state)?;
                match what {
                    What::Kill => kill_self(),
                    What::Fail => return Ok(fail()),
                }
            }
            let result = change(state);
            self.save(state)?;
            if let Some(Fault { when: When::After, what, .. }) = fault {
                match what {
                    What::Kill => kill_self(),
                    What::Fail => return Ok(fail()),
                }
            }
            Ok(result)
        })
    }

    /// Alone with the state as it is now. Processes use a file one after the other.
    fn held<T>(&self, act: impl FnOnce(&mut State) -> Result<T, HostError>) -> Result<T, HostError> {
        let _lock = self.exclusive()?;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = &self.file {
            *state = load(file)?;
        }
        act(&mut state)
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
        write().map_err(|source| failed(file, source))
    }

    fn exclusive(&self) -> Result<Option<File>, HostError> {
        let Some(file) = &self.file else { return Ok(None) };
        let path = file.with_extension("lock");
        let open = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let lock = open.and_then(|lock| lock.lock().map(|()| lock)).map_err(|source| failed(&path, source))?;
        Ok(Some(lock))
    }
}
