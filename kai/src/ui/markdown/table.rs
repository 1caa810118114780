//! Tables, a row at a time.
//!
//! The widths of the columns are fixed by the header and the first row, with some room to grow:
//! the rows that follow are printed as they come, and wrap within their columns. A table that does
//! not fit the width at all is shown as records, `header: cell` on a line.

use super::{
    inline,
    look::{Look, Piece},
    out::{Out, breaks_between, char_width},
};

/// A column is not made narrower than this.
const NARROWEST: usize = 8;
/// Columns between two columns.
const BETWEEN: usize = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Align {
    Left,
    Centre,
    Right,
}

/// A table that may still turn out to be none.
#[derive(Debug)]
pub(super) enum Table {
    /// One row with bars, as it stood in the source.
    Maybe(String),
    /// Header and separator have come.
    Header(Columns),
    /// Rows are being printed.
    Rows(Columns, Vec<usize>),
    /// Too many columns for this terminal; whether a record was printed.
    Records(Columns, bool),
}

/// What the header says.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    titles: Vec<String>,
    align: Vec<Align>,
}

impl Table {
    /// The next row. What stood before it was no table if the old value comes back as text.
    pub(super) fn row(self, row: &str, out: &mut Out) -> (Option<String>, Self) {
        match self {
            Self::Maybe(header) => match columns(&header, row) {
                Some(columns) => (None, Self::Header(columns)),
                None => (Some(header), Self::Maybe(row.to_owned())),
            },
            Self::Header(columns) => {
                let cells = cells(row, columns.titles.len());
                let table = columns.begin(Some(&cells), out);
                (None, table.cells(&cells, out))
            }
            table @ (Self::Rows(..) | Self::Records(..)) => {
                let count = table.columns().map_or(0, |columns| columns.titles.len());
                (None, table.cells(&cells(row, count), out))
            }
        }
    }

    /// No more rows. What was no table comes back.
    pub(super) fn end(self, out: &mut Out) -> Option<String> {
        match self {
            Self::Maybe(header) => return Some(header),
            Self::Header(columns) => {
                if let Self::Records(columns, _) = columns.begin(None, out) {
                    columns.titles.iter().for_each(|title| text_line(title, Look::BOLD, out));
                }
            }
            Self::Rows(..) | Self::Records(..) => {}
        }
        None
    }

    fn columns(&self) -> Option<&Columns> {
        match self {
            Self::Maybe(_) => None,
            Self::Header(columns) | Self::Rows(columns, _) | Self::Records(columns, _) => Some(columns),
        }
    }

    fn cells(self, cells: &[String], out: &mut Out) -> Self {
        match self {
            Self::Rows(columns, widths) => {
                columns.line(cells, &widths, Look::PLAIN, out);
                Self::Rows(columns, widths)
            }
            Self::Records(columns, printed) => {
                if printed {
                    out.end_raw_line();
                }
                for (title, cell) in columns.titles.iter().zip(cells) {
                    if title.is_empty() && cell.is_empty() {
                        continue;
                    }
                    if !title.is_empty() {
                        text(title, Look::BOLD, out);
                        out.put(": ", Look::PLAIN);
                    }
                    text_line(cell, Look::PLAIN, out);
                }
                Self::Records(columns, true)
            }
            Self::Maybe(_) | Self::Header(_) => self,
        }
    }
}

impl Columns {
    /// Fixes the widths and prints the header.
    fn begin(self, first: Option<&[String]>, out: &mut Out) -> Table {
        let wanted = |number: usize| {
            let cell = first.and_then(|cells| cells.get(number)).map_or(0, |cell| cell_width(cell));
            cell_width(&self.titles[number]).max(cell).max(1)
        };
        let wanted: Vec<usize> = (0..self.titles.len()).map(wanted).collect();
        let Some(widths) = widths(&wanted, out.room()) else { return Table::Records(self, false) };
        self.line(&self.titles, &widths, Look::BOLD, out);
        let rules: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
        rules.join("─┼─").chars().for_each(|c| out.print(c, Look::DIM));
        out.end_raw_line();
        Table::Rows(self, widths)
    }

    /// One row, on as many lines as its fullest cell needs.
    fn line(&self, cells: &[String], widths: &[usize], look: Look, out: &mut Out) {
        let columns: Vec<Vec<Vec<(char, Look)>>> =
            cells.iter().zip(widths).map(|(cell, width)| wrap(cell, look, *width)).collect();
        let height = columns.iter().map(Vec::len).max().unwrap_or(1);
        for line in 0..height {
            // Spaces are printed when something follows them.
            let mut due = 0;
            for (number, (column, width)) in columns.iter().zip(widths).enumerate() {
                if number > 0 {
                    (0..due + 1).for_each(|_| out.print(' ', Look::PLAIN));
                    out.print('│', Look::DIM);
                    due = 1;
                }
                let text = column.get(line).map_or(&[][..], Vec::as_slice);
                let used: usize = text.iter().map(|(c, _)| char_width(*c)).sum();
                let free = width.saturating_sub(used);
                let before = match self.align[number] {
                    Align::Left => 0,
                    Align::Centre => free / 2,
                    Align::Right => free,
                };
                if !text.is_empty() {
                    (0..due + before).for_each(|_| out.print(' ', Look::PLAIN));
                    text.iter().for_each(|(c, look)| out.print(*c, *look));
                    due = free - before;
                } else {
                    due += *width;
                }
            }
            out.end_raw_line();
        }
    }
}

/// Header and separator, if the second row is one: `|---|:-:|`.
fn columns(header: &str, separator: &str) -> Option<Columns> {
    let marks = split(separator);
    let align: Option<Vec<Align>> = marks
        .iter()
        .map(|mark| {
            let dashes = mark.strip_prefix(':').unwrap_or(mark);
            let dashes = dashes.strip_suffix(':').unwrap_or(dashes);
            let align = match (mark.starts_with(':'), mark.ends_with(':')) {
                (true, true) => Align::Centre,
                (false, true) => Align::Right,
                _ => Align::Left,
            };
            (!dashes.is_empty() && dashes.bytes().all(|byte| byte == b'-')).then_some(align)
        })
        .collect();
    let titles = split(header);
    let align = align.filter(|align| align.len() == titles.len() && !align.is_empty())?;
    Some(Columns { titles, align })
}

/// The cells of a row, as many as there are columns. What is too much goes into the last one.
fn cells(row: &str, count: usize) -> Vec<String> {
    let mut cells = split(row);
    let more = cells.split_off(count.min(cells.len()));
    if let Some(last) = cells.last_mut() {
        more.iter().filter(|cell| !cell.is_empty()).for_each(|cell| last.push_str(&format!(" | {cell}")));
    }
    cells.resize(count, String::new());
    cells
}

fn split(row: &str) -> Vec<String> {
    let row = row.trim();
    let row = row.strip_prefix('|').unwrap_or(row);
    let mut cells = vec![String::new()];
    let mut escaped = false;
    for c in row.chars() {
        match (c, cells.last_mut()) {
            ('|', Some(cell)) if escaped => {
                cell.pop();
                cell.push('|');
            }
            ('|', _) => cells.push(String::new()),
            (c, Some(cell)) => cell.push(c),
            (_, None) => {}
        }
        escaped = c == '\\' && !escaped;
    }
    if cells.len() > 1 && cells.last().is_some_and(|cell| cell.trim().is_empty()) {
        cells.pop();
    }
    cells.iter().map(|cell| cell.trim().to_owned()).collect()
}

/// Widths for columns that want so much, if the room suffices.
fn widths(wanted: &[usize], room: usize) -> Option<Vec<usize>> {
    let room = room.checked_sub(BETWEEN * (wanted.len() - 1))?;
    let mut widths = wanted.to_vec();
    if NARROWEST * wanted.len() <= room {
        widths.iter_mut().for_each(|width| *width = NARROWEST.max(*width));
    }
    let total: usize = widths.iter().sum();
    if total > room {
        // The widest ones give.
        for _ in room..total {
            let widest = widths.iter_mut().max()?;
            if *widest <= NARROWEST {
                return None;
            }
            *widest -= 1;
        }
    } else if let Some(share) = (room - total).checked_div(wanted.len()) {
        for (width, wanted) in widths.iter_mut().zip(wanted) {
            *width = (*width).max(wanted + share.min(wanted / 2));
        }
    }
    Some(widths)
}

fn cell_width(cell: &str) -> usize {
    inline::pieces(cell, true).iter().flat_map(|piece| piece.text.chars()).map(char_width).sum()
}

/// The lines of a cell.
fn wrap(cell: &str, look: Look, width: usize) -> Vec<Vec<(char, Look)>> {
    let mut lines = vec![Vec::new()];
    let mut used = 0;
    for Word { letters, spaced } in words(&inline::pieces(cell, true), look) {
        let length: usize = letters.iter().map(|(c, _)| char_width(*c)).sum();
        let gap = usize::from(spaced && used > 0);
        let Some(line) = lines.last_mut() else { break };
        if used == 0 || used + gap + length <= width {
            line.extend(std::iter::repeat_n((' ', Look::PLAIN), gap));
            line.extend(letters);
            used += gap + length;
        } else {
            lines.push(letters);
            used = length;
        }
    }
    lines
}

/// Letters that stay together.
struct Word {
    letters: Vec<(char, Look)>,
    /// Whether a space stood before it.
    spaced: bool,
}

fn words(pieces: &[Piece], look: Look) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut spaced = true;
    for (c, look) in pieces.iter().flat_map(|piece| piece.text.chars().map(|c| (c, piece.look | look))) {
        if c.is_whitespace() {
            spaced = true;
            continue;
        }
        match words.last_mut() {
            Some(word) if !spaced && !word.letters.last().is_some_and(|(last, _)| breaks_between(*last, c)) => {
                word.letters.push((c, look));
            }
            _ => words.push(Word { letters: vec![(c, look)], spaced }),
        }
        spaced = false;
    }
    words
}

/// Running text on a line of its own.
pub(super) fn text_line(source: &str, look: Look, out: &mut Out) {
    text(source, look, out);
    out.put("\n", Look::PLAIN);
}

fn text(source: &str, look: Look, out: &mut Out) {
    for piece in inline::pieces(source, true) {
        out.put(&piece.text.replace('\n', " "), piece.look | look);
    }
}
