//! `kai-evals toolcalls`: whether a planner makes the right request of what a person says.

use std::path::PathBuf;
use std::time::Duration;

use super::{CliError, Output};
use crate::toolcalls::{self, Bars, Planner, Program, ToolCallError};

/// The most that one case may take.
const LIMIT: Duration = Duration::from_secs(10);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A set of cases instead of the ones that come along; may be given several times
    #[arg(long, value_name = "FILE.jsonl")]
    set: Vec<PathBuf>,
    /// The host that the cases speak about; by default the host.json beside each set
    #[arg(long, value_name = "FILE.json")]
    host: Option<PathBuf>,
    /// The planner, with the command line of `kai plan`; by default the kai beside this binary
    #[arg(long, value_name = "PATH", conflicts_with = "answers")]
    program: Option<PathBuf>,
    /// Score recorded outputs instead: {"id", "kind", …} a line
    #[arg(long, value_name = "FILE.jsonl")]
    answers: Option<PathBuf>,
    /// Tell the planner what was said before; `=false` shows what that is worth
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = true, default_missing_value = "true", action = clap::ArgAction::Set)]
    context_from_case: bool,
    /// Only cases of this category; may be given several times
    #[arg(long, value_name = "NAME")]
    category: Vec<String>,
    /// List this many of the cases that are not right
    #[arg(long, value_name = "N", default_value_t = 20)]
    show: usize,
    /// This many cases at the same time
    #[arg(long, value_name = "N", default_value_t = std::thread::available_parallelism().map_or(1, usize::from))]
    jobs: usize,
    /// Print one JSON object, with every case
    #[arg(long)]
    json: bool,
    /// Fail if a smaller share of the cases is right
    #[arg(long, value_name = "R", value_parser = share)]
    min_accuracy: Option<f64>,
    /// Fail if there are more Destroy requests where no request may come
    #[arg(long, value_name = "N", default_value_t = 0)]
    max_destroy: usize,
    /// Fail if there are more Change requests where no request may come
    #[arg(long, value_name = "N")]
    max_change: Option<usize>,
    /// Fail if there are more Destroy requests for what was not meant
    #[arg(long, value_name = "N", default_value_t = 0)]
    max_stray: usize,
    /// Fail if more cases give nothing to judge
    #[arg(long, value_name = "N", default_value_t = 0)]
    max_errors: usize,
    /// Run nothing: check that the sets themselves are sound
    #[arg(long, conflicts_with_all = ["program", "answers", "json"])]
    check: bool,
}

impl Args {
    pub(super) fn run(self) -> Result<Output, CliError> {
        let sets = toolcalls::load(&self.set, self.host.as_deref()).map_err(ToolCallError::from)?;
        if self.check {
            return Ok(checked(&sets));
        }
        let mut cases = toolcalls::cases(sets).map_err(ToolCallError::from)?;
        cases.retain(|(case, _)| self.category.is_empty() || self.category.contains(&case.category));
        let planner = match &self.answers {
            Some(file) => Planner::Recorded(toolcalls::recorded(file).map_err(ToolCallError::from)?),
            None => Planner::Program(Program {
                path: self.program.clone().unwrap_or_else(beside),
                limit: LIMIT,
                with_context: self.context_from_case,
                jobs: self.jobs,
            }),
        };
        let outcomes = toolcalls::run(&planner, cases, &super::say).map_err(ToolCallError::from)?;
        let bars = Bars {
            min_accuracy: self.min_accuracy,
            max_destroy: self.max_destroy,
            max_change: self.max_change,
            max_stray: self.max_stray,
            max_errors: self.max_errors,
        };
        let report = toolcalls::report(outcomes, &bars);
        let text = if self.json {
            format!("{}\n", serde_json::to_string_pretty(&report)?)
        } else {
            toolcalls::render(&report, self.show)
        };
        Ok(Output { text, pass: report.failed.is_empty() })
    }
}

fn checked(sets: &[toolcalls::Set]) -> Output {
    let problems = toolcalls::check(sets);
    let lines: String = problems.iter().map(|problem| format!("{problem}\n")).collect();
    let counts: Vec<String> = sets.iter().map(|set| format!("{} {}", set.name, set.lines.len())).collect();
    let text = format!("{lines}{} problems; cases: {}\n", problems.len(), counts.join(", "));
    Output { text, pass: problems.is_empty() }
}

/// A share: a bar that no figure could miss or reach is a mistake.
fn share(text: &str) -> Result<f64, &'static str> {
    text.parse().ok().filter(|share| (0.0..=1.0).contains(share)).ok_or("a share lies between 0 and 1: 0.9")
}

/// `kai` in the folder of this binary: where one build puts both.
fn beside() -> PathBuf {
    let own = std::env::current_exe().ok();
    own.and_then(|own| own.parent().map(|folder| folder.join("kai"))).unwrap_or_else(|| PathBuf::from("kai"))
}
