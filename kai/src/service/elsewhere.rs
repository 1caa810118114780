//! What other programs do on this host: plans that they put down or settle, operations that they run. The
//! journal and the shown plans are looked at while somebody watches, and what has changed is news.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use kai_tools::journal::Operation;
use serde_json::Value;

use super::problem::Answer;
use super::{Service, operations, plans};

/// How long before the next look, at least.
const PAUSE: Duration = Duration::from_secs(2);
/// And so many times as long as a look takes: a long journal takes its time.
const SHARE: u32 = 20;
/// And where the last one failed, which the log says each time.
const LONG_PAUSE: Duration = Duration::from_secs(60);
/// So many of the latest operations are looked at.
const LATEST: usize = 100;

/// What was there at a look: what is told of each, by id.
#[derive(Debug, Default)]
struct Seen {
    plans: BTreeMap<String, String>,
    operations: BTreeMap<String, Value>,
}

impl Service {
    /// Looks, for as long as the service runs.
    pub(super) async fn watch_others(&self) {
        let (mut before, mut pause) = (None, PAUSE);
        loop {
            tokio::time::sleep(pause).await;
            if self.0.operator.is_none() || !self.0.news.is_heard() {
                before = None;
                continue;
            }
            let began = Instant::now();
            let Ok(now) = self.seen().await else {
                pause = LONG_PAUSE;
                continue;
            };
            pause = PAUSE.max(began.elapsed() * SHARE);
            if let Some(before) = &before {
                self.tell_difference(before, &now);
            }
            before = Some(now);
        }
    }

    async fn seen(&self) -> Answer<Seen> {
        let waiting = self.waiting().await?;
        let operations = self.on_host(|operator| operator.operations()).await??;
        let latest = operations.into_iter().rev().take(LATEST);
        Ok(Seen {
            plans: waiting.into_iter().map(|w| (w.proposal.plan.id, w.proposal.plan.summary)).collect(),
            operations: latest.map(|of| (of.id.clone(), told_of(&of))).collect(),
        })
    }

    fn tell_difference(&self, before: &Seen, now: &Seen) {
        let news = &self.0.news;
        for (id, told) in now.operations.iter().filter(|(id, told)| before.operations.get(*id) != Some(*told)) {
            news.tell("operation", id, told.clone());
        }
        for (id, summary) in now.plans.iter().filter(|(id, _)| !before.plans.contains_key(*id)) {
            news.tell("plan", id, plans::told_of(id, summary, true));
        }
        for (id, summary) in before.plans.iter().filter(|(id, _)| !now.plans.contains_key(*id)) {
            news.tell("plan", id, plans::told_of(id, summary, false));
        }
    }
}

fn told_of(of: &Operation) -> Value {
    operations::told_of(&of.id, &of.plan.summary, of.running, of.outcome)
}
