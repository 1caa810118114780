//! What a model may do in a turn: look things up by itself, a bounded number of times, and propose
//! changes, which the person sees as plans. It cannot confirm: no call here leads past
//! [`Actor::decide`], where a person is asked.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use futures::future::BoxFuture;
use kai_tools::operator::Proposed;
use kai_tools::plan::{Effect, Plan};
use kai_tools::request::{Request, ToolInfo, tools};

use super::act::{Acted, Actor};
use super::audience::Audience;
use super::conversation::{Conversation, Ledger};
use super::documents::Documents;
use super::event::{Refused, TurnEvent};
use crate::ask::{Hands, Told};
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
    audience: Audience,
    pub(super) conversation: &'a Conversation,
    pub(super) question: &'a str,
    /// What was called before, as text: an identical call would find the same.
    seen: BTreeSet<String>,
    /// Looks at the host before it last changed: an identical one now would find the same.
    looked: BTreeSet<String>,
    /// Tools with the subject of the plan that the person declined.
    declined: BTreeSet<(&'static str, String)>,
    /// Whether the person plainly asked, and gave no order.
    pub(super) only_asked: bool,
    looks: usize,
    plans: usize,
    /// What was done, written down at once: the turn may be stopped.
    ledger: Ledger,
}

impl<'a> TurnHands<'a> {
    pub(super) fn new(
        actor: Option<&'a Actor>,
        documents: Option<&'a Documents>,
        audience: Audience,
        conversation: &'a Conversation,
        question: &'a str,
    ) -> Self {
        let (seen, looked, declined) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let (looks, plans, ledger) = (0, 0, Ledger::clone(&conversation.ledger));
        Self {
            actor,
            documents,
            audience,
            conversation,
            question,
            seen,
            looked,
            declined,
            only_asked: false,
            looks,
            plans,
            ledger,
        }
    }

    /// What comes of a call; why nothing does otherwise.
    async fn handle(&mut self, call: &ToolCall) -> Result<Told, String> {
        let request = Request::from_call(&call.name, call.arguments.clone())
            .map_err(|error| format!("this call is not understood: {error}"))?;
        let of_documents = matches!(request, Request::DocsSearch(_) | Request::DocsRead(_));
        let looks = request.effect() == Effect::Read;
        let before = if looks && !of_documents { &mut self.looked } else { &mut self.seen };
        if !before.insert(serde_json::to_string(&request).unwrap_or_default()) {
            return Err("this was called before in this turn, with the same result; answer now".to_owned());
        }
        if of_documents {
            self.look()?;
            let documents = self.documents.ok_or("there is no index of documents")?;
            let found = documents.look(&request, self.audience).await.map_err(|refused| refused.message)?;
            return Ok(Told::Passages(found.passages));
        }
        let actor = self.actor.ok_or("there is no host to work on")?;
        let acted = if looks {
            self.look()?;
            actor.act(&request).await
        } else {
            if self.plans == PLANS {
                return Err("no more plans in this turn; answer now".to_owned());
            }
            self.plans += 1;
            self.change(actor, &request).await?
        };
        let told = acted.told();
        let told = match &acted {
            Acted::Ended(_) => {
                // However it ended, the host may be another one now.
                self.looked.clear();
                Ok(Told::Data(told))
            }
            Acted::Found(_) | Acted::Later(_) => Ok(Told::Data(told)),
            Acted::Declined | Acted::Refused(_) => Err(told),
        };
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner).push((request, acted));
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
    /// that a model wants it, or a document says it, is not enough to even show it. Where the person only asked,
    /// that goes for every change. Whoever said no is
    /// not asked again in other words: the same tool on the same object comes to nothing for this turn.
    async fn change(&mut self, actor: &Actor, request: &Request) -> Result<Acted, String> {
        Ok(match actor.propose(request).await {
            Ok(Proposed::Plan(proposal)) => {
                let asked = (request.tool(), subject(&proposal.plan));
                if self.declined.contains(&asked) {
                    return Err(format!("the person said no to {} on {} before; answer now", asked.0, asked.1));
                }
                let plan = &proposal.plan;
                let named = self.conversation.person_named(&plan.object);
                let spoken_of = named || self.conversation.person_named(&asked.1);
                if self.only_asked && plan.effect != Effect::Destroy && !spoken_of {
                    return Err(format!("the person only asked, and not of {}: tell, and propose nothing", asked.1));
                }
                if plan.effect == Effect::Destroy && !named {
                    let message = format!(
                        "the model wanted to destroy {}, which nobody asked for by name; nothing is proposed",
                        plan.object
                    );
                    let refused = Refused { message, hints: Vec::new() };
                    actor.events.send(TurnEvent::Refused(refused.clone()));
                    return Ok(Acted::Refused(refused));
                }
                let acted = actor.decide(*proposal).await;
                if let Acted::Declined = acted {
                    self.declined.insert(asked);
                }
                acted
            }
            Ok(Proposed::Found(table)) => Acted::Found(table),
            // The model may put it right; the person need not see every attempt.
            Err(refused) => Acted::Refused(refused),
        })
    }
}

/// What a plan works on. The object that a person types may be what it makes, under a name that a
/// model chose: another one is no other plan.
fn subject(plan: &Plan) -> String {
    let request = serde_json::to_value(&plan.request).unwrap_or_default();
    let named = ["vm", "source", "pool", "dataset", "datasets", "snapshot"].into_iter();
    let mut named = named.filter_map(|key| request["args"].get(key)).filter(|value| !value.is_null());
    named.next().map_or_else(|| plan.object.clone(), |value| value.to_string().replace('"', ""))
}

/// A text as a model is told it.
fn told(text: &str) -> String {
    let mut told = kai_prompts::tool_result(text);
    if told.len() > RESULT {
        let cut = (0..=RESULT).rev().find(|at| told.is_char_boundary(*at)).unwrap_or(0);
        told.truncate(cut);
        told.push_str(" … (cut off here)");
    }
    told
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
        let mut offered: Vec<(usize, &ToolInfo)> = tools()
            .iter()
            .filter(|tool| tool.available && (self.actor.is_some() || tool.name.starts_with("docs_")))
            .map(|tool| (rank(tool, &words), tool))
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
                    description: tool.description.clone(),
                    parameters: tool.schema.clone(),
                });
            }
        }
        specs
    }

    fn call<'b>(&'b mut self, call: &'b ToolCall) -> BoxFuture<'b, Told> {
        Box::pin(async move {
            match self.handle(call).await {
                Ok(Told::Data(text)) => Told::Data(told(&text)),
                Ok(Told::Nothing(text)) | Err(text) => Told::Nothing(told(&text)),
                Ok(found @ Told::Passages(_)) => found,
            }
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
