//! Who calls, and what they may do: tokens with scopes, and the check that a browser was not sent here by
//! another page.
//!
//! Nothing here knows a route. A route names the [`Scope`] that it needs, and [`Caller::may`] says
//! whether the caller has it.

mod door;
mod store;
mod token;

use std::collections::BTreeSet;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub(super) use door::Door;
pub(crate) use store::{TokenError, Tokens};
pub(crate) use token::{Token, TokenName};

/// What a caller may do. None holds another.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
    clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Scope {
    /// Ask questions, search and read documents.
    Ask,
    /// See the host, and have plans made. Nothing is changed by that.
    Plan,
    /// Approve a plan by its digest: what it says is done then.
    Approve,
    /// Index documents.
    Admin,
}

impl Scope {
    /// As it is written.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Plan => "plan",
            Self::Approve => "approve",
            Self::Admin => "admin",
        }
    }
}

/// Several of them: `ask,plan`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub(crate) struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// These.
    pub(crate) fn of(scopes: &[Scope]) -> Self {
        Self(scopes.iter().copied().collect())
    }

    fn has(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }
}

impl FromStr for Scopes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let scope = |word: &str| {
            <Scope as clap::ValueEnum>::from_str(word.trim(), false)
                .map_err(|_| format!("{word:?} is no scope: ask, plan, approve or admin"))
        };
        text.split(',').map(scope).collect::<Result<BTreeSet<_>, _>>().map(Self)
    }
}

impl std::fmt::Display for Scopes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words: Vec<&str> = self.0.iter().map(|scope| scope.as_str()).collect();
        f.write_str(&words.join(","))
    }
}

/// Where a request came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Peer {
    /// From this machine, over TCP.
    Loopback,
    /// From elsewhere.
    Remote(std::net::IpAddr),
    /// Through the socket, which only those can open whom its mode lets.
    Socket,
}

impl Peer {
    /// Whether it is on this machine.
    pub(super) fn is_here(self) -> bool {
        matches!(self, Self::Loopback | Self::Socket)
    }
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Caller {
    /// The token's name; none for who brought none.
    pub(super) name: Option<TokenName>,
    /// The token's hash: another token of the same name is another caller.
    pub(super) token: Option<String>,
    pub(super) scopes: Scopes,
    pub(super) peer: Peer,
}

impl Caller {
    /// Somebody on this machine without a token: questions only.
    pub(super) fn nobody(peer: Peer) -> Self {
        let scopes = if peer.is_here() { Scopes::of(&[Scope::Ask]) } else { Scopes::default() };
        Self { name: None, token: None, scopes, peer }
    }

    /// The same caller, who may ask and nothing else.
    pub(super) fn asking_only(self) -> Self {
        Self { scopes: Scopes::of(&[Scope::Ask]), ..self }
    }

    /// Whether the caller may do that.
    pub(super) fn may(&self, scope: Scope) -> bool {
        self.scopes.has(scope)
    }

    /// How the journal and plans name the caller.
    pub(super) fn called(&self) -> String {
        self.name.as_ref().map_or_else(|| "nobody".to_owned(), |name| format!("token {name}"))
    }

    /// What limits are counted by, and whose a conversation is.
    pub(super) fn key(&self) -> String {
        match (&self.name, self.peer) {
            (Some(name), _) => format!("token:{name}"),
            (None, Peer::Remote(address)) => format!("from:{address}"),
            (None, Peer::Loopback | Peer::Socket) => "here".to_owned(),
        }
    }
}
