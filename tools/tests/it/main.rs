//! Behaviour of operations through the public face, on simulated hosts.
#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests are not known to clippy as tests

mod addresses;
mod catalogue;
mod clone;
mod confirming;
mod crashing;
mod domain;
mod estimating;
mod executing_elsewhere;
mod journalling;
mod looking;
mod names;
mod once;
mod operating;
mod overruling;
mod parsing;
mod pools;
mod quiescing;
mod refusing;
mod replication;
mod rolling_back;
mod running;
mod seed;
mod simulating;
mod support;
mod undoing;
