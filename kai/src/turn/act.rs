//! Carrying out one request: look, propose, let the person decide, execute, read back. The host is
//! touched on threads of its own, so that a face stays alive meanwhile.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use kai_tools::confirm::Confirmed;
use kai_tools::execute::Report;
use kai_tools::journal::Outcome;
use kai_tools::names::Stamp;
use kai_tools::operator::{Operator, Proposal, Proposed};
use kai_tools::request::Request;
use kai_tools::tool::Table;
use kai_tools::with_causes;

use super::audience::Audience;
use super::event::{Decision, Events, Refused, Stop, TurnEvent};

/// What came of a request.
#[derive(Debug, Clone)]
pub enum Acted {
    /// It only read, and found this.
    Found(Table),
    /// It was carried out, or tried.
    Ended(Report),
    /// The person said no.
    Declined,
    /// The person put it off, or nobody was there.
    Later(Box<Proposal>),
    /// It was not possible or not allowed.
    Refused(Refused),
}

impl Acted {
    /// Whether what was asked for has happened, so that what follows it may happen too.
    #[must_use]
    pub fn is_done(&self) -> bool {
        match self {
            Self::Found(_) => true,
            Self::Ended(report) => report.outcome == Outcome::Done,
            Self::Declined | Self::Later(_) | Self::Refused(_) => false,
        }
    }

    /// In words, for a model and for the conversation. What programs printed is in it: it is data.
    #[must_use]
    pub fn told(&self) -> String {
        match self {
            Self::Found(table) => serde_json::json!({ "rows": table.json(), "notes": table.notes }).to_string(),
            Self::Ended(report) => match report.outcome {
                Outcome::Done => format!("done, operation {}", report.op),
                Outcome::TakenBack => {
                    format!("failed and taken back: {}", report.error.clone().unwrap_or_default())
                }
                Outcome::Left => {
                    let error = report.error.clone().unwrap_or_default();
                    format!("failed: {error}; left: {}", report.left.join(", "))
                }
            },
            Self::Declined => "the person said no; do not propose it again".to_owned(),
            Self::Later(proposal) => format!("not done: plan {} waits for the person", proposal.plan.id),
            Self::Refused(refused) => format!("refused: {}", refused.message),
        }
    }
}

/// What it works with.
#[derive(Debug, Clone)]
pub(super) struct Actor {
    pub(super) operator: Arc<Operator>,
    pub(super) events: Events,
    pub(super) stop: Stop,
    pub(super) audience: Audience,
}

impl Actor {
    /// Finds out what a request finds or would do.
    pub(super) async fn propose(&self, request: &Request) -> Result<Proposed, Refused> {
        let (operator, asked) = (Arc::clone(&self.operator), request.clone());
        let proposed = tokio::task::spawn_blocking(move || operator.propose_now(&asked)).await;
        match proposed {
            Ok(proposed) => proposed.map_err(|error| self.audience.not_proposed(&error)),
            Err(error) => Err(self.audience.refused("asking the host broke off", error)),
        }
    }

    /// Carries out a request, as far as the person lets it.
    pub(super) async fn act(&self, request: &Request) -> Acted {
        match self.propose(request).await {
            Ok(Proposed::Found(table)) => {
                self.events.send(TurnEvent::Found(Box::new(request.clone()), table.clone()));
                Acted::Found(table)
            }
            Ok(Proposed::Plan(proposal)) => self.decide(*proposal).await,
            Err(refused) => self.refused(refused),
        }
    }

    /// Shows a plan, and carries it out if the person says so.
    pub(super) async fn decide(&self, proposal: Proposal) -> Acted {
        let confirmed = match self.events.decide(&proposal).await {
            Decision::Yes => Confirmed::by_yes(proposal.plan.clone(), Stamp::now()),
            Decision::Typed(name) => Confirmed::by_name(proposal.plan.clone(), &name, Stamp::now()),
            Decision::No => return Acted::Declined,
            Decision::Later => {
                if let Err(error) = self.operator.remember(&proposal) {
                    self.events.note(self.audience.told("the plan's digest cannot be kept for later", error));
                }
                return Acted::Later(Box::new(proposal));
            }
        };
        match confirmed {
            Ok(confirmed) => self.execute(confirmed, proposal).await,
            Err(error) => self.refused(Refused { message: error.to_string(), hints: Vec::new() }),
        }
    }

    async fn execute(&self, confirmed: Confirmed, proposal: Proposal) -> Acted {
        let (operator, events, cancel) = (Arc::clone(&self.operator), self.events.clone(), self.stop.cancel.clone());
        let reverses = proposal.reverses.clone();
        self.stop.executing.store(true, Ordering::SeqCst);
        let done = tokio::task::spawn_blocking(move || {
            let observer = |progress: kai_tools::execute::Progress<'_>| events.send(TurnEvent::Step(progress.into()));
            operator.execute(confirmed, reverses.as_deref(), &observer, &cancel)
        })
        .await;
        self.stop.executing.store(false, Ordering::SeqCst);
        match done {
            Ok(Ok(report)) => {
                self.events.send(TurnEvent::Ended { proposal: Box::new(proposal), report: report.clone() });
                Acted::Ended(report)
            }
            Ok(Err(error)) => self.refused(Refused { message: with_causes(&error), hints: error.hints() }),
            Err(error) => self.refused(Refused {
                message: format!("the operation broke off: {error}"),
                hints: vec!["`kai op history` shows how far it got, `kai op resume` goes on".to_owned()],
            }),
        }
    }

    fn refused(&self, refused: Refused) -> Acted {
        self.events.send(TurnEvent::Refused(refused.clone()));
        Acted::Refused(refused)
    }
}
