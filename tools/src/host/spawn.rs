//! The one module that starts programs: absolute path, cleared environment, fixed locale, a time
//! limit. What a program means is not known here.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::Output;

/// Where programs are looked for. The caller's `PATH` is not asked.
const FOLDERS: [&str; 8] =
    ["/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin", "/usr/lib/udev", "/lib/udev"];

/// More output than this is no answer to anything that kai asks.
const MOST: u64 = 64 << 20;

/// Why a program gave no output.
#[derive(Debug)]
pub(super) enum Failed {
    Start(std::io::Error),
    TimedOut,
}

/// The program of that name.
pub(super) fn find(name: &str) -> Option<PathBuf> {
    FOLDERS.iter().map(|folder| Path::new(folder).join(name)).find(|path| path.is_file())
}

/// Runs a program to its end or the limit, with `input` on its stdin.
pub(super) fn run(program: &Path, args: &[String], input: Option<Vec<u8>>, limit: Duration) -> Result<Output, Failed> {
    let mut child = start(program, args, input.is_some()).map_err(Failed::Start)?;
    if let (Some(input), Some(mut stdin)) = (input, child.stdin.take()) {
        // A program that does not read its input says so by its exit status.
        thread::spawn(move || drop(std::io::Write::write_all(&mut stdin, &input)));
    }
    let (stdout, stderr) = (collect(child.stdout.take()), collect(child.stderr.take()));
    let status = wait(&mut child, limit)?;
    // A child of the child may keep the pipes open; what came by then is what there is.
    let grace = Duration::from_secs(2);
    let text = |part: mpsc::Receiver<Vec<u8>>| {
        String::from_utf8_lossy(&part.recv_timeout(grace).unwrap_or_default()).into_owned()
    };
    Ok(Output { status, stdout: text(stdout), stderr: text(stderr) })
}

#[allow(clippy::disallowed_methods, reason = "the one place that starts programs")]
fn start(program: &Path, args: &[String], with_input: bool) -> std::io::Result<Child> {
    let mut command = std::process::Command::new(program);
    command.args(args).env_clear().env("LC_ALL", "C.UTF-8").env("PATH", FOLDERS.join(":"));
    // ssh finds its configuration and agent by these; nothing else of ours passes.
    for name in ["HOME", "SSH_AUTH_SOCK"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    let stdin = if with_input { Stdio::piped() } else { Stdio::null() };
    // A group of its own: Ctrl-C at the terminal stops kai at a step's border, not a program half way.
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
}

fn collect(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<Vec<u8>> {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            let _ = pipe.take(MOST).read_to_end(&mut bytes);
        }
        let _ = send.send(bytes);
    });
    receive
}

fn wait(child: &mut Child, limit: Duration) -> Result<i32, Failed> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(Failed::Start)? {
            let signal = std::os::unix::process::ExitStatusExt::signal(&status);
            return Ok(status.code().unwrap_or_else(|| 128 + signal.unwrap_or(0)));
        }
        let waited = start.elapsed();
        if waited >= limit {
            // It may be asleep in the kernel and never die; nobody waits for it.
            let _ = child.kill();
            return Err(Failed::TimedOut);
        }
        // Short programs are not held up, and long ones cost nothing to wait for.
        thread::sleep((waited / 16).clamp(Duration::from_micros(200), Duration::from_millis(10)));
    }
}
