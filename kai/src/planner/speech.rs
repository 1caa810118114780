//! How a sentence is meant: as an order, as a question about this host, or as something that
//! nothing is done about.

use super::clause::{Sentence, opens};
use super::grammar::{determines, is_copula};
use super::lexicon::{Class, Form};
use super::piece::Piece;
use super::text::Sep;

/// How a sentence is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    /// Something should be done.
    Order,
    /// Something should be looked at.
    Question,
    /// Talk: how things are done, what would be, what somebody said.
    Talk,
}

/// A sentence's mood, and whether it holds under a condition only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Meaning {
    /// How it is meant.
    pub mood: Mood,
    /// Whether a condition follows (`… if it is idle`).
    pub conditional: bool,
    /// Whether it says what somebody else said.
    pub reported: bool,
}

fn light(piece: &Piece) -> bool {
    let ask = piece.marks("ask");
    !ask && (piece.filler && !matches!(piece.low.as_str(), "if" | "i" | "we")
        || piece.marks("again")
        || piece.marks("yes"))
}

/// Turns what is wished to be done into orders: `i want web1 restarted`, `alma9-tpl, cloned to n01`.
fn wishes(sentence: &mut Sentence) {
    let pieces = &mut sentence.pieces;
    let plain = |piece: &Piece| piece.objects.is_empty() && !piece.name;
    let done = |piece: &Piece| {
        plain(piece) && piece.verbs().next().is_some() && piece.verbs().all(|hit| hit.form == Form::Past)
    };
    let told = pieces.iter().any(|piece| plain(piece) && (piece.orders() || piece.marks("past") || piece.asks));
    let mut wished = false;
    // `web1 is rebooting`, `web1 was shut down`: nobody asks for it.
    for at in 1..pieces.len() {
        let told = pieces[at - 1].marks("past") && pieces[at - 1].objects.is_empty();
        let goes_on = is_copula(&pieces[at - 1]);
        for hit in pieces[at].hits.iter_mut().filter(|hit| hit.class == Class::Verb) {
            if told && hit.form == Form::Base {
                hit.form = Form::Past;
            } else if goes_on && hit.form == Form::Gerund {
                hit.form = Form::Third;
            }
        }
    }
    for at in 0..pieces.len() {
        let causes = matches!(pieces[at].low.as_str(), "get" | "have" | "getting" | "having")
            && pieces[..at].iter().all(|piece| light(piece) || piece.marks("polite"));
        let passive = pieces[at].low == "be" && at > 0;
        wished |= pieces[at].is("want") || causes || passive;
        if plain(&pieces[at]) && pieces[at].marks("past") {
            wished = false;
        }
        let leads = pieces
            .get(at + 1)
            .is_some_and(|next| next.marks("to") || next.marks("as") || next.marks("named") || next.marks("from"));
        let ends = pieces[at + 1..].iter().all(light) && pieces[at + 1..].iter().any(|piece| piece.marks("polite"));
        let kept = ["delete", "discard", "failover", "forceoff"].iter().any(|verb| pieces[at].is(verb));
        let terse = !told
            && (leads || ends)
            && !kept
            && pieces[..at].iter().any(|piece| !piece.objects.is_empty() || piece.unknown() && piece.named_like());
        if done(&pieces[at]) && (wished || terse) {
            for hit in &mut pieces[at].hits {
                hit.form = Form::Base;
            }
        }
    }
}

/// `which snapshots can i go back to?` asks for a list, not for advice.
fn asks_for_list(pieces: &[Piece], at: usize) -> bool {
    let able = ["can i", "can we", "could i", "could we", "may i", "may we", "am i able", "are we able"];
    able.contains(&pieces[at].low.as_str())
        && pieces[..at].windows(2).any(|pair| pair[0].marks("ask") && lists(&pair[1]))
}

/// Whether a noun is one that a host has several of.
fn lists(piece: &Piece) -> bool {
    ["vm", "golden", "snapshot", "bootenv", "gpu", "container", "pool", "dataset", "volume", "peer", "interface"]
        .iter()
        .any(|noun| piece.is(noun))
        && (piece.low.ends_with('s') || piece.low.starts_with("points "))
}

/// `what golden templates …?`: a noun that a host has several of, behind words that say which.
fn asks_several(pieces: &[Piece]) -> bool {
    let Some((what, behind)) = pieces.split_first() else { return false };
    let named = behind.iter().take(3).take_while(|piece| piece.sep == Sep::Space);
    let kind = |piece: &&Piece| piece.hits.iter().any(|hit| hit.class == Class::Noun) && !piece.marks("ask");
    what.low == "what" && named.take_while(kind).any(lists)
}

/// `what is the scrub for?` asks for a purpose.
fn asks_purpose(pieces: &[Piece]) -> bool {
    let last = pieces.iter().rev().find(|piece| !piece.marks("polite"));
    let named = pieces.iter().any(|piece| !piece.objects.is_empty());
    let what = pieces.first().is_some_and(|piece| piece.low.starts_with("what"));
    what && !named && pieces.len() > 2 && last.is_some_and(|piece| piece.low == "for")
}

/// Whether a condition behind an order only says what is there already: `if it is running`.
fn about_now(pieces: &[Piece]) -> bool {
    let states = ["running", "stopped", "paused", "force"];
    let word = |piece: &Piece| {
        matches!(
            piece.low.as_str(),
            "needed" | "necessary" | "possible" | "required" | "already" | "can" | "could" | "like"
        ) || piece.low.starts_with("if you")
            || piece.low.starts_with("in case")
    };
    pieces.iter().any(|piece| word(piece) || states.iter().any(|state| piece.is(state)))
}

/// `pause it until the backups are through`: what ends the pause is left to the person.
fn held(sentence: &mut Sentence) {
    let pieces = &sentence.pieces;
    let holds = |piece: &Piece| piece.is("pause") || piece.is("suspend");
    let until = |at: &usize| matches!(pieces[*at].low.as_str(), "until" | "till") && pieces[*at].objects.is_empty();
    let at = (1..pieces.len()).find(until).filter(|at| pieces[..*at].iter().any(holds));
    sentence.pieces.truncate(at.unwrap_or(sentence.pieces.len()));
}

/// Whether it is a statement that only looks like an order: `deleting web1 is a bad idea`, `a rollback
/// would lose data`, `delete failed`, `i'll do it myself`.
fn tells(pieces: &[Piece], lead: &[usize]) -> bool {
    let plain = |piece: &Piece| piece.objects.is_empty() && !piece.name;
    let finite = |piece: &Piece| {
        is_copula(piece) && !piece.is("want")
            || plain(piece)
                && matches!(piece.low.as_str(), "would" | "could" | "might" | "will" | "takes" | "means" | "sounds")
    };
    let Some(first) = lead.first().copied() else { return false };
    let head = lead.iter().copied().find(|at| pieces[*at].orders() && plain(&pieces[*at]));
    let Some(head) = head else { return false };
    let behind = &pieces[head + 1..];
    let parted = behind.iter().position(|piece| piece.sep > Sep::Space).unwrap_or(behind.len());
    let says = behind[..parted].iter().any(finite);
    let subject = pieces[head].verbs().all(|hit| hit.form == Form::Gerund) && head == first;
    // `the clone web9 is old`: a name follows its noun.
    let apposed = behind.first().is_some_and(|piece| !piece.objects.is_empty() && piece.sep == Sep::Space);
    let noun = head > 0 && determines(&pieces[head - 1]) && pieces[..head].iter().all(light) && !apposed;
    if (subject || noun) && says {
        return true;
    }
    let fails =
        ["failed", "fails", "failing", "works", "worked", "hangs", "hung", "button", "key", "permission", "option"];
    if behind
        .first()
        .is_some_and(|piece| fails.contains(&piece.low.as_str()) && piece.sep == Sep::Space && plain(piece))
    {
        return true;
    }
    // Who does it: the person.
    let word = |at: usize| pieces.get(at).map_or("", |piece| piece.low.as_str());
    let own = matches!(word(0), "i'll" | "we'll" | "i'm" | "im" | "i've" | "we've" | "we're")
        || matches!(
            (word(0), word(1)),
            ("i" | "we" | "they" | "he" | "she", "will" | "am" | "are" | "shall" | "can" | "did" | "have" | "had")
        );
    let mine = pieces.iter().any(|piece| matches!(piece.low.as_str(), "myself" | "ourselves" | "themselves"));
    let lets = (0..head).any(|at| pieces[at].low == "let me")
        && !["list", "read", "search", "check"].iter().any(|verb| pieces[head].is(verb));
    // `we're short of space, web1 has to go`
    let own = own && pieces[1..=head].iter().all(|piece| piece.sep == Sep::Space);
    mine || lets || own && !pieces[..=head].iter().any(|piece| piece.is("want") || piece.is("create"))
}

/// Judges a sentence. What stands behind a trailing condition is cut off.
#[must_use]
pub(super) fn meaning(sentence: &mut Sentence) -> Meaning {
    wishes(sentence);
    held(sentence);
    let talk = Meaning { mood: Mood::Talk, conditional: false, reported: false };
    let lead: Vec<usize> = (0..sentence.pieces.len()).filter(|at| !light(&sentence.pieces[*at])).collect();
    let Some(first) = lead.first().copied() else { return talk };
    let pieces = &sentence.pieces;
    let plain = |piece: &Piece| piece.objects.is_empty() && !piece.name;
    let polite = lead.iter().take(3).any(|at| pieces[*at].marks("polite"))
        || pieces.iter().any(|piece| piece.marks("polite") && piece.low.contains("you"));
    let at_head = |mark: &str| lead.iter().take(4).position(|at| pieces[*at].marks(mark) && plain(&pieces[*at]));
    // `could you tell me how …`
    let asked = |piece: &Piece| (piece.marks("howto") || piece.marks("why")) && plain(piece);
    if pieces.iter().any(|piece| piece.marks("howto") && plain(piece)) || at_head("why").is_some() {
        let order =
            lead.iter().take(2).take_while(|at| !asked(&pieces[**at])).any(|at| {
                pieces[*at].orders() && !["explain", "list", "search"].iter().any(|verb| pieces[*at].is(verb))
            });
        let search = pieces.iter().any(|piece| piece.is("docs") || piece.is("search"));
        if !order && !search {
            return talk;
        }
    }
    let verb_before = |at: usize| pieces[..at].iter().any(|piece| piece.orders() && plain(piece));
    // `what do the docs say about …` looks something up.
    let looks_up = pieces.get(first).is_some_and(|piece| piece.marks("ask"))
        && pieces.iter().any(|piece| piece.is("docs"))
        && pieces.iter().all(|piece| piece.sep <= Sep::Space || piece.at == pieces[0].at);
    if let Some(at) = pieces.iter().position(|piece| piece.marks("reported") && plain(piece) && !looks_up) {
        let quotes = pieces.get(at + 1).is_some();
        if quotes || at > 0 {
            return Meaning { reported: true, ..talk };
        }
    }
    if let Some(place) = at_head("concept") {
        let at = lead[place];
        let requested = pieces[at].marks("polite");
        let docs = pieces.iter().any(|piece| piece.is("docs") && !piece.low.contains("what") || piece.is("history_q"));
        if !requested && !verb_before(at) && !docs && !asks_for_list(pieces, at) {
            return talk;
        }
    }
    if lead.iter().take(3).any(|at| pieces[*at].is("explain") && plain(&pieces[*at])) || tells(pieces, &lead) {
        return talk;
    }
    if pieces.iter().any(|piece| {
        piece.marks("concept")
            && [
                "difference",
                "vs",
                "versus",
                "pros and cons",
                "unterschied",
                "diferencia",
                "differenza",
                "diferenca",
                "verschil",
            ]
            .iter()
            .any(|word| piece.low.contains(word))
    }) {
        return talk;
    }
    let conditional = |piece: &Piece| {
        plain(piece) && (piece.marks("hypo") || matches!(piece.low.as_str(), "if" | "unless" | "wenn" | "falls"))
    };
    // `delete web1 when nobody is using it`
    let later = |at: usize| {
        let behind = &pieces[at + 1..];
        let says = behind.iter().take(4).any(|piece| is_copula(piece) || piece.verbs().next().is_some());
        let waits = match pieces[at].low.as_str() {
            "when" | "whenever" | "until" | "till" => behind.len() > 1 || says,
            "once" | "while" => says,
            _ => false,
        };
        waits && plain(&pieces[at]) && verb_before(at)
    };
    if (1..pieces.len()).any(later) {
        return talk;
    }
    let mut trailing = false;
    if let Some(at) = pieces.iter().position(conditional) {
        let soft = pieces[at].low.starts_with("if")
            || matches!(pieces[at].low.as_str(), "in case" | "falls" | "wenn" | "si" | "se" | "als");
        if !(soft && verb_before(at) && about_now(&pieces[at..])) {
            return talk;
        }
        sentence.pieces.truncate(at);
        trailing = true;
    }
    let pieces = &sentence.pieces;
    // `I delete old snapshots every week`, `we started web1`
    let subject = matches!(pieces.get(first).map(|piece| piece.low.as_str()), Some("i" | "we" | "they" | "he" | "she"));
    // `we passed the audit, remove web1`
    let goes_on = (first + 2..pieces.len()).any(|at| pieces[at].sep == Sep::Comma && opens(&pieces[at]));
    if subject
        && pieces.get(first + 1).is_some_and(|piece| {
            // `I messed up web1.`
            let did = piece.unknown() && piece.low.len() > 4 && piece.low.ends_with("ed");
            did && !goes_on || piece.verbs().next().is_some() && !piece.is("create") || piece.marks("past")
        })
        && !polite
    {
        return talk;
    }
    let order = pieces.iter().any(|piece| piece.orders() && plain(piece));
    let past = pieces.iter().any(|piece| {
        plain(piece)
            && (piece.marks("past") || piece.hits.iter().any(|hit| hit.class == Class::Verb && hit.form == Form::Past))
    });
    let asks = pieces.iter().any(|piece| piece.asks);
    // `do a dry run` is an order, `do we have …` a question.
    let errand = pieces.get(first).is_some_and(|piece| piece.low == "do")
        && pieces
            .get(first + 1)
            .is_some_and(|next| matches!(next.low.as_str(), "a" | "an" | "the" | "another" | "one"));
    // `have web1 started`
    let has = lead.iter().find(|at| !pieces[**at].marks("polite")).is_some_and(|at| pieces[*at].low == "have");
    let causes =
        has && !pieces.iter().any(|piece| piece.asks) && pieces.iter().any(|piece| plain(piece) && piece.orders());
    let asking = pieces.get(first).is_some_and(|piece| piece.marks("ask") && plain(piece) && !errand && !causes)
        || lead.get(1).is_some_and(|at| {
            pieces[*at].marks("ask")
                && !causes
                && !pieces[*at].orders()
                && pieces.get(first).is_some_and(|piece| {
                    piece.marks("polite") || piece.marks("and") || piece.is("list") || piece.marks("then")
                })
        });
    if past && !order && !asking && !asks {
        return talk;
    }
    if (asking || asks) && !polite {
        // `what is a snapshot?`
        let what = pieces
            .get(first)
            .is_some_and(|piece| matches!(piece.low.as_str(), "what is" | "what's" | "whats" | "what are" | "what"));
        let definite = pieces.iter().any(|piece| {
            matches!(
                piece.low.as_str(),
                "the"
                    | "my"
                    | "our"
                    | "this"
                    | "here"
                    | "there"
                    | "have"
                    | "has"
                    | "do we have"
                    | "host"
                    | "this host"
                    | "running"
                    | "on"
            ) || !piece.objects.is_empty()
                || piece.low.starts_with("this ")
                || piece.low.starts_with("the ")
                || piece.is("use")
                || piece.is("running")
                || piece.is("lately")
                || piece.is("history_q")
                || piece.is("health")
                || piece.is("newest")
        });
        let several = asks_several(&pieces[first..]);
        if what && !definite && !several || asks_purpose(&pieces[first..]) {
            return talk;
        }
        // `was sandbox deleted?` is about what happened.
        let gone = |piece: &Piece| {
            ["delete", "discard", "create", "clone", "resize", "grow", "reboot", "shutdown"]
                .iter()
                .any(|verb| piece.is(verb))
                && piece.verbs().all(|hit| hit.form == Form::Past)
                && piece.verbs().next().is_some()
        };
        let listed = |piece: &Piece| ["snapshot", "vm", "golden"].iter().any(|noun| piece.is(noun));
        if pieces.iter().any(gone) && !pieces.iter().any(listed) {
            return talk;
        }
        return Meaning { mood: Mood::Question, conditional: trailing, reported: false };
    }
    if asks && polite {
        // `can you clone a running vm?` asks about kai, not about this host.
        let named = pieces
            .iter()
            .any(|piece| !piece.objects.is_empty() || piece.name || piece.value.is_some() || piece.unknown());
        let several = pieces.iter().any(|piece| lists(piece) && !pieces.iter().any(|piece| piece.is("all")));
        let vague = several || pieces.iter().any(|piece| matches!(piece.low.as_str(), "a" | "an") && piece.filler);
        let makes = pieces.iter().any(|piece| {
            piece.is("create")
                || piece.is("list")
                || piece.is("check")
                || piece.is("run")
                || piece.is("snap")
                || piece.is("search")
        });
        if !named && vague && !makes {
            return talk;
        }
    }
    Meaning { mood: Mood::Order, conditional: trailing, reported: false }
}
