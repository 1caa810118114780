//! Lines from a person or from a pipe.
//!
//! On a terminal with an editor, a history and a Tab key; on one that can do nothing (`TERM=dumb`)
//! with a prompt; from a pipe with neither. What was typed comes back without control characters.
//! Writes nothing but the prompt and what is being typed. Blocks: callers give it a thread.

use std::{
    fmt,
    io::{self, BufRead, BufReader, IsTerminal, Write},
    path::Path,
    sync::{Arc, RwLock},
};

use rustyline::{
    Behavior, ColorMode, CompletionType, Config, Editor,
    config::BellStyle,
    error::ReadlineError,
    history::{History as _, MemHistory},
};

use kai_tools::face::terminal;

use super::{complete::Names, history::History, keys::Keys};
use crate::ui::clean::clean;

/// The longest line, in bytes.
const LONGEST: usize = 1 << 20;

/// What came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entry {
    /// A line, or several that were pasted at once. Not empty; a space at its beginning stays.
    Text(String),
    /// Ctrl-C on an empty line. On any other line it only clears the line.
    Interrupted,
    /// Ctrl-D, or the end of the pipe.
    End,
    /// A line of more than 1 MiB. It is gone; the next one can be read.
    TooLong,
}

/// Names that others may change while lines are read.
pub(crate) type SharedNames = Arc<RwLock<Names>>;

/// Where lines come from.
pub(crate) struct Input {
    way: Way,
    history: History,
    colour: bool,
    notes: Vec<String>,
}

enum Way {
    /// A terminal.
    Editor(Box<Editor<Keys, MemHistory>>),
    /// Whatever gives lines; with a prompt if a person sits there.
    Lines { reader: Box<dyn BufRead + Send>, person: bool },
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Input").field("is_terminal", &self.is_terminal()).field("history", &self.history).finish()
    }
}

impl Input {
    /// Standard input, in the best way that it offers.
    ///
    /// `history` is the file that keeps lines over time. That it cannot be used is no reason not to
    /// chat: [`take_notes`](Self::take_notes) says so. Without colours (`NO_COLOR`) there are no hints
    /// behind the cursor either: they would look like something typed.
    #[must_use]
    pub(crate) fn open(history: &Path, names: SharedNames) -> Self {
        let reader = || Box::new(BufReader::new(io::stdin()));
        if !io::stdin().is_terminal() {
            return Self::new(Way::Lines { reader: reader(), person: false }, History::default(), false);
        }
        let colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let (history, error) = History::open(history);
        let editor = if can_edit() { editor(names, colour, &history).ok() } else { None };
        let way = match editor {
            Some(editor) => Way::Editor(Box::new(editor)),
            None => Way::Lines { reader: reader(), person: true },
        };
        let mut input = Self::new(way, history, colour);
        input.notes.extend(error.map(|error| format!("the history of the chat cannot be used: {error}")));
        input
    }

    /// Lines from anything that can be read, as from a pipe.
    #[cfg(test)]
    pub(crate) fn piped(reader: impl io::Read + Send + 'static) -> Self {
        let reader = Box::new(BufReader::new(reader));
        Self::new(Way::Lines { reader, person: false }, History::default(), false)
    }

    fn new(way: Way, history: History, colour: bool) -> Self {
        Self { way, history, colour, notes: Vec::new() }
    }

    /// Whether a person can be asked.
    #[must_use]
    pub(crate) fn is_terminal(&self) -> bool {
        match self.way {
            Way::Editor(_) => true,
            Way::Lines { person, .. } => person,
        }
    }

    /// What went wrong beside the reading, to be shown once.
    pub(crate) fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// The next entry. The prompt is shown to persons only. Empty lines are passed over.
    ///
    /// What cannot be read any more has ended; [`take_notes`](Self::take_notes) says why.
    pub(crate) fn read(&mut self, prompt: &str) -> Entry {
        loop {
            let entry = match &mut self.way {
                Way::Editor(editor) => edited(editor, prompt, self.colour),
                Way::Lines { reader, person } => {
                    show(prompt, *person).and_then(|()| read_line(reader, LONGEST)).map(Some)
                }
            };
            match self.ended_if_broken(entry) {
                Some(Entry::Text(text)) => {
                    if let Some(text) = shown(&text) {
                        self.keep(&text);
                        return Entry::Text(text);
                    }
                }
                Some(entry) => return entry,
                None => {}
            }
        }
    }

    /// The answer to a question that a person must answer now: a confirmation.
    ///
    /// Lines that were typed before the question was shown do not count, nothing is completed or
    /// taken from the history, and the answer is not kept. From a pipe there is no answer:
    /// [`Entry::End`]. An empty line comes back as such, and Ctrl-C is always `Interrupted`.
    pub(crate) fn ask(&mut self, question: &str) -> Entry {
        if !self.is_terminal() {
            return Entry::End;
        }
        terminal::discard_typed_ahead();
        let entry = match &mut self.way {
            Way::Editor(_) => answered(question, self.colour),
            Way::Lines { reader, person } => show(question, *person).and_then(|()| read_line(reader, LONGEST)),
        };
        match self.ended_if_broken(entry) {
            Entry::Text(text) => Entry::Text(shown(&text).unwrap_or_default()),
            entry @ (Entry::Interrupted | Entry::End | Entry::TooLong) => entry,
        }
    }

    /// Whether the answer to such a question is a yes.
    pub(crate) fn agrees(&mut self, question: &str) -> bool {
        matches!(self.ask(question), Entry::Text(answer) if answer.trim().eq_ignore_ascii_case("y"))
    }

    fn ended_if_broken<T: From<Entry>>(&mut self, entry: io::Result<T>) -> T {
        entry.unwrap_or_else(|error| {
            self.notes.push(format!("the input cannot be read: {error}"));
            Entry::End.into()
        })
    }

    fn keep(&mut self, text: &str) {
        let Way::Editor(editor) = &mut self.way else { return };
        match self.history.keep(text) {
            Ok(false) => return,
            Ok(true) => {}
            Err(error) => self.notes.push(format!("the history of the chat is not kept any more: {error}")),
        }
        // An entry that was there before has moved to the end.
        if self.history.entries().len() == editor.history().len() + 1 {
            let _ = editor.add_history_entry(text);
        } else {
            fill(editor, &self.history);
        }
    }
}

/// Without control characters and without the line end.
fn shown(text: &str) -> Option<String> {
    let text = clean(text);
    let text = text.trim_end();
    (!text.trim().is_empty()).then(|| text.to_owned())
}

fn show(prompt: &str, person: bool) -> io::Result<()> {
    if person {
        let mut out = io::stderr().lock();
        out.write_all(prompt.as_bytes())?;
        out.flush()?;
    }
    Ok(())
}

/// A line of at most `longest` bytes, what is no UTF-8 in it replaced.
fn read_line(reader: &mut dyn BufRead, longest: usize) -> io::Result<Entry> {
    let mut line = Vec::new();
    let mut length = 0;
    let mut any = false;
    loop {
        let piece = match reader.fill_buf() {
            Ok(piece) => piece,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        any |= !piece.is_empty();
        let end = piece.iter().position(|byte| *byte == b'\n');
        let part = &piece[..end.unwrap_or(piece.len())];
        length += part.len();
        if length <= longest {
            line.extend_from_slice(part);
        }
        let used = part.len() + usize::from(end.is_some());
        let over = end.is_some() || piece.is_empty();
        reader.consume(used);
        if over {
            return Ok(match (any, length > longest) {
                (false, _) => Entry::End,
                (true, true) => Entry::TooLong,
                (true, false) => Entry::Text(String::from_utf8_lossy(&line).into_owned()),
            });
        }
    }
}

/// Whether the terminal can do what an editor needs.
fn can_edit() -> bool {
    let term = std::env::var("TERM").unwrap_or_default();
    !matches!(term.as_str(), "" | "dumb" | "cons25" | "emacs")
}

fn config(colour: bool) -> rustyline::config::Builder {
    let colours = if colour { ColorMode::Enabled } else { ColorMode::Disabled };
    // Where the output goes elsewhere the person still sits at the terminal.
    let behavior = if io::stdout().is_terminal() { Behavior::Stdio } else { Behavior::PreferTerm };
    Config::builder()
        .behavior(behavior)
        .color_mode(colours)
        .bell_style(BellStyle::None)
        .bracketed_paste(true)
        .completion_type(CompletionType::List)
        .completion_show_all_if_ambiguous(true)
}

fn editor(names: SharedNames, colour: bool, history: &History) -> rustyline::Result<Editor<Keys, MemHistory>> {
    // Its bounds are the history's.
    let config = config(colour).max_history_size(usize::MAX)?.build();
    let mut editor = Editor::with_history(config.clone(), MemHistory::with_config(&config))?;
    editor.set_helper(Some(Keys::new(names, colour)));
    fill(&mut editor, history);
    Ok(editor)
}

fn fill(editor: &mut Editor<Keys, MemHistory>, history: &History) {
    // In memory there is nothing that could fail.
    let _ = editor.clear_history();
    for entry in history.entries() {
        let _ = editor.add_history_entry(entry.as_str());
    }
}

/// One line from the editor; `None` if it was cleared.
fn edited(editor: &mut Editor<Keys, MemHistory>, prompt: &str, colour: bool) -> io::Result<Option<Entry>> {
    let bold = anstyle::Style::new().bold();
    let styled = if colour { format!("{bold}{prompt}{bold:#}") } else { prompt.to_owned() };
    match editor.readline(&(prompt, styled.as_str())) {
        Ok(text) if text.len() > LONGEST => Ok(Some(Entry::TooLong)),
        Ok(text) => Ok(Some(Entry::Text(text))),
        Err(ReadlineError::Interrupted) => {
            let typed = editor.helper().is_some_and(Keys::typed);
            Ok((!typed).then_some(Entry::Interrupted))
        }
        Err(failed) => ended(failed).map(Some),
    }
}

/// One line from an editor that knows nothing: no names, no history.
fn answered(question: &str, colour: bool) -> io::Result<Entry> {
    let config = config(colour).build();
    let history = MemHistory::with_config(&config);
    let mut editor = Editor::<(), MemHistory>::with_history(config, history).map_err(error)?;
    match editor.readline(question) {
        Ok(text) if text.len() > LONGEST => Ok(Entry::TooLong),
        Ok(text) => Ok(Entry::Text(text)),
        Err(ReadlineError::Interrupted) => Ok(Entry::Interrupted),
        Err(failed) => ended(failed),
    }
}

/// A terminal that has gone away has nothing more to say.
fn ended(failed: ReadlineError) -> io::Result<Entry> {
    const EIO: i32 = 5;
    if matches!(failed, ReadlineError::Eof) {
        return Ok(Entry::End);
    }
    let failed = error(failed);
    if failed.raw_os_error() == Some(EIO) { Ok(Entry::End) } else { Err(failed) }
}

fn error(failed: ReadlineError) -> io::Error {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the editor may learn to fail in other ways")]
    match failed {
        ReadlineError::Io(failed) => failed,
        ReadlineError::Errno(failed) => failed.into(),
        other => io::Error::other(other.to_string()),
    }
}

#[cfg(test)]
#[path = "line_tests.rs"]
mod tests;
