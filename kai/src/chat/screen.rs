//! The events of a turn on a terminal, or in a pipe: answers as Markdown, plans on one screen, progress
//! that goes away. Decides nothing: a decision comes from whoever was given as [`Screen::asker`].

use kai_tools::face::Say;
use kai_tools::operator::Proposal;
use kai_tools::plan::Plan;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::ask::{Answer, AskEvent, Source};
use crate::turn::{Decision, StepChange, StepEvent, TurnEvent};
use crate::ui::markdown::Markdown;
use crate::ui::{Spinner, Ui};

/// Asks a person for a decision on a plan that was shown; `None` if nobody is there.
pub(crate) type Asker<'a> = Box<dyn FnMut(&Say, &Plan) -> Option<Decision> + 'a>;

/// Renders turns.
pub(crate) struct Screen<'a> {
    ui: &'a Ui,
    say: Say,
    spinner: Spinner,
    markdown: Markdown,
    asker: Asker<'a>,
    /// How a plan that nobody confirmed is applied later; the digest follows.
    apply: String,
    /// Part of an answer stands on the screen.
    written: bool,
    thinking: bool,
    /// What the last answer rests on, by number.
    pub(crate) sources: Vec<(usize, Source)>,
}

impl std::fmt::Debug for Screen<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Screen").field("written", &self.written).finish_non_exhaustive()
    }
}

impl<'a> Screen<'a> {
    /// A screen on which `asker` decides; `apply` is the command that takes a digest.
    pub(crate) fn new(ui: &'a Ui, say: Say, apply: String, asker: Asker<'a>) -> Self {
        Self {
            ui,
            say,
            spinner: ui.spinner(),
            markdown: ui.markdown(),
            asker,
            apply,
            written: false,
            thinking: false,
            sources: Vec::new(),
        }
    }

    /// Shows events until the turn has ended.
    pub(crate) async fn play(&mut self, events: &mut UnboundedReceiver<TurnEvent>) {
        while let Some(event) = events.recv().await {
            self.show(event);
        }
        self.clear();
    }

    /// Takes away what is not to stay, and ends the line that an answer broke off in.
    pub(crate) fn clear(&mut self) {
        self.spinner.clear();
        let rest = self.markdown.finish();
        if self.written || !rest.trim().is_empty() {
            self.ui.text(&rest);
        }
        (self.written, self.thinking) = (false, false);
    }

    fn show(&mut self, event: TurnEvent) {
        if let TurnEvent::Decide { proposal, reply } = event {
            self.clear();
            let decision = self.decide(&proposal);
            // The turn may have been stopped meanwhile; then nobody waits for it.
            let _ = reply.send(decision);
            return;
        }
        if self.ui.wants_json() {
            return;
        }
        match event {
            TurnEvent::Working(what) => self.wait(what),
            TurnEvent::Understood(lines) => {
                self.clear();
                lines.iter().for_each(|line| self.ui.status(&format!("understood: {line}")));
            }
            TurnEvent::Answer(event) => self.answer(event),
            TurnEvent::Asks(question) => {
                self.clear();
                self.ui.line(&self.ui.wrapped(&question.text, 0));
                if !question.candidates.is_empty() {
                    self.ui.line(&format!("  {}", self.ui.wrapped(&question.candidates.join(", "), 2)));
                }
            }
            TurnEvent::Refused(refused) => {
                self.clear();
                self.ui.refused(&refused.message);
                refused.hints.iter().for_each(|hint| self.ui.hint(hint));
            }
            TurnEvent::Found(_, table) => {
                self.clear();
                self.say.table(&table);
            }
            TurnEvent::Step(step) => self.step(&step),
            TurnEvent::Ended { proposal, report } => {
                self.clear();
                self.say.ended(&report, &proposal.plan.report);
            }
            TurnEvent::Note(text) => {
                self.clear();
                self.ui.note(&text);
            }
            // Answered above.
            TurnEvent::Decide { .. } => {}
        }
    }

    fn decide(&mut self, proposal: &Proposal) -> Decision {
        // With `--json` it is part of the one object at the end; whoever is asked sees it all the same.
        if !self.ui.wants_json() {
            self.say.proposal(proposal);
        }
        let decision = (self.asker)(&self.say, &proposal.plan);
        match decision {
            Some(Decision::No) => self.ui.status("nothing was changed"),
            Some(Decision::Yes | Decision::Typed(_)) => {}
            Some(Decision::Later) | None => {
                let who = if decision.is_none() { "nobody is there to confirm" } else { "put off:" };
                self.ui.note(&format!("{who} plan {}; nothing was changed", proposal.plan.id));
                self.ui.note(&format!("within 15 minutes: {} {}", self.apply, proposal.digest));
            }
        }
        decision.unwrap_or(Decision::Later)
    }

    fn step(&mut self, step: &StepEvent) {
        let line = match &step.what {
            StepChange::Begun => {
                self.spinner.show(&format!("{:>2}. {}", step.number, step.action));
                return;
            }
            StepChange::Done(took) => {
                format!("done  {:>2}. {}, {:.2} s", step.number, step.action, took.as_secs_f64())
            }
            StepChange::Failed(why) => format!("failed {:>2}. {}: {why}", step.number, step.action),
            StepChange::TakenBack => format!("taken back: {}", step.action),
            StepChange::Left(why) => format!("not taken back: {}: {why}", step.action),
        };
        self.spinner.clear();
        self.ui.status(&line);
    }

    /// A sign of life; not over a line that is being written.
    fn wait(&mut self, what: &str) {
        if !self.written && !self.thinking {
            self.spinner.show(what);
        }
    }

    fn answer(&mut self, event: AskEvent) {
        match event {
            AskEvent::Passages(_) => {}
            AskEvent::Citation(citation) => self.sources.push((citation.number, citation.at)),
            AskEvent::Engine(engine) => self.wait(&format!("{engine} answers")),
            AskEvent::Waiting { what, .. } => self.wait(&format!("waiting for {what}")),
            AskEvent::Thinking(text) => {
                self.spinner.clear();
                self.thinking = true;
                self.ui.aside(&text);
            }
            AskEvent::Text(text) => {
                self.spinner.clear();
                if self.thinking {
                    self.ui.aside("\n\n");
                    self.thinking = false;
                }
                if !self.written {
                    self.sources.clear();
                    self.written = true;
                }
                let shown = self.markdown.push(&text);
                self.ui.text(&shown);
            }
            AskEvent::Fallback(fallback) => {
                self.clear();
                self.ui.note(&format!("the built-in engine answers: {}", fallback.reason));
                if let Some(hint) = &fallback.hint {
                    self.ui.hint(hint);
                }
            }
            AskEvent::Done(answer) => {
                self.clear();
                self.sources = answer.citations.iter().map(|c| (c.number, c.at.clone())).collect();
                sources(self.ui, &answer);
            }
        }
    }
}

fn sources(ui: &Ui, answer: &Answer) {
    if !answer.citations.is_empty() {
        ui.line(&format!("\n{}", ui.bold("Sources")));
    }
    for citation in &answer.citations {
        ui.line(&format!("[{}] {}", citation.number, place(ui, &citation.at)));
    }
    if answer.citations.is_empty() && !answer.nearest.is_empty() && !answer.text.contains(&answer.nearest[0].page) {
        ui.line(&format!("\n{}", ui.bold("Nearest pages")));
        answer.nearest.iter().for_each(|at| ui.line(&format!("  {}", place(ui, at))));
    }
    answer.notes.iter().for_each(|note| ui.note(note));
    ui.status(&format!("answered by {}", answer.engine));
}

fn place(ui: &Ui, at: &Source) -> String {
    let heading =
        if at.heading.is_empty() { String::new() } else { format!(" › {}", at.heading.replace(" > ", " › ")) };
    format!("{}{heading} {}", at.title, ui.dim(&format!("({} · {})", at.source, at.page)))
}
