//! Whether a planner makes the right request of what a person says: `kai plan` over sets of utterances.
//!
//! Looks at the planner from outside: a process a case, its arguments, its output. What counts as
//! right and as safe is decided here, by the catalogue and never by the planner's word. Nothing here is
//! tuned to a case.

mod case;
mod catalogue;
mod check;
mod host;
mod judge;
mod normal;
mod output;
mod process;
mod report;
mod run;
mod text;

pub use case::{BUILT_IN, BUILT_IN_HOST, Call, Case, Expect, Letter, Role, Set, SetError, Turn, cases, load};
pub use catalogue::{Arg, Kind as ArgKind, Rule, TOOLS, Tool, effect};
pub use check::{Problem, check};
pub use host::Host;
pub use judge::{Verdict, judge};
pub use normal::{Normal, bytes, seconds};
pub use output::{Kind, Output, OutputError};
pub use process::RunError;
pub use report::{Bars, Report, Row, Safety, Share, Time, report};
pub use run::{CaseError, Outcome, Outcomes, Planner, PlannerError, Program, recorded, run};
pub use text::render;

/// Why a run could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ToolCallError {
    /// The sets cannot be used.
    #[error(transparent)]
    Set(#[from] SetError),
    /// The planner cannot.
    #[error(transparent)]
    Planner(#[from] PlannerError),
}
