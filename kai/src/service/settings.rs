//! What a service is started with.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

/// Where it listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Listen {
    /// An address and a port.
    Tcp(SocketAddr),
    /// A socket in the file system, for those who may open it.
    Unix(PathBuf),
    /// What systemd opened for it.
    Inherited,
}

/// How it is reached, and how much of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    /// Names in `Host` that are this machine's, beside loopback's.
    pub(crate) names: Vec<String>,
    /// Whether programs on this machine may start indexing without a token, as kldload's do.
    pub(crate) open_index: bool,
    /// How much.
    pub(crate) limits: Limits,
}

/// How much of everything.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    /// Connections at a time.
    pub(crate) connections: usize,
    /// Of those, how many one address may hold, unless it is this machine's own.
    pub(crate) connections_an_address: usize,
    /// Bytes of a body.
    pub(crate) body: usize,
    /// How long a body may take.
    pub(crate) body_time: Duration,
    /// How long the head of a request may take.
    pub(crate) head_time: Duration,
    /// How long a piece of an answer waits to be taken.
    pub(crate) write_time: Duration,
    /// Answers in the making at a time.
    pub(crate) answers: usize,
    /// Searches at a time.
    pub(crate) searches: usize,
    /// Looks at the host at a time: one that does not answer holds up no search.
    pub(crate) looks: usize,
    /// How long one of those waits for its turn.
    pub(crate) queue_time: Duration,
    /// Questions of one caller a minute.
    pub(crate) asks_a_minute: NonZeroU32,
    /// Tokens that are none, from one address, a minute.
    pub(crate) failures_a_minute: NonZeroU32,
    /// How long what is under way may take after it was told to stop.
    pub(crate) grace: Duration,
}

impl Limits {
    /// As many connections as so many files allow, with some left for the index, programs and the log.
    pub(crate) fn with_files(self, files: u64) -> Self {
        let left = usize::try_from(files.saturating_sub(256).max(files / 4)).unwrap_or(usize::MAX);
        Self { connections: self.connections.min(left.max(1)), ..self }
    }
}

impl Default for Limits {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            connections: 4096,
            connections_an_address: 512,
            body: 256 << 10,
            body_time: Duration::from_secs(30),
            head_time: Duration::from_secs(15),
            write_time: Duration::from_secs(60),
            answers: 4 * cores,
            searches: 2 * cores,
            looks: 8,
            queue_time: Duration::from_secs(10),
            asks_a_minute: NonZeroU32::MIN.saturating_add(119),
            failures_a_minute: NonZeroU32::MIN.saturating_add(9),
            grace: Duration::from_secs(20),
        }
    }
}
