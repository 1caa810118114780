//! Text as the scorer and the citation checker see it: stems, options, numbers.
//!
//! Pure functions of text. No scores are given here, and nothing here knows passages or models.

use std::collections::HashSet;

use rust_stemmers::{Algorithm, Stemmer};

/// Words that say nothing about a subject. Short question words are in it too: they would otherwise
/// be the rarest words of a manual page and win every comparison.
const STOP: &[&str] = &[
    "a", "about", "after", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be", "been", "before", "being",
    "but", "by", "can", "cannot", "could", "did", "do", "does", "doing", "don", "done", "each", "either", "else",
    "etc", "even", "ever", "every", "for", "from", "get", "gets", "give", "given", "go", "goes", "had", "has", "have",
    "he", "her", "here", "him", "his", "how", "i", "if", "in", "instead", "into", "is", "it", "its", "itself", "just",
    "know", "let", "like", "ll", "make", "makes", "may", "me", "might", "more", "most", "much", "must", "my", "need",
    "needs", "no", "not", "now", "of", "off", "on", "only", "or", "other", "our", "out", "over", "own", "put", "re",
    "said", "same", "say", "says", "see", "set", "shall", "she", "should", "so", "some", "such", "tell", "tells",
    "than", "that", "the", "their", "them", "then", "there", "these", "they", "this", "those", "through", "to", "too",
    "up", "upon", "us", "use", "used", "uses", "using", "ve", "very", "want", "was", "way", "we", "well", "were",
    "what", "when", "where", "whether", "which", "while", "who", "whose", "why", "will", "with", "without", "would",
    "you", "your", "yours",
];

/// Whether the (lower-case) word carries no subject.
#[must_use]
pub fn is_stop(word: &str) -> bool {
    STOP.binary_search(&word).is_ok()
}

/// Reduces one lower-case word to its stem. Words with digits or signs are left as they are.
#[must_use]
pub fn stem(word: &str) -> String {
    if word.len() < 4 || !word.chars().all(char::is_alphabetic) {
        return word.to_owned();
    }
    Stemmer::create(Algorithm::English).stem(word).into_owned()
}

/// The content words of a text, in order, stemmed, without stop words. Compounds (`zfs_arc_max`,
/// `net-start`, `/etc/hosts`) appear whole and as their parts.
#[must_use]
pub fn content(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    for raw in raw_words(text) {
        let lower = raw.to_lowercase();
        let compound = lower.contains(is_joint);
        if compound {
            out.push(lower.clone());
        }
        for part in lower.split(is_joint) {
            if !part.is_empty() && !is_stop(part) && (part.chars().count() > 1 || !compound) {
                out.push(stem(part));
            }
        }
    }
    out
}

/// Signs that join the parts of one identifier, path or address.
fn is_joint(c: char) -> bool {
    matches!(c, '_' | '-' | '.' | '/' | ':' | '@' | '+' | '=')
}

/// Maximal runs of letters, digits and joints, without joints at either end.
fn raw_words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || is_joint(c)))
        .map(|word| word.trim_matches(is_joint))
        .filter(|word| !word.is_empty())
}

/// The command-line options that a text mentions, in order: `-x`, `-rf`, `--long-name`. What stands
/// after `=` is not part of an option; hyphens inside words and number ranges are not options.
#[must_use]
pub fn options(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut previous: Option<char> = None;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let opens = previous.is_none_or(|p| {
            p.is_whitespace() || matches!(p, '(' | '[' | '{' | '`' | '"' | '\'' | '|' | ',' | '/' | '*' | '<')
        });
        if c == '-' && opens {
            let length = option_length(rest);
            if length > 0 {
                let (option, after) = rest.split_at(length);
                out.push(option.to_owned());
                previous = option.chars().next_back();
                rest = after;
                continue;
            }
        }
        previous = Some(c);
        rest = &rest[c.len_utf8()..];
    }
    out
}

/// The length in bytes of the option at the beginning of `text`, 0 if none stands there.
fn option_length(text: &str) -> usize {
    let dashes = text.bytes().take_while(|b| *b == b'-').count();
    if dashes == 0 || dashes > 2 {
        return 0;
    }
    let body = &text[dashes..];
    let name: usize = body
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '?'))
        .map(char::len_utf8)
        .sum();
    let name = body[..name].trim_end_matches(['-', '_', '.', '?']).len();
    let starts_well = body
        .chars()
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || (dashes == 1 && c.is_ascii_digit() && name == 1));
    if starts_well { dashes + name } else { 0 }
}

/// The numbers a text states, as digit runs with dots inside (`4096`, `10.2.0.0`, `1.5`). Digits
/// glued to letters count when they come first (`500G`, `64k`); `raidz2` and `x86` are names.
#[must_use]
pub fn numbers(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    for word in text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '_'))) {
        let digits: String = word.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
        let digits = digits.trim_matches('.');
        if !digits.is_empty() {
            out.push(digits.to_owned());
        }
    }
    out
}

/// Everything a passage holds that a sentence about it could use.
#[derive(Debug, Clone, Default)]
pub struct Bag {
    stems: HashSet<String>,
    options: HashSet<String>,
    numbers: HashSet<String>,
    lower: String,
}

impl Bag {
    /// Reads all parts of one passage (title, headings, text).
    #[must_use]
    pub fn new(parts: &[&str]) -> Self {
        let mut bag = Self::default();
        for part in parts {
            bag.stems.extend(content(part));
            bag.options.extend(options(part));
            // Digits anywhere: `raidz2` in the passage does support a sentence that says 2.
            bag.numbers.extend(
                part.split(|c: char| !(c.is_ascii_digit() || c == '.'))
                    .map(|run| run.trim_matches('.').to_owned())
                    .filter(|run| !run.is_empty()),
            );
            bag.lower.push_str(&part.to_lowercase());
            bag.lower.push('\n');
        }
        bag
    }

    /// Whether the stem occurs.
    #[must_use]
    pub fn has_stem(&self, stem: &str) -> bool {
        self.stems.contains(stem)
    }

    /// Whether the option occurs, alone or as a letter of a bundle in a synopsis (`[-DLPw]`).
    #[must_use]
    pub fn has_option(&self, option: &str) -> bool {
        if self.options.contains(option) {
            return true;
        }
        let short = |o: &str| o.starts_with('-') && !o.starts_with("--");
        if !short(option) {
            return false;
        }
        let letters: Vec<char> = option.chars().skip(1).collect();
        match letters.as_slice() {
            // One letter: any bundle that has it. Bundles are short; `-nographic` is a name.
            [letter] => self.options.iter().any(|known| {
                short(known)
                    && known.len() <= 16
                    && known.chars().skip(1).any(|c| c == *letter)
                    && known.chars().skip(1).any(|c| c.is_ascii_uppercase() || known.len() <= 5)
            }),
            // A bundle (`-nv`): every letter must be known by itself.
            many => many.len() <= 4 && many.iter().all(|l| self.options.contains(&format!("-{l}"))),
        }
    }

    /// Whether the number occurs.
    #[must_use]
    pub fn has_number(&self, number: &str) -> bool {
        self.numbers.contains(number)
    }

    /// Whether the text occurs literally, whatever its case.
    #[must_use]
    pub fn has_text(&self, text: &str) -> bool {
        self.lower.contains(&text.to_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stop_words_are_sorted() {
        let mut sorted = STOP.to_vec();
        sorted.sort_unstable();
        assert_eq!(sorted, STOP, "binary search needs them in order");
    }

    #[test]
    fn options_are_found_where_they_stand() {
        let cases: &[(&str, &[&str])] = &[
            ("Use -w, --raw here", &["-w", "--raw"]),
            ("`--cloud-init=root-password-generate=on`", &["--cloud-init"]),
            ("zfs send [-DLPw] [-i|-I snap]", &["-DLPw", "-i", "-I"]),
            ("well-known 10-20 re-run a - b -- c", &[]),
            ("(--name.) ‘-x’", &["--name"]),
            ("-9 and -20 and --1", &["-9"]),
            ("**--health-cmd**=cmd", &["--health-cmd"]),
        ];
        for (text, expected) in cases {
            assert_eq!(options(text), *expected, "in {text:?}");
        }
    }

    #[test]
    fn numbers_are_digit_runs() {
        assert_eq!(numbers("cap at 8 GB, 500M, raidz2, 10.2.0.0/24."), ["8", "500", "10.2.0.0", "24"]);
    }

    #[test]
    fn compounds_stay_whole_and_split() {
        let words = content("the zfs_arc_max parameters");
        assert_eq!(words, ["zfs_arc_max", "zfs", "arc", "max", "paramet"]);
    }

    #[test]
    fn bundles_know_their_letters() {
        let bag = Bag::new(&["zfs send [-DLPVbcehnpsvw] snapshot", "-nographic", "-r"]);
        assert!(bag.has_option("-w"));
        assert!(bag.has_option("-r"));
        assert!(!bag.has_option("-o"), "-nographic is no bundle");
        assert!(!bag.has_option("--raw"));
    }
}
