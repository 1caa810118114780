//! One turn of a conversation: the state machine between what a person says and what comes of it. The
//! only place that puts the planner, the documents, a model and the operations together; every face
//! drives it and renders its events.
//!
//! No terminal is known here, and nothing here can confirm a plan: decisions come from the face, as a
//! reply to [`TurnEvent::Decide`].

mod act;
mod audience;
mod context;
mod conversation;
mod documents;
mod event;
mod hands;
mod report;
mod understand;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

pub use act::Acted;
pub use audience::Audience;
pub use context::{Machine, describe, scope};
pub use conversation::{Conversation, Entry, Role};
pub use documents::{Documents, Looked, question};
pub use event::{Decision, Events, Question, Refused, StepChange, StepEvent, Stop, TurnEvent};
pub use report::TurnReport;
pub(crate) use report::Written;

use kai_tools::facts::Facts;
use kai_tools::journal::History;
use kai_tools::operator::{Operator, Proposal};
use kai_tools::request::Request;

use crate::ask::{self, AskEvent, Engines, Setting};
use crate::model::Message;
use act::Actor;
use conversation::Proposer;
use hands::TurnHands;
pub use understand::in_words;
use understand::{Understood, needs_no_host};

/// What a person's words are answered and carried out with.
#[derive(Debug, Clone)]
pub struct Assistant {
    /// The documents, if there is an index.
    pub documents: Option<Documents>,
    /// Who writes answers.
    pub engines: Arc<Engines>,
    /// The host, if operations are wanted.
    pub operator: Option<Arc<Operator>>,
    /// Why there is none, in words: whoever wants something done there is told.
    pub no_host: &'static str,
    /// What is known of the machine that the host is.
    pub machine: Machine,
    /// What whoever asks says of a host that is none of ours. Only a model is told, as data.
    pub told: String,
    /// Who is told why something does not work.
    pub audience: Audience,
}

/// Where a turn stands.
enum State {
    /// What was meant?
    Understand,
    /// These requests are carried out, one after the other.
    Act(VecDeque<Request>),
    /// It is a question; whether plainly so, or maybe an order that only a model understands.
    Answer { only_asked: bool },
    /// Nothing is left to do.
    End,
}

/// More of what was said than this does not help to understand it, and could be anything.
const LONGEST: usize = 64 << 10;
/// A host that has not told what it has by then does not keep a question waiting.
const PATIENCE: Duration = Duration::from_secs(5);
/// What was said before is told to a model as far as it takes this many characters.
const HISTORY: usize = 6000;

impl Assistant {
    /// One turn. `text` is what the person said; the events go to the face while it runs. As in a shell,
    /// text that begins with a space is off the record: the turn is not saved.
    pub async fn turn(&self, conversation: &mut Conversation, text: &str, events: &Events, stop: &Stop) -> TurnReport {
        conversation.off_record = text.starts_with(' ');
        let text = text.trim();
        let mut report = TurnReport::default();
        if text.len() > LONGEST {
            let message = format!("that is {} KiB of text; kai reads at most {} KiB", text.len() >> 10, LONGEST >> 10);
            let hints = vec!["put it into a file and index it: `kai index --name NAME FILE`".to_owned()];
            return self.refuse(report, Refused { message, hints }, events);
        }
        let history = history(conversation);
        let mut turn =
            Turn { assistant: self, conversation, text, events, stop, facts: None, history, report: &mut report };
        turn.go(State::Understand).await;
        report
    }

    /// Carries out a plan that was put off.
    pub async fn apply(
        &self,
        conversation: &mut Conversation,
        proposal: Proposal,
        events: &Events,
        stop: &Stop,
    ) -> TurnReport {
        let mut report = TurnReport::default();
        let Some(actor) = self.actor(events, stop) else { return report };
        conversation.off_record = false;
        let request = proposal.plan.request.clone();
        let acted = actor.decide(proposal.clone()).await;
        conversation.keep(&request, &acted, Proposer::Person);
        if let Acted::Refused(_) = acted {
            // A name that was mistyped is no reason to begin again.
            conversation.waiting.push(proposal);
        }
        report.acted.push((request, acted));
        report
    }

    /// Carries out a request that needs no understanding: a person gave it as a command.
    pub async fn request(
        &self,
        conversation: &mut Conversation,
        request: Request,
        events: &Events,
        stop: &Stop,
    ) -> TurnReport {
        let mut report = TurnReport::default();
        conversation.off_record = false;
        let text = "";
        let history = Vec::new();
        let mut turn =
            Turn { assistant: self, conversation, text, events, stop, facts: None, history, report: &mut report };
        turn.go(State::Act(VecDeque::from([request]))).await;
        report
    }

    /// What a model is told about the host.
    ///
    /// # Errors
    /// If the host cannot be asked.
    pub async fn context(&self) -> Result<String, Refused> {
        let facts = self.observe().await?;
        Ok(facts.map(|facts| describe(&facts, &self.machine)).unwrap_or_default())
    }

    /// What is so on the host, as far as understanding and telling need it.
    ///
    /// # Errors
    /// If the host cannot be asked.
    pub async fn observe(&self) -> Result<Option<Facts>, Refused> {
        let Some(operator) = self.operator.clone() else { return Ok(None) };
        let observed = tokio::task::spawn_blocking(move || operator.observe(&context::scope())).await;
        match observed {
            Ok(Ok(facts)) => Ok(Some(facts)),
            Ok(Err(error)) => {
                let why = kai_tools::with_causes(&error);
                Err(Refused { hints: error.hints(), ..self.audience.refused("the host cannot be asked", why) })
            }
            Err(error) => Err(self.audience.refused("asking the host broke off", error)),
        }
    }

    /// What was done on the host, as far as that is known soon.
    async fn history(&self) -> History {
        let Some(operator) = self.operator.clone() else { return History::default() };
        let looked = tokio::task::spawn_blocking(move || operator.history().unwrap_or_default());
        tokio::time::timeout(PATIENCE, looked).await.ok().and_then(Result::ok).unwrap_or_default()
    }

    fn actor(&self, events: &Events, stop: &Stop) -> Option<Actor> {
        let operator = self.operator.clone()?;
        Some(Actor { operator, events: events.clone(), stop: stop.clone(), audience: self.audience })
    }

    fn refuse(&self, mut report: TurnReport, refused: Refused, events: &Events) -> TurnReport {
        events.send(TurnEvent::Refused(refused.clone()));
        report.refused = Some(refused);
        report
    }
}

/// A turn under way.
struct Turn<'a> {
    assistant: &'a Assistant,
    conversation: &'a mut Conversation,
    text: &'a str,
    events: &'a Events,
    stop: &'a Stop,
    /// What is so on the host; none if there is none, or it cannot be asked.
    facts: Option<Facts>,
    /// What was said before, for a model.
    history: Vec<Message>,
    report: &'a mut TurnReport,
}

impl Turn<'_> {
    async fn go(&mut self, mut state: State) {
        loop {
            state = match state {
                State::Understand => self.understand().await,
                State::Act(requests) => self.act(requests).await,
                State::Answer { only_asked } => self.answer(only_asked).await,
                State::End => return,
            };
        }
    }

    async fn understand(&mut self) -> State {
        self.events.send(TurnEvent::Working("looking at the host"));
        let mut unseen = None;
        match tokio::time::timeout(PATIENCE, self.assistant.observe()).await {
            Ok(Ok(facts)) => self.facts = facts,
            Err(_) => {
                let seconds = PATIENCE.as_secs();
                let message = format!("the host has not answered within {seconds} s; its names are not known");
                unseen = Some(Refused { message, hints: Vec::new() });
            }
            Ok(Err(refused)) => unseen = Some(refused),
        }
        let operations = match unseen {
            None => self.assistant.history().await,
            Some(_) => History::default(),
        };
        let understood = understand::understand(self.text, self.conversation, self.facts.as_ref(), &operations);
        self.conversation.say(Role::User, self.text, Vec::new());
        let understood = match self.assistant.operator {
            Some(_) => understood,
            None => understood.without_host(self.assistant.no_host, self.events),
        };
        // A question can be answered all the same. What is missing in an order may be there, unseen.
        let understood = match (understood, unseen) {
            (Understood::Ask(_), Some(unseen)) => Understood::Refused(unseen),
            (understood, unseen) => {
                unseen.into_iter().for_each(|unseen| self.events.note(unseen.message));
                understood
            }
        };
        match understood {
            Understood::Question { only } => State::Answer { only_asked: only },
            Understood::Requests { requests, lines } => {
                self.events.send(TurnEvent::Understood(lines));
                State::Act(requests.into())
            }
            Understood::Ask(question) => {
                self.conversation.say(Role::Assistant, question.text.clone(), Vec::new());
                self.events.send(TurnEvent::Asks(question.clone()));
                self.report.asked = Some(question);
                State::End
            }
            Understood::Refused(refused) => {
                self.conversation.say(Role::Answer, format!("Refused: {}", refused.message), Vec::new());
                self.refuse(refused);
                State::End
            }
        }
    }

    /// One request; the next one only if this one has come to its end well.
    async fn act(&mut self, mut requests: VecDeque<Request>) -> State {
        let Some(request) = requests.pop_front() else { return State::End };
        if needs_no_host(&request) {
            self.look_up(&request).await;
            return if self.report.refused.is_none() { State::Act(requests) } else { State::End };
        }
        let Some(actor) = self.assistant.actor(self.events, self.stop) else {
            self.events.note(self.assistant.no_host);
            return State::End;
        };
        let acted = actor.act(&request).await;
        self.conversation.keep(&request, &acted, Proposer::Person);
        let done = acted.is_done();
        // What kai cannot do yet, its documents may explain.
        let by_hand = !request.available() && self.assistant.documents.is_some() && !self.text.is_empty();
        self.report.acted.push((request, acted));
        if done {
            return State::Act(requests);
        }
        if !requests.is_empty() {
            let rest: Vec<&str> = requests.iter().map(Request::tool).collect();
            self.events.note(format!("what was to follow is not done either: {}", rest.join(", ")));
        }
        if by_hand { State::Answer { only_asked: false } } else { State::End }
    }

    /// The question with its passages.
    async fn question(&self) -> Result<ask::Question, Refused> {
        let Some(documents) = &self.assistant.documents else { return Err(no_index()) };
        self.events.send(TurnEvent::Working("searching"));
        documents.question(self.text, self.assistant.audience).await
    }

    /// Passages, as they are.
    async fn look_up(&mut self, request: &Request) {
        let Some(documents) = &self.assistant.documents else {
            self.refuse(no_index());
            return;
        };
        match documents.look(request, self.assistant.audience).await {
            Err(refused) => self.refuse(refused),
            Ok(found) => {
                found.note.into_iter().for_each(|note| self.events.note(note));
                if found.passages.is_empty() {
                    self.events.note("no page matches");
                }
                for passage in &found.passages {
                    let text = format!("**{}** › {}\n\n{}\n\n", passage.title, passage.heading, passage.text);
                    self.events.send(TurnEvent::Answer(AskEvent::Text(text)));
                }
                self.conversation.say(Role::Assistant, request.tool(), vec![request.clone()]);
                let titles: Vec<&str> = found.passages.iter().map(|passage| passage.title.as_str()).collect();
                self.conversation.say(Role::Answer, titles.join(", "), Vec::new());
                self.report.looked_up.extend(found.passages);
            }
        }
    }

    fn refuse(&mut self, refused: Refused) {
        self.events.send(TurnEvent::Refused(refused.clone()));
        self.report.refused = Some(refused);
    }

    async fn answer(&mut self, only_asked: bool) -> State {
        let question = match self.question().await {
            Ok(question) => question,
            // A model with tools may know from the host what no document says.
            Err(refused) if matches!(*self.assistant.engines, Engines::Model(_)) => {
                self.events.note(refused.message);
                ask::Question { text: self.text.to_owned(), ..ask::Question::default() }
            }
            Err(refused) => {
                self.refuse(refused);
                return State::End;
            }
        };
        let history = std::mem::take(&mut self.history);
        let mut host = self.facts.as_ref().map(|facts| describe(facts, &self.assistant.machine)).unwrap_or_default();
        host.push_str(&self.assistant.told);
        let actor = self.assistant.actor(self.events, self.stop);
        let documents = self.assistant.documents.as_ref();
        let audience = self.assistant.audience;
        let mut hands = TurnHands::new(actor.as_ref(), documents, audience, self.conversation, self.text);
        hands.only_asked = only_asked;
        let events = self.events.clone();
        let mut fallback = None;
        let mut sink = |mut event| {
            if let AskEvent::Fallback(why) = &mut event {
                audience.shorten(why);
                fallback = Some(why.clone());
            }
            events.send(TurnEvent::Answer(event));
        };
        let setting = Setting { host, history, hands: Some(&mut hands) };
        let mut answer = ask::ask(&question, setting, &self.assistant.engines, &mut sink).await;
        answer.fallback = fallback;
        drop(hands);
        let done = self.conversation.settle();
        // What a model tried and the person never saw is nothing that came of the turn.
        self.report.acted.extend(done.into_iter().filter(|(_, acted)| !matches!(acted, Acted::Refused(_))));
        self.conversation.say(Role::Answer, answer.text.clone(), Vec::new());
        self.report.answer = Some(answer);
        State::End
    }
}

fn no_index() -> Refused {
    let hints = vec!["`kai corpus sync` fetches documentation, `kai index` makes it searchable".to_owned()];
    Refused { message: "there is no index of documents yet".to_owned(), hints }
}

/// The latest of what was said, for a model. Results of tools are left out: a model that needs them
/// looks again, and sees what is so now.
fn history(conversation: &Conversation) -> Vec<Message> {
    let mut left = HISTORY;
    let mut messages: Vec<Message> = conversation
        .entries
        .iter()
        .rev()
        .filter(|entry| entry.role != Role::Tool)
        .take_while(|entry| {
            let fits = entry.text.len() <= left;
            left = left.saturating_sub(entry.text.len());
            fits
        })
        .map(|entry| match entry.role {
            Role::User => Message::User(entry.text.clone()),
            Role::Assistant | Role::Answer | Role::Tool => {
                Message::Assistant { text: entry.text.clone(), calls: Vec::new() }
            }
        })
        .collect();
    messages.reverse();
    messages
}
