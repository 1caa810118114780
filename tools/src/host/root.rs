//! Becoming root: the same program again, through sudo.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;

use super::spawn;

/// Whether this process is root.
#[must_use]
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Replaces this process by the same program run through sudo, which asks for the password itself.
/// Returns only if that is not possible.
#[allow(clippy::disallowed_methods, reason = "the host module starts programs")]
pub fn run_as_root(args: &[OsString]) -> std::io::Error {
    let missing = || std::io::Error::new(std::io::ErrorKind::NotFound, "sudo is not installed");
    let (Some(sudo), Ok(program)) = (spawn::find("sudo"), std::env::current_exe()) else { return missing() };
    std::process::Command::new(sudo).arg("--").arg(program).args(args).exec()
}
