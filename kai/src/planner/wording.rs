//! Roundabout ways to say something, put plainly before anything else is read: `any chance of getting
//! web1 going again?` is `please get web1 going again`. The patterns are data (`rewrites.toml`).
//!
//! `^` and `$` stand for the ends of a clause, `@` for a word that names something here, `#` for the name
//! of a snapshot, `%` for a number, `a|b` for one of several words, `…` for one to five; `?` in front
//! makes an order of what is put as a question, where something in it is named.

use super::frame::is_snapshot_name;
use super::inventory::Inventory;
use super::objects::objects;
use super::text::{Sep, Token};

/// At most so many words stand in a gap.
const GAP: usize = 5;

/// A part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Word(String),
    Either(Vec<String>),
    Object,
    Snapshot,
    Number,
    Gap,
}

/// A pattern and what it is put as.
#[derive(Debug, Clone)]
pub(super) struct Rewrite {
    asked: bool,
    start: bool,
    end: bool,
    from: Vec<Part>,
    to: Vec<Part>,
}

fn part(word: &str) -> Part {
    match word {
        "@" => Part::Object,
        "#" => Part::Snapshot,
        "%" => Part::Number,
        "…" => Part::Gap,
        word if word.contains('|') => Part::Either(word.split('|').map(str::to_owned).collect()),
        word => Part::Word(word.to_owned()),
    }
}

impl Rewrite {
    /// Reads a pattern and what it is put as.
    #[must_use]
    pub(super) fn read(from: &str, to: &str) -> Self {
        let asked = from.starts_with('?');
        let from = from.trim_start_matches('?');
        let start = from.starts_with('^');
        let end = from.ends_with('$');
        let parts = |text: &str| text.split_whitespace().map(part).collect();
        Self { asked, start, end, from: parts(from.trim_matches(['^', '$'])), to: parts(to) }
    }
}

/// Whether a clause begins at a token.
fn begins(tokens: &[Token], at: usize) -> bool {
    at == 0
        || tokens[at].sep > Sep::Space
        || matches!(
            tokens[at - 1].low.as_str(),
            "please" | "so" | "and" | "then" | "but" | "now" | "well" | "hi" | "hey"
        )
}

/// Whether a clause ends before a token.
fn ends(tokens: &[Token], at: usize) -> bool {
    tokens.get(at).is_none_or(|token| {
        token.sep > Sep::Space || matches!(token.low.as_str(), "please" | "and" | "then" | "now" | "again" | "because")
    })
}

/// The end of the sentence that a token is in.
fn sentence_end(tokens: &[Token], at: usize) -> usize {
    (at + 1..tokens.len()).find(|next| tokens[*next].sep == Sep::Stop).unwrap_or(tokens.len())
}

/// Whether a word is a number.
fn number(low: &str) -> bool {
    let words = ["two", "three", "four", "five", "six", "seven", "eight", "ten", "twelve", "sixteen", "thirty-two"];
    low.starts_with(|c: char| c.is_ascii_digit()) || words.contains(&low)
}

struct Reader<'a> {
    inventory: &'a Inventory,
    named: Vec<bool>,
}

impl Reader<'_> {
    /// The places that the parts of a pattern take: `(from, to)` each.
    fn places(&self, tokens: &[Token], parts: &[Part], at: usize, first: bool) -> Option<Vec<(usize, usize)>> {
        let Some((part, rest)) = parts.split_first() else { return Some(Vec::new()) };
        let token = tokens.get(at)?;
        if !first && token.sep > Sep::Space || token.quote.is_some() {
            return None;
        }
        let one = match part {
            Part::Word(word) => token.low == *word,
            Part::Either(words) => words.contains(&token.low),
            Part::Object => self.named[at],
            Part::Snapshot => is_snapshot_name(self.inventory, token.raw.trim_start_matches('@')),
            Part::Number => number(&token.low),
            Part::Gap => {
                return (1..=GAP).take_while(|width| tokens.len() >= at + width).find_map(|width| {
                    let joined = tokens[at + 1..at + width].iter().all(|token| token.sep == Sep::Space);
                    let mut out = joined.then(|| self.places(tokens, rest, at + width, false)).flatten()?;
                    out.insert(0, (at, at + width));
                    Some(out)
                });
            }
        };
        if !one {
            return None;
        }
        let mut out = self.places(tokens, rest, at + 1, false)?;
        out.insert(0, (at, at + 1));
        Some(out)
    }

    /// Whether the sentence names something.
    fn concrete(&self, tokens: &[Token], at: usize) -> bool {
        let like = |token: &Token| token.raw.chars().any(|c| c.is_ascii_digit() || matches!(c, '-' | '_' | '/'));
        let claims = |token: &Token| token.quote.is_some() || matches!(token.low.as_str(), "called" | "named" | "name");
        (at..sentence_end(tokens, at)).any(|at| self.named[at] || like(&tokens[at]) || claims(&tokens[at]))
    }
}

fn word(low: &str) -> Token {
    Token {
        raw: low.to_owned(),
        low: low.to_owned(),
        sep: Sep::Space,
        quote: None,
        possessive: false,
        asks: false,
        glued: false,
    }
}

/// What takes the place of a pattern that was found.
fn replaced(tokens: &[Token], rule: &Rewrite, places: &[(usize, usize)]) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::new();
    let mut used = vec![false; places.len()];
    for part in &rule.to {
        if let Part::Word(low) = part {
            out.push(word(low));
            continue;
        }
        let place = (0..places.len()).find(|at| !used[*at] && rule.from[*at] == *part);
        if let Some(place) = place {
            used[place] = true;
            let (from, to) = places[place];
            let at = out.len();
            out.extend(tokens[from..to].iter().cloned());
            if let Some(token) = out.get_mut(at) {
                token.sep = Sep::Space;
            }
        }
    }
    let (Some(first), Some(last)) = (places.first(), places.last()) else { return out };
    if let Some(token) = out.first_mut() {
        token.sep = tokens[first.0].sep;
    }
    if let Some(token) = out.last_mut() {
        token.asks = tokens[last.1 - 1].asks;
    }
    out
}

/// The tokens, put plainly.
#[must_use]
pub(super) fn plain(rules: &[Rewrite], inventory: &Inventory, mut tokens: Vec<Token>) -> Vec<Token> {
    let named = |tokens: &[Token]| tokens.iter().map(|token| !objects(inventory, &token.raw).is_empty()).collect();
    let mut reader = Reader { inventory, named: named(&tokens) };
    let mut at = 0;
    // Every pattern is put as something that it does not match; the count only bounds a mistake.
    let mut left = 64;
    while at < tokens.len() && left > 0 {
        let found = rules.iter().find_map(|rule| {
            if rule.start && !begins(&tokens, at) {
                return None;
            }
            let places = reader.places(&tokens, &rule.from, at, true)?;
            let end = places.last()?.1;
            let fits = (!rule.end || ends(&tokens, end)) && (!rule.asked || reader.concrete(&tokens, at));
            fits.then_some((rule, places, end))
        });
        let Some((rule, places, end)) = found else {
            at += 1;
            continue;
        };
        left -= 1;
        let new = replaced(&tokens, rule, &places);
        if rule.asked {
            let last = sentence_end(&tokens, at);
            tokens[at..last].iter_mut().for_each(|token| token.asks = false);
        }
        let mut new = new;
        if rule.asked {
            new.iter_mut().for_each(|token| token.asks = false);
        }
        let sep = tokens[at].sep;
        let gone = new.is_empty();
        tokens.splice(at..end, new);
        if gone && let Some(next) = tokens.get_mut(at) {
            next.sep = next.sep.max(sep);
        }
        reader.named = named(&tokens);
    }
    tokens
}
