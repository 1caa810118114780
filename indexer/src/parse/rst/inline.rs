//! reStructuredText's inline markup, taken off: roles, links, emphasis, escapes.
//!
//! Only characters; blocks are the parent module's.

/// How far a closing mark may be: an unmatched opening one costs no more than this.
const REACH: usize = 2000;

/// The words of `text` as a reader sees them.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(length) = marked(rest, &mut out) {
            rest = rest.get(length..).unwrap_or_default();
            continue;
        }
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        if c == '\\' {
            // An escaped space joins what it parts; any other character loses its meaning only.
            let next = after.chars().next();
            if let Some(next) = next.filter(|next| !next.is_whitespace()) {
                out.push(next);
            }
            rest = after.get(next.map_or(0, char::len_utf8)..).unwrap_or_default();
            continue;
        }
        out.push(c);
        rest = after;
    }
    out
}

/// Bytes taken, if markup starts here; its text is added to `out`.
fn marked(rest: &str, out: &mut String) -> Option<usize> {
    let opens = out.chars().next_back().is_none_or(|c| !c.is_alphanumeric());
    if let Some(inner) = rest.strip_prefix("``") {
        let end = find(inner, "``")?;
        out.push_str(inner.get(..end)?);
        return Some(end + 4);
    }
    if rest.starts_with(':') && opens {
        let name = rest
            .get(1..)?
            .bytes()
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b':' | b'-' | b'_' | b'.' | b'+'))
            .count();
        // The name's own last byte is the colon before the backquote.
        let inner = rest
            .get(1 + name..)
            .filter(|_| name >= 2 && rest.as_bytes().get(name) == Some(&b':'))?
            .strip_prefix('`')?;
        let end = find(inner, "`")?;
        out.push_str(shown(inner.get(..end)?).trim_start_matches(['!', '~']));
        return Some(1 + name + 1 + end + 1);
    }
    if let Some(inner) = rest.strip_prefix('`') {
        let end = find(inner, "`").filter(|end| *end > 0)?;
        out.push_str(shown(inner.get(..end)?));
        let tail = inner.get(end + 1..)?;
        let marks = tail.bytes().take_while(|b| *b == b'_').count().min(2);
        return Some(end + 2 + marks);
    }
    for mark in ["**", "*"] {
        let Some(inner) =
            rest.strip_prefix(mark).filter(|inner| opens && inner.starts_with(|c: char| !c.is_whitespace()))
        else {
            continue;
        };
        let Some(end) = find(inner, mark).filter(|end| *end > 0) else {
            continue;
        };
        let words = inner.get(..end)?;
        if !words.ends_with(char::is_whitespace) {
            out.push_str(words);
            return Some(end + 2 * mark.len());
        }
    }
    None
}

fn find(text: &str, mark: &str) -> Option<usize> {
    let mut reach = text.len().min(REACH);
    while !text.is_char_boundary(reach) {
        reach -= 1;
    }
    text.get(..reach)?.find(mark)
}

/// `words` of `words <target>`.
fn shown(text: &str) -> &str {
    match text.split_once('<') {
        Some((words, target)) if target.ends_with('>') && !words.trim().is_empty() => words.trim(),
        Some(_) | None => text,
    }
}
