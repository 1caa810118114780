//! Bytes of a page to a [`Document`]: one parser per format, one way in.
//!
//! Nothing here knows where pages come from, what becomes of them, or a terminal. Everything is
//! synchronous; the caller decides how many pages are parsed at a time.

mod adorn;
mod detect;
mod flow;
mod groff;
mod html;
mod man;
mod markdown;
mod outline;
mod process;
mod read;
mod rst;
mod text;

use crate::document::Document;

pub(crate) use detect::hides_binary;
pub use detect::{Format, detect};
pub use man::Renderer;

/// How much of a page is taken before it is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one page, unpacked.
    pub page_bytes: u64,
    /// Seconds that the program which renders a man page may take.
    pub parse_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { page_bytes: 64 * 1024 * 1024, parse_seconds: 5 }
    }
}

/// What a file turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed {
    /// A page of its own.
    Page(Document),
    /// A man page that only names another one, relative to the man path (`man8/zfs-send.8`).
    Alias(String),
}

/// Why a page could not be read. The caller knows which page it was.
#[derive(Debug, thiserror::Error)]
pub enum ParseError {
    /// The bytes are no text, or the name is that of no page.
    #[error("this is not a text page: it holds binary data, or is of a kind that is not read")]
    NotText,
    /// The page is over the limit.
    #[error("the page has {bytes} bytes, more than the limit of {limit}; raise the limit to read it")]
    TooLarge {
        /// The page's size.
        bytes: u64,
        /// [`Limits::page_bytes`].
        limit: u64,
    },
    /// The gzip stream ends early.
    #[error("the gzip file is cut short after {read} unpacked bytes; fetch it again")]
    TruncatedGzip {
        /// Bytes that could be unpacked.
        read: u64,
    },
    /// The gzip stream is damaged.
    #[error("the gzip file is damaged; fetch it again")]
    CorruptGzip {
        /// What the decoder met.
        #[source]
        source: std::io::Error,
    },
    /// The gzip stream unpacks to more than the limit.
    #[error("the gzip file of {packed} bytes unpacks to more than the limit of {limit}; raise the limit to read it")]
    GzipBomb {
        /// Bytes as packed.
        packed: u64,
        /// [`Limits::page_bytes`].
        limit: u64,
    },
    /// The renderer could not make sense of a man page.
    #[error("{program} could not render this man page: {stderr}")]
    Mandoc {
        /// Which program.
        program: String,
        /// Its own words, on one line.
        stderr: String,
    },
    /// No renderer could be started.
    #[error("{program} could not be run")]
    Spawn {
        /// Which program.
        program: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Neither mandoc nor groff is installed.
    #[error(
        "man pages need mandoc, which is not installed: apt install mandoc (Debian, Ubuntu), dnf install mandoc \
         (Fedora; EPEL elsewhere), apk add mandoc (Alpine); FreeBSD has it in its base system"
    )]
    MandocMissing,
    /// The renderer did not finish in time.
    #[error("{program} did not finish this man page within {seconds} s")]
    TimedOut {
        /// Which program.
        program: String,
        /// [`Limits::parse_seconds`].
        seconds: u64,
    },
    /// Nothing that could be found is on the page.
    #[error("the page holds no text")]
    Empty,
}

/// Reads one page.
///
/// `name` is its path relative to its source: it tells the format, and the title where the page
/// has none. `bytes` is the file as it lies on disk, packed with gzip or not.
///
/// # Errors
/// See [`ParseError`]; bytes that are invalid in the page's encoding are not an error.
pub fn parse(name: &str, bytes: &[u8], limits: &Limits) -> Result<Parsed, ParseError> {
    let renderer = Renderer::find();
    let parsed = parse_with(name, bytes, limits, &renderer);
    match (&parsed, &renderer, Renderer::groff()) {
        // mandoc never ends on a few pages (md(4), stress-ng(1)); groff reads those.
        (Err(ParseError::TimedOut { .. }), Renderer::Mandoc(_), Some(groff)) => parse_with(name, bytes, limits, &groff),
        (Ok(_) | Err(_), Renderer::Mandoc(_) | Renderer::Groff(_) | Renderer::Missing, _) => parsed,
    }
}

/// [`parse`] with a given renderer for man pages.
///
/// # Errors
/// As [`parse`].
pub fn parse_with(name: &str, bytes: &[u8], limits: &Limits, renderer: &Renderer) -> Result<Parsed, ParseError> {
    let bytes = read::unpack(bytes, limits)?;
    if read::is_binary(&bytes) {
        return Err(ParseError::NotText);
    }
    let format = detect(name, bytes.get(..2048).unwrap_or(&bytes)).ok_or(ParseError::NotText)?;
    let source = read::decode(&bytes, format);
    let mut document = match format {
        Format::Html => html::parse(&source),
        Format::Man => match man::alias(&source) {
            Some(target) => return Ok(Parsed::Alias(target)),
            None => man::parse(name, &source, limits, renderer)?,
        },
        Format::Markdown => markdown::parse(&source),
        Format::Rst => rst::parse(&source),
        Format::Text => text::parse(&source),
    };
    if document.is_empty() {
        return Err(ParseError::Empty);
    }
    if document.title.is_empty() {
        document.title = title_from(name);
    }
    Ok(Parsed::Page(document))
}

/// A title for a page that has none: its file's name, and the folder's where the name says little
/// (`zfsutils-linux README`).
fn title_from(name: &str) -> String {
    const GENERIC: [&str; 9] =
        ["readme", "news", "index", "security", "changelog", "copyright", "todo", "changes", "history"];
    const MARKUP: [&str; 11] = ["html", "htm", "xhtml", "md", "markdown", "mkd", "mdown", "rst", "rest", "txt", "text"];
    let file = detect::page_name(name);
    let stem = match file.rsplit_once('.') {
        Some((stem, extension)) if MARKUP.contains(&extension.to_ascii_lowercase().as_str()) => stem,
        Some(_) | None => file,
    };
    let first = stem.split('.').next().unwrap_or(stem).to_ascii_lowercase();
    let folder = name.trim_end_matches('/').rsplit('/').nth(1).filter(|folder| !folder.is_empty());
    let title = match folder {
        Some(folder) if GENERIC.contains(&first.as_str()) => format!("{folder} {stem}"),
        Some(_) | None => stem.to_owned(),
    };
    let title = outline::one_line(&title);
    if title.is_empty() { "untitled".to_owned() } else { title }
}
