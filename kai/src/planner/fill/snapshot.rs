//! Which snapshot is meant: by name, by time, by place in the list.

use kai_tools::names::Stamp;

use super::super::calendar::{month as month_of, named_month};
use super::super::inventory::Snapshot;
use super::super::piece::Piece;
use super::super::values::Value;
use super::Task;

/// A snapshot that is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Which {
    /// This one.
    Name(String),
    /// One of these, to be asked; none if it is not there.
    Ask(Vec<String>),
    /// Nothing was said.
    Unsaid,
}

fn day(stamp: &str) -> &str {
    stamp.get(..10).unwrap_or_default()
}

/// The date so many days before a moment.
fn before(now: &str, days: u64) -> String {
    let seconds = now.parse::<Stamp>().map_or(0, Stamp::seconds);
    day(&Stamp::from_seconds(seconds.saturating_sub(days * 86_400)).to_string()).to_owned()
}

/// Whether what is newer than a snapshot may be lost: `throw the rest away`, `newer state can go`.
#[must_use]
pub(in super::super) fn consents(pieces: &[Piece]) -> bool {
    let says = |concept: &str| pieces.iter().any(|piece| piece.is(concept) && !piece.name);
    let orders = |concept: &str| pieces.iter().any(|piece| piece.is(concept) && piece.orders() && !piece.name);
    let later = |piece: &Piece| matches!(piece.low.as_str(), "newer" | "later" | "since") && piece.objects.is_empty();
    let newer = says("everythingsince") || pieces.iter().any(later);
    // `careful, newer data may be lost`
    let warns = ["careful", "beware", "warning", "attention", "afraid", "worried", "caution"];
    if pieces.iter().any(|piece| warns.contains(&piece.low.as_str()) && piece.objects.is_empty()) {
        return false;
    }
    orders("discard") || says("lossok") || newer && (orders("delete") || says("expendable"))
}

impl Task<'_> {
    /// The snapshot out of a list that the clause means. A Destroy takes full names only.
    pub(crate) fn snapshot(&self, list: &[Snapshot], destroys: bool) -> Which {
        let all = || list.iter().map(|snapshot| snapshot.name.clone()).collect::<Vec<_>>();
        let named = |name: &str| list.iter().any(|snapshot| snapshot.name == name);
        let explicit = self.object(|object| object.snapshot().map(str::to_owned));
        if let Some(name) = explicit {
            return if named(&name) { Which::Name(name) } else { Which::Ask(all()) };
        }
        if let Some(piece) = self.clause.pieces.iter().find(|piece| named(&piece.raw)) {
            return Which::Name(piece.raw.clone());
        }
        // `before migration`, `pre upgrade`
        let text = self.clause.text().to_lowercase();
        let spelt: Vec<&Snapshot> = list
            .iter()
            .filter(|snapshot| {
                snapshot.name.contains('-') && text.contains(&snapshot.name.to_lowercase().replace('-', " "))
            })
            .collect();
        if let ([one], false) = (spelt.as_slice(), destroys) {
            return Which::Name(one.name.clone());
        }
        if let Some(which) = self.by_time(list).or_else(|| self.by_month(list)) {
            return which;
        }
        // A part of a name, where only one has it.
        let unknown: Vec<&str> = self
            .clause
            .pieces
            .iter()
            .filter(|piece| piece.unknown() || piece.name)
            .map(|piece| piece.low.as_str())
            .collect();
        let part = |snapshot: &&Snapshot| {
            let low = snapshot.name.to_lowercase();
            unknown.iter().any(|word| low.split(['-', '_']).any(|part| part == *word))
        };
        let parts: Vec<String> = list.iter().filter(part).map(|snapshot| snapshot.name.clone()).collect();
        match parts.as_slice() {
            [one] if !destroys => return Which::Name(one.clone()),
            [] => {}
            _ => return Which::Ask(parts),
        }
        let strange = self.clause.pieces.iter().any(|piece| piece.name || piece.unknown() && piece.named_like());
        if strange { Which::Ask(all()) } else { Which::Unsaid }
    }

    /// `the February one`: by what it is called, else by when it was made.
    fn by_month(&self, list: &[Snapshot]) -> Option<Which> {
        let month = self
            .clause
            .pieces
            .iter()
            .filter(|piece| piece.value.is_none())
            .find_map(|piece| piece.low.split(' ').find_map(named_month))?;
        let own = |snapshot: &&Snapshot| !snapshot.name.starts_with("auto-") && !snapshot.name.starts_with("repl-");
        let called = |snapshot: &&Snapshot| {
            let low = snapshot.name.to_lowercase();
            low.split(['-', '_', '.']).any(|part| part.len() > 2 && month_of(part) == Some(month))
        };
        let made = |snapshot: &&Snapshot| snapshot.created.get(5..7).and_then(|part| part.parse().ok()) == Some(month);
        let names = |test: &dyn Fn(&&Snapshot) -> bool| -> Vec<String> {
            list.iter().filter(own).filter(test).map(|snapshot| snapshot.name.clone()).collect()
        };
        let found = Some(names(&called)).filter(|found| !found.is_empty()).unwrap_or_else(|| names(&made));
        match found.as_slice() {
            [] => None,
            [one] => Some(Which::Name(one.clone())),
            _ => Some(Which::Ask(found)),
        }
    }

    fn by_time(&self, list: &[Snapshot]) -> Option<Which> {
        let auto = self.has("autoname") || self.has("autosnap");
        let repl = self.has("replication");
        let fits = |snapshot: &&Snapshot| {
            let name = snapshot.name.as_str();
            if auto {
                name.starts_with("auto")
            } else if repl {
                name.starts_with("repl")
            } else {
                true
            }
        };
        let mut of: Vec<&Snapshot> = list.iter().filter(fits).collect();
        of.sort_by(|a, b| a.created.cmp(&b.created));
        let now = self.scene.inventory.now.as_str();
        let date = self.value(|value| if let Value::Date(date) = value { Some(date.clone()) } else { None });
        let ago = self.clause.pieces.windows(2).find_map(|pair| {
            if let (Some(Value::Time(seconds)), "ago") = (&pair[0].value, pair[1].low.as_str())
                && *seconds >= 86_400
            {
                Some(seconds / 86_400)
            } else {
                None
            }
        });
        let wanted = if let Some(date) = date {
            Some(date)
        } else if let Some(days) = ago {
            Some(before(now, days))
        } else if self.has("daybefore") {
            Some(before(now, 2))
        } else if self.has("yesterday") {
            Some(before(now, 1))
        } else if self.has("lastnight") {
            Some(before(now, 0))
        } else {
            None
        };
        if let Some(date) = wanted {
            let mut on: Vec<&Snapshot> = of.iter().copied().filter(|snapshot| day(&snapshot.created) == date).collect();
            if on.is_empty() && self.has("lastnight") {
                let earlier = before(now, 1);
                on = of.iter().copied().filter(|snapshot| day(&snapshot.created) == earlier).collect();
            }
            if on.len() > 1 && !auto {
                let own: Vec<&Snapshot> =
                    on.iter().copied().filter(|snapshot| !snapshot.name.starts_with("repl")).collect();
                if !own.is_empty() {
                    on = own;
                }
            }
            return Some(match on.as_slice() {
                [one] => Which::Name(one.name.clone()),
                [] => Which::Ask(of.iter().map(|snapshot| snapshot.name.clone()).collect()),
                several => Which::Ask(several.iter().map(|snapshot| snapshot.name.clone()).collect()),
            });
        }
        let pick = if self.has("previous") {
            of.iter().rev().nth(1)
        } else if self.has("newest") {
            of.last()
        } else if self.has("oldest") || auto && of.len() == 1 {
            of.first()
        } else if auto {
            return Some(Which::Ask(of.iter().map(|snapshot| snapshot.name.clone()).collect()));
        } else {
            return None;
        };
        Some(pick.map_or(Which::Ask(Vec::new()), |snapshot| Which::Name(snapshot.name.clone())))
    }

    /// Whether the present state is to be kept.
    pub(crate) fn keeps_current(&self) -> bool {
        !consents(&self.clause.pieces)
    }
}
