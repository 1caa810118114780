//! Citations of a model's answer, checked against the passages sentence by sentence.
//!
//! A citation stays only where the passage supports the sentence; one that points at the wrong
//! passage is moved to the right one; numbers are given anew in the order of appearance. No network,
//! no events: text in, text out.

use super::{
    Passage,
    event::{Citation, Source},
    mark::without_citations,
    segment::Segment,
};
use crate::extract::{
    sentences,
    words::{self, Bag},
};

/// A cited passage has to hold this share of a sentence's content words.
const KEEP: f32 = 0.5;
/// Another passage has to hold this share before the citation is moved to it.
const MOVE: f32 = 0.6;
/// An uncited sentence gets a citation if a passage holds this share of it …
const ADD: f32 = 0.75;
/// … and if the sentence has this many content words.
const ADD_WORDS: usize = 4;

/// Numbers for passages, given in the order in which they are cited.
#[derive(Debug, Default)]
pub(crate) struct Numbering {
    citations: Vec<(usize, Citation)>,
    announced: usize,
}

impl Numbering {
    /// The number of a passage; a new one if it has none yet.
    pub(crate) fn cite(&mut self, index: usize, passage: &Passage, quote: impl FnOnce() -> Option<String>) -> usize {
        if let Some((_, known)) = self.citations.iter().find(|(i, _)| *i == index) {
            return known.number;
        }
        let number = self.citations.len() + 1;
        self.citations.push((index, Citation { number, at: Source::from(passage), quote: quote() }));
        number
    }

    /// Citations made since the last call.
    pub(crate) fn fresh(&mut self) -> Vec<Citation> {
        let fresh = self.citations.iter().skip(self.announced).map(|(_, c)| c.clone()).collect();
        self.announced = self.citations.len();
        fresh
    }

    /// All of them, in order.
    pub(crate) fn into_citations(self) -> Vec<Citation> {
        self.citations.into_iter().map(|(_, citation)| citation).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.citations.is_empty()
    }

    /// Whether a passage is cited that is none of the first so many.
    pub(crate) fn goes_beyond(&self, first: usize) -> bool {
        self.citations.iter().any(|(index, _)| *index >= first)
    }
}

/// Checks one answer.
#[derive(Debug)]
pub(crate) struct Checker {
    passages: Vec<Passage>,
    bags: Vec<Bag>,
    question: Bag,
    /// A question without a single English stop word is in another language than the passages:
    /// words cannot be compared then, options and numbers still can.
    foreign: bool,
    last: Option<usize>,
    moved: usize,
    removed: usize,
    unsupported: usize,
    unknown_options: Vec<String>,
    unknown_commands: Vec<String>,
    shell: bool,
    in_fence: bool,
}

/// What a sentence claims.
struct Claim {
    stems: Vec<String>,
    options: Vec<String>,
    numbers: Vec<String>,
}

impl Checker {
    pub(crate) fn new(question: &str, passages: &[Passage]) -> Self {
        let lower = question.to_lowercase();
        let asked: Vec<&str> = lower.split(|c: char| !c.is_alphabetic()).filter(|w| !w.is_empty()).collect();
        Self {
            passages: passages.to_vec(),
            bags: passages.iter().map(bag).collect(),
            question: Bag::new(&[question]),
            foreign: asked.len() >= 4 && !asked.iter().any(|word| words::is_stop(word)),
            last: None,
            moved: 0,
            removed: 0,
            unsupported: 0,
            unknown_options: Vec::new(),
            unknown_commands: Vec::new(),
            shell: false,
            in_fence: false,
        }
    }

    /// A passage that was looked up on the way: its number for the model, which goes on after the
    /// first ones. One that is known keeps its number.
    pub(crate) fn add(&mut self, passage: &Passage) -> usize {
        let same = |known: &Passage| {
            (&known.page, &known.heading, &known.text) == (&passage.page, &passage.heading, &passage.text)
        };
        if let Some(index) = self.passages.iter().position(same) {
            return index + 1;
        }
        self.bags.push(bag(passage));
        self.passages.push(passage.clone());
        self.passages.len()
    }

    /// One segment of the answer as it is to be shown.
    pub(crate) fn segment(&mut self, segment: Segment, numbering: &mut Numbering) -> String {
        match segment {
            Segment::Sentence(text) => self.sentence(&text, numbering),
            Segment::Code(line) => {
                self.code(&line);
                line
            }
        }
    }

    fn sentence(&mut self, text: &str, numbering: &mut Numbering) -> String {
        let (plain, marks) = without_citations(text);
        let claim = Claim::new(&plain);
        self.note_unknown_options(&claim.options);
        let cited: Vec<usize> = marks.iter().flat_map(|mark| mark.numbers.iter().copied()).collect();
        let mut mapped: Vec<(usize, usize)> = Vec::new();
        for number in cited {
            if mapped.iter().any(|(from, _)| *from == number) {
                continue;
            }
            let index = number.checked_sub(1).filter(|index| *index < self.passages.len());
            if let Some(index) = index.filter(|index| self.support(*index, &claim).is_some_and(|s| s >= KEEP)) {
                mapped.push((number, index));
            } else if let Some((index, _)) = self.best(&claim).filter(|(_, support)| *support >= MOVE) {
                self.moved += 1;
                mapped.push((number, index));
            } else {
                self.removed += 1;
            }
        }
        if marks.is_empty() {
            return self.uncited(text, &claim, numbering);
        }
        if mapped.is_empty() && claim.stems.len() >= ADD_WORDS {
            self.unsupported += 1;
        }
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        let mut shown: Vec<usize> = Vec::new();
        for mark in &marks {
            out.push_str(&text[at..mark.start]);
            let mut any = false;
            for number in &mark.numbers {
                let Some((_, index)) = mapped.iter().find(|(from, _)| from == number) else {
                    continue;
                };
                if !shown.contains(index) {
                    shown.push(*index);
                    any = true;
                    out.push_str(&format!("[{}]", self.cite(*index, &claim, numbering)));
                }
            }
            if !any {
                out.truncate(out.trim_end_matches(' ').len());
            }
            at = mark.end;
        }
        out.push_str(&text[at..]);
        if let Some(index) = shown.last() {
            self.last = Some(*index);
        }
        out
    }

    /// A sentence without a citation: it continues the last source, gets one, or is counted.
    fn uncited(&mut self, text: &str, claim: &Claim, numbering: &mut Numbering) -> String {
        let body = text.trim_end();
        if claim.stems.len() < ADD_WORDS || body.ends_with(':') || body.trim_start().starts_with('#') {
            return text.to_owned();
        }
        if self.last.is_some_and(|index| self.support(index, claim).is_some_and(|s| s >= KEEP)) {
            return text.to_owned();
        }
        match self.best(claim) {
            Some((index, support)) if support >= ADD => {
                let number = self.cite(index, claim, numbering);
                self.last = Some(index);
                let blanks = &text[body.len()..];
                match body.strip_suffix('.') {
                    Some(head) => format!("{head} [{number}].{blanks}"),
                    None => format!("{body} [{number}]{blanks}"),
                }
            }
            Some((_, support)) if support >= KEEP => text.to_owned(),
            Some(_) | None => {
                self.unsupported += 1;
                text.to_owned()
            }
        }
    }

    fn cite(&self, index: usize, claim: &Claim, numbering: &mut Numbering) -> usize {
        match self.passages.get(index) {
            Some(passage) => numbering.cite(index, passage, || quote(passage, claim)),
            None => 0,
        }
    }

    /// The share of the claim's words that a passage holds; `None` if it lacks one of its options
    /// or numbers. What the question itself said needs no support.
    fn support(&self, index: usize, claim: &Claim) -> Option<f32> {
        let bag = self.bags.get(index)?;
        let options = claim.options.iter().all(|o| bag.has_option(o) || self.question.has_option(o));
        let numbers = claim.numbers.iter().all(|n| bag.has_number(n) || self.question.has_number(n));
        if !(options && numbers) {
            return None;
        }
        if claim.stems.is_empty() || self.foreign {
            return Some(KEEP);
        }
        let held = claim.stems.iter().filter(|stem| bag.has_stem(stem)).count();
        Some(share(held, claim.stems.len()))
    }

    /// The passage that supports the claim best, the earlier one if two do equally.
    fn best(&self, claim: &Claim) -> Option<(usize, f32)> {
        let mut best: Option<(usize, f32)> = None;
        for index in 0..self.passages.len() {
            if let Some(support) = self.support(index, claim)
                && best.is_none_or(|(_, known)| support > known)
            {
                best = Some((index, support));
            }
        }
        best
    }

    fn note_unknown_options(&mut self, options: &[String]) {
        for option in options {
            let known = self.question.has_option(option) || self.bags.iter().any(|bag| bag.has_option(option));
            if !known && !self.unknown_options.contains(option) {
                self.unknown_options.push(option.clone());
            }
        }
    }

    /// A line of a code block, or a fence.
    fn code(&mut self, line: &str) {
        let line = line.trim();
        if let Some(rest) = line.strip_prefix("```") {
            self.in_fence = !self.in_fence;
            let language = rest.trim_matches('`').trim();
            self.shell = self.in_fence && matches!(language, "" | "sh" | "bash" | "shell" | "console" | "text");
            return;
        }
        if !self.shell {
            return;
        }
        self.note_unknown_options(&words::options(line));
        let line = line.trim_start_matches(['$', '#', ' ']);
        let line = line.strip_prefix("sudo ").unwrap_or(line);
        let command = line.split_whitespace().next().unwrap_or_default();
        let looks = command.len() > 1
            && command.starts_with(|c: char| c.is_ascii_lowercase())
            && command.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.'));
        if looks
            && !self.question.has_text(command)
            && !self.bags.iter().any(|bag| bag.has_text(command))
            && !self.unknown_commands.iter().any(|known| known == command)
        {
            self.unknown_commands.push(command.to_owned());
        }
    }

    /// What a reader should know, a sentence each.
    pub(crate) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let sentences = |n: usize| {
            if n == 1 { "1 sentence".to_owned() } else { format!("{n} sentences") }
        };
        if self.removed > 0 {
            let (what, verb) = if self.removed == 1 { ("citation", "was") } else { ("citations", "were") };
            notes.push(format!("{} {what} of the model {verb} removed: no passage found says that", self.removed));
        }
        if self.moved > 0 {
            let (what, verb) = if self.moved == 1 { ("citation", "was") } else { ("citations", "were") };
            notes.push(format!("{} {what} of the model {verb} moved to the passage that says it", self.moved));
        }
        if self.unsupported > 0 {
            let verb = if self.unsupported == 1 { "is" } else { "are" };
            notes.push(format!(
                "{} of the answer {verb} not found in the documents: check before relying on it",
                sentences(self.unsupported)
            ));
        }
        for (kind, names) in [("option", &self.unknown_options), ("command", &self.unknown_commands)] {
            for name in names {
                notes.push(format!("the {kind} `{name}` stands in none of the pages found: check it before using it"));
            }
        }
        notes
    }
}

fn bag(passage: &Passage) -> Bag {
    Bag::new(&[&passage.title, &passage.heading, &passage.text])
}

impl Claim {
    fn new(text: &str) -> Self {
        // The number of a list item is no claim.
        let body = text.trim_start();
        let digits = body.bytes().take_while(u8::is_ascii_digit).count();
        let body = match body.as_bytes().get(digits) {
            Some(b'.' | b')') if digits > 0 => &body[digits + 1..],
            Some(_) | None => body,
        };
        let mut stems = words::content(body);
        stems.sort_unstable();
        stems.dedup();
        Self { stems, options: words::options(body), numbers: words::numbers(body) }
    }
}

/// The sentence of a passage that shares most with a claim.
fn quote(passage: &Passage, claim: &Claim) -> Option<String> {
    let mut best: Option<(usize, &str)> = None;
    for sentence in sentences(&passage.text) {
        let held = words::content(sentence);
        let count = claim.stems.iter().filter(|stem| held.contains(stem)).count();
        if count > 0 && best.is_none_or(|(known, _)| count > known) {
            best = Some((count, sentence));
        }
    }
    best.map(|(_, sentence)| sentence.to_owned())
}

/// Counts of words in one sentence: far below where a float loses anything.
#[allow(clippy::cast_precision_loss)]
fn share(part: usize, whole: usize) -> f32 {
    part as f32 / whole as f32
}

#[cfg(test)]
#[path = "cite_tests.rs"]
mod tests;
