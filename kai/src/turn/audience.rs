//! Who is told why something did not work. Whoever keeps the machine is told all of it; whoever only calls
//! its service is told what happened, and the service's log has the rest: addresses, paths, what programs
//! printed.

use std::fmt::Display;

use kai_tools::operator::ProposeError;
use kai_tools::with_causes;

use super::event::Refused;
use crate::ask::Fallback;

/// Who reads what a turn says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Audience {
    /// A person at this machine.
    #[default]
    Keeper,
    /// Anybody whom the service lets in.
    Callers,
}

impl Audience {
    /// What happened; and why, if they are told.
    pub(crate) fn told(self, what: &str, why: impl Display) -> String {
        match self {
            Self::Keeper => format!("{what}: {why}"),
            Self::Callers => {
                tracing::warn!(%why, "{what}");
                what.to_owned()
            }
        }
    }

    /// Nothing is done, for this reason.
    pub(super) fn refused(self, what: &str, why: impl Display) -> Refused {
        Refused { message: self.told(what, why), hints: Vec::new() }
    }

    /// A request came to nothing. What the host does not allow is told to everybody.
    pub(super) fn not_proposed(self, error: &ProposeError) -> Refused {
        let what = match error {
            ProposeError::Refused(_) => None,
            ProposeError::Observe(_) => Some("the host cannot be asked"),
            ProposeError::Journal(_) => Some("the journal cannot be used"),
        };
        let message = match (self, what) {
            (Self::Callers, Some(what)) => self.told(what, with_causes(error)),
            (Self::Keeper | Self::Callers, _) => with_causes(error),
        };
        Refused { message, hints: error.hints() }
    }

    /// Why no model answers.
    pub(super) fn shorten(self, fallback: &mut Fallback) {
        if self == Self::Callers {
            fallback.reason = self.told("the model gave no complete answer", &fallback.reason);
            fallback.hint = None;
        }
    }
}
