//! Markdown shown on a terminal while it is being written.
//!
//! Text comes in pieces of any size, and what can be printed of it goes out at once; what is on the
//! screen is never changed, so the cursor never moves up. What goes out depends on the text alone,
//! not on the pieces. No control character or escape sequence of the text gets through
//! ([`clean`](super::clean)). Nothing here prints, and nothing knows where the text comes from.

mod blocks;
mod inline;
mod link;
mod look;
mod out;
mod start;
mod table;
#[cfg(test)]
mod tests;

use blocks::Blocks;

use super::clean::Cleaner;

/// Where the text is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether there are colours, and with them everything else that a terminal can do. Without
    /// them (`NO_COLOR`, a pipe) the source itself goes out.
    pub colour: bool,
    /// Columns of the terminal; 20 to 100 of them are used.
    pub width: usize,
}

/// One text on its way to the terminal.
#[derive(Debug)]
pub struct Markdown {
    cleaner: Cleaner,
    style: Style,
    /// `None` where the source itself goes out.
    blocks: Option<Blocks>,
    /// Whether the source so far ends within a line.
    mid_line: bool,
}

impl Markdown {
    /// Begins a text.
    #[must_use]
    pub fn new(style: Style) -> Self {
        let blocks = style.colour.then(|| Blocks::new(style.width.clamp(20, 100)));
        Self { cleaner: Cleaner::default(), style, blocks, mid_line: false }
    }

    /// The next piece of the text; gives what can be printed by now.
    ///
    /// Until [`finish`](Self::finish) the terminal may be left with a colour on.
    #[must_use]
    pub fn push(&mut self, text: &str) -> String {
        let text = self.cleaner.push(text);
        if let Some(last) = text.chars().next_back() {
            self.mid_line = last != '\n';
        }
        match &mut self.blocks {
            Some(blocks) => {
                text.chars().for_each(|c| blocks.feed(c));
                blocks.take()
            }
            None => text,
        }
    }

    /// The end of the text, or of what there will ever be of it; gives what is left to print.
    ///
    /// After it the cursor stands at the beginning of a line, colours are off, and another text can
    /// begin.
    #[must_use]
    pub fn finish(&mut self) -> String {
        let ended = std::mem::replace(self, Self::new(self.style));
        match ended.blocks {
            Some(blocks) => blocks.finish(),
            None => if ended.mid_line { "\n" } else { "" }.to_owned(),
        }
    }
}
