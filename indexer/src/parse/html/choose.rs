//! Which part of an HTML page is the page: what is skipped everywhere, and the container to read.
//!
//! Knows the habits of the generators behind documentation (Sphinx, docutils, DocBook, Publican,
//! MkDocs); makes no blocks.

use scraper::{ElementRef, Html};

/// Below this share of the body's text a container is not trusted to be the page.
const TRUSTED_PERCENT: usize = 30;

const SKIP_TAGS: [&str; 22] = [
    "script", "style", "nav", "svg", "template", "head", "link", "meta", "button", "select", "textarea", "iframe",
    "object", "canvas", "audio", "video", "input", "math", "map", "noframes", "dialog", "img",
];

const SKIP_CLASSES: [&str; 40] = [
    "sphinxsidebar",
    "related",
    "headerlink",
    "navheader",
    "navfooter",
    "docnav",
    "breadcrumb",
    "breadcrumbs",
    "wy-breadcrumbs",
    "wy-nav-side",
    "wy-nav-top",
    "rst-footer-buttons",
    "rst-versions",
    "skip-link",
    "linenos",
    "lineno",
    "linenodiv",
    "gutter",
    "prev-next-area",
    "bd-sidebar",
    "bd-header",
    "bd-footer",
    "navbar",
    "sidebar-drawer",
    "toc-drawer",
    "toc-tree",
    "bottom-of-page",
    "md-sidebar",
    "md-header",
    "md-footer",
    "edit-this-page",
    "mw-editsection",
    "noprint",
    "footer",
    "site-footer",
    "page-footer",
    "pagination",
    "navigation",
    "sidetoc",
    "foot",
];

/// Tables of contents: left out, unless the page then has nothing.
const TOC_CLASSES: [&str; 8] =
    ["toc", "contents", "list-of-figures", "list-of-tables", "list-of-examples", "localtoc", "page-toc", "minitoc"];

const SKIP_IDS: [&str; 15] = [
    "sidebar",
    "footer",
    "header",
    "navbar",
    "banner",
    "nav",
    "search",
    "searchbox",
    "breadcrumbs",
    "mw-navigation",
    "catlinks",
    "navigation",
    "site-footer",
    "rtd-search-form",
    "skip-link",
];

const SKIP_ROLES: [&str; 5] = ["navigation", "search", "banner", "contentinfo", "doc-pagebreak"];

/// Whether `element` and all it holds is no part of the page's text.
pub(super) fn is_skipped(element: ElementRef<'_>, keep_contents: bool) -> bool {
    let value = element.value();
    let tag = value.name();
    if SKIP_TAGS.contains(&tag) {
        // docutils marks its table of contents as <nav>; where that is all there is, it is kept.
        return !(keep_contents && tag == "nav" && value.classes().any(|class| TOC_CLASSES.contains(&class)));
    }
    if matches!(tag, "html" | "body" | "main" | "article") {
        return false;
    }
    if tag == "footer" || (tag == "header" && !holds_heading(element)) {
        return true;
    }
    if tag == "aside" && value.classes().any(|class| matches!(class, "sidebar" | "menu" | "toc-sidebar")) {
        return true;
    }
    if let Some(role) = value.attr("role")
        && (SKIP_ROLES.contains(&role) || (role == "doc-toc" && !keep_contents))
    {
        return true;
    }
    if value.attr("hidden").is_some() || value.attr("style").is_some_and(is_hidden) {
        return true;
    }
    if is_heading(tag) {
        return false;
    }
    if value.id().is_some_and(|id| SKIP_IDS.contains(&id)) {
        return matches!(tag, "div" | "ul" | "form" | "aside" | "table" | "header" | "p");
    }
    value
        .classes()
        .any(|class| SKIP_CLASSES.contains(&class) || (!keep_contents && tag != "body" && TOC_CLASSES.contains(&class)))
}

fn is_hidden(style: &str) -> bool {
    style.split(';').any(|rule| {
        rule.split_once(':').is_some_and(|(name, value)| name.trim() == "display" && value.trim() == "none")
    })
}

fn holds_heading(element: ElementRef<'_>) -> bool {
    element.descendent_elements().any(|inner| is_heading(inner.value().name()))
}

/// Whether a tag's name is that of a heading.
pub(super) fn is_heading(tag: &str) -> bool {
    matches!(tag, "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
}

/// The element that holds the page's own text.
pub(super) fn container(page: &Html, keep_contents: bool) -> ElementRef<'_> {
    let root = page.root_element();
    let body = root.child_elements().find(|element| element.value().name() == "body").unwrap_or(root);
    // By how much each kind of container can be trusted.
    let mut best: [Vec<ElementRef<'_>>; 4] = Default::default();
    for element in body.descendent_elements() {
        let value = element.value();
        let rank = if value.name() == "main" || value.attr("role") == Some("main") {
            0
        } else if value.name() == "article" {
            1
        } else if matches!(value.id(), Some("content" | "main-content" | "mw-content-text" | "main")) {
            2
        } else if value.name() == "div" && value.classes().any(|class| matches!(class, "body" | "document")) {
            3
        } else {
            continue;
        };
        if let Some(found) = best.get_mut(rank) {
            found.push(element);
        }
    }
    // Several of a kind (a list of articles) are parts of the page, not the page.
    let Some(chosen) = best.iter().find_map(|found| if let [only] = found.as_slice() { Some(*only) } else { None })
    else {
        return body;
    };
    let all = text_length(body, keep_contents);
    if text_length(chosen, keep_contents) * 100 < all * TRUSTED_PERCENT { body } else { chosen }
}

/// Characters of text below `top` that are not skipped. Depth is bounded by `tidy`.
fn text_length(top: ElementRef<'_>, keep_contents: bool) -> usize {
    let mut total = 0;
    let mut waiting = vec![top];
    while let Some(element) = waiting.pop() {
        for child in element.children() {
            if let Some(text) = child.value().as_text() {
                total += text.trim().len();
            } else if let Some(inner) = ElementRef::wrap(child)
                && !is_skipped(inner, keep_contents)
            {
                waiting.push(inner);
            }
        }
    }
    total
}
