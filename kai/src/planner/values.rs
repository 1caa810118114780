//! What a token says by its form alone: addresses, keys, paths, dates; amounts stand beside it. No
//! inventory, no meaning.

use super::amounts::quantity;
use super::lexicon::Lexicon;
use super::text::{Sep, Token};

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// A number without a unit.
    Number(f64),
    /// Bytes; and whether a `+` stood before it.
    Size(u64),
    /// Bytes a second.
    Rate(u64),
    /// Seconds.
    Time(u64),
    /// A share.
    Percent(u64),
    /// An address with its prefix length.
    Network(String),
    /// An address alone.
    Ip(String),
    /// `host:port`.
    Endpoint(String),
    /// A WireGuard key.
    Key(String),
    /// `http://` or `https://`.
    Url(String),
    /// An absolute path.
    Path(String),
    /// A SHA-256 checksum.
    Sha(String),
    /// An ssh public key, all of it.
    SshKey(String),
    /// `8080:80`.
    Ports(String),
    /// `KEY=value`.
    Env(String, String),
    /// `1g.10gb`.
    Mig(String),
    /// `zfs-send(8)`.
    Page(String),
    /// An identity of a GPU.
    GpuUuid(String),
    /// `2026-11-19`.
    Date(String),
}

/// A value and how many tokens it takes.
pub(super) type Found = Option<(Value, usize)>;

/// What begins at a token.
#[must_use]
pub(super) fn value(lexicon: &Lexicon, tokens: &[Token], words: &[String], at: usize, limit: usize) -> Found {
    let token = tokens.get(at)?;
    if let Some(found) = formed(lexicon, tokens, at, limit) {
        return Some(found);
    }
    quantity(lexicon, token, words, at, limit)
}

/// What has a form of its own.
fn formed(lexicon: &Lexicon, tokens: &[Token], at: usize, limit: usize) -> Found {
    let raw = tokens[at].raw.as_str();
    let one = |value: Value| Some((value, 1));
    if raw.starts_with("https://") || raw.starts_with("http://") {
        return one(Value::Url(raw.to_owned()));
    }
    if ["ssh-ed25519", "ssh-rsa", "sk-ssh-ed25519@openssh.com"].contains(&raw) || raw.starts_with("ecdsa-sha2-") {
        let body = tokens.get(at + 1).filter(|token| token.raw.len() >= 40 && at + 1 < limit)?;
        // What follows is the comment, if it looks like one.
        let last = at + 3 >= limit || tokens[at + 3].sep > Sep::Space;
        let comment = tokens.get(at + 2).filter(|token| {
            let free = last && token.sep == Sep::Space && !lexicon.is_plain(&token.low) && !lexicon.knows(&token.low);
            at + 2 < limit && (token.raw.contains('@') || free) && token.quote == tokens[at].quote
        });
        let mut key = format!("{raw} {}", body.raw);
        if let Some(comment) = comment {
            key = format!("{key} {}", comment.raw);
        }
        return Some((Value::SshKey(key), 2 + usize::from(comment.is_some())));
    }
    if raw.starts_with('/') && raw.len() > 1 {
        return one(Value::Path(raw.to_owned()));
    }
    let base64 = |b: u8| b.is_ascii_alphanumeric() || b == b'+' || b == b'/';
    if raw.len() == 44 && raw.ends_with('=') && raw.bytes().take(43).all(base64) {
        return one(Value::Key(raw.to_owned()));
    }
    let hex = raw.strip_prefix("sha256:").unwrap_or(raw);
    if hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return one(Value::Sha(hex.to_owned()));
    }
    if raw.starts_with("GPU-") || raw.starts_with("MIG-") {
        return one(Value::GpuUuid(raw.to_owned()));
    }
    if let Some((address, length)) = raw.split_once('/')
        && address.parse::<std::net::IpAddr>().is_ok()
        && length.parse::<u8>().is_ok()
    {
        return one(Value::Network(raw.to_owned()));
    }
    if raw.parse::<std::net::IpAddr>().is_ok() && raw.len() > 2 {
        return one(Value::Ip(raw.to_owned()));
    }
    let (ports, protocol) = raw.split_once('/').unwrap_or((raw, "tcp"));
    if let Some((host, port)) = ports.rsplit_once(':')
        && port.parse::<u16>().is_ok()
    {
        if host.parse::<u16>().is_ok() && (protocol == "tcp" || protocol == "udp") {
            return one(Value::Ports(raw.to_owned()));
        }
        if !raw.contains('/') && (host.contains('.') || host.contains(']')) {
            return one(Value::Endpoint(raw.to_owned()));
        }
    }
    if let Some((key, value)) = raw.split_once('=')
        && !key.is_empty()
        && key.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    {
        return one(Value::Env(key.to_owned(), value.to_owned()));
    }
    if let Some((head, tail)) = raw.split_once("g.")
        && head.parse::<u8>().is_ok()
        && tail.starts_with(|c: char| c.is_ascii_digit())
    {
        return one(Value::Mig(raw.to_ascii_lowercase()));
    }
    if let Some((name, section)) = raw.strip_suffix(')').and_then(|raw| raw.split_once('('))
        && !name.is_empty()
        && section.len() <= 3
        && section.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.+".contains(&b))
    {
        return one(Value::Page(format!("{name}.{section}")));
    }
    if let Some((name, section)) = raw.rsplit_once('.')
        && section.len() <= 2
        && section.starts_with(|c: char| ('1'..='9').contains(&c))
        && section.bytes().skip(1).all(|b| b.is_ascii_lowercase())
        && manual(name)
    {
        return one(Value::Page(raw.to_owned()));
    }
    if raw.len() == 10
        && raw.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() })
    {
        return one(Value::Date(raw.to_owned()));
    }
    None
}

/// Whether a name with a section behind it is a page of a manual, and no version of something.
fn manual(name: &str) -> bool {
    let shaped = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.ends_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b));
    let known = ["zfs", "zpool", "zdb", "virsh", "qemu", "podman", "systemd", "wg", "ssh", "nft", "sanoid", "syncoid"];
    shaped && known.iter().any(|known| name.starts_with(known))
}
