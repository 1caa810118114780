//! Pages on disk. Links are followed as long as they stay inside the folder.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::UNIX_EPOCH;

use walkdir::WalkDir;

use super::{Candidate, Listing, Loaded, Place};
use crate::parse;
use crate::problem::Problem;

pub(super) fn list(root: &Path) -> Listing {
    let mut listing = Listing { complete: true, ..Listing::default() };
    let mut seen = HashSet::new();
    let mut walk = WalkDir::new(root).follow_links(true).sort_by_file_name().into_iter();
    while let Some(entry) = walk.next() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let what = error.path().unwrap_or(root).display().to_string();
                listing.problems.push(match error.loop_ancestor() {
                    Some(ancestor) => Problem::new(what, format!("a link that leads back to {}", ancestor.display())),
                    // Nothing lies behind it, so nothing that was there before is overlooked.
                    None if is_dangling(&error) => Problem::new(what, "a link to nothing"),
                    None => {
                        // What lies below was not seen; that it is missing from the list says nothing.
                        listing.complete = false;
                        Problem::because(what, &error)
                    }
                });
                continue;
            }
        };
        let is_folder = entry.file_type().is_dir();
        if !(entry.file_type().is_file() || is_folder && entry.path_is_symlink()) {
            continue;
        }
        let Ok(real) = entry.path().canonicalize() else { continue };
        if !real.starts_with(root) {
            listing
                .problems
                .push(Problem::new(entry.path().display().to_string(), "a link that leads out of the folder"));
            if is_folder {
                // A link to `/` would be a walk over the whole host.
                walk.skip_current_dir();
            }
            continue;
        }
        if is_folder {
            continue;
        }
        // Two names of one file are one page.
        if entry.path_is_symlink() && real != entry.path() || !seen.insert(real.clone()) {
            continue;
        }
        let relative = entry.path().strip_prefix(root).unwrap_or(entry.path());
        let name = relative.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
        // A file that cannot be opened goes by its name; loading it says what is wrong.
        let head = head(&real).unwrap_or_default();
        if parse::detect(&name, &head).is_none() {
            if parse::hides_binary(&name, &head) {
                let what = real.display().to_string();
                listing.problems.push(Problem::new(what, "named like a page, and holds binary data"));
            } else {
                listing.other_files += 1;
            }
            continue;
        }
        match candidate(name, &real) {
            Ok(candidate) => listing.candidates.push(candidate),
            Err(problem) => {
                listing.complete = false;
                listing.problems.push(problem);
            }
        }
    }
    listing.candidates.sort_by(|a, b| a.name.cmp(&b.name));
    listing
}

fn is_dangling(error: &walkdir::Error) -> bool {
    let absent = error.io_error().is_some_and(|error| error.kind() == std::io::ErrorKind::NotFound);
    absent && error.path().is_some_and(Path::is_symlink)
}

pub(super) fn file(path: &Path) -> Listing {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    match candidate(name, path) {
        Ok(candidate) => Listing { candidates: vec![candidate], complete: true, ..Listing::default() },
        Err(problem) => Listing { problems: vec![problem], ..Listing::default() },
    }
}

fn candidate(name: String, path: &Path) -> Result<Candidate, Problem> {
    let failed = |error: &dyn std::error::Error| Problem::because(path.display().to_string(), error);
    let stamp = stamp(path).map_err(|error| failed(&error))?;
    let url = url::Url::from_file_path(path).map_or_else(|()| path.display().to_string(), String::from);
    Ok(Candidate { name, url, stamp, place: Place::Path(path.to_owned()) })
}

/// Size and time of the last change: what `make` goes by.
fn stamp(path: &Path) -> std::io::Result<String> {
    let metadata = path.metadata()?;
    let changed = metadata.modified()?.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    Ok(format!("{}:{changed}", metadata.len()))
}

/// Enough of the file to tell a page from a picture.
fn head(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(512);
    File::open(path)?.take(512).read_to_end(&mut head)?;
    Ok(head)
}

pub(super) fn load(candidate: &Candidate, path: &Path, limit: u64) -> Loaded {
    let what = path.display().to_string();
    let read = || -> std::io::Result<Option<Vec<u8>>> {
        let file = File::open(path)?;
        let mut bytes = Vec::new();
        file.take(limit + 1).read_to_end(&mut bytes)?;
        Ok((bytes.len() as u64 <= limit).then_some(bytes))
    };
    match read() {
        Ok(Some(bytes)) => Loaded::Bytes { bytes, format_name: candidate.name.clone(), stamp: candidate.stamp.clone() },
        Ok(None) => Loaded::Failed(Problem::new(what, super::too_large(limit))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Loaded::Gone(Problem::new(what, "it was there when the folder was listed, and is gone"))
        }
        Err(error) => Loaded::Failed(Problem::because(what, &error)),
    }
}
