//! Behaviour of the library through its public face. One binary; a module for each subject.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::print_stderr, reason = "a test ends with its message")]

mod ask;
mod ask_tools;
mod extract;
mod model_contract;
mod model_limits;
mod model_ollama;
mod model_openai;
mod model_shown;
mod model_streams;
mod planner;
mod planner_wording;
mod serve;
mod support;
mod turn;
