//! List items and entries that gather paragraphs until something else interrupts them.
//!
//! Shared by the parsers whose formats nest lists; knows none of them.

use super::outline::Outline;

/// An outline, and the item that is open in it.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) outline: Outline,
    /// The item being collected; its lines are paragraphs.
    item: Option<String>,
    /// How many items are open around this place.
    depth: usize,
}

impl Flow {
    pub(super) fn new() -> Self {
        Self { outline: Outline::new(), item: None, depth: 0 }
    }

    /// Whether an item is open.
    pub(super) fn in_item(&self) -> bool {
        self.depth > 0
    }

    /// Adds a paragraph: a line of the open item, or a block.
    pub(super) fn paragraph(&mut self, text: &str) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        match &mut self.item {
            Some(item) => {
                // `1. ` and the like stand before the first paragraph, on its line.
                if !item.is_empty() && !item.ends_with(". ") {
                    item.push('\n');
                }
                item.push_str(text);
            }
            None => self.outline.text(text),
        }
    }

    /// Opens an item that begins with `start`.
    pub(super) fn open(&mut self, start: String) {
        self.flush();
        self.item = Some(start);
        self.depth += 1;
    }

    /// Closes the innermost item; what follows in the item around it is a block of its own.
    pub(super) fn close(&mut self) {
        self.flush();
        self.depth = self.depth.saturating_sub(1);
        self.item = (self.depth > 0).then(String::new);
    }

    /// Ends the open item's text, so that another block can follow it.
    pub(super) fn interrupt(&mut self) {
        self.flush();
        self.item = (self.depth > 0).then(String::new);
    }

    /// Adds literal text.
    pub(super) fn code(&mut self, text: &str) {
        if !text.trim().is_empty() {
            self.interrupt();
            self.outline.code(text);
        }
    }

    /// Adds a table.
    pub(super) fn table(&mut self, rows: &[Vec<String>]) {
        self.interrupt();
        self.outline.table(rows);
    }

    fn flush(&mut self) {
        if let Some(item) = self.item.take() {
            self.outline.text(&item);
        }
    }
}
