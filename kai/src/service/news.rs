//! What happens in the service and on its host, for those who watch it: plans that come and go, operations,
//! the index. Names only; whoever wants more asks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

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
    /// By the event's name and what it is about.
    last: Arc<Mutex<HashMap<(&'static str, String), Value>>>,
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
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let thing = (name, of.to_owned());
        if last.get(&thing) == Some(&data) {
            return;
        }
        if last.len() >= REMEMBERED {
            last.clear();
        }
        last.insert(thing, data.clone());
        let _ = self.sender.send(Told::new(name, data));
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
