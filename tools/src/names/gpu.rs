//! GPUs and their parts.

use super::name_type;

/// A GPU: its index, its UUID (`GPU-…`, `MIG-…`), or `all`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GpuId(String);

/// A MIG profile: `1g.10gb`, or the number that `nvidia-smi mig -lgip` gives it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MigProfile(String);

name_type!(GpuId, "GPU", "A GPU: its index, its UUID, or all");
name_type!(MigProfile, "MIG profile", "A MIG profile: 1g.10gb");

impl GpuId {
    /// Every GPU of the host.
    #[must_use]
    pub fn all() -> Self {
        Self("all".to_owned())
    }

    pub(super) fn check(text: &str) -> Result<Self, &'static str> {
        let index = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        let uuid = |text: &str| text.len() <= 48 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
        let named = ["GPU-", "MIG-"].iter().any(|kind| text.strip_prefix(kind).is_some_and(uuid));
        if text == "all" || index || named { Ok(Self(text.to_owned())) } else { Err("an index, a UUID or `all`") }
    }
}

impl MigProfile {
    pub(super) fn check(text: &str) -> Result<Self, &'static str> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'+');
        if (1..=24).contains(&text.len()) && text.starts_with(|c: char| c.is_ascii_digit()) && text.bytes().all(allowed)
        {
            return Ok(Self(text.to_owned()));
        }
        Err("it looks like 1g.10gb")
    }
}
