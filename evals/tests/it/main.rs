//! Behaviour of the measures through their public face, on examples worked out by hand.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

mod answering;
mod benching;
mod fixtures;
mod judging;
mod measures;
mod reports;
mod safety;
mod sets;
mod toolcalls;
