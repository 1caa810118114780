//! `kai-kvm executor`: serving others that may not operate this host themselves.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::{Options, Say, status};
use crate::executor;
use crate::operator::Operator;
use crate::socket;

/// Operate this host for programs that may not, which reach it over a socket.
///
/// It takes typed requests and the digests of plans that a person has confirmed, plans by itself, and
/// refuses if its plan has another digest. No command line is ever taken. Whoever may open the socket may
/// have everything done that kai can do: its owner and group.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example: kai-kvm executor --socket /run/kai/executor.sock, and then as another user:\n  kai serve --executor /run/kai/executor.sock"
)]
pub struct ExecutorArgs {
    /// Where it listens.
    #[arg(long, value_name = "PATH", required_unless_present = "inherited")]
    socket: Option<PathBuf>,
    /// On the socket that systemd opened.
    #[arg(long, conflicts_with = "socket")]
    inherited: bool,
}

impl ExecutorArgs {
    /// Serves until it is ended; the exit status.
    #[must_use]
    pub fn run(&self, options: &Options, data: Option<&Path>, say: Say) -> u8 {
        let listener = match &self.socket {
            Some(path) => socket::listen(path).map_err(|error| say.failure(&error, &[])),
            None => listenfd::ListenFd::from_env().take_unix_listener(0).ok().flatten().ok_or_else(|| {
                say.wrong("no socket was passed on: --inherited is for systemd units with a socket unit");
                status::FAILED
            }),
        };
        let listener = match listener {
            Ok(listener) => listener,
            Err(status) => return status,
        };
        match Operator::open(&options.host.target(), data, options.host.vm_root.clone()) {
            Ok(operator) => {
                let running = Arc::new(executor::Running::default());
                let stopped = Arc::clone(&running);
                // What is being executed ends at a safe place before the program does.
                match Signals::new([SIGTERM, SIGINT]) {
                    Ok(mut signals) => {
                        std::thread::spawn(move || {
                            if signals.forever().next().is_some() {
                                stopped.stop();
                                std::process::exit(0);
                            }
                        });
                    }
                    Err(error) => return say.failure(&error, &[]),
                }
                say.plain_status("listening");
                executor::serve(&listener, &Arc::new(operator), &running);
                0
            }
            Err(error) => say.failure(&error, &[]),
        }
    }
}
