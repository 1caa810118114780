//! Plain text: paragraphs, indented or command-like lines as code, and the ways people mark
//! headings without markup.
//!
//! Everything here is a guess; nothing is dropped.

use super::adorn::{self, Levels};
use super::outline::Outline;
use crate::document::Document;

/// Columns of margin that make a block literal.
const CODE_MARGIN: usize = 2;

/// How long a heading can be.
const HEADING: usize = 80;

/// Makes the tree of a text file.
pub(super) fn parse(source: &str) -> Document {
    let lines: Vec<String> = source.lines().map(|line| expand_tabs(line.trim_end())).collect();
    let base = lines.iter().filter(|line| !line.is_empty()).map(|line| indent(line)).min().unwrap_or(0);
    let lines: Vec<&str> = lines.iter().map(|line| line.get(base..).unwrap_or_default()).collect();
    let mut outline = Outline::new();
    if is_configuration(&lines) {
        configuration(&lines, &mut outline);
        return outline.finish("");
    }
    let mut levels = Levels::default();
    let mut title = None;
    let mut literal = false;
    let mut groups = lines.split(|line| line.is_empty()).filter(|group| !group.is_empty()).peekable();
    let mut first = true;
    while let Some(mut group) = groups.next() {
        if first {
            first = false;
            title = title_line(group, groups.peek().is_none());
        }
        while let Some((level, heading, taken)) = heading(group, &mut levels) {
            outline.heading(level, heading, None);
            literal = false;
            group = group.get(taken..).unwrap_or_default();
        }
        literal = group_blocks(group, literal, &mut outline);
    }
    let title = match (outline.first_heading(), title) {
        (Some(heading), Some(title)) if heading == title => {
            outline.drop_first_heading();
            title
        }
        (_, Some(title)) => title,
        (_, None) => String::new(),
    };
    outline.finish(&title)
}

/// The first line, if it stands alone as titles do.
fn title_line(group: &[&str], only: bool) -> Option<String> {
    let (line, rest) = group.split_first()?;
    let alone = rest.first().is_none_or(|next| adorn::line(next).is_some());
    let plausible =
        line.len() <= HEADING && indent(line) < 8 && !is_literal(line) && line.chars().any(char::is_alphabetic);
    let line = line.trim();
    (alone && plausible && !(only && rest.is_empty()) && !line.ends_with([':', ',']))
        .then(|| line.trim_end_matches('.').to_owned())
}

/// A heading at the start of a group of lines: level, text, and lines it takes.
fn heading<'a>(group: &[&'a str], levels: &mut Levels) -> Option<(usize, &'a str, usize)> {
    let first = group.first()?;
    // ===== over and ===== under
    if let (Some((mark, _)), Some(text), Some(under)) = (adorn::line(first), group.get(1), group.get(2))
        && adorn::line(under).is_some_and(|(below, length)| below == mark && length >= 3)
        && is_title(text)
    {
        return Some((levels.of(mark, true), text.trim(), 3));
    }
    if let Some((mark, length)) = group.get(1).and_then(|line| adorn::line(line.trim_start()))
        && matches!(mark, '=' | '-' | '~' | '^' | '*' | '#' | '+' | '_')
        && length >= 3
        && length * 2 >= first.trim().chars().count()
        && is_title(first)
    {
        return Some((levels.of(mark, false), first.trim(), 2));
    }
    // The rest needs a line of its own.
    if group.len() > 1 || !is_title(first) {
        return None;
    }
    let text = first.trim();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    if indent(first) == 0 && letters >= 4 && letters * 2 >= text.len() && !text.chars().any(char::is_lowercase) {
        return Some((levels.of('A', false), text.trim_end_matches(':'), 1));
    }
    if let Some(inner) = text.strip_prefix("[ ").and_then(|text| text.strip_suffix(" ]")) {
        return Some((levels.of('[', false), inner, 1));
    }
    let (number, _) = text.split_once(' ')?;
    let digits = number.trim_matches(['(', ')', '.']);
    let numbered = digits.len() < number.len() || digits.contains('.');
    if indent(first) == 0
        && numbered
        && !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && !text.ends_with(['.', ':', ';', ','])
    {
        let depth = digits.split('.').count();
        // Numbers count their own depth, below any adorned title.
        let level = (1..=depth)
            .map(|depth| levels.of(char::from_digit(depth.min(9) as u32, 10).unwrap_or('9'), false))
            .max()?;
        return Some((level, text, 1));
    }
    None
}

fn is_title(line: &str) -> bool {
    let text = line.trim();
    text.len() <= HEADING && indent(line) < 8 && text.chars().any(char::is_alphabetic) && !starts_command(text)
}

/// Blocks of one group of lines without blank lines. Says whether it ended as literal text.
fn group_blocks(group: &[&str], after_literal: bool, outline: &mut Outline) -> bool {
    // A line drawn across the page parts what is parted already.
    if group.len() == 1 && !group.iter().any(|line| line.contains(char::is_alphanumeric)) {
        return false;
    }
    let mut literal = after_literal;
    let mut rest = group;
    let whole = group.iter().filter(|line| indent(line) >= CODE_MARGIN || is_literal(line)).count();
    // A drawing or a listing with a few plain lines between is one thing.
    let as_code =
        |group: &[&str]| starts_command(group.first().copied().unwrap_or_default().trim()) || whole * 2 > group.len();
    if !group.is_empty()
        && bullet(group.first().copied().unwrap_or_default()).is_none()
        && as_code(group)
        && !is_quote(group)
    {
        outline.code(&group.join("\n"));
        return true;
    }
    while let Some(first) = rest.first() {
        if let Some(text) = bullet(first) {
            let own = indent(first);
            let more = rest.iter().skip(1).take_while(|line| indent(line) > own && bullet(line).is_none()).count();
            let tail: Vec<&str> = rest.iter().skip(1).take(more).map(|line| line.trim()).collect();
            outline.text(&format!("{text} {}", tail.join(" ")));
            rest = rest.get(more + 1..).unwrap_or_default();
            literal = false;
            continue;
        }
        let deep = |line: &&&str| indent(line) >= CODE_MARGIN && bullet(line).is_none();
        let count = rest.iter().take_while(deep).count();
        // A first line set in is a paragraph's, if the paragraph goes on at the margin.
        if count > 0 && !(count == 1 && rest.len() > 1 && rest.len() == group.len()) {
            let part = rest.get(..count).unwrap_or_default();
            if is_quote(part) && !literal {
                outline.text(&part.join(" "));
            } else {
                outline.code(&part.join("\n"));
                literal = true;
            }
            rest = rest.get(count..).unwrap_or_default();
            continue;
        }
        let count = rest.iter().skip(1).take_while(|line| !deep(line) && bullet(line).is_none()).count() + 1;
        outline.text(&rest.get(..count).unwrap_or_default().join(" "));
        rest = rest.get(count..).unwrap_or_default();
        literal = false;
    }
    literal
}

/// Indented lines that are sentences.
fn is_quote(lines: &[&str]) -> bool {
    let words: usize = lines.iter().map(|line| line.split_whitespace().count()).sum();
    let literal = lines.iter().any(|line| is_literal(line));
    !literal
        && lines.iter().all(|line| indent(line) <= 8)
        && words >= 8 * lines.len().min(3)
        && lines.last().is_some_and(|line| line.ends_with('.'))
}

/// A list item's text, without its mark; a number stays.
fn bullet(line: &str) -> Option<&str> {
    let text = line.trim_start();
    if indent(line) > 8 {
        return None;
    }
    for mark in ["- ", "* ", "• ", "+ "] {
        if let Some(rest) = text.strip_prefix(mark) {
            return (rest.chars().next().is_some_and(char::is_alphanumeric) || rest.starts_with(['"', '`', '\'']))
                .then_some(rest);
        }
    }
    let (number, rest) = text.split_once(' ')?;
    let digits = number.trim_end_matches(['.', ')']);
    (digits.len() < number.len()
        && digits.len() <= 2
        && !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit())
        && !rest.trim().is_empty())
    .then_some(text)
}

/// Whether a line is typed into a shell.
fn starts_command(text: &str) -> bool {
    let command = |rest: &str| rest.starts_with(|c: char| c.is_ascii_lowercase() || matches!(c, '.' | '/' | '~'));
    text.strip_prefix("$ ").is_some_and(|rest| !rest.trim().is_empty())
        || text.strip_prefix("# ").is_some_and(|rest| command(rest) && !text.ends_with(['.', ':']))
        || text.strip_prefix("% ").is_some_and(command)
}

/// Whether a line is no sentence: columns, braces, assignments, commands, histograms.
pub(super) fn is_literal(line: &str) -> bool {
    let text = line.trim();
    if text.is_empty() {
        return false;
    }
    let columns = text.split("  ").filter(|part| !part.trim().is_empty()).count() >= 3 || text.contains("    ");
    let marks = text
        .chars()
        .filter(|c| matches!(c, '{' | '}' | '[' | ']' | '|' | '=' | ';' | '@' | '<' | '>' | '$' | '\\' | '_'))
        .count();
    let letters = text.chars().filter(|c| c.is_alphabetic() || *c == ' ').count();
    columns
        || starts_command(text)
        || text.starts_with(['@', '{', '}', '^', '<'])
        || text.ends_with(['{', '}', ';', '\\'])
        || marks * 8 > text.chars().count()
        || (letters * 2 < text.chars().count() && !text.ends_with('.'))
        || (!text.contains(' ') && text.contains(['/', '=']))
}

/// A file of settings with comments, such as cloud-init's examples.
fn is_configuration(lines: &[&str]) -> bool {
    let filled: Vec<&&str> = lines.iter().filter(|line| !line.is_empty()).collect();
    let Some(first) = filled.first() else {
        return false;
    };
    if first.starts_with("#!")
        || first.starts_with("#cloud-config")
        || first.starts_with("#include")
        || first.starts_with("## template")
    {
        return true;
    }
    let comments = filled.iter().filter(|line| line.starts_with('#') && !starts_command(line)).count();
    filled.len() >= 4 && comments * 2 > filled.len()
}

/// Comments become text, settings code.
fn configuration(lines: &[&str], outline: &mut Outline) {
    for group in lines.split(|line| line.is_empty()).filter(|group| !group.is_empty()) {
        // A blank line inside a nested setting does not end it.
        if group.first().is_some_and(|line| indent(line) > 0) {
            outline.more_code("");
            for line in group {
                outline.more_code(line);
            }
            continue;
        }
        let comments = group.iter().take_while(|line| line.starts_with('#')).count();
        let (head, rest) = group.split_at(comments);
        let words: Vec<&str> =
            head.iter().map(|line| line.trim_start_matches('#').trim()).filter(|line| !line.is_empty()).collect();
        // Settings that are commented out are not prose.
        let prose = words
            .iter()
            .filter(|line| line.split_whitespace().count() >= 4 && !is_literal(line) && !line.starts_with('-'))
            .count();
        if prose * 2 >= words.len() && !words.is_empty() {
            outline.text(&words.join("\n"));
            outline.code(&rest.join("\n"));
        } else {
            outline.code(&group.join("\n"));
        }
    }
}

/// Columns of white space at a line's start. Lines are free of tabs here.
fn indent(line: &str) -> usize {
    line.bytes().take_while(|byte| *byte == b' ').count()
}

/// Tabs in the margin, to columns of 8; those further on stay.
fn expand_tabs(line: &str) -> String {
    let mut column = 0;
    for (at, c) in line.char_indices() {
        match c {
            ' ' => column += 1,
            '\t' => column = (column / 8 + 1) * 8,
            _ => {
                return format!("{}{}", " ".repeat(column), line.get(at..).unwrap_or_default());
            }
        }
    }
    String::new()
}
