//! Cuts a long text into pieces that fit the model's window behind their context.
//!
//! Cuts fall between words, at a line's start where one is near. Works on words and token counts;
//! knows no ids and no model.

use super::tokens::{Tokens, Word};

/// Tokens that every text has besides its own: the opening and the closing one.
const SPECIAL: usize = 2;

/// Pieces of `text`, each behind `context`, that cover it and fit `window` tokens. The context gets
/// at most a quarter of the window. (A single word that is larger than what is left is not cut.)
pub(super) fn windows(tokens: &Tokens, window: usize, context: &str, text: &str) -> Vec<String> {
    let (context, used) = cap(context, &tokens.words(context), window / 4);
    let budget = window.saturating_sub(SPECIAL + used).max(1);
    let join = |piece: &str| {
        if context.is_empty() { piece.to_owned() } else { format!("{context}\n{piece}") }
    };

    let words = tokens.words(text);
    let mut left: usize = words.iter().map(|word| word.tokens).sum();
    if left <= budget {
        return vec![join(text)];
    }
    let mut pieces = Vec::new();
    let mut rest = words.as_slice();
    let mut start = 0;
    while left > budget {
        // Even shares, so that no piece is a mere remainder.
        let target = left.div_ceil(left.div_ceil(budget));
        let taken = cut(text, rest, target, budget);
        left -= rest[..taken].iter().map(|word| word.tokens).sum::<usize>();
        rest = &rest[taken..];
        let end = rest.first().map_or(text.len(), |word| word.start);
        pieces.push(join(trim(&text[start..end])));
        start = end;
    }
    if !rest.is_empty() {
        pieces.push(join(trim(&text[start..])));
    }
    pieces
}

/// The part of the context that has at most `most` tokens, and how many it has.
fn cap<'a>(context: &'a str, words: &[Word], most: usize) -> (&'a str, usize) {
    let context = context.trim_end();
    let mut used = 0;
    for word in words {
        if used + word.tokens > most {
            return (context[..word.start.min(context.len())].trim_end(), used);
        }
        used += word.tokens;
    }
    (context, used)
}

/// A piece without the blank lines about it; the indentation of its first line stays.
fn trim(piece: &str) -> &str {
    let piece = piece.trim_end();
    let body = piece.len() - piece.trim_start().len();
    let line = piece[..body].rfind('\n').map_or(0, |newline| newline + 1);
    &piece[line..]
}

/// How many words go into the next piece: the cut nearest to `target` tokens among those between
/// three quarters of it and `budget`, a line's start before a blank, a blank before anything else.
fn cut(text: &str, words: &[Word], target: usize, budget: usize) -> usize {
    let mut sum = 0;
    let mut best = (u8::MAX, usize::MAX, 1);
    let mut last = 0;
    for (index, word) in words.iter().enumerate() {
        if index > 0 && sum * 4 >= target * 3 {
            let gap = &text[last..word.start];
            let blank = gap.len() - gap.trim_end().len();
            let rank = if gap[gap.len() - blank..].contains('\n') { 0 } else { u8::from(blank == 0) + 1 };
            let candidate = (rank, sum.abs_diff(target), index);
            best = best.min(candidate);
        }
        sum += word.tokens;
        if sum > budget {
            // Words too large for any cut within bounds: everything that still fits, at least one.
            return if best.0 == u8::MAX { index.max(1) } else { best.2 };
        }
        last = word.start;
    }
    if best.0 == u8::MAX { words.len() } else { best.2 }
}
