//! VMs by what is said of them: `the windows vm`, `the mail server`.

use std::collections::HashSet;

use super::clause::Clause;
use super::inventory::{Inventory, Vm};
use super::lexicon::{Hit, Lexicon};
use super::piece::{Object, Piece};
use super::refer::Scene;
use super::text;
use super::values::Value;

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

/// A piece that means VMs, images or parts of them in general, and so describes none.
fn generic(piece: &Piece) -> bool {
    piece.is("vm") && piece.low != "desktop" && piece.low != "gateway"
        || ["golden", "snapshot", "disk", "memory", "vcpu", "host"].iter().any(|noun| piece.is(noun))
}

/// Marks the pieces that may describe a VM, and those that may be a snapshot's name.
pub(super) fn mark(lexicon: &Lexicon, inventory: &Inventory, pieces: &mut [Piece]) {
    let words: HashSet<String> = inventory.vms.iter().flat_map(described).collect();
    let known = |word: &str| words.contains(word) || lexicon.aliases(word).iter().any(|alias| words.contains(alias));
    let labels: HashSet<&str> = inventory
        .vms
        .iter()
        .flat_map(|vm| &vm.snapshots)
        .chain(inventory.datasets.iter().flat_map(|dataset| &dataset.snapshots))
        .map(|snapshot| snapshot.name.as_str())
        .collect();
    for piece in pieces {
        piece.label = labels.contains(piece.raw.as_str());
        let plain = piece.objects.is_empty() && !piece.name && !piece.filler && piece.hits.iter().all(Hit::is_noun);
        piece.describes = plain
            && (piece.value.is_none() || matches!(piece.value, Some(Value::Ip(_))))
            && !generic(piece)
            && (piece.low.split(' ').any(|word| !lexicon.is_filler(word) && known(word)) || known(&piece.raw));
    }
}

/// A piece that can stand for a VM by description.
fn word_of(piece: &Piece) -> bool {
    !piece.name
        && !piece.filler
        && piece.value.is_none()
        && piece.objects.iter().all(|object| matches!(object, Object::Vm(_)))
}

impl Scene<'_> {
    pub(super) fn is_plural(&self, word: &str, found: &[String]) -> bool {
        let singular = word.strip_suffix('s');
        singular.is_some_and(|singular| singular.len() > 2 && found.len() > 1)
            && self.inventory.vms.iter().all(|vm| !described(vm).iter().any(|known| known == word) || vm.name == word)
    }

    /// VMs by what is said of them.
    pub(super) fn by_description(&self, clause: &Clause, skip: &[usize]) -> Option<(Vec<String>, Vec<String>)> {
        let known: Vec<(&Vm, Vec<String>)> = self.inventory.vms.iter().map(|vm| (vm, described(vm))).collect();
        let golden = clause.has("golden");
        let mut words: Vec<String> = Vec::new();
        let mut fits: Vec<&(&Vm, Vec<String>)> = known.iter().filter(|(vm, _)| !golden || vm.golden).collect();
        let article = |at: usize| at > 0;
        for (at, piece) in clause.pieces.iter().enumerate() {
            if skip.contains(&at) || !article(at) && piece.orders() {
                continue;
            }
            let ip = matches!(piece.value, Some(Value::Ip(_)));
            let noun_like = piece.hits.iter().all(|hit| hit.class == super::lexicon::Class::Noun);
            let verb_like = !noun_like && self.lexicon.aliases(&piece.low).is_empty() && !piece.hits.is_empty();
            if !ip && (!word_of(piece) || verb_like) {
                continue;
            }
            if generic(piece) {
                continue;
            }
            // A name in other capitals, or in letters that look like it, is no description.
            if known.iter().any(|(vm, _)| text::fold(&vm.name) == piece.low && vm.name != piece.raw) {
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
}
