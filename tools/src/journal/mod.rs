//! What was done: an append-only file of JSON lines, each bound to the one before by its hash and
//! on the disk before the next step begins.
//!
//! Secrets never get here: contents of files stand as digests. Nothing here touches a host.

mod entry;
mod history;
mod known;
mod lock;
mod operation;
mod store;

pub use entry::{Entry, Event, Outcome};
pub use history::History;
pub(crate) use history::{Mark, Since};
pub use operation::{Operation, Standing, StepState};
pub use store::{Journal, JournalError};
