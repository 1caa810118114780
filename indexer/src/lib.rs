//! Documents in, ranked passages out.
//!
//! [`run`] brings an index up to date with its [`source`]s; [`search`] ranks what is in it. In
//! between lie [`parse`] (bytes to a [`document`]), [`chunk`] (document to passages), [`words`]
//! (the full-text index), [`embed`] (vectors) and [`store`] (what is on disk).
//!
//! Knows no language model, no tool that changes a host, and no terminal.
#![warn(missing_docs)]

pub mod chunk;
pub mod document;
pub mod embed;
pub mod parse;
mod problem;
pub mod run;
pub mod search;
pub mod source;
pub mod store;
pub mod words;

pub use problem::Problem;
