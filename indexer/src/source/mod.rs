//! Where pages come from: folders, files, addresses, sitemaps.
//!
//! Lists the pages of a source and loads their bytes. Knows no format and no store.

mod folder;
mod location;
mod web;

pub use location::{Location, LocationError};
pub use web::Web;

use crate::problem::Problem;

/// A page that a source offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its name within the source: a relative path, or the address.
    pub name: String,
    /// Where a person can open it.
    pub url: String,
    /// If this is what the index has, the page has not changed. Empty where only asking tells.
    pub stamp: String,
    /// How its bytes are had.
    pub(crate) place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Path(std::path::PathBuf),
    Address(url::Url),
}

/// The pages of a source, and what could not be listed.
#[derive(Debug, Default)]
pub struct Listing {
    /// In the order of their names.
    pub candidates: Vec<Candidate>,
    /// What stood in the way, one by one.
    pub problems: Vec<Problem>,
    /// Files that are no pages: pictures, archives, programs.
    pub other_files: usize,
    /// Whether the source itself could be listed: if not, that a page is missing says nothing.
    pub complete: bool,
}

/// What loading a candidate gave.
#[derive(Debug)]
pub(crate) enum Loaded {
    /// Its bytes, the name that tells the format, and the stamp that goes with these bytes.
    Bytes { bytes: Vec<u8>, format_name: String, stamp: String },
    /// The server says that it is what it was.
    Unchanged,
    /// It is not there any more.
    Gone(Problem),
    /// It could not be had this time.
    Failed(Problem),
}

/// Lists the pages of `location`.
pub(crate) async fn list(location: &Location, web: &Web) -> Listing {
    match location {
        Location::Folder(path) => {
            let path = path.clone();
            let listing = tokio::task::spawn_blocking(move || folder::list(&path)).await;
            listing.unwrap_or_else(|error| Listing {
                problems: vec![Problem::new(location.to_string(), error.to_string())],
                ..Listing::default()
            })
        }
        Location::File(path) => folder::file(path),
        Location::Url(url) => web::page(url),
        Location::Sitemap(url) => web.sitemap(url).await,
    }
}

/// Loads the bytes of a candidate. `known` is the stamp that the index has for it.
pub(crate) async fn load(candidate: &Candidate, known: Option<&str>, web: &Web, limit: u64) -> Loaded {
    match &candidate.place {
        Place::Path(path) => folder::load(candidate, path, limit),
        Place::Address(url) => web.load(candidate, url, known, limit).await,
    }
}

/// What is said of a page with more than `limit` bytes.
fn too_large(limit: u64) -> String {
    match limit >> 20 {
        0 => format!("larger than {limit} bytes, the limit for one page"),
        mib => format!("larger than {mib} MiB, the limit for one page"),
    }
}
