//! `zfs holds -H`: who holds which snapshot.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{DatasetFacts, Kind, ParseError};
use crate::host::Command;
use crate::names::SnapshotName;

/// A hold on a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The snapshot's full name.
    pub snapshot: String,
    /// Who holds it: any text.
    pub tag: String,
}

/// So many of a dataset's held snapshots are asked about, the newest: replication is behind by few.
const NEWEST: usize = 8;
/// So many snapshots go into one command: with the longest names that is half of what a remote shell takes.
const AT_ONCE: usize = 256;

/// The commands that ask who holds these; none if nothing is held.
pub(super) fn commands(datasets: &[DatasetFacts]) -> Vec<Command> {
    let mut held: BTreeMap<&str, Vec<&DatasetFacts>> = BTreeMap::new();
    for point in datasets.iter().filter(|found| found.kind == Kind::Snapshot && found.holds > 0) {
        held.entry(point.name.split('@').next().unwrap_or_default()).or_default().push(point);
    }
    let mut names: Vec<SnapshotName> = Vec::new();
    for points in held.values_mut() {
        points.sort_by_key(|point| std::cmp::Reverse(point.createtxg));
        names.extend(points.iter().take(NEWEST).filter_map(|point| point.name.parse().ok()));
    }
    names.chunks(AT_ONCE).map(|names| Command::zfs("holds").arg("-H").args(names)).collect()
}

/// Reads the output of `zfs holds -H`. A tag may hold anything, tabs too.
///
/// # Errors
/// If a line is not understood.
pub fn parse_holds(text: &str) -> Result<Vec<Hold>, ParseError> {
    let hold = |(at, line): (usize, &str)| {
        let parts = line.split_once('\t').and_then(|(snapshot, rest)| Some((snapshot, rest.rsplit_once('\t')?.0)));
        match parts.filter(|(snapshot, tag)| snapshot.contains('@') && !tag.is_empty()) {
            Some((snapshot, tag)) => Ok(Hold { snapshot: snapshot.to_owned(), tag: tag.to_owned() }),
            None => Err(ParseError::new("zfs holds", at + 1, "no hold", line)),
        }
    };
    text.lines().enumerate().map(hold).collect()
}
