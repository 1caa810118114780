//! The blocks of a text: paragraphs, lists, quotes, code, tables.
//!
//! A state machine over single characters. At the beginning of a line they are collected until
//! [`start`] knows what the line is; from there on they go where the line's text goes.

use super::{
    inline::{self, Step},
    look::{Look, Piece},
    out::{Out, Prefix, width_of},
    start::{self, CodeStart, Container, Fence, Leaf, Start},
    table::{Table, text_line},
};

/// Text behind a mark that is waited for, in bytes. Longer emphasis and longer addresses are shown
/// as they stand in the source.
const HELD: usize = 400;
/// The beginning of a line that is waited for, in bytes.
const HEAD: usize = 400;
/// A row of a table, in bytes.
const ROW: usize = 8192;
/// Columns between tab stops.
const TAB: usize = 4;

/// Where the characters of a line go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// It is not known yet what the line is.
    Start,
    Paragraph,
    Heading,
    Code,
    Row,
    /// The line was all marks.
    Marks,
}

#[derive(Debug)]
pub(super) struct Blocks {
    out: Out,
    width: usize,
    mode: Mode,
    /// The beginning of a line, in [`Mode::Start`].
    head: String,
    /// The quotes and items that the present block is in.
    stack: Vec<Container>,
    /// The code block that the next line is in.
    fence: Option<Fence>,
    /// A row, in [`Mode::Row`].
    row: String,
    table: Option<Table>,
    /// Whether a paragraph may go on with the next line.
    paragraph: bool,
    /// An empty line is due before the next block.
    blank: bool,
    /// Text from a mark on that may mean something.
    held: String,
    /// The character before it.
    prev: Option<char>,
    /// What all text of the block looks like.
    base: Look,
    /// Spaces at the end of the line so far: two of them break it.
    trailing: usize,
}

impl Blocks {
    pub(super) fn new(width: usize) -> Self {
        Self {
            out: Out::new(width),
            width,
            mode: Mode::Start,
            head: String::new(),
            stack: Vec::new(),
            fence: None,
            row: String::new(),
            table: None,
            paragraph: false,
            blank: false,
            held: String::new(),
            prev: None,
            base: Look::PLAIN,
            trailing: 0,
        }
    }

    /// What can be printed by now.
    pub(super) fn take(&mut self) -> String {
        self.out.take()
    }

    /// The end of the text.
    pub(super) fn finish(mut self) -> String {
        if self.mode != Mode::Start || !self.head.is_empty() {
            self.feed('\n');
        }
        self.end_block();
        self.out.take()
    }

    /// The next character.
    pub(super) fn feed(&mut self, c: char) {
        match (self.mode, c) {
            (Mode::Start, '\n') => {
                self.decide(true);
                self.end_of_line();
            }
            (Mode::Start, '\t') => {
                let spaces = TAB - self.head.chars().count() % TAB;
                self.head.extend(std::iter::repeat_n(' ', spaces));
                self.decide(false);
            }
            (Mode::Start, _) => {
                self.head.push(c);
                self.decide(false);
            }
            (_, '\n') => self.end_of_line(),
            (Mode::Paragraph | Mode::Heading, _) => self.text(if c == '\t' { ' ' } else { c }),
            (Mode::Code, '\t') => {
                let spaces = TAB - self.out.column() % TAB;
                (0..spaces).for_each(|_| self.out.print(' ', Look::CODE));
            }
            (Mode::Code, _) => self.out.print(c, Look::CODE),
            (Mode::Row, _) => {
                self.row.push(c);
                if self.row.len() > ROW {
                    self.row_too_long();
                }
            }
            (Mode::Marks, _) => {}
        }
    }

    fn end_of_line(&mut self) {
        match self.mode {
            Mode::Start | Mode::Marks | Mode::Paragraph => {}
            Mode::Heading => {
                self.settle(true);
                self.out.end_line();
            }
            Mode::Code => self.out.end_raw_line(),
            Mode::Row => {
                let row = std::mem::take(&mut self.row);
                let (text, table) = match self.table.take() {
                    Some(table) => table.row(&row, &mut self.out),
                    None => (None, Table::Maybe(row)),
                };
                self.table = Some(table);
                self.no_table(text);
            }
        }
        self.mode = Mode::Start;
    }

    /// Finds out what the line is, if enough of it has come.
    fn decide(&mut self, ended: bool) {
        if let Some(fence) = &self.fence {
            match start::code_start(&self.head, &self.stack, fence, ended) {
                None => return,
                Some(CodeStart::Line(used)) => return self.go_on(Mode::Code, used),
                Some(CodeStart::Close) => {
                    self.fence = None;
                    self.head.clear();
                    self.mode = Mode::Marks;
                    return;
                }
                Some(CodeStart::Left) => self.fence = None,
            }
        }
        let start = start::start(&self.head, &self.stack, self.paragraph, ended);
        match start {
            Some(start) => self.begin(start),
            None if self.head.len() > HEAD => {
                let kept = if self.paragraph { self.stack.len() } else { 0 };
                self.begin(Start { kept, opened: Vec::new(), leaf: Leaf::Text, used: 0 });
            }
            None => {}
        }
    }

    /// The rest of the line goes its way.
    fn go_on(&mut self, mode: Mode, used: usize) {
        self.mode = mode;
        let head = std::mem::take(&mut self.head);
        head[used..].chars().for_each(|c| self.feed(c));
    }

    fn begin(&mut self, start: Start) {
        let Start { kept, opened, leaf, used } = start;
        let same = kept == self.stack.len() && opened.is_empty();
        if leaf == Leaf::Text && self.paragraph && same {
            if self.trailing >= 2 && self.held.is_empty() {
                self.out.put("\n", Look::PLAIN);
                self.prev = Some('\n');
            } else {
                self.text('\n');
            }
            self.trailing = 0;
            return self.go_on(Mode::Paragraph, used);
        }
        if !(same && leaf == Leaf::Row && self.table.is_some() && !self.blank) {
            self.end_block();
            self.stack.truncate(kept);
            if leaf == Leaf::Blank && opened.is_empty() {
                self.blank = true;
            } else {
                self.open_block(kept, opened, &leaf);
            }
        }
        match leaf {
            Leaf::Blank => self.go_on(Mode::Marks, used),
            Leaf::Text => {
                self.paragraph = true;
                self.go_on(Mode::Paragraph, used);
            }
            Leaf::Heading(level) => {
                self.base = if level == 1 { Look::BOLD | Look::UNDERLINE } else { Look::BOLD };
                self.go_on(Mode::Heading, used);
            }
            Leaf::Fence(fence) => {
                self.fence = Some(fence);
                self.go_on(Mode::Marks, used);
            }
            Leaf::Rule => {
                (0..self.out.room()).for_each(|_| self.out.print('─', Look::DIM));
                self.out.end_raw_line();
                self.go_on(Mode::Marks, used);
            }
            Leaf::Row => self.go_on(Mode::Row, used),
            Leaf::Code => self.go_on(Mode::Code, used),
        }
    }

    /// Prints what is held of the block before.
    fn end_block(&mut self) {
        self.settle(true);
        self.paragraph = false;
        if let Some(table) = self.table.take() {
            let text = table.end(&mut self.out);
            self.no_table(text);
        }
        self.out.end_line();
        self.base = Look::PLAIN;
        self.prev = None;
        self.trailing = 0;
    }

    /// Opens containers and sets what stands before the lines of the block.
    fn open_block(&mut self, kept: usize, opened: Vec<Container>, leaf: &Leaf) {
        if std::mem::take(&mut self.blank) && self.out.has_printed() {
            let prefix = prefix(&self.stack, kept, self.width / 2);
            self.out.blank_line(&prefix);
        }
        self.stack.extend(opened);
        let mut first = prefix(&self.stack, kept, self.width / 2);
        let mut rest = prefix(&self.stack, self.stack.len(), self.width / 2);
        if matches!(leaf, Leaf::Fence(_) | Leaf::Code) {
            first.push(Piece::plain("  "));
            rest.push(Piece::plain("  "));
        }
        self.out.begin(first, rest);
    }

    /// A character of running text.
    fn text(&mut self, c: char) {
        self.trailing = if c == ' ' { self.trailing + 1 } else { 0 };
        self.held.push(c);
        self.settle(false);
    }

    /// Prints what is certain of the held text.
    fn settle(&mut self, ended: bool) {
        while !self.held.is_empty() {
            let ended = ended || self.held.len() > HELD;
            let Step::Take(bytes, pieces) = inline::step(&self.held, self.prev, ended) else { break };
            for piece in pieces {
                self.out.put(&piece.text, piece.look | self.base);
            }
            self.prev = self.held[..bytes].chars().next_back();
            self.held.drain(..bytes);
        }
    }

    /// What looked like a row is a line of text.
    fn no_table(&mut self, text: Option<String>) {
        if let Some(text) = text {
            text_line(&text, Look::PLAIN, &mut self.out);
        }
    }

    fn row_too_long(&mut self) {
        if let Some(table) = self.table.take() {
            let text = table.end(&mut self.out);
            self.no_table(text);
        }
        self.paragraph = true;
        self.mode = Mode::Paragraph;
        std::mem::take(&mut self.row).chars().for_each(|c| self.feed(c));
    }
}

/// What stands before a line in these containers, of which so many show no marker any more. Never
/// wider than `most` but for one marker: the outermost ones give way.
fn prefix(stack: &[Container], shown: usize, most: usize) -> Prefix {
    let mut parts = Prefix::new();
    for (number, container) in stack.iter().enumerate().rev() {
        let piece = match container {
            Container::Quote => Piece::new("│ ", Look::DIM),
            Container::Item { marker, .. } => {
                let marker = if marker.len() == 1 { "• ".to_owned() } else { format!("{marker} ") };
                if number < shown {
                    Piece::plain(" ".repeat(width_of(&[Piece::plain(marker)])))
                } else {
                    Piece::plain(marker)
                }
            }
        };
        if !parts.is_empty() && width_of(&parts) + width_of(std::slice::from_ref(&piece)) > most {
            break;
        }
        parts.insert(0, piece);
    }
    parts
}
