//! reStructuredText pages.
//!
//! A reader for documentation, not docutils: includes, substitutions and cross-references are not
//! followed. Directives that are not known keep their content.

mod directive;
mod inline;
mod table;

use self::inline::plain;
use super::adorn::{self, Levels};
use super::flow::Flow;
use crate::document::Document;

/// How deep lists and directives may be nested; deeper text is taken as it stands.
const DEPTH: usize = 32;

/// Makes the tree of a page.
pub(super) fn parse(source: &str) -> Document {
    let source = source.replace('\t', "        ");
    let lines: Vec<&str> = source.lines().map(str::trim_end).collect();
    let mut reader = Reader { flow: Flow::new(), levels: Levels::default(), anchor: None };
    reader.body(&lines, 0);
    reader.flow.interrupt();
    let mut outline = reader.flow.outline;
    let title = outline.first_heading().unwrap_or_default().to_owned();
    outline.drop_first_heading();
    outline.finish(&title)
}

struct Reader {
    flow: Flow,
    levels: Levels,
    /// The target (`.. _name:`) that was named last, for the heading after it.
    anchor: Option<String>,
}

impl Reader {
    fn body(&mut self, lines: &[&str], depth: usize) {
        if depth > DEPTH {
            self.flow.paragraph(&lines.join(" "));
            return;
        }
        let mut rest = lines;
        while let Some(first) = rest.first() {
            let taken = if first.is_empty() { 1 } else { self.element(first, rest, depth).max(1) };
            rest = rest.get(taken..).unwrap_or_default();
        }
    }

    /// Reads the element that starts at `lines`' first, which is not empty; says how many lines it takes.
    fn element(&mut self, first: &str, lines: &[&str], depth: usize) -> usize {
        if indent(first) > 0 {
            let block = indented(lines, indent(first));
            self.body(&dedent(block, indent(first)), depth + 1);
            return block.len();
        }
        if let Some(taken) = self.heading(lines) {
            return taken;
        }
        if table::is_grid_border(first) {
            let rows = lines.iter().take_while(|line| line.starts_with(['+', '|'])).count();
            self.flow.table(&table::grid(lines.get(..rows).unwrap_or_default()));
            return rows;
        }
        if table::is_simple_border(first)
            && let Some(taken) = end_of_simple(lines)
        {
            self.flow.table(&table::simple(lines.get(..taken).unwrap_or_default()));
            return taken;
        }
        if adorn::line(first).is_some_and(|(_, length)| length >= 4) {
            self.flow.interrupt();
            return 1;
        }
        if first.starts_with(".. ") || first == ".." || first.starts_with("__ ") {
            let taken = 1 + indented(lines.get(1..).unwrap_or_default(), 1).len();
            self.explicit(first, lines.get(1..taken).unwrap_or_default(), depth);
            return taken;
        }
        if first.starts_with(">>> ") {
            let taken = lines.iter().take_while(|line| !line.is_empty()).count();
            self.flow.code(&lines.get(..taken).unwrap_or_default().join("\n"));
            return taken;
        }
        if first.starts_with("| ") || first == "|" {
            let taken = lines.iter().take_while(|line| line.starts_with('|') || line.starts_with(' ')).count();
            let text: Vec<String> =
                lines.iter().take(taken).map(|line| plain(line.trim_start_matches('|').trim())).collect();
            self.flow.paragraph(&text.join("\n"));
            return taken;
        }
        if let Some((width, start)) = list_mark(first) {
            return self.item(lines, width, start, depth);
        }
        if let Some((name, value)) = field(first) {
            let block = indented(lines.get(1..).unwrap_or_default(), 1);
            self.flow.open(format!("{}: {}", plain(name), plain(value)).trim_end().to_owned());
            self.nested(block, depth);
            self.flow.close();
            return 1 + block.len();
        }
        self.prose(first, lines, depth)
    }

    fn heading(&mut self, lines: &[&str]) -> Option<usize> {
        if self.flow.in_item() {
            return None;
        }
        let first = lines.first()?;
        let (mark, text, taken) = match (adorn::line(first), lines.get(1), lines.get(2)) {
            (Some((over, length)), Some(text), Some(under))
                if length >= 3
                    && !text.trim().is_empty()
                    && adorn::line(under).is_some_and(|(below, _)| below == over) =>
            {
                ((over, true), text.trim(), 3)
            }
            (None, Some(under), _) => {
                let (mark, length) = adorn::line(under)?;
                // A shorter line is a mistake that docutils forgives from four marks on.
                if length < first.chars().count() && length < 4 || under.starts_with("::") || first.starts_with(".. ") {
                    return None;
                }
                ((mark, false), first.trim(), 2)
            }
            (Some(_) | None, _, _) => return None,
        };
        self.flow.interrupt();
        let level = self.levels.of(mark.0, mark.1);
        let anchor = self.anchor.take();
        self.flow.outline.heading(level, &plain(text), anchor);
        Some(taken)
    }

    /// A list's item, with everything set in below it.
    fn item(&mut self, lines: &[&str], width: usize, start: String, depth: usize) -> usize {
        let more = indented(lines.get(1..).unwrap_or_default(), width.min(2));
        let mut inner: Vec<&str> =
            vec![lines.first().and_then(|line| line.get(width..)).unwrap_or_default().trim_start()];
        let own = more.iter().filter(|line| !line.is_empty()).map(|line| indent(line)).min().unwrap_or(width);
        inner.extend(dedent(more, own.min(width)));
        self.flow.open(start);
        self.body(&inner, depth + 1);
        self.flow.close();
        1 + more.len()
    }

    /// A paragraph, a term with its definition, or an option with its explanation.
    fn prose(&mut self, first: &str, lines: &[&str], depth: usize) -> usize {
        let second = lines.get(1).copied().unwrap_or_default();
        if first.starts_with('-')
            && let Some((option, words)) = first.split_once("  ")
        {
            let block = indented(lines.get(1..).unwrap_or_default(), 2);
            self.flow.open(format!("{option}\n{}", plain(words.trim())));
            self.nested(block, depth);
            self.flow.close();
            return 1 + block.len();
        }
        if indent(second) > 0 && !first.ends_with("::") {
            let block = indented(lines.get(1..).unwrap_or_default(), 1);
            // `term : class` is docutils' way to say what kind of term it is.
            self.flow.open(plain(first));
            self.nested(block, depth);
            self.flow.close();
            return 1 + block.len();
        }
        let count = lines.iter().take_while(|line| !line.is_empty() && indent(line) == 0).count().max(1);
        let text = lines.get(..count).unwrap_or_default().join(" ");
        let Some(before) = text.strip_suffix("::") else {
            self.flow.paragraph(&plain(&text));
            return count;
        };
        let colon = if before.is_empty() || before.ends_with(' ') { "" } else { ":" };
        self.flow.paragraph(&format!("{}{colon}", plain(before.trim_end())));
        let block = indented(lines.get(count..).unwrap_or_default(), 1);
        self.flow.code(&block.join("\n"));
        count + block.len()
    }

    fn nested(&mut self, block: &[&str], depth: usize) {
        let own = block.iter().filter(|line| !line.is_empty()).map(|line| indent(line)).min().unwrap_or(0);
        self.body(&dedent(block, own), depth + 1);
    }
}

/// The lines from the first on that are set in by `margin` or empty; trailing empty ones are left.
fn indented<'a, 'b>(lines: &'b [&'a str], margin: usize) -> &'b [&'a str] {
    let mut end = 0;
    for (at, line) in lines.iter().enumerate() {
        if line.is_empty() {
            continue;
        }
        if indent(line) < margin {
            break;
        }
        end = at + 1;
    }
    lines.get(..end).unwrap_or_default()
}

fn dedent<'a>(lines: &[&'a str], margin: usize) -> Vec<&'a str> {
    lines.iter().map(|line| line.get(margin.min(indent(line))..).unwrap_or_default()).collect()
}

fn indent(line: &str) -> usize {
    line.bytes().take_while(|byte| *byte == b' ').count()
}

/// A simple table ends with its third border, or its second one before an empty line.
fn end_of_simple(lines: &[&str]) -> Option<usize> {
    let mut borders = 0;
    for (at, line) in lines.iter().enumerate() {
        if table::is_simple_border(line) {
            borders += 1;
            let last = lines.get(at + 1).is_none_or(|next| next.is_empty());
            if borders >= 3 || (borders == 2 && last) {
                return Some(at + 1);
            }
        } else if !line.is_empty() && borders >= 2 && lines.get(at + 1).is_none() {
            return None;
        }
    }
    None
}

/// Width of a list item's mark and what the item begins with.
fn list_mark(line: &str) -> Option<(usize, String)> {
    for mark in ["- ", "* ", "+ ", "• "] {
        if line.starts_with(mark) {
            return Some((mark.len(), String::new()));
        }
    }
    let (number, rest) = line.split_once(' ')?;
    let digits = number.trim_start_matches('(').trim_end_matches(['.', ')']);
    let known =
        digits == "#" || (digits.len() <= 3 && !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()));
    if !known || digits.len() == number.len() || rest.trim().is_empty() {
        return None;
    }
    let start = if digits == "#" { String::new() } else { format!("{digits}. ") };
    Some((number.len() + 1, start))
}

/// `:name: value`.
fn field(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.strip_prefix(':')?.split_once(':')?;
    let is_name = !name.is_empty() && name.len() <= 60 && !name.starts_with(' ') && !name.contains('`');
    (is_name && (value.is_empty() || value.starts_with(' '))).then_some((name, value.trim()))
}
