//! Letting a model write: what it is sent, what it may call, and when it has had enough chances.

use futures::future::BoxFuture;
use kai_prompts::{Document, answer_system, answer_user, converse_system};

use super::{Draft, EngineUsed, budget};
use crate::model::{Conversation, Message, Model, ModelError, ToolCall, ToolSpec};

/// What a model may call while it answers. Whoever implements it decides what comes of a call.
pub trait Hands: Send {
    /// The tools, as many as fit so many tokens, the most useful first.
    fn tools(&self, tokens: usize) -> Vec<ToolSpec>;

    /// Does what comes of a call; returns what the model is told.
    fn call<'a>(&'a mut self, call: &'a ToolCall) -> BoxFuture<'a, String>;
}

/// What surrounds a question.
#[derive(Default)]
pub struct Setting<'a> {
    /// What is known of the host, in lines.
    pub host: String,
    /// What was said before, oldest first.
    pub history: Vec<Message>,
    /// What a model may call; without it, it can only write.
    pub hands: Option<&'a mut dyn Hands>,
}

impl std::fmt::Debug for Setting<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Setting").field("host", &self.host).field("history", &self.history).finish_non_exhaustive()
    }
}

/// So many replies of a model make one answer at most: the others were calls.
const ROUNDS: usize = 12;
/// The share of the context that the tools' descriptions may take.
const TOOLS_SHARE: (usize, usize) = (3, 10);
/// When the server says that the prompt is too long, this share of the room is tried once more.
const SECOND_TRY: (usize, usize) = (6, 10);
/// Lets a model write the answer, and call tools on the way to it.
pub(super) async fn write(
    draft: &mut Draft<'_, '_>,
    setting: Setting<'_>,
    model: &dyn Model,
    name: &mut Option<String>,
) -> Result<(), ModelError> {
    let ready = model.prepare(&mut |event| draft.model_event(event)).await?;
    *name = Some(ready.name.clone());
    draft.engine(EngineUsed::Model { name: ready.name.clone() });
    let question = draft.question;
    let mut hands = setting.hands.filter(|_| ready.can_call_tools);
    let tools = hands.as_ref().map(|hands| hands.tools(ready.context_tokens * TOOLS_SHARE.0 / TOOLS_SHARE.1));
    let tools = tools.unwrap_or_default();
    if tools.is_empty() && question.passages.is_empty() {
        draft.built_in();
        return Ok(());
    }
    let system = if tools.is_empty() { answer_system() } else { converse_system(&setting.host) };
    let said: usize = setting.history.iter().map(budget::of_message).sum();
    let offered: usize = tools.iter().map(budget::of_tool).sum();
    let frame = budget::tokens(&system) + budget::tokens(&answer_user(&question.text, &[])) + said + offered;
    let mut room = ready.context_tokens.saturating_sub(frame + ready.answer_tokens);
    // What was called stays said when the passages have to shrink.
    let mut called: Vec<Message> = Vec::new();
    let mut tried_again = false;
    for _ in 0..ROUNDS {
        let passages = budget::fit(&question.passages, room);
        let documents: Vec<Document<'_>> = passages.iter().map(budget::document).collect();
        let mut turns = setting.history.clone();
        turns.push(Message::User(answer_user(&question.text, &documents)));
        turns.extend(called.iter().cloned());
        let conversation = Conversation { system: system.clone(), turns, tools: tools.clone() };
        let finished = match model.chat(&ready, &conversation, &mut |event| draft.model_event(event)).await {
            Ok(finished) => finished,
            Err(ModelError::TooLong { .. }) if !tried_again && draft.text.is_empty() => {
                tried_again = true;
                room = room * SECOND_TRY.0 / SECOND_TRY.1;
                continue;
            }
            Err(error) => {
                draft.flush();
                return Err(error);
            }
        };
        draft.flush();
        let sent = budget::tokens(&system) + offered + conversation.turns.iter().map(budget::of_message).sum::<usize>();
        draft.count(&finished, sent, ready.context_tokens);
        let Some(hands) = hands.as_mut().filter(|_| !finished.calls.is_empty()) else {
            if passages.len() < question.passages.len() {
                draft.notes.push(format!(
                    "{} of {} passages fitted the model's context",
                    passages.len(),
                    question.passages.len()
                ));
            }
            return Ok(());
        };
        draft.used_tools = true;
        if !draft.text.is_empty() {
            draft.say("\n\n");
        }
        let mut results = Vec::with_capacity(finished.calls.len());
        for call in &finished.calls {
            let content = hands.call(call).await;
            results.push(Message::ToolResult { id: call.id.clone(), tool: call.name.clone(), content });
        }
        called.push(Message::Assistant { text: String::new(), calls: finished.calls });
        called.extend(results);
    }
    draft.notes.push("the model called tools again and again without coming to an answer".to_owned());
    Ok(())
}
