//! A command line, made of checked parts.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::names::Arg;

/// The programs that kai runs on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Program {
    /// OpenZFS: datasets.
    Zfs,
    /// OpenZFS: pools.
    Zpool,
    /// OpenZFS's udev helper: which volume a device node belongs to.
    ZvolId,
    /// libvirt.
    Virsh,
    /// QEMU: disk images.
    QemuImg,
    /// Makes ISO images.
    Xorriso,
    /// The same, older.
    Genisoimage,
    /// The same, of other systems.
    Mkisofs,
    /// Waits for device nodes.
    Udevadm,
    /// libosinfo: which operating systems there are.
    OsinfoQuery,
    /// The same, among much else.
    VirtInstall,
}

impl Program {
    /// What it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Zfs => "zfs",
            Self::Zpool => "zpool",
            Self::ZvolId => "zvol_id",
            Self::Virsh => "virsh",
            Self::QemuImg => "qemu-img",
            Self::Xorriso => "xorriso",
            Self::Genisoimage => "genisoimage",
            Self::Mkisofs => "mkisofs",
            Self::Udevadm => "udevadm",
            Self::OsinfoQuery => "osinfo-query",
            Self::VirtInstall => "virt-install",
        }
    }
}

/// Long enough for anything that does not move data.
const LIMIT: Duration = Duration::from_secs(120);

/// A program and its arguments. Arguments come from words of this program and from checked types;
/// no shell ever sees them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    program: Program,
    args: Vec<String>,
    /// In seconds.
    limit: u64,
}

impl Command {
    /// That program, without arguments.
    #[must_use]
    pub fn new(program: Program) -> Self {
        Self { program, args: Vec::new(), limit: LIMIT.as_secs() }
    }

    /// `zfs` with a subcommand.
    #[must_use]
    pub fn zfs(subcommand: &'static str) -> Self {
        Self::new(Program::Zfs).arg(subcommand)
    }

    /// `zpool` with a subcommand.
    #[must_use]
    pub fn zpool(subcommand: &'static str) -> Self {
        Self::new(Program::Zpool).arg(subcommand)
    }

    /// `virsh` on the system's own daemon, with a subcommand.
    #[must_use]
    pub fn virsh(subcommand: &'static str) -> Self {
        Self::new(Program::Virsh).arg("-q").arg("-c").arg("qemu:///system").arg(subcommand)
    }

    /// One more argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Arg) -> Self {
        self.args.push(arg.arg());
        self
    }

    /// One more argument for each.
    #[must_use]
    pub fn args<A: Arg>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.arg()));
        self
    }

    /// One more argument, `KEY=VALUE`.
    #[must_use]
    pub fn pair(mut self, key: &'static str, value: impl Arg) -> Self {
        self.args.push(format!("{key}={}", value.arg()));
        self
    }

    /// How long it may take.
    #[must_use]
    pub fn within(mut self, limit: Duration) -> Self {
        self.limit = limit.as_secs();
        self
    }

    /// The program.
    #[must_use]
    pub fn program(&self) -> Program {
        self.program
    }

    /// Its arguments.
    #[must_use]
    pub fn arguments(&self) -> &[String] {
        &self.args
    }

    /// How long it may take.
    #[must_use]
    pub fn limit(&self) -> Duration {
        Duration::from_secs(self.limit)
    }
}

/// As a person would type it into a POSIX shell.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.program.name())?;
        for arg in &self.args {
            write!(f, " {}", quoted(arg))?;
        }
        Ok(())
    }
}

/// An argument as a POSIX shell reads it back.
#[must_use]
pub fn quoted(arg: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,+%#".contains(c);
    // A leading `#` would begin a comment.
    if !arg.is_empty() && arg.chars().all(plain) && !arg.starts_with('#') {
        return arg.to_owned();
    }
    format!("'{}'", arg.replace('\'', r"'\''"))
}

/// What a program left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Its exit status; 128 and the signal's number if one ended it.
    pub status: i32,
    /// What it wrote to stdout.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
}

impl Output {
    /// Whether it exited with 0.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.status == 0
    }

    /// Its complaint on one line, at most three lines of it.
    #[must_use]
    pub fn complaint(&self) -> String {
        let lines = self.stderr.lines().map(str::trim).filter(|line| !line.is_empty());
        let lines: Vec<&str> = lines.map(|line| line.strip_prefix("error: ").unwrap_or(line)).take(3).collect();
        if lines.is_empty() { format!("it exited with {} and said nothing", self.status) } else { lines.join(": ") }
    }
}
