//! A chat as a client sends it.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Number, Value};

use super::super::problem::{Answer, Problem};
use crate::model::{Choice, Message, ToolCall, ToolSpec, Wishes};
use crate::turn::{Conversation, Entry, Role};

/// A chat. What is not listed here is left out of account.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Chat {
    /// What was said, oldest first. The last one is the user's, or a tool's.
    #[schemars(length(min = 1))]
    messages: Vec<Said>,
    /// Whether the reply is to come in chunks.
    #[serde(default)]
    stream: Option<bool>,
    #[serde(default)]
    stream_options: Option<StreamOptions>,
    /// Only 1 is served.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1))]
    n: Option<u64>,
    /// The client's own. With them, the chat goes on to the model server behind kai.
    #[serde(default)]
    tools: Option<Vec<Tool>>,
    /// For the model server: `none`, `auto`, `required`, or a function that has to be called.
    #[serde(default)]
    tool_choice: Option<ToolChoice>,
    /// For the model server.
    #[serde(default)]
    #[schemars(range(min = 0, max = 2))]
    temperature: Option<Number>,
    /// For the model server.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1))]
    top_p: Option<Number>,
    /// For the model server: at most so many tokens.
    #[serde(default)]
    #[schemars(range(min = 1))]
    max_tokens: Option<u64>,
    /// The same under its newer name.
    #[serde(default)]
    #[schemars(range(min = 1))]
    max_completion_tokens: Option<u64>,
    /// For the model server: what ends the reply.
    #[serde(default)]
    stop: Option<Stop>,
    /// For the model server.
    #[serde(default)]
    seed: Option<i64>,
}

/// How chunks come.
#[derive(Debug, Deserialize, JsonSchema)]
struct StreamOptions {
    /// Whether a last chunk has what was counted.
    #[serde(default)]
    include_usage: Option<bool>,
}

/// One message.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "ChatMessage")]
struct Said {
    /// `system`, `developer`, `user`, `assistant` or `tool`.
    role: String,
    #[serde(default)]
    content: Option<Content>,
    /// What an assistant called.
    #[serde(default)]
    tool_calls: Option<Vec<Call>>,
    /// The call that a tool's message is the result of.
    #[serde(default)]
    tool_call_id: Option<String>,
    /// The function that it is the result of, where calls have no ids.
    #[serde(default)]
    name: Option<String>,
}

/// Text, or text in parts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "content is text, or a list of parts")]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Part {
    #[serde(default)]
    text: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Tool {
    function: Function,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Function {
    name: String,
    #[serde(default)]
    description: Option<String>,
    /// The JSON Schema of its arguments.
    #[serde(default)]
    parameters: Option<Value>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Call {
    #[serde(default)]
    id: Option<String>,
    function: Called,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Called {
    name: String,
    /// JSON as text.
    #[serde(default)]
    arguments: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "tool_choice is none, auto, required, or a function by its name")]
enum ToolChoice {
    Word(String),
    Function { function: Chosen },
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Chosen {
    name: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "stop is text, or a list of texts")]
enum Stop {
    One(String),
    Several(Vec<String>),
}

/// Who said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Rule,
    User,
    Assistant,
    Tool,
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

    fn who(&self) -> Option<Who> {
        match self.role.as_str() {
            "system" | "developer" => Some(Who::Rule),
            "user" => Some(Who::User),
            "assistant" => Some(Who::Assistant),
            "tool" | "function" => Some(Who::Tool),
            _ => None,
        }
    }

    fn is_rule(&self) -> bool {
        self.who() == Some(Who::Rule)
    }
}

impl Chat {
    /// Whether it can be served, whoever answers it.
    pub(super) fn check(&self) -> Answer<()> {
        if let Some(stranger) = self.messages.iter().find(|said| said.who().is_none()) {
            let shown: String = stranger.role.chars().take(40).collect();
            return Err(Problem::unprocessable(format!("the role {shown:?} is not known"))
                .of("messages")
                .hint("roles are system, developer, user, assistant and tool"));
        }
        if self.n.is_some_and(|n| n != 1) {
            return Err(Problem::bad_request("n: only one reply is made, n=1").of("n"));
        }
        for (name, number, most) in [("temperature", &self.temperature, 2), ("top_p", &self.top_p, 1)] {
            let number = number.as_ref().and_then(Number::as_f64);
            if number.is_some_and(|number| !(0.0..=f64::from(most)).contains(&number)) {
                return Err(Problem::bad_request(format!("{name} is from 0 to {most}")).of(name));
            }
        }
        if self.most_tokens() == Some(0) {
            return Err(Problem::bad_request("a reply has at least 1 token").of("max_tokens"));
        }
        self.choice().map(|_| ())
    }

    fn most_tokens(&self) -> Option<u64> {
        self.max_completion_tokens.or(self.max_tokens)
    }

    fn tools(&self) -> &[Tool] {
        self.tools.as_deref().unwrap_or_default()
    }

    /// Whether a tool may, or has to, be called; nothing where there is none.
    fn choice(&self) -> Answer<Option<Choice>> {
        let wrong = |why: String| Err(Problem::bad_request(why).of("tool_choice"));
        let choice = match &self.tool_choice {
            None => return Ok(None),
            Some(ToolChoice::Word(word)) => match word.as_str() {
                "none" => Choice::None,
                "auto" => Choice::Auto,
                "required" => Choice::Required,
                _ => return wrong("tool_choice is none, auto, required, or a function by its name".to_owned()),
            },
            Some(ToolChoice::Function { function }) => {
                if !self.tools().iter().any(|tool| tool.function.name == function.name) {
                    let shown: String = function.name.chars().take(100).collect();
                    return wrong(format!("tool_choice names {shown:?}, which is none of the tools"));
                }
                Choice::Named(function.name.clone())
            }
        };
        if !self.tools().is_empty() {
            return Ok(Some(choice));
        }
        if choice.is_demand() {
            return wrong("tool_choice asks for a call, and there are no tools".to_owned());
        }
        Ok(None)
    }

    pub(super) fn is_streamed(&self) -> bool {
        self.stream.unwrap_or(false)
    }

    pub(super) fn wants_usage(&self) -> bool {
        self.stream_options.as_ref().and_then(|options| options.include_usage).unwrap_or(false)
    }

    /// Whether it has tools of its own, or the result of one as its last word.
    pub(super) fn is_for_the_model_server(&self) -> bool {
        let last = self.messages.iter().rfind(|said| !said.is_rule());
        !self.tools().is_empty() || last.is_some_and(|last| last.who() == Some(Who::Tool))
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
        let last = said.pop().filter(|last| last.who() == Some(Who::User));
        let last = last.ok_or_else(|| {
            Problem::unprocessable("the last message has to be the user's, or a tool's").of("messages")
        })?;
        let entries = said.into_iter().map(|said| {
            let role = match said.who() {
                Some(Who::User) => Role::User,
                Some(Who::Tool) => Role::Tool,
                Some(Who::Assistant | Who::Rule) | None => Role::Answer,
            };
            Entry { role, text: said.text(), calls: Vec::new(), off_record: false }
        });
        Ok((last.text(), Conversation::after(entries.collect())))
    }

    /// The whole chat, for a model server.
    pub(super) fn for_model(&self) -> Answer<crate::model::Conversation> {
        let mut turns: Vec<Message> = Vec::new();
        for said in &self.messages {
            let text = said.text();
            match said.who() {
                Some(Who::User) => turns.push(Message::User(text)),
                Some(Who::Assistant) => turns.push(Message::Assistant { text, calls: calls(said)? }),
                Some(Who::Tool) => {
                    let id = said.tool_call_id.clone();
                    let tool = name_of(&turns, id.as_deref()).or_else(|| said.name.clone()).unwrap_or_default();
                    turns.push(Message::ToolResult { id, tool, content: text });
                }
                Some(Who::Rule) | None => {}
            }
        }
        let tools = self.tools().iter().map(|tool| ToolSpec {
            name: tool.function.name.clone(),
            description: tool.function.description.clone().unwrap_or_default(),
            parameters: tool.function.parameters.clone().unwrap_or_else(|| serde_json::json!({ "type": "object" })),
        });
        let (tools, wishes) = (tools.collect(), self.wishes()?);
        Ok(crate::model::Conversation { system: self.rules(), turns, tools, enough: false, wishes })
    }

    fn wishes(&self) -> Answer<Wishes> {
        let stop = match &self.stop {
            None => Vec::new(),
            Some(Stop::One(text)) => vec![text.clone()],
            Some(Stop::Several(texts)) => texts.clone(),
        };
        Ok(Wishes {
            temperature: self.temperature.clone(),
            top_p: self.top_p.clone(),
            most_tokens: self.most_tokens(),
            stop,
            seed: self.seed,
            choice: self.choice()?,
            as_it_is: true,
        })
    }
}

fn calls(said: &Said) -> Answer<Vec<ToolCall>> {
    let call = |call: &Call| {
        let text = if call.function.arguments.trim().is_empty() { "{}" } else { &call.function.arguments };
        let arguments: Value = serde_json::from_str(text).map_err(|error| {
            Problem::unprocessable(format!("the arguments of a call are not JSON: {error}")).of("messages")
        })?;
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
