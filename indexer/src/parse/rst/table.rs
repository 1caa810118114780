//! reStructuredText's grid and simple tables, as rows of cells.
//!
//! Columns are counted in characters. Blocks inside cells become their words.

use super::inline::plain;

/// Whether a line is the border of a grid table.
pub(super) fn is_grid_border(line: &str) -> bool {
    let line = line.trim_end();
    line.len() >= 3
        && line.starts_with('+')
        && line.ends_with('+')
        && line.contains(['-', '='])
        && line.chars().all(|c| matches!(c, '+' | '-' | '='))
}

/// Whether a line is the border of a simple table: two or more runs of `=`.
pub(super) fn is_simple_border(line: &str) -> bool {
    let line = line.trim();
    line.contains(' ') && line.starts_with("==") && line.chars().all(|c| matches!(c, '=' | ' '))
}

/// Rows of a grid table; `lines` are all of it.
pub(super) fn grid(lines: &[&str]) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut cells: Vec<String> = Vec::new();
    for line in lines {
        let text = line.trim();
        if is_grid_border(text) {
            rows.push(std::mem::take(&mut cells));
            continue;
        }
        // A line of a row, or one that ends some cells and goes on in others.
        let inner = text.trim_start_matches(['|', '+']).trim_end_matches(['|', '+']);
        for (column, part) in inner.split('|').enumerate() {
            if part.chars().all(|c| matches!(c, '+' | '-' | ' ')) && part.contains("--") {
                continue;
            }
            if cells.len() <= column {
                cells.resize(column + 1, String::new());
            }
            if let Some(cell) = cells.get_mut(column) {
                cell.push(' ');
                cell.push_str(part.trim());
            }
        }
    }
    rows.push(cells);
    finish(rows)
}

/// Rows of a simple table; `lines` are all of it, borders included.
pub(super) fn simple(lines: &[&str]) -> Vec<Vec<String>> {
    let Some(border) = lines.first() else {
        return Vec::new();
    };
    let starts: Vec<usize> = border
        .char_indices()
        .filter(|(at, c)| *c == '=' && (*at == 0 || border.as_bytes().get(at - 1) == Some(&b' ')))
        .map(|(at, _)| at)
        .collect();
    let mut rows: Vec<Vec<String>> = Vec::new();
    for line in lines
        .iter()
        .filter(|line| !line.trim().is_empty() && !line.trim().chars().all(|c| matches!(c, '=' | ' ' | '-')))
    {
        let characters: Vec<char> = line.chars().collect();
        let cells: Vec<String> = starts
            .iter()
            .enumerate()
            .map(|(column, from)| {
                let to = starts.get(column + 1).copied().unwrap_or(characters.len()).min(characters.len());
                characters.get(*from..to).unwrap_or_default().iter().collect::<String>().trim().to_owned()
            })
            .collect();
        // An empty first cell goes on with the row above.
        let goes_on = cells.first().is_some_and(String::is_empty);
        match rows.last_mut().filter(|_| goes_on) {
            Some(above) => {
                for (cell, more) in above.iter_mut().zip(&cells).filter(|(_, more)| !more.is_empty()) {
                    cell.push(' ');
                    cell.push_str(more);
                }
            }
            None => rows.push(cells),
        }
    }
    finish(rows)
}

fn finish(rows: Vec<Vec<String>>) -> Vec<Vec<String>> {
    rows.into_iter().map(|row| row.iter().map(|cell| plain(cell)).collect()).collect()
}
