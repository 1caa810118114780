//! The seam to a machine: programs are run and files are touched through [`Host`], and nowhere else.
//!
//! Three hosts implement it: the machine itself ([`Local`]), another one over ssh ([`Ssh`]), and a
//! simulated one ([`crate::sim::Simulator`]). What a program's output means is not known here.

mod command;
mod local;
mod openers;
mod root;
mod spawn;
mod ssh;

use std::time::Duration;

pub use command::quoted;
pub use command::{Command, Output, Program};
pub use local::Local;
pub use root::{is_root, run_as_root};
pub use ssh::{Ssh, SshTarget};

use crate::names::HostPath;

/// A machine that operations are planned for and carried out on.
pub trait Host: Send + Sync {
    /// What people call it: `this host`, `root@dr1`, `simulated host`.
    fn name(&self) -> String;

    /// Runs a program to its end, with nothing on its stdin.
    ///
    /// # Errors
    /// If it could not be run or did not end in time; a program that fails is an [`Output`].
    fn run(&self, command: &Command) -> Result<Output, HostError>;

    /// The first `limit` bytes of a file; `None` if there is no such file.
    ///
    /// # Errors
    /// If it cannot be read.
    fn read(&self, path: &HostPath, limit: usize) -> Result<Option<Vec<u8>>, HostError>;

    /// Writes a file that must not exist yet, whole or not at all. Folders above it are made.
    ///
    /// # Errors
    /// If it exists ([`HostError::Exists`]) or cannot be written.
    fn create(&self, path: &HostPath, content: &[u8], mode: u32) -> Result<(), HostError>;

    /// Copies a file to a name that must not exist yet, with its owner and mode, whole or not at all.
    ///
    /// # Errors
    /// If the target exists ([`HostError::Exists`]) or either cannot be used.
    fn copy(&self, from: &HostPath, to: &HostPath) -> Result<(), HostError>;

    /// Removes a file. Returns whether there was one.
    ///
    /// # Errors
    /// If it cannot be removed.
    fn remove(&self, path: &HostPath) -> Result<bool, HostError>;

    /// What a path stands for when all links are followed; `None` if there is nothing.
    ///
    /// # Errors
    /// If that cannot be found out.
    fn resolve(&self, path: &HostPath) -> Result<Option<HostPath>, HostError>;

    /// The processes that have the device open, as `name (pid)`, and the block devices stacked on it.
    ///
    /// # Errors
    /// If that cannot be found out.
    fn openers(&self, device: &HostPath) -> Result<Vec<String>, HostError>;

    /// Whether the program is installed.
    ///
    /// # Errors
    /// If the host cannot be reached.
    fn has(&self, program: Program) -> Result<bool, HostError> {
        match self.run(&Command::new(program).arg("--version")) {
            Ok(_) => Ok(true),
            Err(HostError::Missing { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Waits. A simulated host lets its own clock run.
    fn sleep(&self, time: Duration);
}

/// Why a host did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// A program is not installed there.
    #[error("{} is not installed on {host}", program.name())]
    Missing {
        /// Which.
        program: Program,
        /// Where.
        host: String,
    },
    /// A program could not be started or its output not read.
    #[error("cannot run `{command}` on {host}")]
    Start {
        /// The command line.
        command: String,
        /// Where.
        host: String,
        /// Why.
        source: std::io::Error,
    },
    /// A program took too long.
    #[error("`{command}` did not end within {} s", limit.as_secs())]
    TimedOut {
        /// The command line.
        command: String,
        /// The limit.
        limit: Duration,
    },
    /// The host cannot be reached.
    #[error("{host} cannot be reached: {reason}")]
    Unreachable {
        /// Which.
        host: String,
        /// What ssh said.
        reason: String,
    },
    /// A file that was to be created is there already.
    #[error("{path} exists already")]
    Exists {
        /// Which.
        path: HostPath,
    },
    /// A file could not be used.
    #[error("cannot {action} {path}")]
    File {
        /// What was tried.
        action: &'static str,
        /// Which.
        path: HostPath,
        /// Why.
        source: std::io::Error,
    },
    /// The executor could not be reached, or broke off.
    #[error("the executor at {} does not answer", socket.display())]
    Executor {
        /// Its socket.
        socket: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The state file of a simulated host could not be read or written.
    #[error("the simulated host's state in {path} cannot be used")]
    Simulation {
        /// Which file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
}
