//! Operations that were approved here and run: one at a time, on a thread of their own, whether or not
//! somebody watches. What they did before somebody came to watch is kept for as long as the service runs;
//! the journal has it for good.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::Stream;
use kai_tools::confirm::Confirmed;
use kai_tools::execute::{Cancel, Progress, Report};
use kai_tools::journal::{JournalError, Outcome};
use kai_tools::operator::Operator;
use serde_json::{Value, json};
use tokio::sync::{oneshot, watch};

use super::following::reported;
use super::metrics::Ended;
use super::news::News;
use super::problem::{Answer, Problem};
use super::stream::Told;
use crate::turn::{StepChange, StepEvent};

/// So many are kept to be watched.
const MOST: usize = 100;

/// One of them.
#[derive(Debug, Default)]
struct Live {
    cancel: Cancel,
    told: Mutex<Vec<Told>>,
    ended: AtomicBool,
    /// How much has been told.
    changed: watch::Sender<usize>,
}

impl Live {
    fn tell(&self, told: Told) {
        let mut all = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(told);
        self.changed.send_replace(all.len());
    }

    fn end(&self, told: Told) {
        self.ended.store(true, Ordering::SeqCst);
        self.tell(told);
    }

    fn is_running(&self) -> bool {
        !self.ended.load(Ordering::SeqCst)
    }

    fn after(&self, at: usize) -> Option<Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).get(at).cloned()
    }
}

/// Whatever becomes of its thread, it ends.
struct Ends<'a>(&'a Live);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        if self.0.is_running() {
            self.0.end(not_done("the operation broke off"));
        }
    }
}

/// All of them, by id.
#[derive(Debug)]
pub(super) struct Operations {
    all: Mutex<HashMap<String, Arc<Live>>>,
    news: News,
    counted: Ended,
}

/// What is to be run.
#[derive(Debug)]
pub(super) struct Approved {
    pub(super) confirmed: Confirmed,
    /// The operation that it takes back.
    pub(super) reverses: Option<String>,
    /// Who approved it.
    pub(super) by: String,
}

impl Operations {
    pub(super) fn new(news: News, counted: Ended) -> Self {
        Self { all: Mutex::default(), news, counted }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Live>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether that one runs here now.
    pub(super) fn is_running(&self, id: &str) -> bool {
        self.lock().get(id).is_some_and(|live| live.is_running())
    }

    /// Starts one, and returns when its first step has begun, or when it turns out that it cannot.
    pub(super) async fn start(&self, operator: Arc<Operator>, approved: Approved) -> Answer<String> {
        let id = approved.confirmed.plan().id.clone();
        let live = Arc::new(Live::default());
        {
            let mut all = self.lock();
            if let Some((running, _)) = all.iter().find(|(_, live)| live.is_running()) {
                return Err(Problem::conflict(format!("operation {running} is still running on this host")));
            }
            if all.contains_key(&id) {
                return Err(JournalError::CarriedOut { op: id }.into());
            }
            if all.len() >= MOST {
                all.clear();
            }
            all.insert(id.clone(), Arc::clone(&live));
        }
        let (begun, has_begun) = oneshot::channel();
        let (thread, news, counted) = (live, self.news.clone(), self.counted.clone());
        tokio::task::spawn_blocking(move || {
            let _ends = Ends(&thread);
            let plan = approved.confirmed.plan();
            let (id, summary, lines) = (plan.id.clone(), plan.summary.clone(), plan.report.clone());
            let tell = |running, outcome| news.tell("operation", &id, told_of(&id, &summary, running, outcome));
            let begun = Mutex::new(Some(begun));
            let say_begun = |came: Result<(), JournalError>| {
                if let Some(begun) = begun.lock().unwrap_or_else(PoisonError::into_inner).take() {
                    let _ = begun.send(came);
                    return true;
                }
                false
            };
            let observer = |progress: Progress<'_>| {
                thread.tell(step(progress.into()));
                if say_begun(Ok(())) {
                    tell(true, None);
                }
            };
            let Approved { confirmed, reverses, by } = approved;
            let done = operator.execute_for(&by, confirmed, reverses.as_deref(), &observer, &thread.cancel);
            match done {
                Ok(report) => {
                    tracing::info!(op = report.op, outcome = ?report.outcome, by, "operation");
                    counted.count(report.outcome);
                    thread.end(ended(&report, &lines));
                    say_begun(Ok(()));
                    tell(false, Some(report.outcome));
                }
                // It never began; or an executor goes on with it, which shows at the next look.
                Err(error) => {
                    tracing::error!(%error, "an operation was not carried out");
                    thread.end(not_done(why(&error)));
                    say_begun(Err(error));
                }
            }
        });
        match has_begun.await {
            Ok(Ok(())) => Ok(id),
            Ok(Err(error)) => {
                if !matches!(error, JournalError::Lost(_)) {
                    // Nothing was done: it may be approved again.
                    self.lock().remove(&id);
                }
                Err(error.into())
            }
            // The thread broke; it has said so to whoever watches.
            Err(_) => Err(Problem::conflict("the operation broke off").hint("`kai op history` shows how far it got")),
        }
    }

    /// Asks one to stop at its next safe place. Whether it runs here.
    pub(super) fn stop(&self, id: &str) -> bool {
        let found = self.lock().get(id).filter(|live| live.is_running()).cloned();
        if let Some(live) = &found {
            live.cancel.request();
        }
        found.is_some()
    }

    /// What one that was started here does, from its beginning to its end.
    pub(super) fn watch(&self, id: &str) -> Option<impl Stream<Item = Told> + Send + use<>> {
        let live = Arc::clone(self.lock().get(id)?);
        let changed = live.changed.subscribe();
        Some(futures::stream::unfold((live, changed, 0), |(live, mut changed, at)| async move {
            loop {
                if let Some(told) = live.after(at) {
                    return Some((told, (live, changed, at + 1)));
                }
                if !live.is_running() {
                    // What was told between the two looks.
                    return live.after(at).map(|told| (told, (live, changed, at + 1)));
                }
                if changed.wait_for(|told| *told > at).await.is_err() {
                    return None;
                }
            }
        }))
    }

    /// Waits until nothing runs any more. After `grace` it is asked to stop, and waited for again.
    pub(super) async fn finish(&self, grace: Duration) {
        let running: Vec<Arc<Live>> = self.lock().values().filter(|live| live.is_running()).cloned().collect();
        for live in running {
            tracing::info!("an operation is still running; it is waited for");
            let mut changed = live.changed.subscribe();
            let ended = async { while live.is_running() && changed.changed().await.is_ok() {} };
            tokio::pin!(ended);
            if tokio::time::timeout(grace, &mut ended).await.is_err() {
                tracing::warn!("the operation is asked to stop at its next safe place");
                live.cancel.request();
                ended.await;
            }
        }
    }
}

/// What is told of one to those who watch all.
pub(super) fn told_of(id: &str, summary: &str, running: bool, outcome: Option<Outcome>) -> Value {
    json!({ "id": id, "summary": summary, "running": running, "outcome": outcome })
}

fn step(event: StepEvent) -> Told {
    let mut data = json!({ "number": event.number, "action": event.action });
    let (state, more) = match event.what {
        StepChange::Begun => ("begun", None),
        StepChange::Done(took) => ("done", Some(("seconds", json!(took.as_secs_f64())))),
        StepChange::Failed(why) => ("failed", Some(("why", json!(why)))),
        StepChange::TakenBack => ("taken_back", None),
        StepChange::Left(why) => ("left", Some(("why", json!(why)))),
    };
    data["state"] = json!(state);
    if let Some((name, value)) = more {
        data[name] = value;
    }
    Told::new("step", data)
}

/// The end of one that was not carried out, or of which nobody knows.
fn not_done(why: &str) -> Told {
    Told::new("ended", json!({ "outcome": null, "error": why }))
}

fn why(error: &JournalError) -> &'static str {
    match error {
        JournalError::Lost(_) => "the executor broke off: it is not known how far the operation got",
        JournalError::Busy { .. } => "another operation is running",
        JournalError::CarriedOut { .. } | JournalError::Ended { .. } => "it was carried out already",
        JournalError::Unconfirmed(_) => "the host has changed: the plan is another one now",
        JournalError::File { .. } | JournalError::Broken { .. } | JournalError::Elsewhere(_) => {
            "it could not be written to the journal"
        }
    }
}

fn ended(report: &Report, lines: &[(String, String)]) -> Told {
    let data = json!({
        "operation": report.op, "outcome": report.outcome, "error": report.error, "hints": report.hints,
        "left": report.left, "left_out": report.left_out, "report": reported(Some(report.outcome), lines),
    });
    Told::new("ended", data)
}
