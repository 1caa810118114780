//! What came of a turn, for a face and for a program.

use kai_tools::journal::Outcome;
use kai_tools::plan::Plan;
use kai_tools::request::Request;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::act::Acted;
use super::event::{Question, Refused};
use crate::ask::{Answer, Passage};

/// What came of a turn.
#[derive(Debug, Default)]
pub struct TurnReport {
    /// The answer, if there is one.
    pub answer: Option<Answer>,
    /// What was asked for and what came of each, in order.
    pub acted: Vec<(Request, Acted)>,
    /// What was asked back.
    pub asked: Option<Question>,
    /// Why nothing was done.
    pub refused: Option<Refused>,
    /// Passages that were asked for as they are.
    pub looked_up: Vec<Passage>,
}

/// What came of a turn, as it is written: the answer's own fields, and what was done beside it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Done")]
pub(crate) struct Written<'a> {
    #[serde(flatten)]
    answer: Option<&'a Answer>,
    /// What was asked back.
    #[serde(skip_serializing_if = "Option::is_none")]
    asked: Option<&'a Question>,
    /// Why nothing was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<&'a Refused>,
    /// What was asked for and what came of each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    acted: Vec<ActedOn<'a>>,
    /// Passages that were asked for as they are.
    #[serde(default, skip_serializing_if = "no_passages")]
    passages: &'a [Passage],
}

fn no_passages(passages: &[Passage]) -> bool {
    passages.is_empty()
}

/// A request, and what came of it.
#[derive(Debug, Serialize, JsonSchema)]
struct ActedOn<'a> {
    request: &'a Request,
    result: Came<'a>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum Came<'a> {
    /// It only read: a row each.
    Found {
        #[schemars(with = "Vec<serde_json::Map<String, Value>>")]
        found: Value,
        notes: &'a [String],
    },
    /// It was carried out, or tried.
    Ended { op: &'a str, outcome: Outcome, error: Option<&'a str> },
    /// The person said no.
    Declined { declined: bool },
    /// A plan waits, to be approved by its digest.
    Later { waiting: &'a str, digest: &'a str, plan: &'a Plan },
    /// It was not possible or not allowed.
    Refused { refused: &'a str, hints: &'a [String] },
}

impl<'a> From<&'a Acted> for Came<'a> {
    fn from(acted: &'a Acted) -> Self {
        match acted {
            Acted::Found(table) => Self::Found { found: table.json(), notes: &table.notes },
            Acted::Ended(report) => {
                Self::Ended { op: &report.op, outcome: report.outcome, error: report.error.as_deref() }
            }
            Acted::Declined => Self::Declined { declined: true },
            Acted::Later(proposal) => {
                Self::Later { waiting: &proposal.plan.id, digest: &proposal.digest, plan: &proposal.plan }
            }
            Acted::Refused(refused) => Self::Refused { refused: &refused.message, hints: &refused.hints },
        }
    }
}

impl TurnReport {
    /// The answer's own fields, and what was done beside it.
    #[must_use]
    pub fn json(&self) -> Value {
        let acted = self.acted.iter().map(|(request, acted)| ActedOn { request, result: acted.into() });
        serde_json::json!(Written {
            answer: self.answer.as_ref(),
            asked: self.asked.as_ref(),
            refused: self.refused.as_ref(),
            acted: acted.collect(),
            passages: &self.looked_up,
        })
    }
}
