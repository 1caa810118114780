//! The terminal: what goes to stdout and stderr, in which colours, and how progress looks.
//!
//! Everything goes out through [`kai_tools::face::terminal`], which lets no control sequence of a model,
//! a document or a host through.

pub mod markdown;
mod progress;
mod spinner;

use std::io::IsTerminal;

use anstyle::Style;

use kai_tools::face::Say;
pub use kai_tools::face::clean;
use kai_tools::face::terminal::{self, BAD, BOLD, Colours, DIM, HINT, WARN};
pub use progress::Progress;
pub use spinner::Spinner;

use crate::cli::Failure;

/// How a command talks to the person, or to the program that called it.
#[derive(Debug, Clone)]
pub struct Ui {
    json: bool,
    quiet: bool,
    colours: Colours,
}

impl Ui {
    /// Colours only on a terminal, and never where `NO_COLOR` is set (no-color.org).
    #[must_use]
    pub fn new(json: bool, quiet: bool) -> Self {
        Self { json, quiet, colours: Colours::detect() }
    }

    /// The same for operations.
    #[must_use]
    pub fn say(&self) -> Say {
        Say::new(self.json, self.quiet)
    }

    /// Whether the command was called with `--json`.
    #[must_use]
    pub fn wants_json(&self) -> bool {
        self.json
    }

    /// One line of data.
    pub fn line(&self, text: &str) {
        terminal::line(text);
    }

    /// Data without a line end, shown at once, that has been cleaned: an answer while it is being written.
    pub fn text(&self, text: &str) {
        terminal::raw(text);
    }

    /// A value as JSON, on one line when it is read by a program.
    pub fn json(&self, value: &impl serde::Serialize) {
        let text = if std::io::stdout().is_terminal() {
            serde_json::to_string_pretty(value)
        } else {
            serde_json::to_string(value)
        };
        match text {
            Ok(text) => terminal::raw(&format!("{text}\n")),
            Err(error) => self.failure(&Failure::new("the result cannot be written as JSON").because(&error)),
        }
    }

    /// What is going on, or how it went. Not said with `--quiet`.
    pub fn status(&self, text: &str) {
        if !self.quiet {
            terminal::err_line(&self.styled(self.colours.err, DIM, text));
        }
    }

    /// What a model thinks before it answers: on stderr, dimmed, as it comes.
    pub fn aside(&self, text: &str) {
        if !self.quiet {
            terminal::err(&self.styled(self.colours.err, DIM, text));
        }
    }

    /// Something that a person should know, with `--quiet` too.
    pub fn note(&self, text: &str) {
        terminal::err_line(&format!("{} {text}", self.styled(self.colours.err, HINT, "note:")));
    }

    /// Something that went wrong with one part of the work.
    pub fn problem(&self, text: &str) {
        terminal::err_line(&format!("{} {text}", self.styled(self.colours.err, WARN, "problem:")));
    }

    /// What to do next. Not said with `--quiet`.
    pub fn hint(&self, text: &str) {
        if !self.quiet {
            terminal::err_line(&format!("{} {text}", self.styled(self.colours.err, HINT, "hint:")));
        }
    }

    /// Why the command failed, and what to do next.
    pub fn failure(&self, failure: &Failure) {
        terminal::err_line(&format!("{} {}", self.styled(self.colours.err, BAD, "error:"), failure.message));
        for cause in &failure.causes {
            terminal::err_line(&format!("  because: {cause}"));
        }
        for hint in &failure.hints {
            terminal::err_line(&format!("{} {hint}", self.styled(self.colours.err, HINT, "hint:")));
        }
    }

    /// A yes from a person at a terminal. Anything else, and nobody there, is a no.
    #[must_use]
    pub fn confirm(&self, question: &str) -> bool {
        terminal::somebody_is_there() && terminal::answer(question).is_some_and(|typed| typed.eq_ignore_ascii_case("y"))
    }

    /// A bar on stderr for work that takes longer than a moment; nothing where nobody watches.
    #[must_use]
    pub fn progress(&self, unit: &'static str) -> Progress {
        Progress::new(unit, !self.quiet, std::io::stderr().is_terminal())
    }

    /// What is going on, on stderr, until something can be shown; nothing where nobody watches.
    #[must_use]
    pub fn spinner(&self) -> Spinner {
        let watched = std::io::stderr().is_terminal() && !console::is_dumb();
        Spinner::new(watched && !self.quiet)
    }

    /// Markdown on its way to stdout.
    #[must_use]
    pub fn markdown(&self) -> markdown::Markdown {
        markdown::Markdown::new(markdown::Style { colour: self.colours.out, width: self.width() })
    }

    /// Why something is not done.
    pub fn refused(&self, text: &str) {
        terminal::err_line(&format!("{} {text}", self.styled(self.colours.err, BAD, "refused:")));
    }

    /// Columns of the terminal, or a page's width where there is none.
    #[must_use]
    pub fn width(&self) -> usize {
        let columns = console::Term::stdout().size_checked().map(|(_, columns)| usize::from(columns));
        columns.unwrap_or(100).max(20)
    }

    /// Less important.
    #[must_use]
    pub fn dim(&self, text: &str) -> String {
        self.styled(self.colours.out, DIM, text)
    }

    /// A heading.
    #[must_use]
    pub fn bold(&self, text: &str) -> String {
        self.styled(self.colours.out, BOLD, text)
    }

    /// What was looked for.
    #[must_use]
    pub fn strong(&self, text: &str) -> String {
        self.styled(self.colours.out, WARN, text)
    }

    fn styled(&self, colour: bool, style: Style, text: &str) -> String {
        if colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// Breaks `text` into lines of the terminal's width, every one but the first indented.
    #[must_use]
    pub fn wrapped(&self, text: &str, indent: usize) -> String {
        let width = self.width().saturating_sub(indent).clamp(16, 100);
        let mut out = String::new();
        let mut column = 0;
        for word in text.split(' ') {
            let length = console::measure_text_width(word);
            if column > 0 && column + 1 + length > width {
                out.push('\n');
                out.push_str(&" ".repeat(indent));
                column = 0;
            } else if column > 0 {
                out.push(' ');
                column += 1;
            }
            out.push_str(word);
            column += length;
        }
        out
    }
}

/// How long ago, in words.
#[must_use]
pub fn age(seconds_since_1970: u64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    match now.saturating_sub(seconds_since_1970) {
        seconds @ 0..=119 => format!("{seconds} s ago"),
        seconds @ 120..=7199 => format!("{} min ago", seconds / 60),
        seconds @ 7200..=172_799 => format!("{} h ago", seconds / 3600),
        seconds => format!("{} days ago", seconds / 86_400),
    }
}
