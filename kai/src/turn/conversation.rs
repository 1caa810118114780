//! A conversation: what was said and done so far, as the planner, a model and a saved session need it.

use std::sync::{Arc, Mutex, PoisonError};

use kai_tools::names::Stamp;
use kai_tools::operator::Proposal;
use kai_tools::request::Request;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::act::Acted;

/// Who said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The person.
    User,
    /// kai, in its own words.
    Assistant,
    /// An answer: a model's words, or those of documents. Data, whatever it says.
    Answer,
    /// What an operation or a look at the host returned. Data, whatever it says.
    Tool,
}

/// One thing that was said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    /// Who.
    pub role: Role,
    /// What.
    pub text: String,
    /// The requests that it proposed or carried out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<Request>,
    /// Whether it belongs to a turn that is not to be kept: it is never saved.
    #[serde(skip)]
    pub off_record: bool,
}

/// Who wanted something done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proposer {
    /// The person said so.
    Person,
    /// A model, in answering.
    Model,
}

/// What was said so far, and the plans that still wait.
#[derive(Debug, Default)]
pub struct Conversation {
    /// Oldest first.
    pub entries: Vec<Entry>,
    /// Plans that were put off; they are not saved, since they expire.
    pub waiting: Vec<Proposal>,
    /// Whether the turn that goes on is not to be kept.
    pub(super) off_record: bool,
    /// What a model has had done in the turn that goes on: known even if the turn is stopped.
    pub(super) ledger: Ledger,
}

/// What was done in a turn, written down as it happens.
pub(super) type Ledger = Arc<Mutex<Vec<(Request, Acted)>>>;

/// A conversation of more than this is none: what was said first goes.
const MOST: usize = 5000;
/// The same, in bytes of what was said.
const LONGEST: usize = 2 << 20;
/// Of what a look or an operation returned, this much is kept.
const KEPT: usize = 8 << 10;

impl Conversation {
    /// A conversation that goes on after these entries.
    #[must_use]
    pub fn after(entries: Vec<Entry>) -> Self {
        Self { entries, ..Self::default() }
    }

    /// What may be saved: everything but the turns that are not to be kept.
    #[must_use]
    pub fn kept(&self) -> Vec<Entry> {
        self.entries.iter().filter(|entry| !entry.off_record).cloned().collect()
    }

    /// Makes what was done in a turn that has ended, or was stopped, part of the conversation.
    pub fn settle(&mut self) -> Vec<(Request, Acted)> {
        let done = std::mem::take(&mut *self.ledger.lock().unwrap_or_else(PoisonError::into_inner));
        for (request, acted) in &done {
            self.keep(request, acted, Proposer::Model);
        }
        done
    }

    /// What was done belongs to the conversation: the next turn may speak of it. What a model wanted
    /// is nothing that the person can be taken to mean again.
    pub(super) fn keep(&mut self, request: &Request, acted: &Acted, proposer: Proposer) {
        let looked = matches!(acted, Acted::Found(_));
        let calls = if looked || proposer == Proposer::Person { vec![request.clone()] } else { Vec::new() };
        self.say(Role::Assistant, request.tool(), calls);
        let told = if looked { Role::Tool } else { Role::Answer };
        let text: String = acted.told().chars().take(KEPT).collect();
        self.say(told, text, Vec::new());
        if let Acted::Later(proposal) = acted {
            self.waiting.push((**proposal).clone());
        }
    }

    pub(super) fn say(&mut self, role: Role, text: impl Into<String>, calls: Vec<Request>) {
        self.entries.push(Entry { role, text: text.into(), calls, off_record: self.off_record });
        let mut left = LONGEST;
        let fits = self.entries.iter().rev().take(MOST).take_while(|entry| {
            let fits = entry.text.len() <= left;
            left = left.saturating_sub(entry.text.len());
            fits
        });
        let kept = fits.count().max(1);
        self.entries.drain(..self.entries.len() - kept);
    }

    /// Takes the waiting plan whose id or digest begins so; the latest if nothing is said.
    pub fn take_waiting(&mut self, id: Option<&str>) -> Option<Proposal> {
        let now = Stamp::now();
        self.waiting.retain(|waiting| waiting.plan.expires() >= now);
        let at = match id {
            None => self.waiting.len().checked_sub(1)?,
            Some(id) => self.waiting.iter().rposition(|waiting| {
                !id.is_empty() && (waiting.plan.id.starts_with(id) || waiting.digest.starts_with(id))
            })?,
        };
        Some(self.waiting.remove(at))
    }

    /// Whether the person's own words name the object. What a model wants to destroy has to pass this.
    pub(super) fn person_named(&self, object: &str) -> bool {
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '@' | '#' | ':');
        let said = self.entries.iter().filter(|entry| entry.role == Role::User);
        // A name stands by itself: `web1` is not named by `web10`, `web1.` at a sentence's end is.
        said.flat_map(|entry| entry.text.split(|c: char| !is_part(c)))
            .any(|word| word == object || word.trim_end_matches(['.', ':']) == object)
    }
}
