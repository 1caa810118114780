//! What is sent to `/api/chat`.
//!
//! Options are `ollama-rs`' types; messages and tools are written here, because the crate's have no
//! place for ids and names of calls. No network here.

use ollama_rs::{
    generation::{
        chat::request::ChatMessageRequest,
        parameters::{KeepAlive, ThinkType, TimeUnit},
    },
    models::ModelOptions,
};
use serde_json::{Value, json};

use crate::model::{Conversation, Message, Ready, ToolCall, Wishes, schema};

/// Low: an assistant for hosts should not be inventive.
const TEMPERATURE: f32 = 0.1;
/// For the second attempt at a call, so that the same words do not come again.
const OTHER_TEMPERATURE: f32 = 0.5;

/// The request as JSON. `truncate`, `shift` and `stream` are set here: the crate's type has no field
/// for the first two and keeps the last to itself. Without a shift a reply that fills the context ends
/// with `length`, instead of going on without the rules and the documents. Servers that do not know
/// the field pass it over.
pub(super) fn body(
    ready: &Ready,
    conversation: &Conversation,
    think: Option<bool>,
    again: bool,
) -> Result<Value, serde_json::Error> {
    let options = ModelOptions::default()
        .num_ctx(u64::try_from(ready.context_tokens).unwrap_or(u64::MAX))
        .num_predict(i32::try_from(ready.answer_tokens).unwrap_or(i32::MAX))
        .temperature(if again { OTHER_TEMPERATURE } else { TEMPERATURE });
    let mut request = ChatMessageRequest::new(ready.name.clone(), Vec::new())
        .options(options)
        .keep_alive(KeepAlive::Until { time: 15, unit: TimeUnit::Minutes });
    if let Some(think) = think {
        request = request.think(if think { ThinkType::True } else { ThinkType::False });
    }
    let mut body = serde_json::to_value(&request)?;
    let mut messages = vec![json!({ "role": "system", "content": conversation.system })];
    messages.extend(conversation.turns.iter().map(message));
    body["messages"] = messages.into();
    wish(&mut body["options"], &conversation.wishes, again);
    let tools = conversation.offered();
    // There is no other way to say that none may be called.
    if !tools.is_empty() && !conversation.wishes.no_call() {
        body["tools"] = tools.iter().map(schema::tool).collect();
    }
    body["stream"] = true.into();
    body["truncate"] = false.into();
    body["shift"] = false.into();
    Ok(body)
}

/// Options as the caller wants them.
fn wish(options: &mut Value, wishes: &Wishes, again: bool) {
    if let Some(temperature) = wishes.temperature.as_ref().filter(|_| !again) {
        options["temperature"] = temperature.clone().into();
    }
    if let Some(top_p) = &wishes.top_p {
        options["top_p"] = top_p.clone().into();
    }
    if let Some(most) = wishes.most_tokens {
        options["num_predict"] = most.into();
    }
    if !wishes.stop.is_empty() {
        options["stop"] = json!(wishes.stop);
    }
    if let Some(seed) = wishes.seed {
        options["seed"] = seed.into();
    }
}

fn message(message: &Message) -> Value {
    match message {
        Message::User(text) => json!({ "role": "user", "content": text }),
        Message::Assistant { text, calls } if calls.is_empty() => json!({ "role": "assistant", "content": text }),
        Message::Assistant { text, calls } => {
            let calls: Vec<Value> = calls.iter().enumerate().map(|(index, made)| call(index, made)).collect();
            json!({ "role": "assistant", "content": text, "tool_calls": calls })
        }
        Message::ToolResult { id, tool, content } => {
            let mut message = json!({ "role": "tool", "tool_name": tool, "content": content });
            if let Some(id) = id {
                message["tool_call_id"] = id.as_str().into();
            }
            message
        }
    }
}

fn call(index: usize, call: &ToolCall) -> Value {
    // Anything but an object would be refused.
    let arguments = if call.arguments.is_object() { call.arguments.clone() } else { json!({}) };
    let mut out = json!({ "function": { "index": index, "name": call.name, "arguments": arguments } });
    if let Some(id) = &call.id {
        out["id"] = id.as_str().into();
    }
    out
}
