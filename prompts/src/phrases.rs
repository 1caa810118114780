//! The phrases of the built-in planner: which words, in which languages, stand for which concept,
//! and which concepts make which tool. Data alone; what is done with it is known elsewhere.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The phrases of one language: concept by concept.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Language {
    /// What can be done.
    #[serde(default)]
    pub verb: BTreeMap<String, Vec<String>>,
    /// What it can be done to, and how things are qualified.
    #[serde(default)]
    pub noun: BTreeMap<String, Vec<String>>,
    /// Words that hold a sentence together, and what shows how it is meant.
    #[serde(default)]
    pub mark: BTreeMap<String, Vec<String>>,
}

/// Numbers, units and words without meaning of their own, in all languages together.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// Numbers in words.
    pub number: BTreeMap<String, f64>,
    /// Units of size, with the letter that stands for them.
    pub size: BTreeMap<String, Vec<String>>,
    /// Units of time, in seconds.
    pub time: BTreeMap<String, u64>,
    /// Phrases that are a period by themselves, in seconds.
    pub period: BTreeMap<String, u64>,
    /// Words that are skipped.
    pub filler: Vec<String>,
    /// Ordinary words, which are neither misspelt phrases nor names.
    pub plain: Vec<String>,
    /// What else a description may call the same thing.
    pub alias: BTreeMap<String, Vec<String>>,
}

/// One way in which a tool is asked for; the first that fits is taken.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frame {
    /// The tool.
    pub tool: String,
    /// What has to be there: concepts; `a|b` for one of several, `!a` for none, `@kind` for an object.
    pub when: String,
    /// Arguments that follow from the frame alone.
    #[serde(default)]
    pub set: BTreeMap<String, String>,
}

/// All frames, in order.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frames {
    /// The frames.
    pub frame: Vec<Frame>,
}

/// Roundabout wordings, each with what it is put as before anything else is read.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rewrites {
    /// Pattern and wording; the first pattern that fits is taken.
    pub rewrite: Vec<(String, String)>,
}

const LANGUAGES: [(&str, &str); 8] = [
    ("en", include_str!("../phrases/en.toml")),
    ("de", include_str!("../phrases/de.toml")),
    ("fr", include_str!("../phrases/fr.toml")),
    ("es", include_str!("../phrases/es.toml")),
    ("it", include_str!("../phrases/it.toml")),
    ("pt", include_str!("../phrases/pt.toml")),
    ("nl", include_str!("../phrases/nl.toml")),
    ("ja", include_str!("../phrases/ja.toml")),
];
const WORDS: &str = include_str!("../phrases/words.toml");
const FRAMES: &str = include_str!("../phrases/frames.toml");
const REWRITES: &str = include_str!("../phrases/rewrites.toml");

/// A file of phrases that cannot be read. They are part of the program, so only a developer sees it.
#[derive(Debug, Clone)]
pub struct PhraseError {
    /// Which file.
    pub file: &'static str,
    /// Why.
    pub reason: String,
}

impl std::fmt::Display for PhraseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "prompts/phrases/{}.toml: {}", self.file, self.reason)
    }
}

impl std::error::Error for PhraseError {}

fn read<T: serde::de::DeserializeOwned>(file: &'static str, text: &str) -> Result<T, PhraseError> {
    toml::from_str(text).map_err(|error| PhraseError { file, reason: error.to_string() })
}

/// The phrases of every language.
///
/// # Errors
/// If a file is not what it should be.
pub fn languages() -> Result<Vec<(&'static str, Language)>, PhraseError> {
    LANGUAGES.iter().map(|(name, text)| Ok((*name, read(name, text)?))).collect()
}

/// Numbers, units and plain words.
///
/// # Errors
/// If the file is not what it should be.
pub fn words() -> Result<Words, PhraseError> {
    read("words", WORDS)
}

/// The frames.
///
/// # Errors
/// If the file is not what it should be.
pub fn frames() -> Result<Vec<Frame>, PhraseError> {
    Ok(read::<Frames>("frames", FRAMES)?.frame)
}

/// The roundabout wordings, in order.
///
/// # Errors
/// If the file is not what it should be.
pub fn rewrites() -> Result<Vec<(String, String)>, PhraseError> {
    Ok(read::<Rewrites>("rewrites", REWRITES)?.rewrite)
}
