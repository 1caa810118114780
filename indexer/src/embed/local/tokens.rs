//! Text to token ids, exactly as the model's `tokenizer.json` says: BERT normalisation and WordPiece.
//!
//! ASCII runs through a short path of our own; everything else is normalised and split by the
//! `tokenizers` crate. The vocabulary is read into one flat table, which loads in a few
//! milliseconds: a cold search pays for it. Knows no weights and no windows.

use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;

use serde::Deserialize;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::{NormalizedString, Normalizer, OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer};

use super::vocabulary::Vocabulary;
use super::{EmbedError, unusable};

const FILE: &str = "tokenizer.json";

/// A word or a punctuation mark: where it lies in the text and how many tokens it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word {
    /// First byte in the text as it was given.
    pub(crate) start: usize,
    /// Tokens it becomes.
    pub(crate) tokens: usize,
}

/// The tokenizer of one model.
#[derive(Debug)]
pub(crate) struct Tokens {
    vocabulary: Vocabulary,
    normalizer: BertNormalizer,
    lowercase: bool,
    /// Texts that stand for one token wherever they occur, such as `[SEP]`; with their ids.
    added: Vec<(String, u32)>,
    first: u32,
    last: u32,
}

#[derive(Deserialize)]
struct TokenizerFile<'a> {
    #[serde(borrow)]
    model: Model<'a>,
    normalizer: Option<NormalizerFile>,
    pre_tokenizer: Option<Kind>,
    #[serde(default)]
    added_tokens: Vec<Added>,
}

#[derive(Deserialize)]
struct Kind {
    r#type: String,
}

#[derive(Deserialize)]
struct NormalizerFile {
    r#type: String,
    #[serde(default = "yes")]
    clean_text: bool,
    #[serde(default = "yes")]
    handle_chinese_chars: bool,
    strip_accents: Option<bool>,
    #[serde(default = "yes")]
    lowercase: bool,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
struct Added {
    id: u32,
    content: String,
    #[serde(default)]
    single_word: bool,
    #[serde(default)]
    lstrip: bool,
    #[serde(default)]
    rstrip: bool,
    #[serde(default)]
    normalized: bool,
}

#[derive(Deserialize)]
struct Model<'a> {
    r#type: Option<Cow<'a, str>>,
    unk_token: String,
    continuing_subword_prefix: String,
    max_input_chars_per_word: usize,
    #[serde(borrow)]
    vocab: super::vocabulary::Entries<'a>,
}

impl Tokens {
    /// Reads `tokenizer.json`; `rows` is the size of the model's word table. The file's bytes go
    /// to `hasher`.
    pub(crate) fn open(folder: &Path, rows: usize, hasher: &mut blake3::Hasher) -> Result<Tokens, EmbedError> {
        let refuse = |reason: String| unusable(folder, format!("{FILE}: {reason}"));
        let bytes = std::fs::read(folder.join(FILE))
            .map_err(|err| unusable(folder, format!("{FILE} cannot be read: {err}")))?;
        hasher.update(&bytes);
        let file: TokenizerFile<'_> =
            serde_json::from_slice(&bytes).map_err(|err| refuse(format!("not the JSON that was expected: {err}")))?;

        if let Some(kind) = file.model.r#type.as_deref().filter(|kind| *kind != "WordPiece") {
            return Err(refuse(format!("its model is {kind:?}; only \"WordPiece\" can be run")));
        }
        let pre = file.pre_tokenizer.map(|pre| pre.r#type).unwrap_or_default();
        if pre != "BertPreTokenizer" {
            return Err(refuse(format!("its pre_tokenizer is {pre:?}; only \"BertPreTokenizer\" can be run")));
        }
        let Some(normalizer) =
            file.normalizer.filter(|normalizer| normalizer.r#type == "BertNormalizer" && normalizer.clean_text)
        else {
            return Err(refuse("its normalizer is not a \"BertNormalizer\" that cleans text".to_owned()));
        };
        if let Some(added) = file.added_tokens.iter().find(|added| {
            added.content.is_empty() || added.single_word || added.lstrip || added.rstrip || added.normalized
        }) {
            return Err(refuse(format!("the added token {:?} has options that cannot be run", added.content)));
        }
        if file.model.continuing_subword_prefix != "##" {
            return Err(refuse(format!("the prefix {:?} is not \"##\"", file.model.continuing_subword_prefix)));
        }
        let mut added: Vec<(String, u32)> =
            file.added_tokens.into_iter().map(|added| (added.content, added.id)).collect();
        // Where two match at one place, the longer one is meant.
        added.sort_by_key(|(content, _)| std::cmp::Reverse(content.len()));

        let entries = file.model.vocab;
        if let Some(most) = entries
            .largest()
            .into_iter()
            .chain(added.iter().map(|(_, id)| *id))
            .max()
            .filter(|most| *most as usize >= rows)
        {
            return Err(refuse(format!("token id {most} is beyond the model's {rows} words")));
        }
        let vocabulary = Vocabulary::new(entries, &file.model.unk_token, file.model.max_input_chars_per_word)
            .ok_or_else(|| refuse(format!("the vocabulary lacks {:?}", file.model.unk_token)))?;
        let special = |name: &str| {
            let added = added.iter().find(|(content, _)| content == name).map(|(_, id)| *id);
            added.or_else(|| vocabulary.whole(name)).ok_or_else(|| refuse(format!("the vocabulary lacks {name:?}")))
        };
        Ok(Tokens {
            first: special("[CLS]")?,
            last: special("[SEP]")?,
            vocabulary,
            normalizer: BertNormalizer::new(
                true,
                normalizer.handle_chinese_chars,
                normalizer.strip_accents,
                normalizer.lowercase,
            ),
            lowercase: normalizer.lowercase,
            added,
        })
    }

    /// The ids of `text` between the two special ones, cut to `window` in all.
    pub(crate) fn ids(&self, text: &str, window: usize) -> Vec<u32> {
        let mut ids = Vec::with_capacity(window.min(text.len() / 3 + 8));
        ids.push(self.first);
        // The last slot is for the closing token.
        self.walk(text, &mut ids, |ids, _| ids.len() < window - 1);
        ids.truncate(window - 1);
        ids.push(self.last);
        ids
    }

    /// The words of `text` in order, with their sizes.
    pub(crate) fn words(&self, text: &str) -> Vec<Word> {
        let mut words = Vec::with_capacity(text.len() / 4);
        let mut ids = Vec::new();
        self.walk(text, &mut ids, |ids, start| {
            words.push(Word { start, tokens: ids.len() });
            ids.clear();
            true
        });
        words.retain(|word| word.tokens > 0);
        words
    }

    /// Appends the ids of each word to `ids`, calling `each` with the word's first byte after it;
    /// stops when that says so.
    fn walk(&self, text: &str, ids: &mut Vec<u32>, mut each: impl FnMut(&mut Vec<u32>, usize) -> bool) {
        let mut scratch = String::new();
        let mut rest = 0..text.len();
        while let Some((found, id)) = self.next_added(text, rest.clone()) {
            if !self.plain(text, rest.start..found.start, ids, &mut scratch, &mut each) {
                return;
            }
            ids.push(id);
            if !each(ids, found.start) {
                return;
            }
            rest.start = found.end;
        }
        self.plain(text, rest, ids, &mut scratch, &mut each);
    }

    /// The next added token in that part of the text.
    fn next_added(&self, text: &str, range: Range<usize>) -> Option<(Range<usize>, u32)> {
        let part = &text[range.clone()];
        let mut best: Option<(Range<usize>, u32)> = None;
        for (content, id) in &self.added {
            if let Some(at) = part.find(content.as_str()) {
                let at = range.start + at;
                if best.as_ref().is_none_or(|(found, _)| at < found.start) {
                    best = Some((at..at + content.len(), *id));
                }
            }
        }
        best
    }

    /// Text without added tokens. Normalising never reaches across a blank, so each run between
    /// blanks stands alone.
    fn plain(
        &self,
        text: &str,
        range: Range<usize>,
        ids: &mut Vec<u32>,
        scratch: &mut String,
        each: &mut impl FnMut(&mut Vec<u32>, usize) -> bool,
    ) -> bool {
        let bytes = text.as_bytes();
        let mut at = range.start;
        while at < range.end {
            if is_blank(bytes[at]) {
                at += 1;
                continue;
            }
            let mut end = at;
            let mut ascii = true;
            while end < range.end && !is_blank(bytes[end]) {
                ascii &= bytes[end].is_ascii();
                end += 1;
            }
            let more = if ascii {
                self.ascii_run(&bytes[at..end], at, ids, scratch, each)
            } else {
                self.other_run(&text[at..end], at, ids, each)
            };
            if !more {
                return false;
            }
            at = end;
        }
        true
    }

    fn ascii_run(
        &self,
        run: &[u8],
        base: usize,
        ids: &mut Vec<u32>,
        scratch: &mut String,
        each: &mut impl FnMut(&mut Vec<u32>, usize) -> bool,
    ) -> bool {
        let mut start = None;
        scratch.clear();
        for (offset, byte) in run.iter().copied().enumerate() {
            if byte.is_ascii_control() {
                continue;
            }
            if byte.is_ascii_punctuation() {
                if let Some(start) = start.take() {
                    self.vocabulary.split(scratch, ids);
                    scratch.clear();
                    if !each(ids, base + start) {
                        return false;
                    }
                }
                scratch.push(char::from(byte));
                self.vocabulary.split(scratch, ids);
                scratch.clear();
                if !each(ids, base + offset) {
                    return false;
                }
            } else {
                start.get_or_insert(offset);
                scratch.push(char::from(if self.lowercase { byte.to_ascii_lowercase() } else { byte }));
            }
        }
        if let Some(start) = start {
            self.vocabulary.split(scratch, ids);
            return each(ids, base + start);
        }
        true
    }

    fn other_run(
        &self,
        run: &str,
        base: usize,
        ids: &mut Vec<u32>,
        each: &mut impl FnMut(&mut Vec<u32>, usize) -> bool,
    ) -> bool {
        let mut normal = NormalizedString::from(run);
        let mut whole = Err(());
        if self.normalizer.normalize(&mut normal).is_ok() {
            let mut split = PreTokenizedString::from(normal);
            whole = BertPreTokenizer.pre_tokenize(&mut split).map(|()| split).map_err(|_| ());
        }
        // Neither step has a way to fail; should that change, the run is one unknown word.
        let Ok(split) = whole else {
            ids.push(self.vocabulary.unknown());
            return each(ids, base);
        };
        for (word, (start, _), _) in split.get_splits(OffsetReferential::Original, OffsetType::Byte) {
            if word.is_empty() {
                continue;
            }
            self.vocabulary.split(word, ids);
            if !each(ids, base + start) {
                return false;
            }
        }
        true
    }
}

/// What BERT's cleaning turns into a blank; the other control characters it removes.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}
