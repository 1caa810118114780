//! An utterance as tokens. Each keeps its raw text, which names are taken from, and a folded form,
//! which phrases are looked up by. Nothing here knows what a word means.

/// What stands before a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sep {
    /// White space, or nothing.
    Space,
    /// A comma.
    Comma,
    /// A colon or a dash between words.
    Colon,
    /// The end of a sentence, a semicolon, a new line.
    Stop,
}

/// A word of an utterance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// As it was written.
    pub raw: String,
    /// Folded: lower case, without accents, half-width.
    pub low: String,
    /// What stands before it.
    pub sep: Sep,
    /// The quotation that it stands in, if it stands in one.
    pub quote: Option<u16>,
    /// Whether it ended in a possessive `'s`.
    pub possessive: bool,
    /// Whether a question mark follows.
    pub asks: bool,
    /// Whether it follows the token before it without a space (scripts without spaces).
    pub glued: bool,
}

/// No more of an utterance is considered.
pub(super) const LONGEST: usize = 8 << 10;

/// Folds one character for comparison.
fn fold_char(c: char, out: &mut String) {
    match c {
        'à'..='å' | 'À'..='Å' | 'ā' | 'ă' | 'ą' => out.push('a'),
        'ç' | 'Ç' | 'ć' | 'č' => out.push('c'),
        'è'..='ë' | 'È'..='Ë' | 'ē' | 'ę' | 'ě' => out.push('e'),
        'ì'..='ï' | 'Ì'..='Ï' | 'ī' => out.push('i'),
        'ñ' | 'Ñ' | 'ń' => out.push('n'),
        'ò'..='ö' | 'Ò'..='Ö' | 'ø' | 'Ø' | 'ō' => out.push('o'),
        'ù'..='ü' | 'Ù'..='Ü' | 'ū' => out.push('u'),
        'ý' | 'ÿ' => out.push('y'),
        'ß' => out.push_str("ss"),
        'œ' => out.push_str("oe"),
        'æ' => out.push_str("ae"),
        '’' | '‘' | '´' | 'ʼ' => out.push('\''),
        '“' | '”' | '„' => out.push('"'),
        '\u{ff01}'..='\u{ff5e}' => {
            let plain = u32::from(c).checked_sub(0xfee0).and_then(char::from_u32);
            out.extend(plain.into_iter().flat_map(char::to_lowercase));
        }
        '\u{300}'..='\u{36f}' => {}
        c => out.extend(c.to_lowercase()),
    }
}

/// Text folded for comparison: never for names.
#[must_use]
pub(super) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        fold_char(c, &mut out);
    }
    out
}

/// Scripts that are written without spaces.
#[must_use]
pub(super) fn is_cjk(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9f}')
}

const OPENING: &str = "\"'“”«»„(¿¡[<*`「『（";
const CLOSING: &str = ",.;:!?)\"'“”»«]>*`、。！？」』）…，";
/// Contractions that are words of their own.
const CONTRACTED: [&str; 16] = [
    "what's",
    "who's",
    "it's",
    "that's",
    "there's",
    "here's",
    "how's",
    "where's",
    "when's",
    "let's",
    "he's",
    "she's",
    "one's",
    "c's",
    "why's",
    "everything's",
];
/// Articles and the like that lean on the next word.
const ELIDED: [&str; 22] = [
    "l'", "d'", "qu'", "s'", "n'", "j'", "m'", "t'", "c'", "un'", "dell'", "all'", "dall'", "nell'", "sull'", "quell'",
    "quest'", "jusqu'", "puisqu'", "lorsqu'", "dov'", "com'",
];

/// The beginning of a text, of at most so many bytes.
#[must_use]
pub(super) fn clip(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The tokens of an utterance, of at most [`LONGEST`] bytes of it.
#[must_use]
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut maker = Maker { out: Vec::new(), sep: Sep::Stop, quotes: 0, open: None };
    for (number, line) in clip(text, LONGEST).split('\n').enumerate() {
        if number > 0 {
            maker.sep = Sep::Stop;
        }
        for word in line.split(char::is_whitespace).filter(|word| !word.is_empty()) {
            maker.word(word);
        }
    }
    maker.out
}

/// Whether a word is a list of sizes and units: `4G/30G`.
fn sizes(word: &str) -> bool {
    let size = |part: &str| {
        let unit = part.trim_start_matches(|c: char| c.is_ascii_digit());
        unit.len() < part.len()
            && matches!(unit.to_ascii_lowercase().as_str(), "g" | "gb" | "gib" | "m" | "mb" | "t" | "tb")
    };
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric());
    word.contains('/') && word.split('/').all(plain) && word.split('/').any(size)
}

/// A French verb and the pronoun behind it: `démarre-le`.
#[must_use]
pub(super) fn clitic(word: &str) -> Option<(&str, &str)> {
    let (verb, pronoun) = word.split_once('-')?;
    let known = ["le", "la", "les", "lui", "leur", "moi", "nous", "vous", "tu"];
    let verbal = verb.chars().count() >= 4 && verb.chars().all(char::is_alphabetic);
    (verbal && known.contains(&pronoun)).then_some((verb, pronoun))
}

struct Maker {
    out: Vec<Token>,
    sep: Sep,
    quotes: u16,
    open: Option<char>,
}

impl Maker {
    fn word(&mut self, word: &str) {
        // A dash between spaces parts sentences like a comma.
        if matches!(word, "-" | "–" | "—" | "--" | "…" | "...") {
            self.sep = self.sep.max(Sep::Comma);
            return;
        }
        if matches!(word, "->" | "=>" | "→" | "&") || (word.len() == 1 && "|%+".contains(word)) {
            self.push(word, false);
            return;
        }
        let mut rest = word;
        let command = word.contains("$(") || word.contains("${");
        while let Some(c) = rest.chars().next().filter(|c| OPENING.contains(*c) && !command) {
            if c == '<' && rest.contains('|') {
                break;
            }
            if (c == '[' || c == '(' || c == '<')
                && rest.len() > 1
                && matches!(rest.chars().last(), Some(l) if l.is_alphanumeric())
            {
                // `(8)` of a page is never in front.
            }
            self.quote(c, true);
            rest = &rest[c.len_utf8()..];
        }
        let mut tail = Vec::new();
        while let Some(c) = rest.chars().last().filter(|c| CLOSING.contains(*c)) {
            let inner = &rest[..rest.len() - c.len_utf8()];
            let opened = match c {
                ')' => inner.contains('('),
                ']' => inner.contains('['),
                '>' => inner.contains('<') || inner.ends_with('-') || inner.ends_with('|'),
                '\'' => false,
                _ => false,
            };
            if opened || (c == '.' && matches!(rest, "." | ".." | "...")) {
                break;
            }
            tail.push(c);
            rest = inner;
        }
        if !rest.is_empty() {
            self.core(rest);
        }
        for c in tail.into_iter().rev() {
            match c {
                ',' | '、' | '，' => self.sep = self.sep.max(Sep::Comma),
                '.' | ';' | '!' | '。' | '！' | '…' => self.sep = Sep::Stop,
                '?' | '？' => {
                    self.sep = Sep::Stop;
                    if let Some(last) = self.out.last_mut() {
                        last.asks = true;
                    }
                }
                ':' => self.sep = self.sep.max(Sep::Colon),
                c => self.quote(c, false),
            }
        }
    }

    /// Opens or closes a quotation.
    fn quote(&mut self, c: char, opening: bool) {
        match (c, opening) {
            ('(' | '[' | ')' | ']' | '（' | '）', _) => self.sep = self.sep.max(Sep::Comma),
            ('¿' | '¡' | '<' | '>' | '*', _) => {}
            ('\'', false) if self.open != Some('\'') => {}
            (c, true) if self.open.is_none() => {
                self.quotes = self.quotes.saturating_add(1);
                self.open = Some(c);
            }
            _ => self.open = None,
        }
    }

    fn core(&mut self, word: &str) {
        let mut word = word;
        // l'image, d'amorçage
        for _ in 0..3 {
            let front = word.char_indices().nth(9).map_or(word, |(at, _)| &word[..at]);
            let low = fold(front);
            let Some(head) = ELIDED.iter().find(|head| low.starts_with(**head) && low.len() > head.len() + 1) else {
                break;
            };
            let chars = head.chars().count();
            let at = word.char_indices().nth(chars).map_or(word.len(), |(at, _)| at);
            self.push(&word[..at].replace(['\'', '’'], ""), false);
            word = &word[at..];
        }
        let low = fold(word);
        // démarre-le
        if let Some((verb, pronoun)) = clitic(word) {
            self.push(verb, false);
            self.push(pronoun, false);
            return;
        }
        if word.chars().any(is_cjk) {
            self.mixed(word);
            return;
        }
        // `web1,web2` and `a;b`
        let listed = word.contains(',') && !word.contains("://") && !word.contains('{') && !word.contains('=');
        let number = word.split_once(',').is_some_and(|(a, b)| {
            !a.is_empty()
                && a.bytes().all(|b| b.is_ascii_digit())
                && b.starts_with(|c: char| c.is_ascii_digit())
                && !b.contains(',')
                && b.trim_start_matches(|c: char| c.is_ascii_digit()).len() <= 4
        });
        if (listed && !number) || (word.contains(';') && !word.contains("://")) {
            for (index, part) in word.split([',', ';']).enumerate() {
                if index > 0 {
                    self.sep = self.sep.max(if word.contains(';') { Sep::Stop } else { Sep::Comma });
                }
                if !part.is_empty() {
                    self.push(part, false);
                }
            }
            return;
        }
        // `2 cores/4G/30G`
        if sizes(word) {
            for (index, part) in word.split('/').enumerate() {
                if index > 0 {
                    self.sep = self.sep.max(Sep::Comma);
                }
                self.push(part, false);
            }
            return;
        }
        // `memory=8G`, `name:web1`
        if let Some((key, value)) = word.split_once('=')
            && key.chars().all(|c| c.is_ascii_lowercase() || c == '-' || c == '_')
            && !key.is_empty()
            && !value.is_empty()
            && !key.starts_with('-')
        {
            self.push(key, false);
            self.push(value, false);
            return;
        }
        let possessive = (low.ends_with("'s") && !CONTRACTED.contains(&low.as_str())).then_some("'s".len());
        let plural = (low.ends_with("s'") && low.len() > 3).then_some(1);
        match possessive.or(plural) {
            Some(_) if possessive.is_some() => {
                let cut = word.char_indices().rev().nth(1).map_or(word.len(), |(at, _)| at);
                self.push(&word[..cut], true);
            }
            _ => self.push(word, false),
        }
    }

    /// Runs of scripts with and without spaces, one after the other.
    fn mixed(&mut self, word: &str) {
        let mut start = 0;
        let mut last: Option<bool> = None;
        let mut parts: Vec<&str> = Vec::new();
        for (at, c) in word.char_indices() {
            let cjk = is_cjk(c) || matches!(c, '、' | '。' | 'ー' | '「' | '」' | '？' | '！' | '〜' | '～' | '・');
            if last.is_some_and(|last| last != cjk) {
                parts.push(&word[start..at]);
                start = at;
            }
            last = Some(cjk);
        }
        parts.push(&word[start..]);
        for (index, part) in parts.into_iter().enumerate() {
            if !part.chars().any(is_cjk) {
                let part = part.trim_matches(|c| OPENING.contains(c) || CLOSING.contains(c));
                if !part.is_empty() {
                    self.push(part, false);
                    if index > 0
                        && let Some(last) = self.out.last_mut()
                    {
                        last.glued = true;
                    }
                }
                continue;
            }
            // One token a character; phrases are found over them.
            for (place, c) in part.chars().enumerate() {
                match c {
                    '、' | '・' => self.sep = self.sep.max(Sep::Comma),
                    '。' | '！' => self.sep = Sep::Stop,
                    '？' => {
                        self.sep = Sep::Stop;
                        if let Some(last) = self.out.last_mut() {
                            last.asks = true;
                        }
                    }
                    '「' | '」' => self.quote(c, c == '「'),
                    c => {
                        self.push(c.encode_utf8(&mut [0; 4]), false);
                        if (index > 0 || place > 0)
                            && let Some(last) = self.out.last_mut()
                        {
                            last.glued = last.sep == Sep::Space;
                        }
                    }
                }
            }
        }
    }

    fn push(&mut self, raw: &str, possessive: bool) {
        let sep = std::mem::replace(&mut self.sep, Sep::Space);
        let quote = self.open.map(|_| self.quotes);
        let low = fold(raw);
        self.out.push(Token { raw: raw.to_owned(), low, sep, quote, possessive, asks: false, glued: false });
    }
}

/// The distance of Damerau and Levenshtein (neighbours swapped count once), given up above `most`.
#[must_use]
pub(super) fn distance(a: &str, b: &str, most: usize) -> Option<usize> {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    if a.len().abs_diff(b.len()) > most || a.len() > 40 || b.len() > 40 {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut next = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            let mut cost = (row[j] + 1).min(next[j - 1] + 1).min(row[j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                cost = cost.min(before[j - 2] + 1);
            }
            next[j] = cost;
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().filter(|cost| *cost <= most)
}
