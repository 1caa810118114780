//! Puts every case to a planner: a program, once a case, or answers that were recorded.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

use super::case::{Case, Set};
use super::output::{Output, OutputError};
use super::process::{self, RunError};

/// As many looks at the time of `--version` as this are taken, spread over the run.
const LOOKS: usize = 24;

/// Who proposes.
#[derive(Debug, Clone)]
pub enum Planner {
    /// A program with the command line of `kai plan`.
    Program(Program),
    /// Outputs by the id of their case.
    Recorded(BTreeMap<String, Value>),
}

/// A program and how it is run.
#[derive(Debug, Clone)]
pub struct Program {
    /// Its path, or its name.
    pub path: PathBuf,
    /// The most that one case may take.
    pub limit: Duration,
    /// Whether it is told what was said before.
    pub with_context: bool,
    /// So many cases at the same time.
    pub jobs: usize,
}

/// What came of one case.
#[derive(Debug)]
pub struct Outcome {
    /// The case.
    pub case: Case,
    /// Its set.
    pub set: Arc<Set>,
    /// What the planner said, or why there is nothing to judge.
    pub output: Result<Output, CaseError>,
    /// Wall time of the process, if there was one and it ended by itself.
    pub took: Option<Duration>,
}

/// A whole run.
#[derive(Debug)]
pub struct Outcomes {
    /// Case by case, in the order of the sets.
    pub cases: Vec<Outcome>,
    /// Wall times of `PROGRAM --version` in between.
    pub version: Vec<Duration>,
}

/// Why a case has no output to judge.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// The process gave none.
    #[error(transparent)]
    Run(#[from] RunError),
    /// It gave something else.
    #[error("{source}; it printed {printed:?}")]
    Output {
        /// What is wrong with it.
        #[source]
        source: OutputError,
        /// The beginning of it.
        printed: String,
    },
    /// No answer was recorded.
    #[error("no answer was recorded")]
    Missing,
}

/// Why nothing could be run at all.
#[derive(Debug, thiserror::Error)]
pub enum PlannerError {
    /// The program does not even say its version.
    #[error("the planner does not run")]
    Program(#[source] RunError),
    /// The hosts' files could not be written for it.
    #[error("no temporary folder for the host's file")]
    Room(#[source] std::io::Error),
    /// The recorded answers could not be read.
    #[error("the answers {} could not be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A line of them is no answer.
    #[error("{}, line {line}: not an object with an id", path.display())]
    Answer {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// Two of them are for the same case.
    #[error("{}, line {line}: a second answer to {id}", path.display())]
    Twice {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// The case.
        id: String,
    },
}

/// Reads recorded answers: `{"id": "m001", "kind": …}` a line.
///
/// # Errors
/// If the file cannot be read or a line is no answer. Whether an answer is a good one is for later.
pub fn recorded(path: &Path) -> Result<BTreeMap<String, Value>, PlannerError> {
    let text = std::fs::read_to_string(path).map_err(|source| PlannerError::Read { path: path.to_owned(), source })?;
    let mut answers = BTreeMap::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let no_answer = || PlannerError::Answer { path: path.to_owned(), line: at + 1 };
        let Ok(Value::Object(mut fields)) = serde_json::from_str(line) else { return Err(no_answer()) };
        let Some(Value::String(id)) = fields.remove("id") else { return Err(no_answer()) };
        if answers.insert(id.clone(), Value::Object(fields)).is_some() {
            return Err(PlannerError::Twice { path: path.to_owned(), line: at + 1, id });
        }
    }
    Ok(answers)
}

/// Puts every case to the planner. Cases that give nothing to judge are outcomes, too.
///
/// # Errors
/// If the program cannot be run at all.
pub fn run(
    planner: &Planner,
    cases: Vec<(Case, Arc<Set>)>,
    progress: &(dyn Fn(&str) + Sync),
) -> Result<Outcomes, PlannerError> {
    match planner {
        Planner::Recorded(answers) => {
            let outcome = |(case, set): (Case, Arc<Set>)| {
                let answer = answers.get(&case.id).cloned().ok_or(CaseError::Missing);
                let output = answer.and_then(|answer| {
                    let printed = beginning(&answer.to_string());
                    Output::from_value(answer).map_err(|source| CaseError::Output { source, printed })
                });
                Outcome { case, set, output, took: None }
            };
            Ok(Outcomes { cases: cases.into_iter().map(outcome).collect(), version: Vec::new() })
        }
        Planner::Program(program) => program.run(cases, progress),
    }
}

impl Program {
    fn run(&self, cases: Vec<(Case, Arc<Set>)>, progress: &(dyn Fn(&str) + Sync)) -> Result<Outcomes, PlannerError> {
        // A path is one from here, not from the empty home that it runs in. A bare name is looked for here
        // first, then where programs lie.
        let named = self.path.components().count() == 1 && !self.path.exists();
        let path =
            if named { self.path.clone() } else { std::path::absolute(&self.path).map_err(PlannerError::Room)? };
        let room = tempfile::tempdir().map_err(PlannerError::Room)?;
        // The first start reads the binary from disk; it is not counted.
        self.version(&path).map_err(PlannerError::Program)?;
        let total = cases.len();
        let every = total.div_ceil(LOOKS).max(1);
        let left = Mutex::new(cases.into_iter().enumerate());
        let done = Mutex::new(Vec::with_capacity(total));
        let work = || {
            loop {
                let next = left.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some((at, (case, set))) = next else { return };
                let look = if at % every == 0 { self.version(&path).ok() } else { None };
                let (output, took) = self.propose(&path, room.path(), at, &case, &set);
                let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                done.push((at, Outcome { case, set, output, took }, look));
                if done.len().is_multiple_of(50) {
                    progress(&format!("{} of {total} cases", done.len()));
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..self.jobs.max(1) {
                scope.spawn(work);
            }
        });
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_by_key(|(at, _, _)| *at);
        let (cases, looks): (Vec<Outcome>, Vec<Option<Duration>>) =
            done.into_iter().map(|(_, outcome, look)| (outcome, look)).unzip();
        Ok(Outcomes { cases, version: looks.into_iter().flatten().collect() })
    }

    fn version(&self, path: &Path) -> Result<Duration, RunError> {
        process::run(path, &["--version".into()], self.limit).map(|finished| finished.took)
    }

    /// One process: its output, and how long it took.
    fn propose(
        &self,
        path: &Path,
        room: &Path,
        at: usize,
        case: &Case,
        set: &Set,
    ) -> (Result<Output, CaseError>, Option<Duration>) {
        let failed = |source| RunError::Run { program: path.to_owned(), source };
        let files = self.files(room, at, case, set).map_err(failed);
        let finished = files.and_then(|(host, context)| {
            let mut args: Vec<OsString> =
                vec!["plan".into(), "--offline".into(), "--host-file".into(), host.into(), "--json".into()];
            if let Some(context) = context {
                args.extend(["--context".into(), context.into()]);
            }
            args.extend(["--".into(), case.say.clone().into()]);
            process::run(path, &args, self.limit)
        });
        match finished {
            Ok(finished) => {
                let printed = beginning(&finished.stdout);
                let output = Output::parse(&finished.stdout);
                (output.map_err(|source| CaseError::Output { source, printed }), Some(finished.took))
            }
            Err(error) => (Err(error.into()), None),
        }
    }

    /// The host's file, and the one with what was said before, if something was.
    fn files(&self, room: &Path, at: usize, case: &Case, set: &Set) -> std::io::Result<(PathBuf, Option<PathBuf>)> {
        let host = room.join(format!("host-{at}.json"));
        std::fs::write(&host, &set.host_text)?;
        if case.context.is_empty() || !self.with_context {
            return Ok((host, None));
        }
        let context = room.join(format!("context-{at}.json"));
        std::fs::write(&context, serde_json::to_vec(&case.context)?)?;
        Ok((host, Some(context)))
    }
}

fn beginning(text: &str) -> String {
    text.chars().take(200).collect()
}
