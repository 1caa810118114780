//! Man pages: mandoc makes HTML of them, or groff plain text where mandoc is missing.
//!
//! Resolves no aliases (`.so man8/zfs.8`): they are told to the caller, which knows the other
//! pages. No roff is interpreted here.

use std::path::PathBuf;

use super::outline::Outline;
use super::{Limits, ParseError, detect, groff, html, process};
use crate::document::Document;

/// The program that renders man pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Renderer {
    /// mandoc, wanted: its output keeps the structure.
    Mandoc(PathBuf),
    /// groff, on hosts with man-db only: structure is read off the layout.
    Groff(PathBuf),
    /// Neither is installed.
    Missing,
}

impl Renderer {
    /// What this host has. Cheap, but worth asking once per run.
    #[must_use]
    pub fn find() -> Self {
        if let Some(path) = process::find("mandoc") {
            return Self::Mandoc(path);
        }
        Self::groff().unwrap_or(Self::Missing)
    }

    /// groff, where this host has it.
    pub(super) fn groff() -> Option<Self> {
        process::find("groff").map(Self::Groff)
    }
}

/// The page that this one only points to.
pub(super) fn alias(source: &str) -> Option<String> {
    let line = source
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with(".\\\"") && !line.starts_with("'\\\""))?;
    let target = line.strip_prefix(".so")?;
    if !target.starts_with([' ', '\t']) {
        return None;
    }
    let target = target.trim().trim_matches('"');
    (!target.is_empty()).then(|| target.to_owned())
}

/// Renders and reads one page.
pub(super) fn parse(name: &str, source: &str, limits: &Limits, renderer: &Renderer) -> Result<Document, ParseError> {
    let source = without_includes(source);
    let outline = match renderer {
        Renderer::Mandoc(program) => {
            let html = process::filter(program, &["-K", "utf-8", "-T", "html", "-O", "fragment"], &source, limits)?;
            html::parse_mandoc(&html)
        }
        Renderer::Groff(program) => {
            let text = process::filter(program, &groff::ARGS, &source, limits)?;
            groff::parse(&text)
        }
        Renderer::Missing => return Err(ParseError::MandocMissing),
    };
    Ok(finish(outline, &title(name, &source)))
}

fn finish(outline: Outline, title: &str) -> Document {
    outline.finish(title)
}

/// `zfs-send(8)` from `man8/zfs-send.8.gz`, or from the page's own title line.
fn title(name: &str, source: &str) -> String {
    if let Some((stem, section)) = detect::man_name(detect::page_name(name)) {
        return format!("{stem}({section})");
    }
    let words = source
        .lines()
        .find_map(|line| line.strip_prefix(".TH ").or_else(|| line.strip_prefix(".Dt ")))
        .unwrap_or_default();
    let mut words = words.split_whitespace().map(|word| word.trim_matches('"'));
    match (words.next(), words.next()) {
        (Some(page), Some(section)) => format!("{}({section})", page.to_lowercase()),
        (Some(page), None) => page.to_lowercase(),
        (None, _) => String::new(),
    }
}

/// The page without requests to include files: which files those would be depends on where the
/// renderer runs, and a page must not bring in another file of this host.
fn without_includes(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    for line in source.split_inclusive('\n') {
        let request = line.trim_start_matches(['.', '\'', ' ', '\t']);
        let is_request = line.starts_with(['.', '\'']);
        let includes = ["so", "mso", "soquiet", "msoquiet", "psbb", "open", "opena", "pso", "sy", "pi", "cf", "trf"];
        let word = request.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
        if is_request && includes.contains(&word) {
            out.push_str(".\n");
        } else {
            out.push_str(line);
        }
    }
    out
}
