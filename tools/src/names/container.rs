//! Containers, their images and ports.

use super::name_type;

/// A container: `[a-zA-Z0-9][a-zA-Z0-9_.-]*`, as podman and docker have it, at most 63 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContainerName(String);

/// A container image with registry, tag or digest: `docker.io/library/redis:7`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContainerImage(String);

/// A published port: `8080:80`, `5353:53/udp`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortMapping(String);

name_type!(ContainerName, "container name", "A container: letters, digits and _ . -");
name_type!(ContainerImage, "container image", "A container image: docker.io/library/redis:7");
name_type!(PortMapping, "port mapping", "Host port and container port: 8080:80");

impl ContainerName {
    pub(super) fn check(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() || text.len() > 63 {
            return Err("1 to 63 characters");
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

impl ContainerImage {
    pub(super) fn check(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() || text.len() > 255 {
            return Err("1 to 255 characters");
        }
        if !text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return Err("it begins with a letter or digit");
        }
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b'/' | b':' | b'@');
        if !text.bytes().all(allowed) || text.split('/').any(|part| part.is_empty() || part == "..") {
            return Err("it looks like registry.example/name:tag");
        }
        Ok(Self(text.to_owned()))
    }
}

impl PortMapping {
    pub(super) fn check(text: &str) -> Result<Self, &'static str> {
        const FORM: &str = "it looks like 8080:80 or 5353:53/udp";
        let (ports, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
        let (host, container) = ports.split_once(':').ok_or(FORM)?;
        let port =
            |text: &str| text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port > 0);
        if !port(host) || !port(container) || !matches!(protocol, "tcp" | "udp") {
            return Err(FORM);
        }
        Ok(Self(text.to_owned()))
    }
}
