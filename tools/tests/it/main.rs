//! Behaviour of operations through the public face, on simulated hosts.

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
