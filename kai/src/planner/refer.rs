//! Who is meant: names, ranges, pronouns, descriptions. Several that fit, or none, are said so and
//! never chosen from.

use super::clause::Clause;
use super::inventory::{Inventory, Vm};
use super::lexicon::Lexicon;
use super::piece::{Object, Piece};
use super::text::{self, distance};

/// What was spoken of before.
#[derive(Debug, Clone, Default)]
pub struct Focus {
    /// The VMs that were spoken of last, together.
    pub vms: Vec<String>,
    /// Those that were to choose from, or stood beside them.
    pub choice: Vec<String>,
    /// The dataset that was spoken of last.
    pub dataset: Option<String>,
    /// Its snapshot.
    pub snapshot: Option<String>,
    /// Containers.
    pub containers: Vec<String>,
    /// The pool.
    pub pool: Option<String>,
    /// VMs that earlier steps make.
    pub made: Vec<String>,
}

/// Who is meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meant {
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

/// Names of a range: `node1..node4`, `node-01-node-06`, `web{1..3}`.
#[must_use]
pub fn range(raw: &str) -> Option<Vec<String>> {
    if let Some((head, rest)) = raw.split_once('{')
        && let Some((inner, tail)) = rest.split_once('}')
    {
        let inner = inner.replace("...", "..").replace('-', "..");
        if let Some((from, to)) = inner.split_once("..") {
            return numbered(head, from, to, tail);
        }
        let list: Vec<String> =
            inner.split(',').filter(|part| !part.is_empty()).map(|part| format!("{head}{part}{tail}")).collect();
        return (list.len() > 1).then_some(list);
    }
    if let Some((head, rest)) = raw.split_once('[')
        && let Some((inner, tail)) = rest.split_once(']')
    {
        let (from, to) = inner.split_once('-').or_else(|| inner.split_once(".."))?;
        return numbered(head, from, to, tail);
    }
    for mark in ["...", "..", "–", "—", "~"] {
        if let Some((from, to)) = raw.split_once(mark) {
            return between(from, to);
        }
    }
    // `node1-node4`, `node1-4`
    for (at, _) in raw.match_indices('-') {
        let (from, to) = (&raw[..at], &raw[at + 1..]);
        let digits = from.ends_with(|c: char| c.is_ascii_digit());
        let alike = to.starts_with(|c: char| c.is_ascii_alphabetic()) || !to.contains('-');
        if digits
            && alike
            && from.starts_with(|c: char| c.is_ascii_alphabetic())
            && let Some(found) = between(from, to)
        {
            return Some(found);
        }
    }
    None
}

/// Names from one to another.
#[must_use]
pub fn between(from: &str, to: &str) -> Option<Vec<String>> {
    let split = |text: &str| {
        text.rfind(|c: char| !c.is_ascii_digit())
            .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8))
    };
    let (head, first) = from.split_at(split(from));
    let (other, last) = to.split_at(split(to));
    if first.is_empty() || last.is_empty() || head.is_empty() || !(other.is_empty() || other == head) {
        return None;
    }
    numbered(head, first, last, "")
}

fn numbered(head: &str, from: &str, to: &str, tail: &str) -> Option<Vec<String>> {
    let (first, last): (u32, u32) = (from.parse().ok()?, to.parse().ok()?);
    let width = if from.starts_with('0') { from.len() } else { 0 };
    let good = last > first && last - first < 256 && from.len() <= 6;
    good.then(|| (first..=last).map(|number| format!("{head}{number:0width$}{tail}")).collect())
}

/// The words that a VM may be described by.
fn described(vm: &Vm) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut add = |text: &str| {
        for word in text::fold(text).split(|c: char| !c.is_alphanumeric() && c != '.' && c != '-') {
            let word = word.trim_matches(|c: char| !c.is_alphanumeric());
            if word.is_empty() {
                continue;
            }
            out.push(word.to_owned());
            out.extend(word.split('-').map(str::to_owned));
            let stem = word.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
            if stem.len() >= 2 && stem != word {
                out.push(stem.trim_end_matches('-').to_owned());
            }
        }
    };
    add(&vm.name);
    if let Some(os) = &vm.os {
        add(os);
    }
    if let Some(description) = &vm.description {
        add(description);
    }
    if let Some(ip) = &vm.ip {
        out.push(ip.clone());
    }
    out
}

/// Whether a word describes a VM.
fn describes(lexicon: &Lexicon, word: &str, of: &[String]) -> bool {
    let singular = word.strip_suffix('s').filter(|rest| rest.len() > 2);
    let hit = |word: &str| {
        of.iter().any(|known| known == word) || lexicon.aliases(word).iter().any(|alias| of.contains(alias))
    };
    hit(word) || singular.is_some_and(hit)
}

/// What is looked at when references are resolved.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The phrases.
    pub lexicon: &'a Lexicon,
    /// The host.
    pub inventory: &'a Inventory,
    /// What was spoken of.
    pub focus: &'a Focus,
}

/// A piece that can stand for a VM by description.
fn word_of(piece: &Piece) -> bool {
    !piece.name
        && !piece.filler
        && piece.value.is_none()
        && piece.objects.iter().all(|object| matches!(object, Object::Vm(_)))
}

impl Scene<'_> {
    /// The VMs that a clause is about; golden images and clones made by earlier steps included.
    #[must_use]
    pub fn vms(&self, clause: &Clause, skip: &[usize]) -> Meant {
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
            if found.len() == 1 || many {
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
            let vm = piece.objects.iter().find_map(|object| match object {
                Object::Vm(name) | Object::Replica(name) => Some(name.clone()),
                Object::Snapshot(left, _) => self.inventory.vm(left).map(|vm| vm.name.clone()),
                Object::Dataset(name) if piece.objects.len() == 1 => {
                    self.inventory.vms.iter().find(|vm| vm.dataset == *name).map(|vm| vm.name.clone())
                }
                _ => None,
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
            if skip.contains(&at) || !piece.unknown() {
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
        let bridge = clause.objects().find_map(|(_, object)| match object {
            Object::Bridge(name) => Some(name.clone()),
            _ => None,
        });
        let wanted = |vm: &&Vm| {
            state(vm) && !vm.golden && bridge.as_ref().is_none_or(|bridge| vm.bridge.as_ref() == Some(bridge))
        };
        self.inventory.vms.iter().filter(wanted).map(|vm| vm.name.clone()).collect()
    }

    fn is_plural(&self, word: &str, found: &[String]) -> bool {
        let singular = word.strip_suffix('s');
        singular.is_some_and(|singular| singular.len() > 2 && found.len() > 1)
            && self.inventory.vms.iter().all(|vm| !described(vm).iter().any(|known| known == word) || vm.name == word)
    }

    /// VMs by what is said of them.
    fn by_description(&self, clause: &Clause, skip: &[usize]) -> Option<(Vec<String>, Vec<String>)> {
        let known: Vec<(&Vm, Vec<String>)> = self.inventory.vms.iter().map(|vm| (vm, described(vm))).collect();
        let golden = clause.has("golden");
        let mut words: Vec<String> = Vec::new();
        let mut fits: Vec<&(&Vm, Vec<String>)> = known.iter().filter(|(vm, _)| !golden || vm.golden).collect();
        let article = |at: usize| at > 0;
        for (at, piece) in clause.pieces.iter().enumerate() {
            if skip.contains(&at) || !article(at) && piece.orders() {
                continue;
            }
            let ip = matches!(piece.value, Some(super::values::Value::Ip(_)));
            let noun_like = piece.hits.iter().all(|hit| hit.class == super::lexicon::Class::Noun);
            let verb_like = !noun_like && self.lexicon.aliases(&piece.low).is_empty() && !piece.hits.is_empty();
            if !ip && (!word_of(piece) || verb_like) {
                continue;
            }
            let generic = piece.is("vm") && piece.low != "desktop" && piece.low != "gateway"
                || piece.is("golden")
                || piece.is("snapshot")
                || piece.is("disk")
                || piece.is("memory")
                || piece.is("vcpu");
            if generic {
                continue;
            }
            for word in piece.low.split(' ') {
                if !ip && self.lexicon.is_filler(word) && self.lexicon.aliases(word).is_empty() {
                    continue;
                }
                let hits: Vec<&(&Vm, Vec<String>)> =
                    fits.iter().copied().filter(|(_, of)| describes(self.lexicon, word, of)).collect();
                let nobody = !known.iter().any(|(_, of)| describes(self.lexicon, word, of));
                if nobody {
                    continue;
                }
                if !hits.is_empty() {
                    fits = hits;
                    words.push(word.to_owned());
                }
            }
        }
        let state = |vm: &Vm| match vm.state.as_str() {
            "paused" => clause.has("paused"),
            "shut off" => clause.has("stopped"),
            _ => clause.has("running"),
        };
        if words.is_empty() && !golden {
            return None;
        }
        if words.is_empty() && fits.len() != 1 && !clause.pieces.iter().any(|piece| piece.is("golden")) {
            return None;
        }
        if clause.has("vm") && fits.len() > 1 && fits.iter().any(|(vm, _)| state(vm)) {
            fits.retain(|(vm, _)| state(vm));
        }
        // Golden images are meant when they are called so, or by clones.
        if !golden && fits.len() > 1 && fits.iter().any(|(vm, _)| !vm.golden) && !clause.has("clone") {
            fits.retain(|(vm, _)| !vm.golden);
        }
        let names: Vec<String> = fits.iter().map(|(vm, _)| vm.name.clone()).collect();
        (!names.is_empty()).then_some((names, words))
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
        if (marks("them") || clause.has("both") || clause.has("all")) && self.focus.vms.len() > 1 {
            return Some(self.focus.vms.clone());
        }
        if marks("it") && self.focus.vms.len() == 1 {
            return Some(self.focus.vms.clone());
        }
        None
    }
}
