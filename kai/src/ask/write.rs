//! Letting a model write: what it is sent, what it may call, and when it has had enough chances.

use futures::future::BoxFuture;
use kai_prompts::{Document, answer_system, answer_user, converse_system};

use super::{
    Draft, EngineUsed, Passage, Question, budget,
    room::{Sent, lay_out},
};
use crate::model::{Conversation, Message, Model, ModelError, ModelEvent, Ready, ToolCall, ToolSpec};

/// What a model may call while it answers. Whoever implements it decides what comes of a call.
pub trait Hands: Send {
    /// The tools, as many as fit so many tokens, the most useful first.
    fn tools(&self, tokens: usize) -> Vec<ToolSpec>;

    /// Does what comes of a call.
    fn call<'a>(&'a mut self, call: &'a ToolCall) -> BoxFuture<'a, Told>;
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// What is so on the host, or has become of it, in words: an answer may rest on it.
    Data(String),
    /// Passages of the documents: they are numbered, and can be cited.
    Passages(Vec<Passage>),
    /// Nothing, and why: the call was not understood, not allowed, or made before.
    Nothing(String),
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

/// So many replies of a model make one answer at most: the others were calls. In the last one nothing
/// can be called.
const ROUNDS: usize = 12;
/// After so many replies in a row whose calls all came to nothing, nothing can be called any more.
const VAIN: usize = 2;
/// The share of the context that the tools' descriptions may take.
const TOOLS_SHARE: (usize, usize) = (3, 10);
/// When the server says that the prompt is too long, it is made so much shorter …
const SHRINK: (usize, usize) = (6, 10);
/// … so often at most.
const SHRINKS: usize = 3;

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
    let Setting { host, history, hands } = setting;
    let question = draft.question;
    let asked = budget::tokens(&answer_user(&question.text, &[]));
    let context = ready.context_tokens.saturating_sub(ready.answer_tokens);
    let mut system = converse_system(&host);
    let mut hands = hands.filter(|_| ready.can_call_tools);
    let most = ready.context_tokens * TOOLS_SHARE.0 / TOOLS_SHARE.1;
    let most = most.min(context.saturating_sub(budget::tokens(&system) + asked) / 2);
    let tools = hands.as_ref().map(|hands| hands.tools(most)).unwrap_or_default();
    if tools.is_empty() {
        system = answer_system();
        if question.passages.is_empty() {
            draft.built_in();
            return Ok(());
        }
    }
    let frame = budget::tokens(&system) + asked;
    let offered: usize = tools.iter().map(budget::of_tool).sum();
    let no_room = || ModelError::NoRoom { model: ready.name.clone(), tokens: ready.context_tokens };
    let room = context.checked_sub(frame + offered).ok_or_else(no_room)?;
    let mut writing =
        Writing { model, ready: &ready, system, tools, history, frame, offered, room, shrinks: 0, called: vec![] };
    let mut vain = 0;
    for round in 1..=ROUNDS {
        let enough = round == ROUNDS || vain == VAIN;
        let reply = writing.reply(draft, enough).await;
        draft.flush();
        let Reply { text, calls, passages } = reply?;
        let Some(hands) = hands.as_mut().filter(|_| !calls.is_empty() && !enough) else {
            if text.trim().is_empty() {
                let model = ready.name.clone();
                return Err(if calls.is_empty() {
                    ModelError::Empty { model }
                } else {
                    ModelError::NoAnswer { model }
                });
            }
            let all = question.passages.len();
            if passages < all {
                draft.notes.push(format!("{passages} of {all} passages fitted the model's context"));
            }
            return Ok(());
        };
        if !text.trim().is_empty() {
            draft.say("\n\n");
        }
        vain += 1;
        let mut results = Vec::with_capacity(calls.len());
        for call in &calls {
            let content = match hands.call(call).await {
                Told::Data(told) => {
                    draft.used_tools = true;
                    vain = 0;
                    told
                }
                Told::Passages(found) => {
                    vain = 0;
                    draft.looked_up(&found)
                }
                Told::Nothing(why) => why,
            };
            results.push(Message::ToolResult { id: call.id.clone(), tool: call.name.clone(), content });
        }
        writing.called.push(Message::Assistant { text, calls });
        writing.called.extend(results);
    }
    Err(ModelError::NoAnswer { model: ready.name.clone() })
}

/// A model at work on an answer.
struct Writing<'a> {
    model: &'a dyn Model,
    ready: &'a Ready,
    system: String,
    tools: Vec<ToolSpec>,
    history: Vec<Message>,
    /// What the rules and the question take, in tokens.
    frame: usize,
    /// What the tools take.
    offered: usize,
    /// What is left for everything else.
    room: usize,
    shrinks: usize,
    /// What was called so far, and what came of it.
    called: Vec<Message>,
}

/// One reply of it.
struct Reply {
    text: String,
    calls: Vec<ToolCall>,
    /// So many passages were sent for it.
    passages: usize,
}

impl Writing<'_> {
    fn lay_out(&self, question: &Question, room: usize) -> Option<Sent> {
        let sent = lay_out(room, &self.history, &question.passages, &self.called);
        // With none of the documents that were found it would answer from memory.
        sent.filter(|sent| !sent.passages.is_empty() || question.passages.is_empty() || !sent.called.is_empty())
    }

    /// The next reply. If the server finds the prompt too long, it is asked again with less of it, as
    /// long as there is less to send.
    async fn reply(&mut self, draft: &mut Draft<'_, '_>, enough: bool) -> Result<Reply, ModelError> {
        let question = draft.question;
        let no_room = || ModelError::NoRoom { model: self.ready.name.clone(), tokens: self.ready.context_tokens };
        let mut sent = self.lay_out(question, self.room).ok_or_else(no_room)?;
        loop {
            let documents: Vec<Document<'_>> = sent.passages.iter().map(budget::document).collect();
            let mut turns = sent.history.clone();
            turns.push(Message::User(answer_user(&question.text, &documents)));
            turns.extend(sent.called.iter().cloned());
            let (system, tools) = (self.system.clone(), self.tools.clone());
            let conversation = Conversation { system, turns, tools, enough, ..Conversation::default() };
            let mut text = String::new();
            let mut sink = |event| {
                if let ModelEvent::Text(piece) = &event {
                    text.push_str(piece);
                }
                draft.model_event(event);
            };
            let error = match self.model.chat(self.ready, &conversation, &mut sink).await {
                Ok(finished) => {
                    let offered = if enough || finished.without_tools { 0 } else { self.offered };
                    draft.count(&finished, self.frame + offered + sent.cost, self.ready.context_tokens);
                    return Ok(Reply { text, calls: finished.calls, passages: sent.passages.len() });
                }
                Err(error) => error,
            };
            let again = matches!(error, ModelError::TooLong { .. }) && text.is_empty() && self.shrinks < SHRINKS;
            let room = sent.cost * SHRINK.0 / SHRINK.1;
            match self.lay_out(question, room).filter(|less| again && less.cost < sent.cost) {
                Some(less) => sent = less,
                None => return Err(error),
            }
            self.shrinks += 1;
            self.room = room;
        }
    }
}
