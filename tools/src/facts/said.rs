//! What a program's complaint means.

use crate::host::{Command, HostError, Output, Program};

/// Why a host could not be observed or a program failed.
#[derive(Debug, thiserror::Error)]
pub enum ObserveError {
    /// The host could not do it.
    #[error(transparent)]
    Host(#[from] HostError),
    /// libvirt's daemon does not run.
    #[error("libvirt does not answer: {said}")]
    NoLibvirt {
        /// What virsh said.
        said: String,
    },
    /// The caller may not do that.
    #[error("`{command}` is not permitted: {said}")]
    NotPermitted {
        /// The command line.
        command: String,
        /// What it said.
        said: String,
    },
    /// The guest has no agent that answers: what it was asked, it has not heard.
    #[error("`{command}` failed: {said}")]
    NoAgent {
        /// The command line.
        command: String,
        /// What libvirt said.
        said: String,
    },
    /// An executor said so.
    #[error("{said}")]
    Elsewhere {
        /// What it said.
        said: String,
        /// What to do about it.
        hints: Vec<String>,
    },
    /// ZFS's kernel module is not loaded.
    #[error("ZFS is not loaded: {said}")]
    NoZfs {
        /// What it said.
        said: String,
    },
    /// A program failed.
    #[error("`{command}` failed: {said}")]
    Failed {
        /// The command line.
        command: String,
        /// What it said.
        said: String,
    },
    /// A program's output is not understood.
    #[error(transparent)]
    Parse(#[from] super::ParseError),
    /// A domain's description is not understood.
    #[error(transparent)]
    Domain(#[from] super::DomainReadError),
}

impl ObserveError {
    /// What to do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Host(HostError::Missing { program, .. }) => install(*program),
            Self::NoLibvirt { .. } => {
                "start it: `systemctl start libvirtd` (or virtqemud.socket where libvirt is modular)".to_owned()
            }
            Self::NotPermitted { .. } => "run it as root, for example with sudo".to_owned(),
            Self::NoZfs { .. } => {
                "load it: `modprobe zfs`; after a kernel update the module may have to be built again".to_owned()
            }
            Self::NoAgent { .. } => "install and start qemu-guest-agent in the guest".to_owned(),
            Self::Elsewhere { hints, .. } => return hints.clone(),
            Self::Host(_) | Self::Failed { .. } | Self::Parse(_) | Self::Domain(_) => return Vec::new(),
        };
        vec![hint]
    }
}

/// How to install a program, by family of distributions.
fn install(program: Program) -> String {
    let packages = match program {
        Program::Zfs | Program::Zpool | Program::ZvolId => {
            "Debian and Ubuntu: apt install zfsutils-linux (Debian: from contrib); Fedora, RHEL and kin: dnf install zfs \
             from the OpenZFS repository; Arch: zfs-utils; Alpine: apk add zfs; FreeBSD has it"
        }
        Program::Virsh => {
            "Debian and Ubuntu: apt install libvirt-clients libvirt-daemon-system; Fedora, RHEL and kin: dnf install \
             libvirt-client libvirt-daemon-kvm; Arch: libvirt; Alpine: apk add libvirt-client libvirt-daemon"
        }
        Program::QemuImg => "Debian and Ubuntu: apt install qemu-utils; Fedora, RHEL, Alpine: qemu-img; Arch: qemu-img",
        Program::Xorriso | Program::Genisoimage | Program::Mkisofs => {
            "apt install xorriso; dnf install xorriso; Arch: libisoburn; Alpine: apk add xorriso"
        }
        Program::OsinfoQuery => "apt install libosinfo-bin; dnf install libosinfo; Arch, Alpine: libosinfo",
        Program::VirtInstall => "apt install virtinst; dnf install virt-install; Arch, Alpine: virt-install",
        Program::Udevadm => "it belongs to systemd-udev or eudev",
    };
    format!("install {}: {packages}", program.name())
}

/// What a failed command means.
#[must_use]
pub fn failed(command: &Command, output: &Output) -> ObserveError {
    let said = output.complaint();
    let all = &output.stderr;
    let any = |texts: &[&str]| texts.iter().any(|text| all.contains(text));
    if command.program() == Program::Virsh && any(&["failed to connect to the hypervisor"]) {
        return match any(&["Permission denied", "authentication", "not authorized"]) {
            true => ObserveError::NotPermitted { command: command.to_string(), said },
            false => ObserveError::NoLibvirt { said },
        };
    }
    if command.program() == Program::Virsh && any(&["guest agent is not connected", "guest agent is not configured"]) {
        return ObserveError::NoAgent { command: command.to_string(), said };
    }
    if any(&["modules cannot be auto-loaded", "/dev/zfs and /proc/self/mounts", "The ZFS modules are not loaded"]) {
        return ObserveError::NoZfs { said };
    }
    if any(&["permission denied", "Permission denied", "must be root"]) {
        return ObserveError::NotPermitted { command: command.to_string(), said };
    }
    ObserveError::Failed { command: command.to_string(), said }
}
