//! A document's structure to passages: what is embedded, searched and served.
//!
//! Passages follow the section tree. A code block or a table is never cut while it fits a passage
//! at all; a long one is cut between lines. Nothing here knows where a page came from.

mod measure;
mod pack;

pub use measure::tokens;
pub(crate) use pack::split_lines;

use crate::document::{Block, Document, Section};

/// How long passages are, in estimated model tokens (see [`tokens`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lengths {
    /// Text is gathered up to here.
    pub target: usize,
    /// Code and tables stay whole up to here.
    pub whole: usize,
    /// Sections shorter than this are joined with their neighbours under the same parent.
    pub tiny: usize,
}

impl Default for Lengths {
    fn default() -> Self {
        Self { target: 400, whole: 900, tiny: 60 }
    }
}

/// A stretch of a page under one heading path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Headings from the outermost in, without the page's title.
    pub headings: Vec<String>,
    /// The fragment of the innermost heading that has one.
    pub anchor: Option<String>,
    /// Blocks separated by blank lines; code stands between fences.
    pub text: String,
}

/// Cuts a document into chunks, in reading order. An empty document has none.
#[must_use]
pub fn chunks(document: &Document, lengths: Lengths) -> Vec<Chunk> {
    let mut out = Vec::new();
    let mut stack = vec![Visit { section: &document.root, headings: Vec::new(), anchor: None }];
    while let Some(visit) = stack.pop() {
        for text in pack::pack(&visit.section.blocks, lengths) {
            out.push(Chunk { headings: visit.headings.clone(), anchor: visit.anchor.clone(), text });
        }
        for child in visit.section.children.iter().rev() {
            stack.push(visit.below(child));
        }
    }
    join_tiny(out, lengths)
}

struct Visit<'a> {
    section: &'a Section,
    headings: Vec<String>,
    anchor: Option<String>,
}

impl<'a> Visit<'a> {
    fn below(&self, section: &'a Section) -> Self {
        let mut headings = self.headings.clone();
        if !section.heading.is_empty() {
            headings.push(section.heading.clone());
        }
        let anchor = section.anchor.clone().or_else(|| self.anchor.clone());
        Self { section, headings, anchor }
    }
}

/// Joins runs of tiny neighbours (a one-line NAME, a list of one-line options): alone they say too
/// little to be found by meaning, and too much of what is found would be headings.
fn join_tiny(chunks: Vec<Chunk>, lengths: Lengths) -> Vec<Chunk> {
    let mut out: Vec<Chunk> = Vec::with_capacity(chunks.len());
    let mut last_size = 0;
    for chunk in chunks {
        let size = tokens(&chunk.text);
        let joined = out.last_mut().is_some_and(|last| {
            let fits = (size < lengths.tiny || last_size < lengths.tiny) && last_size + size <= lengths.target / 2;
            fits && related(&last.headings, &chunk.headings) && {
                join(last, &chunk);
                true
            }
        });
        if joined {
            last_size += size;
        } else {
            last_size = size;
            out.push(chunk);
        }
    }
    out
}

/// Siblings, or a parent and its child.
fn related(a: &[String], b: &[String]) -> bool {
    let shared = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    shared + 1 >= a.len().max(b.len())
}

/// Appends `next` under the headings of `last`, which a reader finds first; those of `next` that
/// are not shared are written into the text.
fn join(last: &mut Chunk, next: &Chunk) {
    let shared = last.headings.iter().zip(&next.headings).take_while(|(x, y)| x == y).count();
    last.text.push_str("\n\n");
    if shared < next.headings.len() {
        last.text.push_str(&next.headings[shared..].join(" > "));
        last.text.push('\n');
    }
    last.text.push_str(&next.text);
}

/// A block as it stands in a chunk's text.
fn rendered(block: &Block) -> String {
    match block {
        Block::Text(text) | Block::Table(text) => text.clone(),
        Block::Code(code) => fenced(code),
    }
}

/// Code between fences that are longer than any run of backticks inside it.
fn fenced(code: &str) -> String {
    let longest = code.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}\n{}\n{fence}", code.trim_end())
}
