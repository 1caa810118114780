//! What is sent to `chat/completions`.
//!
//! No network here. Fields that not every server knows can be left out one by one.

use serde_json::{Value, json};

use super::Settings;
use crate::model::{Conversation, Message, Ready, ToolCall, schema, talk::Attempt};

/// Low: an assistant for hosts should not be inventive.
const TEMPERATURE: f32 = 0.1;
/// For the second attempt at a call, so that the same words do not come again.
const OTHER_TEMPERATURE: f32 = 0.5;

/// Asks for the counts of tokens.
pub(super) const STREAM_OPTIONS: &str = "stream_options";
/// What the limit is called everywhere but in OpenAI's newest models.
pub(super) const MAX_TOKENS: &str = "max_tokens";
/// Some models allow only the default.
pub(super) const TEMPERATURE_FIELD: &str = "temperature";
/// How vLLM, SGLang and llama.cpp are told whether to reason.
pub(super) const TEMPLATE: &str = "chat_template_kwargs";

/// The request as JSON.
pub(super) fn body(settings: &Settings, ready: &Ready, conversation: &Conversation, attempt: &Attempt) -> Value {
    let mut body = json!({ "model": ready.name, "messages": messages(conversation), "stream": true });
    let tools = conversation.offered();
    let wishes = &conversation.wishes;
    if !tools.is_empty() {
        body["tools"] = tools.iter().map(schema::tool).collect();
        if let Some(choice) = &wishes.choice {
            body["tool_choice"] = choice.written();
        }
    }
    if attempt.has(STREAM_OPTIONS) {
        body[STREAM_OPTIONS] = json!({ "include_usage": true });
    }
    let most = wishes.most_tokens.map_or_else(|| Value::from(ready.answer_tokens), Value::from);
    body[if attempt.has(MAX_TOKENS) { MAX_TOKENS } else { "max_completion_tokens" }] = most;
    if attempt.has(TEMPERATURE_FIELD) {
        let wished = wishes.temperature.clone().map_or_else(|| TEMPERATURE.into(), Value::from);
        body[TEMPERATURE_FIELD] = if attempt.again { OTHER_TEMPERATURE.into() } else { wished };
    }
    if let Some(top_p) = &wishes.top_p {
        body["top_p"] = top_p.clone().into();
    }
    if !wishes.stop.is_empty() {
        body["stop"] = json!(wishes.stop);
    }
    if let Some(seed) = wishes.seed {
        body["seed"] = seed.into();
    }
    if let Some(think) = settings.think.filter(|_| attempt.has(TEMPLATE)) {
        body[TEMPLATE] = json!({ "enable_thinking": think });
    }
    body
}

/// Every call has to have an id here, and its result the same one. Where none came, one is made: of
/// nine letters and digits, which Mistral's template insists on.
fn messages(conversation: &Conversation) -> Vec<Value> {
    let mut out = Vec::new();
    if !conversation.system.is_empty() {
        out.push(json!({ "role": "system", "content": conversation.system }));
    }
    let mut made = 0_usize;
    // Calls whose result did not come yet: tool and id.
    let mut open: Vec<(String, String)> = Vec::new();
    for turn in &conversation.turns {
        out.push(match turn {
            Message::User(text) => json!({ "role": "user", "content": text }),
            Message::Assistant { text, calls } if calls.is_empty() => json!({ "role": "assistant", "content": text }),
            Message::Assistant { text, calls } => {
                open.clear();
                let mut list = Vec::new();
                for call in calls {
                    let id = call.id.clone().unwrap_or_else(|| {
                        made += 1;
                        format!("call{made:05}")
                    });
                    list.push(written(call, &id));
                    open.push((call.name.clone(), id));
                }
                json!({ "role": "assistant", "content": text, "tool_calls": list })
            }
            Message::ToolResult { id, tool, content } => {
                let asked = match id {
                    Some(id) => open.iter().position(|(_, known)| known == id),
                    None => open.iter().position(|(name, _)| name == tool),
                };
                let known = asked.map(|at| open.remove(at).1);
                let id = id.clone().or(known).unwrap_or_default();
                json!({ "role": "tool", "tool_call_id": id, "name": tool, "content": content })
            }
        });
    }
    out
}

fn written(call: &ToolCall, id: &str) -> Value {
    let arguments = if call.arguments.is_object() { call.arguments.to_string() } else { "{}".to_owned() };
    json!({ "id": id, "type": "function", "function": { "name": call.name, "arguments": arguments } })
}
