//! Names that enter from the manifest or the command line, checked once. A [`PackName`] becomes a
//! folder and a [`PackagePattern`] an argument of a package tool, so neither may look like a path
//! or an option.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The name of a pack, and of its folder: `[a-z0-9][a-z0-9+._-]*`, at most 64 bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PackName(String);

/// Packages to take one of, best first: `qemu-docs|qemu-system-common`, `postgresql-doc-*`.
/// A `*` stands for any text, and the highest version number among the names wins.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PackagePattern(String);

/// Why a name was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not a name for a pack.
    #[error(
        "{0:?} is not a pack name: lower-case letters, digits and `+._-`, beginning with a letter or digit, at most 64 bytes"
    )]
    Pack(String),
    /// Not a name for a package.
    #[error(
        "{0:?} is not a package name: letters, digits and `+._-`, beginning with a letter or digit; `|` separates alternatives, `*` stands for any text"
    )]
    Package(String),
}

impl PackName {
    /// Checks a name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let good = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b"+._-".contains(&c);
        let first = text.bytes().next();
        if text.len() <= 64
            && text.bytes().all(good)
            && first.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError::Pack(text.to_owned()))
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PackagePattern {
    /// Checks a pattern.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.split('|').all(|name| is_package(&name.replace('*', "x"))) && !text.starts_with('*') {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError::Package(text.to_owned()))
        }
    }

    /// The alternatives, best first.
    pub fn alternatives(&self) -> impl Iterator<Item = &str> {
        self.0.split('|')
    }

    /// Whether an alternative holds a `*`.
    pub fn has_wildcard(&self) -> bool {
        self.0.contains('*')
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether the text can be given to a package tool as a package's name.
pub(crate) fn is_package(text: &str) -> bool {
    text.len() <= 128
        && text.bytes().next().is_some_and(|c| c.is_ascii_alphanumeric())
        && text.bytes().all(|c| c.is_ascii_alphanumeric() || b"+._-".contains(&c))
}

/// Whether the text can be given to a package tool as a version.
pub(crate) fn is_version(text: &str) -> bool {
    text.len() <= 256
        && text.bytes().next().is_some_and(|c| c.is_ascii_alphanumeric())
        && text.bytes().all(|c| c.is_ascii_alphanumeric() || b"+._-:~^".contains(&c))
}

impl TryFrom<String> for PackName {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        Self::parse(&text)
    }
}

impl From<PackName> for String {
    fn from(name: PackName) -> Self {
        name.0
    }
}

impl TryFrom<String> for PackagePattern {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        Self::parse(&text)
    }
}

impl From<PackagePattern> for String {
    fn from(pattern: PackagePattern) -> Self {
        pattern.0
    }
}

impl fmt::Display for PackName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for PackagePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
