//! Text within a paragraph: emphasis, code, links, citations.
//!
//! Pure functions of what is held back. A mark may turn out to mean nothing (`*.conf`), so the text
//! from a mark on is held until it is certain what the mark is; text without marks is never held.
//! What is certain does not depend on how the text arrived.

use super::look::{Look, Piece};

/// What may mean something.
const MARKS: [char; 9] = ['*', '_', '`', '[', '!', '<', '\\', '&', '\n'];

/// What can be said about the beginning of the held text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing yet.
    Wait,
    /// The first so many bytes are these pieces.
    Take(usize, Vec<Piece>),
}

/// What a mark turned out to be.
pub(super) enum Found {
    /// Nothing is certain yet.
    Wait,
    /// The mark, so many bytes long, stands for itself.
    Literal(usize),
    /// The first so many bytes are these pieces.
    Yes(usize, Vec<Piece>),
}

/// Looks at the beginning of `held`, which is not empty. `prev` is the character before it; `ended`
/// says that nothing follows.
pub(super) fn step(held: &str, prev: Option<char>, ended: bool) -> Step {
    look(held, prev, ended, true)
}

/// A whole text.
pub(super) fn pieces(text: &str, links: bool) -> Vec<Piece> {
    let (mut at, mut prev, mut out) = (0, None, Vec::new());
    while at < text.len() {
        let Step::Take(bytes, pieces) = look(&text[at..], prev, true, links) else { break };
        out.extend(pieces);
        prev = text[at..at + bytes].chars().next_back();
        at += bytes;
    }
    out
}

fn look(held: &str, prev: Option<char>, ended: bool, links: bool) -> Step {
    let found = match held.as_bytes().first() {
        Some(b'*' | b'_') => emphasis(held, prev, ended, links),
        _ => single(held, ended, links),
    };
    match found {
        Found::Wait => Step::Wait,
        Found::Literal(bytes) => Step::Take(bytes, vec![Piece::plain(&held[..bytes])]),
        Found::Yes(bytes, pieces) => Step::Take(bytes, pieces),
    }
}

/// Everything but emphasis.
fn single(held: &str, ended: bool, links: bool) -> Found {
    let Some(first) = held.chars().next() else { return Found::Wait };
    match first {
        '`' => code(held, ended),
        '[' if links => super::link::bracket(held, ended),
        '!' if links => match held.as_bytes().get(1) {
            None if !ended => Found::Wait,
            Some(b'[') => super::link::image(held, ended),
            _ => Found::Literal(1),
        },
        '<' => super::link::address(held, ended),
        '\\' => match held[1..].chars().next() {
            None if !ended => Found::Wait,
            Some('\n') => Found::Yes(2, vec![Piece::plain("\n")]),
            Some(c) if c.is_ascii_punctuation() => Found::Yes(2, vec![Piece::plain(c)]),
            _ => Found::Literal(1),
        },
        '&' => entity(held, ended),
        // The source's lines are not ours.
        '\n' => Found::Yes(1, vec![Piece::plain(" ")]),
        // On to the next mark.
        _ => Found::Literal(held[first.len_utf8()..].find(MARKS).map_or(held.len(), |next| next + first.len_utf8())),
    }
}

/// Only what people write: a number could stand for any control character.
fn entity(held: &str, ended: bool) -> Found {
    for (name, text) in [("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&nbsp;", " ")] {
        if held.starts_with(name) {
            return Found::Yes(name.len(), vec![Piece::plain(text)]);
        }
        if !ended && name.starts_with(held) {
            return Found::Wait;
        }
    }
    Found::Literal(1)
}

/// `` `code` ``, between runs of backticks of the same length.
pub(super) fn code(held: &str, ended: bool) -> Found {
    let open = run(held, b'`');
    let mut at = open;
    while let Some(next) = held[at..].find('`') {
        let start = at + next;
        let length = run(&held[start..], b'`');
        at = start + length;
        if at == held.len() && !ended {
            return Found::Wait;
        }
        if length == open {
            let text = held[open..start].replace('\n', " ");
            let inner = text.strip_prefix(' ').and_then(|text| text.strip_suffix(' '));
            let text = inner.filter(|_| !text.trim().is_empty()).unwrap_or(&text);
            return Found::Yes(at, vec![Piece::new(text, Look::CODE)]);
        }
    }
    if ended { Found::Literal(open) } else { Found::Wait }
}

/// How many bytes of this kind stand at the beginning.
pub(super) fn run(text: &str, mark: u8) -> usize {
    text.bytes().take_while(|byte| *byte == mark).count()
}

/// A run of marks that may begin emphasis. Its piece holds the marks that found no partner.
struct Opener {
    piece: usize,
    mark: u8,
    left: usize,
}

/// `*em*`, `**strong**`, `_em_`, and whatever is nested in them.
fn emphasis(held: &str, prev: Option<char>, ended: bool, links: bool) -> Found {
    let bytes = held.as_bytes();
    let mut pieces: Vec<Piece> = Vec::new();
    let mut open: Vec<Opener> = Vec::new();
    let (mut at, mut before) = (0, prev);
    while at < held.len() {
        let rest = &held[at..];
        let mark = bytes[at];
        if !matches!(mark, b'*' | b'_') {
            let length = match single(rest, ended, links) {
                Found::Wait => return Found::Wait,
                Found::Literal(length) => {
                    pieces.push(Piece::plain(&rest[..length]));
                    length
                }
                Found::Yes(length, found) => {
                    pieces.extend(found);
                    length
                }
            };
            at += length;
            before = held[..at].chars().next_back();
            continue;
        }
        let length = run(rest, mark);
        let after = rest[length..].chars().next();
        if after.is_none() && !ended {
            return Found::Wait;
        }
        let (opens, closes) = flanks(mark, before, after);
        if at == 0 && (!opens || length > 3) {
            return Found::Literal(length);
        }
        let mut left = length;
        while closes && left > 0 {
            let Some(found) = open.iter().rposition(|opener| opener.mark == mark) else { break };
            open.truncate(found + 1);
            left -= close(&mut open, &mut pieces, left);
        }
        if left > 0 {
            if opens && left <= 3 {
                open.push(Opener { piece: pieces.len(), mark, left });
            }
            pieces.push(Piece::plain(&rest[..left]));
        }
        at += length;
        before = Some(char::from(mark));
        if open.is_empty() {
            pieces.retain(|piece| !piece.text.is_empty());
            return Found::Yes(at, pieces);
        }
    }
    if ended { Found::Literal(run(held, bytes[0])) } else { Found::Wait }
}

/// Matches the last opener with up to `left` marks, and says how many were used.
fn close(open: &mut Vec<Opener>, pieces: &mut [Piece], left: usize) -> usize {
    let Some(opener) = open.last_mut() else { return left };
    let used = opener.left.min(left);
    let look = match used {
        1 => Look::ITALIC,
        2 => Look::BOLD,
        _ => Look::BOLD | Look::ITALIC,
    };
    for piece in &mut pieces[opener.piece + 1..] {
        piece.look = piece.look | look;
    }
    opener.left -= used;
    pieces[opener.piece].text.truncate(opener.left);
    if opener.left == 0 {
        open.pop();
    }
    used
}

/// Whether a run of marks can open and can close, by what stands around it (CommonMark 6.2).
///
/// Stricter in two cases, both common in what kai talks about: a star behind a letter or a digit
/// (`2*3`) and a star before a dot or a slash (`*.conf`, `**/*.rs`) open nothing.
fn flanks(mark: u8, before: Option<char>, after: Option<char>) -> (bool, bool) {
    let space = |c: Option<char>| c.is_none_or(char::is_whitespace);
    let mark_like = |c: Option<char>| c.is_some_and(|c| !c.is_alphanumeric() && !c.is_whitespace());
    let left = !space(after) && (!mark_like(after) || space(before) || mark_like(before));
    let right = !space(before) && (!mark_like(before) || space(after) || mark_like(after));
    if mark == b'_' {
        return (left && (!right || mark_like(before)), right && (!left || mark_like(after)));
    }
    let behind_word = before.is_some_and(|c| c.is_ascii_alphanumeric());
    let pattern = matches!(after, Some('.' | '/' | ',' | ';' | ':' | '?' | '!' | ')' | '='));
    (left && !behind_word && !pattern, right)
}
