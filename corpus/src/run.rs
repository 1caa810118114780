//! The one module that starts programs: argv arrays, no shell, a fixed locale, a time limit, and
//! a child that dies with the future that waits for it. It knows no package tool.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

use crate::machine::Machine;

/// Enough for every list we ask for; a tool that writes more is broken.
const OUTPUT_LIMIT: u64 = 64 << 20;
/// What is kept of a program's complaints.
const STDERR_LIMIT: usize = 8 << 10;

/// Why a program gave no result.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It is not installed.
    #[error("the program {program} was not found")]
    Missing {
        /// Its name.
        program: String,
    },
    /// It could not be started, fed or read.
    #[error("cannot run `{command}`")]
    Start {
        /// Program and arguments.
        command: String,
        /// Why.
        source: io::Error,
    },
    /// It failed.
    #[error("`{command}` failed ({status}){stderr}")]
    Failed {
        /// Program and arguments.
        command: String,
        /// Exit status or signal.
        status: String,
        /// `: ` and the end of what it wrote to stderr, or nothing.
        stderr: String,
    },
    /// It took too long and was ended.
    #[error("`{command}` did not finish within {} seconds and was ended", limit.as_secs())]
    TimedOut {
        /// Program and arguments.
        command: String,
        /// The limit.
        limit: Duration,
    },
}

/// One program to run.
#[derive(Debug)]
pub(crate) struct Run {
    program: PathBuf,
    name: String,
    path: OsString,
    args: Vec<OsString>,
    folder: Option<PathBuf>,
    stdin: Option<PathBuf>,
    stdout: Option<PathBuf>,
    limit: Duration,
}

impl Run {
    /// The program of that name on the machine.
    pub(crate) fn new(machine: &Machine, name: &str) -> Result<Self, RunError> {
        let missing = || RunError::Missing { program: name.to_owned() };
        let program = machine.program(name).ok_or_else(missing)?;
        let path = std::env::join_paths(&machine.programs).map_err(|_| missing())?;
        Ok(Self {
            program,
            name: name.to_owned(),
            path,
            args: Vec::new(),
            folder: None,
            stdin: None,
            stdout: None,
            limit: Duration::from_secs(120),
        })
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    pub(crate) fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    pub(crate) fn in_folder(mut self, folder: &Path) -> Self {
        self.folder = Some(folder.to_owned());
        self
    }

    pub(crate) fn stdin_from(mut self, file: &Path) -> Self {
        self.stdin = Some(file.to_owned());
        self
    }

    /// Sends stdout to a new file instead of returning it.
    pub(crate) fn stdout_to(mut self, file: &Path) -> Self {
        self.stdout = Some(file.to_owned());
        self
    }

    pub(crate) fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs to the end; gives what it wrote to stdout.
    pub(crate) async fn output(self) -> Result<String, RunError> {
        let mut text = String::new();
        self.lines(&mut |line| {
            text.push_str(line);
            text.push('\n');
        })
        .await?;
        Ok(text)
    }

    /// Runs to the end; calls `on_line` for each line of stdout as it comes.
    pub(crate) async fn lines(self, on_line: &mut (dyn FnMut(&str) + Send)) -> Result<(), RunError> {
        let (command, limit) = (self.shown(), self.limit);
        match timeout(limit, self.finish(&command, on_line)).await {
            Ok(done) => done,
            Err(_) => Err(RunError::TimedOut { command, limit }),
        }
    }

    async fn finish(self, command: &str, on_line: &mut (dyn FnMut(&str) + Send)) -> Result<(), RunError> {
        let start = |source| RunError::Start { command: command.to_owned(), source };
        let mut child = self.command().map_err(start)?.spawn().map_err(start)?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let read_stdout = async {
            let Some(stdout) = stdout else { return Ok(()) };
            let mut lines = BufReader::new(stdout.take(OUTPUT_LIMIT)).split(b'\n');
            while let Some(line) = lines.next_segment().await? {
                on_line(String::from_utf8_lossy(&line).trim_end_matches('\r'));
            }
            Ok::<(), io::Error>(())
        };
        let (read, complaints) = tokio::join!(read_stdout, tail(stderr));
        read.map_err(start)?;
        let status = child.wait().await.map_err(start)?;
        if status.success() {
            return Ok(());
        }
        let stderr = match complaints.trim() {
            "" => String::new(),
            text => format!(": {text}"),
        };
        Err(RunError::Failed { command: command.to_owned(), status: status.to_string(), stderr })
    }

    /// The only place where a process is made.
    #[allow(clippy::disallowed_methods)] // reason: this module is where spawning is allowed
    fn command(&self) -> io::Result<Command> {
        let mut command = Command::new(&self.program);
        command
            .args(&self.args)
            .env("PATH", &self.path)
            .env("LC_ALL", "C.UTF-8")
            .env("LANGUAGE", "C")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .env_remove("APT_CONFIG")
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        command.stdin(match &self.stdin {
            Some(file) => Stdio::from(File::open(file)?),
            None => Stdio::null(),
        });
        command.stdout(match &self.stdout {
            Some(file) => Stdio::from(File::create_new(file)?),
            None => Stdio::piped(),
        });
        Ok(command)
    }

    /// Program and arguments for messages; a long list is cut.
    fn shown(&self) -> String {
        let mut text = self.name.clone();
        for (index, arg) in self.args.iter().enumerate() {
            if index == 12 {
                text.push_str(" …");
                break;
            }
            text.push(' ');
            text.push_str(&arg.to_string_lossy());
        }
        text
    }
}

/// The end of what comes, on one line; a reading error counts as the end.
async fn tail(stream: Option<impl AsyncRead + Unpin>) -> String {
    let mut kept: Vec<u8> = Vec::new();
    if let Some(mut stream) = stream {
        let mut block = vec![0; 4 << 10];
        while let Ok(count @ 1..) = stream.read(&mut block).await {
            kept.extend_from_slice(&block[..count]);
            kept.drain(..kept.len().saturating_sub(STDERR_LIMIT));
        }
    }
    let text = String::from_utf8_lossy(&kept);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    // Five lines say what went wrong; apt's repeat themselves for every source.
    lines[lines.len().saturating_sub(5)..].join("; ")
}
