//! Words out of HTML elements: running text, terms, headings, literal text.
//!
//! Makes no blocks and decides no structure.

use scraper::ElementRef;

use super::choose::is_skipped;
use crate::parse::outline::one_line;

/// Elements that end a paragraph. All others flow with the text.
pub(super) const BLOCKS: [&str; 35] = [
    "p",
    "div",
    "section",
    "article",
    "main",
    "ul",
    "ol",
    "li",
    "dl",
    "dt",
    "dd",
    "table",
    "pre",
    "blockquote",
    "hr",
    "figure",
    "figcaption",
    "form",
    "fieldset",
    "address",
    "details",
    "summary",
    "center",
    "header",
    "footer",
    "aside",
    "body",
    "tr",
    "td",
    "th",
    "caption",
    "legend",
    "menu",
    "listing",
    "xmp",
];

/// What an entry begins with: nothing for a bullet, the number for a numbered one, else the term.
pub(super) fn start_of(term: &str) -> String {
    if matches!(term, "•" | "-" | "*" | "o" | "·" | "–" | "—" | "+") {
        return String::new();
    }
    let digits = term.trim_start_matches('(').trim_end_matches(['.', ')', ':']);
    if digits.len() < term.len()
        && digits.len() <= 3
        && !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit())
    {
        return format!("{digits}. ");
    }
    term.to_owned()
}

/// Without the mark that links a heading to itself, and without section numbers of two and more
/// parts (`12.2.1. Xen`), which nobody searches for.
pub(super) fn clean_heading(text: &str) -> &str {
    let text = text.trim_end_matches(['¶', '#', '§', '\u{f0c1}']).trim();
    let Some((number, rest)) = text.split_once(|c: char| c.is_whitespace()) else {
        return text;
    };
    let number = number.trim_end_matches('.');
    let is_part = |(at, part): (usize, &str)| {
        // Appendices count with letters: `A.13. SteamOS`.
        let letter = at == 0 && part.len() == 1 && part.bytes().all(|byte| byte.is_ascii_uppercase());
        letter || (!part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let rest = rest.trim_start();
    if number.contains('.') && number.split('.').enumerate().all(is_part) && !rest.is_empty() {
        return rest;
    }
    text
}

/// Adds running text: white space becomes one space, and none at a line's start.
pub(super) fn push_text(line: &mut String, text: &str) {
    for c in text.chars() {
        if matches!(c, '\u{ad}' | '\u{200b}' | '\u{feff}') {
            // Soft hyphens and zero-width spaces split words that are searched for.
        } else if c.is_whitespace() {
            if !line.is_empty() && !line.ends_with([' ', '\n']) {
                line.push(' ');
            }
        } else {
            line.push(c);
        }
    }
}

/// All text below `element` on one line.
pub(super) fn inline_text(element: ElementRef<'_>, keep_contents: bool) -> String {
    let mut out = String::new();
    collect(element, keep_contents, &mut out);
    one_line(&out)
}

/// The text of a term; forms of it that stand on lines of their own are parted by commas.
pub(super) fn term_text(element: ElementRef<'_>, keep_contents: bool) -> String {
    let mut out = String::new();
    collect(element, keep_contents, &mut out);
    let forms = out.split('\n').map(|form| one_line(form.trim().trim_end_matches(',')));
    forms.filter(|form| !form.is_empty()).collect::<Vec<_>>().join(", ")
}

/// Adds all text below `element`; `<br>` becomes a line's end.
fn collect(element: ElementRef<'_>, keep_contents: bool, out: &mut String) {
    for child in element.children() {
        if let Some(text) = child.value().as_text() {
            push_text(out, text);
        } else if let Some(inner) = ElementRef::wrap(child)
            && !is_skipped(inner, keep_contents)
        {
            if inner.value().name() == "br" {
                out.push('\n');
                continue;
            }
            let parts = BLOCKS.contains(&inner.value().name());
            if parts {
                out.push(' ');
            }
            collect(inner, keep_contents, out);
            if parts {
                out.push(' ');
            }
        }
    }
}

/// Literal text below `element`, line by line, without line-number gutters.
pub(super) fn literal_text(element: ElementRef<'_>, keep_contents: bool, man: bool, out: &mut String) {
    for child in element.children() {
        if let Some(text) = child.value().as_text() {
            out.push_str(text);
        } else if let Some(inner) = ElementRef::wrap(child) {
            // mandoc puts <br/> on lines of their own; they add nothing to the line end before.
            if inner.value().name() == "br" {
                if !man {
                    out.push('\n');
                } else if out.ends_with('\n') {
                    out.pop();
                }
            } else if !is_skipped(inner, keep_contents) {
                literal_text(inner, keep_contents, man, out);
            }
        }
    }
}
