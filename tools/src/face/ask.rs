//! The question. Where nobody can answer, the answer is no.

use std::io::IsTerminal;

use super::preview;
use super::say::Say;
use super::terminal::{self, BAD};
use crate::plan::{Effect, Plan};

/// What a person answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Yes.
    Yes,
    /// This name, for what destroys.
    Typed(String),
    /// Not now.
    Later,
    /// No, or nothing.
    No,
    /// There is nobody who could answer.
    Nobody,
}

pub(super) fn ask(say: &Say, plan: &Plan) -> Answer {
    if !terminal::somebody_is_there() {
        return Answer::Nobody;
    }
    show_where_asked(say, plan);
    terminal::answer(&question(say, plan, false)).map_or(Answer::No, |typed| understood(plan, &typed))
}

/// Nobody is asked about what they have not seen: where the plan went elsewhere (a file, a program, or as
/// JSON), it is shown again beside the question.
pub(super) fn show_where_asked(say: &Say, plan: &Plan) {
    if say.json || !std::io::stdout().is_terminal() {
        preview::beside_the_question(say, plan);
    }
}

/// The question; with `later` where a plan can be kept.
pub(super) fn question(say: &Say, plan: &Plan, later: bool) -> String {
    match plan.effect {
        Effect::Destroy => format!("{} to destroy it: ", say.on_err(BAD, &format!("Type {}", plan.object))),
        Effect::Read | Effect::Change if later => "Do it? [y/N/later] ".to_owned(),
        Effect::Read | Effect::Change => "Do it? [y/N] ".to_owned(),
    }
}

/// What was typed to it.
pub(super) fn understood(plan: &Plan, typed: &str) -> Answer {
    match (plan.effect, typed) {
        (Effect::Destroy, name) if name == plan.object => Answer::Typed(name.to_owned()),
        (_, "later" | "l") => Answer::Later,
        (Effect::Destroy, "") => Answer::No,
        (Effect::Destroy, name) => Answer::Typed(name.to_owned()),
        (_, "y" | "Y" | "yes" | "Yes" | "YES") => Answer::Yes,
        _ => Answer::No,
    }
}
