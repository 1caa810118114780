//! The walk over an HTML tree that makes headings, paragraphs, entries, code and tables.
//!
//! Depth is bounded by `tidy`, so recursion is. Which elements are left out is decided in
//! `choose`, whether a table is data in `table`.

use scraper::ElementRef;

use super::choose::{is_heading, is_skipped};
use super::words::{BLOCKS, clean_heading, inline_text, literal_text, push_text, start_of, term_text};
use super::{anchor, table};
use crate::parse::outline::Outline;

/// How long a paragraph before an indented block may be to count as its term.
const TERM_BYTES: usize = 160;

/// Words of notes and warnings, as classes.
const ADMONITIONS: [&str; 14] = [
    "admonition",
    "note",
    "warning",
    "tip",
    "important",
    "caution",
    "danger",
    "attention",
    "hint",
    "seealso",
    "error",
    "sidebar",
    "versionadded",
    "deprecated",
];

/// What the walk is asked to do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Options {
    /// Tables of contents are part of the page.
    pub(super) keep_contents: bool,
    /// The page comes from mandoc.
    pub(super) man: bool,
}

pub(super) struct Walk {
    pub(super) outline: Outline,
    options: Options,
    /// The paragraph being collected.
    line: String,
    /// The list item or entry being collected; its lines are paragraphs.
    item: Option<String>,
    /// How many items are open around this place.
    depth: usize,
    /// Where in `item` the last paragraph starts, or, outside items, whether the last block is one.
    last: Option<usize>,
    /// The level of a "Table of contents" heading whose section is being left out.
    muted: Option<usize>,
}

impl Walk {
    pub(super) fn new(options: Options) -> Self {
        Self { outline: Outline::new(), options, line: String::new(), item: None, depth: 0, last: None, muted: None }
    }

    /// Reads everything below `element`.
    pub(super) fn children(&mut self, element: ElementRef<'_>) {
        for child in element.children() {
            if let Some(text) = child.value().as_text() {
                push_text(&mut self.line, text);
            } else if let Some(inner) = ElementRef::wrap(child)
                && !is_skipped(inner, self.options.keep_contents)
            {
                self.element(inner);
            }
        }
    }

    /// Ends what is open.
    pub(super) fn finish(&mut self) {
        self.paragraph();
        self.close_item();
    }

    fn element(&mut self, element: ElementRef<'_>) {
        let value = element.value();
        let name = value.name();
        match name {
            "br" => self.line.push('\n'),
            "pre" | "listing" | "xmp" => self.code(element),
            "table" => self.table(element),
            "ul" | "menu" | "ol" => self.list(element),
            "dl" => self.definitions(element),
            // A stray one, outside any list.
            "li" | "dd" => self.item(String::new(), |walk| walk.children(element)),
            "wbr" => {}
            _ if is_heading(name) => self.heading(element),
            _ if name == "div" && value.classes().any(|class| class == "url") => self.children(element),
            _ if self.options.man && value.classes().any(|class| class == "Bd-indent") => self.indented(element),
            "div" | "aside" | "section" | "table-wrap"
                if value.classes().any(|class| ADMONITIONS.contains(&class)) && !holds_sections(element) =>
            {
                self.item(String::new(), |walk| walk.children(element));
            }
            _ if BLOCKS.contains(&name) => {
                self.paragraph();
                self.children(element);
                self.paragraph();
            }
            _ => self.children(element),
        }
    }

    /// Ends the paragraph: a line of the open item, or a block.
    fn paragraph(&mut self) {
        let line = std::mem::take(&mut self.line);
        let line = line.trim();
        if line.is_empty() || self.muted.is_some() {
            return;
        }
        // mandoc writes bullets made by hand as they stand.
        let line = line.strip_prefix('•').map_or(line, str::trim_start);
        if let Some(item) = &mut self.item {
            if !item.is_empty() && !item.ends_with(". ") {
                item.push('\n');
            }
            self.last = Some(item.len());
            item.push_str(line);
        } else {
            self.outline.text(line);
            self.last = Some(0);
        }
    }

    /// Ends the open item's text, so that another block can follow it.
    fn close_item(&mut self) {
        if let Some(item) = self.item.take()
            && self.muted.is_none()
        {
            self.outline.text(&item);
        }
        self.last = None;
    }

    /// Reads an item that begins with `start`; what follows an inner block is a block of its own.
    fn item(&mut self, start: String, read: impl FnOnce(&mut Self)) {
        self.paragraph();
        self.close_item();
        self.item = Some(start);
        self.depth += 1;
        read(self);
        self.paragraph();
        self.close_item();
        self.depth -= 1;
        self.item = (self.depth > 0).then(String::new);
    }

    fn interrupt(&mut self) {
        self.paragraph();
        self.close_item();
        self.item = (self.depth > 0).then(String::new);
    }

    fn heading(&mut self, element: ElementRef<'_>) {
        let text = inline_text(element, self.options.keep_contents);
        let text = clean_heading(&text);
        if self.depth > 0 {
            // The title of a note or a step: part of it, not of the page's structure.
            self.paragraph();
            self.line.push_str(text);
            self.paragraph();
            return;
        }
        self.interrupt();
        if text.is_empty() {
            return;
        }
        let level = element.value().name().bytes().last().map_or(1, |digit| usize::from(digit.saturating_sub(b'0')));
        if self.muted.is_some_and(|muted| level > muted) {
            return;
        }
        self.muted = None;
        if !self.options.keep_contents && is_contents(text) {
            self.muted = Some(level);
            return;
        }
        self.outline.heading(level, text, anchor::of_heading(element));
    }

    fn code(&mut self, element: ElementRef<'_>) {
        let mut text = String::new();
        literal_text(element, self.options.keep_contents, self.options.man, &mut text);
        if self.muted.is_some() || text.trim().is_empty() {
            return;
        }
        self.interrupt();
        self.outline.code(&text);
    }

    fn list(&mut self, element: ElementRef<'_>) {
        self.paragraph();
        let numbered = element.value().name() == "ol";
        let mut number = element.attr("start").and_then(|start| start.parse::<u64>().ok()).unwrap_or(1);
        for child in element.child_elements() {
            if is_skipped(child, self.options.keep_contents) {
                continue;
            }
            if child.value().name() == "li" {
                let start = if numbered { format!("{number}. ") } else { String::new() };
                number = number.saturating_add(1);
                self.item(start, |walk| walk.children(child));
            } else {
                self.element(child);
            }
        }
    }

    /// Terms are gathered until their explanation comes; both make one entry.
    fn definitions(&mut self, element: ElementRef<'_>) {
        self.paragraph();
        let mut terms: Vec<String> = Vec::new();
        // HTML allows <div> around each group.
        let mut parts = Vec::new();
        for child in element.child_elements() {
            if child.value().name() == "div" {
                parts.extend(child.child_elements());
            } else {
                parts.push(child);
            }
        }
        for part in parts {
            if is_skipped(part, self.options.keep_contents) {
                continue;
            }
            match part.value().name() {
                "dt" => {
                    let term = term_text(part, self.options.keep_contents);
                    if !term.is_empty() {
                        terms.push(term);
                    }
                }
                "dd" => {
                    let start = start_of(&std::mem::take(&mut terms).join(", "));
                    self.item(start, |walk| walk.children(part));
                }
                _ => self.element(part),
            }
        }
        if !terms.is_empty() {
            self.item(start_of(&terms.join(", ")), |_| {});
        }
    }

    /// mandoc's indented block: the explanation of a short paragraph right before it, or a quote.
    fn indented(&mut self, element: ElementRef<'_>) {
        self.paragraph();
        let is_term =
            |text: &str| text.len() <= TERM_BYTES && !text.ends_with(['.', ':', ';', '?', '!']) && !text.contains(". ");
        let after_paragraph = element
            .prev_siblings()
            .filter_map(ElementRef::wrap)
            .find(|before| !is_blank(*before))
            .is_some_and(|before| before.value().name() == "p");
        let begins_with_text = element.children().find_map(|child| {
            if let Some(text) = child.value().as_text() {
                return (!text.trim().is_empty()).then_some(true);
            }
            ElementRef::wrap(child).filter(|inner| !is_blank(*inner)).map(|inner| {
                let name = inner.value().name();
                !matches!(name, "pre" | "table" | "div" | "dl" | "ul" | "ol")
            })
        });
        if !after_paragraph || begins_with_text != Some(true) {
            self.children(element);
            self.paragraph();
            return;
        }
        let term = match (&mut self.item, self.last) {
            (Some(item), Some(at)) if item.get(at..).is_some_and(is_term) => {
                let term = item.split_off(at);
                item.truncate(item.trim_end().len());
                Some(term)
            }
            (None, Some(_)) => self.outline.take_text(is_term),
            (Some(_) | None, Some(_) | None) => None,
        };
        self.item(term.unwrap_or_default(), |walk| walk.children(element));
    }

    fn table(&mut self, element: ElementRef<'_>) {
        if self.options.man && element.value().classes().any(|class| matches!(class, "head" | "foot")) {
            return;
        }
        if self.options.man && element.value().classes().any(|class| class == "Nm") {
            return self.synopsis(element);
        }
        if let Some(caption) = element.child_elements().find(|child| child.value().name() == "caption") {
            self.interrupt();
            self.children(caption);
            self.paragraph();
        }
        if self.muted.is_some() {
            return;
        }
        if table::is_data(element) {
            self.interrupt();
            self.outline.table(&table::data(element, self.options.keep_contents));
            return;
        }
        self.paragraph();
        for row in table::rows(element) {
            // A row's short cells make one block, as a list item's paragraphs do.
            self.item(String::new(), |walk| {
                for cell in table::cells(row) {
                    if !is_skipped(cell, walk.options.keep_contents) {
                        walk.paragraph();
                        walk.children(cell);
                        walk.paragraph();
                    }
                }
            });
        }
    }

    /// mdoc's synopsis, a one-row table per form of the command: lines of one literal block.
    fn synopsis(&mut self, element: ElementRef<'_>) {
        let follows = element
            .prev_siblings()
            .filter_map(ElementRef::wrap)
            .find(|before| before.value().name() != "br")
            .is_some_and(|before| before.value().name() == "table");
        self.interrupt();
        for row in table::rows(element) {
            let line = table::cells(row)
                .into_iter()
                .map(|cell| inline_text(cell, self.options.keep_contents))
                .collect::<Vec<_>>()
                .join(" ");
            if follows { self.outline.more_code(&line) } else { self.outline.code(&line) }
        }
    }
}

fn is_blank(element: ElementRef<'_>) -> bool {
    matches!(element.value().name(), "br" | "p" | "a" | "span") && element.text().all(|text| text.trim().is_empty())
}

fn holds_sections(element: ElementRef<'_>) -> bool {
    element.descendent_elements().filter(|inner| is_heading(inner.value().name())).nth(1).is_some()
}

fn is_contents(heading: &str) -> bool {
    heading.eq_ignore_ascii_case("table of contents") || heading.eq_ignore_ascii_case("contents")
}
