//! What the tests share. No test lives here.

pub(crate) mod ollama;
