//! Headings and blocks in reading order become the tree of a [`Document`].
//!
//! Every format's parser feeds this one builder, so that the promises made by `document.rs` (no
//! empty block, headings on one line, code without its margin) are kept in one place. It knows no
//! format.

use crate::document::{Block, Document, Section};

/// A document being built: levels as the page gives them, the tree is made at the end.
#[derive(Debug)]
pub(super) struct Outline {
    /// In order; the first is the root.
    flat: Vec<(usize, Section)>,
}

impl Outline {
    pub(super) fn new() -> Self {
        Self { flat: vec![(0, Section::default())] }
    }

    /// Opens a section. Levels count from 1 and need not be consecutive.
    pub(super) fn heading(&mut self, level: usize, text: &str, anchor: Option<String>) {
        let heading = one_line(text);
        if heading.is_empty() {
            return;
        }
        let anchor = anchor.filter(|anchor| !anchor.is_empty());
        self.flat.push((level.max(1), Section { heading, anchor, ..Section::default() }));
    }

    /// Adds reflowed text; lines that it already has are kept.
    pub(super) fn text(&mut self, text: &str) {
        let text = tidy_lines(text);
        if !text.is_empty() {
            self.push(Block::Text(text));
        }
    }

    /// Adds literal text, less its common margin and the blank lines around it.
    pub(super) fn code(&mut self, text: &str) {
        let text = dedent(text);
        if !text.is_empty() {
            self.push(Block::Code(text));
        }
    }

    /// Adds a table; rows without any text are left out.
    pub(super) fn table(&mut self, rows: &[Vec<String>]) {
        let lines: Vec<String> = rows
            .iter()
            .map(|row| row.iter().map(|cell| one_line(cell)).collect::<Vec<_>>())
            .filter(|row| row.iter().any(|cell| !cell.is_empty()))
            .map(|row| row.join(" | ").trim_end().to_owned())
            .collect();
        if !lines.is_empty() {
            self.push(Block::Table(lines.join("\n")));
        }
    }

    /// Takes back the last block, if it is text for which `wanted` holds.
    pub(super) fn take_text(&mut self, wanted: impl Fn(&str) -> bool) -> Option<String> {
        let blocks = self.blocks()?;
        if !matches!(blocks.last(), Some(Block::Text(text)) if wanted(text)) {
            return None;
        }
        blocks.pop().map(|block| block.text().to_owned())
    }

    /// Adds a line of code to the block above when that is code too.
    pub(super) fn more_code(&mut self, line: &str) {
        if let Some(Block::Code(code)) = self.blocks().and_then(|blocks| blocks.last_mut()) {
            code.push('\n');
            code.push_str(line.trim_end());
        } else {
            self.code(line);
        }
    }

    /// Whether there is nothing but headings.
    pub(super) fn has_no_blocks(&self) -> bool {
        self.flat.iter().all(|(_, section)| section.blocks.is_empty())
    }

    /// The first heading's text, if any.
    pub(super) fn first_heading(&self) -> Option<&str> {
        self.flat.get(1).map(|(_, section)| section.heading.as_str())
    }

    /// Makes the first section's content the root's own: its heading says what the title says.
    pub(super) fn drop_first_heading(&mut self) {
        if self.flat.len() > 1 {
            let (_, first) = self.flat.remove(1);
            if let Some((_, root)) = self.flat.first_mut() {
                root.blocks.extend(first.blocks);
                root.anchor = root.anchor.take().or(first.anchor);
            }
        }
    }

    /// The finished document. `title` is put on one line.
    pub(super) fn finish(self, title: &str) -> Document {
        // A section is closed, and given to its parent, when one of its level or above begins.
        let mut open: Vec<(usize, Section)> = Vec::new();
        for (level, section) in self.flat {
            while open.len() > 1 && open.last().is_some_and(|(above, _)| *above >= level) {
                close(&mut open);
            }
            open.push((level, section));
        }
        while open.len() > 1 {
            close(&mut open);
        }
        let root = open.pop().map(|(_, root)| root).unwrap_or_default();
        Document { title: one_line(title), root }
    }

    fn push(&mut self, block: Block) {
        if let Some(blocks) = self.blocks() {
            blocks.push(block);
        }
    }

    fn blocks(&mut self) -> Option<&mut Vec<Block>> {
        self.flat.last_mut().map(|(_, section)| &mut section.blocks)
    }
}

fn close(open: &mut Vec<(usize, Section)>) {
    if let Some((_, done)) = open.pop()
        && let Some((_, parent)) = open.last_mut()
    {
        parent.children.push(done);
    }
}

/// `text` with every run of white space made one space.
pub(super) fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// Each line of `text` on its own with single spaces, without the empty ones.
pub(super) fn tidy_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines().map(one_line).filter(|line| !line.is_empty()) {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&line);
    }
    out
}

/// `text` without the margin that all its lines share, blank lines around it, and trailing spaces.
pub(super) fn dedent(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let Some(first) = lines.iter().position(|line| !line.is_empty()) else {
        return String::new();
    };
    let last = lines.iter().rposition(|line| !line.is_empty()).unwrap_or(first);
    let lines = lines.get(first..=last).unwrap_or_default();
    let mut margin = lines.first().map_or("", |line| leading_space(line));
    for line in lines.iter().filter(|line| !line.is_empty()) {
        let own = leading_space(line);
        let shared = margin.bytes().zip(own.bytes()).take_while(|(a, b)| a == b).count();
        margin = margin.get(..shared).unwrap_or_default();
    }
    let mut out = String::with_capacity(text.len());
    for (number, line) in lines.iter().enumerate() {
        if number > 0 {
            out.push('\n');
        }
        out.push_str(line.get(margin.len()..).unwrap_or_default());
    }
    out
}

/// The spaces and tabs at the start of a line (ASCII only, so every cut is a character boundary).
fn leading_space(line: &str) -> &str {
    let width = line.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    line.get(..width).unwrap_or_default()
}
