//! Which format a file has, from its name and its first bytes.
//!
//! Says no to what is no page (images, scripts, style sheets, archives). Opens no file.

use super::read;

/// The formats that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// HTML and XHTML.
    Html,
    /// A man page's source, in mdoc(7) or man(7).
    Man,
    /// CommonMark with tables and definition-less extensions.
    Markdown,
    /// reStructuredText.
    Rst,
    /// Text without markup.
    Text,
}

/// Extensions of files that lie beside documentation and are none.
const NOT_PAGES: [&str; 60] = [
    "png", "jpg", "jpeg", "gif", "svg", "ico", "webp", "bmp", "eps", "pdf", "ps", "css", "js", "mjs", "ts", "map",
    "json", "xml", "xsl", "xslt", "rng", "dtd", "woff", "woff2", "ttf", "otf", "eot", "zip", "tar", "tgz", "xz", "bz2",
    "zst", "lz4", "7z", "deb", "rpm", "o", "a", "so", "ko", "pyc", "class", "jar", "bin", "exe", "db", "sqlite", "idx",
    "mo", "gmo", "po", "mp4", "webm", "inv", "log", "pickle", "doctree", "sig", "asc",
];

/// Which format a file's name and first bytes say (`.gz` is looked through), or `None` if the file
/// is no page.
///
/// `name` is a path or a URL's path. `head` is the beginning of the file, as much as is at hand; a
/// kilobyte is plenty.
#[must_use]
pub fn detect(name: &str, head: &[u8]) -> Option<Format> {
    let head = read::peek(head);
    if read::is_binary(&head) {
        return None;
    }
    let start = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head).trim_ascii_start();
    let file = page_name(name);
    let extension = file.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    match extension.as_deref() {
        Some("html" | "htm" | "xhtml") => return Some(Format::Html),
        Some("md" | "markdown" | "mkd" | "mdown") => return Some(Format::Markdown),
        Some("rst" | "rest") => return Some(Format::Rst),
        Some("txt" | "text") => return Some(Format::Text),
        Some(extension) if NOT_PAGES.contains(&extension) => return None,
        Some(_) | None => {}
    }
    if let Some((stem, _)) = man_name(file) {
        if is_roff(start) {
            return Some(Format::Man);
        }
        // `daemon.log.1` and `libfoo.so.1` are no pages, `README.1` may well be.
        let inner = stem.rsplit_once('.').map(|(_, extension)| extension);
        return if inner.is_some_and(|inner| NOT_PAGES.contains(&inner)) { None } else { Some(Format::Text) };
    }
    if starts_like_html(start) {
        return Some(Format::Html);
    }
    if start.starts_with(b".TH ") || start.starts_with(b".Dd ") {
        return Some(Format::Man);
    }
    if start.starts_with(b"#!") {
        return None;
    }
    Some(Format::Text)
}

/// Whether a file is named like a page, and its beginning is binary data.
pub(crate) fn hides_binary(name: &str, head: &[u8]) -> bool {
    detect(name, b"").is_some() && read::is_binary(&read::peek(head))
}

/// A path's last part without `.gz`.
pub(super) fn page_name(name: &str) -> &str {
    let file = name.rsplit('/').next().unwrap_or(name);
    file.strip_suffix(".gz").unwrap_or(file)
}

/// A man page's name and section (`zfs-send`, `8`), if the file is named like one.
pub(super) fn man_name(file: &str) -> Option<(&str, &str)> {
    let (stem, section) = file.rsplit_once('.')?;
    let mut rest = section.chars();
    let first = rest.next()?;
    let numbered = first.is_ascii_digit() && rest.clone().count() <= 12 && rest.all(|c| c.is_ascii_alphanumeric());
    // A version (`notes-1.10`) is no section; those have letters after their one digit.
    let version = section.len() > 1 && section.bytes().all(|byte| byte.is_ascii_digit());
    let known = (numbered && first != '0' && !version) || matches!(section, "n" | "l");
    (known && !stem.is_empty()).then_some((stem, section))
}

/// A control line, or a comment, stands first in every man page.
fn is_roff(start: &[u8]) -> bool {
    start.starts_with(b".") || start.starts_with(b"'")
}

fn starts_like_html(start: &[u8]) -> bool {
    let begin = start.get(..512).unwrap_or(start).to_ascii_lowercase();
    begin.starts_with(b"<!doctype html")
        || begin.starts_with(b"<html")
        || (begin.starts_with(b"<?xml") && begin.windows(5).any(|window| window == b"<html"))
}
