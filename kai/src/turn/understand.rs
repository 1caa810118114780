//! The way to the built-in planner and back: the conversation and the host as it wants them, and what
//! it proposes as the state machine wants it.

use kai_tools::facts::Facts;
use kai_tools::journal::History;
use kai_tools::names::Stamp;
use kai_tools::plan::Effect;
use kai_tools::request::Request;
use serde_json::json;

use super::conversation::{Conversation, Role};
use super::event::{Events, Question, Refused};
use crate::planner::{self, Inventory, Proposal};

/// What a person's words are taken for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Understood {
    /// These are to be carried out, in order.
    Requests {
        /// What is asked for.
        requests: Vec<Request>,
        /// The same in words, one request a line.
        lines: Vec<String>,
    },
    /// Something is missing.
    Ask(Question),
    /// It is a question, or talk.
    Question {
        /// Whether nothing in it can be an order that was not understood.
        only: bool,
    },
    /// It is not done.
    Refused(Refused),
}

impl Understood {
    /// What is left of an order where there is no host, for that reason: the documents may know what is to be
    /// looked at, and nothing is done.
    pub(super) fn without_host(self, why: &str, events: &Events) -> Self {
        let refused = || Self::Refused(Refused { message: why.to_owned(), hints: Vec::new() });
        match self {
            Self::Requests { requests, .. } if !requests.iter().all(needs_no_host) => {
                if requests.iter().any(|request| request.effect() != Effect::Read) {
                    return refused();
                }
                events.note(why);
                Self::Question { only: true }
            }
            Self::Ask(_) => refused(),
            understood @ (Self::Requests { .. } | Self::Question { .. } | Self::Refused(_)) => understood,
        }
    }
}

/// Whether the documents alone answer it.
pub(super) fn needs_no_host(request: &Request) -> bool {
    matches!(request, Request::DocsSearch(_) | Request::DocsRead(_))
}

/// Whoever speaks of what was said longer ago names it again.
const REMEMBERED: usize = 12;

/// What the words mean on this host, after what was said before.
pub(super) fn understand(
    text: &str,
    conversation: &Conversation,
    facts: Option<&Facts>,
    operations: &History,
) -> Understood {
    let inventory = facts.map(|facts| Inventory::from_facts(facts, operations, Stamp::now())).unwrap_or_default();
    let skipped = conversation.entries.len().saturating_sub(REMEMBERED);
    let turns = conversation.entries.iter().skip(skipped).filter_map(|entry| {
        let role = match entry.role {
            Role::User => "user",
            Role::Assistant => "assistant",
            // Names in a page are no names that the person spoke of.
            Role::Answer => "document",
            Role::Tool => "tool",
        };
        serde_json::from_value(json!({ "role": role, "text": entry.text, "calls": entry.calls })).ok()
    });
    let turns: Vec<planner::Turn> = turns.collect();
    // The tools themselves refuse with everything in sight that they need; here only names matter.
    let planned = planner::plan(text, &turns, &inventory);
    match planned.proposal {
        Proposal::Answer => Understood::Question { only: planned.only_asks },
        Proposal::Calls(requests) => {
            let lines = requests.iter().map(in_words).collect();
            Understood::Requests { requests, lines }
        }
        Proposal::Ask { missing, candidates, question } => {
            let missing = missing.into_iter().map(str::to_owned).collect();
            Understood::Ask(Question { missing, text: question, candidates })
        }
        Proposal::Refuse { reason, .. } => Understood::Refused(Refused { message: reason, hints: Vec::new() }),
    }
}

/// `kvm_clone source=golden names=web1,web2`: what is left at its default is left out.
#[must_use]
pub fn in_words(request: &Request) -> String {
    let value = serde_json::to_value(request).unwrap_or_default();
    let mut text = request.tool().to_owned();
    for (name, value) in value["args"].as_object().into_iter().flatten() {
        let shown = match value {
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Array(items) => {
                let items: Vec<String> =
                    items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect();
                items.join(",")
            }
            serde_json::Value::Bool(false) | serde_json::Value::Null => continue,
            other @ (serde_json::Value::Bool(true) | serde_json::Value::Number(_) | serde_json::Value::Object(_)) => {
                other.to_string()
            }
        };
        text.push_str(&format!(" {name}={shown}"));
    }
    text
}
