//! `osinfo-query` and `virt-install`, as far as they know operating systems.

use super::{Answer, Complaint};
use crate::host::Program;

/// Names, and other names for the same.
const SYSTEMS: [&[&str]; 14] = [
    &["almalinux9"],
    &["alpinelinux3.20"],
    &["archlinux"],
    &["debian10", "debianbuster"],
    &["debian11", "debianbullseye"],
    &["debian12", "debianbookworm"],
    &["debian13", "debiantrixie"],
    &["fedora40"],
    &["freebsd14.0"],
    &["rocky9"],
    &["ubuntu22.04", "ubuntujammy"],
    &["ubuntu24.04", "ubuntunoble"],
    &["win11"],
    &["win2k22"],
];

pub(super) fn run(program: Program, args: &[&str]) -> Answer {
    match (program, args) {
        (Program::OsinfoQuery, ["os", "--fields=short-id"]) => {
            let rows: String =
                SYSTEMS.iter().filter_map(|names| names.first()).map(|name| format!(" {name:<21}\n")).collect();
            Ok(format!(" {:<21}\n{}\n{rows}", "Short ID", "-".repeat(22)))
        }
        (Program::VirtInstall, ["--osinfo", "list"]) => {
            Ok(SYSTEMS.iter().map(|names| format!("{}\n", names.join(", "))).collect())
        }
        (_, ["--version"]) => Ok("4.1.0\n".to_owned()),
        _ => Err(Complaint::new(2, format!("{}: error: unrecognized arguments\n", program.name()))),
    }
}
