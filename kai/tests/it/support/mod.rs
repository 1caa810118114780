//! What the tests share. No test lives here.

pub(crate) mod ollama;
pub(crate) mod openai;
pub(crate) mod server;
pub(crate) mod stand;
