//! Text to terms: lower case, compounds whole and in parts, stop words out, English stems.

use std::collections::HashMap;

use rust_stemmers::{Algorithm, Stemmer};

use super::stop::is_stop_word;

/// What is looked up: a stem, a compound such as `zfs_arc_max`, or an option such as `-w`.
pub type Term = String;

/// Longer runs are keys, hashes and drawings: nobody asks for them by word.
const MAX_TERM_BYTES: usize = 64;

/// Turns text into terms. Keeps the stems it has seen, so one analyzer per thread pays off.
#[derive(Default)]
pub struct Analyzer {
    stems: HashMap<String, Option<Term>>,
}

impl std::fmt::Debug for Analyzer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Analyzer").field("stems", &self.stems.len()).finish()
    }
}

impl Analyzer {
    /// Calls `sink` with each term of `text`, in order.
    ///
    /// A compound (`zfs_arc_max`, `man8/zfs-send.8`, `qemu:///system`) gives its parts and then
    /// itself, so that it is found by either. An option gives its name: `--raw` gives `raw`.
    pub fn terms(&mut self, text: &str, mut sink: impl FnMut(&str)) {
        for run in text.split(|c: char| !(c.is_alphanumeric() || is_joint(c))) {
            let run = run.trim_end_matches(['.', ':', '/', '-', '+', '@', '=']);
            if run.is_empty() {
                continue;
            }
            self.run(run, &mut sink);
        }
    }

    /// The terms of `text` as a list.
    pub fn list(&mut self, text: &str) -> Vec<Term> {
        let mut terms = Vec::new();
        self.terms(text, |term| terms.push(term.to_owned()));
        terms
    }

    fn run(&mut self, run: &str, sink: &mut impl FnMut(&str)) {
        let lower = run.to_lowercase();
        let bare = lower.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '_').trim_matches('_');
        let is_option = lower.starts_with('-') && !bare.is_empty() && bare.len() <= 24;
        let mut parts = 0;
        for part in bare.split(|c: char| !c.is_alphanumeric()) {
            if part.is_empty() || part.len() > MAX_TERM_BYTES {
                continue;
            }
            parts += 1;
            // The letter of `-w` alone would match every lone letter.
            if is_option && part.len() == 1 {
                continue;
            }
            self.word(part, sink);
        }
        if parts > 1 && bare.len() <= MAX_TERM_BYTES {
            sink(bare);
        }
        if is_option && parts == 1 && bare.len() <= 2 {
            sink(&lower);
        }
    }

    fn word(&mut self, word: &str, sink: &mut impl FnMut(&str)) {
        if !self.stems.contains_key(word) {
            let stem = stem(word);
            self.stems.insert(word.to_owned(), stem);
        }
        if let Some(Some(stem)) = self.stems.get(word) {
            sink(stem);
        }
    }
}

fn is_joint(c: char) -> bool {
    matches!(c, '_' | '-' | '.' | '/' | ':' | '+' | '@' | '=')
}

fn stem(word: &str) -> Option<Term> {
    if is_stop_word(word) {
        return None;
    }
    if word.chars().any(|c| c.is_ascii_digit()) {
        return Some(word.to_owned());
    }
    let stem = Stemmer::create(Algorithm::English).stem(word).into_owned();
    (!stem.is_empty()).then_some(stem)
}
