//! The fragment that leads to a heading.

use scraper::ElementRef;

/// How many elements up an `id` may stand that means the heading (DocBook: titlepage, then section).
const UP: usize = 5;

/// The `id` of the heading, of something in it, right before it, or of the section it opens.
pub(super) fn of_heading(heading: ElementRef<'_>) -> Option<String> {
    if let Some(id) = heading.value().id() {
        return Some(id.to_owned());
    }
    let inner = heading.descendent_elements().skip(1).find_map(own_name);
    if inner.is_some() {
        return inner;
    }
    let mut place = heading;
    let mut target = None;
    for _ in 0..UP {
        // Only empty anchors may stand before it; else the id above is that of other text.
        for before in place.prev_siblings() {
            if before.value().as_text().is_some_and(|text| !text.trim().is_empty()) {
                return target;
            }
            if let Some(element) = ElementRef::wrap(before) {
                if !matches!(element.value().name(), "a" | "span") || element.text().any(|text| !text.trim().is_empty())
                {
                    return target;
                }
                target = target.or_else(|| own_name(element));
            }
        }
        let Some(parent) = place.parent().and_then(ElementRef::wrap) else {
            break;
        };
        if !matches!(parent.value().name(), "div" | "section" | "article" | "header") {
            break;
        }
        if let Some(id) = parent.value().id() {
            return Some(id.to_owned());
        }
        place = parent;
    }
    target
}

fn own_name(element: ElementRef<'_>) -> Option<String> {
    let value = element.value();
    let name = if value.name() == "a" { value.attr("name") } else { None };
    value.id().or(name).filter(|id| !id.is_empty()).map(str::to_owned)
}
