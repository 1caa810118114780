//! The corpus through its public face, on hosts made of stand-in programs: small scripts that
//! behave like the real tools and record how they were called.

#![allow(clippy::unwrap_used)] // reason: a failed unwrap is a failed test

mod debian;
mod families;
mod parsers;
mod stand;
mod web;
