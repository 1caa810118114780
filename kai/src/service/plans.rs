//! Plans that wait for somebody to approve them. The operator keeps them, whichever program had them made:
//! what is listed here is what can be approved. Approving makes the plan anew and compares digests.

use kai_tools::operator::{Proposal, Waiting};
use kai_tools::plan::Plan;
use serde_json::{Value, json};

use super::Service;
use super::api::view;
use super::problem::{Answer, Problem};

impl Service {
    /// Keeps a plan that was made for `by`, so that its digest can approve it; what it looks like.
    pub(super) async fn put_down(&self, proposal: Proposal, by: String) -> Answer<Value> {
        let plan = Waiting { proposal, by };
        let kept = plan.clone();
        let written = self.on_host(move |operator| operator.remember_for(&kept.by, &kept.proposal)).await?;
        written.map_err(|error| Problem::internal("keeping the plan", &error))?;
        self.tell_of(&plan.proposal.plan, true);
        Ok(json!(view::Waits::from(&plan)))
    }

    /// All that wait, the newest first.
    pub(super) async fn waiting(&self) -> Answer<Vec<Waiting>> {
        Ok(self.on_host(|operator| operator.waiting()).await??)
    }

    /// The one with that id.
    pub(super) async fn waits(&self, id: &str) -> Answer<Waiting> {
        let found = self.waiting().await?.into_iter().find(|waiting| waiting.proposal.plan.id == id);
        found.ok_or_else(|| Problem::not_found("no such plan waits: a plan waits for 15 minutes"))
    }

    /// Tells those who watch that a plan came, or went.
    pub(super) fn tell_of(&self, plan: &Plan, waiting: bool) {
        self.0.news.tell("plan", &plan.id, told_of(&plan.id, &plan.summary, waiting));
    }
}

/// What is told of one to those who watch all.
pub(super) fn told_of(id: &str, summary: &str, waiting: bool) -> Value {
    json!({ "id": id, "summary": summary, "waiting": waiting })
}
