//! What every format becomes: a title and a tree of sections holding text, code and tables.
//!
//! Parsers produce a [`Document`], the chunker consumes it. Nothing here knows where a page came
//! from or which format it had.

/// One page, whatever its format was.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Document {
    /// The page's own title (`zfs-send(8)`, `Snapshots`), never empty: parsers fall back to the
    /// first heading, then to the file's name.
    pub title: String,
    /// The text before the first heading, and everything under it. Its own `heading` is empty.
    pub root: Section,
}

/// A heading and what stands under it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Section {
    /// The heading as a reader sees it, on one line; empty only for a document's root.
    pub heading: String,
    /// The fragment that a browser would jump to (`id` of the heading), where the page has one.
    pub anchor: Option<String>,
    /// What stands between this heading and the first one below it, in order.
    pub blocks: Vec<Block>,
    /// The sections one level below.
    pub children: Vec<Section>,
}

/// One thing that a reader takes in at once. Text is reflowed; code and tables keep their lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A paragraph, a list item, or one entry of a definition list: the term on the first line
    /// (`-w, --raw`), its explanation on the lines after it.
    Text(String),
    /// Literal text: a command, a configuration file, output. Never reflowed, never cut.
    Code(String),
    /// One table, a row a line, cells separated by ` | `, the header row first. Cut only between rows.
    Table(String),
}

impl Document {
    /// Whether the page holds nothing that could be found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.root.is_empty()
    }
}

impl Section {
    /// Whether neither this section nor one below it holds a block.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty() && self.children.iter().all(Section::is_empty)
    }
}

impl Block {
    /// The block's text as it stands.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Code(text) | Self::Table(text) => text,
        }
    }
}
