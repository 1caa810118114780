//! kai, the assistant for hosts that run virtual machines on OpenZFS.
//!
//! [`cli`] is the command line over the rest. One [`turn`] of a conversation is what a person says and
//! what comes of it: the [`planner`] understands orders, [`ask`] answers a question from passages, with
//! a [`model`] or with the built-in engine in [`extract`], and operations go through `kai-tools`. The
//! `chat` module is the conversation at a terminal, `service` everything over HTTP; [`library`] opens the index, the embedder and the
//! corpus that belong to a data folder. Only [`ui`] writes to the terminal.

pub mod ask;
mod chat;
pub mod cli;
pub mod extract;
pub mod library;
pub mod model;
mod model_files;
pub mod planner;
mod service;
pub mod turn;
pub mod ui;
