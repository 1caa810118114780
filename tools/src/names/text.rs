//! Texts that people give and programs take as they are.

use super::{name_type, text_type};

/// A compression that ZFS knows: `lz4`, `zstd`, `zstd-3`, `gzip-9`, `off` …
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compression(String);

/// An operating system as libosinfo names it: `debian12`. kai writes it into the domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OsVariant(String);

/// One line of an OpenSSH `authorized_keys` file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshKey(String);

/// A cloud-init document. It may hold passwords: it is never shown and never journalled.
#[derive(Clone, PartialEq, Eq)]
pub struct UserData(String);

/// How what stands in the place of a document begins.
const STAND_IN: &str = "#cloud-config of ";

name_type!(Compression, "compression", "A ZFS compression: lz4, zstd, gzip-9, off");
name_type!(OsVariant, "OS variant", "An operating system as libosinfo names it: debian12");
name_type!(SshKey, "ssh public key", "A line of authorized_keys");
text_type!(UserData, "cloud-init document", "Cloud-init user data, beginning with #cloud-config");

impl std::fmt::Debug for UserData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "UserData({} bytes)", self.0.len())
    }
}

impl Compression {
    pub(super) fn check(text: &str) -> Result<Self, &'static str> {
        let known = ["on", "off", "lz4", "lzjb", "zle", "gzip", "zstd", "zstd-fast"];
        let level = |prefix: &str, most: u16| {
            let level = text.strip_prefix(prefix).filter(|level| level.bytes().all(|b| b.is_ascii_digit()));
            level.and_then(|level| level.parse::<u16>().ok()).is_some_and(|level| (1..=most).contains(&level))
        };
        // Of the fast levels ZFS has only these.
        let fast = text.strip_prefix("zstd-fast-").and_then(|level| level.parse::<u16>().ok());
        let fast =
            fast.is_some_and(|level| level <= 10 || level <= 100 && level % 10 == 0 || matches!(level, 500 | 1000));
        let leveled = level("gzip-", 9) || level("zstd-", 19) || level("zstd-fast-", 1000) && fast;
        if known.contains(&text) || leveled {
            return Ok(Self(text.to_owned()));
        }
        Err("lz4, zstd, zstd-1 to zstd-19, gzip-1 to gzip-9, zle, lzjb, on and off are known")
    }
}

impl OsVariant {
    pub(super) fn check(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() || text.len() > 64 || !text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return Err("1 to 64 characters, beginning with a letter or digit");
        }
        if !text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_')) {
            return Err("letters, digits and . - _ are allowed");
        }
        Ok(Self(text.to_owned()))
    }
}

impl SshKey {
    pub(super) fn check(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        if text.contains("PRIVATE KEY") {
            return Err("this is a private key; give the .pub file's line");
        }
        if text.len() > 16 << 10 || text.chars().any(char::is_control) {
            return Err("one line of at most 16 KiB");
        }
        let known = ["ssh-ed25519 ", "ssh-rsa ", "ecdsa-sha2-", "sk-ssh-ed25519@", "sk-ecdsa-sha2-"];
        if !known.iter().any(|kind| text.starts_with(kind)) || text.split(' ').nth(1).is_none_or(|key| key.len() < 40) {
            return Err("it looks like `ssh-ed25519 AAAA… name`");
        }
        Ok(Self(text.to_owned()))
    }
}

impl UserData {
    pub(super) fn check(text: &str) -> Result<Self, &'static str> {
        if text.len() > 64 << 10 {
            return Err("at most 64 KiB");
        }
        if !["#cloud-config", "#!", "Content-Type:"].iter().any(|start| text.starts_with(start)) {
            return Err("it begins with #cloud-config, #! or Content-Type:");
        }
        Ok(Self(text.to_owned()))
    }

    /// What may be shown and written down in its place.
    fn text(&self) -> String {
        use sha2::{Digest, Sha256};
        if self.is_stand_in() {
            return self.0.clone();
        }
        let digest = crate::plan::hex(&Sha256::digest(self.0.as_bytes()));
        format!("{STAND_IN}{} bytes, SHA-256 {digest}", self.0.len())
    }

    /// Whether this is what was written down in the place of a document: the document is not here.
    #[must_use]
    pub fn is_stand_in(&self) -> bool {
        let rest = self.0.strip_prefix(STAND_IN).and_then(|rest| rest.split_once(" bytes, SHA-256 "));
        rest.is_some_and(|(bytes, digest)| {
            bytes.parse::<usize>().is_ok() && digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit())
        })
    }

    /// Whether it is what a stand-in stands for.
    #[must_use]
    pub fn is_behind(&self, stand_in: &Self) -> bool {
        !self.is_stand_in() && self.text() == stand_in.0
    }

    /// The document.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
