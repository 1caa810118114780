//! Typed operations on a host that runs virtual machines on OpenZFS.
//!
//! A [`request::Request`] and observed [`facts::Facts`] make a [`plan::Plan`]; a person's yes makes
//! it [`confirm::Confirmed`]; [`execute::Executor`] carries it out under a [`journal::Journal`]; an
//! [`operator::Operator`] holds all that together for one host, and every face stands on it. An [`executor`] is one that others reach over a socket. This
//! is the only way in which kai changes a host. No model, no HTTP and no index are known here.

mod causes;
pub mod confirm;
pub mod domain;
pub mod execute;
pub mod executor;
pub mod face;
pub mod facts;
pub mod host;
pub mod journal;
pub mod names;
pub mod operator;
pub mod plan;
pub mod request;
pub mod seed;
pub mod sim;
pub mod socket;
pub mod tool;
pub mod undo;

pub use causes::with_causes;
pub use plan::hex;
