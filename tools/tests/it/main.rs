//! Behaviour of operations through the public face, on simulated hosts.
#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests are not known to clippy as tests

mod clone;
mod confirming;
mod crashing;
mod domain;
mod journalling;
mod names;
mod operating;
mod parsing;
mod refusing;
mod seed;
mod support;
mod undoing;
