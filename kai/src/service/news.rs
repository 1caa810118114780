//! What happens in the service and on its host, for those who watch it: plans that come and go, operations,
//! the index. Names only; whoever wants more asks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::Stream;
use serde_json::Value;
use tokio::sync::broadcast;

use super::stream::Told;

/// Whoever is further behind than this has missed something, and is told so.
const BEHIND: usize = 64;
/// Of so many things it is remembered what was told of them last.
const REMEMBERED: usize = 1000;

/// The way from where it happens to who watches. Cloned handles are the same.
#[derive(Debug, Clone)]
pub(super) struct News {
    sender: broadcast::Sender<Told>,
    last: Arc<Mutex<Last>>,
}

/// What was told last.
#[derive(Debug, Default)]
struct Last {
    /// How much was told so far.
    count: u64,
    /// By the event's name and what it is about: what was told of that, and how much had been told with it.
    of: HashMap<(&'static str, String), (Value, u64)>,
}

impl Default for News {
    fn default() -> Self {
        Self { sender: broadcast::Sender::new(BEHIND), last: Arc::default() }
    }
}

impl News {
    /// Tells it; nobody there is no matter. What was the last that was told of the same thing is no news:
    /// it may be seen in several ways.
    pub(super) fn tell(&self, name: &'static str, of: &str, data: Value) {
        self.tell_as_of(u64::MAX, name, of, data);
    }

    /// Tells what was so when so much had been told; what was told of the same thing since is newer.
    pub(super) fn tell_as_of(&self, then: u64, name: &'static str, of: &str, data: Value) {
        let mut last = self.last();
        let thing = (name, of.to_owned());
        let before = last.of.get(&thing);
        if before.is_some_and(|(_, told)| *told > then) {
            return;
        }
        let is_news = before.is_none_or(|(before, _)| *before != data);
        last.count += 1;
        let count = last.count;
        if last.of.len() >= REMEMBERED {
            last.of.retain(|_, (_, told)| *told + REMEMBERED as u64 / 2 > count);
        }
        last.of.insert(thing, (data.clone(), count));
        if is_news {
            let _ = self.sender.send(Told::new(name, data));
        }
    }

    /// How much has been told so far.
    pub(super) fn count(&self) -> u64 {
        self.last().count
    }

    fn last(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether anybody listens.
    pub(super) fn is_heard(&self) -> bool {
        self.sender.receiver_count() > 0
    }

    /// Everything that is told from now on.
    pub(super) fn listen(&self) -> impl Stream<Item = Told> + Send + use<> {
        futures::stream::unfold(self.sender.subscribe(), |mut receiver| async move {
            match receiver.recv().await {
                Ok(told) => Some((told, receiver)),
                Err(broadcast::error::RecvError::Lagged(missed)) => {
                    Some((Told::new("missed", serde_json::json!({ "events": missed })), receiver))
                }
                Err(broadcast::error::RecvError::Closed) => None,
            }
        })
    }
}
