//! Behaviour of the library through its public face. One binary; a module for each subject.

#![allow(clippy::expect_used, clippy::print_stderr, reason = "a test ends with its message")]

mod ask;
mod extract;
mod ollama_stream;
mod support;
