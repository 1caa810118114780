//! Why the store could not be read or written.

use std::path::PathBuf;

/// Why the store could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Nothing has been indexed under this folder.
    #[error("there is no index in {0}")]
    Absent(PathBuf),
    /// Another process is writing.
    #[error("another run is writing the index in {folder} (process {holder})")]
    Locked {
        /// The index's folder.
        folder: PathBuf,
        /// What the lock file says of its holder.
        holder: String,
    },
    /// A file beside the tables could not be read or written.
    #[error("{action} {path}")]
    File {
        /// What was tried: `cannot write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The manifest is not one, or of another version of kai.
    #[error("{path} is not an index manifest that this version reads: {reason}")]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A table could not be read or written.
    #[error("cannot {action} table {table}")]
    Table {
        /// What was tried.
        action: &'static str,
        /// The table.
        table: String,
        /// LanceDB's own words.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A table was read, and does not hold what it should.
    #[error("table {table} is damaged: {reason}; `kai index --rebuild` makes it anew")]
    Damaged {
        /// The table.
        table: String,
        /// What does not fit.
        reason: String,
    },
}

impl StoreError {
    /// Whether the disk is full: nothing else helps than space.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        let mut source: Option<&dyn std::error::Error> = Some(self);
        while let Some(error) = source {
            if let Some(io) = error.downcast_ref::<std::io::Error>()
                && matches!(io.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded)
            {
                return true;
            }
            if error.to_string().contains("No space left on device") {
                return true;
            }
            source = error.source();
        }
        false
    }
}
