//! Operations as the journal tells them: those that have ended or were cut off, and those that another
//! process carries out, which are followed until they end.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use futures::Stream;
use kai_tools::journal::{Operation, Outcome, Standing};
use serde_json::json;

use super::Service;
use super::stream::Told;

/// How often it is looked how far one is.
const LOOK: Duration = Duration::from_millis(500);
/// Where that fails, which the log says each time, the pause doubles, up to this.
const LONG_PAUSE: Duration = Duration::from_secs(60);

/// What an operation did so far, and what it does until it ends.
pub(super) fn follow(service: Service, found: &Operation) -> impl Stream<Item = Told> + Send + use<> {
    let mut following = Following { id: found.id.clone(), ..Following::default() };
    following.hear(found);
    futures::stream::unfold((service, following), |(service, mut following)| async move {
        loop {
            if let Some(told) = following.untold.pop_front() {
                return Some((told, (service, following)));
            }
            if following.is_over {
                return None;
            }
            tokio::time::sleep(following.pause()).await;
            // What cannot be asked now, can be soon; whoever has gone away ends this.
            match service.operation(following.id.clone()).await {
                Ok(found) => {
                    following.failed = 0;
                    following.hear(&found);
                }
                Err(problem) => {
                    following.failed = following.failed.saturating_add(1);
                    tracing::debug!(why = problem.detail, "an operation cannot be followed for now");
                }
            }
        }
    })
}

/// How far a listener has heard of one.
#[derive(Debug, Default)]
struct Following {
    id: String,
    /// What was told of each step last.
    known: BTreeMap<usize, Standing>,
    untold: VecDeque<Told>,
    /// So many looks failed, one after the other.
    failed: u32,
    is_over: bool,
}

impl Following {
    /// How long before the next look.
    fn pause(&self) -> Duration {
        LOOK.saturating_mul(1 << self.failed.min(7)).min(LONG_PAUSE)
    }

    /// Tells what is new.
    fn hear(&mut self, found: &Operation) {
        for step in &found.plan.steps {
            let standing = found.standing(step.id);
            let before = self.known.insert(step.id, standing).unwrap_or(Standing::Waiting);
            if before != standing {
                let (number, action) = (step.id + 1, step.action.to_string());
                let data = json!({ "number": number, "action": action, "state": standing });
                self.untold.push_back(Told::new("step", data));
            }
        }
        if !found.running {
            self.is_over = true;
            self.untold.push_back(ended(found));
        }
    }
}

/// How one ended, or that it was cut off.
fn ended(found: &Operation) -> Told {
    let hints: &[&str] = match found.outcome {
        None => &["it was cut off: `kai op resume` goes on, `kai op undo` takes it back"],
        Some(Outcome::Done | Outcome::TakenBack | Outcome::Left) => &[],
    };
    let data = json!({
        "operation": found.id, "outcome": found.outcome, "error": found.error, "hints": hints,
        "left": found.left(), "left_out": found.left_out.values().collect::<Vec<_>>(),
        "report": reported(found.outcome, &found.plan.report),
    });
    Told::new("ended", data)
}

/// What is reported at the end: what does not stand there any more is not.
pub(super) fn reported(outcome: Option<Outcome>, lines: &[(String, String)]) -> &[(String, String)] {
    if outcome == Some(Outcome::Done) { lines } else { &[] }
}
