//! The chat on a terminal: what is typed, what is shown, and what is kept of a conversation.
//!
//! [`line`] reads lines, with [`complete`] behind its Tab key and [`history`] behind its arrows;
//! [`commands`] understands those that begin with a slash; [`screen`] shows the events of a turn;
//! [`store`] keeps conversations. Nothing in these answers a question or touches a host.

pub(crate) mod commands;
pub(crate) mod complete;
mod history;
mod keys;
pub(crate) mod line;
mod screen;
mod session;
pub(crate) mod store;

pub(crate) use screen::{Asker, Screen};
