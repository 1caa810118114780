//! A host in a temporary folder: its programs, sources, pages, and a corpus on it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use kai_corpus::{Corpus, Machine, Manifest, PackOutcome, SyncEvent, SyncOptions, SyncReport};

pub(crate) struct Stand {
    pub(crate) dir: tempfile::TempDir,
}

impl Stand {
    pub(crate) fn new(os_release: &str) -> Self {
        let stand = Self { dir: tempfile::tempdir().unwrap() };
        stand.file("os-release", os_release);
        fs::create_dir_all(stand.path("bin")).unwrap();
        stand
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.dir.path().join(relative)
    }

    pub(crate) fn file(&self, relative: &str, text: &str) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// A program that records its arguments, one call a line, and then runs the script with
    /// `$HOST` as the stand's folder.
    pub(crate) fn program(&self, name: &str, script: &str) {
        let host = self.dir.path().display();
        let text = format!("#!/bin/sh\nHOST='{host}'\necho \"{name} $*\" >> \"$HOST/calls\"\n{script}\n");
        self.file(&format!("bin/{name}"), &text);
        fs::set_permissions(self.path(&format!("bin/{name}")), fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub(crate) fn calls(&self) -> String {
        fs::read_to_string(self.path("calls")).unwrap_or_default()
    }

    pub(crate) fn forget_calls(&self) {
        fs::remove_file(self.path("calls")).ok();
    }

    pub(crate) fn corpus(&self, manifest: &str) -> Corpus {
        let machine = Machine {
            programs: vec![self.path("bin"), "/usr/bin".into(), "/bin".into()],
            os_release: self.path("os-release"),
            apt: self.path("apt"),
            man: vec![self.path("man")],
            doc: vec![self.path("doc")],
        };
        Corpus::open_on(self.path("data/corpus"), Manifest::parse(manifest, "test").unwrap(), machine)
    }

    pub(crate) fn pages(&self, pack: &str) -> Vec<String> {
        let mut found = Vec::new();
        files(&self.path("data/corpus").join(pack), "", &mut found);
        found.sort();
        found
    }
}

fn files(folder: &Path, relative: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().into_string().unwrap();
        let path = if relative.is_empty() { name } else { format!("{relative}/{name}") };
        if entry.file_type().unwrap().is_dir() {
            files(&entry.path(), &path, found);
        } else {
            found.push(path);
        }
    }
}

pub(crate) async fn sync(corpus: &Corpus, options: SyncOptions) -> (SyncReport, Vec<SyncEvent>) {
    let mut events = Vec::new();
    let report = corpus.sync(options, &mut |event| events.push(event)).await.unwrap();
    (report, events)
}

pub(crate) fn outcome<'a>(report: &'a SyncReport, pack: &str) -> &'a PackOutcome {
    report.packs.iter().find(|own| own.name.as_str() == pack).unwrap()
}
