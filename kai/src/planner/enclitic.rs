//! Verbs that are written together with their pronoun (`accendilo`, `apágala`, `desliga-a`), and verbs
//! that come apart (`fahr … herunter`, `zet … uit`).

use super::inventory::Inventory;
use super::lexicon::{Class, DUTCH, Form, GERMAN, ITALIAN, Lexicon, PORTUGUESE, Phrase, SPANISH};
use super::objects::objects;
use super::text::{Sep, Token};

/// What leans on a verb, in which language, and the pronoun that it is.
const LEANING: [(u8, &str, &str); 16] = [
    (ITALIAN, "lo", "lo"),
    (ITALIAN, "la", "la"),
    (ITALIAN, "li", "li"),
    (ITALIAN, "le", "le"),
    (SPANISH, "lo", "lo"),
    (SPANISH, "la", "la"),
    (SPANISH, "los", "los"),
    (SPANISH, "las", "las"),
    (PORTUGUESE, "-o", "ele"),
    (PORTUGUESE, "-a", "ela"),
    (PORTUGUESE, "-os", "eles"),
    (PORTUGUESE, "-as", "elas"),
    (PORTUGUESE, "-lo", "ele"),
    (PORTUGUESE, "-la", "ela"),
    (PORTUGUESE, "-los", "eles"),
    (PORTUGUESE, "-las", "elas"),
];

/// Whether a word is a verb of a language by itself.
fn verb(lexicon: &Lexicon, low: &str, language: u8) -> bool {
    let whole = |phrase: &Phrase| {
        phrase.language == language && phrase.form == Form::Base && phrase.rest.is_empty() && phrase.after.is_empty()
    };
    let list = lexicon.phrases.get(low);
    list.is_some_and(|list| list.iter().any(|phrase| whole(phrase) && lexicon.class(phrase) == Class::Verb))
}

/// The verb and the pronoun that a word is made of.
fn split(lexicon: &Lexicon, low: &str) -> Option<(String, &'static str)> {
    LEANING.iter().find_map(|(language, end, pronoun)| {
        let stem = low.strip_suffix(end).filter(|stem| stem.len() >= 3)?;
        // `riavviarla` is `riavviare` and `la`.
        let whole = if *language == ITALIAN { format!("{stem}e") } else { stem.to_owned() };
        let found = [stem.to_owned(), whole].into_iter().find(|stem| verb(lexicon, stem, *language))?;
        Some((found, *pronoun))
    })
}

/// The tokens, with verbs and the pronouns that lean on them apart.
#[must_use]
pub(super) fn parted(lexicon: &Lexicon, inventory: &Inventory, tokens: &[Token]) -> Vec<Token> {
    let mut out = Vec::with_capacity(tokens.len());
    for token in tokens {
        let known = token.quote.is_some() || lexicon.knows(&token.low) || !objects(inventory, &token.raw).is_empty();
        let Some((verb, pronoun)) = (!known).then(|| split(lexicon, &token.low)).flatten() else {
            out.push(token.clone());
            continue;
        };
        out.push(Token { raw: verb.clone(), low: verb, asks: false, possessive: false, ..token.clone() });
        let raw = pronoun.to_owned();
        out.push(Token { raw: raw.clone(), low: raw, sep: Sep::Space, glued: false, ..token.clone() });
    }
    out
}

/// Whether the word behind the gap of a phrase is the part of a verb that ends a clause.
#[must_use]
pub(super) fn separates(phrase: &Phrase) -> bool {
    let parts = [
        "ab", "an", "auf", "aus", "durch", "ein", "fort", "herunter", "hoch", "neu", "runter", "weg", "wieder", "zu",
        "zuruck", "aan", "af", "in", "op", "opnieuw", "over", "terug", "toe", "uit",
    ];
    matches!(phrase.language, GERMAN | DUTCH)
        && matches!(phrase.after.as_slice(), [part] if parts.contains(&part.as_str()))
}

/// Whether a clause ends before a word.
#[must_use]
pub(super) fn ends(words: &[String], at: usize, limit: usize) -> bool {
    let next = ["und", "dann", "bitte", "sofort", "jetzt", "en", "dan", "daarna", "nu", "alsjeblieft", "alstublieft"];
    at >= limit || words.get(at).is_none_or(|word| next.contains(&word.as_str()))
}
