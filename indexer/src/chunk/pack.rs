//! Gathers the blocks of one section into texts of about the target length.

use text_splitter::{ChunkConfig, ChunkSizer, TextSplitter};

use super::{Lengths, fenced, rendered, tokens};
use crate::document::Block;

/// The texts of one section's blocks, in order.
pub(super) fn pack(blocks: &[Block], lengths: Lengths) -> Vec<String> {
    let mut packer = Packer { lengths, texts: Vec::new(), open: Vec::new(), open_size: 0 };
    for block in blocks {
        packer.add(block);
    }
    packer.close();
    packer.texts
}

struct Packer {
    lengths: Lengths,
    texts: Vec<String>,
    open: Vec<String>,
    open_size: usize,
}

impl Packer {
    fn add(&mut self, block: &Block) {
        let size = tokens(block.text());
        let literal = matches!(block, Block::Code(_) | Block::Table(_));
        let limit = if literal { self.lengths.whole } else { self.lengths.target };
        if size > limit {
            self.close();
            self.texts.extend(split(block, self.lengths));
            return;
        }
        if self.open_size > 0 && self.open_size + size > self.lengths.target {
            let introduction = literal.then(|| self.take_introduction()).flatten();
            self.close();
            if let Some(text) = introduction {
                self.push(text);
            }
        }
        self.push(rendered(block));
    }

    fn push(&mut self, text: String) {
        self.open_size += tokens(&text);
        self.open.push(text);
    }

    /// The line that announces the code below it goes with the code.
    fn take_introduction(&mut self) -> Option<String> {
        let announces = |text: &String| text.trim_end().ends_with(':') && tokens(text) < 120;
        (self.open.len() > 1 && self.open.last().is_some_and(announces)).then(|| self.open.pop()).flatten()
    }

    fn close(&mut self) {
        if !self.open.is_empty() {
            self.texts.push(self.open.join("\n\n"));
            self.open.clear();
        }
        self.open_size = 0;
    }
}

/// A block that is too long for one passage: prose at sentences, literal text between lines.
fn split(block: &Block, lengths: Lengths) -> Vec<String> {
    match block {
        Block::Text(text) => split_text(text, lengths.target),
        Block::Code(code) => split_lines(code, lengths.target).iter().map(|part| fenced(part)).collect(),
        Block::Table(table) => split_table(table, lengths.target),
    }
}

struct Estimate;

impl ChunkSizer for Estimate {
    fn size(&self, chunk: &str) -> usize {
        tokens(chunk)
    }
}

fn split_text(text: &str, target: usize) -> Vec<String> {
    let splitter = TextSplitter::new(ChunkConfig::new(target).with_sizer(Estimate));
    // The splitter's search is costly on text without boundaries; such text says nothing anyway.
    split_lines(text, target * 40)
        .iter()
        .flat_map(|part| splitter.chunks(part).map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

/// Cuts between lines, and inside a line only where one line alone is over the target.
pub(crate) fn split_lines(text: &str, target: usize) -> Vec<String> {
    let mut parts = Vec::new();
    let mut open = String::new();
    let mut size = 0;
    for line in text.lines().flat_map(|line| pieces(line, target)) {
        let line_size = tokens(line);
        if size > 0 && size + line_size > target {
            parts.push(std::mem::take(&mut open));
            size = 0;
        }
        if !open.is_empty() {
            open.push('\n');
        }
        open.push_str(line);
        size += line_size;
    }
    if !open.trim().is_empty() {
        parts.push(open);
    }
    parts
}

/// A line in pieces of at most `target` tokens: a token has at most six characters, so that a piece
/// of `target` characters always fits.
fn pieces(line: &str, target: usize) -> Vec<&str> {
    if tokens(line) <= target {
        return vec![line];
    }
    let mut out = Vec::new();
    let mut start = 0;
    let mut count = 0;
    for (at, _) in line.char_indices() {
        if count == target {
            out.push(&line[start..at]);
            start = at;
            count = 0;
        }
        count += 1;
    }
    out.push(&line[start..]);
    out
}

/// Rows stay whole; every part begins with the header row.
fn split_table(table: &str, target: usize) -> Vec<String> {
    let Some((header, rows)) = table.split_once('\n') else {
        return split_lines(table, target);
    };
    if tokens(header) > target / 2 {
        return split_lines(table, target);
    }
    split_lines(rows, target - tokens(header)).into_iter().map(|part| format!("{header}\n{part}")).collect()
}
