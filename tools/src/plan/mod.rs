//! What will be done, decided before anything is: a [`Plan`] is a value that a person can read and
//! an executor can carry out with no choices left.
//!
//! A plan is made by pure functions of a request, observed facts and a moment; the same three make
//! the same plan, and with it the same digest. Nothing here touches a host.

mod action;
mod build;
mod condition;
mod estimate;
mod refusal;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use action::{Action, Content};
pub use build::PlanBuilder;
pub use condition::{Condition, DomainState, Identity, Property};
pub(crate) use estimate::seconds;
pub use refusal::{Reason, Refusal};

use crate::names::Stamp;
use crate::request::Request;

/// What an operation does to a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// It only looks.
    Read,
    /// It changes things in a way that can be undone.
    Change,
    /// It ends something for good.
    Destroy,
}

/// One step of a plan, with what must hold before it, what holds after it, and how to take it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its place in the plan, from 0.
    pub id: usize,
    /// Steps of one stage run at the same time if their lanes differ; stages run one after the other.
    pub stage: u16,
    /// Steps of one lane run in order.
    pub lane: u16,
    /// What is done.
    pub action: Action,
    /// Why.
    pub reason: String,
    /// Read again just before; if one does not hold, nothing is done.
    pub requires: Vec<Condition>,
    /// Read back after; the step has succeeded when all hold.
    pub ensures: Vec<Condition>,
    /// How to take it back, in order. Empty if there is nothing to take back, or no way.
    pub undo: Vec<UndoStep>,
    /// Whether it may simply be done again if nobody knows how far it got.
    pub repeatable: bool,
    /// Whether the operation goes on without it if it fails: it is taken back then, and said so.
    #[serde(default, skip_serializing_if = "is_false")]
    pub optional: bool,
    /// The optional step that it belongs to: without that one, it is left out too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_with: Option<usize>,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// How something is taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UndoStep {
    /// What is done.
    pub action: Action,
    /// What must hold for it. If one does not, it is skipped and said so: the object is no longer ours.
    pub requires: Vec<Condition>,
    /// What holds when it has been taken back.
    pub ensures: Vec<Condition>,
    /// On which occasion.
    pub when: When,
}

/// On which occasion something is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// After a failure, and when the finished operation is undone.
    Always,
    /// After a failure only.
    Failure,
    /// After a failure only, before all others: a guest waits for it.
    FailureFirst,
    /// When the finished operation is undone only.
    Done,
}

/// What will be gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Loss {
    /// Its name.
    pub what: String,
    /// Its identity, where it has one.
    pub identity: Option<String>,
    /// In bytes, where that is known.
    pub bytes: Option<u64>,
}

/// A decided operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// What names it: it follows from host, request and moment, and marks what the plan creates.
    pub id: String,
    /// The host that it is for.
    pub host: String,
    /// When it was made. Names that carry a time carry this one.
    pub made: Stamp,
    /// What was asked for, with nothing left open.
    pub request: Request,
    /// The worst that it does.
    pub effect: Effect,
    /// One sentence: what it does to which objects.
    pub summary: String,
    /// What a person types to confirm a [`Effect::Destroy`].
    pub object: String,
    /// What was looked at and found in order.
    pub checks: Vec<String>,
    /// What a person should know before saying yes. No figure that changes by itself stands here.
    pub notes: Vec<String>,
    /// What will be gone.
    pub losses: Vec<Loss>,
    /// How it can be taken back, in words; none if it cannot.
    pub undo: Option<String>,
    /// About how long it takes, in seconds.
    pub seconds: u32,
    /// What is done.
    #[schemars(with = "Vec<serde_json::Map<String, serde_json::Value>>")]
    pub steps: Vec<Step>,
    /// What is reported at the end: a key and a value each.
    pub report: Vec<(String, String)>,
}

/// How long a plan may wait for its yes.
pub const VALID_SECONDS: u64 = 15 * 60;

impl Plan {
    /// Whether it has no way back once it has begun: what destroys, and what undoes an operation.
    #[must_use]
    pub fn goes_on_only(&self) -> bool {
        self.effect == Effect::Destroy || self.steps.iter().all(|step| step.undo.is_empty())
    }

    /// The digest that a confirmation is bound to: SHA-256 in hexadecimal over what is done, to which objects,
    /// and what a person was warned of. What was only measured is left out: how much is free, how large a loss
    /// is and how long it takes change by themselves on every host that works.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut firm = Self { checks: Vec::new(), seconds: 0, report: Vec::new(), ..self.clone() };
        firm.losses.iter_mut().for_each(|loss| loss.bytes = None);
        // A plan is plain data with text keys; writing it to memory cannot fail.
        let json = serde_json::to_vec(&firm).unwrap_or_default();
        hex(&Sha256::digest(json))
    }

    /// The last moment at which it may be confirmed.
    #[must_use]
    pub fn expires(&self) -> Stamp {
        Stamp::from_seconds(self.made.seconds() + VALID_SECONDS)
    }

    /// The id of a plan for that host, request and moment.
    #[must_use]
    pub fn id_of(host: &str, request: &Request, made: Stamp) -> String {
        let mut hash = Sha256::new();
        hash.update(host.as_bytes());
        hash.update([0]);
        hash.update(serde_json::to_vec(request).unwrap_or_default());
        hash.update(made.seconds().to_be_bytes());
        hex(&hash.finalize())[..12].to_owned()
    }
}

/// Bytes as hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
