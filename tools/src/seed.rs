//! The two documents of a cloud-init seed (NoCloud): who the guest is, and what it is told.
//!
//! Text reaches YAML only between quotes, as printable ASCII. Nothing here makes the image of them.

use sha2::{Digest, Sha256};

use crate::names::{SshKey, UserData, Uuid, VmName};

/// What a guest is told at its first start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seed {
    /// Its identity: cloud-init runs anew when this changes.
    pub instance: Uuid,
    /// Its host name.
    pub hostname: VmName,
    /// A key that may log in.
    pub key: Option<SshKey>,
    /// A document of the person's own.
    pub user_data: Option<UserData>,
}

impl Seed {
    /// The file `meta-data`.
    #[must_use]
    pub fn meta_data(&self) -> String {
        format!("instance-id: iid-{}\nlocal-hostname: {}\n", self.instance, quoted(self.hostname.as_str()))
    }

    /// The file `user-data`. A person's own document without a key is used as it is; with a key, it
    /// is the first part of two, and what kai adds is appended and overrides nothing.
    #[must_use]
    pub fn user_data(&self) -> String {
        match (&self.user_data, &self.key) {
            (None, _) => self.config(),
            (Some(theirs), None) => theirs.as_str().to_owned(),
            (Some(theirs), Some(_)) => both(theirs.as_str(), &self.config()),
        }
    }

    /// What kai says by itself.
    ///
    /// The key goes to the image's default user and to root, whom cloud-init gives every key of the
    /// top level, but with a forced `echo "Please login as …"` unless `disable_root` is off. Naming
    /// root under `users` would do it too, but locks root's password, and beside a person's own
    /// `users` it would add accounts that they did not ask for. An image without a default user
    /// would let nobody in. `disable_root: true` in a person's own document stays in force.
    fn config(&self) -> String {
        let hostname = quoted(self.hostname.as_str());
        let Some(key) = &self.key else { return format!("#cloud-config\nhostname: {hostname}\n") };
        // Lists of the two documents add up; of two single values, the person's counts.
        let merge = "merge_how: \"list(append)+dict(no_replace,recurse_array)+str()\"";
        let key = quoted(key.as_str());
        format!("#cloud-config\n{merge}\nhostname: {hostname}\ndisable_root: false\nssh_authorized_keys:\n  - {key}\n")
    }
}

/// A multipart document (RFC 2046) of a person's document and ours.
fn both(theirs: &str, ours: &str) -> String {
    // It follows from the document, which therefore cannot hold it.
    let hash: String = Sha256::digest(theirs.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let boundary = format!("kai-{hash}");
    let head = |kind: &str, encoding: &str| {
        format!("Content-Type: {kind}; charset=\"utf-8\"\nMIME-Version: 1.0\nContent-Transfer-Encoding: {encoding}\n\n")
    };
    let theirs = match kind(theirs) {
        // In base64, so that neither its characters nor its line ends are touched on the way.
        Some(kind) => format!("{}{}", head(kind, "base64"), base64(theirs.as_bytes())),
        // It brings its own headers, and may be of several parts itself.
        None => theirs.to_owned(),
    };
    let ours = format!("{}{ours}", head("text/cloud-config", "7bit"));
    format!(
        "Content-Type: multipart/mixed; boundary=\"{boundary}\"\nMIME-Version: 1.0\n\n\
         --{boundary}\n{theirs}\n--{boundary}\n{ours}\n--{boundary}--\n"
    )
}

/// What cloud-init calls the kind of document that begins so; none for one with headers.
fn kind(document: &str) -> Option<&'static str> {
    let kinds = [
        ("Content-Type:", None),
        ("#cloud-config-archive", Some("text/cloud-config-archive")),
        ("#cloud-config-jsonp", Some("text/cloud-config-jsonp")),
        ("#cloud-config", Some("text/cloud-config")),
        ("#!", Some("text/x-shellscript")),
    ];
    // Of anything else, cloud-init finds out the kind by itself.
    kinds.into_iter().find(|(start, _)| document.starts_with(start)).map_or(Some("text/plain"), |(_, kind)| kind)
}

/// A double-quoted scalar of YAML 1.1 and 1.2.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            ' '..='~' => out.push(c),
            // JSON's pairs of surrogates are not read as one character by YAML.
            c if u32::from(c) <= 0xffff => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push_str(&format!("\\U{:08x}", u32::from(c))),
        }
    }
    out.push('"');
    out
}

/// RFC 2045: lines of 76.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for (at, group) in bytes.chunks(3).enumerate() {
        if at > 0 && at % 19 == 0 {
            out.push('\n');
        }
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..4 {
            let digit = (bits >> (18 - 6 * place)) as usize & 63;
            out.push(if place > group.len() { '=' } else { char::from(DIGITS[digit]) });
        }
    }
    out
}
