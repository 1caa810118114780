//! Progress with rate and time left: a bar on a terminal, a line now and then elsewhere.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use kai_tools::face::terminal;

/// How often a log gets a line.
const LOG_EVERY: Duration = Duration::from_secs(10);

/// The progress of one stage of work.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    unit: &'static str,
    /// When the next line is due, where lines are written.
    log: Option<Mutex<Instant>>,
}

impl Progress {
    pub(super) fn new(unit: &'static str, shown: bool, terminal: bool) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if shown && terminal {
            bar.set_draw_target(ProgressDrawTarget::stderr());
            bar.enable_steady_tick(Duration::from_millis(120));
            bar.set_style(style("{spinner} {msg} {pos}"));
        }
        let log = (shown && !terminal).then(|| Mutex::new(Instant::now() + LOG_EVERY));
        Self { bar, unit, log }
    }

    /// Begins a stage of `total` steps.
    pub fn start(&self, what: &str, total: usize) {
        self.bar.reset();
        self.bar.set_length(total as u64);
        self.bar.set_message(what.to_owned());
        let unit = self.unit;
        self.bar.set_style(style(&format!(
            "{{spinner}} {{msg}} {{wide_bar}} {{pos}}/{{len}} {unit}, {{per_sec}}, {{eta}} left"
        )));
    }

    /// Begins a file of so many bytes, if that is known.
    pub fn start_bytes(&self, what: &str, bytes: Option<u64>) {
        self.bar.reset();
        self.bar.set_message(what.to_owned());
        match bytes {
            Some(bytes) => {
                self.bar.set_length(bytes);
                self.bar
                    .set_style(style("{spinner} {msg} {wide_bar} {bytes}/{total_bytes}, {bytes_per_sec}, {eta} left"));
            }
            None => self.bar.set_style(style("{spinner} {msg} {bytes}, {bytes_per_sec}")),
        }
    }

    /// What the present step is.
    pub fn message(&self, what: &str) {
        self.bar.set_message(what.to_owned());
    }

    /// Begins a stage whose length is not known.
    pub fn spin(&self, what: &str) {
        self.bar.set_message(what.to_owned());
        self.bar.set_style(style("{spinner} {msg} {elapsed}"));
    }

    /// So many more steps are done.
    pub fn advance(&self, steps: usize) {
        self.bar.inc(steps as u64);
        let Some(due) = &self.log else { return };
        let Ok(mut due) = due.lock() else { return };
        if Instant::now() < *due {
            return;
        }
        *due = Instant::now() + LOG_EVERY;
        let (done, total) = (self.bar.position(), self.bar.length().unwrap_or(0));
        let line = format!(
            "{} {done}/{total} {}, {:.1}/s, {} left",
            self.bar.message(),
            self.unit,
            self.bar.per_sec(),
            indicatif::HumanDuration(self.bar.eta()),
        );
        terminal::err_line(&line);
    }

    /// So many steps of the stage are done in all.
    pub fn set(&self, steps: u64) {
        self.bar.set_position(steps);
    }

    /// Prints a line above the bar.
    pub fn above(&self, print: impl FnOnce()) {
        self.bar.suspend(print);
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
