//! The one place of this crate that starts programs: text in on stdin, text out on stdout.
//!
//! No shell, a cleared environment, a fixed locale, a limit on time and on output. What the
//! programs are for is not known here.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::{Limits, ParseError};

/// Where programs are looked for after `PATH`: a service's `PATH` is often short.
const FOLDERS: [&str; 4] = ["/usr/local/bin", "/usr/bin", "/bin", "/opt/homebrew/bin"];

/// How much of a program's own words are kept.
const STDERR_BYTES: u64 = 16 * 1024;

/// The program's absolute path, if it is installed.
pub(super) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .chain(FOLDERS.iter().map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// Runs `program` over `input` and returns what it printed.
#[allow(clippy::disallowed_methods, reason = "this crate's one place that starts programs")]
pub(super) fn filter(program: &Path, args: &[&str], input: &str, limits: &Limits) -> Result<String, ParseError> {
    let name = program.display().to_string();
    // The renderer itself starts helpers (preconv, grotty), which it finds through PATH.
    let mut child = Command::new(program)
        .args(args)
        .env_clear()
        .env("LC_ALL", "C.UTF-8")
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|source| ParseError::Spawn { program: name.clone(), source })?;

    let deadline = Instant::now() + Duration::from_secs(limits.parse_seconds);
    let outcome = converse(&mut child, input, limits.page_bytes, deadline);
    let Some(Conversation { stdout, stderr }) = outcome else {
        stop(&mut child);
        return Err(ParseError::TimedOut { program: name, seconds: limits.parse_seconds });
    };
    if stdout.len() as u64 > limits.page_bytes {
        stop(&mut child);
        return Err(ParseError::TooLarge { bytes: stdout.len() as u64, limit: limits.page_bytes });
    }
    // Both pipes are closed, so the program is ending; a kill after that does no harm to it, and
    // keeps one that closed its pipes and stayed from holding us.
    let status = wait_until(&mut child, deadline);
    let said = String::from_utf8_lossy(&stderr);
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    match status {
        Some(true) => {}
        // Warnings give a failing status too: what counts is whether there is a page.
        Some(false) if !stdout.trim_ascii().is_empty() => {}
        Some(false) => {
            return Err(ParseError::Mandoc { program: name, stderr: said });
        }
        None => {
            return Err(ParseError::TimedOut { program: name, seconds: limits.parse_seconds });
        }
    }
    Ok(String::from_utf8_lossy(&stdout).into_owned())
}

struct Conversation {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

/// Feeds and drains all three pipes at once; `None` when the deadline passes first.
fn converse(child: &mut Child, input: &str, limit: u64, deadline: Instant) -> Option<Conversation> {
    let (send, receive) = mpsc::channel();
    if let Some(mut stdin) = child.stdin.take() {
        let input = input.to_owned();
        // A program may stop reading early; that shows in what it prints, not here.
        std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    }
    drain(child.stdout.take(), limit.saturating_add(1), true, &send);
    drain(child.stderr.take(), STDERR_BYTES, false, &send);
    drop(send);
    let mut conversation = Conversation { stdout: Vec::new(), stderr: Vec::new() };
    for _ in 0..2 {
        let (is_stdout, bytes) = receive.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()?;
        if is_stdout {
            conversation.stdout = bytes;
            if conversation.stdout.len() as u64 > limit {
                return Some(conversation);
            }
        } else {
            conversation.stderr = bytes;
        }
    }
    Some(conversation)
}

fn drain(pipe: Option<impl Read + Send + 'static>, limit: u64, is_stdout: bool, send: &mpsc::Sender<(bool, Vec<u8>)>) {
    let send = send.clone();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // A read that fails ends the stream like any other end.
            let _ = pipe.by_ref().take(limit).read_to_end(&mut bytes);
            let _ = send.send((is_stdout, bytes));
            if !is_stdout {
                let _ = std::io::copy(&mut pipe, &mut std::io::sink());
            }
        } else {
            let _ = send.send((is_stdout, bytes));
        }
    });
}

/// Whether the program succeeded; `None` when it had to be stopped.
fn wait_until(child: &mut Child, deadline: Instant) -> Option<bool> {
    let mut pause = Duration::from_micros(50);
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status.success()),
            Ok(None) if Instant::now() < deadline => {
                std::thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(20));
            }
            Ok(None) | Err(_) => {
                stop(child);
                return None;
            }
        }
    }
}

fn stop(child: &mut Child) {
    // It may have ended by itself meanwhile; either way it is gone after this.
    let _ = child.kill();
    let _ = child.wait();
}
