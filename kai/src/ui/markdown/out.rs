//! Text laid out on lines of a given width, while it arrives.
//!
//! Knows words, columns and looks, and nothing of Markdown. A word that begins a line is printed
//! letter by letter, since it cannot move any more; every other word is held until it is known to
//! fit. Nothing that was printed is ever taken back.

use super::look::{Look, Piece};

/// What stands at the left of every line of a block: bars of quotes, markers of lists.
pub(super) type Prefix = Vec<Piece>;

/// A line is never left wider than `width` unless one word is.
#[derive(Debug)]
pub(super) struct Out {
    /// What is ready to be printed.
    text: String,
    width: usize,
    /// Columns used on the line.
    column: usize,
    /// Whether anything is on the line.
    open: bool,
    /// For the next line only: the one with the marker.
    first: Option<Prefix>,
    rest: Prefix,
    /// Spaces due before the next word.
    gap: usize,
    /// The word that is not printed yet.
    word: Vec<(char, Look)>,
    word_width: usize,
    /// Whether the present word is being printed as it comes.
    direct: bool,
    /// The last character, where a line might break behind it.
    last: Option<char>,
    /// What the terminal is set to.
    active: Look,
    /// Whether anything was ever printed.
    printed: bool,
}

impl Out {
    pub(super) fn new(width: usize) -> Self {
        Self {
            text: String::new(),
            width,
            column: 0,
            open: false,
            first: None,
            rest: Prefix::new(),
            gap: 0,
            word: Vec::new(),
            word_width: 0,
            direct: false,
            last: None,
            active: Look::PLAIN,
            printed: false,
        }
    }

    /// What can be printed by now.
    pub(super) fn take(&mut self) -> String {
        std::mem::take(&mut self.text)
    }

    /// Whether anything was printed at all.
    pub(super) fn has_printed(&self) -> bool {
        self.printed
    }

    /// Columns beside the prefix.
    pub(super) fn room(&self) -> usize {
        self.width.saturating_sub(width_of(&self.rest))
    }

    /// A block begins: what stands before its first line, and before the others.
    pub(super) fn begin(&mut self, first: Prefix, rest: Prefix) {
        self.end_line();
        self.first = Some(first);
        self.rest = rest;
    }

    /// A line with nothing on it but its prefix.
    pub(super) fn blank_line(&mut self, prefix: &Prefix) {
        self.end_line();
        self.put_prefix(prefix, true);
        self.newline();
    }

    /// A piece of running text. A line end in it ends the line.
    pub(super) fn put(&mut self, text: &str, look: Look) {
        text.chars().for_each(|c| self.put_char(c, look));
    }

    fn put_char(&mut self, c: char, look: Look) {
        match c {
            '\n' => {
                self.flush();
                self.newline();
            }
            // A citation is one word.
            ' ' if !look.has(Look::CITE) => {
                self.flush();
                if self.open {
                    // The spaces of code are its own.
                    self.gap = if look.has(Look::CODE) { self.gap + 1 } else { self.gap.max(1) };
                }
            }
            _ => {
                if self.last.is_some_and(|last| breaks_between(last, c)) {
                    self.flush();
                }
                self.last = Some(c);
                self.direct |= !self.open;
                if self.direct {
                    self.print(c, look);
                } else {
                    self.word.push((c, look));
                    self.word_width += char_width(c);
                    if self.column + self.gap + self.word_width > self.width {
                        self.newline();
                        self.print_word();
                        self.direct = true;
                    }
                }
            }
        }
    }

    /// The end of a word.
    fn flush(&mut self) {
        if let Some((_, look)) = self.word.first() {
            if *look != self.active {
                self.set(Look::PLAIN);
            }
            self.text.extend(std::iter::repeat_n(' ', self.gap));
            self.column += self.gap;
            self.gap = 0;
            self.print_word();
        }
        self.direct = false;
        self.last = None;
    }

    fn print_word(&mut self) {
        for (c, look) in std::mem::take(&mut self.word) {
            self.print(c, look);
        }
        self.word_width = 0;
    }

    /// A character as it is, where it is: code, a line of a table.
    pub(super) fn print(&mut self, c: char, look: Look) {
        if !self.open {
            self.open_line(false);
        }
        self.set(look);
        self.text.push(c);
        self.column += char_width(c);
    }

    /// Ends the line if there is anything on it, or a marker that has no text.
    pub(super) fn end_line(&mut self) {
        self.flush();
        if self.open {
            self.newline();
        } else if self.first.as_ref().is_some_and(|prefix| prefix.iter().any(|piece| !piece.text.trim().is_empty())) {
            self.end_raw_line();
        }
        self.first = None;
    }

    /// Ends a line of code, which may be empty.
    pub(super) fn end_raw_line(&mut self) {
        if !self.open {
            self.open_line(true);
        }
        self.newline();
    }

    /// Columns used beside the prefix.
    pub(super) fn column(&self) -> usize {
        if self.open { self.column.saturating_sub(width_of(&self.rest)) } else { 0 }
    }

    fn open_line(&mut self, trimmed: bool) {
        let first = self.first.take();
        let prefix = first.as_ref().unwrap_or(&self.rest).clone();
        self.put_prefix(&prefix, trimmed);
        self.open = true;
    }

    fn put_prefix(&mut self, prefix: &Prefix, trimmed: bool) {
        let wanted = prefix.iter().rposition(|piece| !piece.text.trim_end().is_empty()).map_or(0, |last| last + 1);
        let count = if trimmed { wanted } else { prefix.len() };
        for (number, piece) in prefix[..count].iter().enumerate() {
            let text = if trimmed && number + 1 == count { piece.text.trim_end() } else { &piece.text };
            for c in text.chars() {
                self.set(if c == ' ' { Look::PLAIN } else { piece.look });
                self.text.push(c);
                self.column += char_width(c);
            }
        }
    }

    fn newline(&mut self) {
        self.set(Look::PLAIN);
        self.text.push('\n');
        self.column = 0;
        self.open = false;
        self.gap = 0;
        self.direct = false;
        self.printed = true;
    }

    fn set(&mut self, look: Look) {
        self.printed = true;
        if look == self.active {
            return;
        }
        if self.active != Look::PLAIN {
            self.text.push_str(&format!("{:#}", self.active.style()));
        }
        self.text.push_str(&look.style().to_string());
        self.active = look;
    }
}

/// Columns of a prefix.
pub(super) fn width_of(prefix: &[Piece]) -> usize {
    prefix.iter().flat_map(|piece| piece.text.chars()).map(char_width).sum()
}

/// Columns of a character. A sum of these is never less than what a terminal uses.
pub(super) fn char_width(c: char) -> usize {
    match c {
        ' '..='~' => 1,
        // Asks for the picture form of the character before it, which is wider.
        '\u{fe0f}' => 1,
        _ => console::measure_text_width(c.encode_utf8(&mut [0; 4])),
    }
}

/// Chinese and Japanese have no spaces: a line may break between two characters, but not before a
/// mark that closes or behind one that opens.
pub(super) fn breaks_between(last: char, next: char) -> bool {
    const CLOSING: &str = "、。，．！？：；）」』】〉》〕］｝ー々…";
    const OPENING: &str = "（「『【〈《〔［｛";
    let wide = |c: char| !c.is_ascii() && char_width(c) == 2;
    (wide(last) || wide(next))
        && char_width(next) > 0
        && last != '\u{200d}'
        && next != '\u{fe0f}'
        && !CLOSING.contains(next)
        && !OPENING.contains(last)
        && !(next.is_ascii_punctuation() || last.is_ascii_punctuation())
}
