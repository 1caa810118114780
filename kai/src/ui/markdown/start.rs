//! The beginning of a line: which quotes and lists it belongs to, and what begins on it.
//!
//! Pure functions of the part of the line that has arrived. `None` means that more of it is needed;
//! a letter is enough for a paragraph, a rule needs its whole line. Follows CommonMark, but reads
//! lists as models write them: any deeper marker is a nested item, and code in a list may be
//! indented less than it should be.

/// What a line lies in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Container {
    /// `> text`
    Quote,
    /// `- text`, `1. text`
    Item {
        /// Columns before the marker, from the beginning of the line or the quote.
        before: usize,
        /// Columns before the text, the same way.
        indent: usize,
        /// The marker.
        marker: String,
    },
}

/// The two ends of a code block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fence {
    mark: u8,
    length: usize,
    /// Columns before the opening one, which the lines of code have too.
    indent: usize,
}

/// What begins on a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Leaf {
    Blank,
    Text,
    /// A heading of this level.
    Heading(usize),
    Fence(Fence),
    Rule,
    /// A row of a table, if it turns out to be one.
    Row,
    /// A line of indented code.
    Code,
}

/// The beginning of a line, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Start {
    /// How many of the open containers it is in.
    pub(super) kept: usize,
    /// The containers that begin on it.
    pub(super) opened: Vec<Container>,
    pub(super) leaf: Leaf,
    /// Bytes that were marks; what follows is content.
    pub(super) used: usize,
}

/// Quotes and lists in each other, at most.
const DEPTH: usize = 12;

/// `head` is the line without tabs, as far as it has come; `ended` says that this is all. `stack`
/// are the open containers and `paragraph` says whether the last line was running text.
pub(super) fn start(head: &str, stack: &[Container], paragraph: bool, ended: bool) -> Option<Start> {
    let mut line = Line { head, base: 0, at: 0, ended };
    let kept = line.keep(stack)?;
    let mut opened = Vec::new();
    let leaf = line.leaf(stack, kept, &mut opened, paragraph)?;
    // A paragraph goes on without the marks of what it lies in.
    let lazy = leaf == Leaf::Text && paragraph && opened.is_empty();
    let kept = if lazy { stack.len() } else { kept };
    Some(Start { kept, opened, leaf, used: line.at })
}

/// The beginning of a line in a code block.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CodeStart {
    /// The closing fence.
    Close,
    /// Code, behind so many bytes.
    Line(usize),
    /// The quote around the block has ended, and the block with it.
    Left,
}

/// The same within a code block.
pub(super) fn code_start(head: &str, stack: &[Container], fence: &Fence, ended: bool) -> Option<CodeStart> {
    let mut line = Line { head, base: 0, at: 0, ended };
    for container in stack {
        match container {
            Container::Quote if !line.quote()? => return Some(CodeStart::Left),
            Container::Quote => {}
            Container::Item { indent, .. } => line.skip_spaces((line.base + indent).saturating_sub(line.at))?,
        }
    }
    line.skip_spaces(fence.indent)?;
    let rest = line.rest();
    let spaces = super::inline::run(rest, b' ');
    let length = super::inline::run(&rest[spaces..], fence.mark);
    let behind = rest[spaces + length..].trim_start_matches(' ');
    if spaces > 3 || !behind.is_empty() {
        return Some(CodeStart::Line(line.at));
    }
    match ended {
        true if length >= fence.length => Some(CodeStart::Close),
        true => Some(CodeStart::Line(line.at)),
        false if length > 0 && length < fence.length && rest.ends_with(' ') => Some(CodeStart::Line(line.at)),
        false => None,
    }
}

struct Line<'a> {
    head: &'a str,
    /// Behind the mark of the last quote.
    base: usize,
    at: usize,
    ended: bool,
}

impl<'a> Line<'a> {
    fn rest(&self) -> &'a str {
        &self.head[self.at..]
    }

    /// Spaces from here on, and what stands behind them. `None` if that has not come yet.
    fn spaces(&self) -> Option<(usize, &'a str)> {
        let rest = self.rest();
        let spaces = super::inline::run(rest, b' ');
        (spaces < rest.len() || self.ended).then(|| (spaces, &rest[spaces..]))
    }

    /// Skips up to so many spaces.
    fn skip_spaces(&mut self, most: usize) -> Option<()> {
        let spaces = super::inline::run(self.rest(), b' ').min(most);
        if spaces < most && spaces == self.rest().len() && !self.ended {
            return None;
        }
        self.at += spaces;
        Some(())
    }

    /// Skips the mark of a quote if there is one.
    fn quote(&mut self) -> Option<bool> {
        let (spaces, rest) = self.spaces()?;
        if spaces > 3 || !rest.starts_with('>') {
            return Some(false);
        }
        if rest.len() == 1 && !self.ended {
            return None;
        }
        self.at += spaces + 1;
        self.at += usize::from(self.rest().starts_with(' '));
        self.base = self.at;
        Some(true)
    }

    /// How many of the open containers go on.
    fn keep(&mut self, stack: &[Container]) -> Option<usize> {
        for (number, container) in stack.iter().enumerate() {
            match container {
                Container::Quote => {
                    if !self.quote()? {
                        return Some(number);
                    }
                }
                Container::Item { before, indent, .. } => {
                    let (spaces, rest) = self.spaces()?;
                    let column = self.at + spaces - self.base;
                    // An empty line ends no list.
                    if column < before + 2 && !rest.is_empty() {
                        return Some(number);
                    }
                    self.at = self.at.max(self.base + column.min(*indent));
                }
            }
        }
        Some(stack.len())
    }

    fn leaf(&mut self, stack: &[Container], kept: usize, opened: &mut Vec<Container>, paragraph: bool) -> Option<Leaf> {
        let was_in_list = stack.iter().any(is_item);
        loop {
            let (spaces, rest) = self.spaces()?;
            let in_list = stack[..kept].iter().chain(opened.iter()).any(is_item);
            let goes_on = paragraph && opened.is_empty();
            let deep = kept + opened.len() >= DEPTH;
            let leaf = match rest.as_bytes().first() {
                None => Some(Leaf::Blank),
                Some(_) if spaces >= 4 && !in_list => {
                    if !goes_on {
                        self.at += 4;
                        return Some(Leaf::Code);
                    }
                    Some(Leaf::Text)
                }
                Some(b'>') if !deep => {
                    // Lenient about the spaces before it, as in a list.
                    self.at += spaces.saturating_sub(3);
                    self.quote()?;
                    opened.push(Container::Quote);
                    continue;
                }
                Some(b'#') => self.heading(rest)?,
                Some(b'`' | b'~') => self.fence(rest, spaces)?,
                Some(b'=') if goes_on => self.setext(rest)?,
                Some(b'|') => Some(Leaf::Row),
                Some(b'-' | b'*' | b'_') if self.rule(rest)? => Some(Leaf::Rule),
                Some(_) => None,
            };
            match leaf {
                Some(Leaf::Heading(level)) => {
                    self.at += spaces + level;
                    return Some(Leaf::Heading(level));
                }
                Some(leaf @ (Leaf::Rule | Leaf::Fence(_) | Leaf::Blank)) => {
                    self.at = self.head.len();
                    return Some(leaf);
                }
                Some(leaf @ (Leaf::Text | Leaf::Row | Leaf::Code)) => {
                    self.at += spaces;
                    return Some(leaf);
                }
                None => {}
            }
            let before = self.at + spaces - self.base;
            let item = if deep { None } else { self.item(rest, before, goes_on, was_in_list)? };
            let Some((item, length)) = item else {
                self.at += spaces;
                return Some(Leaf::Text);
            };
            self.at += spaces + length;
            opened.push(item);
        }
    }

    fn heading(&self, rest: &str) -> Option<Option<Leaf>> {
        let level = super::inline::run(rest, b'#');
        match rest.as_bytes().get(level) {
            None if !self.ended && level <= 6 => None,
            None | Some(b' ') if level <= 6 => Some(Some(Leaf::Heading(level))),
            _ => Some(None),
        }
    }

    /// The rest of the line is the language, unless it is code: ```` ```zfs list``` ````.
    fn fence(&self, rest: &str, indent: usize) -> Option<Option<Leaf>> {
        let mark = rest.as_bytes()[0];
        let length = super::inline::run(rest, mark);
        let info = &rest[length..];
        if info.is_empty() && !self.ended {
            return None;
        }
        if length < 3 || (mark == b'`' && info.contains('`')) {
            return Some(Some(Leaf::Text));
        }
        self.ended.then_some(Some(Leaf::Fence(Fence { mark, length, indent })))
    }

    /// Underlines make a heading of text that is on the screen already: they become a rule.
    fn setext(&self, rest: &str) -> Option<Option<Leaf>> {
        if rest.trim_end().bytes().any(|byte| byte != b'=') {
            return Some(Some(Leaf::Text));
        }
        self.ended.then_some(Some(if rest.trim_end().len() >= 3 { Leaf::Rule } else { Leaf::Text }))
    }

    fn rule(&self, rest: &str) -> Option<bool> {
        let mark = rest.as_bytes()[0];
        if rest.bytes().any(|byte| byte != mark && byte != b' ') {
            return Some(false);
        }
        self.ended.then(|| rest.bytes().filter(|byte| *byte == mark).count() >= 3)
    }

    /// The marker of a list, and the bytes up to its text.
    fn item(&self, rest: &str, before: usize, goes_on: bool, was_in_list: bool) -> Option<Option<(Container, usize)>> {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let marker = match rest.as_bytes()[0] {
            b'-' | b'*' | b'+' => 1,
            b'0'..=b'9' if digits <= 9 => match rest.as_bytes().get(digits) {
                None if !self.ended => return None,
                Some(b'.' | b')') => digits + 1,
                _ => return Some(None),
            },
            _ => return Some(None),
        };
        let behind = &rest[marker..];
        let spaces = super::inline::run(behind, b' ');
        let empty = spaces == behind.len();
        if empty && !self.ended {
            return None;
        }
        // A number at the beginning of a line of running text is a number.
        let year = goes_on && !was_in_list && digits > 0 && rest[..digits].parse() != Ok(1);
        if (spaces == 0 && !empty) || (goes_on && empty) || year {
            return Some(None);
        }
        let gap = if empty || spaces > 4 { 1 } else { spaces };
        let marker_text = rest[..marker].to_owned();
        let item = Container::Item { before, indent: before + marker + gap, marker: marker_text };
        Some(Some((item, marker + gap.min(behind.len()))))
    }
}

fn is_item(container: &Container) -> bool {
    matches!(container, Container::Item { .. })
}
