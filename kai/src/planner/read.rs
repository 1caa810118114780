//! An utterance read: its sentences, their clauses, and the requests that they come to.

use kai_tools::plan::Effect;
use kai_tools::request::Request;
use serde_json::Value as Json;

use super::clause::{self, Clause, Order, Sentence};
use super::dialogue::{self, Before};
use super::errand;
use super::fill::{self, Args, Filled, Task};
use super::frame;
use super::grasp;
use super::manner;
use super::merge::{makes, merge, remember};
use super::negation::{self, Negated};
use super::objects::Object;
use super::piece::{self, Piece};
use super::refer::{Focus, Scene};
use super::speech::{self, Meaning, Mood};
use super::topic;
use super::{Outcome, Planner};

/// A sentence with more clauses is no order.
const MOST_CLAUSES: usize = 32;

impl Planner<'_> {
    /// Reads the sentences of an utterance.
    pub(super) fn read(&mut self, pieces: Vec<Piece>, before: &Before<'_>) -> Outcome {
        let (sentences, quoted) = clause::sentences(pieces);
        let mut outcome = Outcome { quoted, ..Outcome::default() };
        let mut focus = before.focus.clone();
        let several = sentences.len() > 1;
        self.only_asks = !sentences.is_empty();
        for mut sentence in sentences {
            let whole = sentence.pieces.clone();
            if manner::insists(&sentence, &mut outcome)
                || manner::unsealed(&sentence, &mut outcome)
                || self.gives_up(&sentence, &mut outcome)
            {
                continue;
            }
            // What others asked for is only spoken of.
            if let Some(at) = errand::begins(&sentence) {
                let order = sentence.pieces.split_off(at);
                dialogue::attend(&mut focus, &sentence.pieces);
                sentence.pieces = order;
                outcome.quoted = true;
            }
            let mut meaning = speech::meaning(&mut sentence);
            // `the scrub is slowing us down; pause it`: the first one only says why.
            let told = Clause { pieces: sentence.pieces.clone(), ..Clause::default() };
            if several && meaning.mood == Mood::Order && told.states() && told.has_object() {
                meaning.mood = Mood::Talk;
            }
            outcome.quoted |= meaning.reported;
            self.only_asks &= meaning.mood != Mood::Order;
            match meaning.mood {
                Mood::Talk => {
                    outcome.talk = true;
                    dialogue::attend(&mut focus, &whole);
                }
                Mood::Order | Mood::Question => self.sentence(&sentence, &whole, meaning, &mut focus, &mut outcome),
            }
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
        meaning: Meaning,
        focus: &mut Focus,
        outcome: &mut Outcome,
    ) {
        let question = meaning.mood == Mood::Question;
        let (clauses, aside) = self.orders(sentence, question, outcome);
        dialogue::attend(focus, &aside);
        let done = outcome.calls.len();
        for (at, clause) in clauses.iter().enumerate() {
            let mut clause = clause.clone();
            let pronoun = topic::resolve(&mut clause, focus, !aside.is_empty());
            let open = (at > 0 || !aside.is_empty()) && self.leaves_open(&clause);
            if !question && (open || !pronoun && topic::names_snapshot(&clause, focus, self.inventory)) {
                topic::imply(&mut clause, focus);
            }
            topic::quantity(&mut clause, &aside);
            // Who is meant may stand in the clause behind: `stop and delete web-test`.
            let named = clause.pieces.iter().any(names_something);
            if (!named || pronoun && focus.is_empty())
                && !clause.has_object()
                && let Some(next) = clauses.get(at + 1).filter(|next| next.objects().next().is_some())
            {
                clause
                    .pieces
                    .extend(next.pieces.iter().filter(|piece| !piece.objects.is_empty() && !piece.name).cloned());
            }
            let calls = outcome.calls.len();
            self.clause(&clause, whole, meaning, focus, outcome);
            // `take a snapshot of web1 and delete it`: which of the two?
            let destroys =
                outcome.calls[calls..].iter().any(|(tool, args)| effect(tool, args) == Some(Effect::Destroy));
            if destroys
                && pronoun
                && calls > done
                && outcome.calls[done..calls].iter().any(|(tool, args)| makes(tool, args))
            {
                outcome.other =
                    Some(fill::ask(&["vm", "snapshot"], "Delete what: what was just made, or what it was made of?"));
            }
            // `we don't need a copy of web1, remove it`: the copy, and not web1.
            if destroys && pronoun && spoken_of_copy(&aside) {
                outcome.other = Some(fill::ask(&["vm"], "Delete what: the copy, or what it was made of?"));
            }
            // What only comes after, and is not complete, was a reason: `before resizing it`.
            if clause.order == Order::Last && (outcome.other.is_some() || destroys) {
                outcome.other = None;
                outcome.calls.truncate(calls);
                continue;
            }
            if outcome.other.is_some() {
                return;
            }
            dialogue::attend(focus, &clause.pieces);
            remember(focus, &outcome.calls[calls..], self.inventory);
        }
    }

    /// Whether a clause goes on about the VMs of the one before it: `stop web1, take a snapshot`.
    fn leaves_open(&self, clause: &Clause) -> bool {
        let named = |piece: &Piece| {
            names_something(piece) && !piece.name && piece.value.is_none()
                || piece.describes
                || !piece.objects.is_empty()
        };
        let frame = frame::choose(self.lexicon, self.inventory, clause, false);
        let goes_on = ["kvm_snap", "kvm_power", "kvm_resize", "kvm_rollback", "replicate"];
        !clause.pieces.iter().any(named) && frame.is_some_and(|frame| goes_on.contains(&frame.tool.as_str()))
    }

    /// The clauses of a sentence that ask for something, in the order in which they are done; and what
    /// the other ones speak of.
    fn orders(&self, sentence: &Sentence, question: bool, outcome: &mut Outcome) -> (Vec<Clause>, Vec<Piece>) {
        let frame = |clause: &Clause| frame::choose(self.lexicon, self.inventory, clause, question).is_some();
        let mut aside: Vec<Piece> = Vec::new();
        let mut joined: Vec<Clause> = Vec::new();
        let mut clauses = clause::clauses(sentence);
        // Nobody says that much in one sentence.
        if clauses.len() > MOST_CLAUSES {
            outcome.talk = true;
            return (Vec::new(), Vec::new());
        }
        clauses.sort_by_key(|clause| match clause.order {
            Order::Before => 0,
            Order::Told => 1,
            Order::Last => 2,
        });
        let alone = clauses.len() == 1;
        for mut clause in clauses {
            if !question && !alone && (clause.states() || clause.reason && joined.is_empty()) {
                aside.extend(clause.pieces);
                continue;
            }
            if negation::negation(&mut clause) == Negated::All && !question {
                match joined.last_mut() {
                    // `…, but don't seal it`
                    Some(last) if clause.has("seal") || clause.has("start") && last.is_making() => {
                        last.pieces.extend(clause.pieces);
                    }
                    _ => {
                        outcome.talk = true;
                        aside.extend(clause.pieces);
                    }
                }
                continue;
            }
            // What nothing is asked for by itself belongs to the clause before it.
            let own = frame(&clause) && !modifies(&clause, joined.last());
            // `wg1, 10.9.0.1/24: set up that tunnel`
            let tool = |clause: &Clause| {
                frame::choose(self.lexicon, self.inventory, clause, question).map(|frame| &frame.tool)
            };
            let goes_on = !question
                && !clause.has_object()
                && joined
                    .last()
                    .is_some_and(|last| tool(last).is_some() && tool(last) == tool(&clause) && incomplete(&clause));
            match joined.last_mut() {
                Some(last) if goes_on => last.pieces.extend(clause.pieces),
                Some(last) if !own => last.pieces.extend(clause.pieces),
                // `flash/x with all below, may be destroyed`: what is named first is what it is about.
                Some(last)
                    if !question
                        && last.head().is_none()
                        && clause.head().is_some()
                        && !clause.has_object()
                        && incomplete(&clause)
                        && last.has_object()
                        && !last.states() =>
                {
                    let earlier = std::mem::take(&mut last.pieces);
                    last.pieces = earlier.into_iter().chain(clause.pieces).collect();
                    last.order = clause.order;
                }
                Some(last) if !frame(last) => {
                    let owned =
                        clause.objects().any(|(_, object)| object.acted_on() && !matches!(object, Object::At(_)));
                    if last.has_object() && owned {
                        aside.append(&mut last.pieces);
                    } else {
                        let earlier = std::mem::take(&mut last.pieces);
                        last.pieces = earlier.into_iter().chain(clause.pieces).collect();
                        last.order = clause.order;
                        continue;
                    }
                    *last = clause;
                }
                _ => joined.push(clause),
            }
        }
        (joined, aside)
    }

    fn clause(&mut self, clause: &Clause, whole: &[Piece], meaning: Meaning, focus: &Focus, outcome: &mut Outcome) {
        let question = meaning.mood == Mood::Question;
        let Some(frame) = frame::choose(self.lexicon, self.inventory, clause, question) else { return };
        let mut clause = clause.clone();
        // What is said of the situation elsewhere in the sentence: `hq1 is dead, do …`.
        if frame.tool == "replica_failover" {
            let here = |piece: &&Piece| clause.pieces.iter().any(|own| own.at == piece.at);
            let rest: Vec<Piece> =
                whole.iter().filter(|piece| piece.is("unplanned") && !here(piece)).cloned().collect();
            clause.pieces.extend(rest);
        }
        // `a copy on dr1:tank/x, so send it there`
        let there = clause.pieces.iter().any(|piece| piece.low == "there" && piece.objects.is_empty());
        let target =
            |piece: &Piece| piece.objects.iter().any(|object| matches!(object, Object::Target(_) | Object::Host(_)));
        if there && !clause.pieces.iter().any(target) {
            clause.pieces.extend(whole.iter().filter(|piece| target(piece)).cloned());
        }
        let scene = Scene { lexicon: self.lexicon, inventory: self.inventory, focus };
        let task = Task { scene, clause: &clause, set: &frame.set, question };
        self.understood.push(format!("{} → {}", clause.text(), frame.tool));
        match fill::fill(&frame.tool, task) {
            Filled::Calls(calls) => {
                for (tool, args) in calls {
                    let effect = effect(tool, &args);
                    let destroys = effect == Some(Effect::Destroy);
                    let changes = effect.is_some_and(|effect| effect != Effect::Read);
                    // Questions change nothing, and neither do conditions or what somebody else was
                    // heard to say.
                    let rehearsed = changes && clause.has("dry") && tool != "replicate";
                    if rehearsed
                        || question && (changes || outcome.quoted)
                        || destroys && (meaning.conditional || outcome.quoted)
                    {
                        outcome.talk = true;
                        continue;
                    }
                    if destroys {
                        if matches!(tool, "kvm_delete" | "dataset_destroy") && grasp::only_part(&clause) {
                            let reason = "that is only a part of it, and kai has no operation for that";
                            outcome.other = Some(fill::refuse("unsupported", reason));
                            return;
                        }
                        if let Some(asked) = inexact(&clause) {
                            outcome.other = Some(asked);
                            return;
                        }
                        self.said_destroy |= destroys_in_words(&clause.pieces);
                    }
                    merge(&mut outcome.calls, tool, args);
                }
            }
            Filled::Nothing => {}
            Filled::Ask { .. } | Filled::Refuse { .. } if question && (!reads(&frame.tool) || outcome.quoted) => {
                outcome.talk = true;
            }
            asked @ (Filled::Ask { .. } | Filled::Refuse { .. }) => outcome.other = Some(asked),
        }
    }
}

/// What a request does, if it is one.
pub(super) fn effect(tool: &str, args: &Args) -> Option<Effect> {
    Request::from_call(tool, Json::Object(args.clone())).ok().map(|request| request.effect())
}

/// Whether a copy of something is spoken of, and not by its own name.
fn spoken_of_copy(aside: &[Piece]) -> bool {
    let copy = |at: usize| {
        let piece = &aside[at];
        let named = aside.get(at + 1).is_some_and(|next| !next.objects.is_empty());
        let copies = ["clone", "clone_n", "replica_n", "backup"].iter().any(|noun| piece.is(noun));
        copies && piece.objects.is_empty() && !piece.name && !named
    };
    (0..aside.len()).any(copy)
}

/// A name in other capitals is not enough for a Destroy.
fn inexact(clause: &Clause) -> Option<Filled> {
    let other = |piece: &Piece| {
        let label =
            piece.objects.iter().filter_map(Object::label).find(|label| piece.raw.eq_ignore_ascii_case(label))?;
        (piece.raw != label).then(|| (piece.raw.clone(), label.to_owned()))
    };
    let (raw, label) = clause.pieces.iter().filter(|piece| !piece.name).find_map(other)?;
    Some(Filled::Ask {
        missing: vec!["vm", "name"],
        question: format!("There is no {raw} here; there is {label}. Is that meant?"),
        candidates: vec![label],
    })
}

/// Whether a clause leaves open who is meant.
fn incomplete(clause: &Clause) -> bool {
    !clause.pieces.iter().any(|piece| piece.low == "it" || piece.marks("them") || piece.name || piece.unknown())
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
    let discards = fill::consents(&clause.pieces) && last.has("rollback") && clause.objects().next().is_none();
    let keeps = clause.has("keep") && !clause.has("snap");
    let seals = clause.has("seal") && (last.has("golden") || last.has("build"));
    let names = clause.head().is_some_and(|piece| piece.marks("named"));
    let recursive = clause.has("recursive")
        && clause
            .pieces
            .iter()
            .all(|piece| light(piece) || piece.is("recursive") || piece.marks("and") || piece.orders())
        && clause.objects().next().is_none();
    // `…, replicate`
    let bare = clause.has("replicate") && clause.pieces.iter().filter(|piece| !piece.filler).count() == 1;
    let to = last.objects().any(|(_, object)| matches!(object, Object::Target(_)));
    // `…, force it`
    let forces = clause.has("force") && last.has("delete") && !clause.has_object();
    // `…, throttle 80M/s`
    let limits = clause.has("cap") && last.has("replicate") && !clause.has_object();
    limits || discards || keeps || seals || names || recursive || forces || bare && to
}

/// Whether some words destroy.
pub(super) fn destroys_in_words(pieces: &[Piece]) -> bool {
    ["delete", "discard", "failover", "failback", "forceoff", "prune", "stop", "undo", "disable", "shutdown"]
        .iter()
        .any(|concept| piece::has(pieces, concept))
        || fill::consents(pieces)
}

/// Whether a tool can be asked to read.
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
