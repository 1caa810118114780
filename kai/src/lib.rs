//! kai, the assistant for hosts that run virtual machines on OpenZFS.
//!
//! [`cli`] is the command line over the rest: [`ask`] answers one question from passages, with a
//! [`model`] or with the built-in engine in [`extract`]; [`library`] opens the index, the embedder
//! and the corpus that belong to a data folder. Only [`ui`] writes to the terminal.

pub mod ask;
pub mod cli;
pub mod extract;
pub mod library;
pub mod model;
mod model_files;
pub mod ui;
