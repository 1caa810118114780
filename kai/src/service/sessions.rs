//! Conversations, as long as the service runs and somebody comes back to them. Whoever has no token has
//! only the number of a conversation to come back with.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kai_tools::names::Stamp;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::OwnedMutexGuard;

use super::access::Caller;
use super::number::random;
use super::problem::{Answer, Problem};
use crate::turn::{Conversation, Role};

/// One caller has no more than this: the one that was left longest goes. Callers without a token are one.
const MOST: usize = 200;
/// A conversation that nobody came back to for this long is over, in seconds.
const IDLE: u64 = 24 * 3600;

/// A conversation.
#[derive(Debug)]
pub(super) struct Talk {
    /// The hash of a token; none, if there was no token.
    owner: Option<String>,
    begun: Stamp,
    said: Arc<tokio::sync::Mutex<Conversation>>,
}

/// A conversation in the hands of one turn.
pub(super) type Held = OwnedMutexGuard<Conversation>;

/// A conversation in a list.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Summary {
    id: String,
    begun: Stamp,
    /// What was asked in it, counted.
    turns: usize,
    /// The first question.
    title: Option<String>,
}

impl Talk {
    fn new(owner: Option<String>) -> Self {
        Self { owner, begun: Stamp::now(), said: Arc::default() }
    }

    /// Takes it for a turn, or to look at it.
    pub(super) fn hold(&self) -> Answer<Held> {
        let held = Arc::clone(&self.said).try_lock_owned();
        held.map_err(|_| Problem::conflict("another question of this conversation is being answered"))
    }

    fn is_for(&self, caller: &Caller) -> bool {
        self.owner == caller.token
    }

    fn summary(&self, id: &str) -> Summary {
        // One that is in use tells later.
        let said: Vec<String> = self.said.try_lock().map_or_else(
            |_| Vec::new(),
            |conversation| {
                let said = conversation.entries.iter().filter(|entry| entry.role == Role::User);
                said.map(|entry| entry.text.chars().take(80).collect()).collect()
            },
        );
        Summary { id: id.to_owned(), begun: self.begun, turns: said.len(), title: said.into_iter().next() }
    }
}

/// A conversation of a single question.
pub(super) fn once() -> Answer<Held> {
    after(Conversation::default())
}

/// One that nobody comes back to, after what was said.
pub(super) fn after(said: Conversation) -> Answer<Held> {
    Talk { owner: None, begun: Stamp::now(), said: Arc::new(tokio::sync::Mutex::new(said)) }.hold()
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Sessions(Mutex<HashMap<String, (Stamp, Arc<Talk>)>>);

impl Sessions {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, (Stamp, Arc<Talk>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins one.
    pub(super) fn begin(&self, caller: &Caller) -> Answer<String> {
        let number = random::<16>().map_err(|error| Problem::internal("making a number", &error))?;
        let id = format!("s-{number}");
        let now = Stamp::now();
        let talk = Talk::new(caller.token.clone());
        let mut all = self.lock();
        let own = || all.iter().filter(|(_, (_, talk))| talk.is_for(caller));
        if own().count() >= MOST
            && let Some(oldest) = own().min_by_key(|(_, (used, _))| *used).map(|(id, _)| id.clone())
        {
            all.remove(&oldest);
        }
        all.insert(id.clone(), (now, Arc::new(talk)));
        Ok(id)
    }

    /// The caller's conversation of that number.
    pub(super) fn find(&self, id: &str, caller: &Caller) -> Answer<Arc<Talk>> {
        let mut all = self.lock();
        let found = all.get_mut(id).filter(|(_, talk)| talk.is_for(caller));
        let (used, talk) = found.ok_or_else(|| Problem::not_found("there is no such conversation of yours"))?;
        *used = Stamp::now();
        Ok(Arc::clone(talk))
    }

    /// Ends it.
    pub(super) fn end(&self, id: &str, caller: &Caller) -> Answer<()> {
        self.find(id, caller)?;
        self.lock().remove(id);
        Ok(())
    }

    /// The caller's conversations, the latest first. Whoever has no token owns none.
    pub(super) fn list(&self, caller: &Caller) -> Vec<Summary> {
        if caller.token.is_none() {
            return Vec::new();
        }
        let mut own: Vec<(Stamp, String, Arc<Talk>)> = {
            let all = self.lock();
            let own = all.iter().filter(|(_, (_, talk))| talk.is_for(caller));
            own.map(|(id, (used, talk))| (*used, id.clone(), Arc::clone(talk))).collect()
        };
        own.sort_by_key(|(used, ..)| std::cmp::Reverse(*used));
        own.iter().map(|(_, id, talk)| talk.summary(id)).collect()
    }

    /// Forgets those that were left.
    pub(super) fn sweep(&self) {
        let now = Stamp::now().seconds();
        self.lock().retain(|_, (used, _)| used.seconds() + IDLE > now);
    }
}
