//! From unpacked packages, or the host's own folders, to the pages of one pack: which files are
//! pages, under which short path they lie, and which are aliases or copies of others.
//!
//! What is read here is not trusted: only regular files below the given folder are opened,
//! symbolic links are never followed, and a page's path can only lead into the pack's folder.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};

use crate::glob::Glob;

/// No page is larger; a file that is, or a .gz that unpacks to more, is not documentation.
const PAGE_LIMIT: u64 = 32 << 20;
/// Deeper folders than any package has.
const DEPTH_LIMIT: usize = 24;

/// Which short paths are pages.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub(crate) include: Vec<Glob>,
    pub(crate) exclude: Vec<Glob>,
}

impl Rules {
    fn take(&self, page: &str) -> bool {
        is_document(page)
            && self.include.iter().any(|glob| glob.matches(page))
            && !self.exclude.iter().any(|glob| glob.matches(page))
    }
}

/// A file chosen to be a page.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Picked {
    /// Its short path: `man8/zfs.8.gz`.
    pub(crate) page: String,
    /// The package it came from, to tell equal short paths apart.
    pub(crate) package: String,
    /// The file.
    pub(crate) file: PathBuf,
}

/// What was put in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Assembled {
    pub(crate) pages: u64,
    pub(crate) bytes: u64,
}

/// The pages of an unpacked package.
pub(crate) fn pick_package(root: &Path, package: &str, rules: &Rules) -> io::Result<Vec<Picked>> {
    let mut picked = Vec::new();
    for share in ["usr/share", "usr/local/share", "usr/local"] {
        for kind in ["man", "doc"] {
            // Each step by itself, so that no link in a package leads elsewhere.
            let Some(folder) = real_folder(root, &format!("{share}/{kind}"))? else {
                continue;
            };
            walk(&folder, "", 0, &mut |relative, file| {
                let short = if kind == "man" { man_path(relative) } else { doc_path(relative) };
                if let Some(page) = short.filter(|page| rules.take(page)) {
                    picked.push(Picked { page: page.to_owned(), package: package.to_owned(), file });
                }
            })?;
        }
    }
    picked.sort();
    Ok(picked)
}

/// The manual pages of a folder (`/usr/share/man`) whose name without section matches.
pub(crate) fn pick_man(root: &Path, names: &[Glob], rules: &Rules) -> io::Result<Vec<Picked>> {
    let mut picked = Vec::new();
    if names.is_empty() || !root.is_dir() {
        return Ok(picked);
    }
    walk(root, "", 0, &mut |relative, file| {
        let Some(page) = man_path(relative) else {
            return;
        };
        let name = man_name(page);
        if rules.take(page) && names.iter().any(|glob| glob.matches(name)) {
            picked.push(Picked { page: page.to_owned(), package: "local".to_owned(), file });
        }
    })?;
    picked.sort();
    Ok(picked)
}

/// The pages in the documentation folders (below `/usr/share/doc`) whose name matches.
pub(crate) fn pick_doc(root: &Path, folders: &[Glob], rules: &Rules) -> io::Result<Vec<Picked>> {
    let mut picked = Vec::new();
    if folders.is_empty() || !root.is_dir() {
        return Ok(picked);
    }
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| folders.iter().any(|glob| glob.matches(name))) else {
            continue;
        };
        if !entry.file_type()?.is_dir() {
            continue;
        }
        walk(&entry.path(), "", 0, &mut |relative, file| {
            if rules.take(relative) {
                picked.push(Picked { page: relative.to_owned(), package: name.to_owned(), file });
            }
        })?;
    }
    picked.sort();
    Ok(picked)
}

/// All pages below a folder that only pages were written to.
pub(crate) fn pick_all(root: &Path, package: &str) -> io::Result<Vec<Picked>> {
    let mut picked = Vec::new();
    walk(root, "", 0, &mut |relative, file| {
        picked.push(Picked { page: relative.to_owned(), package: package.to_owned(), file });
    })?;
    picked.sort();
    Ok(picked)
}

/// Puts the picked files into an empty folder under their short paths. Aliases and files with
/// the content of an earlier one are left out; of two different pages with one short path the
/// second lies below its package's name.
///
/// `link` says that the files are ours to give away; the host's own are copied, since writing to
/// a link would change both.
pub(crate) fn assemble(picked: &[Picked], into: &Path, link: bool) -> io::Result<Assembled> {
    let mut assembled = Assembled::default();
    let mut contents = HashSet::new();
    let mut taken: BTreeMap<String, ()> = BTreeMap::new();
    for item in picked {
        let Some(text) = read_page(&item.file)? else {
            continue;
        };
        if is_alias(&item.page, &text) || !contents.insert(Sha256::digest(&text)) {
            continue;
        }
        let mut page = item.page.clone();
        if taken.contains_key(&page) {
            page = format!("{}/{}", item.package, item.page);
        }
        if taken.insert(page.clone(), ()).is_some() {
            continue;
        }
        let target = into.join(&page);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)?;
        }
        if !link || fs::hard_link(&item.file, &target).is_err() {
            fs::copy(&item.file, &target)?;
        }
        assembled.pages += 1;
        assembled.bytes += fs::symlink_metadata(&target)?.len();
    }
    Ok(assembled)
}

/// The folder `root/path`, if each step of it is a real folder and no link.
fn real_folder(root: &Path, path: &str) -> io::Result<Option<PathBuf>> {
    let mut folder = root.to_owned();
    for step in path.split('/') {
        folder.push(step);
        match fs::symlink_metadata(&folder) {
            Ok(meta) if meta.is_dir() => {}
            Ok(_) => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    Ok(Some(folder))
}

/// Calls `found` with the relative path and the path of each regular file. Names that are not
/// plain text are passed over, and so are folders that may not be read.
fn walk(folder: &Path, relative: &str, depth: usize, found: &mut dyn FnMut(&str, PathBuf)) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| is_plain(name)) else {
            continue;
        };
        let path = if relative.is_empty() { name.to_owned() } else { format!("{relative}/{name}") };
        // The entry's own type: a link is neither a folder nor a file.
        let kind = entry.file_type()?;
        if kind.is_dir() && depth < DEPTH_LIMIT {
            walk(&entry.path(), &path, depth + 1, found)?;
        } else if kind.is_file() {
            found(&path, entry.path());
        }
    }
    Ok(())
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.chars().any(|c| c.is_control() || c == '/' || c == '\\')
}

/// `man8/zfs.8.gz` below a man folder; translations lie one level deeper and are none.
fn man_path(relative: &str) -> Option<&str> {
    let (section, name) = relative.split_once('/')?;
    let number = section.strip_prefix("man")?.chars().next()?;
    (number.is_ascii_digit() && !name.contains('/')).then_some(relative)
}

/// The path inside a package's documentation folder. SUSE has one level more.
fn doc_path(relative: &str) -> Option<&str> {
    let relative = relative.strip_prefix("packages/").unwrap_or(relative);
    relative.split_once('/').map(|(_, page)| page)
}

/// `zfs-send` of `man8/zfs-send.8.gz`.
fn man_name(page: &str) -> &str {
    let file = page.rsplit('/').next().unwrap_or(page);
    let file = file.strip_suffix(".gz").unwrap_or(file);
    file.rsplit_once('.').map_or(file, |(name, _)| name)
}

/// Whether the name is that of a document in a format the indexer reads.
fn is_document(page: &str) -> bool {
    let plain = page.strip_suffix(".gz").unwrap_or(page);
    let file = plain.rsplit('/').next().unwrap_or(plain);
    if page.starts_with("man") && man_path(page).is_some() {
        return file.rsplit_once('.').is_some_and(|(_, s)| s.starts_with(|c: char| c.is_ascii_digit()));
    }
    match file.rsplit_once('.') {
        Some((_, "html" | "htm" | "xhtml" | "md" | "markdown" | "txt" | "rst")) => true,
        Some(_) | None => file.starts_with("README"),
    }
}

/// The text of a page, unpacked. None for an empty, oversized or broken file, or one that may
/// not be read: it is no page.
fn read_page(file: &Path) -> io::Result<Option<Vec<u8>>> {
    if fs::symlink_metadata(file)?.len() > PAGE_LIMIT {
        return Ok(None);
    }
    let source = match fs::File::open(file) {
        Ok(source) => source,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut text = Vec::new();
    if file.as_os_str().as_bytes().ends_with(b".gz") {
        if MultiGzDecoder::new(source).take(PAGE_LIMIT + 1).read_to_end(&mut text).is_err() {
            return Ok(None);
        }
    } else {
        source.take(PAGE_LIMIT + 1).read_to_end(&mut text)?;
    }
    let blank = text.iter().all(u8::is_ascii_whitespace);
    Ok((!blank && text.len() as u64 <= PAGE_LIMIT).then_some(text))
}

/// Whether the page only points to another: a manual page that begins with `.so`, or an HTML
/// page that forwards at once.
fn is_alias(page: &str, text: &[u8]) -> bool {
    let start = String::from_utf8_lossy(&text[..text.len().min(400)]);
    if man_path(page).is_some() {
        return start
            .lines()
            .map(str::trim)
            .find(|line| !line.is_empty() && !line.starts_with(".\\\"") && !line.starts_with("'\\\""))
            .is_some_and(|line| line.starts_with(".so "));
    }
    let lower = start.to_ascii_lowercase();
    text.len() < 2_048 && lower.contains("http-equiv") && lower.contains("refresh")
}
