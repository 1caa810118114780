//! A socket in the file system: opened for its owner and group, and for nobody else.

use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// Why a socket cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// The file system.
    #[error("cannot listen on {}", path.display())]
    Open {
        /// Where.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The place is taken.
    #[error("{} is there already: {what}", path.display())]
    Taken {
        /// Where.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
}

/// Opens a socket for its owner and group. One that a killed program left is taken over.
///
/// # Errors
/// If something else is there, or it cannot be opened.
pub fn listen(path: &Path) -> Result<UnixListener, SocketError> {
    let taken = |what| SocketError::Taken { path: path.to_owned(), what };
    match std::fs::symlink_metadata(path) {
        Ok(meta) if !meta.file_type().is_socket() => return Err(taken("it is no socket")),
        Ok(_) if UnixStream::connect(path).is_ok() => return Err(taken("somebody listens on it")),
        Ok(_) => {
            let _ = std::fs::remove_file(path);
        }
        Err(_) => {}
    }
    let open = || {
        let listener = UnixListener::bind(path)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))?;
        Ok(listener)
    };
    open().map_err(|source| SocketError::Open { path: path.to_owned(), source })
}
