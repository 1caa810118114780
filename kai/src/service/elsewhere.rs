//! What other programs do on this host: plans that they put down or settle, operations that they run. The
//! journal and the shown plans are looked at while somebody watches, and what has changed is news.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use kai_tools::journal::Operation;
use serde_json::Value;
use tokio::sync::Mutex;

use super::problem::Answer;
use super::{Service, operations, plans};

/// How long before the next look, at least.
const PAUSE: Duration = Duration::from_secs(2);
/// And so many times as long as a look takes: a slow host is left time for other things.
const SHARE: u32 = 20;
/// And where the last one failed, which the log says each time.
const LONG_PAUSE: Duration = Duration::from_secs(60);
/// So many of the latest operations are looked at.
const LATEST: usize = 100;

/// What was there at the last look, if anybody watches.
#[derive(Debug, Default)]
pub(super) struct Others(Mutex<Option<Seen>>);

/// What was there: what is told of each, by id.
#[derive(Debug)]
struct Seen {
    plans: BTreeMap<String, String>,
    operations: BTreeMap<String, Of>,
}

#[derive(Debug, PartialEq)]
struct Of {
    running: bool,
    told: Value,
}

impl Service {
    /// Looks, for as long as the service runs.
    pub(super) async fn watch_others(&self) {
        let mut pause = PAUSE;
        loop {
            tokio::time::sleep(pause).await;
            pause = PAUSE;
            if self.0.news.is_heard() {
                let began = Instant::now();
                let looked = self.look_at_others().await;
                pause = if looked.is_ok() { (began.elapsed() * SHARE).clamp(PAUSE, LONG_PAUSE) } else { LONG_PAUSE };
                continue;
            }
            let mut before = self.0.others.0.lock().await;
            // Whoever has just come has had it looked.
            if !self.0.news.is_heard() {
                *before = None;
            }
        }
    }

    /// Looks, and tells what has changed since the last time. Whoever begins to watch has it looked once,
    /// so that everything from then on is a change.
    pub(super) async fn look_at_others(&self) -> Answer<()> {
        if self.0.operator.is_none() {
            return Ok(());
        }
        let mut before = self.0.others.0.lock().await;
        let then = self.0.news.count();
        let now = self.seen().await?;
        if let Some(before) = &*before {
            self.tell_difference(then, before, &now);
        }
        *before = Some(now);
        Ok(())
    }

    async fn seen(&self) -> Answer<Seen> {
        let waiting = self.waiting().await?;
        let operations = self.on_host(|operator| operator.history()).await??;
        let latest = operations.iter().rev().take(LATEST);
        Ok(Seen {
            plans: waiting.into_iter().map(|w| (w.proposal.plan.id, w.proposal.plan.summary)).collect(),
            operations: latest.map(|operation| (operation.id.clone(), Of::from(&**operation))).collect(),
        })
    }

    fn tell_difference(&self, then: u64, before: &Seen, now: &Seen) {
        let news = &self.0.news;
        // One that runs may have been told to have ended, where only the way to it had.
        let changed = |(id, of): &(&String, &Of)| of.running || before.operations.get(*id) != Some(*of);
        for (id, of) in now.operations.iter().filter(changed) {
            news.tell_as_of(then, "operation", id, of.told.clone());
        }
        for (id, summary) in now.plans.iter().filter(|(id, _)| !before.plans.contains_key(*id)) {
            news.tell_as_of(then, "plan", id, plans::told_of(id, summary, true));
        }
        for (id, summary) in before.plans.iter().filter(|(id, _)| !now.plans.contains_key(*id)) {
            news.tell_as_of(then, "plan", id, plans::told_of(id, summary, false));
        }
    }
}

impl From<&Operation> for Of {
    fn from(of: &Operation) -> Self {
        let outcome = of.outcome.filter(|_| !of.running);
        Self { running: of.running, told: operations::told_of(&of.id, &of.plan.summary, of.running, outcome) }
    }
}
