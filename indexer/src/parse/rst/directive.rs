//! reStructuredText's explicit markup: directives, targets, footnotes, comments.

use super::Reader;
use super::inline::plain;

impl Reader {
    /// Reads `.. something` with the lines set in below it.
    pub(super) fn explicit(&mut self, first: &str, block: &[&str], depth: usize) {
        let head = first.get(2..).unwrap_or_default().trim();
        if let Some(target) = head.strip_prefix('_') {
            self.anchor =
                target.split(':').next().map(|name| name.trim_matches('`').to_lowercase().replace([' ', '_'], "-"));
            return;
        }
        if let Some((label, words)) = head.strip_prefix('[').and_then(|note| note.split_once(']')) {
            self.flow.open(format!("[{label}] {}", plain(words.trim())));
            self.nested(block, depth);
            self.flow.close();
            return;
        }
        let Some((name, argument)) = head.split_once("::") else {
            // A comment.
            return;
        };
        if name.contains(' ') || name.starts_with('|') {
            return;
        }
        let (options, content) = split_options(block);
        let argument = argument.trim();
        match name.rsplit(':').next().unwrap_or(name) {
            "code-block" | "code" | "sourcecode" | "parsed-literal" | "prompt" | "productionlist"
            | "highlight-code" => {
                self.flow.code(&content.join("\n"));
            }
            "contents" | "toctree" | "index" | "image" | "raw" | "include" | "highlight" | "meta" | "default-role"
            | "sectnum" | "tabularcolumns" | "role" | "literalinclude" | "automodule" | "module" | "currentmodule"
            | "program" | "kernel-doc" | "title" => {}
            "note" | "warning" | "tip" | "important" | "caution" | "danger" | "attention" | "hint" | "error"
            | "seealso" => {
                let kind = name.rsplit(':').next().unwrap_or(name);
                let mut title: String = kind.chars().take(1).flat_map(char::to_uppercase).collect();
                title.push_str(kind.get(1..).unwrap_or_default());
                self.flow.open(title);
                self.flow.paragraph(&plain(argument));
                self.nested(content, depth);
                self.flow.close();
            }
            "list-table" => {
                self.flow.paragraph(&plain(argument));
                self.flow.table(&list_table(content));
            }
            "csv-table" => {
                self.flow.paragraph(&plain(argument));
                let header = options.iter().filter_map(|option| option.trim().strip_prefix(":header:"));
                let rows: Vec<Vec<String>> =
                    header.chain(content.iter().copied()).filter(|row| !row.trim().is_empty()).map(csv).collect();
                self.flow.table(&rows);
            }
            "figure" | "only" | "container" | "class" | "rst-class" | "compound" | "topic" | "epigraph" | "table" => {
                let shown = !matches!(name, "figure" | "only" | "container" | "class" | "rst-class" | "compound");
                if shown {
                    self.flow.paragraph(&plain(argument));
                }
                self.nested(content, depth);
            }
            // `.. option:: --raw`, `.. function:: f()`, `.. versionadded:: 2`: a term and its text.
            _ => {
                let term = plain(argument);
                let known = matches!(name, "versionadded" | "versionchanged" | "deprecated");
                self.flow.open(if known { format!("{name} {term}") } else { term });
                // Further lines right below the name are further terms.
                self.nested(content, depth);
                self.flow.close();
            }
        }
    }
}

/// The `:name: value` lines right below a directive, and its content.
fn split_options<'a, 'b>(block: &'b [&'a str]) -> (&'b [&'a str], &'b [&'a str]) {
    let is_option = |line: &&&str| {
        line.trim_start().strip_prefix(':').and_then(|line| line.split_once(':')).is_some_and(|(name, _)| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        })
    };
    let count = block.iter().take_while(is_option).count();
    block.split_at(count)
}

/// `* - a` begins a row, `- b` adds a cell, other lines go on with the cell.
fn list_table(lines: &[&str]) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for line in lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty()) {
        if let Some(cell) = line.strip_prefix("* -") {
            rows.push(vec![plain(cell.trim())]);
        } else if let Some(row) = rows.last_mut() {
            if let Some(cell) = line.strip_prefix("- ").or_else(|| (line == "-").then_some("")) {
                row.push(plain(cell.trim()));
            } else if let Some(cell) = row.last_mut() {
                cell.push(' ');
                cell.push_str(&plain(line));
            }
        }
    }
    rows
}

/// One row of comma-separated cells; quotes may hold commas.
fn csv(row: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    for c in row.trim().chars() {
        if c == '"' {
            quoted = !quoted;
        } else if c == ',' && !quoted {
            cells.push(String::new());
        } else if let Some(cell) = cells.last_mut() {
            cell.push(c);
        }
    }
    cells.iter().map(|cell| plain(cell.trim())).collect()
}
