//! The way to the terminal: the only place that writes to stdout and stderr, for `kai` as well as for
//! the light program.
//!
//! Names, titles and complaints come from hosts, models and documents. No control sequence of theirs
//! gets through ([`clean`](super::clean)); the few that our own colours need do.

use std::io::{BufRead, ErrorKind, IsTerminal, Write};

use anstyle::{AnsiColor, Color, Style};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::termios::{QueueSelector, tcflush};

use super::clean;

/// Exit status of a program whose reader has gone away, as shells report SIGPIPE.
const READER_GONE: i32 = 141;

/// What matters most of a line.
pub const BOLD: Style = Style::new().bold();
/// What goes on, and what matters less.
pub const DIM: Style = Style::new().dimmed();
/// What went wrong, and what ends something for good.
pub const BAD: Style = Style::new().bold().fg_color(Some(Color::Ansi(AnsiColor::Red)));
/// What went well.
pub const GOOD: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Green)));
/// What should be noticed.
pub const WARN: Style = Style::new().bold().fg_color(Some(Color::Ansi(AnsiColor::Yellow)));
/// What to do next.
pub const HINT: Style = Style::new().bold().fg_color(Some(Color::Ansi(AnsiColor::Cyan)));

/// Where colours are seen: on a terminal that can, and never where `NO_COLOR` is set (no-color.org).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colours {
    /// On stdout.
    pub out: bool,
    /// On stderr.
    pub err: bool,
}

impl Colours {
    /// Of this process.
    #[must_use]
    pub fn detect() -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self { out: !plain && std::io::stdout().is_terminal(), err: !plain && std::io::stderr().is_terminal() }
    }
}

/// A line of data for people.
pub fn line(text: &str) {
    raw(&format!("{}\n", clean::styled(text)));
}

/// Data as it is, shown at once: JSON, and what has been cleaned already. A reader that has seen enough
/// (`| head`) ends the program, as it ends others.
pub fn raw(text: &str) {
    let mut out = std::io::stdout().lock();
    let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) else { return };
    if error.kind() == ErrorKind::BrokenPipe {
        std::process::exit(READER_GONE);
    }
    err_line(&format!("error: the output cannot be written: {error}"));
    std::process::exit(1);
}

/// A line for a person beside the data. Nobody there to read it is no error.
pub fn err_line(text: &str) {
    err(&format!("{text}\n"));
}

/// The same without a line end.
pub fn err(text: &str) {
    let mut err = std::io::stderr().lock();
    let _ = err.write_all(clean::styled(text).as_bytes()).and_then(|()| err.flush());
}

/// Columns of the terminal that data goes to; none for a pipe or a file.
#[must_use]
pub fn width() -> Option<usize> {
    if !std::io::stdout().is_terminal() {
        return None;
    }
    terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
}

/// Whether a person can be asked: the question is read, and the answer typed, at a terminal.
#[must_use]
pub fn somebody_is_there() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// What was typed before a question was shown is no answer to it.
pub fn discard_typed_ahead() {
    // Where it is no terminal there is nothing to discard.
    let _ = tcflush(std::io::stdin(), QueueSelector::IFlush);
}

/// The line that a person types now. None at the end of the input, and after Ctrl-C where a handler of
/// this process takes it.
#[must_use]
pub fn answer(question: &str) -> Option<String> {
    discard_typed_ahead();
    err(question);
    let stdin = std::io::stdin();
    // `read_line` would go on after a signal; waiting for something to read does not.
    poll(&mut [PollFd::new(&stdin, PollFlags::IN)], None).ok()?;
    let mut line = String::new();
    let read = stdin.lock().read_line(&mut line).ok()?;
    (read > 0).then(|| line.trim().to_owned())
}
