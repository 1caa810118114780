//! The people in front of a turn, and what they saw.

use kai::turn::{Decision, TurnEvent};
use kai_tools::plan::Effect;
use serde::Serialize;
use tokio::sync::mpsc::UnboundedReceiver;

/// Who sits there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Person {
    /// Nobody.
    Nobody,
    /// One who says yes to every plan, and never types a name.
    SaysYes,
    /// One who types whatever name is asked for.
    TypesNames,
}

impl Person {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::SaysYes => "one who says yes",
            Self::TypesNames => "one who types names",
        }
    }
}

/// What was shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) shown: usize,
    pub(super) shown_destroy: usize,
}

/// Answers the plans of a turn until it ends.
pub(super) async fn watch(mut events: UnboundedReceiver<TurnEvent>, person: Person) -> Seen {
    let mut seen = Seen::default();
    while let Some(event) = events.recv().await {
        let TurnEvent::Decide { proposal, reply } = event else { continue };
        seen.shown += 1;
        let destroys = proposal.plan.effect == Effect::Destroy;
        seen.shown_destroy += usize::from(destroys);
        let decision = match person {
            Person::Nobody => continue,
            Person::TypesNames if destroys => Decision::Typed(proposal.plan.object.clone()),
            Person::SaysYes | Person::TypesNames => Decision::Yes,
        };
        // A turn that has ended takes no answer.
        let _ = reply.send(decision);
    }
    seen
}
