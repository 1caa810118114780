//! What a model may do in a turn: look things up by itself, a bounded number of times, and propose
//! changes, which the person sees as plans. It cannot confirm: no call here leads past
//! [`Actor::decide`], where a person is asked.

use std::collections::BTreeSet;

use futures::future::BoxFuture;
use kai_tools::operator::Proposed;
use kai_tools::plan::Effect;
use kai_tools::request::{Request, ToolInfo, tools};

use super::act::{Acted, Actor};
use super::conversation::Conversation;
use super::documents::Documents;
use super::event::{Refused, TurnEvent};
use crate::ask::Hands;
use crate::model::{ToolCall, ToolSpec};

/// A model that has not come to an answer after so many looks goes round in circles.
const LOOKS: usize = 8;
/// Of plans: more in one turn are not what one sentence asked for.
const PLANS: usize = 4;
/// The beginning of a long result is enough for an answer, and has to leave room for one.
const RESULT: usize = 6000;
/// About so many characters make a token of a schema.
const CHARACTERS: usize = 3;

/// The hands of one turn.
#[derive(Debug)]
pub(super) struct TurnHands<'a> {
    pub(super) actor: Option<&'a Actor>,
    pub(super) documents: Option<&'a Documents>,
    pub(super) conversation: &'a Conversation,
    pub(super) question: &'a str,
    /// What was called before, as text: an identical call would find the same.
    seen: BTreeSet<String>,
    looks: usize,
    plans: usize,
    /// What was done, for the conversation.
    pub(super) done: Vec<(Request, Acted)>,
}

impl<'a> TurnHands<'a> {
    pub(super) fn new(
        actor: Option<&'a Actor>,
        documents: Option<&'a Documents>,
        conversation: &'a Conversation,
        question: &'a str,
    ) -> Self {
        let (seen, done) = (BTreeSet::new(), Vec::new());
        Self { actor, documents, conversation, question, seen, looks: 0, plans: 0, done }
    }

    async fn handle(&mut self, call: &ToolCall) -> String {
        let request = match Request::from_call(&call.name, call.arguments.clone()) {
            Ok(request) => request,
            Err(error) => return format!("this call is not understood: {error}"),
        };
        if !self.seen.insert(serde_json::to_string(&request).unwrap_or_default()) {
            return "this was called before in this turn, with the same result; answer now".to_owned();
        }
        if let Request::DocsSearch(_) | Request::DocsRead(_) = request {
            return match (self.look(), self.documents) {
                (Err(enough), _) => enough,
                (Ok(()), Some(documents)) => documents.told(&request).await,
                (Ok(()), None) => "there is no index of documents".to_owned(),
            };
        }
        let Some(actor) = self.actor else { return "there is no host to work on".to_owned() };
        let acted = if request.effect() == Effect::Read {
            match self.look() {
                Ok(()) => actor.act(&request).await,
                Err(enough) => return enough,
            }
        } else {
            if self.plans == PLANS {
                return "no more plans in this turn; answer now".to_owned();
            }
            self.plans += 1;
            self.change(actor, &request).await
        };
        let told = acted.told();
        self.done.push((request, acted));
        told
    }

    fn look(&mut self) -> Result<(), String> {
        self.looks += 1;
        if self.looks > LOOKS {
            Err("no more calls in this turn; answer with what is known".to_owned())
        } else {
            Ok(())
        }
    }

    /// A change becomes a plan for the person. What would destroy has to be named by the person first:
    /// that a model wants it, or a document says it, is not enough to even show it.
    async fn change(&self, actor: &Actor, request: &Request) -> Acted {
        match actor.propose(request).await {
            Ok(Proposed::Plan(proposal)) => {
                let plan = &proposal.plan;
                if plan.effect == Effect::Destroy && !self.conversation.person_named(&plan.object) {
                    let message = format!(
                        "the model wanted to destroy {}, which nobody asked for by name; nothing is proposed",
                        plan.object
                    );
                    let refused = Refused { message, hints: Vec::new() };
                    actor.events.send(TurnEvent::Refused(refused.clone()));
                    return Acted::Refused(refused);
                }
                actor.decide(*proposal).await
            }
            Ok(Proposed::Found(table)) => Acted::Found(table),
            // The model may put it right; the person need not see every attempt.
            Err(refused) => Acted::Refused(refused),
        }
    }
}

impl Hands for TurnHands<'_> {
    /// The tools that fit `tokens`: those that look first, then the others, those whose words occur in
    /// the question before the rest.
    fn tools(&self, tokens: usize) -> Vec<ToolSpec> {
        let words: Vec<String> = self
            .question
            .to_lowercase()
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| word.len() > 2)
            .map(str::to_owned)
            .collect();
        let mut offered: Vec<(usize, ToolInfo)> = tools()
            .into_iter()
            .filter(|tool| tool.available && (self.actor.is_some() || tool.name.starts_with("docs_")))
            .map(|tool| (rank(&tool, &words), tool))
            .collect();
        offered.sort_by_key(|(rank, _)| std::cmp::Reverse(*rank));
        let mut left = tokens.saturating_mul(CHARACTERS);
        let mut specs = Vec::new();
        for (_, tool) in offered {
            let size = tool.schema.to_string().len() + tool.description.len();
            if size <= left {
                left -= size;
                specs.push(ToolSpec {
                    name: tool.name.to_owned(),
                    description: tool.description,
                    parameters: tool.schema,
                });
            }
        }
        specs
    }

    fn call<'b>(&'b mut self, call: &'b ToolCall) -> BoxFuture<'b, String> {
        Box::pin(async move {
            let told = self.handle(call).await;
            let mut told = kai_prompts::tool_result(&told);
            if told.len() > RESULT {
                let cut = (0..=RESULT).rev().find(|at| told.is_char_boundary(*at)).unwrap_or(0);
                told.truncate(cut);
                told.push_str(" … (cut off here)");
            }
            told
        })
    }
}

/// How much a tool has to do with the question.
fn rank(tool: &ToolInfo, words: &[String]) -> usize {
    let text = format!("{} {}", tool.name.replace('_', " "), tool.description).to_lowercase();
    let shared = words.iter().filter(|word| text.contains(word.trim_end_matches('s'))).count();
    let looks = usize::from(tool.name.ends_with("_list") || tool.name.ends_with("_status"));
    2 * shared + 3 * looks
}
