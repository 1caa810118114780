//! Which sources a run of the indexer is about: those that were named, or everything that is known.

use kai_indexer::run::Target;
use kai_indexer::source::{Location, LocationError};
use kai_indexer::store::{SourceEntry, SourceKind};

use super::{Home, LibraryError};

/// Why what was named cannot be indexed.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// It is no place.
    #[error(transparent)]
    Location(#[from] LocationError),
    /// One name for several places.
    #[error("a name goes with one folder, file or address")]
    OneName,
    /// Another source is called so.
    #[error("another source is called {0} already")]
    Taken(String),
}

/// What a run over everything is about.
#[derive(Debug, Default)]
pub struct Everything {
    /// The handbook, the packs, and what was indexed before.
    pub targets: Vec<Target>,
    /// Sources whose place is none any more: they stay as they are.
    pub lost: Vec<(String, LocationError)>,
}

/// The handbook, the packs, and what was indexed before.
///
/// # Errors
/// If the handbook cannot be written out, or the packs cannot be listed.
pub fn everything(home: &Home, sources: &[SourceEntry]) -> Result<Everything, LibraryError> {
    let mut all = Everything { targets: vec![handbook(home)?], lost: Vec::new() };
    for (name, folder) in super::packs(home)? {
        all.targets.push(Target { name, kind: SourceKind::Pack, location: Location::Folder(folder) });
    }
    for source in sources {
        if all.targets.iter().any(|target| target.name == source.name) {
            continue;
        }
        match Location::parse(&source.location) {
            Ok(location) => all.targets.push(Target { name: source.name.clone(), kind: source.kind, location }),
            Err(error) => all.lost.push((source.name.clone(), error)),
        }
    }
    Ok(all)
}

fn handbook(home: &Home) -> Result<Target, LibraryError> {
    let folder = super::write_handbook(home)?;
    Ok(Target { name: "handbook".to_owned(), kind: SourceKind::Handbook, location: Location::Folder(folder) })
}

/// What was named. A place that was indexed before keeps its name.
///
/// # Errors
/// If it is no place, or the name is another source's.
pub fn named(given: &[String], name: Option<&str>, sources: &[SourceEntry]) -> Result<Vec<Target>, TargetError> {
    if name.is_some() && given.len() != 1 {
        return Err(TargetError::OneName);
    }
    let mut targets: Vec<Target> = Vec::new();
    for given in given {
        let location = Location::parse(given)?;
        let text = location.to_string();
        let before = sources.iter().find(|source| source.location == text);
        let taken = |name: &str| {
            sources.iter().any(|source| source.name == name && source.location != text)
                || targets.iter().any(|target| target.name == name && target.location != location)
        };
        let name = match (name, before) {
            (Some(name), _) if taken(name) => return Err(TargetError::Taken(name.to_owned())),
            (Some(name), _) => name.to_owned(),
            (None, Some(before)) => before.name.clone(),
            (None, None) => free_name(&location.short_name(), taken),
        };
        let kind = before.map_or_else(|| kind_of(&location), |before| before.kind);
        let target = Target { name, kind, location };
        if !targets.contains(&target) {
            targets.push(target);
        }
    }
    Ok(targets)
}

fn free_name(wanted: &str, taken: impl Fn(&str) -> bool) -> String {
    let mut name = wanted.to_owned();
    let mut number = 2;
    while taken(&name) {
        name = format!("{wanted}-{number}");
        number += 1;
    }
    name
}

fn kind_of(location: &Location) -> SourceKind {
    match location {
        Location::Folder(_) => SourceKind::Folder,
        Location::File(_) => SourceKind::File,
        Location::Url(_) => SourceKind::Url,
        Location::Sitemap(_) => SourceKind::Sitemap,
    }
}
