//! Datasets of one host that are copies of each other: they have snapshots with the same guid, and only
//! receiving makes those. Which is the copy is told by what differs between the two.

use std::collections::{BTreeMap, HashMap};

use super::super::{DatasetFacts, Kind};
use super::Tool;
use super::history::{End, Job, Line};
use crate::names::{Guid, JobName};

/// Two datasets with a past in common.
pub(super) struct Pair {
    /// Places in the list of lines: the source and its copy, if that is known.
    pub(super) source: usize,
    pub(super) copy: usize,
    pub(super) known: bool,
    /// The newest that both have.
    pub(super) base: Guid,
}

/// The pairs. Of a source and two copies of it, the two copies are no pair of their own.
pub(super) fn pairs(lines: &[Line<'_>], jobs: &[Vec<Job<'_>>]) -> Vec<Pair> {
    let mut owners: HashMap<Guid, Vec<usize>> = HashMap::new();
    for (at, line) in lines.iter().enumerate() {
        line.guids().for_each(|guid| owners.entry(guid).or_default().push(at));
    }
    let mut bases: BTreeMap<(usize, usize), (u64, Guid)> = BTreeMap::new();
    for (guid, owners) in owners.iter().filter(|(_, owners)| owners.len() > 1) {
        for (at, first) in owners.iter().enumerate() {
            for second in &owners[at + 1..] {
                let points = [*first, *second].map(|at| lines[at].point(*guid));
                let [Some(one), Some(other)] = points else { continue };
                // A bookmark alone is no copy.
                if [one, other].iter().all(|point| point.kind == Kind::Bookmark) {
                    continue;
                }
                let base = bases.entry((*first, *second)).or_insert((one.createtxg, *guid));
                *base = (*base).max((one.createtxg, *guid));
            }
        }
    }
    let mut pairs: Vec<Pair> = Vec::new();
    for ((first, second), (_, base)) in bases {
        let ends = [first, second].map(|at| Side { line: &lines[at], jobs: &jobs[at], base });
        pairs.push(match source(&ends[0], &ends[1]) {
            Some(true) => Pair { source: first, copy: second, known: true, base },
            Some(false) => Pair { source: second, copy: first, known: true, base },
            None => Pair { source: first, copy: second, known: false, base },
        });
    }
    let known: Vec<(usize, usize)> =
        pairs.iter().filter(|pair| pair.known).map(|pair| (pair.source, pair.copy)).collect();
    let of_one_source = |pair: &Pair| {
        let above = known.iter().filter(|(_, copy)| *copy == pair.copy).map(|(source, _)| *source);
        above.filter(|above| *above != pair.source).any(|above| known.contains(&(above, pair.source)))
    };
    pairs.retain(|pair| !of_one_source(pair));
    pairs
}

/// One of a pair.
struct Side<'a> {
    line: &'a Line<'a>,
    jobs: &'a [Job<'a>],
    base: Guid,
}

impl Side<'_> {
    fn point(&self) -> Option<&DatasetFacts> {
        self.line.point(self.base)
    }

    fn has_only_a_bookmark(&self) -> bool {
        self.point().is_none_or(|point| point.kind == Kind::Bookmark)
    }

    fn is_past_the_base(&self) -> bool {
        self.point().is_some_and(|point| self.line.is_past(point))
    }

    fn has_mark_of(&self, end: End) -> bool {
        self.jobs.iter().any(|job| job.end == end && job.points.iter().any(|point| point.guid == self.base))
    }
}

/// Whether the first is the source of the second; nothing if that cannot be told.
fn source(first: &Side<'_>, second: &Side<'_>) -> Option<bool> {
    // Speaks for the one that has it, or against it.
    let speaks = |has: &dyn Fn(&Side<'_>) -> bool| (has(first) != has(second)).then(|| has(first));
    let against = |has: &dyn Fn(&Side<'_>) -> bool| speaks(has).map(|first| !first);
    // Receiving makes snapshots, not bookmarks.
    if let Some(only) = speaks(&|side| side.has_only_a_bookmark()) {
        return Some(only);
    }
    // In one pool, what was made first was not received from what was made later.
    if first.line.name.pool() == second.line.name.pool() {
        return Some(first.point()?.createtxg < second.point()?.createtxg);
    }
    let strong = [
        speaks(&|side| side.is_past_the_base()),
        speaks(&|side| side.has_mark_of(End::Sender)),
        against(&|side| side.has_mark_of(End::Receiver)),
        against(&|side| side.line.dataset.replica.is_some()),
        against(&|side| side.line.dataset.read_only),
    ];
    // Being mounted is enough to be written to.
    agreed(&strong).unwrap_or_else(|| {
        against(&|side| side.line.was_received()).or_else(|| speaks(&|side| side.line.dataset.written > 0))
    })
}

/// Whether a dataset with the marks of a tool that leaves the same on both ends is the receiver's.
pub(super) fn is_copy(line: &Line<'_>, job: &Job<'_>) -> Option<bool> {
    let is_past = job.points.last().is_some_and(|newest| line.is_past(newest));
    let strong = [
        line.dataset.replica.is_some().then_some(true),
        line.dataset.read_only.then_some(true),
        is_past.then_some(false),
    ];
    let weak = [line.was_received().then_some(true), (line.dataset.written > 0).then_some(false)];
    agreed(&strong).or_else(|| agreed(&weak))?
}

/// What all that speaks says; nothing if nothing speaks, and nothing inside if it does not agree.
fn agreed(signs: &[Option<bool>]) -> Option<Option<bool>> {
    let mut signs = signs.iter().flatten();
    let first = signs.next()?;
    Some(signs.all(|other| other == first).then_some(*first))
}

/// Takes the jobs whose work a pair is from both of its datasets. Gives the one that does it, if that is
/// clear.
pub(super) fn take_jobs(pair: &Pair, lines: &[Line<'_>], jobs: &mut [Vec<Job<'_>>]) -> Option<(Tool, JobName)> {
    let fits = |job: &Job<'_>, other: usize, not: End| {
        let is_there = |point: &&DatasetFacts| lines[other].point(point.guid).is_some();
        (job.end != not || !pair.known) && job.points.iter().any(is_there)
    };
    let (ours, kept): (Vec<_>, Vec<_>) =
        std::mem::take(&mut jobs[pair.copy]).into_iter().partition(|job| fits(job, pair.source, End::Sender));
    jobs[pair.copy] = kept;
    let theirs: Vec<usize> =
        (0..jobs[pair.source].len()).filter(|at| fits(&jobs[pair.source][*at], pair.copy, End::Receiver)).collect();
    // The same on both sides, then the only one on this.
    let on_both = |at: &usize| {
        let job = &jobs[pair.source][*at];
        let is_base = job.points.iter().any(|point| point.guid == pair.base);
        is_base && ours.iter().any(|other| (other.tool, &other.name) == (job.tool, &job.name))
    };
    let both: Vec<usize> = theirs.iter().copied().filter(on_both).collect();
    match (both.as_slice(), theirs.as_slice(), ours.as_slice()) {
        ([at], ..) | ([], [at], _) => {
            let job = jobs[pair.source].remove(*at);
            Some((job.tool, job.name))
        }
        ([], [], [job]) => Some((job.tool, job.name.clone())),
        _ => None,
    }
}
