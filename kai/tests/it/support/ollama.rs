//! What an Ollama server says, for the stand-in.

use serde_json::{Value, json};

pub(crate) use super::server::{Script, Server, Step, chunked, status};

impl Server {
    /// A server that has one model, with these capabilities, and answers chats with these scripts.
    pub(crate) async fn with_model(model: &str, capabilities: &[&str], chats: Vec<Script>) -> Self {
        Self::start(vec![
            ("/api/tags", vec![tags(&[model])]),
            ("/api/show", vec![show(capabilities)]),
            ("/api/chat", chats),
        ])
        .await
    }
}

/// The list of installed models.
pub(crate) fn tags(models: &[&str]) -> Script {
    let models: Vec<Value> = models
        .iter()
        .map(|name| json!({"name": name, "model": name, "modified_at": "2026-01-01T00:00:00Z", "size": 1}))
        .collect();
    status(200, &json!({ "models": models }).to_string())
}

/// A model's description.
pub(crate) fn show(capabilities: &[&str]) -> Script {
    let body = json!({"capabilities": capabilities, "model_info": {"test.context_length": 32768}});
    status(200, &body.to_string())
}

/// A line with this message.
pub(crate) fn message(mut message: Value, done: bool) -> String {
    message["role"] = "assistant".into();
    let mut line = json!({"model": "m", "message": message, "done": done});
    if done {
        line["done_reason"] = "stop".into();
        line["prompt_eval_count"] = 900.into();
        line["eval_count"] = 40.into();
    }
    line.to_string() + "\n"
}

/// One line of an answer.
pub(crate) fn line(content: &str) -> String {
    message(json!({ "content": content }), false)
}

/// A line of reasoning.
pub(crate) fn thinking(thought: &str) -> String {
    message(json!({ "content": "", "thinking": thought }), false)
}

/// A call, for a message.
pub(crate) fn call(name: &str, arguments: &Value) -> Value {
    json!({"function": {"index": 0, "name": name, "arguments": arguments}})
}

/// A line with calls.
pub(crate) fn calls(calls: &[Value]) -> String {
    message(json!({ "content": "", "tool_calls": calls }), false)
}

/// The last line.
pub(crate) fn done(reason: &str) -> String {
    json!({"model": "m", "message": {"role": "assistant", "content": ""}, "done": true,
        "done_reason": reason, "prompt_eval_count": 900, "eval_count": 40})
    .to_string()
        + "\n"
}

/// A report of a failure, as a line or as a body.
pub(crate) fn error(words: &str) -> String {
    json!({ "error": words }).to_string() + "\n"
}
