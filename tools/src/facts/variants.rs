//! The operating systems that libosinfo knows: `osinfo-query os --fields=short-id`, or, where only that
//! is there, `virt-install --osinfo list` (virt-install 4 and later).

use crate::host::{Command, Host, Program};
use crate::names::OsVariant;

/// Their names; `None` if neither program is there and answers.
pub(super) fn known(host: &dyn Host) -> Option<Vec<OsVariant>> {
    let query = Command::new(Program::OsinfoQuery).arg("os").arg("--fields=short-id");
    let list = Command::new(Program::VirtInstall).arg("--osinfo").arg("list");
    [query, list].iter().find_map(|command| {
        let output = host.run(command).ok().filter(crate::host::Output::is_ok)?;
        Some(parse_variants(&output.stdout)).filter(|known| !known.is_empty())
    })
}

/// The names in either program's output: one or more a line, with commas between them. The head of a
/// table and the line below it hold none.
#[must_use]
pub fn parse_variants(text: &str) -> Vec<OsVariant> {
    text.lines().flat_map(|line| line.split(',')).filter_map(|name| name.trim().parse().ok()).collect()
}
