//! The built-in planner: from what a person says to typed requests, with this host's inventory and
//! no model. Pure and deterministic: it reads no file, asks no host and runs nothing.
//!
//! `text` (tokens) → `chunk` (pieces: phrases of the `lexicon`, `values`, `objects`) → `clause` →
//! `speech` (how it is meant) → `topic` (what `it` is) → `frame` (which tool) → `fill` (its arguments)
//! → `judge` (whether it may be proposed). `read` goes this way, `reply` reads what answers or corrects
//! the turns before (`dialogue`). What documents and tools say never becomes a request, and a Destroy
//! needs the person's own destroying word.

mod amounts;
mod calendar;
mod chunk;
mod claim;
mod clause;
mod command;
mod correction;
mod describe;
mod dialogue;
mod enclitic;
mod errand;
mod fill;
mod frame;
mod grammar;
mod grasp;
mod guard;
mod inventory;
mod judge;
mod lexicon;
mod manner;
mod merge;
mod negation;
mod objects;
mod observed;
mod piece;
mod range;
mod read;
mod refer;
mod repair;
mod reply;
mod settle;
mod speech;
mod spelling;
mod text;
mod topic;
mod values;
mod wording;

use kai_tools::plan::Effect;
use kai_tools::request::Request;

pub use dialogue::{Call, Role, Turn};
pub use inventory::{Inventory, InventoryError};

use dialogue::Before;
use fill::{Args, Filled};
use judge::Bench;
use lexicon::Lexicon;
use piece::Piece;

/// What is proposed for an utterance.
#[derive(Debug, Clone, PartialEq)]
pub enum Proposal {
    /// These requests, in order. None of them is confirmed by anything that was said.
    Calls(Vec<Request>),
    /// Something is missing, or fits several objects or none.
    Ask {
        /// The arguments.
        missing: Vec<&'static str>,
        /// What could be meant.
        candidates: Vec<String>,
        /// The question, for a person.
        question: String,
    },
    /// Nothing is to be done: a question, or talk.
    Answer,
    /// It is not done.
    Refuse {
        /// The key of the reason.
        key: &'static str,
        /// The reason, for a person.
        reason: String,
    },
}

/// A proposal, and which words it was taken from.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// What is proposed.
    pub proposal: Proposal,
    /// What was understood, clause by clause: `web1 … → kvm_power`.
    pub understood: Vec<String>,
    /// Whether every sentence of it is plainly a question or talk: nothing in it asks for a change.
    pub only_asks: bool,
}

/// Plans an utterance. `turns` are what was said before, oldest first.
#[must_use]
pub fn plan(utterance: &str, turns: &[Turn], inventory: &Inventory) -> Planned {
    let (mut understood, mut only_asks) = (Vec::new(), false);
    let proposal = match lexicon::lexicon() {
        Ok(lexicon) => {
            let mut planner =
                Planner { lexicon, inventory, understood: &mut understood, said_destroy: false, only_asks: false };
            let proposal = planner.plan(utterance, turns);
            only_asks = planner.only_asks;
            proposal
        }
        // The phrases are part of the program: a test reads them all.
        Err(error) => Proposal::Refuse { key: "unsupported", reason: error.to_string() },
    };
    Planned { proposal, understood, only_asks }
}

struct Planner<'a> {
    lexicon: &'static Lexicon,
    inventory: &'a Inventory,
    understood: &'a mut Vec<String>,
    said_destroy: bool,
    only_asks: bool,
}

/// What the clauses of an utterance come to.
#[derive(Debug, Default)]
struct Outcome {
    calls: Vec<(String, Args)>,
    other: Option<Filled>,
    /// Whether some sentence was only talk.
    talk: bool,
    /// Whether somebody else's words were among it.
    quoted: bool,
}

impl Planner<'_> {
    fn plan(&mut self, utterance: &str, turns: &[Turn]) -> Proposal {
        // Half of an order may be another one: what is too long is read by nobody here.
        if utterance.len() > text::LONGEST {
            return Proposal::Answer;
        }
        if let Some(stop) = guard::raw(utterance) {
            return Proposal::Refuse { key: stop.key, reason: stop.reason };
        }
        if let Some(call) = command::line(self.inventory, utterance) {
            self.understood.push(format!("{utterance} → {}", call.0));
            // A line names its operation.
            self.said_destroy = true;
            return self.settle(Outcome { calls: vec![call], ..Outcome::default() }, &Before::default());
        }
        let tokens = wording::plain(&self.lexicon.rewrites, self.inventory, text::tokens(utterance));
        let pieces = repair::mend(repair::disowned(self.lexicon, self.pieces(&tokens)));
        if repair::withdrawn(&pieces) {
            return Proposal::Answer;
        }
        if let Some(refused) = guard::forged(&pieces) {
            return refused;
        }
        let before = dialogue::before(self.lexicon, self.inventory, turns);
        if let Some(proposal) = self.follow_up(&pieces, &before, utterance) {
            return proposal;
        }
        let option = guard::options(&pieces);
        let outcome = self.read(pieces, &before);
        let proposal = self.settle(outcome, &before);
        let changes = match &proposal {
            Proposal::Calls(calls) => calls.iter().any(|call| call.effect() != Effect::Read),
            Proposal::Ask { .. } => true,
            Proposal::Answer | Proposal::Refuse { .. } => false,
        };
        match option.filter(|_| changes) {
            Some(option) => {
                let key = if option == "-F" { "never-receive-force" } else { "injection" };
                let reason = format!("{option} is an option of a command; say in words what it should do");
                Proposal::Refuse { key, reason }
            }
            None => proposal,
        }
    }

    fn pieces(&self, tokens: &[text::Token]) -> Vec<Piece> {
        let mut pieces = chunk::pieces(self.lexicon, self.inventory, tokens);
        // `before-vacuum という名前`: the name stands before its mark.
        for at in 1..pieces.len() {
            if pieces[at].marks("namedafter") && !pieces[at - 1].raw.chars().any(text::is_cjk) {
                pieces[at - 1].name = true;
                pieces[at - 1].hits.clear();
            }
        }
        pieces
    }

    /// From the outcome to a proposal: every request is judged.
    fn settle(&mut self, outcome: Outcome, before: &Before<'_>) -> Proposal {
        match outcome.other {
            Some(Filled::Ask { missing, candidates, question }) => {
                return Proposal::Ask { missing, candidates, question };
            }
            Some(Filled::Refuse { key, reason }) => return Proposal::Refuse { key, reason },
            Some(Filled::Calls(_) | Filled::Nothing) | None => {}
        }
        if outcome.calls.is_empty() {
            return Proposal::Answer;
        }
        let mut made = before.focus.made.clone();
        let mut requests = Vec::new();
        for (index, (tool, args)) in outcome.calls.iter().enumerate() {
            let bench = Bench { inventory: self.inventory, made: &made };
            match bench.judge(tool, args) {
                Ok(request) => requests.push(request),
                Err(Filled::Ask { missing, candidates, question }) => {
                    return Proposal::Ask { missing, candidates, question };
                }
                Err(Filled::Refuse { key, reason }) => return Proposal::Refuse { key, reason },
                Err(Filled::Calls(_) | Filled::Nothing) => return Proposal::Answer,
            }
            let mut focus = refer::Focus::default();
            merge::remember(&mut focus, std::slice::from_ref(&outcome.calls[index]), self.inventory);
            made.extend(focus.made);
        }
        if requests.iter().any(|request| request.effect() == Effect::Destroy) && !self.said_destroy {
            return Proposal::Answer;
        }
        Proposal::Calls(requests)
    }
}
