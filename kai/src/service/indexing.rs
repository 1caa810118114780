//! Runs of the indexer that were started here: one at a time, in the background, while what was published
//! before is served.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::StatusCode;
use kai_indexer::run::{self, Cancel, Event, Options, RunError};
use kai_indexer::store::{Reader, StoreError, Writer};
use kai_tools::with_causes;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use tokio::sync::watch;

use super::access::{Caller, Scope};
use super::news::News;
use super::problem::{Answer, Problem};
use super::shelf::Shelf;
use crate::library::{self, EmbedderChoice, Home, TargetError};

/// So many problems of a run are told; more are counted.
const PROBLEMS: usize = 50;

/// How far a run is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    /// None was started here yet.
    #[default]
    Idle,
    /// It goes on.
    Running,
    /// It came to its end.
    Done,
    /// It did not.
    Failed,
}

/// What is known of the last run.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub(super) struct Run {
    /// How far it is.
    pub(super) state: State,
    /// `words`, then `vectors`.
    phase: Option<&'static str>,
    /// Pages, or passages, that are done.
    done: usize,
    /// Of so many, once that is known.
    total: Option<usize>,
    /// What was left out, and why; for those who may index.
    problems: Vec<String>,
    /// Pages of what was indexed, that can be found since.
    pub(super) pages: u64,
    /// Their passages.
    pub(super) passages: u64,
    /// How it ended, in words.
    pub(super) message: Option<String>,
    /// The same as a status, for whoever waited for it.
    #[serde(skip)]
    pub(super) status: StatusCode,
}

impl Run {
    /// As a caller may see it: what was left out and why only where it was indexed from.
    pub(super) fn for_caller(mut self, caller: &Caller) -> Self {
        if !caller.may(Scope::Admin) {
            self.problems.clear();
        }
        self
    }
}

/// The runs of one data folder.
#[derive(Debug)]
pub(super) struct Indexing {
    home: Home,
    embedder: EmbedderChoice,
    shelf: Arc<Shelf>,
    news: News,
    run: Arc<Mutex<Run>>,
    /// Moves when a run has ended.
    ended: Arc<watch::Sender<()>>,
    cancel: Mutex<Cancel>,
}

fn locked(run: &Mutex<Run>) -> MutexGuard<'_, Run> {
    run.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Indexing {
    pub(super) fn new(home: Home, embedder: EmbedderChoice, shelf: Arc<Shelf>, news: News) -> Self {
        Self {
            home,
            embedder,
            shelf,
            news,
            run: Arc::default(),
            ended: Arc::new(watch::Sender::new(())),
            cancel: Mutex::default(),
        }
    }

    /// What is known of the last run.
    pub(super) fn run(&self) -> Run {
        locked(&self.run).clone()
    }

    /// Waits until no run goes on any more.
    pub(super) async fn ended(&self) -> Run {
        let mut ended = self.ended.subscribe();
        loop {
            let run = self.run();
            if run.state != State::Running || ended.changed().await.is_err() {
                return run;
            }
        }
    }

    /// Starts a run over these places; over everything that is known, if there are none.
    pub(super) fn start(&self, places: Vec<String>) -> Answer<()> {
        let known = match Reader::manifest_of(&self.home.index()) {
            Ok(manifest) => manifest.map(|manifest| manifest.sources).unwrap_or_default(),
            Err(StoreError::Absent(_)) => Vec::new(),
            Err(error) => return Err(Problem::internal("looking at the index", &error)),
        };
        let targets = if places.is_empty() {
            let all = library::everything(&self.home, &known);
            all.map_err(|error| Problem::internal("listing the sources", &error))?.targets
        } else {
            library::named(&places, None, &known).map_err(not_a_place)?
        };
        let mut run = locked(&self.run);
        if run.state == State::Running {
            return Err(Problem::conflict("the index is being made already"));
        }
        *run = Run { state: State::Running, phase: Some("words"), ..Run::default() };
        drop(run);
        let cancel = Cancel::default();
        *self.cancel.lock().unwrap_or_else(PoisonError::into_inner) = cancel.clone();
        self.news.tell("index", "", json!({ "state": State::Running }));
        let work = Work {
            home: self.home.clone(),
            embedder: self.embedder.clone(),
            shelf: Arc::clone(&self.shelf),
            run: Arc::clone(&self.run),
            cancel,
        };
        let (run, ended, news) = (Arc::clone(&self.run), Arc::clone(&self.ended), self.news.clone());
        tokio::spawn(async move {
            // Reading and cutting pages takes a thread for itself.
            let handle = tokio::runtime::Handle::current();
            let worked = tokio::task::spawn_blocking(move || handle.block_on(work.run(&targets))).await;
            let (status, message) = worked.unwrap_or_else(|error| {
                tracing::error!(%error, "indexing broke off");
                (StatusCode::INTERNAL_SERVER_ERROR, "indexing broke off; the service's log says where".to_owned())
            });
            let state = if status.is_success() { State::Done } else { State::Failed };
            {
                let mut run = locked(&run);
                (run.state, run.phase, run.message, run.status) = (state, None, Some(message), status);
            }
            news.tell("index", "", json!({ "state": state }));
            ended.send_replace(());
        });
        Ok(())
    }

    /// Asks a run to stop at the next safe place.
    pub(super) fn stop(&self) {
        self.cancel.lock().unwrap_or_else(PoisonError::into_inner).request();
    }
}

fn not_a_place(error: TargetError) -> Problem {
    Problem::unprocessable(error.to_string())
}

/// One run.
struct Work {
    home: Home,
    embedder: EmbedderChoice,
    shelf: Arc<Shelf>,
    run: Arc<Mutex<Run>>,
    cancel: Cancel,
}

impl Work {
    /// To its end, with how it ended.
    async fn run(self, targets: &[run::Target]) -> (StatusCode, String) {
        let ended = match self.index(targets).await {
            Ok(message) => (StatusCode::OK, message),
            Err(RunError::Store(StoreError::Locked { .. })) => {
                (StatusCode::CONFLICT, "another program is writing the index".to_owned())
            }
            Err(RunError::Cancelled) => {
                (StatusCode::SERVICE_UNAVAILABLE, "stopped; the next run goes on from there".to_owned())
            }
            Err(error) => {
                tracing::error!(error = %with_causes(&error), "indexing failed");
                (StatusCode::INTERNAL_SERVER_ERROR, "indexing failed; the service's log says why".to_owned())
            }
        };
        self.shelf.look().await;
        ended
    }

    async fn index(&self, targets: &[run::Target]) -> Result<String, RunError> {
        let mut writer = Writer::open(&self.home.index()).await?;
        let hear = |event| self.hear(event);
        let words = run::words(&mut writer, targets, Options::default(), &self.cancel, &hear).await?;
        self.shelf.look().await;
        let of_these = found_of(&writer, targets).await?;
        {
            let mut run = locked(&self.run);
            (run.pages, run.passages) = of_these;
        }
        let found = format!("{} pages, {} passages are found by words", words.pages, words.passages);
        let made_with = writer.manifest();
        let made_with = made_with.next_embedder.as_ref().or(made_with.embedder.as_ref()).map(|id| id.name.clone());
        let embedder = library::embedder_for_run(&self.home, &self.embedder, made_with.as_deref()).await;
        let embedder = match embedder {
            Ok(Some(embedder)) => embedder,
            Ok(None) => return Ok(found),
            Err(error) => {
                tracing::warn!(error = %with_causes(&error), "no vectors are made");
                return Ok(format!("{found}; no vectors, since the embedder cannot be used"));
            }
        };
        {
            let mut run = locked(&self.run);
            (run.phase, run.done, run.total) = (Some("vectors"), 0, None);
        }
        let vectors = run::vectors(&mut writer, embedder.as_ref(), false, &self.cancel, &hear).await?;
        Ok(format!("{found}; {} passages got their vectors", vectors.embedded))
    }

    fn hear(&self, event: Event) {
        let mut run = locked(&self.run);
        match event {
            Event::Listing { .. } | Event::Publishing => {}
            Event::Listed { pages } => (run.done, run.total) = (0, Some(pages)),
            Event::Page => run.done += 1,
            Event::Problem(problem) if run.problems.len() < PROBLEMS => run.problems.push(problem.to_string()),
            Event::Problem(_) => {}
            Event::Missing { passages } => (run.done, run.total) = (0, Some(passages)),
            Event::Embedded { passages } => run.done += passages,
        }
    }
}

/// Pages and passages of those sources.
async fn found_of(writer: &Writer, targets: &[run::Target]) -> Result<(u64, u64), StoreError> {
    let pages = writer.pages().await?;
    let of_these = pages.iter().filter(|page| targets.iter().any(|target| target.name == page.source));
    Ok(of_these.fold((0, 0), |(pages, passages), page| (pages + 1, passages + u64::from(page.passages))))
}
