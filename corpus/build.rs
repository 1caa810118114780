//! Lists the handbook's pages for the library, so that adding a page needs no code.
//! Reads `handbook/*.md` and writes one generated file; nothing else may happen here.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=handbook");
    println!("cargo::rerun-if-changed=build.rs");
    let (Some(home), Some(out)) = (env::var_os("CARGO_MANIFEST_DIR"), env::var_os("OUT_DIR")) else {
        return Err(io::Error::other("cargo sets CARGO_MANIFEST_DIR and OUT_DIR for build scripts"));
    };
    let mut list = String::from("&[\n");
    for page in pages(&Path::new(&home).join("handbook"))? {
        let name = page.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        writeln!(list, "    ({name:?}, include_str!({:?})),", page.to_string_lossy()).map_err(io::Error::other)?;
    }
    list.push_str("]\n");
    fs::write(PathBuf::from(out).join("handbook.rs"), list)
}

/// The Markdown files of the folder, sorted by name. A missing folder is an empty handbook.
fn pages(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut pages = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "md") && path.is_file() {
            pages.push(path);
        }
    }
    pages.sort();
    Ok(pages)
}
