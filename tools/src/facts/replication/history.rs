//! A dataset with its snapshots and bookmarks, and what replication tools have marked on it.

use std::collections::{BTreeMap, HashMap};

use super::super::{DatasetFacts, Facts, Kind};
use super::{Tool, marks};
use crate::names::{DatasetName, Guid, JobName};

/// A dataset and its points in time.
pub(super) struct Line<'a> {
    pub(super) name: DatasetName,
    pub(super) dataset: &'a DatasetFacts,
    /// Snapshots and bookmarks, oldest first.
    points: Vec<&'a DatasetFacts>,
    /// Of those, where to find one; a snapshot before a bookmark.
    by_guid: HashMap<Guid, &'a DatasetFacts>,
    /// Whether the mark of a replica lies on it, and not on what it lies in.
    pub(super) marked_itself: bool,
}

/// What was written after a point, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Since {
    /// Certainly after it.
    pub(super) surely: u64,
    /// After the last snapshot before it, because there is no snapshot of the point itself.
    pub(super) perhaps: u64,
}

/// Which end of a transfer a mark is left on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Sender,
    Receiver,
    Either,
}

/// What a tool has left on a dataset.
pub(super) struct Job<'a> {
    pub(super) tool: Tool,
    pub(super) name: JobName,
    pub(super) end: End,
    /// What it has marked, oldest first.
    pub(super) points: Vec<&'a DatasetFacts>,
    /// What it says has arrived.
    pub(super) arrived: Option<&'a DatasetFacts>,
}

impl<'a> Line<'a> {
    /// All datasets that are known.
    pub(super) fn all(facts: &'a Facts) -> Vec<Self> {
        let mut points: HashMap<&str, Vec<&'a DatasetFacts>> = HashMap::new();
        let mut datasets: BTreeMap<&str, &'a DatasetFacts> = BTreeMap::new();
        for found in &facts.datasets {
            match (found.kind, found.name.find(['@', '#'])) {
                (Kind::Snapshot | Kind::Bookmark, Some(at)) => {
                    points.entry(&found.name[..at]).or_default().push(found);
                }
                _ => drop(datasets.insert(&found.name, found)),
            }
        }
        let mut lines = Vec::new();
        for (name, dataset) in &datasets {
            let Ok(parsed) = name.parse() else { continue };
            let mut points = points.remove(name).unwrap_or_default();
            points.sort_by_key(|point| (point.createtxg, point.kind == Kind::Snapshot));
            let above = name.rsplit_once('/').and_then(|(above, _)| datasets.get(above));
            let inherits = above.is_some_and(|above| above.replica == dataset.replica);
            lines.push(Self {
                name: parsed,
                dataset,
                by_guid: points.iter().map(|point| (point.guid, *point)).collect(),
                points,
                marked_itself: dataset.replica.is_some() && !inherits,
            });
        }
        lines
    }

    pub(super) fn point(&self, guid: Guid) -> Option<&'a DatasetFacts> {
        self.by_guid.get(&guid).copied()
    }

    /// The points of which others may have copies.
    pub(super) fn guids(&self) -> impl Iterator<Item = Guid> {
        self.by_guid.keys().copied()
    }

    fn snapshots(&self) -> impl DoubleEndedIterator<Item = &'a DatasetFacts> {
        self.points.iter().copied().filter(|point| point.kind == Kind::Snapshot)
    }

    pub(super) fn newest(&self) -> Option<&'a DatasetFacts> {
        self.snapshots().next_back()
    }

    /// Whether there are snapshots newer than that.
    pub(super) fn is_past(&self, point: &DatasetFacts) -> bool {
        self.newest().is_some_and(|newest| newest.createtxg > point.createtxg)
    }

    /// Whether it has a snapshot that came into the pool after it, and was made before it: then that was
    /// made elsewhere. What a promotion brings is older in both.
    pub(super) fn was_received(&self) -> bool {
        let this = self.dataset;
        self.snapshots().any(|point| point.created < this.created && point.createtxg > this.createtxg)
    }

    pub(super) fn since(&self, point: &DatasetFacts) -> Since {
        let later = self.snapshots().filter(|snapshot| snapshot.createtxg > point.createtxg);
        let mut written = later.map(|snapshot| snapshot.written).chain([self.dataset.written]);
        let is_there = self.point(point.guid).is_some_and(|found| found.kind == Kind::Snapshot);
        let perhaps = if is_there { 0 } else { written.next().unwrap_or(0) };
        Since { surely: written.fold(0, u64::saturating_add), perhaps }
    }

    /// What tools have left on it. `holds`: by the snapshot's full name.
    pub(super) fn jobs(&self, holds: &HashMap<&str, Vec<&str>>) -> Vec<Job<'a>> {
        let mut jobs: Vec<Job<'a>> = Vec::new();
        let mut add = |tool, name, end, point: &'a DatasetFacts, arrived: bool| {
            let at = jobs.iter().position(|job| (job.tool, &job.name, job.end) == (tool, &name, end));
            let at = at.unwrap_or_else(|| {
                jobs.push(Job { tool, name, end, points: Vec::new(), arrived: None });
                jobs.len() - 1
            });
            let Some(job) = jobs.get_mut(at) else { return };
            if job.points.last().is_none_or(|last| last.guid != point.guid) {
                job.points.push(point);
            }
            job.arrived = if arrived { Some(point) } else { job.arrived };
        };
        for point in self.points.iter().copied() {
            let label = point.name.split_once(['@', '#']).map_or("", |(_, label)| label);
            match point.kind {
                Kind::Bookmark => {
                    if let Some((guid, job)) = marks::zrepl_cursor(label)
                        && guid == point.guid
                    {
                        add(Tool::Zrepl, job, End::Sender, point, true);
                    }
                }
                Kind::Snapshot => {
                    if let Some(job) = marks::syncoid_snapshot(label) {
                        add(Tool::Syncoid, job, End::Either, point, false);
                    }
                    for tag in holds.get(point.name.as_str()).into_iter().flatten() {
                        if let Some(job) = marks::zrepl_received(tag) {
                            add(Tool::Zrepl, job, End::Receiver, point, true);
                        } else if let Some(job) = marks::syncoid_hold(tag) {
                            add(Tool::Syncoid, job, End::Either, point, true);
                        } else if let Some(job) = marks::kai_hold(tag) {
                            let end = if self.dataset.replica.is_some() { End::Receiver } else { End::Sender };
                            add(Tool::Kai, job, end, point, false);
                        }
                    }
                }
                Kind::Filesystem | Kind::Volume => {}
            }
        }
        jobs
    }
}
