//! Bytes to characters: gzip, size limits, what is text and what is not, and which encoding.
//!
//! Nothing here knows a format beyond where that format declares its encoding.

use std::borrow::Cow;
use std::io::Read;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use flate2::read::MultiGzDecoder;

use super::{Format, Limits, ParseError};

const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Of how many bytes the decision between text and binary data is made.
const SAMPLE: usize = 64 * 1024;

/// What the page's bytes are once unpacked.
pub(super) fn unpack<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Cow<'a, [u8]>, ParseError> {
    if !bytes.starts_with(&GZIP) {
        if bytes.len() as u64 > limits.page_bytes {
            return Err(ParseError::TooLarge { bytes: bytes.len() as u64, limit: limits.page_bytes });
        }
        return Ok(Cow::Borrowed(bytes));
    }
    let mut out = Vec::new();
    // One byte more than allowed tells "exactly the limit" from "more than the limit".
    let mut reader = MultiGzDecoder::new(bytes).take(limits.page_bytes.saturating_add(1));
    if let Err(error) = reader.read_to_end(&mut out) {
        return Err(if error.kind() == std::io::ErrorKind::UnexpectedEof {
            ParseError::TruncatedGzip { read: out.len() as u64 }
        } else {
            ParseError::CorruptGzip { source: error }
        });
    }
    if out.len() as u64 > limits.page_bytes {
        return Err(ParseError::GzipBomb { packed: bytes.len() as u64, limit: limits.page_bytes });
    }
    Ok(Cow::Owned(out))
}

/// The first bytes of a page, unpacked if need be; as much as there is of a broken archive.
pub(super) fn peek(head: &[u8]) -> Cow<'_, [u8]> {
    if !head.starts_with(&GZIP) {
        return Cow::Borrowed(head);
    }
    let mut out = vec![0; 2048];
    let mut filled = 0;
    let mut reader = MultiGzDecoder::new(head);
    while let Some(rest) = out.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest) {
            Ok(0) | Err(_) => break,
            Ok(read) => filled += read,
        }
    }
    out.truncate(filled);
    Cow::Owned(out)
}

/// Whether these bytes are no text in any encoding that pages come in.
pub(super) fn is_binary(bytes: &[u8]) -> bool {
    if Encoding::for_bom(bytes).is_some() {
        return false;
    }
    const MAGIC: [&[u8]; 8] =
        [b"\x89PNG", b"\x7fELF", b"GIF8", b"\xff\xd8\xff", b"PK\x03\x04", b"%PDF-", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd"];
    if MAGIC.iter().any(|magic| bytes.starts_with(magic)) {
        return true;
    }
    let sample = bytes.get(..SAMPLE).unwrap_or(bytes);
    let nul = sample.iter().filter(|byte| **byte == 0).count();
    // Tab, line feed, form feed, carriage return, backspace and escape do occur in text.
    let control = sample.iter().filter(|byte| **byte < 0x20 && !matches!(**byte, 8 | 9 | 10 | 12 | 13 | 27)).count();
    nul * 1000 > sample.len() || control * 50 > sample.len()
}

/// The page's characters. Bytes that fit no declared encoding are read as UTF-8 where they are
/// valid UTF-8, else as windows-1252, which gives every byte a character: never an error.
pub(super) fn decode(bytes: &[u8], format: Format) -> String {
    let (encoding, skip) = match Encoding::for_bom(bytes) {
        Some((encoding, length)) => (encoding, length),
        None if std::str::from_utf8(bytes).is_ok() => (UTF_8, 0),
        None => (declared(bytes, format).filter(|found| *found != UTF_8).unwrap_or(guess(bytes)), 0),
    };
    let (text, _) = encoding.decode_without_bom_handling(bytes.get(skip..).unwrap_or_default());
    let mut text = text.into_owned();
    if text.contains('\0') {
        text = text.replace('\0', " ");
    }
    if text.contains('\r') {
        text = text.replace("\r\n", "\n").replace('\r', "\n");
    }
    text
}

/// Mostly valid UTF-8 with a few broken bytes stays UTF-8; otherwise it was never UTF-8.
fn guess(bytes: &[u8]) -> &'static Encoding {
    let mut broken = 0_usize;
    let mut multibyte = 0_usize;
    for chunk in bytes.utf8_chunks() {
        multibyte += chunk.valid().bytes().filter(|byte| *byte >= 0xc0).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    if multibyte > broken * 4 { UTF_8 } else { WINDOWS_1252 }
}

/// The encoding that a page names itself: `<meta charset>`, or a man page's `coding:` cookie.
fn declared(bytes: &[u8], format: Format) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(bytes.get(..2048).unwrap_or(bytes)).to_ascii_lowercase();
    let (head, key): (String, _) = match format {
        Format::Html => (head, "charset="),
        Format::Man => (head.lines().take(2).collect(), "coding:"),
        Format::Markdown | Format::Rst | Format::Text => return None,
    };
    let rest = head.split_once(key)?.1.trim_start_matches([' ', '"', '\'']);
    let label: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect();
    // Emacs writes `latin-1`, which the web's list of labels does not know.
    Encoding::for_label(label.as_bytes()).or_else(|| Encoding::for_label(label.replacen('-', "", 1).as_bytes()))
}
