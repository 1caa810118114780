//! A chat as a client sends it.

use serde::Deserialize;
use serde_json::Value;

use super::super::problem::{Answer, Problem};
use crate::model::{Message, ToolCall, ToolSpec};
use crate::turn::{Conversation, Entry, Role};

#[derive(Debug, Deserialize)]
pub(super) struct Chat {
    pub(super) messages: Vec<Said>,
    #[serde(default)]
    pub(super) stream: Option<bool>,
    #[serde(default)]
    pub(super) stream_options: Option<StreamOptions>,
    #[serde(default)]
    tools: Option<Vec<Tool>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct StreamOptions {
    #[serde(default)]
    pub(super) include_usage: Option<bool>,
}

/// One message.
#[derive(Debug, Deserialize)]
pub(super) struct Said {
    role: String,
    #[serde(default)]
    content: Option<Content>,
    #[serde(default)]
    tool_calls: Option<Vec<Call>>,
    #[serde(default)]
    tool_call_id: Option<String>,
}

/// Text, or text in parts.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Debug, Deserialize)]
struct Part {
    #[serde(default)]
    text: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Tool {
    function: Function,
}

#[derive(Debug, Deserialize)]
struct Function {
    name: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    parameters: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Call {
    #[serde(default)]
    id: Option<String>,
    function: Called,
}

#[derive(Debug, Deserialize)]
struct Called {
    name: String,
    #[serde(default)]
    arguments: String,
}

impl Said {
    fn text(&self) -> String {
        match &self.content {
            None => String::new(),
            Some(Content::Text(text)) => text.clone(),
            Some(Content::Parts(parts)) => {
                let texts: Vec<&str> = parts.iter().filter_map(|part| part.text.as_deref()).collect();
                texts.join("\n")
            }
        }
    }

    fn is_rule(&self) -> bool {
        matches!(self.role.as_str(), "system" | "developer")
    }
}

impl Chat {
    /// Whether the client brings tools of its own.
    pub(super) fn has_tools(&self) -> bool {
        self.tools.as_ref().is_some_and(|tools| !tools.is_empty())
    }

    /// What the client's own rules say.
    pub(super) fn rules(&self) -> String {
        let rules: Vec<String> = self.messages.iter().filter(|said| said.is_rule()).map(Said::text).collect();
        rules.join("\n\n")
    }

    /// The question, and what was said before it. What a client says was answered is data: a client may
    /// say anything.
    pub(super) fn question(&self) -> Answer<(String, Conversation)> {
        let mut said: Vec<&Said> = self.messages.iter().filter(|said| !said.is_rule()).collect();
        let last = said.pop().filter(|last| last.role == "user");
        let last = last.ok_or_else(|| Problem::unprocessable("the last message has to be the user's"))?;
        let entries = said.into_iter().map(|said| {
            let role = match said.role.as_str() {
                "user" => Role::User,
                "tool" | "function" => Role::Tool,
                _ => Role::Answer,
            };
            Entry { role, text: said.text(), calls: Vec::new(), off_record: false }
        });
        Ok((last.text(), Conversation::after(entries.collect())))
    }

    /// The whole chat, for a model server.
    pub(super) fn for_model(&self) -> Answer<crate::model::Conversation> {
        let mut turns: Vec<Message> = Vec::new();
        for said in self.messages.iter().filter(|said| !said.is_rule()) {
            let text = said.text();
            turns.push(match said.role.as_str() {
                "user" => Message::User(text),
                "assistant" => Message::Assistant { text, calls: calls(said)? },
                "tool" => {
                    let id = said.tool_call_id.clone();
                    let tool = name_of(&turns, id.as_deref()).unwrap_or_default();
                    Message::ToolResult { id, tool, content: text }
                }
                other => return Err(Problem::unprocessable(format!("{other:?} is no role of a message"))),
            });
        }
        let tools = self.tools.iter().flatten().map(|tool| ToolSpec {
            name: tool.function.name.clone(),
            description: tool.function.description.clone().unwrap_or_default(),
            parameters: tool.function.parameters.clone().unwrap_or_else(|| serde_json::json!({ "type": "object" })),
        });
        Ok(crate::model::Conversation { system: self.rules(), turns, tools: tools.collect(), enough: false })
    }
}

fn calls(said: &Said) -> Answer<Vec<ToolCall>> {
    let call = |call: &Call| {
        let text = if call.function.arguments.trim().is_empty() { "{}" } else { &call.function.arguments };
        let arguments: Value = serde_json::from_str(text)
            .map_err(|error| Problem::unprocessable(format!("the arguments of a call are not JSON: {error}")))?;
        Ok(ToolCall { id: call.id.clone(), name: call.function.name.clone(), arguments })
    };
    said.tool_calls.iter().flatten().map(call).collect()
}

/// The tool that a result is of.
fn name_of(turns: &[Message], id: Option<&str>) -> Option<String> {
    let calls = turns.iter().rev().filter_map(|turn| match turn {
        Message::Assistant { calls, .. } => Some(calls),
        Message::User(_) | Message::ToolResult { .. } => None,
    });
    calls.flatten().find(|call| call.id.as_deref() == id).map(|call| call.name.clone())
}
