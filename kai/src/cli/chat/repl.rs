//! The loop of the conversation: a line in, a turn or a command, its events on the screen.

use std::sync::{Arc, PoisonError, RwLock};

use kai_tools::face::{Answer, HostOptions, Say};
use kai_tools::plan::Plan;

use super::super::ask::{outcome, worse};
use super::super::engine::EngineArgs;
use super::super::error::STOPPED;
use super::super::{Context, Failure, Outcome, open};
use crate::ask::Source;
use crate::chat::commands::{self, Command};
use crate::chat::complete::Names;
use crate::chat::line::{Entry, Input};
use crate::chat::store::{Session, Sessions};
use crate::chat::{Asker, Screen};
use crate::turn::{Assistant, Conversation, Decision, Entry as Said, Events, Stop};

/// A conversation at a terminal, or in a pipe.
pub(super) struct Repl<'a> {
    pub(super) context: &'a Context,
    pub(super) assistant: Assistant,
    pub(super) engine: EngineArgs,
    pub(super) host: HostOptions,
    pub(super) input: Input,
    pub(super) names: Arc<RwLock<Names>>,
    pub(super) conversation: Conversation,
    pub(super) sessions: Sessions,
    pub(super) session: Session<Said>,
    /// What the last answer rests on.
    pub(super) sources: Vec<(usize, Source)>,
}

/// What a turn is made from.
pub(super) enum Work {
    Words(String),
    Plan(Box<kai_tools::operator::Proposal>),
    Request(Box<kai_tools::request::Request>),
}

impl Repl<'_> {
    /// Until the person leaves, or the input ends.
    pub(super) async fn run(mut self) -> Result<Outcome, Failure> {
        let ui = &self.context.ui;
        if self.input.is_terminal() {
            let index = if self.assistant.documents.is_some() { "" } else { "; there is no index yet" };
            let host = self.assistant.operator.as_ref().map(|operator| operator.host_name()).unwrap_or_default();
            ui.status(&format!("kai on {host}, {}{index}. /help lists commands, Ctrl-D quits.", self.engine_name()));
        }
        self.input.take_notes().iter().for_each(|note| ui.note(note));
        self.offer();
        self.refresh();
        let mut worst = Outcome::Done;
        loop {
            let entry = self.input.read("kai> ");
            self.input.take_notes().iter().for_each(|note| ui.note(note));
            let text = match entry {
                Entry::Text(text) => text,
                Entry::Interrupted => {
                    ui.status("/quit or Ctrl-D leaves");
                    continue;
                }
                Entry::TooLong => {
                    ui.problem("that line is longer than a mebibyte, and was left out");
                    continue;
                }
                Entry::End => break,
            };
            let came = match commands::parse(&text) {
                Some(Ok(Command::Quit)) => break,
                Some(Ok(command)) => self.carry_out(command).await.unwrap_or_else(|failure| {
                    ui.failure(&failure);
                    Outcome::Status(failure.status)
                }),
                Some(Err(error)) => {
                    ui.problem(&error.to_string());
                    ui.hint(error.hint());
                    Outcome::Status(2)
                }
                None => self.work(Work::Words(text)).await,
            };
            // A person has seen how each line ended; a script learns the worst of it.
            if !self.input.is_terminal() {
                worst = worse(worst, came);
            }
        }
        Ok(worst)
    }

    /// One turn on the screen. Ctrl-C stops it, and not kai.
    pub(super) async fn work(&mut self, work: Work) -> Outcome {
        let ui = &self.context.ui;
        let (events, mut shown) = Events::channel();
        let stop = Stop::default();
        let (assistant, conversation, input) = (&self.assistant, &mut self.conversation, &mut self.input);
        let apply = open::apply_command(self.context, &self.host);
        let asker: Asker<'_> = Box::new(|say, plan| decide(input, say, plan));
        let mut screen = Screen::new(ui, self.context.ui.say(), apply, asker);
        let turn = async {
            let report = match work {
                Work::Words(text) => assistant.turn(conversation, &text, &events, &stop).await,
                Work::Plan(proposal) => assistant.apply(conversation, *proposal, &events, &stop).await,
                Work::Request(request) => assistant.request(conversation, *request, &events, &stop).await,
            };
            drop(events);
            report
        };
        let both = async { tokio::join!(turn, screen.play(&mut shown)).0 };
        let report = open::until_stopped(both, &stop).await;
        screen.clear();
        if report.as_ref().is_some_and(|report| report.answer.is_some()) {
            self.sources = std::mem::take(&mut screen.sources);
        }
        drop(screen);
        match &report {
            Some(report) if ui.wants_json() => ui.json(&report.json()),
            Some(_) => {}
            None => {
                ui.status("stopped");
                for (request, acted) in self.conversation.settle() {
                    ui.status(&format!("before that, {}: {}", request.tool(), acted.told()));
                }
            }
        }
        self.autosave();
        let Some(report) = report else { return Outcome::Status(STOPPED) };
        self.offer();
        if !report.acted.is_empty() {
            self.refresh();
        }
        outcome(&report)
    }

    /// What the Tab key knows of the conversation.
    fn offer(&self) {
        if !self.input.is_terminal() {
            return;
        }
        let mut names = self.names.write().unwrap_or_else(PoisonError::into_inner);
        names.plans = self.conversation.waiting.iter().map(|waiting| waiting.plan.id.clone()).collect();
        names.sources = self.sources.len();
        let sessions = self.sessions.names().unwrap_or_default();
        names.sessions = sessions.iter().map(ToString::to_string).collect();
    }

    /// What it knows of this host, as that is now. A host that is slow to tell keeps nobody from typing.
    pub(super) fn refresh(&self) {
        let Some(operator) = self.assistant.operator.clone().filter(|_| self.input.is_terminal()) else { return };
        let names = Arc::clone(&self.names);
        tokio::task::spawn_blocking(move || {
            let fresh = super::names::of(&operator);
            let mut names = names.write().unwrap_or_else(PoisonError::into_inner);
            let Names { sessions, plans, sources, .. } = std::mem::take(&mut *names);
            *names = Names { sessions, plans, sources, ..fresh };
        });
    }

    /// Keeps the conversation; not from a pipe, where nobody goes on with it.
    fn autosave(&mut self) {
        if !self.input.is_terminal() {
            return;
        }
        self.session.turns = self.conversation.kept();
        if let Err(error) = self.sessions.save(&mut self.session) {
            self.context.ui.note(&format!("the conversation is not saved: {error}"));
        }
    }

    pub(super) fn engine_name(&self) -> &'static str {
        use crate::ask::Engines;
        match self.assistant.engines.as_ref() {
            Engines::BuiltIn => "the built-in engine answers",
            Engines::Model(_) => "a model answers",
            Engines::Unusable(_) => "the model server's settings cannot be used",
        }
    }
}

/// Asks for a decision on the plan on the screen.
fn decide(input: &mut Input, say: &Say, plan: &Plan) -> Option<Decision> {
    if !input.is_terminal() {
        return None;
    }
    let answer = say.ask_with(plan, |question| match input.ask(question) {
        Entry::Text(typed) => Some(typed),
        Entry::Interrupted | Entry::End | Entry::TooLong => None,
    });
    decision(answer)
}

/// What an answer decides; none if there was nobody.
pub(in crate::cli) fn decision(answer: Answer) -> Option<Decision> {
    match answer {
        Answer::Yes => Some(Decision::Yes),
        Answer::Typed(name) => Some(Decision::Typed(name)),
        Answer::Later => Some(Decision::Later),
        Answer::No => Some(Decision::No),
        Answer::Nobody => None,
    }
}
