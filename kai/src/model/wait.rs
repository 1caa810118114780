//! Waiting with a sign of life.
//!
//! Nothing here knows which request is waited for.

use std::{future::Future, pin::pin, time::Duration};

use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use super::{ModelEvent, ModelSink, Wait};

/// How long is waited, and how often that is said.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    pub(super) limit: Duration,
    pub(super) tick: Duration,
}

impl Patience {
    /// Waits for a result; `None` when the limit is over.
    pub(super) async fn wait<T>(self, what: Wait, sink: ModelSink<'_>, work: impl Future<Output = T>) -> Option<T> {
        let began = Instant::now();
        // A zero interval would panic.
        let tick = self.tick.max(Duration::from_millis(1));
        let ticking = async {
            let mut work = pin!(work);
            let mut ticks = interval_at(began + tick, tick);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    biased;
                    done = &mut work => return done,
                    _ = ticks.tick() => sink(ModelEvent::Waiting { what, elapsed: began.elapsed() }),
                }
            }
        };
        timeout(self.limit, ticking).await.ok()
    }
}
