//! Citations as a model writes them: where they stand in a text, and which numbers they name.
//!
//! What the numbers mean is not known here.

/// One group of citations in a text: `[1]`, `[1, 3]`, `[2-4]`.
pub(crate) struct Mark {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) numbers: Vec<usize>,
}

/// The text without its citations, and where they stood. What is in inline code is no citation.
pub(crate) fn without_citations(text: &str) -> (String, Vec<Mark>) {
    let mut marks = Vec::new();
    let mut plain = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if c == '`'
            && let Some(close) = text[at + 1..].find('`')
        {
            let end = at + 1 + close + 1;
            plain.push_str(&text[at..end]);
            at = end;
        } else if c == '['
            && let Some((length, numbers)) = citation(&text[at..])
        {
            marks.push(Mark { start: at, end: at + length, numbers });
            at += length;
        } else {
            plain.push(c);
            at += c.len_utf8();
        }
    }
    (plain, marks)
}

/// A group of citations at the beginning of `text`: its length and its numbers.
fn citation(text: &str) -> Option<(usize, Vec<usize>)> {
    let inner = &text[1..text.find(']')?];
    let mut numbers = Vec::new();
    for item in inner.split(',') {
        let item = item.trim();
        let (from, to) = item.split_once(['-', '–']).unwrap_or((item, item));
        let (from, to) = (number(from)?, number(to)?);
        if to < from || to - from > 20 {
            return None;
        }
        numbers.extend(from..=to);
    }
    Some((inner.len() + 2, numbers))
}

/// Up to three digits; more is a year or an address.
fn number(text: &str) -> Option<usize> {
    let text = text.trim();
    (!text.is_empty() && text.len() <= 3 && text.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}
