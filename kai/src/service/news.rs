//! What happens in the service, for those who watch it: plans that come and go, operations, the index. Names
//! only; whoever wants more asks.

use futures::Stream;
use serde_json::Value;
use tokio::sync::broadcast;

use super::stream::Told;

/// Whoever is further behind than this has missed something, and is told so.
const BEHIND: usize = 64;

/// The way from where it happens to who watches. Cloned handles are the same.
#[derive(Debug, Clone)]
pub(super) struct News(broadcast::Sender<Told>);

impl Default for News {
    fn default() -> Self {
        Self(broadcast::Sender::new(BEHIND))
    }
}

impl News {
    /// Tells it. Nobody there is no matter.
    pub(super) fn tell(&self, name: &'static str, data: Value) {
        let _ = self.0.send(Told::new(name, data));
    }

    /// Everything that is told from now on.
    pub(super) fn listen(&self) -> impl Stream<Item = Told> + Send + use<> {
        futures::stream::unfold(self.0.subscribe(), |mut receiver| async move {
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
