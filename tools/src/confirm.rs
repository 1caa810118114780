//! The yes of a person, bound to one plan.
//!
//! The only way to a [`Confirmed`] leads through the functions here, and [`crate::execute`] takes
//! nothing else. No request, document or model output can make one.

use crate::names::Stamp;
use crate::plan::{Effect, Plan};

/// A plan that a person has said yes to. It is used up by executing it.
#[derive(Debug)]
pub struct Confirmed {
    plan: Plan,
}

/// Why a yes does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfirmError {
    /// The plan destroys something: its name has to be typed.
    #[error("this destroys {object}: a yes is not enough, its name has to be typed")]
    NeedsName {
        /// The object.
        object: String,
    },
    /// Another name was typed.
    #[error("{typed:?} is not {object:?}; nothing was changed")]
    WrongName {
        /// What was typed.
        typed: String,
        /// What was to be.
        object: String,
    },
    /// The digest is not this plan's: the host has changed, or another plan was meant.
    #[error("the plan now has digest {now}, and {given} was confirmed: the host or the request has changed")]
    OtherDigest {
        /// The plan's.
        now: String,
        /// The given one.
        given: String,
    },
    /// It was made too long ago.
    #[error("plan {id} was made at {made} and is no longer valid; plan it again")]
    Expired {
        /// The plan.
        id: String,
        /// When it was made.
        made: Stamp,
    },
}

impl Confirmed {
    /// A person answered the question with yes, or gave `--yes`.
    ///
    /// # Errors
    /// If the plan destroys something, or is too old.
    pub fn by_yes(plan: Plan, now: Stamp) -> Result<Self, ConfirmError> {
        if plan.effect == Effect::Destroy {
            return Err(ConfirmError::NeedsName { object: plan.object });
        }
        Self::fresh(plan, now)
    }

    /// A person typed the name of the object.
    ///
    /// # Errors
    /// If it is another name, or the plan is too old.
    pub fn by_name(plan: Plan, typed: &str, now: Stamp) -> Result<Self, ConfirmError> {
        if typed.trim() != plan.object {
            return Err(ConfirmError::WrongName {
                typed: typed.trim().chars().take(80).collect(),
                object: plan.object,
            });
        }
        Self::fresh(plan, now)
    }

    /// Somebody who had seen the plan gave its digest.
    ///
    /// # Errors
    /// If it is another digest, or the plan is too old.
    pub fn by_digest(plan: Plan, digest: &str, now: Stamp) -> Result<Self, ConfirmError> {
        if plan.digest() != digest {
            return Err(ConfirmError::OtherDigest { now: plan.digest(), given: digest.chars().take(64).collect() });
        }
        Self::fresh(plan, now)
    }

    fn fresh(plan: Plan, now: Stamp) -> Result<Self, ConfirmError> {
        if now > plan.expires() {
            return Err(ConfirmError::Expired { id: plan.id, made: plan.made });
        }
        Ok(Self { plan })
    }

    /// What was confirmed.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    pub(crate) fn into_plan(self) -> Plan {
        self.plan
    }
}
