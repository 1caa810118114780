//! The documents.

use serde_json::json;

use super::super::lexicon::Form;
use super::super::piece::Piece;
use super::super::text::Sep;
use super::super::values::Value;
use super::{Filled, Task, args, ask, call};

/// The words of some pieces as they were written.
fn words(pieces: &[Piece]) -> String {
    pieces.iter().map(|piece| piece.raw.as_str()).collect::<Vec<_>>().join(" ").trim().to_owned()
}

/// `höchstens` and the like.
fn at_most(piece: &Piece) -> bool {
    let words = ["hochstens", "maximal", "maximaal", "hoogstens", "au plus", "maximum", "al massimo", "no maximo"];
    words.contains(&piece.low.as_str())
}

/// How many hits are wanted, and the pieces without the words that say so: `four hits will do`.
fn wanted(pieces: &[Piece]) -> (Option<u64>, Vec<Piece>) {
    let count = Piece::whole;
    let most = |piece: &Piece| {
        matches!(
            piece.low.as_str(),
            "limit"
                | "max"
                | "maximum"
                | "at most"
                | "no more than"
                | "top"
                | "first"
                | "best"
                | "only"
                | "just"
                | "limited to"
        ) || at_most(piece)
    };
    for (at, piece) in pieces.iter().enumerate() {
        let Some(number) = count(piece) else { continue };
        let mut to = at + 1;
        while pieces
            .get(to)
            .is_some_and(|piece| matches!(piece.low.as_str(), "best" | "top" | "first" | "most relevant"))
        {
            to += 1;
        }
        let named = pieces.get(to).is_some_and(|piece| piece.is("hits") && piece.sep == Sep::Space);
        let limited = at > 0
            && (at_most(&pieces[at - 1])
                || matches!(
                    pieces[at - 1].low.as_str(),
                    "limit" | "max" | "maximum" | "at most" | "limited to" | "no more than"
                ));
        if !named && !limited {
            continue;
        }
        let mut from = at;
        while from > 0 && pieces[from].sep == Sep::Space && (most(&pieces[from - 1]) || pieces[from - 1].low == "the") {
            from -= 1;
        }
        // What follows after a comma belongs to it: `…, four hits will do`.
        let tail = from > 0 && (pieces[from].sep > Sep::Space || limited);
        let end = if tail {
            (to + 1..pieces.len()).find(|at| pieces[*at].sep > Sep::Space).unwrap_or(pieces.len())
        } else {
            to + usize::from(named)
        };
        let rest: Vec<Piece> = pieces[..from].iter().chain(&pieces[end..]).cloned().collect();
        return (Some(number), rest);
    }
    (None, pieces.to_vec())
}

pub(super) fn docs_search(task: Task<'_>) -> Filled {
    let (limit, pieces) = wanted(&task.clause.pieces);
    let pieces = &pieces;
    // What is looked for stands behind the last `for`, `about`, `on` of the request.
    let cut = pieces.iter().position(|piece| {
        matches!(
            piece.low.as_str(),
            "for"
                | "about"
                | "on"
                | "regarding"
                | "concerning"
                | "nach"
                | "uber"
                | "sur"
                | "sobre"
                | "su"
                | "over"
                | "naar"
                | "について"
                | "dealing with"
                | "mention"
                | "mentions"
                | "covering"
                | "cover"
        ) && piece.value.is_none()
    });
    let docs = pieces.iter().position(|piece| piece.is("docs") && !piece.is("search"));
    let mut from = match (cut, docs) {
        // `search for X in the docs`, `search the docs for X`
        (Some(cut), _) => cut + 1,
        (None, Some(docs)) if docs + 1 < pieces.len() && pieces[docs + 1..].iter().any(|piece| !piece.filler) => {
            docs + 1
        }
        _ => pieces.iter().position(|piece| piece.orders()).map_or(0, |at| at + 1),
    };
    // `look up ashift in the handbook`, `search for X in the docs`
    let mut to = pieces.len();
    if let Some(docs) = docs.filter(|docs| *docs > from) {
        to = docs;
        while to > from
            && (pieces[to - 1].filler
                && matches!(
                    pieces[to - 1].low.as_str(),
                    "in" | "the"
                        | "our"
                        | "of"
                        | "my"
                        | "your"
                        | "im"
                        | "in the"
                        | "der"
                        | "dem"
                        | "dans"
                        | "la"
                        | "en"
                        | "nella"
                )
                || pieces[to - 1].marks("on")
                || pieces[to - 1].marks("from"))
        {
            to -= 1;
        }
    }
    while from < to
        && (matches!(pieces[from].low.as_str(), "for" | "about" | "on" | "the" | "me" | "up" | "nach" | "uber")
            || pieces[from].is("docs") && pieces[from].low.contains("passage"))
    {
        from += 1;
    }
    let query = words(&pieces[from..to]);
    let query = query.trim_matches(|c: char| c == '"' || c == '\'').to_owned();
    if query.is_empty() {
        return ask(&["query"], "What shall be looked for?");
    }
    let mut out = args([("query", json!(query))]);
    let number = pieces[..from].iter().find_map(|piece| {
        if let Some(Value::Number(number)) = piece.value
            && number >= 1.0
        {
            Some(number as u64)
        } else {
            None
        }
    });
    if let Some(number) = limit.or(number) {
        out.insert("limit".to_owned(), json!(number));
    }
    call("docs_search", out)
}

/// Whether a page is named before its chapter: `read golden-images, chapter Sealing`.
fn named_before(pieces: &[Piece]) -> bool {
    pieces.iter().any(|piece| piece.unknown() && piece.named_like())
}

pub(super) fn docs_read(task: Task<'_>) -> Filled {
    let pieces = &task.clause.pieces;
    let page = task.value(|value| if let Value::Page(page) = value { Some(page.clone()) } else { None });
    // A chapter is a part of a page where another word says which page, and else a page itself.
    let either = |piece: &Piece| piece.is("page") && piece.is("section");
    let paged = |piece: &Piece| piece.is("page") && !piece.is("section") && !piece.name;
    let part = pieces.iter().position(|piece| either(piece) && !piece.name);
    let whole = page.is_some() || pieces.iter().any(paged) || part.is_some_and(|at| named_before(&pieces[..at]));
    let at = pieces.iter().position(|piece| if whole { paged(piece) } else { piece.is("page") && !piece.name });
    let section = pieces.iter().position(|piece| piece.is("section") && (whole || !piece.is("page")) && !piece.name);
    let content = |piece: &Piece| {
        !piece.filler
            && !piece.orders()
            && !piece.is("page")
            && !piece.is("section")
            && !["polite", "from", "on", "it"].iter().any(|mark| piece.marks(mark))
    };
    let page = page.or_else(|| {
        let at = at?;
        let close = |piece: &&Piece| piece.at + 2 >= pieces[at].at && pieces[at].sep == Sep::Space;
        let verb = at
            .checked_sub(1)
            .and_then(|at| pieces.get(at))
            .filter(|piece| piece.orders() && at > 1 && !piece.is("read"));
        let before = verb.or_else(|| pieces[..at].iter().rev().find(|piece| content(piece)).filter(close));
        let named = pieces[at + 1..].iter().find(|piece| content(piece));
        let taken = section.filter(|section| *section < at && at - *section > 1);
        let chosen = match (before, named, taken) {
            (Some(before), _, _)
                if pieces[at].low == "page"
                    || pieces[at].low == "man page"
                    || pieces[at].low == "manpage"
                    || pieces[at].low == "manual page"
                    || pieces[at].low == "chapter"
                    || pieces[at].low == "seite"
                    || pieces[at].low == "man" =>
            {
                Some(before)
            }
            (_, Some(named), _) => Some(named),
            (before, None, _) => before,
        };
        chosen.map(|piece| piece.raw.clone())
    });
    let page = page.or_else(|| {
        pieces
            .iter()
            .find(|piece| piece.name || piece.unknown())
            .filter(|_| section.is_none() || part.is_some_and(|at| named_before(&pieces[..at])))
            .map(|piece| piece.raw.clone())
    });
    let Some(page) = page else { return ask(&["page"], "Which page?") };
    let mut out = args([("page", json!(page))]);
    let quoted = pieces.iter().filter(|piece| piece.quote.is_some()).cloned().collect::<Vec<_>>();
    let heading = if !quoted.is_empty() && !quoted.iter().any(|piece| piece.raw == page) {
        Some(words(&quoted))
    } else if let Some(section) = section {
        // `the section Resume tokens of the replication page`, `the OPTIONS section of zfs-send(8)`
        let stop = |piece: &Piece| {
            matches!(
                piece.low.as_str(),
                "of" | "from" | "in" | "on" | "the" | "de" | "del" | "der" | "von" | "aus" | "di" | "du"
            ) || piece.marks("from")
                || piece.raw == page
                || piece.is("page")
                || piece.marks("polite")
        };
        let mut behind: Vec<Piece> = Vec::new();
        for piece in &pieces[section + 1..] {
            if stop(piece) {
                if behind.is_empty() && matches!(piece.low.as_str(), "on" | "the" | "about") {
                    continue;
                }
                break;
            }
            behind.push(piece.clone());
        }
        if behind.is_empty() {
            // `the Sealing chapter`
            let told = |piece: &Piece| piece.verbs().any(|hit| hit.form == Form::Base);
            let begin = pieces[..section]
                .iter()
                .rposition(|piece| piece.filler || told(piece) || piece.raw == page || piece.is("page"))
                .map_or(0, |at| at + 1);
            behind = pieces[begin..section].to_vec();
        }
        (!behind.is_empty()).then(|| words(&behind))
    } else {
        None
    };
    if let Some(heading) = heading.filter(|heading| !heading.is_empty()) {
        out.insert("heading".to_owned(), json!(heading));
    }
    call("docs_read", out)
}
