//! What stands behind the keys of the line editor: Tab, the hint behind the cursor, its colour.
//!
//! Glue: what a word may become is decided in [`complete`].

use std::{
    borrow::Cow,
    cell::Cell,
    sync::{PoisonError, RwLockReadGuard},
};

use rustyline::{
    Context, Helper,
    completion::Completer,
    highlight::{CmdKind, Highlighter},
    hint::Hinter,
    validate::Validator,
};

use super::{
    complete::{self, Names},
    line::SharedNames,
};
use crate::ui::clean::clean_line;

/// What the editor asks while a line is typed.
pub(super) struct Keys {
    names: SharedNames,
    colour: bool,
    /// Whether anything stands on the line: the editor does not tell when it is interrupted.
    typed: Cell<bool>,
}

impl Keys {
    pub(super) fn new(names: SharedNames, colour: bool) -> Self {
        Self { names, colour, typed: Cell::new(false) }
    }

    /// Whether anything stood on the line when the editor gave it up.
    pub(super) fn typed(&self) -> bool {
        self.typed.get()
    }

    fn names(&self) -> RwLockReadGuard<'_, Names> {
        self.names.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Helper for Keys {}
impl Validator for Keys {}

/// A name, and what it is the name of where names of several kinds fit.
pub(super) struct Choice {
    text: String,
    shown: String,
}

impl rustyline::completion::Candidate for Choice {
    fn display(&self) -> &str {
        &self.shown
    }
    fn replacement(&self) -> &str {
        &self.text
    }
}

impl Completer for Keys {
    type Candidate = Choice;

    fn complete(&self, line: &str, position: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Choice>)> {
        let (start, found) = complete::candidates(line, position, &self.names());
        let one_kind = found.windows(2).all(|two| two[0].kind == two[1].kind);
        let choices = found.into_iter().map(|candidate| {
            let kind = if one_kind { String::new() } else { format!(" ({})", candidate.kind.name()) };
            let text = clean_line(&candidate.text);
            Choice { shown: format!("{}{kind}", text.trim_end()), text }
        });
        Ok((start, choices.collect()))
    }
}

/// What follows, as the editor wants it.
pub(super) struct Following(complete::Hint);

impl rustyline::hint::Hint for Following {
    fn display(&self) -> &str {
        &self.0.shown
    }
    fn completion(&self) -> Option<&str> {
        self.0.complete.then_some(self.0.shown.as_str())
    }
}

impl Hinter for Keys {
    type Hint = Following;

    fn hint(&self, line: &str, position: usize, _: &Context<'_>) -> Option<Following> {
        self.typed.set(!line.is_empty());
        let hint = if self.colour { complete::hint(line, position, &self.names()) } else { None };
        hint.map(|hint| Following(complete::Hint { shown: clean_line(&hint.shown), ..hint }))
    }
}

impl Highlighter for Keys {
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        let dim = anstyle::Style::new().dimmed();
        Cow::Owned(format!("{dim}{hint}{dim:#}"))
    }

    fn highlight_char(&self, _: &str, _: usize, _: CmdKind) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, RwLock};

    use rustyline::history::MemHistory;

    use super::*;

    fn keys(colour: bool) -> Keys {
        let machines = vec!["web-1".to_owned(), "web-2".to_owned()];
        let names = Names { machines, pools: vec!["weft".into()], ..Names::default() };
        Keys::new(Arc::new(RwLock::new(names)), colour)
    }

    #[test]
    fn the_editor_gets_what_it_asks_for() {
        let history = MemHistory::new();
        let context = Context::new(&history);
        let (start, found) = keys(true).complete("stop we", 7, &context).unwrap();
        let shown: Vec<&str> = found.iter().map(|choice| choice.shown.as_str()).collect();
        assert_eq!((start, shown), (5, vec!["web-1 (VM)", "web-2 (VM)", "weft (pool)"]));
        let (_, found) = keys(true).complete("stop web", 8, &context).unwrap();
        assert_eq!((found[0].shown.as_str(), found[0].text.as_str()), ("web-1", "web-1"));
        // The list has no space where the completion has one.
        let (_, found) = keys(true).complete("/hos", 4, &context).unwrap();
        assert_eq!((found[0].shown.as_str(), found[0].text.as_str()), ("/host", "/host "));
    }

    #[test]
    fn hints_need_colours() {
        let history = MemHistory::new();
        let context = Context::new(&history);
        assert_eq!(keys(true).hint("/he", 3, &context).unwrap().0.shown, "lp");
        assert!(keys(false).hint("/he", 3, &context).is_none());
        let keys = keys(false);
        keys.hint("x", 1, &context);
        assert!(keys.typed());
        keys.hint("", 0, &context);
        assert!(!keys.typed());
    }
}
