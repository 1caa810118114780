//! What happens during a turn, and what a face answers. Data only: nothing here prints or decides.

use std::time::Duration;

use kai_tools::execute::{Cancel, Progress, Report};
use kai_tools::operator::Proposal;
use kai_tools::request::Request;
use kai_tools::tool::Table;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};

use crate::ask::AskEvent;

/// Something that happened.
#[derive(Debug)]
pub enum TurnEvent {
    /// What is being done, before there is anything else to show.
    Working(&'static str),
    /// What the built-in planner took the words for, one request a line.
    Understood(Vec<String>),
    /// Part of an answer from the documents.
    Answer(AskEvent),
    /// Something has to be said first.
    Asks(Question),
    /// Nothing is done, and why.
    Refused(Refused),
    /// A request that only reads, and what it found.
    Found(Box<Request>, Table),
    /// A plan that waits for a person's decision. Dropping `reply` means that nobody is there.
    Decide {
        /// The plan.
        proposal: Box<Proposal>,
        /// Takes the decision.
        reply: oneshot::Sender<Decision>,
    },
    /// An execution goes on.
    Step(StepEvent),
    /// An execution has ended.
    Ended {
        /// What was carried out.
        proposal: Box<Proposal>,
        /// How it ended.
        report: Report,
    },
    /// Something that a person should know.
    Note(String),
}

/// What is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "AskedBack")]
pub struct Question {
    /// The arguments that are missing, as the catalogue names them.
    pub missing: Vec<String>,
    /// In words.
    pub text: String,
    /// What it could be.
    pub candidates: Vec<String>,
}

/// Why nothing is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Refused {
    /// In words.
    pub message: String,
    /// What to do about it.
    pub hints: Vec<String>,
}

/// What a person decided on a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Yes.
    Yes,
    /// This name, for what destroys.
    Typed(String),
    /// No.
    No,
    /// Not now: the plan is kept, and `/apply` or its digest confirms it.
    Later,
}

/// A step of an execution, as it goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepEvent {
    /// Its number, from 1.
    pub number: usize,
    /// The command, or what is done.
    pub action: String,
    /// What happened.
    pub what: StepChange,
}

/// See [`StepEvent`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepChange {
    /// It begins.
    Begun,
    /// It is done.
    Done(Duration),
    /// It failed.
    Failed(String),
    /// It was taken back.
    TakenBack,
    /// It could not be taken back.
    Left(String),
}

impl From<Progress<'_>> for StepEvent {
    fn from(progress: Progress<'_>) -> Self {
        let undo = |step: &kai_tools::plan::Step, part: usize| {
            step.undo.get(part).map_or_else(String::new, |undo| undo.action.to_string())
        };
        let (step, action, what) = match progress {
            Progress::Begin(step) => (step, step.reason.clone(), StepChange::Begun),
            Progress::Done(step, took) => (step, step.action.to_string(), StepChange::Done(took)),
            Progress::Failed(step, error) => (step, step.action.to_string(), StepChange::Failed(error.to_string())),
            Progress::Undone(step, part) => (step, undo(step, part), StepChange::TakenBack),
            Progress::NotUndone(step, part, why) => (step, undo(step, part), StepChange::Left(why.to_owned())),
        };
        Self { number: step.id + 1, action, what }
    }
}

/// Where events go. A face that has gone away is no error: the turn comes to its end without it, and
/// nobody confirms anything.
#[derive(Debug, Clone)]
pub struct Events(mpsc::UnboundedSender<TurnEvent>);

impl Events {
    /// A way from a turn to its face.
    #[must_use]
    pub fn channel() -> (Self, mpsc::UnboundedReceiver<TurnEvent>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), receiver)
    }

    pub(super) fn send(&self, event: TurnEvent) {
        let _ = self.0.send(event);
    }

    pub(super) fn note(&self, text: impl Into<String>) {
        self.send(TurnEvent::Note(text.into()));
    }

    /// Asks the person. Nobody there means later.
    pub(super) async fn decide(&self, proposal: &Proposal) -> Decision {
        let (reply, decision) = oneshot::channel();
        self.send(TurnEvent::Decide { proposal: Box::new(proposal.clone()), reply });
        decision.await.unwrap_or(Decision::Later)
    }
}

/// How a face stops a turn: what is being executed ends at the next safe place, everything else at
/// once.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    pub(super) cancel: Cancel,
    pub(super) executing: std::sync::Arc<std::sync::atomic::AtomicBool>,
}

impl Stop {
    /// Asks an execution to stop. Returns whether there is one, which has to be waited for; where there
    /// is none, the turn may simply be dropped.
    pub fn request(&self) -> bool {
        let executing = self.executing.load(std::sync::atomic::Ordering::SeqCst);
        if executing {
            self.cancel.request();
        }
        executing
    }
}
