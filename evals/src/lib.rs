//! What proves kai: retrieval over question sets, speed and memory, and answers.
//!
//! Everything here measures from outside, through the public face of the indexer and of the binary
//! `kai`. Nothing here is part of what is measured, and nothing is tuned to a question.

pub mod answers;
pub mod bars;
pub mod bench;
pub mod cli;
pub mod metrics;
pub mod report;
pub mod retrieval;
pub mod safety;
pub mod serving;
pub mod set;
pub mod target;
pub mod toolcalls;
