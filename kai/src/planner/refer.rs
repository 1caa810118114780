//! Who is meant: names, ranges, pronouns. Several that fit, or none, are said so and never chosen from.

use super::clause::Clause;
use super::inventory::{Inventory, Vm};
use super::lexicon::Lexicon;
use super::piece::{Object, Piece};
use super::range::{between, range};
use super::text::{self, distance};

/// What was spoken of before.
#[derive(Debug, Clone, Default)]
pub(super) struct Focus {
    /// The VMs that were spoken of last, together.
    pub vms: Vec<String>,
    /// Those that were to choose from, or stood beside them.
    pub choice: Vec<String>,
    /// The dataset that was spoken of last.
    pub dataset: Option<String>,
    /// The GPU.
    pub gpu: Option<u32>,
    /// Containers.
    pub containers: Vec<String>,
    /// The pool.
    pub pool: Option<String>,
    /// VMs that earlier steps make.
    pub made: Vec<String>,
    /// What was spoken of last, in pieces.
    pub topic: Vec<Piece>,
}

impl Focus {
    /// Whether nothing was spoken of.
    pub(super) fn is_empty(&self) -> bool {
        self.vms.is_empty() && self.topic.is_empty() && self.containers.is_empty()
    }
}

/// Who is meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Meant {
    /// These.
    pub names: Vec<String>,
    /// Or one of these: to be asked.
    pub candidates: Vec<String>,
    /// Words in the place of a name that name nothing.
    pub unknown: Vec<String>,
    /// Whether a pronoun stood for it.
    pub pronoun: bool,
    /// Whether a word like `all` did.
    pub all: bool,
}

/// What is looked at when references are resolved.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene<'a> {
    /// The phrases.
    pub lexicon: &'a Lexicon,
    /// The host.
    pub inventory: &'a Inventory,
    /// What was spoken of.
    pub focus: &'a Focus,
}

impl Scene<'_> {
    /// The VMs that a clause is about; golden images and clones made by earlier steps included.
    #[must_use]
    pub(super) fn vms(&self, clause: &Clause, skip: &[usize]) -> Meant {
        if let Some(meant) = self.all_but(clause, skip) {
            return meant;
        }
        let mut meant = Meant::default();
        self.named(clause, skip, &mut meant);
        let vm_noun = |piece: &Piece| piece.is("vm") || piece.is("golden");
        let plural = clause.pieces.iter().any(|piece| {
            vm_noun(piece) && (piece.low.ends_with('s') || piece.low.ends_with("es")) && !piece.low.ends_with("ss")
        });
        let all = clause.pieces.iter().any(|piece| (piece.is("all") || piece.is("both")) && !piece.name);
        if !meant.names.is_empty() {
            // `start web1 and sandbx`
            meant.unknown = self.strangers(clause, skip);
            return meant;
        }
        let described = self.by_description(clause, skip);
        if let Some((found, words)) = described {
            let many = all || plural || words.iter().any(|word| self.is_plural(word, &found));
            // `both shops`, and there are three: it is asked.
            let both = clause.pieces.iter().any(|piece| piece.is("both") && !piece.name);
            let miscounted = both && found.len() > 2;
            if found.len() == 1 || many && !miscounted {
                meant.all = many;
                meant.names = found;
            } else {
                meant.candidates = found;
            }
            return meant;
        }
        if let Some(names) = self.pronoun(clause) {
            meant.pronoun = true;
            meant.names = names;
            return meant;
        }
        if all && (clause.has("vm") || clause.has("all")) {
            meant.all = true;
            meant.names = self.everyone(clause);
            return meant;
        }
        if clause.has("vm") && (clause.has("paused") || clause.has("stopped") || clause.has("running")) {
            let found = self.everyone(clause);
            meant.all = plural;
            match found.as_slice() {
                [one] => meant.names = vec![one.clone()],
                _ if plural => meant.names = found,
                _ => meant.candidates = found,
            }
            return meant;
        }
        meant.unknown = self.strangers(clause, skip);
        if meant.unknown.is_empty() {
            meant.unknown = clause
                .pieces
                .iter()
                .enumerate()
                .filter(|(at, piece)| !skip.contains(at) && piece.unknown())
                .map(|(_, piece)| piece.raw.clone())
                .collect();
        }
        let near = |name: &String| {
            meant.unknown.iter().any(|word| distance(word, name, 2).is_some() || name.starts_with(word.as_str()))
        };
        meant.candidates = self.inventory.vms.iter().map(|vm| vm.name.clone()).filter(near).collect();
        meant
    }

    /// `all but web1`: those before the exception, without those behind it.
    fn all_but(&self, clause: &Clause, skip: &[usize]) -> Option<Meant> {
        let at = clause.pieces.iter().position(|piece| piece.marks("butnot") && !piece.name)?;
        let part = |pieces: &[Piece]| Clause { pieces: pieces.to_vec(), ..Clause::default() };
        let mut but = Meant::default();
        self.named(&part(&clause.pieces[at + 1..]), &[], &mut but);
        if but.names.is_empty() {
            return None;
        }
        let whole = clause.pieces[at].low.starts_with("all");
        let mut meant = if whole {
            Meant { names: self.everyone(&part(&clause.pieces[..at])), all: true, ..Meant::default() }
        } else {
            self.vms(&part(&clause.pieces[..at]), skip)
        };
        meant.names.retain(|name| !but.names.contains(name));
        meant.candidates.retain(|name| !but.names.contains(name));
        // Nobody is left, or nobody was said: it is asked.
        Some(meant)
    }

    /// VMs by their names, and by ranges of names.
    fn named(&self, clause: &Clause, skip: &[usize], meant: &mut Meant) {
        let mut add = |name: &str| {
            if !meant.names.iter().any(|known| known == name) {
                meant.names.push(name.to_owned());
            }
        };
        for (at, piece) in clause.pieces.iter().enumerate() {
            if skip.contains(&at) || piece.name {
                continue;
            }
            let vm = piece.objects.iter().find_map(|object| {
                if let Object::Dataset(name) = object {
                    let disk = self.inventory.vms.iter().find(|vm| vm.dataset == *name);
                    return disk.filter(|_| piece.objects.len() == 1).map(|vm| vm.name.clone());
                }
                let owner = object.owner().and_then(|owner| self.inventory.vm(owner));
                object.vm().map(str::to_owned).or(owner.map(|vm| vm.name.clone()))
            });
            if let Some(name) = vm {
                // `worker1 to worker3`
                let mark = clause.pieces.get(at + 1).is_some_and(|piece| piece.marks("through") || piece.marks("to"));
                let end = clause.pieces.get(at + 2).filter(|_| mark && !skip.contains(&(at + 2)));
                let list = end.and_then(|end| between(&piece.raw, &end.raw));
                match list {
                    Some(list) if list.iter().all(|name| self.inventory.vm(name).is_some()) => {
                        list.iter().for_each(|name| add(name))
                    }
                    _ => add(&name),
                }
                continue;
            }
            if self.focus.made.contains(&piece.raw) {
                add(&piece.raw);
            }
            if let Some(list) = range(&piece.raw).filter(|list| {
                list.iter().all(|name| self.inventory.vm(name).is_some() || self.focus.made.contains(name))
            }) {
                list.iter().for_each(|name| add(name));
            }
        }
    }

    /// Words that look like names of VMs and name none.
    fn strangers(&self, clause: &Clause, skip: &[usize]) -> Vec<String> {
        let mut out = Vec::new();
        for (at, piece) in clause.pieces.iter().enumerate() {
            if skip.contains(&at) || !piece.unknown() || piece.name {
                continue;
            }
            let known =
                self.focus.made.contains(&piece.raw) || super::frame::is_snapshot_name(self.inventory, &piece.raw);
            let near = self.inventory.vms.iter().any(|vm| {
                let most = if vm.name.len() > 5 { 2 } else { 1 };
                distance(&piece.low, &vm.name, most).is_some()
            });
            let joined = at > 0 && clause.pieces[at - 1].marks("and")
                || piece.sep == text::Sep::Comma
                || clause.pieces.get(at + 1).is_some_and(|next| next.marks("and"));
            if !known && (near || piece.named_like() || joined && piece.raw.chars().any(|c| c.is_ascii_digit())) {
                out.push(piece.raw.clone());
            }
        }
        out
    }

    /// VMs in the state that the clause speaks of; all of them if it speaks of none.
    fn everyone(&self, clause: &Clause) -> Vec<String> {
        let state = |vm: &Vm| {
            let wanted = [("paused", "paused"), ("stopped", "shut off"), ("running", "running")];
            let asked: Vec<&str> =
                wanted.iter().filter(|(concept, _)| clause.has(concept)).map(|(_, state)| *state).collect();
            asked.is_empty() || asked.contains(&vm.state.as_str())
        };
        let bridge = clause
            .objects()
            .find_map(|(_, object)| if let Object::Bridge(name) = object { Some(name.clone()) } else { None });
        let wanted = |vm: &&Vm| {
            state(vm) && !vm.golden && bridge.as_ref().is_none_or(|bridge| vm.bridge.as_ref() == Some(bridge))
        };
        self.inventory.vms.iter().filter(wanted).map(|vm| vm.name.clone()).collect()
    }

    /// Who a pronoun stands for.
    fn pronoun(&self, clause: &Clause) -> Option<Vec<String>> {
        let marks = |mark: &str| clause.pieces.iter().any(|piece| piece.marks(mark) && !piece.name);
        if marks("other") {
            let mut rest: Vec<String> =
                self.focus.choice.iter().filter(|name| !self.focus.vms.contains(name)).cloned().collect();
            rest.dedup();
            return (rest.len() == 1).then_some(rest);
        }
        for (number, mark) in [(0, "ordinal1"), (1, "ordinal2"), (2, "ordinal3")] {
            if marks(mark) && !self.focus.choice.is_empty() {
                return self.focus.choice.get(number).map(|name| vec![name.clone()]);
            }
        }
        if marks("ordinal9") && !self.focus.choice.is_empty() {
            return self.focus.choice.last().map(|name| vec![name.clone()]);
        }
        if (marks("them") || clause.has("both") || clause.has("all") && !clause.has("vm")) && self.focus.vms.len() > 1 {
            return Some(self.focus.vms.clone());
        }
        if marks("it") && self.focus.vms.len() == 1 {
            return Some(self.focus.vms.clone());
        }
        None
    }
}
