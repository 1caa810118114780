//! One pass over HTML's characters before the real parser, so that hostile or sloppy markup costs
//! linear time and bounded depth.
//!
//! Drops comments, scripts and styles; leaves out tags nested deeper than any page needs (the
//! parser scans its stack of open elements at each tag, and the walk recurses); drops the
//! attributes of overlong tags (the parser compares each with all before it); writes out XHTML's
//! `<div/>`, which HTML reads as never closed. Never touches text.

/// Elements that may be open inside one another. Real pages stay below 60.
const DEPTH: usize = 160;

/// Bytes of one tag with its attributes; longer ones hold inline images.
const TAG_BYTES: usize = 8 * 1024;

/// How far up an end tag looks for its start tag.
const REACH: usize = 24;

/// Elements whose content is not markup and not shown.
const RAW: [&str; 4] = ["script", "style", "template", "noframes"];

/// Elements without an end tag, or whose end tag is implied so that they pile up beside, not
/// inside, one another.
const FLAT: [&str; 31] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr", "p",
    "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot", "colgroup", "option", "optgroup", "html", "head",
    "body", "title",
];

/// Elements that never have content.
const VOID: usize = 14;

/// `source` without what the module's comment names.
pub(super) fn tidy(source: &str) -> String {
    let head: String = source.chars().take(2048).collect();
    let xhtml =
        head.trim_start_matches('\u{feff}').trim_start().starts_with("<?xml") || head.contains("www.w3.org/1999/xhtml");
    let mut out = String::with_capacity(source.len() + 64);
    // Name and whether the start tag was left out.
    let mut open: Vec<(String, bool)> = Vec::new();
    let mut rest = source;
    // Once no comment ends any more, none of the openings is searched from again.
    let mut unclosed = false;
    while let Some(at) = rest.find('<') {
        let (before, tail) = rest.split_at(at);
        out.push_str(before);
        if let Some(comment) = tail.strip_prefix("<!--") {
            let end = if unclosed { None } else { comment.find("-->") };
            // An unclosed comment would swallow the page: only its opening goes.
            unclosed = end.is_none();
            rest = end.and_then(|end| comment.get(end + 3..)).unwrap_or(comment);
            continue;
        }
        let closing = tail.starts_with("</");
        let body = tail.get(1 + usize::from(closing)..).unwrap_or_default();
        if !body.starts_with(|c: char| c.is_ascii_alphabetic()) {
            // `<!doctype>`, `<?xml ?>`, or a lone `<` in sloppy text.
            out.push('<');
            rest = tail.get(1..).unwrap_or_default();
            continue;
        }
        let name_length =
            body.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b':' | b'_')).count();
        let name = body.get(..name_length).unwrap_or_default().to_ascii_lowercase();
        let Some(length) = tag_length(tail) else {
            // A tag that never ends, nor does any after it: the rest is kept as text.
            out.push_str(&tail.replace('<', "&lt;"));
            return out;
        };
        let (tag, after) = tail.split_at(length);
        rest = after;
        if !closing && RAW.contains(&name.as_str()) {
            if !(xhtml && tag.ends_with("/>")) {
                rest = skip_raw(after, &name);
            }
            continue;
        }
        if FLAT.contains(&name.as_str()) {
            push_tag(&mut out, tag, &name, closing);
            if xhtml && tag.ends_with("/>") && FLAT.iter().position(|flat| *flat == name) >= Some(VOID) {
                out.push_str("</");
                out.push_str(&name);
                out.push('>');
            }
        } else if closing {
            let from = open.len().saturating_sub(REACH);
            let found = open.iter().skip(from).rposition(|(above, _)| *above == name).map(|at| at + from);
            match found.and_then(|at| open.drain(at..).next()) {
                Some((_, true)) => {}
                Some((_, false)) | None if open.len() < DEPTH => push_tag(&mut out, tag, &name, true),
                Some((_, false)) | None => {}
            }
        } else if tag.ends_with("/>") && xhtml {
            push_tag(&mut out, tag, &name, false);
            out.push_str("</");
            out.push_str(&name);
            out.push('>');
        } else {
            let left_out = open.len() >= DEPTH;
            if left_out {
                // Its place still parts the words around it.
                out.push(' ');
            } else {
                push_tag(&mut out, tag, &name, false);
            }
            open.push((name, left_out));
        }
    }
    out.push_str(rest);
    out
}

fn push_tag(out: &mut String, tag: &str, name: &str, closing: bool) {
    if tag.len() <= TAG_BYTES {
        out.push_str(tag);
        return;
    }
    out.push_str(if closing { "</" } else { "<" });
    out.push_str(name);
    out.push('>');
}

/// Bytes from `<` to the `>` that ends the tag; `>` inside quotes does not.
fn tag_length(tail: &str) -> Option<usize> {
    let mut quote = None;
    let mut after_equals = false;
    for (at, byte) in tail.bytes().enumerate() {
        match quote {
            Some(open) if byte == open => quote = None,
            Some(_) => {}
            None if byte == b'>' => return Some(at + 1),
            // A quote opens a value only after `=`; elsewhere it is a stray apostrophe.
            None if matches!(byte, b'"' | b'\'') && after_equals => quote = Some(byte),
            None => {}
        }
        if !byte.is_ascii_whitespace() {
            after_equals = byte == b'=';
        }
    }
    // The quote was never closed: the first `>` ends the tag.
    quote.and(tail.find('>')).map(|at| at + 1)
}

/// What follows `</name>`; everything is skipped if that never comes.
fn skip_raw<'a>(source: &'a str, name: &str) -> &'a str {
    let mut rest = source;
    while let Some(at) = rest.find("</") {
        let tail = rest.get(at + 2..).unwrap_or_default();
        if tail.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name)) {
            return tail.find('>').and_then(|end| tail.get(end + 1..)).unwrap_or_default();
        }
        rest = tail;
    }
    ""
}
