//! Which number belongs to which word: `4 gigs of ram, 2 cpus and a 40G disk`.

use super::Task;

use super::super::piece::Piece;
use super::super::text::Sep;
use super::super::values::Value;
use kai_tools::names::Size;

/// A quantity with the noun that it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Given {
    pub(crate) what: &'static str,
    pub(crate) value: Value,
    /// Whether it is what is added, not what it becomes.
    pub(crate) added: bool,
}

/// A size as requests have it: `80G`.
pub(crate) fn size(bytes: u64) -> String {
    Size::from_bytes(bytes).to_string()
}

/// A size from an inventory: `7.2T`.
pub(crate) fn bytes(text: &str) -> Option<u64> {
    text.parse::<Size>().ok().map(Size::bytes)
}

/// Whether a value can be of that kind.
fn suits(what: &str, value: &Value) -> bool {
    match what {
        "vcpu" | "port" | "each" => matches!(value, Value::Number(number) if number.fract() == 0.0 && *number >= 1.0),
        "bandwidth" => matches!(value, Value::Rate(_) | Value::Size(_)),
        "arc" | "thread_pct" => matches!(value, Value::Percent(_)),
        _ => matches!(value, Value::Size(_)),
    }
}

impl Task<'_> {
    /// The quantities of the clause for those nouns.
    pub(crate) fn quantities(&self, nouns: &[&'static str]) -> Vec<Given> {
        let pieces = &self.clause.pieces;
        let places: Vec<(usize, &'static str)> = pieces
            .iter()
            .enumerate()
            .flat_map(|(at, piece)| nouns.iter().filter(move |noun| piece.is(noun)).map(move |noun| (at, *noun)))
            .collect();
        let numbers: Vec<(usize, &Value)> =
            pieces.iter().enumerate().filter_map(|(at, piece)| Some((at, piece.value.as_ref()?))).collect();
        // `from 40G to 80G`: the old value is no argument.
        let old = |at: usize| {
            at > 0
                && (pieces[at - 1].low == "from" || pieces[at - 1].low == "von")
                && pieces.iter().skip(at + 1).take(2).any(|piece| piece.marks("to"))
        };
        let mut pairs: Vec<(u32, usize, usize)> = Vec::new();
        for (number, (at, value)) in numbers.iter().enumerate() {
            if old(*at) {
                continue;
            }
            // What stands further off belongs to something else.
            let near = |noun: usize| at.abs_diff(noun) < 24;
            for (place, (noun, what)) in places.iter().enumerate().filter(|(_, (noun, _))| near(*noun)) {
                if suits(what, value) && noun != at {
                    pairs.push((cost(pieces, *at, *noun), number, place));
                } else if suits(what, value) && pieces[*at].is(what) {
                    pairs.push((0, number, place));
                }
            }
        }
        pairs.sort_unstable();
        let mut used = vec![false; numbers.len()];
        let mut taken = vec![false; places.len()];
        let mut out: Vec<Given> = Vec::new();
        for (cost, number, place) in pairs {
            let (at, value) = numbers[number];
            let (noun, what) = places[place];
            // One word can stand for several nouns, and fills only one.
            let double = places.iter().zip(&taken).any(|((other, _), taken)| *other == noun && *taken);
            if cost > 40 || used[number] || taken[place] || double || out.iter().any(|given| given.what == what) {
                continue;
            }
            used[number] = true;
            taken[place] = true;
            out.push(Given { what, value: value.clone(), added: self.added(at) });
        }
        out
    }

    /// Whether a number is what is added.
    pub(crate) fn added(&self, at: usize) -> bool {
        let pieces = &self.clause.pieces;
        let near = |piece: &Piece| piece.is("more") || piece.is("by");
        let before = at > 0 && near(&pieces[at - 1]) || at > 1 && near(&pieces[at - 2]) && pieces[at - 1].filler;
        let behind = pieces
            .iter()
            .skip(at + 1)
            .take(4)
            .take_while(|piece| piece.sep == Sep::Space && piece.value.is_none())
            .any(|piece| piece.is("more"));
        let to = at > 0 && pieces[at - 1].marks("to") && !pieces[at - 1].is("by");
        let adds = self.clause.head().is_some_and(|piece| piece.is("add")) && !to;
        before || behind || adds || pieces[at].raw.starts_with('+')
    }

    /// Sizes that no noun was found for, in order.
    pub(crate) fn loose_sizes(&self, given: &[Given]) -> Vec<(usize, u64)> {
        let mut rest: Vec<Value> = given.iter().map(|given| given.value.clone()).collect();
        let mut out = Vec::new();
        for (at, piece) in self.clause.pieces.iter().enumerate() {
            if let Some(value @ Value::Size(bytes)) = &piece.value {
                match rest.iter().position(|known| known == value) {
                    Some(known) => {
                        rest.remove(known);
                    }
                    None => out.push((at, *bytes)),
                }
            }
        }
        out
    }
}

/// How far a number and a noun are apart.
fn cost(pieces: &[Piece], number: usize, noun: usize) -> u32 {
    let (from, to) = if number < noun { (number, noun) } else { (noun, number) };
    let mut cost = 0;
    for (at, piece) in pieces.iter().enumerate().take(to + 1).skip(from + 1) {
        if at < to {
            cost += match () {
                () if piece.value.is_some() => 30,
                () if piece.filler || piece.marks("to") || piece.marks("from") => 2,
                () if piece.marks("and") => 12,
                () => 5,
            };
        }
        if piece.sep > Sep::Space {
            cost += 12;
        }
    }
    // `4G of ram` binds a little closer than `ram 4G`.
    cost + u32::from(number > noun)
}
