//! Which phrases stand for which concepts: the data of `prompts/phrases`, ready to be looked up.
//!
//! A misspelt word is understood here; the name of an object never passes through here.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::OnceLock;

use kai_prompts::phrases::{self, Frame, PhraseError, Words};

use super::text::{self, Token, is_cjk};

/// A concept: a name of `prompts/phrases`.
pub(super) type Concept = &'static str;

/// In which form a verb stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As the phrase has it.
    Base,
    /// `deleting`.
    Gerund,
    /// `deleted`.
    Past,
    /// `deletes`.
    Third,
}

/// Which table a concept is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// What can be done.
    Verb,
    /// What it is done to, and how it is qualified.
    Noun,
    /// What holds a sentence together.
    Mark,
}

/// One phrase.
#[derive(Debug, Clone)]
struct Phrase {
    /// The words after the first, up to a gap.
    rest: Vec<String>,
    /// The words after the gap.
    after: Vec<String>,
    concept: usize,
    language: u8,
    form: Form,
}

/// A phrase that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hit {
    /// What it stands for.
    pub concept: Concept,
    /// Its class.
    pub class: Class,
    /// The form of a verb.
    pub form: Form,
    /// So many tokens.
    pub len: usize,
    /// Where the part behind its gap begins, and how many tokens it has.
    pub particle: Option<(usize, usize)>,
    /// Whether a word of it was misspelt.
    pub typo: bool,
}

impl Hit {
    /// Whether it is of the nouns.
    pub(super) fn is_noun(&self) -> bool {
        self.class == Class::Noun
    }
}

/// All phrases.
#[derive(Debug)]
pub(super) struct Lexicon {
    concepts: Vec<(String, Class)>,
    phrases: HashMap<String, Vec<Phrase>>,
    /// Words that may be meant by a misspelt one, by length.
    known: BTreeMap<usize, Vec<(String, u8)>>,
    /// Every word of every phrase, with the languages that have it.
    vocabulary: HashMap<String, u8>,
    hints: Vec<HashSet<String>>,
    plain: HashSet<String>,
    filler: HashSet<String>,
    /// Numbers, units and plain words.
    pub words: Words,
    /// The frames.
    pub frames: Vec<Frame>,
}

/// At most so many words stand in a gap.
const GAP: usize = 6;
/// English, the first of the languages.
const ENGLISH: u8 = 0;
/// Japanese, which is found by its script.
const JAPANESE: u8 = 7;

static LEXICON: OnceLock<Result<Lexicon, PhraseError>> = OnceLock::new();

/// The lexicon.
///
/// # Errors
/// If a file of phrases is broken.
pub(super) fn lexicon() -> Result<&'static Lexicon, &'static PhraseError> {
    LEXICON.get_or_init(Lexicon::load).as_ref()
}

/// The forms of an English verb.
fn inflected(verb: &str) -> Vec<(String, Form)> {
    let vowel = |c: char| "aeiou".contains(c);
    let mut chars = verb.chars().rev();
    let (last, second, third) = (chars.next(), chars.next(), chars.next());
    let double = verb.len() <= 5
        && matches!((last, second, third), (Some(a), Some(b), Some(c)) if !vowel(a) && vowel(b) && !vowel(c) && !"wxy".contains(a));
    let stem = match (last, second) {
        (Some('e'), Some(c)) if c != 'e' && c != 'o' => verb[..verb.len() - 1].to_owned(),
        (Some(c), _) if double => format!("{verb}{c}"),
        _ => verb.to_owned(),
    };
    let y = last == Some('y') && second.is_some_and(|c| !vowel(c));
    let root = if y { verb[..verb.len() - 1].to_owned() } else { verb.to_owned() };
    let hiss = last.is_some_and(|c| "sxz".contains(c)) || verb.ends_with("ch") || verb.ends_with("sh");
    let third = if y {
        format!("{root}ies")
    } else if hiss {
        format!("{verb}es")
    } else {
        format!("{verb}s")
    };
    let past = if y { format!("{root}ied") } else { format!("{stem}ed") };
    vec![(format!("{stem}ing"), Form::Gerund), (past, Form::Past), (third, Form::Third)]
}

impl Lexicon {
    fn load() -> Result<Self, PhraseError> {
        let mut lexicon = Self {
            concepts: Vec::new(),
            phrases: HashMap::new(),
            known: BTreeMap::new(),
            vocabulary: HashMap::new(),
            hints: Vec::new(),
            plain: HashSet::new(),
            filler: HashSet::new(),
            words: phrases::words()?,
            frames: phrases::frames()?,
        };
        let mut index: HashMap<String, usize> = HashMap::new();
        for (number, (_, language)) in phrases::languages()?.into_iter().enumerate() {
            let number = u8::try_from(number).unwrap_or(u8::MAX);
            let mut hints = HashSet::new();
            let tables = [(Class::Verb, &language.verb), (Class::Noun, &language.noun), (Class::Mark, &language.mark)];
            for (class, table) in tables {
                for (concept, list) in table {
                    if concept == "hint" {
                        hints.extend(list.iter().map(|word| text::fold(word)));
                        continue;
                    }
                    let at = *index.entry(concept.clone()).or_insert_with(|| {
                        lexicon.concepts.push((concept.clone(), class));
                        lexicon.concepts.len() - 1
                    });
                    for phrase in list {
                        lexicon.add(phrase, at, number, Form::Base);
                        if number == ENGLISH && class == Class::Verb {
                            let (head, tail) = match phrase.split_once(' ') {
                                Some((head, tail)) => (head, Some(tail)),
                                None => (phrase.as_str(), None),
                            };
                            if head.len() >= 2 && head.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') {
                                for (word, form) in inflected(head) {
                                    let whole = tail.map_or(word.clone(), |tail| format!("{word} {tail}"));
                                    lexicon.add(&whole, at, number, form);
                                }
                            }
                        }
                    }
                }
            }
            lexicon.hints.push(hints);
        }
        lexicon.filler = lexicon.words.filler.iter().map(|word| text::fold(word)).collect();
        lexicon.plain = lexicon.words.plain.iter().map(|word| text::fold(word)).collect();
        for (word, languages) in &lexicon.vocabulary {
            if word.len() >= 4 && word.bytes().all(|b| b.is_ascii_lowercase()) {
                lexicon.known.entry(word.len()).or_default().push((word.clone(), *languages));
            }
        }
        for list in lexicon.known.values_mut() {
            list.sort();
        }
        for list in lexicon.phrases.values_mut() {
            list.sort_by_key(|phrase| std::cmp::Reverse(phrase.rest.len() * 2 + phrase.after.len() * 2));
        }
        Ok(lexicon)
    }

    fn add(&mut self, phrase: &str, concept: usize, language: u8, form: Form) {
        let folded = text::fold(phrase);
        let (front, after) = match folded.split_once('…') {
            Some((front, after)) => (front.to_owned(), after.to_owned()),
            None => (folded, String::new()),
        };
        let split = |text: &str| -> Vec<String> {
            let mut out = Vec::new();
            for word in text.split_whitespace() {
                if word.chars().any(is_cjk) {
                    out.extend(word.chars().map(String::from));
                } else if let Some((verb, pronoun)) = text::clitic(word) {
                    out.extend([verb.to_owned(), pronoun.to_owned()]);
                } else {
                    for (index, part) in word.split('\'').enumerate() {
                        // l'image is two words to the tokens as well.
                        if index == 0 && word.contains('\'') && part.len() <= 5 && language == 2 {
                            out.push(part.to_owned());
                        } else if index > 0 && language == 2 {
                            out.push(part.to_owned());
                        }
                    }
                    if !(word.contains('\'') && language == 2) {
                        out.push(word.to_owned());
                    }
                }
            }
            out
        };
        let mut front = split(&front);
        if front.is_empty() {
            return;
        }
        for word in front.iter().cloned().chain(split(&after)) {
            *self.vocabulary.entry(word).or_default() |= 1 << language;
        }
        let first = front.remove(0);
        let phrase = Phrase { rest: front, after: split(&after), concept, language, form };
        self.phrases.entry(first).or_default().push(phrase);
    }

    /// Whether a word means nothing by itself.
    #[must_use]
    pub(super) fn is_filler(&self, low: &str) -> bool {
        self.filler.contains(low)
    }

    /// Whether it is an ordinary word, and so neither misspelt nor a name.
    #[must_use]
    pub(super) fn is_plain(&self, low: &str) -> bool {
        self.plain.contains(low) || self.filler.contains(low)
    }

    /// Whether a word is part of a phrase of those languages, a number or a unit.
    #[must_use]
    pub(super) fn is_word(&self, low: &str, languages: &[u8]) -> bool {
        self.vocabulary.get(low).is_some_and(|mask| languages.iter().any(|language| mask & (1 << language) != 0))
            || self.words.number.keys().any(|phrase| phrase.split(' ').any(|word| word == low))
            || self.words.period.keys().any(|phrase| phrase.split(' ').any(|word| word == low))
            || self.words.time.contains_key(low)
            || self.words.size.values().any(|list| list.iter().any(|unit| unit == low))
    }

    /// Whether a word is part of a phrase of any language.
    #[must_use]
    pub(super) fn knows(&self, low: &str) -> bool {
        self.vocabulary.contains_key(low)
    }

    /// Whether something is described by that word: an alias.
    #[must_use]
    pub(super) fn aliases(&self, low: &str) -> &[String] {
        self.words.alias.get(low).map_or(&[], Vec::as_slice)
    }

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
                only.is_some_and(|list| list.iter().any(|phrase| phrase.language == ENGLISH))
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
            if score > best.1 {
                best = (number, score);
            }
        }
        // English words count too, and more often than not the same word is in both.
        if best.0 != ENGLISH && best.1 > english * 2 { vec![ENGLISH, best.0] } else { vec![ENGLISH] }
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

    /// The phrases that begin at a token, longest first. `words` are the folded tokens, spelling
    /// mended; `limit` is where the sentence ends.
    #[must_use]
    pub(super) fn hits(&self, words: &[String], at: usize, limit: usize, languages: &[u8]) -> Vec<Hit> {
        let mut out: Vec<Hit> = Vec::new();
        let Some(list) = words.get(at).and_then(|word| self.phrases.get(word)) else { return out };
        for phrase in list.iter().filter(|phrase| languages.contains(&phrase.language)) {
            let end = at + 1 + phrase.rest.len();
            if end > limit || words[at + 1..end] != phrase.rest[..] {
                continue;
            }
            let particle = if phrase.after.is_empty() {
                None
            } else {
                let width = phrase.after.len();
                let cjk = phrase.after[0].chars().any(is_cjk);
                let last = if cjk { end + 12 } else { end + GAP };
                // `create a dataset and snapshot it` is no `create … snapshot`.
                let noun = phrase.after.iter().any(|word| word.starts_with("snap") || word == "checkpoint");
                let last = if noun {
                    words[end..].iter().position(|w| w == "and" || w == "then").map_or(last, |at| last.min(end + at))
                } else {
                    last
                };
                let found = (end + 1..=last)
                    .find(|start| start + width <= limit && words[*start..*start + width] == phrase.after[..]);
                match found {
                    Some(start) => Some((start, width)),
                    None => continue,
                }
            };
            let (name, class) = &self.concepts[phrase.concept];
            // The lexicon lives as long as the program.
            let concept: Concept = match lexicon() {
                Ok(lexicon) => lexicon.concepts.get(phrase.concept).map_or("", |(name, _)| name.as_str()),
                Err(_) => "",
            };
            debug_assert_eq!(concept, name.as_str());
            let len = 1 + phrase.rest.len();
            if !out
                .iter()
                .any(|hit| hit.concept == concept && hit.len >= len && hit.particle.is_some() == particle.is_some())
            {
                out.push(Hit { concept, class: *class, form: phrase.form, len, particle, typo: false });
            }
        }
        out
    }
}
