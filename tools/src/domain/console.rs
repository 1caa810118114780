//! Serial ports, channels and screens: which paths and ports of the host they have to themselves,
//! and giving them others.

use std::collections::BTreeMap;

use super::element::Element;
use crate::names::{HostPath, VmName};

/// A path that a port or screen has to itself.
pub(super) struct Console<'a> {
    pub(super) path: &'a str,
    /// Whether it is a file that output goes to.
    pub(super) log: bool,
}

/// Devices that all have the same ways out (`<serial type=…><source …/><log …/></serial>`).
fn is_port(device: &Element) -> bool {
    ["serial", "parallel", "console", "channel", "redirdev", "smartcard"].contains(&device.name.as_str())
}

/// The paths that one device has.
pub(super) fn console(device: &Element) -> Vec<Console<'_>> {
    let mut found = Vec::new();
    if is_port(device) {
        found.extend(device.of_child("log", "file").map(|path| Console { path, log: true }));
        let path = device.of_child("source", "path");
        match device.get("type") {
            Some("file") => found.extend(path.map(|path| Console { path, log: true })),
            Some("unix" | "pipe" | "dev") => found.extend(path.map(|path| Console { path, log: false })),
            // What a pty has got for a path is a matter of one run.
            Some(_) | None => {}
        }
    }
    if device.name == "graphics" {
        let listens = device.children("listen").filter_map(|listen| listen.get("socket"));
        found.extend(device.get("socket").into_iter().chain(listens).map(|path| Console { path, log: false }));
    }
    // Everybody may have that one.
    found.retain(|console| console.path != "/dev/null");
    found
}

/// Paths of the source and what the clone has instead.
pub(super) struct Paths<'a> {
    source: &'a str,
    clone: &'a VmName,
    /// For the first log.
    log: Option<&'a HostPath>,
    given: BTreeMap<String, String>,
}

impl<'a> Paths<'a> {
    pub(super) fn new(source: &'a str, clone: &'a VmName, log: &'a HostPath) -> Self {
        Self { source, clone, log: Some(log), given: BTreeMap::new() }
    }

    /// The clone's path for one of the source's: the same one wherever it stands.
    fn of(&mut self, path: &str, log: bool) -> Result<String, String> {
        if path == "/dev/null" {
            return Ok(path.to_owned());
        }
        if let Some(known) = self.given.get(path) {
            return Ok(known.clone());
        }
        let first = if log { self.log.take().map(ToString::to_string) } else { None };
        let new = first.or_else(|| renamed(path, self.source, self.clone.as_str()));
        let new = new.ok_or_else(|| format!("the path {path}"))?;
        self.given.insert(path.to_owned(), new.clone());
        Ok(new)
    }

    /// Gives one device its own; the error is what cannot be shared.
    pub(super) fn give(&mut self, device: &mut Element) -> Result<(), String> {
        if is_port(device) {
            self.port(device)
        } else if device.name == "graphics" {
            self.screen(device)
        } else {
            Ok(())
        }
    }

    fn port(&mut self, port: &mut Element) -> Result<(), String> {
        for log in port.children_mut("log") {
            let Some(path) = log.get("file").map(str::to_owned) else { continue };
            log.set("file", self.of(&path, true)?);
        }
        port.unset("tty");
        if let Some(target) = port.child_mut("target") {
            target.unset("state");
        }
        let kind = port.get("type").unwrap_or_default().to_owned();
        let path = port.of_child("source", "path").map(str::to_owned);
        match (kind.as_str(), path) {
            ("pty", _) => port.drop_children(&["source"]),
            // libvirt makes it anew from the clone's name.
            ("unix", Some(path)) if port.name == "channel" && is_generated(&path) => port.drop_children(&["source"]),
            ("dev", Some(path)) => return Err(format!("the device {path}")),
            ("file" | "unix" | "pipe", Some(path)) => {
                let new = self.of(&path, kind == "file")?;
                if let Some(source) = port.child_mut("source") {
                    source.set("path", new);
                }
            }
            ("tcp" | "udp", _) => {
                if let Some(source) = port.children("source").find(|source| source.get("mode") != Some("connect")) {
                    let service = source.get("service").unwrap_or("?");
                    return Err(format!("a {} port that listens on {kind} port {service}", port.name));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn screen(&mut self, screen: &mut Element) -> Result<(), String> {
        for name in ["port", "tlsPort", "websocket"] {
            // QEMU chooses a free one at each start.
            if screen.get(name).is_some() {
                screen.set(name, -1);
                screen.set("autoport", "yes");
            }
        }
        let mut sockets: Vec<&mut Element> = vec![screen];
        while let Some(element) = sockets.pop() {
            match element.get("socket").map(str::to_owned) {
                Some(path) if is_generated(&path) => element.unset("socket"),
                Some(path) => element.set("socket", self.of(&path, false)?),
                None => {}
            }
            sockets.extend(element.children_mut("listen"));
        }
        Ok(())
    }
}

/// Whether libvirt has made the path up itself, out of the domain's name or number.
fn is_generated(path: &str) -> bool {
    path.contains("/libvirt/qemu/channel/")
        || path.contains("/libvirt/qemu/domain-")
        || path.contains("/qemu/lib/domain-")
}

/// The path with the clone's name for the source's: in the last part that is the name, or the name
/// and something behind `.` or `-`. Only the last, because the folders above it are there already.
fn renamed(path: &str, source: &str, clone: &str) -> Option<String> {
    let mut parts: Vec<String> = path.split('/').map(str::to_owned).collect();
    for part in parts.iter_mut().rev() {
        if let Some(rest) = part.strip_prefix(source).filter(|rest| rest.is_empty() || rest.starts_with(['.', '-'])) {
            *part = format!("{clone}{rest}");
            return Some(parts.join("/"));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_names_are_renamed() {
        for (path, new) in [
            ("/log/web.log", Some("/log/db.log")),
            ("/log/web", Some("/log/db")),
            ("/log/web-console.log", Some("/log/db-console.log")),
            ("/log/web/web.log", Some("/log/web/db.log")),
            ("/log/web/serial.log", Some("/log/db/serial.log")),
            ("/log/web2.log", None),
            ("/log/myweb.log", None),
            ("/log/serial.log", None),
        ] {
            assert_eq!(renamed(path, "web", "db").as_deref(), new, "{path}");
        }
    }
}
