//! A passage's text taken apart: blocks, and sentences inside them.
//!
//! Everything returned is a slice of the passage, so whatever is quoted later stands there word for
//! word. No scores, no question.

/// One block of a passage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Block<'a> {
    /// A paragraph or a list item.
    Prose(&'a str),
    /// A term (`-w, --raw`) and the lines that explain it.
    Definition { term: &'a str, body: &'a str },
    /// Literal text, fences not included.
    Code(&'a str),
    /// Rows of cells joined by ` | `, the header first.
    Table(&'a str),
}

/// Longest first line that can be a term. The indexer writes whole synopses of an option there.
const TERM_CHARS: usize = 160;

/// Cuts a passage into its blocks, in order.
pub(crate) fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut out = Vec::new();
    let mut start: Option<usize> = None;
    let mut fence: Option<(usize, usize)> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let (from, to) = (at, at + line.len());
        at = to;
        let trimmed = line.trim();
        let ticks = trimmed.bytes().take_while(|b| *b == b'`').count();
        if let Some((opened, begin)) = fence {
            if ticks >= opened && trimmed.len() == ticks {
                push_code(&mut out, &text[begin..from]);
                fence = None;
            }
        } else if ticks >= 3 && !trimmed[ticks..].contains('`') {
            if let Some(begin) = start.take() {
                push_plain(&mut out, &text[begin..from]);
            }
            fence = Some((ticks, to));
        } else if trimmed.is_empty() {
            if let Some(begin) = start.take() {
                push_plain(&mut out, &text[begin..from]);
            }
        } else {
            start.get_or_insert(from);
        }
    }
    if let Some(begin) = start {
        push_plain(&mut out, &text[begin..]);
    }
    if let Some((_, begin)) = fence {
        push_code(&mut out, &text[begin..]);
    }
    out
}

fn push_code<'a>(out: &mut Vec<Block<'a>>, code: &'a str) {
    let code = code.trim_end().trim_start_matches('\n');
    if !code.is_empty() {
        out.push(Block::Code(code));
    }
}

fn push_plain<'a>(out: &mut Vec<Block<'a>>, block: &'a str) {
    let block = block.trim();
    if block.is_empty() {
        return;
    }
    if block.lines().count() > 1 && block.lines().all(|line| line.contains(" | ")) {
        out.push(Block::Table(block));
        return;
    }
    out.push(match block.split_once('\n') {
        Some((term, body)) if is_term(term) => Block::Definition { term: term.trim(), body: body.trim() },
        Some(_) | None => Block::Prose(block),
    });
}

fn is_term(line: &str) -> bool {
    let line = line.trim();
    line.chars().count() <= TERM_CHARS && !line.ends_with(['.', ':', ';', ','])
}

/// Abbreviations after which a capital letter does not begin a sentence.
const ABBREVIATIONS: &[&str] = &["e.g", "i.e", "etc", "vs", "cf", "resp", "approx", "incl", "no", "fig", "eg", "ie"];

/// Cuts prose into sentences; a line break always ends one. Slices keep their closing sign and lose
/// the blanks around them.
pub(crate) fn sentences(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    for line in text.lines() {
        let mut begin = 0;
        let mut rest = line;
        let mut offset = 0;
        while let Some(found) = rest.find(['.', '!', '?']) {
            let end = offset + found + 1;
            let tail = &line[end..];
            let closers: usize = tail
                .chars()
                .take_while(|c| matches!(c, ')' | '"' | '\'' | '`' | '”' | '’' | ']' | '*'))
                .map(char::len_utf8)
                .sum();
            let after = &line[end + closers..];
            if begins_sentence(after) && !is_abbreviation(&line[begin..end]) {
                push_trimmed(&mut out, &line[begin..end + closers]);
                begin = end + closers;
            }
            offset = end;
            rest = &line[offset..];
        }
        push_trimmed(&mut out, &line[begin..]);
    }
    out
}

/// Whether what follows a full stop looks like a new sentence.
fn begins_sentence(after: &str) -> bool {
    if after.is_empty() {
        return true;
    }
    let next = after.trim_start();
    after.len() != next.len() && next.chars().next().is_none_or(|c| !c.is_lowercase() && !matches!(c, ',' | ';' | ')'))
}

fn is_abbreviation(sentence: &str) -> bool {
    let last =
        sentence.trim_end_matches('.').rsplit(|c: char| c.is_whitespace() || c == '(').next().unwrap_or_default();
    sentence.ends_with('.') && ABBREVIATIONS.contains(&last.to_lowercase().as_str())
}

fn push_trimmed<'a>(out: &mut Vec<&'a str>, text: &'a str) {
    let text = text.trim();
    if !text.is_empty() {
        out.push(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_told_apart() {
        let text =
            "Prose here.\n\n-w, --raw\nSend it raw.\n\n```\nzfs send -w\n\nzfs receive\n```\nafter\n\na | b\n1 | 2\n";
        assert_eq!(
            blocks(text),
            [
                Block::Prose("Prose here."),
                Block::Definition { term: "-w, --raw", body: "Send it raw." },
                Block::Code("zfs send -w\n\nzfs receive"),
                Block::Prose("after"),
                Block::Table("a | b\n1 | 2"),
            ]
        );
    }

    #[test]
    fn a_fence_that_never_closes_is_code_to_the_end() {
        assert_eq!(blocks("```sh\nls\n\npwd"), [Block::Code("ls\n\npwd")]);
    }

    #[test]
    fn sentences_end_where_people_end_them() {
        let cases: &[(&str, &[&str])] = &[
            ("One. Two! Three?", &["One.", "Two!", "Three?"]),
            ("See e.g. Zpool. (Really.) Done", &["See e.g. Zpool.", "(Really.)", "Done"]),
            ("Version 2.1 of it. see below", &["Version 2.1 of it. see below"]),
            ("first line\nsecond line", &["first line", "second line"]),
            ("Ends with \"quote.\" Next", &["Ends with \"quote.\"", "Next"]),
            ("", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(sentences(text), *expected, "in {text:?}");
        }
    }
}
