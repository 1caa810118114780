//! HTML and XHTML pages, and the HTML that mandoc makes of man pages.
//!
//! `tidy` bounds the work, `choose` finds the page in the page, `walk` makes the blocks. Nothing
//! here fetches, or knows a site by its address.

mod anchor;
mod choose;
mod table;
mod tidy;
mod walk;
mod words;

use scraper::Html;

use self::walk::{Options, Walk};
use self::words::{clean_heading, inline_text};
use super::outline::Outline;
use crate::document::Document;

/// A page as a browser would get it.
pub(super) fn parse(source: &str) -> Document {
    let page = Html::parse_document(&tidy::tidy(source));
    let mut outline = read(&page, false);
    if outline.has_no_blocks() {
        // Nothing but a table of contents: then that is the page.
        outline = read(&page, true);
    }
    let given = page
        .root_element()
        .descendent_elements()
        .find(|element| element.value().name() == "title")
        .map(|title| clean_title(&inline_text(title, true)))
        .unwrap_or_default();
    let title = if given.is_empty() { outline.first_heading().unwrap_or_default().to_owned() } else { given };
    // A heading that repeats the title is no level of its own.
    if outline.first_heading().is_some_and(|heading| same_words(&title, heading)) {
        outline.drop_first_heading();
    }
    outline.finish(&title)
}

/// mandoc's HTML: its title is the file's affair.
pub(super) fn parse_mandoc(source: &str) -> Outline {
    let page = Html::parse_document(&tidy::tidy(source));
    let mut walk = Walk::new(Options { keep_contents: true, man: true });
    walk.children(page.root_element());
    walk.finish();
    walk.outline
}

fn read(page: &Html, keep_contents: bool) -> Outline {
    let mut walk = Walk::new(Options { keep_contents, man: false });
    walk.children(choose::container(page, keep_contents));
    walk.finish();
    walk.outline
}

/// A `<title>` without what every page of the site has: `Invocation — QEMU documentation` is
/// `Invocation`. A prefix that names the project (`libvirt: Domain XML format`) stays.
fn clean_title(title: &str) -> String {
    let mut title = title.trim();
    for separator in [" — ", " – ", " | ", " :: ", " · ", " - "] {
        if let Some((page, site)) = title.rsplit_once(separator)
            && !page.trim().is_empty()
            && is_site(site, separator)
        {
            title = page.trim();
        }
    }
    clean_heading(title).to_owned()
}

fn is_site(text: &str, separator: &str) -> bool {
    let text = text.to_lowercase();
    let ends = ["documentation", "docs", "manual", "wiki", "handbook", "reference", "guide"];
    // A bar parts the page from its site on every site that uses one; a dash often does not.
    matches!(separator, " | " | " :: ")
        || ends.iter().any(|end| {
            text.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ' ' | 'v')).ends_with(end)
        })
}

/// Whether a heading says what the title says, a project's prefix apart.
fn same_words(title: &str, heading: &str) -> bool {
    let plain =
        |text: &str| -> String { text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect() };
    let (title_plain, heading_plain) = (plain(title), plain(heading));
    !heading_plain.is_empty()
        && (title_plain == heading_plain
            || title.split_once(": ").is_some_and(|(_, rest)| plain(rest) == heading_plain))
}
