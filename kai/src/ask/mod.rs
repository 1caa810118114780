//! One question, answered: the only place that puts passages, prompt, model and citation check
//! together.
//!
//! It never searches, prints or reads configuration, and it never fails: when a model does, the
//! built-in engine answers and the reason is told.

mod budget;
mod cite;
mod event;
mod mark;
mod passage;
mod room;
mod segment;
mod write;

use kai_prompts::{NOT_COVERED, document_block};

pub use event::{Answer, AskEvent, Citation, EngineUsed, Fallback, Source, Usage};
pub use passage::{Passage, Question};
pub use write::{Hands, Setting, Told};

use crate::{
    extract,
    model::{
        Finished, Model, ModelError, ModelEvent,
        ollama::{Ollama, Settings, address},
        openai,
    },
};
use cite::{Checker, Numbering};
use segment::{Segment, Segmenter};

/// Who may answer.
#[derive(Debug)]
pub enum Engines {
    /// The built-in engine alone.
    BuiltIn,
    /// A model; the built-in engine if it fails.
    Model(Box<dyn Model>),
    /// A model was wanted and its settings cannot be used. The built-in engine answers and says so.
    Unusable(ModelError),
}

impl Engines {
    /// Ollama where `OLLAMA_HOST`'s value says (`None`: its usual place), with the named model or
    /// the first installed one that can chat. Sends nothing yet.
    #[must_use]
    pub fn ollama(host: Option<&str>, model: Option<&str>) -> Self {
        let made = address::parse(host.unwrap_or_default())
            .and_then(|url| Ollama::new(Settings { model: model.map(str::to_owned), ..Settings::new(url) }));
        match made {
            Ok(ollama) => Self::Model(Box::new(ollama)),
            Err(error) => Self::Unusable(error),
        }
    }

    /// What they are, in a few words.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::BuiltIn => "the built-in engine".to_owned(),
            Self::Model(_) => "a model server".to_owned(),
            Self::Unusable(_) => "the built-in engine: the model server's settings cannot be used".to_owned(),
        }
    }

    /// A server with OpenAI's protocol at that base URL, with the named model or the first one that it
    /// lists. Sends nothing yet.
    #[must_use]
    pub fn openai(url: Option<&str>, key: Option<&str>, model: Option<&str>) -> Self {
        let made = openai::address::parse(url.unwrap_or(openai::EXAMPLE)).and_then(|url| {
            let key = key.map(openai::ApiKey::new).transpose()?;
            let settings = openai::Settings { key, model: model.map(str::to_owned), ..openai::Settings::new(url) };
            openai::OpenAi::new(settings)
        });
        match made {
            Ok(server) => Self::Model(Box::new(server)),
            Err(error) => Self::Unusable(error),
        }
    }
}

/// Receives what happens. `Send`, so that a server can answer many questions at once.
pub type AskSink<'a> = &'a mut (dyn FnMut(AskEvent) + Send);

/// Pages named when the documents do not hold the answer.
const NEAREST: usize = 5;
/// Passages that a tool found take so many bytes of its result at most.
const LOOKED_UP: usize = 6000;
/// One of them so many characters.
const PASSAGE: usize = 1200;
/// A prompt of which the server read less than this share of our estimate was cut on the way.
const READ_SHARE: (u64, u64) = (4, 10);

/// Answers a question. Everything that happens goes to `sink`, the answer last; it is returned too.
pub async fn ask(question: &Question, setting: Setting<'_>, engines: &Engines, sink: AskSink<'_>) -> Answer {
    sink(AskEvent::Passages(question.passages.iter().map(Source::from).collect()));
    let mut draft = Draft::new(question, sink);
    match engines {
        Engines::BuiltIn => draft.built_in(),
        Engines::Unusable(error) => draft.fall_back(None, error),
        Engines::Model(_) if question.passages.is_empty() && setting.hands.is_none() => draft.built_in(),
        Engines::Model(model) => {
            let mut name = None;
            match write::write(&mut draft, setting, model.as_ref(), &mut name).await {
                Ok(()) => {}
                Err(error) => draft.fall_back(name, &error),
            }
        }
    }
    draft.finish()
}

/// An answer in the making.
struct Draft<'q, 's> {
    question: &'q Question,
    sink: &'s mut (dyn FnMut(AskEvent) + Send),
    segmenter: Segmenter,
    checker: Checker,
    numbering: Numbering,
    text: String,
    engine: EngineUsed,
    /// What the model wrote is complete.
    by_model: bool,
    /// Tools told it what is so on the host: what it says may come from there.
    used_tools: bool,
    notes: Vec<String>,
    nearest: Vec<Source>,
    fallback: Option<Fallback>,
    usage: Option<Usage>,
}

impl<'q, 's> Draft<'q, 's> {
    fn new(question: &'q Question, sink: &'s mut (dyn FnMut(AskEvent) + Send)) -> Self {
        Self {
            question,
            sink,
            segmenter: Segmenter::default(),
            checker: Checker::new(&question.text, &question.passages),
            numbering: Numbering::default(),
            text: String::new(),
            engine: EngineUsed::BuiltIn,
            by_model: false,
            used_tools: false,
            notes: question.notes.clone(),
            nearest: Vec::new(),
            fallback: None,
            usage: None,
        }
    }

    fn engine(&mut self, engine: EngineUsed) {
        self.by_model = engine != EngineUsed::BuiltIn;
        self.engine = engine.clone();
        (self.sink)(AskEvent::Engine(engine));
    }

    fn model_event(&mut self, event: ModelEvent) {
        match event {
            ModelEvent::Waiting { what, elapsed } => (self.sink)(AskEvent::Waiting { what, elapsed }),
            ModelEvent::Thinking(text) => (self.sink)(AskEvent::Thinking(text)),
            ModelEvent::Text(text) => {
                let segments = self.segmenter.push(&text);
                self.segments(segments);
            }
        }
    }

    fn segments(&mut self, segments: Vec<Segment>) {
        for segment in segments {
            let shown = self.checker.segment(segment, &mut self.numbering);
            self.say(&shown);
        }
    }

    /// What the model wrote and was not shown yet; a code block that it left open is closed.
    fn flush(&mut self) {
        let rest = self.segmenter.close();
        self.segments(rest);
    }

    /// Passages that a tool found, as the model is told. They can be cited like the first ones.
    fn looked_up(&mut self, passages: &[Passage]) -> String {
        let mut left = LOOKED_UP;
        let mut told = String::new();
        for passage in passages {
            let text: String = passage.text.chars().take(PASSAGE).collect();
            let number = self.checker.add(passage);
            let block = document_block(number, &budget::document(&Passage { text, ..passage.clone() }));
            let Some(less) = left.checked_sub(block.len()) else { break };
            left = less;
            told.push_str(&block);
        }
        if told.is_empty() { "nothing was found".to_owned() } else { told }
    }

    fn say(&mut self, text: &str) {
        // Models like to begin with line breaks.
        let text = if self.text.is_empty() { text.trim_start() } else { text };
        for citation in self.numbering.fresh() {
            (self.sink)(AskEvent::Citation(citation));
        }
        if !text.is_empty() {
            self.text.push_str(text);
            (self.sink)(AskEvent::Text(text.to_owned()));
        }
    }

    /// Adds up what the server counted, and compares it with ours.
    fn count(&mut self, finished: &Finished, estimate: usize, context: usize) {
        const NOTE: &str = "it may not have read every passage";
        self.usage = match (self.usage, Usage::of(finished)) {
            (Some(before), Some(more)) => Some(before.and(more)),
            (before, more) => before.or(more),
        };
        let Some(read) = finished.prompt_tokens.filter(|read| *read > 0) else {
            return;
        };
        let estimate = u64::try_from(estimate).unwrap_or(u64::MAX);
        let note = if read >= u64::try_from(context).unwrap_or(u64::MAX) {
            format!("the model's context of {context} tokens was full: {NOTE}")
        } else if read.saturating_mul(READ_SHARE.1) < estimate.saturating_mul(READ_SHARE.0) {
            format!("the model server read {read} tokens of about {estimate}: {NOTE}")
        } else {
            return;
        };
        // Once is enough, however many replies it took.
        if !self.notes.iter().any(|known| known.ends_with(NOTE)) {
            self.notes.push(note);
        }
    }

    fn fall_back(&mut self, from: Option<String>, error: &ModelError) {
        self.flush();
        let broken_off = !self.text.trim().is_empty();
        let fallback = Fallback { from, reason: error.to_string(), hint: error.hint(), broken_off };
        (self.sink)(AskEvent::Fallback(fallback.clone()));
        self.fallback = Some(fallback);
        if broken_off {
            self.say("\n\n*(The model's answer broke off here. What the documents say themselves:)*\n\n");
        }
        self.built_in();
    }

    /// The documents' own sentences, or that they hold none.
    fn built_in(&mut self) {
        self.engine(EngineUsed::BuiltIn);
        let question = self.question;
        let parts = if question.answerable { extract::extract(&question.text, &question.passages) } else { Vec::new() };
        if parts.is_empty() {
            self.not_covered();
            return;
        }
        let last = parts.len() - 1;
        let mut shown: Option<usize> = None;
        for (index, part) in parts.into_iter().enumerate() {
            let Some(passage) = question.passages.get(part.passage) else {
                continue;
            };
            let number = self.numbering.cite(part.passage, passage, || Some(part.quote));
            let mut text = String::new();
            // Where a sentence stands is half of what it means (`blockcommit` is a heading there).
            if shown != Some(part.passage) {
                text.push_str(&format!("**{}**\n\n", place_of(passage)));
                shown = Some(part.passage);
            }
            if part.head.is_empty() {
                // Code that nothing announces: its number goes to the line above.
                text.truncate(text.trim_end().len());
            } else {
                text.push_str(&part.head);
            }
            text.push_str(&format!(" [{number}]"));
            if !part.tail.is_empty() {
                text.push_str("\n\n");
                text.push_str(&part.tail);
            }
            text.push_str(if index == last { "\n" } else { "\n\n" });
            self.say(&text);
        }
    }

    fn not_covered(&mut self) {
        if self.question.passages.is_empty() {
            self.say("No document matches this question.\n");
            return;
        }
        self.nearest = nearest(&self.question.passages);
        let mut text = "The documents do not seem to cover this. The nearest pages:\n\n".to_owned();
        for source in &self.nearest {
            let heading = if source.heading.is_empty() { String::new() } else { format!(" › {}", source.heading) };
            text.push_str(&format!("- {}{heading} ({})\n", source.title, source.page));
        }
        self.say(&text);
    }

    fn finish(mut self) -> Answer {
        let mut grounded = !self.numbering.is_empty();
        if self.by_model {
            let declined = self
                .text
                .trim_start()
                .get(..NOT_COVERED.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(NOT_COVERED));
            if declined {
                grounded = false;
            } else if !grounded && !self.used_tools {
                self.notes.push("nothing in this answer could be traced to the documents".to_owned());
            } else if !self.question.answerable
                && !self.used_tools
                && !self.numbering.goes_beyond(self.question.passages.len())
            {
                self.notes.push("the documents may not cover this: the search found little that matches".to_owned());
            }
            if !declined {
                self.notes.extend(self.checker.notes());
            }
        } else if self.fallback.as_ref().is_some_and(|f| f.broken_off) {
            self.notes.extend(self.checker.notes());
        }
        if !grounded && self.nearest.is_empty() && !self.used_tools {
            self.nearest = nearest(&self.question.passages);
        }
        let answer = Answer {
            text: self.text,
            citations: self.numbering.into_citations(),
            engine: self.engine,
            grounded,
            answerable: self.question.answerable,
            answerable_score: self.question.answerable_score,
            nearest: self.nearest,
            notes: self.notes,
            fallback: self.fallback,
            usage: self.usage,
        };
        (self.sink)(AskEvent::Done(Box::new(answer.clone())));
        answer
    }
}

/// Title and headings, for the line above what was taken from a passage.
fn place_of(passage: &Passage) -> String {
    let place = if passage.heading.is_empty() {
        passage.title.clone()
    } else {
        format!("{} › {}", passage.title, passage.heading.replace(" > ", " › "))
    };
    // Asterisks in a heading would end the emphasis around it.
    place.replace('*', "\\*")
}

/// The first passage of each page, best first.
fn nearest(passages: &[Passage]) -> Vec<Source> {
    let mut out: Vec<Source> = Vec::new();
    for passage in passages {
        if out.len() < NEAREST && !out.iter().any(|known| known.page == passage.page) {
            out.push(Source::from(passage));
        }
    }
    out
}
