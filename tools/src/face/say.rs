//! How things are said: data on stdout, everything else on stderr, colours only where they are seen.

use std::io::IsTerminal;

use anstyle::Style;

use super::status;
use super::terminal::{self, BAD, Colours, DIM, HINT};
use crate::plan::Refusal;

/// How a call talks to the person, or to the program, that made it.
#[derive(Debug, Clone, Copy)]
pub struct Say {
    pub(super) json: bool,
    quiet: bool,
    colours: Colours,
}

impl Say {
    /// Colours only on a terminal, and never where `NO_COLOR` is set (no-color.org).
    #[must_use]
    pub fn new(json: bool, quiet: bool) -> Self {
        Self { json, quiet, colours: Colours::detect() }
    }

    /// Whether only what went wrong is wanted.
    pub(super) fn is_quiet(self) -> bool {
        self.quiet
    }

    pub(super) fn on_out(self, style: Style, text: &str) -> String {
        if self.colours.out { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    pub(super) fn on_err(self, style: Style, text: &str) -> String {
        if self.colours.err { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    pub(super) fn line(self, text: &str) {
        terminal::line(text);
    }

    pub(super) fn value(self, value: &serde_json::Value) {
        let pretty = std::io::stdout().is_terminal();
        terminal::raw(&if pretty { format!("{value:#}\n") } else { format!("{value}\n") });
    }

    /// What goes on. Not said with `--quiet`.
    pub(super) fn status(self, text: &str) {
        if !self.quiet {
            terminal::err_line(&self.on_err(DIM, text));
        }
    }

    pub(super) fn plain_status(self, text: &str) {
        if !self.quiet {
            terminal::err_line(text);
        }
    }

    /// What went wrong.
    pub(super) fn error(self, text: &str) {
        terminal::err_line(&format!("{} {text}", self.on_err(BAD, "error:")));
    }

    /// What is wrong with a call.
    pub fn wrong(self, text: &str) {
        self.error(text);
    }

    pub(super) fn hint(self, text: &str) {
        terminal::err_line(&format!("{} {text}", self.on_err(HINT, "hint:")));
    }

    /// An error with its causes and what to do; the exit status.
    pub fn failure(self, error: &dyn std::error::Error, hints: &[String]) -> u8 {
        let mut said = error.to_string();
        self.error(&said);
        let mut cause = error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            if !said.contains(&text) {
                terminal::err_line(&format!("  because: {text}"));
                said.push_str(&text);
            }
            cause = error.source();
        }
        hints.iter().for_each(|hint| self.hint(hint));
        if self.json {
            self.value(&serde_json::json!({ "error": error.to_string(), "hints": hints }));
        }
        status::FAILED
    }

    pub(super) fn refusal(self, refusal: &Refusal) {
        self.error(&refusal.message);
        refusal.hints.iter().for_each(|hint| self.hint(hint));
        if self.json {
            self.value(&serde_json::json!({ "refused": refusal }));
        }
    }
}
