//! What was done before: `history`, `show`, `undo`, `resume`.

use clap::Subcommand;
use serde_json::json;

use super::terminal::{BOLD, DIM};
use super::{Session, ask, status};
use crate::confirm::Confirmed;
use crate::execute::ResumeError;
use crate::journal::{Operation, Outcome, Standing, StepState};
use crate::names::{OperationId, Stamp};
use crate::plan::Effect;

/// Commands on the journal.
#[derive(Debug, Clone, Subcommand)]
pub enum HistoryCommand {
    /// What was done before, newest last.
    History {
        /// So many.
        #[arg(long, default_value_t = 20)]
        limit: usize,
    },
    /// One operation with all its steps.
    Show {
        /// Its id, the beginning of it, or `last`.
        #[arg(value_name = "ID")]
        op: OperationId,
    },
    /// Take an operation back: a finished one by its way back, one that was cut off by removing what
    /// it made.
    Undo {
        /// Its id, the beginning of it, or `last`.
        #[arg(value_name = "ID")]
        op: OperationId,
    },
    /// Do what a plan says that was made before. Its digest confirms it; by its id it is shown, and asked
    /// about.
    Apply {
        /// The digest or the id, as it was shown. It is valid for 15 minutes.
        #[arg(value_name = "DIGEST|ID")]
        plan: String,
    },
    /// Go on with an operation that was cut off.
    Resume {
        /// Its id, the beginning of it, or `last`.
        #[arg(value_name = "ID")]
        op: OperationId,
    },
}

impl Session {
    /// Does what was asked for, to the exit status.
    #[must_use]
    pub fn history(&self, command: &HistoryCommand) -> u8 {
        let done = match command {
            HistoryCommand::History { limit } => self.list(*limit),
            HistoryCommand::Show { op } => self.find(op).map(|found| self.show(&found)),
            HistoryCommand::Undo { op } => self.find(op).and_then(|found| self.undo(&found)),
            HistoryCommand::Apply { plan } => self.apply(plan),
            HistoryCommand::Resume { op } => self.find(op).and_then(|found| self.resume(&found)),
        };
        match done {
            Ok(status) | Err(status) => status,
        }
    }

    fn find(&self, id: &OperationId) -> Result<Operation, u8> {
        self.operator.operation(id).map_err(|error| self.not_proposed(&error))
    }

    fn list(&self, limit: usize) -> Result<u8, u8> {
        let operations = self.operator.history().map_err(|error| self.say.failure(&error, &[]))?;
        let last = &operations[operations.len().saturating_sub(limit)..];
        if self.say.json {
            let rows: Vec<_> = last
                .iter()
                .map(|operation| {
                    json!({
                        "op": operation.id, "at": operation.started, "by": operation.by,
                        "host": operation.plan.host, "request": operation.plan.request,
                        "summary": operation.plan.summary, "outcome": operation.outcome,
                        "running": operation.running,
                        "error": operation.error, "reversed_by": operation.reversed_by,
                    })
                })
                .collect();
            self.say.value(&json!(rows));
            return Ok(0);
        }
        for operation in last {
            let end = operation.ending();
            self.say.line(&format!("{}  {}  {:<12} {}", operation.id, operation.started, end, operation.plan.summary));
        }
        if last.is_empty() {
            self.say.status("nothing was done yet");
        }
        Ok(0)
    }

    fn show(&self, operation: &Operation) -> u8 {
        if self.say.json {
            let steps: Vec<&str> = (0..operation.steps.len()).map(|step| standing(operation, step)).collect();
            self.say.value(&json!({
                "op": operation.id, "at": operation.started, "by": operation.by, "digest": operation.digest,
                "plan": operation.plan, "steps": steps, "made": operation.made, "outcome": operation.outcome,
                "running": operation.running,
                "error": operation.error, "message": operation.message, "reversed_by": operation.reversed_by,
            }));
            return 0;
        }
        let say = &self.say;
        say.line(&say.on_out(BOLD, &format!("{}: {}", operation.id, operation.plan.summary)));
        say.line(&format!("started {} by {} on {}", operation.started, operation.by, operation.plan.host));
        for step in &operation.plan.steps {
            say.line(&format!("  {:>2}. {:<10} {}", step.id + 1, standing(operation, step.id), step.action));
        }
        for (name, guid) in &operation.made {
            say.line(&say.on_out(DIM, &format!("  made {name}, guid {guid}")));
        }
        match operation.message.as_str() {
            "" => say.line(operation.ending()),
            message => say.line(&format!("{}: {message}", operation.ending())),
        }
        0
    }

    /// What somebody carries out is neither taken back nor gone on with by somebody else.
    fn at_rest(&self, operation: &Operation) -> Result<(), u8> {
        if !operation.running {
            return Ok(());
        }
        self.say.error(&format!("operation {} is running", operation.id));
        self.say.hint("Ctrl-C stops it where it was started; one that the service runs is stopped on its page");
        Err(status::FAILED)
    }

    fn undo(&self, operation: &Operation) -> Result<u8, u8> {
        self.at_rest(operation)?;
        if operation.is_open() {
            return self.take_back(operation);
        }
        let proposal = self
            .operator
            .undo(operation, self.shown().unwrap_or_else(Stamp::now))
            .map_err(|error| self.not_proposed(&error))?;
        self.decide(proposal)
    }

    fn apply(&self, plan: &str) -> Result<u8, u8> {
        // A digest says that the plan was seen; an id does not.
        let seen = plan.len() == 64;
        let found = if seen { Ok(plan.to_owned()) } else { self.operator.digest_of(plan) };
        let digest = found.map_err(|error| self.not_proposed(&error))?;
        let proposal = self.operator.recall(&digest).map_err(|error| self.not_proposed(&error))?;
        if !seen {
            return self.decide(proposal);
        }
        self.carry_out(Confirmed::by_digest(proposal.plan, &digest, Stamp::now()), proposal.reverses.as_deref())
    }

    /// What an operation that was cut off has made is its own to remove.
    fn take_back(&self, operation: &Operation) -> Result<u8, u8> {
        if operation.plan.goes_on_only() {
            self.say.error(&format!("operation {} has no way back: what it has done stays done", operation.id));
            self.say.hint(&format!("`kai op resume {}` goes on with it", operation.id));
            return Err(status::FAILED);
        }
        self.say.plain_status(&format!("operation {} was cut off: {}", operation.id, operation.plan.summary));
        for (step, state) in operation.plan.steps.iter().zip(&operation.steps).rev() {
            if *state != StepState::Waiting {
                for part in &step.undo {
                    self.say.plain_status(&format!("  would take back: {}", part.action));
                }
            }
        }
        if self.options.dry_run {
            return Ok(0);
        }
        self.agree(operation)?;
        let done = self.watched(|observer, cancel| self.operator.take_back(operation, observer, cancel));
        let done = done.map_err(|error| self.not_journalled(&error))?;
        let status = self.finish(&done, &[]);
        // Taking it back is what was wanted.
        Ok(if done.outcome == Outcome::TakenBack { 0 } else { status })
    }

    /// Going on with, or taking back, what was confirmed once needs a plain yes.
    fn agree(&self, operation: &Operation) -> Result<(), u8> {
        if self.options.yes {
            return Ok(());
        }
        let mut question = operation.plan.clone();
        question.effect = Effect::Change;
        match ask::ask(&self.say, &question) {
            ask::Answer::Yes => Ok(()),
            ask::Answer::No | ask::Answer::Later | ask::Answer::Typed(_) => {
                self.say.status("nothing was changed");
                Err(status::NOT_CONFIRMED)
            }
            ask::Answer::Nobody => {
                self.say.error("nobody is there to confirm it; nothing was changed");
                self.say.hint("--yes confirms it");
                Err(status::NOT_CONFIRMED)
            }
        }
    }

    fn resume(&self, operation: &Operation) -> Result<u8, u8> {
        self.at_rest(operation)?;
        if operation.is_open() {
            self.say.plain_status(&format!("operation {} was cut off: {}", operation.id, operation.plan.summary));
            if self.options.dry_run {
                return Ok(0);
            }
            self.agree(operation)?;
        }
        let done = self.watched(|observer, cancel| self.operator.resume(operation, observer, cancel));
        let done = done.map_err(|error| {
            let hints = match &error {
                ResumeError::HalfWay { op, .. } => vec![format!("`kai op undo {op}` takes back what it made")],
                ResumeError::Journal(error) => error.hints(),
                ResumeError::Ended(_) | ResumeError::Step(_) => Vec::new(),
            };
            self.say.failure(&error, &hints)
        })?;
        Ok(self.finish(&done, &operation.plan.report))
    }
}

fn standing(operation: &Operation, step: usize) -> &'static str {
    match operation.standing(step) {
        Standing::Waiting => "not done",
        Standing::Begun if operation.running => "running",
        Standing::Begun => "cut off",
        Standing::Done => "done",
        Standing::Failed => "failed",
        Standing::TakenBack => "taken back",
        Standing::Left => "left",
    }
}
