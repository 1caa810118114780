//! The few lines of a passage that show why it was found.

use std::collections::HashSet;
use std::ops::Range;

use crate::words::Analyzer;

/// An excerpt and the byte ranges in it that match the question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// One line, white space folded.
    pub text: String,
    /// What to highlight, in order, not overlapping.
    pub matches: Vec<Range<usize>>,
}

/// The stretch of about `width` characters of `text` that holds most of the question's words.
#[must_use]
pub fn snippet(question: &str, text: &str, width: usize) -> Snippet {
    let mut analyzer = Analyzer::default();
    let wanted: HashSet<String> = analyzer.list(question).into_iter().collect();
    let words: Vec<&str> = text.split_whitespace().filter(|word| !word.starts_with("```")).collect();
    let matched: Vec<bool> = words
        .iter()
        .map(|word| {
            let mut found = false;
            analyzer.terms(word, |term| found |= wanted.contains(term));
            found
        })
        .collect();
    let (start, end) = best_window(&words, &matched, &wanted, &mut analyzer, width);
    let mut snippet = Snippet { text: String::new(), matches: Vec::new() };
    if start > 0 {
        snippet.text.push_str("… ");
    }
    for at in start..end {
        let from = snippet.text.len();
        snippet.text.push_str(words[at]);
        if matched[at] {
            snippet.matches.push(from..snippet.text.len());
        }
        if at + 1 < end {
            snippet.text.push(' ');
        }
    }
    if end < words.len() {
        snippet.text.push_str(" …");
    }
    snippet
}

/// The window with the most distinct matches; the earliest of equals.
fn best_window(
    words: &[&str],
    matched: &[bool],
    wanted: &HashSet<String>,
    analyzer: &mut Analyzer,
    width: usize,
) -> (usize, usize) {
    let end_from = |start: usize| {
        let mut length = 0;
        let fits = |word: &&&str| {
            length += word.chars().count() + 1;
            length <= width.max(1)
        };
        start + words[start..].iter().take_while(fits).count().max(1)
    };
    let mut best = (0, words.len().min(1), 0);
    for start in (0..words.len()).filter(|&at| at == 0 || matched[at]) {
        let from = start.saturating_sub(if start == 0 { 0 } else { 4 });
        let end = end_from(from).min(words.len());
        let mut terms = HashSet::new();
        for at in (from..end).filter(|&at| matched[at]) {
            analyzer.terms(words[at], |term| {
                if wanted.contains(term) {
                    terms.insert(term.to_owned());
                }
            });
        }
        if terms.len() > best.2 || best.2 == 0 && start == 0 {
            best = (from, end, terms.len());
        }
    }
    (best.0, best.1)
}
