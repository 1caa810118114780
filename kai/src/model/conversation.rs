//! A conversation with a model: what was said, what was called, and which tools are offered.
//!
//! Plain values. How a server wants them written is its own module's matter; what the words say is
//! the caller's.

use serde_json::Value;

use super::Wishes;

/// What is sent: the whole conversation, each time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Conversation {
    /// The rules.
    pub system: String,
    /// What was said so far, the oldest first. The last one is what the model replies to.
    pub turns: Vec<Message>,
    /// The tools that the model may ask for. Without any, it can only write.
    pub tools: Vec<ToolSpec>,
    /// It had its chances: the tools are not offered any more. They are still known, so that a call
    /// that it prints all the same is not taken for text.
    pub enough: bool,
    /// How the reply is to be written.
    pub wishes: Wishes,
}

/// One thing that was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// By the person: the documents and the question.
    User(String),
    /// By the model.
    Assistant {
        /// Its text; may be empty when it only called.
        text: String,
        /// What it asked for.
        calls: Vec<ToolCall>,
    },
    /// What came of a call.
    ToolResult {
        /// The call's id, as it came.
        id: Option<String>,
        /// The tool's name.
        tool: String,
        /// What the tool said.
        content: String,
    },
}

/// A tool that is offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolSpec {
    /// Its name.
    pub name: String,
    /// What it does, for the model.
    pub description: String,
    /// The JSON Schema of its arguments, as schemars makes it. It is reduced to what servers
    /// understand before it is sent.
    pub parameters: Value,
}

/// A call that a model asked for. Nothing is known about it but its form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCall {
    /// The server's name for this call, to be handed back with the result.
    pub id: Option<String>,
    /// The tool's name as the model wrote it; perhaps of no tool that was offered.
    pub name: String,
    /// Always a JSON object.
    pub arguments: Value,
}

impl Conversation {
    /// One question, with no tools.
    #[must_use]
    pub fn question(system: impl Into<String>, user: impl Into<String>) -> Self {
        Self { system: system.into(), turns: vec![Message::User(user.into())], ..Self::default() }
    }

    /// The same for a model that knows no tools: earlier calls and their results become text.
    pub(super) fn without_tools(&self) -> Self {
        let turns = self.turns.iter().map(Message::as_text).collect();
        Self { system: self.system.clone(), turns, wishes: self.wishes.clone(), ..Self::default() }
    }

    /// The tools as they are offered.
    pub(super) fn offered(&self) -> &[ToolSpec] {
        if self.enough { &[] } else { &self.tools }
    }
}

impl Message {
    fn as_text(&self) -> Self {
        match self {
            Self::User(text) => Self::User(text.clone()),
            Self::Assistant { text, calls } => {
                let mut parts: Vec<String> = Vec::new();
                if !text.is_empty() {
                    parts.push(text.clone());
                }
                for ToolCall { name, arguments, .. } in calls {
                    let call = serde_json::json!({ "name": name, "arguments": arguments });
                    parts.push(format!("<tool_call>{call}</tool_call>"));
                }
                Self::Assistant { text: parts.join("\n"), calls: Vec::new() }
            }
            Self::ToolResult { tool, content, .. } => Self::User(format!("The tool `{tool}` answered:\n{content}")),
        }
    }
}
