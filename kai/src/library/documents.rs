//! The documentation that belongs to a data folder: packs and handbook.

use std::path::{Path, PathBuf};

use kai_corpus::{Corpus, Manifest};

use super::{Home, LibraryError};

/// The packs of `home`, as the built-in manifest or the one in `manifest` lists them.
///
/// # Errors
/// If the manifest cannot be read.
pub fn corpus(home: &Home, manifest: Option<&Path>) -> Result<Corpus, LibraryError> {
    let manifest = match manifest {
        None => Manifest::embedded(),
        Some(path) => Manifest::load(path),
    };
    Ok(Corpus::open(home.corpus(), manifest.map_err(LibraryError::Manifest)?))
}

/// The names and folders of the packs that are on disk.
///
/// # Errors
/// If the manifest cannot be read.
pub fn packs(home: &Home) -> Result<Vec<(String, PathBuf)>, LibraryError> {
    let corpus = corpus(home, None)?;
    Ok(corpus.fetched().into_iter().map(|name| (name.to_string(), corpus.pages_folder(&name))).collect())
}

/// Writes the handbook out as files, so that it is indexed like everything else. Pages that are as
/// they should be are not touched.
///
/// # Errors
/// If the folder cannot be written.
pub fn write_handbook(home: &Home) -> Result<PathBuf, LibraryError> {
    let folder = home.handbook();
    std::fs::create_dir_all(&folder).map_err(|source| file("cannot create", &folder, source))?;
    let mut names = Vec::new();
    for (name, text) in kai_corpus::handbook() {
        let path = folder.join(format!("{name}.md"));
        if std::fs::read_to_string(&path).ok().as_deref() != Some(text) {
            std::fs::write(&path, text).map_err(|source| file("cannot write", &path, source))?;
        }
        names.push(path);
    }
    // Pages of an older kai.
    let entries = std::fs::read_dir(&folder).map_err(|source| file("cannot read", &folder, source))?;
    for path in entries.flatten().map(|entry| entry.path()).filter(|path| !names.contains(path)) {
        std::fs::remove_file(&path).map_err(|source| file("cannot remove", &path, source))?;
    }
    Ok(folder)
}

fn file(action: &'static str, path: &Path, source: std::io::Error) -> LibraryError {
    LibraryError::File { action, path: path.to_owned(), source }
}
