//! Tunnels, peers and the hosts that replicas live on.

use super::{DatasetName, name_type, text_type};

/// A network interface that kai may make: `wg0`. At most 15 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InterfaceName(String);

/// A WireGuard public key: 32 bytes as 44 characters of base64, not all zero.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WireguardKey(String);

/// An address with the length of its network: `10.8.0.1/24`, `fd00::1/64`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IpNetwork(String);

/// Where a peer is reached: `203.0.113.9:51820`, `dr.example:51820`, `[2001:db8::1]:51820`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint(String);

/// A host by name or IPv4 address; a name by the rules of host names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostName(String);

/// Where replicas go: `host:pool/dataset`, or a host alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplicaTarget {
    host: HostName,
    dataset: Option<DatasetName>,
}

name_type!(InterfaceName, "interface name", "A network interface: wg0");
name_type!(WireguardKey, "WireGuard public key", "A WireGuard public key, 44 characters of base64");
name_type!(IpNetwork, "network", "An address with its prefix length: 10.8.0.1/24");
name_type!(Endpoint, "endpoint", "Where the peer is reached: host:port");
name_type!(HostName, "host name", "A host: dr1.example");
text_type!(ReplicaTarget, "replica target", "Where the replica goes: host:pool/dataset, or host");

impl InterfaceName {
    pub(super) fn check(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() || text.len() > 15 {
            return Err("1 to 15 characters");
        }
        if !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Err("it begins with a letter");
        }
        if !text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'=' | b'+' | b'.' | b'-')) {
            return Err("letters, digits and _ = + . - are allowed");
        }
        Ok(Self(text.to_owned()))
    }
}

impl WireguardKey {
    pub(super) fn check(text: &str) -> Result<Self, &'static str> {
        const FORM: &str = "44 characters of base64, as `wg pubkey` prints them";
        // 32 bytes leave two bits of the last digit unused; those are zero.
        let last = ["A", "E", "I", "M", "Q", "U", "Y", "c", "g", "k", "o", "s", "w", "0", "4", "8"];
        let digits = text.strip_suffix('=').filter(|digits| digits.len() == 43).ok_or(FORM)?;
        if !digits.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/')) {
            return Err(FORM);
        }
        if !last.iter().any(|end| digits.ends_with(end)) {
            return Err(FORM);
        }
        if digits.bytes().all(|b| b == b'A') {
            return Err("a key of zeros is no key");
        }
        Ok(Self(text.to_owned()))
    }
}

impl IpNetwork {
    pub(super) fn check(text: &str) -> Result<Self, &'static str> {
        const FORM: &str = "it looks like 10.8.0.1/24 or fd00::1/64";
        let (address, length) = text.split_once('/').ok_or(FORM)?;
        let address: std::net::IpAddr = address.parse().map_err(|_| FORM)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let digits = !length.is_empty() && length.bytes().all(|b| b.is_ascii_digit());
        if !digits || !length.parse::<u8>().is_ok_and(|length| length <= most) {
            return Err(FORM);
        }
        Ok(Self(text.to_owned()))
    }
}

impl Endpoint {
    pub(super) fn check(text: &str) -> Result<Self, &'static str> {
        const FORM: &str = "it looks like dr.example:51820 or [2001:db8::1]:51820";
        let (host, port) = text.rsplit_once(':').ok_or(FORM)?;
        if !port.bytes().all(|b| b.is_ascii_digit()) || !port.parse::<u16>().is_ok_and(|port| port > 0) {
            return Err(FORM);
        }
        let six = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        match six {
            Some(address) => address.parse::<std::net::Ipv6Addr>().map(|_| ()).map_err(|_| FORM)?,
            None => HostName::check(host).map(|_| ()).map_err(|_| FORM)?,
        }
        Ok(Self(text.to_owned()))
    }
}

impl HostName {
    pub(super) fn check(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() || text.len() > 253 {
            return Err("1 to 253 characters");
        }
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if text.split('.').all(label) {
            Ok(Self(text.to_owned()))
        } else {
            Err("lower-case letters, digits and dashes, with dots between")
        }
    }
}

impl ReplicaTarget {
    pub(super) fn check(text: &str) -> Result<Self, &'static str> {
        let (host, dataset) = match text.split_once(':') {
            Some((host, dataset)) => (host, Some(DatasetName::check(dataset)?)),
            None => (text, None),
        };
        Ok(Self { host: HostName::check(host)?, dataset })
    }

    /// The host.
    #[must_use]
    pub fn host(&self) -> &HostName {
        &self.host
    }

    /// The dataset there, if it was named.
    #[must_use]
    pub fn dataset(&self) -> Option<&DatasetName> {
        self.dataset.as_ref()
    }

    fn text(&self) -> String {
        match &self.dataset {
            Some(dataset) => format!("{}:{dataset}", self.host),
            None => self.host.to_string(),
        }
    }
}
