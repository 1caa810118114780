//! What stands in brackets: links, images, addresses, citations.

use super::{
    inline::{self, Found},
    look::{Look, Piece},
};

/// `[text](address)`, shown as `text (address)`; or a citation, `[1]`.
pub(super) fn bracket(held: &str, ended: bool) -> Found {
    let close = match closing(held, ended) {
        Closing::Wait => return Found::Wait,
        Closing::None => return Found::Literal(1),
        Closing::At(close) => close,
    };
    let text = &held[1..close];
    match held.as_bytes().get(close + 1) {
        None if !ended => Found::Wait,
        Some(b'(') => match target(&held[close + 2..], ended) {
            Target::Wait => Found::Wait,
            Target::None => cited(held, text, close),
            Target::Is(address, bytes) => Found::Yes(close + 2 + bytes, link(text, address)),
        },
        _ => cited(held, text, close),
    }
}

/// `![text](address)`, shown as a link: a terminal has no pictures.
pub(super) fn image(held: &str, ended: bool) -> Found {
    match bracket(&held[1..], ended) {
        Found::Wait => Found::Wait,
        Found::Yes(bytes, pieces) if pieces.first().is_none_or(|piece| piece.look != Look::CITE) => {
            Found::Yes(bytes + 1, pieces)
        }
        Found::Literal(_) | Found::Yes(..) => Found::Literal(1),
    }
}

/// `<https://…>`. Anything else in angle brackets is a placeholder (`zfs send <snapshot>`) and stays
/// as it is.
pub(super) fn address(held: &str, ended: bool) -> Found {
    let rest = &held[1..];
    for scheme in ["https://", "http://", "mailto:", "ftp://"] {
        if !ended && scheme.starts_with(rest) {
            return Found::Wait;
        }
        if !rest.starts_with(scheme) {
            continue;
        }
        return match rest.find(|c: char| c == '>' || c == '<' || c.is_whitespace()) {
            None if !ended => Found::Wait,
            Some(end) if rest[end..].starts_with('>') => {
                Found::Yes(end + 2, vec![Piece::new(&rest[..end], Look::UNDERLINE)])
            }
            _ => Found::Literal(1),
        };
    }
    Found::Literal(1)
}

fn cited(held: &str, text: &str, close: usize) -> Found {
    let number = text.contains(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_digit() || matches!(c, ',' | ' ' | '-' | '–'));
    if number { Found::Yes(close + 1, vec![Piece::new(&held[..=close], Look::CITE)]) } else { Found::Literal(1) }
}

fn link(text: &str, address: &str) -> Vec<Piece> {
    let mut pieces = inline::pieces(text, false);
    let shown: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
    if shown.trim().is_empty() || shown == address {
        return vec![Piece::new(address, Look::UNDERLINE)];
    }
    if !address.is_empty() {
        pieces.push(Piece::plain(" ("));
        pieces.push(Piece::new(address, Look::UNDERLINE));
        pieces.push(Piece::plain(")"));
    }
    pieces
}

enum Closing {
    Wait,
    None,
    At(usize),
}

/// The bracket that closes the one at the beginning.
fn closing(held: &str, ended: bool) -> Closing {
    let bytes = held.as_bytes();
    let (mut at, mut depth) = (0, 0usize);
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'[' => depth += 1,
            b']' => {
                depth -= 1;
                if depth == 0 {
                    return Closing::At(at);
                }
            }
            // A bracket in code is none.
            b'`' => match inline::code(&held[at..], ended) {
                Found::Wait => return Closing::Wait,
                Found::Literal(bytes) | Found::Yes(bytes, _) => at += bytes - 1,
            },
            _ => {}
        }
        at += 1;
    }
    if ended { Closing::None } else { Closing::Wait }
}

enum Target<'a> {
    Wait,
    None,
    /// The address, and the bytes up to the closing parenthesis.
    Is(&'a str, usize),
}

/// What stands in the parentheses: an address and perhaps a title.
fn target(text: &str, ended: bool) -> Target<'_> {
    let wait = if ended { Target::None } else { Target::Wait };
    let start = text.len() - text.trim_start_matches(' ').len();
    let rest = &text[start..];
    let (address, mut at) = if let Some(inner) = rest.strip_prefix('<') {
        let Some(end) = inner.find(['>', '<', '\n']) else { return wait };
        if !inner[end..].starts_with('>') {
            return Target::None;
        }
        (&inner[..end], start + end + 2)
    } else {
        let mut depth = 0usize;
        let end = rest.char_indices().find(|(_, c)| match c {
            '(' => {
                depth += 1;
                false
            }
            ')' if depth > 0 => {
                depth -= 1;
                false
            }
            c => *c == ')' || c.is_whitespace(),
        });
        let Some((end, _)) = end else { return wait };
        (&rest[..end], start + end)
    };
    at += text[at..].len() - text[at..].trim_start_matches([' ', '\n']).len();
    let Some(next) = text[at..].chars().next() else { return wait };
    let quote = match next {
        ')' => return Target::Is(address, at + 1),
        '"' | '\'' => next,
        '(' => ')',
        _ => return Target::None,
    };
    let Some(end) = text[at + 1..].find(quote) else { return wait };
    at += end + 2;
    at += text[at..].len() - text[at..].trim_start_matches([' ', '\n']).len();
    match text[at..].chars().next() {
        None => wait,
        Some(')') => Target::Is(address, at + 1),
        Some(_) => Target::None,
    }
}
