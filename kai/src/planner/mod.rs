//! The built-in planner: from what a person says to typed requests, with this host's inventory and
//! no model. Pure and deterministic: it reads no file, asks no host and runs nothing.
//!
//! `text` → `piece` (phrases, values, objects) → `clause` → `speech` (how it is meant) → `frame` (which
//! tool) → `fill` (its arguments) → `judge` (whether it may be proposed). What documents and tools
//! say never becomes a request, and a Destroy needs the person's own destroying word.

mod clause;
mod dialogue;
mod fill;
mod frame;
mod guard;
mod inventory;
mod judge;
mod lexicon;
mod observed;
mod piece;
mod refer;
mod speech;
mod text;
mod values;

use kai_tools::facts::Facts;
use kai_tools::plan::Effect;
use kai_tools::request::Request;

pub use dialogue::{Call, Role, Turn};
pub use inventory::{Inventory, InventoryError};

use clause::{Clause, Sentence};
use dialogue::Before;
use fill::{Args, Filled, Task};
use judge::Bench;
use lexicon::Lexicon;
use piece::Piece;
use refer::Scene;
use speech::{Mood, Negated};

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
}

/// Plans an utterance. `turns` are what was said before, oldest first; `facts`, if they were observed,
/// let the tools themselves refuse.
#[must_use]
pub fn plan(utterance: &str, turns: &[Turn], inventory: &Inventory, facts: Option<&Facts>) -> Planned {
    let mut understood = Vec::new();
    let proposal = match lexicon::lexicon() {
        Ok(lexicon) => {
            let mut planner = Planner { lexicon, inventory, facts, understood: &mut understood, said_destroy: false };
            planner.plan(utterance, turns)
        }
        // The phrases are part of the program: a test reads them all.
        Err(error) => Proposal::Refuse { key: "unsupported", reason: error.to_string() },
    };
    Planned { proposal, understood }
}

struct Planner<'a> {
    lexicon: &'static Lexicon,
    inventory: &'a Inventory,
    facts: Option<&'a Facts>,
    understood: &'a mut Vec<String>,
    said_destroy: bool,
}

/// What the clauses of an utterance come to.
#[derive(Debug, Default)]
struct Outcome {
    calls: Vec<(String, Args)>,
    other: Option<Filled>,
    /// Whether some sentence was only talk.
    talk: bool,
}

impl Planner<'_> {
    fn plan(&mut self, utterance: &str, turns: &[Turn]) -> Proposal {
        let mut end = utterance.len().min(text::LONGEST);
        while !utterance.is_char_boundary(end) {
            end -= 1;
        }
        let utterance = &utterance[..end];
        if let Some(stop) = guard::raw(utterance) {
            return Proposal::Refuse { key: stop.key, reason: stop.reason };
        }
        let tokens = text::tokens(utterance);
        let pieces = self.pieces(&tokens);
        if let Some(refused) = forged(&pieces) {
            return refused;
        }
        let before = dialogue::before(self.lexicon, self.inventory, turns);
        if let Some(proposal) = self.follow_up(&pieces, &before, utterance) {
            return proposal;
        }
        let outcome = self.read(pieces, &before);
        self.settle(outcome, &before)
    }

    fn pieces(&self, tokens: &[text::Token]) -> Vec<Piece> {
        let mut pieces = piece::pieces(self.lexicon, self.inventory, tokens);
        // `before-vacuum という名前`: the name stands before its mark.
        for at in 1..pieces.len() {
            if pieces[at].marks("namedafter") && !pieces[at - 1].raw.chars().any(text::is_cjk) {
                pieces[at - 1].name = true;
                pieces[at - 1].hits.clear();
            }
        }
        pieces
    }

    /// Reads the sentences of an utterance.
    fn read(&mut self, pieces: Vec<Piece>, before: &Before<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        let mut focus = before.focus.clone();
        for mut sentence in clause::sentences(pieces) {
            let whole = sentence.pieces.clone();
            let meaning = speech::meaning(&mut sentence);
            match meaning.mood {
                Mood::Talk => outcome.talk = true,
                Mood::Order | Mood::Question => {
                    self.sentence(&sentence, &whole, meaning, &mut focus, &mut outcome);
                }
            }
            dialogue::attend(&mut focus, &whole);
            if outcome.other.is_some() {
                break;
            }
        }
        outcome
    }

    fn sentence(
        &mut self,
        sentence: &Sentence,
        whole: &[Piece],
        meaning: speech::Meaning,
        focus: &mut refer::Focus,
        outcome: &mut Outcome,
    ) {
        let question = meaning.mood == Mood::Question;
        let mut clauses: Vec<Clause> = Vec::new();
        let mut forbidden: Vec<Clause> = Vec::new();
        for mut clause in clause::clauses(sentence) {
            match speech::negation(&mut clause) {
                Negated::All if !question => forbidden.push(clause),
                Negated::All | Negated::No => clauses.push(clause),
            }
        }
        // What nothing is asked for by itself belongs to the clause before it.
        let mut joined: Vec<Clause> = Vec::new();
        for clause in clauses {
            let own = frame::choose(self.lexicon, self.inventory, &clause, question).is_some()
                && !modifies(&clause, joined.last());
            match joined.last_mut() {
                Some(last) if !own || frame::choose(self.lexicon, self.inventory, last, question).is_none() => {
                    last.pieces.extend(clause.pieces);
                }
                _ => joined.push(clause),
            }
        }
        if joined.is_empty() && !forbidden.is_empty() {
            outcome.talk = true;
            return;
        }
        let mut at = 0;
        while at < joined.len() {
            let mut clause = joined[at].clone();
            // Who is meant may stand in the clause behind: `stop and delete web-test`.
            if !clause.pieces.iter().any(names_something)
                && clause.objects().next().is_none()
                && let Some(next) = joined.get(at + 1).filter(|next| next.objects().next().is_some())
            {
                clause
                    .pieces
                    .extend(next.pieces.iter().filter(|piece| !piece.objects.is_empty() && !piece.name).cloned());
            }
            let calls = outcome.calls.len();
            self.clause(&clause, whole, question, meaning.conditional, focus, outcome);
            if outcome.other.is_some() {
                return;
            }
            if clause.reversed && outcome.calls.len() > calls && calls > 0 {
                // `before …`: what was said first is done first; nothing to turn round.
            }
            dialogue::attend(focus, &clause.pieces);
            for (tool, args) in &outcome.calls[calls..] {
                let call = Call { tool: tool.clone(), args: args.clone() };
                remember(focus, &call, self.inventory);
            }
            at += 1;
        }
    }

    fn clause(
        &mut self,
        clause: &Clause,
        whole: &[Piece],
        question: bool,
        conditional: bool,
        focus: &refer::Focus,
        outcome: &mut Outcome,
    ) {
        let Some(frame) = frame::choose(self.lexicon, self.inventory, clause, question) else { return };
        let mut clause = clause.clone();
        // What is said of the situation elsewhere in the sentence: `hq1 is dead, do …`.
        if frame.tool == "replica_failover" {
            let rest = whole
                .iter()
                .filter(|piece| piece.is("unplanned") && !clause.pieces.iter().any(|own| own.at == piece.at))
                .cloned();
            clause.pieces.extend(rest.collect::<Vec<_>>());
        }
        let scene = Scene { lexicon: self.lexicon, inventory: self.inventory, focus };
        let task = Task { scene, clause: &clause, set: &frame.set, question };
        self.understood.push(format!("{} → {}", clause.text(), frame.tool));
        match fill::fill(&frame.tool, task) {
            Filled::Calls(calls) => {
                for (tool, args) in calls {
                    let effect = Request::from_call(tool, serde_json::Value::Object(args.clone()))
                        .map(|request| request.effect());
                    if question && effect.as_ref().is_ok_and(|effect| *effect != Effect::Read) {
                        outcome.talk = true;
                        continue;
                    }
                    if conditional && effect.as_ref().is_ok_and(|effect| *effect == Effect::Destroy) {
                        outcome.talk = true;
                        continue;
                    }
                    if effect.as_ref().is_ok_and(|effect| *effect == Effect::Destroy) {
                        self.said_destroy |= destroys_in_words(&clause);
                    }
                    merge(&mut outcome.calls, tool, args);
                }
            }
            Filled::Nothing => {}
            Filled::Ask { .. } | Filled::Refuse { .. } if question && !reads(&frame.tool) => outcome.talk = true,
            other => outcome.other = Some(other),
        }
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
            let bench = Bench { inventory: self.inventory, facts: self.facts, made: &made, later: index > 0 };
            match bench.judge(tool, args) {
                Ok(request) => requests.push(request),
                Err(Filled::Ask { missing, candidates, question }) => {
                    return Proposal::Ask { missing, candidates, question };
                }
                Err(Filled::Refuse { key, reason }) => return Proposal::Refuse { key, reason },
                Err(Filled::Calls(_) | Filled::Nothing) => return Proposal::Answer,
            }
            let mut focus = refer::Focus::default();
            remember(&mut focus, &Call { tool: tool.clone(), args: args.clone() }, self.inventory);
            made.extend(focus.made);
        }
        if requests.iter().any(|request| request.effect() == Effect::Destroy) && !self.said_destroy {
            return Proposal::Answer;
        }
        Proposal::Calls(requests)
    }

    /// Short answers, corrections, and `yes`.
    fn follow_up(&mut self, pieces: &[Piece], before: &Before<'_>, utterance: &str) -> Option<Proposal> {
        let plain = |piece: &Piece| piece.objects.is_empty() && !piece.name && piece.value.is_none();
        let empty = |piece: &Piece| {
            plain(piece) && (piece.filler || piece.marks("polite") || piece.marks("first") || piece.marks("then"))
        };
        let yes = |piece: &Piece| plain(piece) && (piece.marks("yes") || piece.marks("carryon"));
        let content: Vec<&Piece> = pieces.iter().filter(|piece| !empty(piece) || yes(piece)).collect();
        if content.is_empty() {
            return Some(Proposal::Answer);
        }
        let pronoun = |piece: &Piece| plain(piece) && (piece.marks("it") || piece.marks("them") || piece.is("all"));
        if content.iter().all(|piece| yes(piece) || pronoun(piece)) && content.iter().any(|piece| yes(piece)) {
            return Some(Proposal::Refuse {
                key: if before.calls.is_empty() { "no-request" } else { "self-approval" },
                reason: "nothing that is said here confirms a plan; confirm it where it is shown, or say what should be done".to_owned(),
            });
        }
        if content
            .iter()
            .all(|piece| plain(piece) && (piece.marks("no") || piece.marks("not") || yes(piece) || pronoun(piece)))
        {
            return Some(Proposal::Answer);
        }
        let verb = |piece: &Piece| piece.orders() && plain(piece) && !piece.marks("meant");
        let has_verb = pieces.iter().any(|piece| verb(piece) && !piece.marks("no"));
        let marks = |mark: &str| pieces.iter().any(|piece| piece.marks(mark) && plain(piece));
        let asks = pieces.iter().any(|piece| piece.asks);
        let negative =
            content.first().is_some_and(|piece| piece.marks("no") || piece.marks("not") || piece.marks("meant"));
        if !before.calls.is_empty()
            && !has_verb
            && !asks
            && (marks("meant") || negative || marks("same") || bare(&content))
        {
            if let Some(calls) = dialogue::corrected(before, self.inventory, pieces) {
                self.said_destroy = true;
                self.understood.push(format!("{utterance} → as before"));
                return Some(self.settle(Outcome { calls, other: None, talk: false }, before));
            }
        }
        // The answer to what was asked.
        if (before.asked || before.calls.is_empty() && !before.said.is_empty())
            && !before.user.is_empty()
            && !has_verb
            && !asks
        {
            return self.answered(pieces, before);
        }
        // `snapshot it first`, while something else waits.
        if marks("first") && !before.calls.is_empty() {
            let outcome = self.read(pieces.to_vec(), before);
            let waiting: Vec<(String, Args)> =
                before.calls.iter().map(|call| (call.tool.clone(), call.args.clone())).collect();
            let change = waiting.iter().all(|(tool, args)| {
                Request::from_call(tool, serde_json::Value::Object(args.clone()))
                    .is_ok_and(|request| request.effect() == Effect::Change)
            });
            let low = before.said.to_lowercase();
            let open = low.contains("not applied")
                || low.contains("plan")
                || low.contains("waiting")
                || low.contains("confirm");
            if outcome.other.is_none() && !outcome.calls.is_empty() && change && open && outcome.calls != waiting {
                let mut calls = outcome.calls;
                calls.extend(waiting);
                return Some(self.settle(Outcome { calls, other: None, talk: false }, before));
            }
            return Some(self.settle(outcome, before));
        }
        None
    }

    /// The last order of the person, with what this answer adds.
    fn answered(&mut self, pieces: &[Piece], before: &Before<'_>) -> Option<Proposal> {
        let tokens = text::tokens(before.user);
        let mut first = self.pieces(&tokens);
        let alone = self.read(first.clone(), &Before::default());
        let Some(Filled::Ask { missing, .. }) = alone.other else { return None };
        let names = missing.iter().any(|argument| matches!(*argument, "name" | "names" | "prefix" | "dataset"));
        let found = pieces.iter().any(|piece| !piece.objects.is_empty());
        let shift = tokens.len() + 1;
        // What named nothing was the reason to ask.
        if found || !names {
            for piece in &mut first {
                if piece.unknown() {
                    piece.filler = true;
                }
            }
        }
        if let Some(last) = first.last_mut() {
            last.asks = false;
        }
        for piece in pieces {
            let mut piece = piece.clone();
            piece.at += shift;
            if piece.sep == text::Sep::Stop {
                piece.sep = text::Sep::Comma;
            }
            if names && (piece.unknown() || piece.name) && !(missing.contains(&"dataset") && piece.raw.contains('/')) {
                piece.name = true;
            }
            first.push(piece);
        }
        let mut fresh = before.clone();
        fresh.focus.vms.retain(|name| !pieces.iter().any(|piece| piece.raw == *name));
        let outcome = self.read(first, before);
        if outcome.calls.is_empty() && outcome.other.is_none() {
            return None;
        }
        self.said_destroy |= outcome.calls.iter().any(|_| destroys_text(&self.pieces(&tokens)));
        Some(self.settle(outcome, before))
    }
}

/// Whether an utterance is only objects and values.
fn bare(content: &[&Piece]) -> bool {
    content.iter().all(|piece| {
        !piece.objects.is_empty()
            || piece.value.is_some()
            || piece.marks("and")
            || piece.marks("same")
            || piece.marks("to")
    })
}

fn names_something(piece: &Piece) -> bool {
    piece.name
        || piece.unknown()
        || piece.value.is_some()
        || piece.marks("it")
        || piece.marks("them")
        || piece.is("vm")
        || piece.is("all")
        || piece.is("both")
}

/// Whether a clause only says more of the one before it.
fn modifies(clause: &Clause, last: Option<&Clause>) -> bool {
    let Some(last) = last else { return false };
    let light = |piece: &Piece| piece.filler || piece.marks("it") || piece.marks("them");
    let discards = (clause.has("discard") || clause.has("delete") && clause.has("everythingsince"))
        && last.has("rollback")
        && clause.objects().next().is_none();
    let keeps = clause.has("keep") && !clause.has("snap");
    let seals = clause.has("seal") && (last.has("golden") || last.has("build"));
    let names = clause.head().is_some_and(|piece| piece.marks("named"));
    let recursive = clause.has("recursive")
        && clause
            .pieces
            .iter()
            .all(|piece| light(piece) || piece.is("recursive") || piece.marks("and") || piece.orders())
        && clause.objects().next().is_none();
    discards || keeps || seals || names || recursive
}

/// Whether the words of a clause destroy.
fn destroys_in_words(clause: &Clause) -> bool {
    destroys_text(&clause.pieces)
}

fn destroys_text(pieces: &[Piece]) -> bool {
    ["delete", "discard", "failover", "failback", "forceoff", "prune", "stop", "undo", "disable", "shutdown"]
        .iter()
        .any(|concept| piece::has(pieces, concept))
}

/// Whether a tool only reads.
fn reads(tool: &str) -> bool {
    matches!(
        tool,
        "docs_search"
            | "docs_read"
            | "host_health"
            | "pool_status"
            | "dataset_list"
            | "snapshot_list"
            | "kvm_list"
            | "golden_list"
            | "replication_status"
            | "gpu_list"
            | "gpu_processes"
            | "container_list"
            | "wireguard_status"
            | "trace_tcp"
            | "op_history"
            | "gpu_mig"
            | "boot_env"
            | "gpu_mps"
            | "gpu_cdi"
    )
}

/// Puts what a request makes or touches into the focus.
fn remember(focus: &mut refer::Focus, call: &Call, inventory: &Inventory) {
    let turn = [Turn { role: Role::Assistant, text: String::new(), calls: vec![call.clone()] }];
    let Ok(lexicon) = lexicon::lexicon() else { return };
    let before = dialogue::before(lexicon, inventory, &turn);
    if !before.focus.vms.is_empty() {
        focus.vms = before.focus.vms;
    }
    focus.made.extend(before.focus.made);
    if before.focus.dataset.is_some() {
        focus.dataset = before.focus.dataset;
    }
}

/// Joins a request with the ones before it where they are one: sizes of one VM, a start of what was
/// just made.
fn merge(calls: &mut Vec<(String, Args)>, tool: &str, args: Args) {
    let text = |args: &Args, key: &str| args.get(key).and_then(|value| value.as_str()).map(str::to_owned);
    if let Some((last, known)) = calls.last_mut() {
        if last == "kvm_resize"
            && tool == "kvm_resize"
            && text(known, "vm") == text(&args, "vm")
            && !args.iter().any(|(key, _)| key != "vm" && known.contains_key(key))
        {
            known.extend(args);
            return;
        }
        let starts = tool == "kvm_power" && text(&args, "action").as_deref() == Some("start");
        let vm = text(&args, "vm").unwrap_or_default();
        let made = Call { tool: last.clone(), args: known.clone() };
        let own = matches!(last.as_str(), "kvm_create" | "kvm_clone") && {
            let mut focus = refer::Focus::default();
            remember(&mut focus, &made, &Inventory::default());
            focus.made.contains(&vm)
        };
        if starts && own {
            known.insert("start".to_owned(), serde_json::json!(true));
            return;
        }
        if last == tool && *known == args {
            return;
        }
    }
    calls.push((tool.to_owned(), args));
}

/// Orders that pose as somebody else's, and approvals that nobody can give by talking.
fn forged(pieces: &[Piece]) -> Option<Proposal> {
    let talk = pieces
        .iter()
        .take(3)
        .any(|piece| piece.marks("howto") || piece.marks("concept") || piece.marks("why") || piece.is("explain"));
    let marks = |mark: &str| pieces.iter().any(|piece| piece.marks(mark) && piece.objects.is_empty() && !piece.name);
    let refuse = |key, reason: &str| Some(Proposal::Refuse { key, reason: reason.to_owned() });
    if talk {
        return None;
    }
    if marks("inject") {
        return refuse("injection", "the text tries to change what kai is allowed to do; nothing in it is carried out");
    }
    if marks("approveall") {
        return refuse("self-approval", "kai never approves a plan itself, and nothing said here confirms one");
    }
    None
}
