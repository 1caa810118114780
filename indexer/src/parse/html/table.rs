//! HTML tables: which hold data, and their cells as rows of text.
//!
//! Makes no blocks of its own; layout tables are given back to the walk.

use scraper::ElementRef;

use super::words::inline_text;

/// Rows that one `rowspan` may reach: the attribute is a page's word, not a bound.
const ROWSPAN: usize = 500;

/// A table's own rows, those of nested tables left out.
pub(super) fn rows(table: ElementRef<'_>) -> Vec<ElementRef<'_>> {
    let mut rows = Vec::new();
    for child in table.child_elements() {
        match child.value().name() {
            "tr" => rows.push(child),
            "thead" | "tbody" | "tfoot" => rows.extend(child.child_elements().filter(|row| row.value().name() == "tr")),
            _ => {}
        }
    }
    rows
}

/// A row's cells.
pub(super) fn cells(row: ElementRef<'_>) -> Vec<ElementRef<'_>> {
    row.child_elements().filter(|cell| matches!(cell.value().name(), "td" | "th")).collect()
}

/// Whether the table holds data: rows and columns of short things, not a page's layout.
pub(super) fn is_data(table: ElementRef<'_>) -> bool {
    if table.value().classes().any(|class| matches!(class, "simplelist" | "highlighttable" | "Nm")) {
        return false;
    }
    let rows = rows(table);
    let widest = rows.iter().map(|row| cells(*row).len()).max().unwrap_or(0);
    if widest < 2 {
        return false;
    }
    let holds_blocks = table.descendent_elements().skip(1).any(|inner| {
        let name = inner.value().name();
        matches!(name, "table" | "dl") || super::choose::is_heading(name) || (name == "pre" && widest < 3)
    });
    !holds_blocks
}

/// The table's cells as text; a cell that spans rows is repeated in each, so that every row can be
/// read alone.
pub(super) fn data(table: ElementRef<'_>, keep_contents: bool) -> Vec<Vec<String>> {
    let mut out = Vec::new();
    // By column: the rows still to fill, and with what.
    let mut spans: Vec<(usize, String)> = Vec::new();
    for row in rows(table) {
        let mut line: Vec<String> = Vec::new();
        let carried = |line: &mut Vec<String>, spans: &mut Vec<(usize, String)>| {
            while let Some((left, text)) = spans.get_mut(line.len()).filter(|(left, _)| *left > 0) {
                *left -= 1;
                line.push(text.clone());
            }
        };
        for cell in cells(row) {
            carried(&mut line, &mut spans);
            let text = inline_text(cell, keep_contents);
            let rowspan = cell.attr("rowspan").and_then(|value| value.trim().parse::<usize>().ok()).unwrap_or(1);
            if rowspan > 1 && text.len() <= 200 {
                let column = line.len();
                if spans.len() <= column {
                    spans.resize(column + 1, (0, String::new()));
                }
                if let Some(span) = spans.get_mut(column) {
                    *span = (rowspan.min(ROWSPAN) - 1, text.clone());
                }
            }
            line.push(text);
        }
        carried(&mut line, &mut spans);
        out.push(line);
    }
    out
}
