//! What an OpenAI-compatible server says, for the stand-in.

use serde_json::{Value, json};

use super::server::{Script, Server, status};

/// Where chats arrive.
pub(crate) const CHAT: &str = "/v1/chat/completions";

impl Server {
    /// A server that lists one model and answers chats with these scripts.
    pub(crate) async fn openai(model: &str, chats: Vec<Script>) -> Self {
        Self::start(vec![("/v1/models", vec![models(&[model])]), (CHAT, chats)]).await
    }
}

/// The list of models.
pub(crate) fn models(models: &[&str]) -> Script {
    let data: Vec<Value> = models.iter().map(|id| json!({"id": id, "object": "model", "owned_by": "x"})).collect();
    status(200, &json!({"object": "list", "data": data}).to_string())
}

/// An event with this data.
pub(crate) fn event(data: &Value) -> String {
    format!("data: {data}\n\n")
}

/// A piece of an answer.
pub(crate) fn delta(delta: Value) -> String {
    event(&json!({"id": "chatcmpl-1", "choices": [{"index": 0, "delta": delta, "finish_reason": null}]}))
}

/// A piece of text.
pub(crate) fn text(content: &str) -> String {
    delta(json!({ "content": content }))
}

/// A piece of reasoning.
pub(crate) fn thinking(thought: &str) -> String {
    delta(json!({ "reasoning_content": thought }))
}

/// A call in pieces: id and name first, the arguments as text in three more.
pub(crate) fn call(index: usize, id: &str, name: &str, arguments: &str) -> String {
    let begin = json!({"index": index, "id": id, "type": "function", "function": {"name": name, "arguments": ""}});
    let mut out = delta(json!({"role": "assistant", "content": null, "tool_calls": [begin]}));
    let chars: Vec<char> = arguments.chars().collect();
    for piece in chars.chunks(chars.len().div_ceil(3).max(1)) {
        let piece: String = piece.iter().collect();
        out += &delta(json!({"tool_calls": [{"index": index, "function": {"arguments": piece}}]}));
    }
    out
}

/// Why it ended.
pub(crate) fn finish(reason: &str) -> String {
    event(&json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}))
}

/// The end: why, how much, and the mark.
pub(crate) fn done(reason: &str) -> String {
    let usage = json!({"choices": [], "usage": {"prompt_tokens": 900, "completion_tokens": 40, "total_tokens": 940}});
    finish(reason) + &event(&usage) + "data: [DONE]\n\n"
}

/// A report of a failure, as a body.
pub(crate) fn error(words: &str) -> String {
    json!({"error": {"message": words, "type": "server_error", "code": null}}).to_string()
}
