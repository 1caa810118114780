//! Virtual machines and what they are plugged into.

use super::name_type;

/// A virtual machine: `^[a-z0-9][a-z0-9-]{0,30}$`, no dash at the end. It fits a dataset, a libvirt
/// domain, a file name and a host name alike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VmName(String);

/// What the names of several machines begin with; a number follows: `node`, `node-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VmPrefix(String);

/// A network bridge of the host, by the kernel's rule for interfaces: at most 15 bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BridgeName(String);

name_type!(VmName, "VM name", "A virtual machine: lower-case letters, digits and dashes, at most 31");
name_type!(VmPrefix, "prefix", "What the names of several virtual machines begin with: node");
name_type!(BridgeName, "bridge name", "A network bridge of the host: br0");

impl VmName {
    pub(super) fn check(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() || text.len() > 31 {
            return Err("1 to 31 characters");
        }
        if text.starts_with('-') || text.ends_with('-') {
            return Err("no dash at either end");
        }
        if !text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
            return Err("lower-case letters, digits and dashes are allowed");
        }
        Ok(Self(text.to_owned()))
    }
}

impl VmPrefix {
    pub(super) fn check(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() || text.len() > 28 {
            return Err("1 to 28 characters");
        }
        if text.starts_with('-') {
            return Err("no dash at its beginning");
        }
        if !text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
            return Err("lower-case letters, digits and dashes are allowed");
        }
        Ok(Self(text.to_owned()))
    }
}

impl BridgeName {
    pub(super) fn check(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() || text.len() > 15 {
            return Err("1 to 15 characters");
        }
        if !text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return Err("it begins with a letter or digit");
        }
        if !text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-')) {
            return Err("letters, digits and _ . - are allowed");
        }
        Ok(Self(text.to_owned()))
    }
}
