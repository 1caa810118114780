//! Slips that are mended in the same breath: `start web1, no wait, web2`. What was said first goes, and
//! what is said instead takes its place.

use super::lexicon::{ENGLISH, Hit, Lexicon};
use super::objects::Object;
use super::piece::Piece;
use super::text::Sep;

/// Words that take back what stands before them.
const SLIPS: [&str; 22] = [
    "sorry",
    "no wait",
    "no",
    "wait",
    "wait no",
    "no no",
    "no sorry",
    "rather",
    "make that",
    "make it",
    "correction",
    "scratch that",
    "strike that",
    "oops",
    "er",
    "uh",
    "ehm",
    "pardon",
    "i mean",
    "i meant",
    "my mistake",
    "nope",
];

fn slips(piece: &Piece) -> bool {
    piece.objects.is_empty() && !piece.name && SLIPS.contains(&piece.low.as_str())
}

/// Whether two pieces are things of one kind.
fn alike(a: &Piece, b: &Piece) -> bool {
    let kind = |object: &Object| std::mem::discriminant(object);
    let same = match (a.objects.first(), b.objects.first()) {
        (Some(a), Some(b)) => kind(a) == kind(b),
        (Some(_), None) | (None, Some(_)) => false,
        (None, None) => match (&a.value, &b.value) {
            (Some(a), Some(b)) => std::mem::discriminant(a) == std::mem::discriminant(b),
            (Some(_), None) | (None, Some(_)) => false,
            (None, None) => (a.name || a.unknown()) && (b.name || b.unknown()),
        },
    };
    same && a.raw != b.raw
}

/// Whether an order is taken back as a whole: `delete web1, no, keep it`.
#[must_use]
pub(super) fn withdrawn(pieces: &[Piece]) -> bool {
    let plain = |piece: &Piece| piece.objects.is_empty() && !piece.name && piece.value.is_none();
    let forgets = ["never mind", "nevermind", "forget it", "forget that", "cancel that", "drop it"];
    let back = |piece: &Piece| plain(piece) && (slips(piece) || forgets.contains(&piece.low.as_str()));
    let stays = |piece: &Piece| {
        let low = piece.low.as_str();
        plain(piece) && (piece.is("keep") || piece.marks("not") || low == "leave" || low.starts_with("leave "))
    };
    let at = |at: &usize| {
        let behind = &pieces[*at + 1..];
        let nothing = behind.iter().all(|piece| piece.filler || back(piece));
        let order = pieces[..*at].iter().any(|piece| piece.orders() && plain(piece));
        back(&pieces[*at])
            && pieces[*at].sep > Sep::Space
            && !pieces[*at].asks
            && order
            && (nothing || behind.iter().take(3).any(stays))
    };
    (1..pieces.len()).find(at).is_some()
}

/// `winsrv isn't needed, drop it`: where nothing was ordered yet, nothing is called off, and what is not
/// needed goes.
#[must_use]
pub(super) fn disowned(lexicon: &Lexicon, mut pieces: Vec<Piece>) -> Vec<Piece> {
    let plain = |piece: &Piece| piece.objects.is_empty() && !piece.name;
    let orders = |piece: &Piece| plain(piece) && piece.orders() && !piece.is("want");
    let noun = |piece: &Piece| piece.hits.iter().any(Hit::is_noun);
    // `we don't need a clone of web1, drop it` calls off.
    let vague = |piece: &Piece| plain(piece) && (matches!(piece.low.as_str(), "a" | "an" | "another" | "to"));
    let not = |piece: &Piece| plain(piece) && (piece.marks("not") || piece.low == "no");
    let needed = |piece: &Piece| {
        let word = matches!(piece.low.as_str(), "need" | "needed" | "wanted" | "required" | "used" | "should be");
        plain(piece) && word || piece.low.starts_with("no need for")
    };
    let goes = |at: &usize| {
        let (piece, before) = (&pieces[*at], &pieces[..*at]);
        let unneeded = before.iter().any(not) && before.iter().any(needed);
        plain(piece)
            && piece.sep > Sep::Space
            && matches!(piece.low.as_str(), "drop it" | "cancel it")
            && unneeded
            && before.iter().any(|piece| !piece.objects.is_empty())
            && !before.iter().any(|piece| vague(piece) || orders(piece) && !noun(piece))
    };
    let Some(at) = (1..pieces.len()).find(goes) else { return pieces };
    let whole = pieces[at].clone();
    let words: Vec<String> = whole.low.split(' ').map(str::to_owned).collect();
    let one = |(index, word): (usize, &String)| Piece {
        raw: word.clone(),
        low: word.clone(),
        sep: if index == 0 { whole.sep } else { Sep::Space },
        hits: lexicon.hits(&words[index..=index], 0, 1, &[ENGLISH]),
        ..whole.clone()
    };
    let parts: Vec<Piece> = words.iter().enumerate().map(one).collect();
    pieces.splice(at..=at, parts);
    pieces
}

/// The pieces without what was taken back.
#[must_use]
pub(super) fn mend(mut pieces: Vec<Piece>) -> Vec<Piece> {
    let mut at = 1;
    while at < pieces.len() {
        if !slips(&pieces[at]) || pieces[at].sep == Sep::Space {
            at += 1;
            continue;
        }
        let mut next = at + 1;
        let skips = |piece: &Piece| slips(piece) || piece.marks("meant") || piece.filler && piece.objects.is_empty();
        while next < pieces.len() && next < at + 5 && skips(&pieces[next]) {
            next += 1;
        }
        let taken = pieces.get(next).is_some_and(|piece| alike(&pieces[at - 1], piece));
        if !taken {
            at += 1;
            continue;
        }
        let old = pieces[at - 1].clone();
        let piece = &mut pieces[next];
        piece.name |= old.name;
        piece.sep = old.sep;
        if old.name {
            piece.hits.clear();
        }
        // `no wait, web2 I mean`, and the dash behind it.
        let mut after = next + 1;
        while pieces.get(after).is_some_and(|piece| piece.sep == Sep::Space && (slips(piece) || piece.low == "i")) {
            after += 1;
        }
        if let Some(behind) = pieces.get_mut(after).filter(|behind| behind.sep == Sep::Comma && behind.marks("as")) {
            behind.sep = Sep::Space;
        }
        pieces.drain(next + 1..after);
        pieces.drain(at - 1..next);
    }
    pieces
}
