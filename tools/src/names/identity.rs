//! Identities: what an object is, whatever it is called.

use sha2::{Digest, Sha256};

use super::{name_type, text_type};

/// ZFS's 64-bit identity of a pool, dataset, snapshot or bookmark. Text on the wire: JSON numbers
/// lose bits of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid(u64);

/// The identity of a libvirt domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid([u8; 16]);

/// An Ethernet address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac([u8; 6]);

/// An operation in the journal: its id, the beginning of it, or `last`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationId(String);

/// The digest of a plan: what a confirmation is bound to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlanDigest(String);

name_type!(PlanDigest, "digest", "The digest of a plan: 64 hexadecimal digits");
name_type!(OperationId, "operation", "An operation: its id, or `last`");
text_type!(Guid, "guid", "A ZFS guid, in decimal digits");
text_type!(Uuid, "UUID", "A UUID");
text_type!(Mac, "MAC address", "An Ethernet address: 52:54:00:12:34:56");

/// 32 bytes that follow from the parts, and from nothing else.
fn derive(parts: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().into()
}

impl OperationId {
    pub(super) fn check(text: &str) -> Result<Self, &'static str> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        if text.is_empty() || text.len() > 64 || text.starts_with('-') || !text.bytes().all(allowed) {
            return Err("letters, digits and dashes");
        }
        Ok(Self(text.to_owned()))
    }
}

impl PlanDigest {
    pub(super) fn check(text: &str) -> Result<Self, &'static str> {
        let is_digit = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != 64 || !text.bytes().all(is_digit) {
            return Err("64 hexadecimal digits, in small letters");
        }
        Ok(Self(text.to_owned()))
    }
}

impl Guid {
    /// That number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    pub(super) fn check(text: &str) -> Result<Self, &'static str> {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse().ok()).flatten().map(Self).ok_or("a number of up to 64 bits, in decimal digits")
    }

    fn text(&self) -> String {
        self.0.to_string()
    }
}

impl Uuid {
    /// A UUID that follows from the parts (RFC 9562, version 8).
    #[must_use]
    pub fn derived(parts: &[&str]) -> Self {
        let hash = derive(parts);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash[..16]);
        bytes[6] = bytes[6] & 0x0f | 0x80;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        Self(bytes)
    }

    pub(super) fn check(text: &str) -> Result<Self, &'static str> {
        const FORM: &str = "32 hexadecimal digits in groups of 8-4-4-4-12";
        let groups: Vec<&str> = text.split('-').collect();
        if groups.iter().map(|group| group.len()).ne([8, 4, 4, 4, 12]) || !text.is_ascii() {
            return Err(FORM);
        }
        let digits = groups.concat();
        let mut bytes = [0; 16];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = hex_byte(&digits, at).ok_or(FORM)?;
        }
        Ok(Self(bytes))
    }

    fn text(&self) -> String {
        let hex: String = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}

impl Mac {
    /// An address of the range that QEMU uses, `52:54:00:…`, that follows from the parts.
    #[must_use]
    pub fn derived(parts: &[&str]) -> Self {
        let hash = derive(parts);
        Self([0x52, 0x54, 0x00, hash[0], hash[1], hash[2]])
    }

    pub(super) fn check(text: &str) -> Result<Self, &'static str> {
        const FORM: &str = "six pairs of hexadecimal digits with colons";
        let groups: Vec<&str> = text.split(':').collect();
        if groups.iter().map(|group| group.len()).ne([2; 6]) || !text.is_ascii() {
            return Err(FORM);
        }
        let digits = groups.concat();
        let mut bytes = [0; 6];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = hex_byte(&digits, at).ok_or(FORM)?;
        }
        Ok(Self(bytes))
    }

    fn text(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
    }
}

fn hex_byte(digits: &str, at: usize) -> Option<u8> {
    let pair = digits.get(2 * at..2 * at + 2)?;
    // `from_str_radix` alone would take a sign.
    pair.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u8::from_str_radix(pair, 16).ok()).flatten()
}
