//! Files on a host.

use super::{DatasetName, name_type};

/// An absolute path on a host, without `.` and `..`, of printable characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostPath(String);

name_type!(HostPath, "path", "An absolute path on the host");

impl HostPath {
    pub(super) fn check(text: &str) -> Result<Self, &'static str> {
        if !text.starts_with('/') {
            return Err("it has to begin with /");
        }
        if text.len() > 4096 {
            return Err("at most 4096 bytes");
        }
        if text.chars().any(char::is_control) {
            return Err("control characters are not allowed");
        }
        if text.split('/').any(|part| part == "." || part == "..") {
            return Err("`.` and `..` are not allowed");
        }
        Ok(Self(text.to_owned()))
    }

    /// The block device of a volume.
    #[must_use]
    pub fn of_volume(volume: &DatasetName) -> Self {
        // udev writes a space in a name as `+`.
        Self(format!("/dev/zvol/{}", volume.as_str().replace(' ', "+")))
    }

    /// The volume that a device path of `/dev/zvol` names.
    #[must_use]
    pub fn volume(&self) -> Option<DatasetName> {
        self.0.strip_prefix("/dev/zvol/").and_then(|name| name.replace('+', " ").parse().ok())
    }

    /// A file in this folder.
    ///
    /// # Errors
    /// If the whole is no path.
    pub fn join(&self, name: &str) -> Result<Self, super::NameError> {
        format!("{}/{name}", self.0.trim_end_matches('/')).parse()
    }

    /// The folder that it lies in.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let (parent, _) = self.0.rsplit_once('/')?;
        Some(Self(if parent.is_empty() { "/".to_owned() } else { parent.to_owned() }))
    }
}
