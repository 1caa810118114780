//! The only module here that starts processes: the planner under test, once a case.
//!
//! Argument vectors, no shell around them; no terminal, no input; an environment of its own with an
//! empty home and data folder, so that nothing of the person who measures leaks into the figures. A
//! process that takes too long is killed with everything that it started.

use std::ffi::OsString;
use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

/// No proposal is longer than this; what prints more has run wild.
const MOST: u64 = 4 << 20;

/// How much of stderr is passed on, in characters from its end.
const TAIL: usize = 300;

/// What passes into the planner's environment: where programs and their libraries lie.
const PASSED: [&str; 3] = ["PATH", "LD_LIBRARY_PATH", "TMPDIR"];

/// Why a run gave nothing to judge.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It could not be started.
    #[error("{} could not be started; check its path", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Its room could not be made, or it could not be watched.
    #[error("{} could not be run", program.display())]
    Run {
        /// The program.
        program: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Its time was up.
    #[error("no end after {limit:?}; it was killed")]
    TimedOut {
        /// How long it had.
        limit: Duration,
    },
    /// A signal ended it.
    #[error("ended by signal {signal}: {stderr}")]
    Signal {
        /// Which.
        signal: i32,
        /// The end of what it wrote to stderr.
        stderr: String,
    },
    /// It does not stop printing.
    #[error("more than {} MiB of output; it was killed", MOST >> 20)]
    TooLong,
    /// Its output is no text.
    #[error("the output is no UTF-8")]
    NotText(#[from] std::string::FromUtf8Error),
}

/// What a process that ended by itself left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finished {
    /// Its stdout.
    pub(super) stdout: String,
    /// Wall time from start to end.
    pub(super) took: Duration,
}

/// Runs `program` in a fresh home of its own for at most `limit`. Its exit status does not matter.
///
/// # Errors
/// If it cannot be started, takes too long, prints too much or what is no text, or dies of a signal.
pub(super) fn run(program: &Path, args: &[OsString], limit: Duration) -> Result<Finished, RunError> {
    let failed = |source| RunError::Run { program: program.to_owned(), source };
    let room = tempfile::tempdir().map_err(failed)?;
    let mut command = prepared(program, args, room.path()).map_err(failed)?;
    let start = Instant::now();
    let mut child = command.spawn().map_err(|source| RunError::Start { program: program.to_owned(), source })?;
    let (stdout, stderr) = (collect(child.stdout.take()), collect(child.stderr.take()));
    // Its output ends when it ends, so that the wait for it is as short as can be.
    let Ok(stdout) = stdout.recv_timeout(limit) else {
        kill(&mut child).map_err(failed)?;
        return Err(RunError::TimedOut { limit });
    };
    if stdout.len() as u64 > MOST {
        kill(&mut child).map_err(failed)?;
        return Err(RunError::TooLong);
    }
    let Some(status) = wait(&mut child, start, limit).map_err(failed)? else {
        kill(&mut child).map_err(failed)?;
        return Err(RunError::TimedOut { limit });
    };
    let took = start.elapsed();
    match status.signal() {
        Some(signal) => {
            let stderr = stderr.recv_timeout(Duration::from_millis(100)).unwrap_or_default();
            Err(RunError::Signal { signal, stderr: tail(&String::from_utf8_lossy(&stderr)) })
        }
        None => Ok(Finished { stdout: String::from_utf8(stdout)?, took }),
    }
}

#[allow(clippy::disallowed_methods, reason = "the one place of these modules that starts processes")]
fn prepared(program: &Path, args: &[OsString], room: &Path) -> std::io::Result<Command> {
    let (home, data) = (room.join("home"), room.join("data"));
    std::fs::create_dir(&home)?;
    std::fs::create_dir(&data)?;
    let mut command = Command::new(program);
    command.args(args).env_clear().env("LC_ALL", "C.UTF-8").env("NO_COLOR", "1");
    for name in PASSED {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.current_dir(&home).env("HOME", home).env("KAI_DATA_DIR", data);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.process_group(0);
    Ok(command)
}

/// Reads a pipe to its end, a little more than `MOST` at most.
fn collect(pipe: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            // What came before a read failed is what there is.
            let _ = pipe.take(MOST + 1).read_to_end(&mut bytes);
        }
        // Nobody waits any more for what came after the limit.
        let _ = send.send(bytes);
    });
    receive
}

/// How it ended; nothing if it goes on after the limit, its output closed.
fn wait(child: &mut Child, start: Instant, limit: Duration) -> std::io::Result<Option<std::process::ExitStatus>> {
    let mut pause = Duration::from_micros(50);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if start.elapsed() >= limit {
            return Ok(None);
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(10));
    }
}

/// Kills the process and its group. It was not waited for yet, so that the number is still its own.
#[allow(clippy::disallowed_methods, reason = "the one place of these modules that starts processes")]
fn kill(child: &mut Child) -> std::io::Result<()> {
    // The standard library signals no groups; the shell does.
    let group = Command::new("/bin/sh")
        .args(["-c", "kill -s KILL -- \"-$0\""])
        .arg(child.id().to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    child.kill()?;
    child.wait()?;
    group.map(drop)
}

fn tail(text: &str) -> String {
    let text = text.trim();
    let skip = text.chars().count().saturating_sub(TAIL);
    text.chars().skip(skip).collect()
}
