//! Words that can be read in two ways, decided by their place in the clause.

use super::clause::Clause;
use super::grammar::{determines, is_copula, light};
use super::lexicon::{Class, Form};
use super::piece::Piece;
use super::text::Sep;

impl Clause {
    /// Decides words that are both an object's name and a verb (`build a golden image`, `restart
    /// build`), and verbs that stand where a noun does (`the build server`, `the gitlab-17 snapshot`).
    pub(super) fn settle(&mut self) {
        let first = self.pieces.iter().position(|piece| !light(piece));
        // `build … without sealing`: what is left out is no order.
        let left = |at: usize| at > 0 && ["not", "without"].iter().any(|mark| self.pieces[at - 1].marks(mark));
        let other_verb = (0..self.pieces.len()).any(|at| {
            let piece = &self.pieces[at];
            piece.objects.is_empty() && !piece.name && piece.orders() && !left(at)
        });
        let content = self.pieces.iter().filter(|piece| !light(piece)).count();
        // `search the wiki`, and a VM of that name.
        let docs = |piece: &Piece| piece.is("docs");
        let about = |piece: &Piece| {
            matches!(piece.low.as_str(), "about" | "for" | "say" | "says" | "regarding" | "concerning" | "mention")
        };
        let seeks = self.has("search")
            || self.has("read")
            || (["list", "check", "explain"].iter().any(|verb| self.has(verb))
                || self.pieces.iter().any(|piece| piece.marks("ask") || piece.asks))
                && (1..self.pieces.len()).any(|at| about(&self.pieces[at]) && self.pieces[..at].iter().any(docs));
        for at in 0..self.pieces.len() {
            let noun = self.as_noun(at);
            let stated = self.pieces.get(at + 1).is_some_and(is_copula);
            let piece = &mut self.pieces[at];
            if piece.name {
                piece.hits.clear();
                continue;
            }
            if piece.objects.is_empty() {
                if noun {
                    piece.hits.retain(|hit| hit.class != Class::Verb);
                }
                continue;
            }
            if !seeks {
                piece.hits.retain(|hit| hit.concept != "docs");
            }
            let verb = piece.hits.iter().any(|hit| hit.class == Class::Verb);
            if verb && Some(at) == first && !other_verb && content > 1 && !stated {
                piece.objects.clear();
            } else {
                piece.hits.retain(|hit| hit.class == Class::Noun);
            }
        }
    }

    /// Whether a verb stands where only a noun can.
    fn as_noun(&self, at: usize) -> bool {
        let piece = &self.pieces[at];
        if at == 0 || piece.sep > Sep::Space || piece.verbs().next().is_none() {
            return false;
        }
        let definite = |piece: &Piece| {
            let open =
                ["a", "an", "another", "no", "some", "un", "une", "ein", "einen", "una", "uno", "um", "uma", "een"];
            let romance = ["le", "la", "les", "il", "lo", "gli", "i", "el", "los", "las", "os", "as", "die", "de"];
            piece.possessive
                || determines(piece) && !open.contains(&piece.low.as_str())
                || romance.contains(&piece.low.as_str()) && piece.objects.is_empty() && !piece.name
        };
        let before = &self.pieces[at - 1];
        let next = self.pieces.get(at + 1).filter(|next| next.sep == Sep::Space);
        // `the build server`, `a backup host`
        if determines(before) && piece.low != "new" && next.is_some_and(|next| next.is("vm") || next.is("container")) {
            return true;
        }
        // `last night's upgrade`, `the update`
        let events =
            ["upgrade", "update", "change", "push", "plan", "test", "log", "transfer", "patch", "format", "swap"];
        if definite(before) && events.contains(&piece.low.as_str()) && next.is_none_or(|next| next.objects.is_empty()) {
            return true;
        }
        // `the reboot of web1 failed`, and not `do the reboot of web1`
        let led = self.pieces[..at].iter().any(|piece| piece.orders() && piece.objects.is_empty());
        if !led
            && definite(before)
            && !matches!(
                before.low.as_str(),
                "this"
                    | "that"
                    | "these"
                    | "those"
                    | "de"
                    | "i"
                    | "la"
                    | "le"
                    | "les"
                    | "lo"
                    | "los"
                    | "las"
                    | "os"
                    | "as"
            )
            && piece.low != "new"
        {
            return true;
        }
        // `the snapshot`, `its pre-upgrade snapshot`
        if piece.hits.iter().any(|hit| hit.class == Class::Noun) {
            let done =
                |piece: &Piece| piece.verbs().next().is_some() && piece.verbs().all(|hit| hit.form == Form::Past);
            let named = |piece: &Piece| piece.unknown() || !piece.objects.is_empty() || done(piece);
            return definite(before)
                || before.marks("ask") && before.objects.is_empty()
                || named(before)
                    && !before.filler
                    && at > 1
                    && definite(&self.pieces[at - 2])
                    && before.sep == Sep::Space;
        }
        false
    }
}
