//! Starts the processes that are measured: the binary `kai`, and Python for the comparison.
//!
//! Argument vectors only, no shell. Times are wall times of the whole process.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::{Child, Command};

/// How often the memory of a running process is read.
const LOOK: Duration = Duration::from_millis(20);

/// How much of a failed process's stderr is passed on, in bytes from its end.
const TAIL: usize = 600;

/// Why a process gave no figures.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// It could not be started.
    #[error("{} could not be started; check its path", program.display())]
    Start {
        /// What was to be started.
        program: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// It could not be waited for.
    #[error("{} could not be watched", program.display())]
    Watch {
        /// The program.
        program: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// It ended with a failure.
    #[error("`{command}` failed with {status}: {stderr}")]
    Failed {
        /// The command, for reading.
        command: String,
        /// How it ended.
        status: std::process::ExitStatus,
        /// The end of what it wrote to stderr.
        stderr: String,
    },
}

/// What a finished process cost.
#[derive(Debug, Clone)]
pub struct Cost {
    /// Wall time from start to end.
    pub took: Duration,
    /// The most memory that was resident, in bytes (`VmHWM`, read every 20 ms); nothing where the
    /// system does not tell.
    pub peak_bytes: Option<u64>,
    /// Whether it was stopped because its time was up.
    pub stopped: bool,
    /// What it wrote to stdout.
    pub stdout: String,
}

/// Runs `program` to its end, or kills it after `limit`. Ending with 0 or a status in `fine` is no
/// failure.
///
/// # Errors
/// If it cannot be started or watched, or fails by itself.
pub async fn run(
    program: &Path,
    args: &[OsString],
    fine: &[i32],
    limit: Option<Duration>,
) -> Result<Cost, ProcessError> {
    let watch = |source| ProcessError::Watch { program: program.to_owned(), source };
    let (mut out, mut err) = (tempfile::tempfile().map_err(watch)?, tempfile::tempfile().map_err(watch)?);
    let start = Instant::now();
    let mut child = command(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(out.try_clone().map_err(watch)?)
        .stderr(err.try_clone().map_err(watch)?)
        .spawn()
        .map_err(|source| ProcessError::Start { program: program.to_owned(), source })?;
    let (status, took, peak_bytes) = watched(&mut child, start, limit).await.map_err(watch)?;
    let stdout = whole(&mut out).map_err(watch)?;
    let Some(status) = status else {
        return Ok(Cost { took, peak_bytes, stopped: true, stdout });
    };
    if !status.success() && !status.code().is_some_and(|code| fine.contains(&code)) {
        let stderr = whole(&mut err).map_err(watch)?;
        return Err(ProcessError::Failed { command: spelled(program, args), status, stderr: tail(&stderr) });
    }
    Ok(Cost { took, peak_bytes, stopped: false, stdout })
}

#[allow(clippy::disallowed_methods, reason = "the one place of this crate that starts processes")]
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("LC_ALL", "C.UTF-8").kill_on_drop(true);
    command
}

/// Waits for the end or the limit (then no status), reading the memory peak meanwhile.
async fn watched(
    child: &mut Child,
    start: Instant,
    limit: Option<Duration>,
) -> std::io::Result<(Option<std::process::ExitStatus>, Duration, Option<u64>)> {
    let status_file = child.id().map(|id| PathBuf::from(format!("/proc/{id}/status")));
    let mut peak = None;
    loop {
        if let Ok(status) = tokio::time::timeout(LOOK, child.wait()).await {
            return Ok((Some(status?), start.elapsed(), peak));
        }
        // Gone for a process that has just ended: the last reading stands.
        let text = status_file.as_ref().and_then(|file| std::fs::read_to_string(file).ok());
        peak = text.as_deref().and_then(peak_of).max(peak);
        if limit.is_some_and(|limit| start.elapsed() >= limit) {
            child.kill().await?;
            return Ok((None, start.elapsed(), peak));
        }
    }
}

/// `VmHWM` of a `/proc/PID/status`, in bytes.
#[must_use]
pub fn peak_of(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

fn whole(file: &mut std::fs::File) -> std::io::Result<String> {
    use std::io::{Read, Seek};
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn tail(text: &str) -> String {
    let text = text.trim();
    let from = text.char_indices().map(|(at, _)| at).find(|at| text.len() - at <= TAIL).unwrap_or(0);
    text.get(from..).unwrap_or(text).to_owned()
}

fn spelled(program: &Path, args: &[OsString]) -> String {
    let args = args.iter().map(|arg| arg.to_string_lossy());
    std::iter::once(program.to_string_lossy()).chain(args).collect::<Vec<_>>().join(" ")
}
