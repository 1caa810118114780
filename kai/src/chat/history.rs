//! The lines that were typed before, in a file that only its owner can read.
//!
//! One entry a line, the newest last; a line end within an entry is written `\n` and a backslash
//! `\\`. Several chats append to one file, each entry in one write, so nobody's lines are lost.
//! Knows nothing of the editor. A line that begins with a space is never kept.

use std::{
    collections::HashSet,
    fs, io,
    io::Write,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use crate::ui::clean::clean;

/// How many entries are kept.
const ENTRIES: usize = 2000;
/// A longer entry, in bytes, is a document that was pasted.
const LONGEST: usize = 16 * 1024;

/// What was typed before.
#[derive(Debug, Default)]
pub(super) struct History {
    /// Where it is kept; `None` if it is not.
    file: Option<PathBuf>,
    entries: Vec<String>,
}

impl History {
    /// Reads the file, if there is one, and puts it in order. With it comes why it cannot be used:
    /// then the history lasts as long as the chat.
    pub(super) fn open(file: &Path) -> (Self, Option<io::Error>) {
        match read(file) {
            Ok(entries) => (Self { file: Some(file.to_owned()), entries }, None),
            Err(error) => (Self::default(), Some(error)),
        }
    }

    /// Every entry once, the newest last.
    pub(super) fn entries(&self) -> &[String] {
        &self.entries
    }

    /// Keeps an entry, unless it is one that is not kept, and says whether.
    ///
    /// # Errors
    /// If it cannot be written. From then on nothing is.
    pub(super) fn keep(&mut self, entry: &str) -> io::Result<bool> {
        if entry.trim().is_empty() || entry.starts_with(char::is_whitespace) || entry.len() > LONGEST {
            return Ok(false);
        }
        if self.entries.last().is_some_and(|last| last == entry) {
            return Ok(false);
        }
        self.entries.retain(|old| old != entry);
        self.entries.push(entry.to_owned());
        let more = self.entries.len().saturating_sub(ENTRIES);
        self.entries.drain(..more);
        if let Some(file) = &self.file
            && let Err(error) = append(file, entry)
        {
            self.file = None;
            return Err(error);
        }
        Ok(true)
    }
}

fn read(file: &Path) -> io::Result<Vec<String>> {
    let bytes = match fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    if fs::metadata(file)?.permissions().mode() & 0o077 != 0 {
        fs::set_permissions(file, fs::Permissions::from_mode(0o600))?;
    }
    let text = String::from_utf8_lossy(&bytes);
    let mut lines: Vec<String> = text.lines().map(|line| clean(&unescaped(line))).collect();
    let before = lines.len();
    let mut seen = HashSet::new();
    lines.reverse();
    lines.retain(|line| !line.trim().is_empty() && seen.insert(line.clone()));
    lines.truncate(ENTRIES);
    lines.reverse();
    // Now and then, not at every start.
    if before > ENTRIES + ENTRIES / 4 {
        rewrite(file, &lines)?;
    }
    Ok(lines)
}

fn append(file: &Path, entry: &str) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut out = fs::OpenOptions::new().append(true).create(true).mode(0o600).open(file)?;
    out.write_all(format!("{}\n", escaped(entry)).as_bytes())
}

/// The whole file anew: never half of it.
fn rewrite(file: &Path, entries: &[String]) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut new = tempfile::Builder::new().prefix(".history-").tempfile_in(folder)?;
    let text: String = entries.iter().map(|entry| escaped(entry) + "\n").collect();
    new.write_all(text.as_bytes())?;
    new.persist(file).map_err(|error| error.error)?;
    Ok(())
}

fn escaped(entry: &str) -> String {
    entry.replace('\\', "\\\\").replace('\n', "\\n")
}

fn unescaped(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        let c = if c == '\\' { chars.next().map_or('\\', |c| if c == 'n' { '\n' } else { c }) } else { c };
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("data/history");
        (folder, file)
    }

    fn reopened(file: &Path) -> Vec<String> {
        let (history, error) = History::open(file);
        assert!(error.is_none(), "{error:?}");
        history.entries
    }

    #[test]
    fn entries_come_back_once_and_in_order() {
        let (_folder, file) = folder();
        let (mut history, _) = History::open(&file);
        for entry in ["one", "two\nlines \\n \\", "one", "one", "é", " secret", "\tsecret", "", "  "] {
            history.keep(entry).unwrap();
        }
        let expected = ["two\nlines \\n \\", "one", "é"];
        assert_eq!(history.entries(), expected);
        assert_eq!(reopened(&file), expected);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn two_chats_share_a_file() {
        let (_folder, file) = folder();
        let ((mut one, _), (mut two, _)) = (History::open(&file), History::open(&file));
        one.keep("a").unwrap();
        two.keep("b").unwrap();
        one.keep("c").unwrap();
        assert_eq!(reopened(&file), ["a", "b", "c"]);
    }

    #[test]
    fn it_is_bounded() {
        let (_folder, file) = folder();
        let (mut history, _) = History::open(&file);
        assert!(!history.keep(&"x".repeat(LONGEST + 1)).unwrap());
        for number in 0..ENTRIES * 2 {
            history.keep(&format!("line {number}")).unwrap();
        }
        assert_eq!(history.entries().len(), ENTRIES);
        assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), ENTRIES * 2);
        assert_eq!(reopened(&file), history.entries());
        assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), ENTRIES);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_strange_file_does_no_harm() {
        let (folder, _) = folder();
        let file = folder.path().join("history");
        fs::write(&file, b"ok\n\xff\xfe\n\n\x1b[2Jx\\\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(reopened(&file), ["ok", "\u{fffd}\u{fffd}", "x\\"]);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn without_a_file_it_lasts_as_long_as_the_chat() {
        let (folder, _) = folder();
        let (mut history, error) = History::open(folder.path());
        assert!(error.is_some(), "a folder is no file");
        assert!(history.keep("a").unwrap());
        assert_eq!(history.entries(), ["a"]);
        // The folder cannot be made: said once.
        fs::write(folder.path().join("data"), "a file").unwrap();
        let mut history = History { file: Some(folder.path().join("data/history")), entries: Vec::new() };
        assert!(history.keep("a").is_err());
        assert!(history.keep("b").unwrap());
        assert_eq!(history.entries(), ["a", "b"]);
    }
}
