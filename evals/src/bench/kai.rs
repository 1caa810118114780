//! The binary `kai` as the benchmark calls it: the only place that knows its flags.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::process::{self, Cost, ProcessError};

/// How `kai index` ends when it left pages out that it could not read: the rest is indexed.
const DONE_IN_PART: &[i32] = &[3];

/// The binary under test.
#[derive(Debug, Clone)]
pub struct Kai {
    /// Its path.
    pub program: PathBuf,
}

impl Kai {
    /// Indexes `pages` under `data_dir` in a process of its own; by words alone without a model.
    ///
    /// # Errors
    /// If the process cannot be started or fails.
    pub async fn index(
        &self,
        data_dir: &Path,
        pages: &Path,
        model: Option<&Path>,
        limit: Option<Duration>,
    ) -> Result<Cost, ProcessError> {
        let embedder = model.map_or_else(
            || OsString::from("none"),
            |model| {
                let mut embedder = OsString::from("local:");
                // The whole path, so that it is no model's name.
                embedder.push(std::path::absolute(model).unwrap_or_else(|_| model.to_owned()));
                embedder
            },
        );
        let mut args = at(data_dir);
        args.extend(["index".into(), "--embedder".into(), embedder, pages.into()]);
        process::run(&self.program, &args, DONE_IN_PART, limit).await
    }

    /// Asks one question in a process of its own.
    ///
    /// # Errors
    /// If the process cannot be started or fails.
    pub async fn search(&self, data_dir: &Path, question: &str) -> Result<Cost, ProcessError> {
        let mut args = at(data_dir);
        args.extend(["search".into(), "--json".into(), "--".into(), question.into()]);
        process::run(&self.program, &args, &[], None).await
    }
}

fn at(data_dir: &Path) -> Vec<OsString> {
    vec!["--data-dir".into(), data_dir.into()]
}
