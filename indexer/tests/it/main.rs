//! Behaviour of the indexer through its public face. One binary, so that LanceDB is linked once.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bad_input;
mod http;
mod indexing;
mod interrupted;
mod local_model;
mod ollama;
mod parse;
mod searching;
mod support;
mod web;
