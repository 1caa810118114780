//! Markdown pages, through pulldown-cmark.
//!
//! Front matter and HTML comments are no content; inline HTML keeps its text.

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::flow::Flow;
use crate::document::Document;

struct State {
    flow: Flow,
    /// The paragraph, heading, cell or code being collected.
    line: String,
    /// The next number of each open list, the innermost last; `None` for a list without numbers.
    lists: Vec<Option<u64>>,
    rows: Vec<Vec<String>>,
    code: bool,
    heading: Option<(usize, Option<String>)>,
}

impl State {
    fn paragraph(&mut self) {
        let line = std::mem::take(&mut self.line);
        self.flow.paragraph(&line);
    }

    fn interrupt(&mut self) {
        self.paragraph();
        self.flow.interrupt();
    }
}

/// Makes the tree of a Markdown page.
pub(super) fn parse(source: &str) -> Document {
    let (front_title, body) = front_matter(source);
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_DEFINITION_LIST
        | Options::ENABLE_GFM;
    let mut state = State {
        flow: Flow::new(),
        line: String::new(),
        lists: Vec::new(),
        rows: Vec::new(),
        code: false,
        heading: None,
    };
    for event in Parser::new_ext(body, options) {
        step(event, &mut state);
    }
    state.interrupt();
    let mut outline = state.flow.outline;
    let title = front_title.or_else(|| outline.first_heading().map(str::to_owned)).unwrap_or_default();
    if outline.first_heading() == Some(title.as_str()) {
        outline.drop_first_heading();
    }
    outline.finish(&title)
}

#[allow(clippy::wildcard_enum_match_arm, reason = "pulldown-cmark's events, most of which only carry text")]
fn step(event: Event<'_>, state: &mut State) {
    match event {
        Event::Start(tag) => start(tag, state),
        Event::End(tag) => end(tag, state),
        Event::Text(text) if state.code => state.line.push_str(&text),
        Event::Text(text) | Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
            state.line.push_str(&text.replace('\n', " "));
        }
        Event::SoftBreak => state.line.push(' '),
        Event::HardBreak => state.line.push('\n'),
        Event::Html(html) | Event::InlineHtml(html) => state.line.push_str(&without_tags(&html)),
        Event::Rule => state.interrupt(),
        Event::FootnoteReference(_) | Event::TaskListMarker(_) => {}
    }
}

#[allow(clippy::wildcard_enum_match_arm, reason = "pulldown-cmark's tags, most of which only wrap text")]
fn start(tag: Tag<'_>, state: &mut State) {
    match tag {
        Tag::Heading { level, id, .. } => {
            state.interrupt();
            state.heading = Some((depth_of(level), id.map(|id| id.to_string())));
        }
        Tag::CodeBlock(kind) => {
            state.interrupt();
            state.code = matches!(kind, CodeBlockKind::Indented | CodeBlockKind::Fenced(_));
        }
        Tag::List(first) => {
            state.paragraph();
            state.lists.push(first);
        }
        Tag::Item => {
            let start = match state.lists.last_mut() {
                Some(Some(number)) => {
                    let start = format!("{number}. ");
                    *number = number.saturating_add(1);
                    start
                }
                Some(None) | None => String::new(),
            };
            state.paragraph();
            state.flow.open(start);
        }
        // A definition belongs to the term before it: one entry.
        Tag::DefinitionListTitle => {
            state.paragraph();
            state.flow.open(String::new());
        }
        Tag::Table(_) => {
            state.interrupt();
            state.rows.clear();
        }
        Tag::TableHead | Tag::TableRow => state.rows.push(Vec::new()),
        Tag::TableCell => state.line.clear(),
        Tag::Paragraph
        | Tag::BlockQuote(_)
        | Tag::HtmlBlock
        | Tag::FootnoteDefinition(_)
        | Tag::DefinitionListDefinition => state.paragraph(),
        _ => {}
    }
}

#[allow(clippy::wildcard_enum_match_arm, reason = "pulldown-cmark's tags, most of which only wrap text")]
fn end(tag: TagEnd, state: &mut State) {
    match tag {
        TagEnd::Heading(_) => {
            let text = std::mem::take(&mut state.line);
            if let Some((level, anchor)) = state.heading.take() {
                if state.flow.in_item() {
                    state.line = text;
                    state.paragraph();
                } else {
                    state.flow.outline.heading(level, &text, anchor);
                }
            }
        }
        TagEnd::CodeBlock => {
            state.code = false;
            let code = std::mem::take(&mut state.line);
            state.flow.code(&code);
        }
        TagEnd::List(_) => {
            state.paragraph();
            state.lists.pop();
        }
        TagEnd::Item => {
            state.paragraph();
            state.flow.close();
        }
        TagEnd::DefinitionListTitle => state.paragraph(),
        TagEnd::DefinitionListDefinition => {
            state.paragraph();
            state.flow.close();
        }
        TagEnd::TableCell => {
            let cell = std::mem::take(&mut state.line);
            if let Some(row) = state.rows.last_mut() {
                row.push(cell);
            }
        }
        TagEnd::Table => {
            let rows = std::mem::take(&mut state.rows);
            state.flow.table(&rows);
        }
        TagEnd::Paragraph | TagEnd::BlockQuote(_) | TagEnd::HtmlBlock | TagEnd::FootnoteDefinition => {
            state.paragraph();
        }
        _ => {}
    }
}

fn depth_of(level: HeadingLevel) -> usize {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}

/// The `title` of YAML or TOML front matter, and the page after it.
fn front_matter(source: &str) -> (Option<String>, &str) {
    for fence in ["---\n", "+++\n"] {
        let Some(rest) = source.strip_prefix(fence) else {
            continue;
        };
        let mark = format!("\n{}", fence.trim_end());
        let Some(at) = rest.find(&mark) else { continue };
        let (head, body) = rest.split_at(at);
        let body = body.get(mark.len()..).unwrap_or_default();
        if !(body.is_empty() || body.starts_with('\n')) {
            continue;
        }
        let title = head
            .lines()
            .find_map(|line| line.strip_prefix("title:").or_else(|| line.strip_prefix("title =")))
            .map(|title| title.trim().trim_matches(['"', '\'']).to_owned())
            .filter(|title| !title.is_empty());
        return (title, body);
    }
    (None, source)
}

/// HTML inside Markdown: its text.
fn without_tags(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        out.push_str(before);
        let end =
            if tag.starts_with("<!--") { tag.find("-->").map(|at| at + 3) } else { tag.find('>').map(|at| at + 1) };
        let Some(end) = end else { return out };
        rest = tag.get(end..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}
