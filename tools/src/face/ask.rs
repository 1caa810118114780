//! The question. Where nobody can answer, the answer is no.

use std::io::{BufRead, IsTerminal, Write};

use super::say::{BAD, Say};
use crate::plan::{Effect, Plan};

/// What a person answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Yes.
    Yes,
    /// This name, for what destroys.
    Typed(String),
    /// No, or nothing.
    No,
    /// There is nobody who could answer.
    Nobody,
}

pub(super) fn ask(say: &Say, plan: &Plan) -> Answer {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Answer::Nobody;
    }
    if plan.effect == Effect::Destroy {
        eprint!("{} to destroy it: ", say.on_err(BAD, &format!("Type {}", plan.object)));
    } else {
        eprint!("Do it? [y/N] ");
    }
    let _ = std::io::stderr().flush();
    let mut line = String::new();
    if std::io::stdin().lock().read_line(&mut line).unwrap_or(0) == 0 {
        return Answer::No;
    }
    match (plan.effect, line.trim()) {
        (Effect::Destroy, "") => Answer::No,
        (Effect::Destroy, typed) => Answer::Typed(typed.to_owned()),
        (_, "y" | "Y" | "yes" | "Yes" | "YES") => Answer::Yes,
        _ => Answer::No,
    }
}
