//! Names for what is to be made. They are taken as they were written, and never mended.

use super::super::clause::Clause;
use super::super::piece::{Object, Piece};
use super::super::range::{between, range};
use super::super::text::Sep;
use super::super::values::Value;
use super::Task;

/// Names that are new, and the places that they stand at.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fresh {
    pub(crate) names: Vec<String>,
    pub(crate) places: Vec<usize>,
    /// Whether a word claimed them (`called`, `to`).
    pub(crate) claimed: bool,
}

impl Fresh {
    fn add(&mut self, at: usize, name: &str) {
        self.places.push(at);
        if !self.names.iter().any(|known| known == name) {
            self.names.push(name.to_owned());
        }
    }
}

/// Whether a piece may be a new name.
fn may_name(task: &Task<'_>, piece: &Piece) -> bool {
    if piece.name {
        return true;
    }
    let odd = piece.raw.starts_with('-') || piece.raw.contains("..") || piece.raw.contains('$');
    // `3 workers` counts, and names none.
    let counted = task.clause.pieces.iter().any(|before| {
        before.at + 1 == piece.at && matches!(before.value, Some(Value::Number(_))) && piece.sep == Sep::Space
    });
    if counted && piece.raw.ends_with('s') && !piece.named_like() {
        return false;
    }
    (piece.unknown() || odd && piece.hits.is_empty())
        && !task.scene.lexicon.is_plain(&piece.low)
        && piece.quote.is_none_or(|_| !piece.raw.contains(' '))
}

/// A name of the clause: what `called …` claims.
pub(crate) fn claimed(clause: &Clause) -> Option<String> {
    clause.names().next().map(|piece| piece.raw.clone())
}

impl Task<'_> {
    /// Names for new VMs. `skip` are places that mean something else.
    pub(crate) fn fresh(&self, skip: &[usize]) -> Fresh {
        let pieces = &self.clause.pieces;
        let mut out = Fresh::default();
        let mut at = 0;
        let candidates = |only_claimed: bool, out: &mut Fresh, at: &mut usize| {
            while *at < pieces.len() {
                let piece = &pieces[*at];
                let here = *at;
                *at += 1;
                if skip.contains(&here) || pieces.get(here.wrapping_sub(1)).is_some_and(|piece| piece.is("prefix")) {
                    continue;
                }
                // `the centos template` describes what is there.
                let next = pieces.get(here + 1).filter(|next| next.sep == Sep::Space);
                if piece.describes && !piece.name && next.is_some_and(|next| next.is("golden") || next.is("vm")) {
                    continue;
                }
                let list = range(&piece.raw).filter(|_| !piece.raw.contains('/') || piece.name);
                let wanted = if only_claimed {
                    piece.name
                } else {
                    may_name(self, piece) || list.is_some() && piece.hits.is_empty() && piece.value.is_none()
                };
                if !wanted {
                    continue;
                }
                // `node1 to node4`
                let mark = pieces.get(here + 1).is_some_and(|piece| piece.marks("through") || piece.marks("to"));
                let end = pieces.get(here + 2).filter(|_| mark).and_then(|end| between(&piece.raw, &end.raw));
                if let Some(list) = end {
                    for name in &list {
                        out.add(here, name);
                    }
                    out.places.push(here + 2);
                    *at = here + 3;
                    continue;
                }
                match list {
                    Some(list) => list.iter().for_each(|name| out.add(here, name)),
                    None => out.add(here, &piece.raw),
                }
            }
        };
        candidates(true, &mut out, &mut at);
        if !out.names.is_empty() {
            out.claimed = true;
            // `called web3, web4 and web5`: the rest of the list is unknown words right behind.
            return out;
        }
        let mut at = 0;
        candidates(false, &mut out, &mut at);
        out
    }

    /// One new name: a claimed one, else the word that is not understood and looks most like one.
    pub(crate) fn fresh_name(&self, skip: &[usize]) -> Option<String> {
        if let Some(name) = claimed(self.clause) {
            return Some(name);
        }
        let pieces = &self.clause.pieces;
        let able = |at: &usize| !skip.contains(at) && may_name(self, &pieces[*at]);
        let places: Vec<usize> = (0..pieces.len()).filter(able).collect();
        let behind_noun = |at: &usize| {
            *at > 0 && ["vm", "container", "golden", "bootenv", "snapshot"].iter().any(|noun| pieces[*at - 1].is(noun))
        };
        let alike = |at: &usize| pieces[*at].named_like();
        let found = places
            .iter()
            .find(|at| behind_noun(at))
            .or_else(|| places.iter().find(|at| alike(at)))
            .or_else(|| places.first());
        found.map(|at| pieces[*at].raw.clone())
    }

    /// A name for a snapshot: claimed, or in quotes.
    pub(crate) fn label(&self) -> Option<String> {
        let pieces = &self.clause.pieces;
        if let Some(piece) = self.clause.names().next() {
            return Some(piece.raw.trim_start_matches('@').to_owned());
        }
        let at = pieces.iter().find_map(|piece| match piece.objects.first() {
            Some(Object::At(name)) => Some(name.clone()),
            Some(Object::Snapshot(_, name)) => Some(name.clone()),
            _ => None,
        });
        at.or_else(|| {
            pieces.iter().find(|piece| piece.quote.is_some() && piece.unknown()).map(|piece| piece.raw.clone())
        })
    }
}
