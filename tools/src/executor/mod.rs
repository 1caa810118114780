//! The border between those who ask and root: a program that may operate the host, reached over a socket in
//! the file system by one that may not.
//!
//! What crosses it is typed: a request and a moment, the digest of the plan that a person confirmed, what
//! was observed, how far an operation is. No command line ever does. The executor plans by itself, and
//! refuses if its plan has another digest.

mod client;
mod listing;
mod serve;

use serde::{Deserialize, Serialize};

pub use client::Client;
pub use serve::{Running, serve};

use crate::execute::Report;
use crate::facts::{Facts, Scope};
use crate::journal::Mark;
use crate::names::{OperationId, Stamp};
use crate::operator::ProposeError;
use crate::plan::{Plan, Refusal};
use crate::request::Request;
use crate::tool::Table;
use crate::with_causes;

/// A line that is longer is none.
const LINE: u64 = 64 << 20;

/// What can be asked: the first line of a connection.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Call {
    /// What is so on the host?
    Observe(Scope),
    /// What would be done, or what is found?
    Propose {
        request: Request,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document: Option<Document>,
        made: Stamp,
    },
    /// How is that operation taken back?
    Undo { op: OperationId, made: Stamp },
    /// What was done since that line of the journal?
    Operations { since: Option<Mark> },
    /// Stop that operation at its next safe place, whoever had it begun.
    StopOperation { op: OperationId },
    /// A person has confirmed the plan with that digest.
    Execute(Execute),
    /// Second line of a connection that executes: stop at the next safe place.
    Stop,
}

/// The document of a request, whose own text has a stand-in for it. Whoever may open the socket may have it
/// written into a guest.
#[derive(Serialize, Deserialize)]
struct Document(String);

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl Document {
    fn of(request: &Request) -> Option<Self> {
        let document = request.user_data().filter(|document| !document.is_stand_in())?;
        Some(Self(document.as_str().to_owned()))
    }

    fn back_in(document: Option<&Self>, request: &Request) -> Request {
        let document = document.and_then(|Self(text)| text.parse().ok());
        request.clone().with_user_data(document)
    }
}

/// What is to be done, and what says that a person wants it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Execute {
    request: Request,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    document: Option<Document>,
    /// The operation that it takes back; the request is that one's then.
    reverses: Option<OperationId>,
    /// When the plan was made.
    made: Stamp,
    digest: String,
    /// Who, for the journal.
    by: String,
}

/// What is answered: one line, or many while it executes or lists operations.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reply {
    Facts(Box<Facts>),
    Found(Table),
    Plan {
        plan: Box<Plan>,
        reverses: Option<String>,
    },
    /// Many lines, the last of which says so.
    Operations(listing::Part),
    /// How far an execution is.
    Step {
        step: usize,
        what: Change,
    },
    Ended(Box<Report>),
    /// Whether an operation runs here that was to be stopped: it will.
    Stopping(bool),
    /// It is not possible or not allowed.
    Refused(Refusal),
    /// The host or the journal could not be asked, or nothing was done.
    Failed {
        message: String,
        hints: Vec<String>,
        kind: Failure,
    },
}

/// What of an execution's step is told.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Change {
    Begun,
    Done { micros: u64 },
    Failed { why: String },
    Undone { part: usize },
    NotUndone { part: usize, why: String },
}

/// What could not be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Failure {
    Host,
    Journal,
    /// Another operation is running.
    Busy,
    /// The plan was carried out before.
    CarriedOut,
    /// It was not confirmed: another digest, too old, or no such request.
    Unconfirmed,
}

impl From<ProposeError> for Reply {
    fn from(error: ProposeError) -> Self {
        let hints = error.hints();
        let kind = match error {
            ProposeError::Refused(refusal) => return Self::Refused(refusal),
            ProposeError::Observe(_) => Failure::Host,
            ProposeError::Journal(crate::journal::JournalError::Busy { .. }) => Failure::Busy,
            ProposeError::Journal(_) => Failure::Journal,
        };
        Self::Failed { message: with_causes(&error), hints, kind }
    }
}
