//! Another machine, over OpenSSH. The remote side joins its arguments for the login shell, so each
//! is quoted for it; files are moved with `dd` and `cat`, which any host has.

use std::time::Duration;

use super::command::quoted;
use super::{Command, Host, HostError, Output, spawn};
use crate::names::HostPath;

/// Whom to reach: `[user@]host[:port]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshTarget {
    user: Option<String>,
    host: String,
    port: Option<u16>,
}

impl std::str::FromStr for SshTarget {
    type Err = crate::names::NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error =
            |reason| crate::names::NameError { kind: "ssh host", text: text.chars().take(80).collect(), reason };
        let (user, rest) = match text.split_once('@') {
            Some((user, rest)) => (Some(user), rest),
            None => (None, text),
        };
        let (host, port) = match rest.split_once(':') {
            Some((host, port)) => (host, Some(port.parse().map_err(|_| error("the port is a number"))?)),
            None => (rest, None),
        };
        let plain = |part: &str| part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
        let is_name =
            |part: &str| !part.is_empty() && part.len() <= 253 && !part.starts_with(['-', '.']) && plain(part);
        if !is_name(host) || !user.is_none_or(is_name) {
            return Err(error("write it like root@host or root@host:22, with letters, digits and _ - ."));
        }
        Ok(Self { user: user.map(str::to_owned), host: host.to_owned(), port })
    }
}

impl std::fmt::Display for SshTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        f.write_str(&self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// A machine that is reached by `ssh`, without a password prompt.
#[derive(Debug, Clone)]
pub struct Ssh {
    target: SshTarget,
}

/// What the remote shell answers for a program that it does not find.
const NOT_FOUND: i32 = 127;
/// What ssh itself ends with.
const SSH_FAILED: i32 = 255;
/// Files are no larger than this: firmware variables and small documents.
const LIMIT: Duration = Duration::from_secs(120);

impl Ssh {
    /// The host of that name. Nothing is connected yet.
    #[must_use]
    pub fn new(target: SshTarget) -> Self {
        Self { target }
    }

    fn options(&self) -> Vec<String> {
        let fixed = [
            "-o",
            "BatchMode=yes",
            "-o",
            "ServerAliveInterval=15",
            "-o",
            "ServerAliveCountMax=4",
            "-o",
            "ConnectTimeout=10",
            "-o",
            "ControlMaster=auto",
            "-o",
            "ControlPersist=60",
            "-o",
            "LogLevel=ERROR",
        ];
        let mut args: Vec<String> = fixed.iter().map(|&arg| arg.to_owned()).collect();
        if let Some(runtime) = std::env::var_os("XDG_RUNTIME_DIR").filter(|dir| !dir.is_empty()) {
            args.extend(["-o".to_owned(), format!("ControlPath={}/kai-%C", runtime.to_string_lossy())]);
        } else {
            args.extend(["-o".to_owned(), "ControlPath=~/.ssh/kai-%C".to_owned()]);
        }
        if let Some(port) = self.target.port {
            args.extend(["-p".to_owned(), port.to_string()]);
        }
        if let Some(user) = &self.target.user {
            args.extend(["-l".to_owned(), user.clone()]);
        }
        args.extend(["--".to_owned(), self.target.host.clone()]);
        args
    }

    fn remote(&self, words: &[&str], input: Option<Vec<u8>>, limit: Duration) -> Result<Output, HostError> {
        let shown = words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
        let unreachable = |reason: String| HostError::Unreachable { host: self.name(), reason };
        let ssh = spawn::find("ssh").ok_or_else(|| unreachable("ssh is not installed here".to_owned()))?;
        let mut args = self.options();
        // The login shell may not look into sbin.
        args.push(format!("env LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin:/usr/lib/udev:/lib/udev {shown}"));
        match spawn::run(&ssh, &args, input, limit) {
            Ok(output) if output.status == SSH_FAILED => Err(unreachable(output.complaint())),
            Ok(output) => Ok(output),
            Err(spawn::Failed::Start(source)) => Err(HostError::Start { command: shown, host: self.name(), source }),
            Err(spawn::Failed::TimedOut) => Err(HostError::TimedOut { command: shown, limit }),
        }
    }

    fn file(
        &self,
        action: &'static str,
        path: &HostPath,
        words: &[&str],
        input: Option<Vec<u8>>,
    ) -> Result<(), HostError> {
        let output = self.remote(words, input, LIMIT)?;
        if output.is_ok() {
            return Ok(());
        }
        if output.stderr.contains("File exists") {
            return Err(HostError::Exists { path: path.clone() });
        }
        let source = std::io::Error::other(output.complaint());
        Err(HostError::File { action, path: path.clone(), source })
    }

    /// Fills a file beside `path` with `fill` and links it to that name.
    fn whole(&self, path: &HostPath, fill: impl FnOnce(&str) -> Result<(), HostError>) -> Result<(), HostError> {
        let folder = path.parent().map_or_else(|| "/".to_owned(), |folder| folder.to_string());
        self.file("create the folder of", path, &["mkdir", "-p", "--", &folder], None)?;
        let partial = format!("{path}.kai-partial");
        let done =
            fill(&partial).and_then(|()| self.file("create", path, &["ln", "-T", "--", &partial, path.as_str()], None));
        // What is left of an attempt hurts nobody, and the next one removes it.
        let _ = self.remote(&["rm", "-f", "--", &partial], None, LIMIT);
        done
    }
}

impl Host for Ssh {
    fn name(&self) -> String {
        self.target.to_string()
    }

    fn run(&self, command: &Command) -> Result<Output, HostError> {
        let mut words = vec![command.program().name()];
        words.extend(command.arguments().iter().map(String::as_str));
        let output = self.remote(&words, None, command.limit())?;
        if output.status == NOT_FOUND {
            return Err(HostError::Missing { program: command.program(), host: self.name() });
        }
        Ok(output)
    }

    fn read(&self, path: &HostPath, limit: usize) -> Result<Option<Vec<u8>>, HostError> {
        let output = self.remote(&["head", "-c", &limit.to_string(), "--", path.as_str()], None, LIMIT)?;
        if output.is_ok() {
            return Ok(Some(output.stdout.into_bytes()));
        }
        if output.stderr.contains("No such file") || output.stderr.contains("Not a directory") {
            return Ok(None);
        }
        let source = std::io::Error::other(output.complaint());
        Err(HostError::File { action: "read", path: path.clone(), source })
    }

    fn create(&self, path: &HostPath, content: &[u8], mode: u32) -> Result<(), HostError> {
        self.whole(path, |partial| {
            let of = format!("of={partial}");
            self.file("create", path, &["rm", "-f", "--", partial], None)?;
            self.file("create", path, &["dd", &of, "conv=excl,fsync", "status=none"], Some(content.to_vec()))?;
            self.file("create", path, &["chmod", &format!("{mode:o}"), "--", partial], None)
        })
    }

    fn copy(&self, from: &HostPath, to: &HostPath) -> Result<(), HostError> {
        self.whole(to, |partial| {
            self.file("create", to, &["cp", "--preserve=mode,ownership", "--", from.as_str(), partial], None)
        })
    }

    fn remove(&self, path: &HostPath) -> Result<bool, HostError> {
        let output = self.remote(&["rm", "--", path.as_str()], None, LIMIT)?;
        if output.is_ok() {
            return Ok(true);
        }
        if output.stderr.contains("No such file") {
            return Ok(false);
        }
        let source = std::io::Error::other(output.complaint());
        Err(HostError::File { action: "remove", path: path.clone(), source })
    }

    fn resolve(&self, path: &HostPath) -> Result<Option<HostPath>, HostError> {
        let real = self.remote(&["readlink", "-e", "--", path.as_str()], None, LIMIT)?;
        Ok(real.stdout.trim_end_matches('\n').parse().ok())
    }

    fn openers(&self, device: &HostPath) -> Result<Vec<String>, HostError> {
        let error = |output: &Output| HostError::File {
            action: "find out who has open",
            path: device.clone(),
            source: std::io::Error::other(output.complaint()),
        };
        let Some(real) = self.resolve(device)? else { return Ok(Vec::new()) };
        let real = real.as_str();
        // Processes come and go under find's feet; its complaints about them mean nothing.
        let words = ["find", "/proc", "-maxdepth", "3", "-path", "/proc/[0-9]*/fd/*", "-lname", real];
        let found = self.remote(&words, None, LIMIT)?;
        if found.stdout.is_empty() && found.status > 1 {
            return Err(error(&found));
        }
        let mut openers: Vec<String> = found
            .stdout
            .lines()
            .filter_map(|line| line.strip_prefix("/proc/")?.split('/').next())
            .map(|pid| format!("pid {pid}"))
            .collect();
        openers.dedup();
        let name = real.rsplit('/').next().unwrap_or_default();
        let held = self.remote(&["ls", &format!("/sys/class/block/{name}/holders")], None, LIMIT)?;
        openers.extend(held.stdout.lines().map(|line| format!("device {line}")));
        Ok(openers)
    }

    fn sleep(&self, time: Duration) {
        std::thread::sleep(time);
    }
}
