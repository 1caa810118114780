//! Which phrases stand for which concepts: the data of `prompts/phrases`, ready to be looked up.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::OnceLock;

use kai_prompts::phrases::{self, Frame, PhraseError, Words};

use super::enclitic;
use super::text::{self, is_cjk};
use super::wording::Rewrite;

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
pub(super) struct Phrase {
    /// The words after the first, up to a gap.
    pub(super) rest: Vec<String>,
    /// The words after the gap.
    pub(super) after: Vec<String>,
    concept: usize,
    pub(super) language: u8,
    pub(super) form: Form,
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
    pub(super) phrases: HashMap<String, Vec<Phrase>>,
    /// Words that may be meant by a misspelt one, by length.
    pub(super) known: BTreeMap<usize, Vec<(String, u8)>>,
    /// Every word of every phrase, with the languages that have it.
    vocabulary: HashMap<String, u8>,
    pub(super) hints: Vec<HashSet<String>>,
    plain: HashSet<String>,
    filler: HashSet<String>,
    /// Numbers, units and plain words.
    pub words: Words,
    /// The frames.
    pub frames: Vec<Frame>,
    /// Roundabout wordings.
    pub(super) rewrites: Vec<Rewrite>,
}

/// At most so many words stand in a gap.
const GAP: usize = 6;
/// And so many where the word behind the gap ends the clause.
const FAR: usize = 16;

/// English, the first of the languages.
pub(super) const ENGLISH: u8 = 0;

/// German, whose verbs come apart, like those of Dutch.
pub(super) const GERMAN: u8 = 1;
/// French, which leans articles on the next word.
const FRENCH: u8 = 2;
/// Languages that lean pronouns on the verb.
pub(super) const SPANISH: u8 = 3;
pub(super) const ITALIAN: u8 = 4;
pub(super) const PORTUGUESE: u8 = 5;
pub(super) const DUTCH: u8 = 6;
/// Japanese, which is found by its script.
pub(super) const JAPANESE: u8 = 7;

static LEXICON: OnceLock<Result<Lexicon, PhraseError>> = OnceLock::new();

/// The lexicon.
///
/// # Errors
/// If a file of phrases is broken.
pub(super) fn lexicon() -> Result<&'static Lexicon, &'static PhraseError> {
    LEXICON.get_or_init(Lexicon::load).as_ref()
}

/// Verbs that end otherwise when something is done.
const IRREGULAR: [(&str, &str); 23] = [
    ("snapshot", "snapshotted"),
    ("build", "built"),
    ("send", "sent"),
    ("take", "taken"),
    ("bring", "brought"),
    ("tear", "torn"),
    ("throw", "thrown"),
    ("make", "made"),
    ("give", "given"),
    ("freeze", "frozen"),
    ("wake", "woken"),
    ("undo", "undone"),
    ("keep", "kept"),
    ("wind", "wound"),
    ("rewind", "rewound"),
    ("blow", "blown"),
    ("grow", "grown"),
    ("spin", "spun"),
    ("run", "run"),
    ("cut", "cut"),
    ("shut", "shut"),
    ("set", "set"),
    ("put", "put"),
];

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
    let past = match IRREGULAR.iter().find(|(base, _)| *base == verb) {
        Some((_, past)) => (*past).to_owned(),
        None if y => format!("{root}ied"),
        None => format!("{stem}ed"),
    };
    let mut out = vec![(format!("{stem}ing"), Form::Gerund), (past, Form::Past), (third, Form::Third)];
    out.retain(|(form, _)| form != verb);
    out
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
            rewrites: phrases::rewrites()?.iter().map(|(from, to)| Rewrite::read(from, to)).collect(),
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
        // Words of numbers and units belong to every language, and are nobody's misspelling.
        for (word, languages) in &lexicon.vocabulary {
            if word.len() >= 4 && word.bytes().all(|b| b.is_ascii_lowercase()) {
                lexicon.known.entry(word.len()).or_default().push((word.clone(), *languages));
            }
        }
        for list in lexicon.known.values_mut() {
            list.sort();
        }
        let words = &lexicon.words;
        let phrases = words.number.keys().chain(words.period.keys()).chain(words.time.keys());
        for word in
            phrases.flat_map(|phrase| phrase.split(' ')).chain(words.size.values().flatten().map(String::as_str))
        {
            lexicon.vocabulary.insert(word.to_owned(), u8::MAX);
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
                    // l'image is two words to the tokens as well.
                    let elided = language == FRENCH && word.contains('\'');
                    for (index, part) in word.split('\'').enumerate().filter(|_| elided) {
                        if index > 0 || part.len() <= 5 {
                            out.push(part.to_owned());
                        }
                    }
                    if !elided {
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

    /// Of which table a phrase is.
    pub(super) fn class(&self, phrase: &Phrase) -> Class {
        self.concepts[phrase.concept].1
    }

    /// Whether a phrase destroys.
    pub(super) fn destroys(&self, phrase: &Phrase) -> bool {
        matches!(self.concepts[phrase.concept].0.as_str(), "delete" | "discard")
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
                let far = cjk || enclitic::separates(phrase);
                let last = if far { end + FAR } else { end + GAP };
                // `create a dataset and snapshot it` is no `create … snapshot`.
                let noun = phrase.after.iter().any(|word| word.starts_with("snap") || word == "checkpoint");
                let last = if noun {
                    words[end..limit.min(last)]
                        .iter()
                        .position(|w| ["and", "then", "called", "named"].contains(&w.as_str()))
                        .map_or(last, |at| last.min(end + at))
                } else {
                    last
                };
                let ends = |start: usize| cjk || start <= end + GAP || enclitic::ends(words, start + width, limit);
                let found = (end + 1..=last).find(|start| {
                    start + width <= limit && words[*start..*start + width] == phrase.after[..] && ends(*start)
                });
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
