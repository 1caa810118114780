//! Which language an utterance is in, and what its misspelt words are meant as. Names of objects never
//! pass through here.

use super::lexicon::{Class, ENGLISH, Form, JAPANESE, Lexicon, Phrase};
use super::text::{self, Token, is_cjk};

impl Lexicon {
    /// The languages that an utterance may be in: English, and one that its words point at.
    #[must_use]
    pub(super) fn languages(&self, tokens: &[Token]) -> Vec<u8> {
        if tokens.iter().any(|token| token.raw.chars().any(is_cjk)) {
            return vec![ENGLISH, JAPANESE];
        }
        let mut best = (ENGLISH, 0);
        let english = tokens
            .iter()
            .filter(|token| {
                let only = self.phrases.get(&token.low);
                // `a` begins phrases of several words, and is a word of many languages.
                let here =
                    |phrase: &Phrase| phrase.language == ENGLISH && (phrase.rest.is_empty() || token.low.len() > 1);
                only.is_some_and(|list| list.iter().any(here))
            })
            .count();
        for (number, hints) in self.hints.iter().enumerate().skip(1) {
            let number = u8::try_from(number).unwrap_or(ENGLISH);
            let mut score = 0;
            for token in tokens {
                let here = hints.contains(&token.low);
                let phrase = self.phrases.get(&token.low);
                let of = |wanted: u8| {
                    phrase.is_some_and(|list| {
                        list.iter().any(|phrase| phrase.language == wanted && phrase.form == Form::Base)
                    })
                };
                if here {
                    score += 2;
                }
                if of(number) && !of(ENGLISH) {
                    score += 3;
                } else if of(number) {
                    score += 1;
                }
            }
            // `apaga a vm`: Portuguese by its article, Spanish by its verb alone.
            score += 2 * tokens
                .windows(2)
                .filter(|pair| hints.contains(&format!("{} {}", pair[0].low, pair[1].low)))
                .count();
            if score > best.1 {
                best = (number, score);
            }
        }
        // English words count too, and more often than not the same word is in both.
        if best.0 != ENGLISH && best.1 > english * 2 { vec![ENGLISH, best.0] } else { vec![ENGLISH] }
    }

    /// What a misspelt word at the beginning may be meant as: a verb, and none that destroys.
    #[must_use]
    pub(super) fn spelt_verb(&self, low: &str) -> Option<String> {
        let length = low.chars().count();
        if !(2..=12).contains(&length) || self.is_plain(low) || !low.bytes().all(|b| b.is_ascii_lowercase()) {
            return None;
        }
        let most = if length < 6 { 1 } else { 2 };
        let ends = |word: &str| (word.bytes().next(), word.bytes().next_back());
        let mut best: Option<((usize, bool, &String), &String)> = None;
        for (word, list) in &self.phrases {
            let orders = |phrase: &&Phrase| phrase.language == ENGLISH && phrase.form == Form::Base;
            let verb = list.iter().filter(orders).any(|phrase| self.class(phrase) == Class::Verb);
            let destroys = list.iter().filter(orders).any(|phrase| self.destroys(phrase));
            if !verb || destroys || word.len() < 3 || ends(word).0 != ends(low).0 {
                continue;
            }
            let Some(found) = text::distance(low, word, most) else { continue };
            let rank = (found, ends(word).1 != ends(low).1, word);
            if best.is_none_or(|(old, _)| rank < old) {
                best = Some((rank, word));
            }
        }
        best.map(|(_, word)| word.clone())
    }

    /// What a misspelt word may be meant as: the nearest word of a phrase.
    #[must_use]
    pub(super) fn spelt(&self, low: &str, languages: &[u8]) -> Option<String> {
        let length = low.chars().count();
        let most = match length {
            0..=2 => return None,
            3..=8 => 1,
            _ => 2,
        };
        if self.is_plain(low) || !low.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') {
            return None;
        }
        let mut best: Option<(usize, &String)> = None;
        let near = self.known.range(length.saturating_sub(most)..=length + most).flat_map(|(_, list)| list);
        for (candidate, mask) in near {
            if !languages.iter().any(|language| mask & (1 << language) != 0) {
                continue;
            }
            let same_head = {
                let (a, b) = (low.as_bytes(), candidate.as_bytes());
                a[0] == b[0] || (a.len() > 1 && b.len() > 1 && a[0] == b[1] && a[1] == b[0])
            };
            if !same_head {
                continue;
            }
            // Three letters, or the wrong one of four, say too little: only a swap.
            let swap = length == candidate.chars().count() && {
                let mut a: Vec<char> = low.chars().collect();
                let mut b: Vec<char> = candidate.chars().collect();
                a.sort_unstable();
                b.sort_unstable();
                a == b
            };
            if length <= 4 && !swap && !(length == 4 && candidate.chars().count() == 5) {
                continue;
            }
            if let Some(found) = text::distance(low, candidate, most) {
                let found = found * 2 + usize::from(!swap);
                if best.is_none_or(|(old, _)| found < old) {
                    best = Some((found, candidate));
                }
            }
        }
        best.map(|(_, word)| word.clone())
    }
}
