//! groff's plain-text rendering of a man page, read by its layout.
//!
//! Sections start in column 0, subsections in column 3, text in column 7, explanations deeper. The
//! program is started elsewhere.

use super::outline::Outline;

/// Safe mode, UTF-8 in and out, tables and equations off the device, no colours, no overstriking,
/// no hyphens put in.
pub(super) const ARGS: [&str; 12] =
    ["-S", "-Kutf8", "-t", "-mandoc", "-Tutf8", "-rHY=0", "-rLL=110n", "-P-c", "-P-b", "-P-u", "-P-o", "-"];

/// The column of a section's text.
const BODY: usize = 7;

/// Makes the tree from rendered text.
pub(super) fn parse(text: &str) -> Outline {
    let mut outline = Outline::new();
    let lines: Vec<(usize, String)> = text.lines().map(clean).collect();
    // The first and last lines with text are the page's header and footer.
    let filled = |line: &(usize, String)| !line.1.is_empty();
    let first = lines.iter().position(filled).map_or(0, |at| at + 1);
    let last = lines.iter().rposition(filled).unwrap_or(0);
    let lines = lines.get(first..last.max(first)).unwrap_or_default();
    let mut paragraphs: Vec<Vec<&(usize, String)>> = vec![Vec::new()];
    for line in lines {
        if line.1.is_empty() {
            paragraphs.push(Vec::new());
        } else if let Some(open) = paragraphs.last_mut() {
            open.push(line);
        }
    }
    // A term alone in a paragraph waits for the deeper paragraph that explains it.
    let mut entry: Option<(usize, String)> = None;
    for paragraph in &paragraphs {
        let mut rest = paragraph.as_slice();
        while let Some(((indent, heading), after)) = rest.split_first().map(|(line, after)| ((line.0, &line.1), after))
        {
            let level = if indent == 0 {
                1
            } else if indent <= 4 {
                2
            } else {
                break;
            };
            close(&mut outline, &mut entry);
            outline.heading(level, heading, None);
            rest = after;
        }
        let Some(start) = rest.first().map(|line| line.0) else {
            continue;
        };
        let deeper = rest.get(1).is_some_and(|line| line.0 > start) && rest.iter().skip(1).all(|line| line.0 > start);
        // An entry inside another one's explanation is an entry of its own.
        let tagged = deeper || rest.first().is_some_and(|line| line.1.starts_with('-'));
        if let Some((indent, text)) = &mut entry {
            if start > *indent && !tagged && !is_code(rest) {
                push_lines(text, rest);
                continue;
            }
            close(&mut outline, &mut entry);
        }
        if start >= BODY && !deeper && is_code(rest) {
            let code: Vec<String> =
                rest.iter().map(|(indent, line)| format!("{}{line}", " ".repeat(*indent))).collect();
            outline.code(&code.join("\n"));
            continue;
        }
        let mut text = String::new();
        if deeper {
            // `-w     explanation` or the term on a line of its own.
            if let Some(line) = rest.first() {
                text.push_str(&line.1.replacen("  ", "\n", 1));
                text.push('\n');
            }
            push_lines(&mut text, rest.get(1..).unwrap_or_default());
            entry = Some((start, text));
        } else if rest.len() == 1 && rest.first().is_some_and(|line| line.1.contains("   ") || line.1.starts_with('-'))
        {
            let line = rest.first().map(|line| line.1.replacen("  ", "\n", 1)).unwrap_or_default();
            entry = Some((start, line));
        } else {
            push_lines(&mut text, rest);
            outline.text(text.trim_start_matches(['•', '·']));
        }
    }
    close(&mut outline, &mut entry);
    outline
}

fn close(outline: &mut Outline, entry: &mut Option<(usize, String)>) {
    if let Some((_, text)) = entry.take() {
        outline.text(text.trim_start_matches(['•', '·']));
    }
}

/// Adds a paragraph as one line; words broken at a line's end stay as they are.
fn push_lines(text: &mut String, lines: &[&(usize, String)]) {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    for (number, (_, line)) in lines.iter().enumerate() {
        // A word broken at the line's end: groff's own hyphen goes, one that was there stays.
        if text.ends_with('\u{2010}') && number > 0 {
            text.pop();
        } else if number > 0 && !text.ends_with('-') {
            text.push(' ');
        }
        text.push_str(line);
    }
}

/// Deep lines of which most look like commands or settings.
fn is_code(lines: &[&(usize, String)]) -> bool {
    let code = lines.iter().filter(|(indent, line)| *indent > BODY && super::text::is_literal(line)).count();
    code * 2 > lines.len()
}

/// A line's column and its text, backspaces and terminal escapes resolved.
fn clean(line: &str) -> (usize, String) {
    let mut out = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\u{8}' => {
                out.pop();
            }
            '\u{1b}' => {
                // A control sequence ends with a letter.
                for inner in chars.by_ref() {
                    if inner.is_ascii_alphabetic() {
                        break;
                    }
                }
            }
            '\u{ad}' => {}
            _ => out.push(c),
        }
    }
    let indent = out.bytes().take_while(|byte| *byte == b' ').count();
    (indent, out.trim().to_owned())
}
