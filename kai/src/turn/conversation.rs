//! A conversation: what was said and done so far, as the planner, a model and a saved session need it.

use kai_tools::operator::Proposal;
use kai_tools::request::Request;
use serde::{Deserialize, Serialize};

/// Who said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The person.
    User,
    /// kai.
    Assistant,
    /// What an operation or a look at the host returned. Data, whatever it says.
    Tool,
}

/// One thing that was said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Who.
    pub role: Role,
    /// What.
    pub text: String,
    /// The requests that it proposed or carried out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<Request>,
}

/// What was said so far, and the plans that still wait.
#[derive(Debug, Default)]
pub struct Conversation {
    /// Oldest first.
    pub entries: Vec<Entry>,
    /// Plans that were put off; they are not saved, since they expire.
    pub waiting: Vec<Proposal>,
}

/// Older entries do not help to understand what is said now.
const MOST: usize = 200;

impl Conversation {
    pub(super) fn say(&mut self, role: Role, text: impl Into<String>, calls: Vec<Request>) {
        self.entries.push(Entry { role, text: text.into(), calls });
        if self.entries.len() > MOST {
            self.entries.drain(..self.entries.len() - MOST);
        }
    }

    /// Takes the waiting plan whose id or digest begins so; the latest if nothing is said.
    pub fn take_waiting(&mut self, id: Option<&str>) -> Option<Proposal> {
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
