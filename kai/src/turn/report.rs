//! What came of a turn, for a face and for a program.

use kai_tools::request::Request;
use serde_json::{Value, json};

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

impl TurnReport {
    /// The answer's own fields, and what was done beside it.
    #[must_use]
    pub fn json(&self) -> Value {
        let mut value = self.answer.as_ref().and_then(|answer| serde_json::to_value(answer).ok());
        let value = value.get_or_insert_with(|| json!({}));
        if let Some(question) = &self.asked {
            value["asked"] =
                json!({ "missing": question.missing, "text": question.text, "candidates": question.candidates });
        }
        if let Some(refused) = &self.refused {
            value["refused"] = json!({ "message": refused.message, "hints": refused.hints });
        }
        let acted = self.acted.iter().map(|(request, acted)| {
            let came = match acted {
                Acted::Found(table) => json!({ "found": table.json(), "notes": table.notes }),
                Acted::Ended(report) => json!({ "op": report.op, "outcome": report.outcome, "error": report.error }),
                Acted::Declined => json!({ "declined": true }),
                Acted::Later(proposal) => {
                    json!({ "waiting": proposal.plan.id, "digest": proposal.digest, "plan": proposal.plan })
                }
                Acted::Refused(refused) => json!({ "refused": refused.message, "hints": refused.hints }),
            };
            json!({ "request": request, "result": came })
        });
        let acted: Vec<Value> = acted.collect();
        if !self.looked_up.is_empty() {
            value["passages"] = json!(self.looked_up);
        }
        if !acted.is_empty() {
            value["acted"] = Value::Array(acted);
        }
        value.clone()
    }
}
