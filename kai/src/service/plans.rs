//! Plans that wait for somebody to approve them. What is kept here is only what was shown: approving makes
//! the plan anew and compares digests.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kai_tools::names::Stamp;
use kai_tools::operator::Proposal;
use serde_json::json;

use super::news::News;

/// More than this do not wait: the oldest goes.
const MOST: usize = 500;

/// Those that wait, by id.
#[derive(Debug)]
pub(super) struct Plans {
    waiting: Mutex<HashMap<String, Proposal>>,
    news: News,
}

impl Plans {
    pub(super) fn new(news: News) -> Self {
        Self { waiting: Mutex::default(), news }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Proposal>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts one down.
    pub(super) fn keep(&self, proposal: Proposal) {
        let mut waiting = self.lock();
        if waiting.len() >= MOST
            && let Some(oldest) = waiting.values().min_by_key(|waiting| waiting.plan.made).map(|w| w.plan.id.clone())
        {
            waiting.remove(&oldest);
        }
        let plan = &proposal.plan;
        self.news.tell("plan", json!({ "id": plan.id, "summary": plan.summary, "waiting": true }));
        waiting.insert(plan.id.clone(), proposal);
    }

    /// The one with that id, while it may still be approved.
    pub(super) fn find(&self, id: &str) -> Option<Proposal> {
        self.lock().get(id).filter(|proposal| proposal.plan.expires() >= Stamp::now()).cloned()
    }

    /// Takes it away; whether it was there.
    pub(super) fn take(&self, id: &str) -> bool {
        let taken = self.lock().remove(id);
        if let Some(taken) = &taken {
            self.news.tell("plan", json!({ "id": id, "summary": taken.plan.summary, "waiting": false }));
        }
        taken.is_some()
    }

    /// All that wait, the newest first.
    pub(super) fn list(&self) -> Vec<Proposal> {
        let now = Stamp::now();
        let mut waiting: Vec<Proposal> =
            self.lock().values().filter(|proposal| proposal.plan.expires() >= now).cloned().collect();
        waiting.sort_by(|a, b| (b.plan.made, &b.plan.id).cmp(&(a.plan.made, &a.plan.id)));
        waiting
    }

    /// Forgets those whose time is over.
    pub(super) fn sweep(&self) {
        let now = Stamp::now();
        self.lock().retain(|_, proposal| proposal.plan.expires() >= now);
    }
}
