//! Which family of distributions a host belongs to, from the text of `/etc/os-release`.
//! Parsing and deciding only: reading the file is the caller's.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A family: distributions whose packages are fetched by the same tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Debian, Ubuntu and what is made from them: apt.
    Debian,
    /// Fedora: dnf.
    Fedora,
    /// RHEL, CentOS Stream, Rocky, Alma: dnf, other package names.
    Rhel,
    /// Arch Linux: pacman.
    Arch,
    /// Alpine: apk.
    Alpine,
    /// FreeBSD: the pages of the base system, and pkg.
    Freebsd,
    /// Anything else: what the host has on disk, and the web.
    Other,
}

/// A family's name that we do not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no family of distributions; use debian, fedora, rhel, arch, alpine, freebsd or other")]
pub struct UnknownFamily(pub String);

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Family::Debian => "debian",
            Family::Fedora => "fedora",
            Family::Rhel => "rhel",
            Family::Arch => "arch",
            Family::Alpine => "alpine",
            Family::Freebsd => "freebsd",
            Family::Other => "other",
        })
    }
}

impl FromStr for Family {
    type Err = UnknownFamily;
    fn from_str(text: &str) -> Result<Self, UnknownFamily> {
        Ok(match text {
            "debian" => Family::Debian,
            "fedora" => Family::Fedora,
            "rhel" => Family::Rhel,
            "arch" => Family::Arch,
            "alpine" => Family::Alpine,
            "freebsd" => Family::Freebsd,
            "other" => Family::Other,
            _ => return Err(UnknownFamily(text.to_owned())),
        })
    }
}

/// The family that an os-release text tells: its `ID`, then its `ID_LIKE` from left to right.
/// A text that names none we know gives [`Family::Other`].
pub fn detect(os_release: &str) -> Family {
    let fields = fields(os_release);
    let words = |key| fields.get(key).map_or("", String::as_str).split_ascii_whitespace();
    words("ID").chain(words("ID_LIKE")).find_map(of_id).unwrap_or(Family::Other)
}

/// The release's code name (`bookworm`), where the text has one.
pub(crate) fn codename(os_release: &str) -> Option<String> {
    fields(os_release).remove("VERSION_CODENAME").filter(|name| !name.is_empty())
}

fn of_id(id: &str) -> Option<Family> {
    Some(match id {
        "debian" | "ubuntu" | "linuxmint" | "pop" | "raspbian" | "devuan" | "kali" => Family::Debian,
        "fedora" => Family::Fedora,
        "rhel" | "centos" | "rocky" | "almalinux" | "ol" => Family::Rhel,
        "arch" | "archlinux" | "manjaro" | "endeavouros" => Family::Arch,
        "alpine" | "postmarketos" => Family::Alpine,
        "freebsd" => Family::Freebsd,
        _ => return None,
    })
}

/// `KEY=value` lines; a value may stand in single or double quotes, and a backslash in double
/// quotes keeps the next character. Comments and anything else are not fields.
fn fields(text: &str) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    for line in text.lines() {
        let Some((key, value)) = line.trim().split_once('=') else {
            continue;
        };
        if key.is_empty() || !key.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_') {
            continue;
        }
        fields.insert(key.to_owned(), unquote(value));
    }
    fields
}

fn unquote(value: &str) -> String {
    if let Some(inside) = value.strip_prefix('\'') {
        return inside.strip_suffix('\'').unwrap_or(inside).to_owned();
    }
    let inside = match value.strip_prefix('"') {
        Some(inside) => inside.strip_suffix('"').unwrap_or(inside),
        None => value,
    };
    let mut plain = String::new();
    let mut rest = inside.chars();
    while let Some(c) = rest.next() {
        plain.extend(if c == '\\' { rest.next() } else { Some(c) });
    }
    plain
}
