//! Where disk images come from.

use super::{HostPath, name_type};

/// A disk image: an absolute path on the host, or an `https://` or `http://` address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageSource(String);

/// A SHA-256 checksum: 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256Sum(String);

name_type!(ImageSource, "image", "A disk image: an absolute path, or an https:// address");
name_type!(Sha256Sum, "SHA-256 checksum", "64 hexadecimal digits");

impl ImageSource {
    pub(super) fn check(text: &str) -> Result<Self, &'static str> {
        const FORM: &str = "an absolute path, or an address like https://host/image.qcow2";
        if text.starts_with('/') {
            return HostPath::check(text).map(|_| Self(text.to_owned()));
        }
        let rest = ["https://", "http://"].iter().find_map(|scheme| text.strip_prefix(scheme)).ok_or(FORM)?;
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        // No user information: a password does not belong into a journal.
        let named = !host.is_empty() && !host.contains('@') && host.starts_with(|c: char| c.is_ascii_alphanumeric());
        if !named || text.len() > 2048 || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(FORM);
        }
        Ok(Self(text.to_owned()))
    }
}

impl Sha256Sum {
    pub(super) fn check(text: &str) -> Result<Self, &'static str> {
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err("64 hexadecimal digits");
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}
